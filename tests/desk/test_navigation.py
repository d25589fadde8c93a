"""Where a page lies in the masthead."""

from __future__ import annotations

from typing import Any

import pytest

from teladan.desk.navigation import links
from tests.make import make_staff, make_unit, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "here"),
    [
        ("/", ["Meja saya"]),
        ("/belajar/pantau", ["Pemahaman"]),  # not "Belajar" as well
        ("/belajar/aturan", ["Belajar"]),
        ("/pegawai/impor", ["Pegawai"]),
        ("/unit/KOTA", ["Pegawai"]),
        ("/peran/akun", ["Pegawai"]),
        ("/penghargaan/tim", ["Penghargaan"]),
        ("/penghargaan", []),
    ],
)
def test_a_page_lies_under_one_entry(path: str, here: list[str], rf: Any) -> None:
    request = rf.get(path)
    request.user = make_user(make_staff(make_unit("KOTA", kind="kota")), role="bkpsdm")
    assert [label for label, _url, active in links(request) if active] == here
