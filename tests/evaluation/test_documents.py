"""Form D.1.1: fields and order of the law, long names, ranks, who signed and who received."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.utils import translation

from teladan.core import clock, pdf
from teladan.evaluation.models import Evaluation
from teladan.evaluation.queries import document
from teladan.evaluation.rules.document import rank_line
from tests.make import make_head, make_person, make_staff, make_unit, make_user

LONG = "Muhammad Abdurrahman Al Faruqi Sutan Rajo Nan Panjang Gala Datuak Bandaro Kayo"
PARTY = {"name": "Nama", "nip": "199001012015031001", "rank": "Penata Muda (III/a)", "post": "Jabatan", "unit": "Unit"}


def signed(**kw: Any) -> Evaluation:
    """An unsaved signed evaluation."""
    parties = {
        "employee": {**PARTY, "name": "Mega Piliang"},
        "appraiser": {**PARTY, "name": "Budi Santoso"},
        "superior": {**PARTY, "name": "Ratna Dewi"},
        "superior_is_mayor": False,
        "office": "Dinas Kependudukan dan Pencatatan Sipil",
    }
    parties |= kw.pop("parties", {})
    values: dict[str, Any] = {
        "month": date(2026, 10, 1),
        "work": "meets",
        "behaviour": "above",
        "predicate": "baik",
        "achievement": "istimewa",
        "state": "signed",
        "note": "Pertahankan.\nTambah pelatihan.",
        "digest": "abcdef0123456789" * 4,
        "signed_at": clock.local(date(2026, 11, 9), 10, 42),
        "evidence": {"document": parties},
        **kw,
    }
    return Evaluation(**values)


def law_headings() -> list[str]:
    """Numbered parts of the form, from the template itself, in the order in which they are written."""
    source = document.SOURCE.read_text(encoding="utf-8")
    numbered = re.findall(r'(?:#party\((\d), \[([A-Z ]+)\]|weight: "bold"\)\[(\d)\. ([A-Z/ ]+)\])', source)
    return [f"{a or c}. {b or d}" for a, b, c, d in numbered]


def test_form_has_the_parts_of_the_law_in_their_order() -> None:
    assert law_headings() == [
        "1. PEGAWAI YANG DINILAI",
        "2. PEJABAT PENILAI KINERJA",
        "3. ATASAN PEJABAT PENILAI KINERJA",
        "4. EVALUASI KINERJA",
        "5. CATATAN/REKOMENDASI",
    ]
    source = document.SOURCE.read_text(encoding="utf-8")
    for words in (
        "DOKUMEN EVALUASI KINERJA PEGAWAI",
        "CAPAIAN KINERJA ORGANISASI",
        "PREDIKAT KINERJA PEGAWAI",
        "[NAMA]",
        "[NIP]",
        "[PANGKAT/GOL RUANG]",
        "[JABATAN]",
        "[UNIT KERJA]",
        "signature(7, [Pegawai yang Dinilai]",
        "signature(6, [Pejabat Penilai Kinerja]",
    ):
        assert words in source


@pytest.mark.parametrize("language", ["id", "en"])
def test_values_are_indonesian_whatever_the_reader_speaks(language: str) -> None:
    with translation.override(language):
        values = document.document_values(signed())
    assert values["period"] == "1 Oktober 2026 sd 31 Oktober 2026"
    assert values["predicate"] == "Baik"
    assert values["signed"]["place"] == "Sawahlunto, 9 November 2026"
    assert values["watermark"] == "KONSEP\ntanpa lampiran rencana"
    assert values["received"]["words"] == "Belum dinyatakan diterima."


def test_values_say_when_it_was_received_and_replaced() -> None:
    at = clock.local(date(2026, 11, 10), 8, 5)
    values = document.document_values(signed(acknowledged_at=at, state="superseded"))
    assert values["received"]["words"] == "Dinyatakan diterima 10 November 2026 pukul 08.05."
    assert "SUDAH DIGANTI" in values["footer"]


@pytest.mark.parametrize(
    ("parties", "superior"),
    [
        ({"superior": None, "superior_is_mayor": True}, "Wali Kota Sawahlunto"),
        ({"superior": None, "superior_is_mayor": False}, None),
    ],
)
def test_superior_may_be_the_mayor_or_missing(parties: dict[str, Any], superior: str | None) -> None:
    found = document.document_values(signed(parties=parties))["superior"]
    assert (found["name"] if found else None) == superior


@pytest.mark.parametrize(
    ("government", "head"),
    [
        ("Kota Sawahlunto", "Wali Kota Sawahlunto"),
        ("Kabupaten Tanah Datar", "Bupati Tanah Datar"),
        ("Provinsi Sumatera Barat", "Gubernur Sumatera Barat"),
        ("Otorita", "Kepala daerah"),
    ],
)
def test_regional_head_follows_the_government(settings: Any, government: str, head: str) -> None:
    settings.GOVERNMENT_NAME = government
    assert document.regional_head() == head


@pytest.mark.parametrize(
    ("employment", "grade", "line"),
    [
        ("PNS", "III/b", "Penata Muda Tingkat I (III/b)"),
        ("CPNS", "II/c", "Pengatur (II/c)"),
        ("PPPK", "IX", "Golongan IX"),
        ("PNS", "", ""),
        ("PNS", "X/z", "X/z"),
    ],
)
def test_rank_line(employment: str, grade: str, line: str) -> None:
    assert rank_line(employment, grade) == line


@pytest.mark.parametrize("note", ["", "Catatan.", "Panjang sekali. " * 120, "Baris\n" * 60])
def test_document_holds_long_names_and_notes(note: str) -> None:
    parties = {
        "employee": {**PARTY, "name": f"Dr. H. {LONG}, S.Sos., M.Si.", "post": "Pengelola " * 15},
        "superior": None,
        "superior_is_mayor": True,
    }
    values = document.document_values(signed(note=note, parties=parties))
    content = pdf.render(document.SOURCE, values, at=clock.local(date(2026, 11, 9)))
    assert content.startswith(b"%PDF")
    assert b"pdfuaid:part" in content


@pytest.mark.django_db
def test_letterhead_is_the_office_below_the_top() -> None:
    from teladan.people import queries as people

    city = make_unit("KOTA", "Kota Sawahlunto", kind="kota")
    office = make_unit("DUK", "Dinas Dukcapil", city)
    section = make_unit("DUK-1", "Bidang", office, kind="bidang")
    part = make_unit("DUK-1-1", "Seksi", section, kind="seksi")
    tree = people.tree(date(2026, 10, 31))
    assert document.office_of(part.pk, tree) == "Dinas Dukcapil"
    assert document.office_of(office.pk, tree) == "Dinas Dukcapil"
    assert document.office_of(city.pk, tree) == "Kota Sawahlunto"


@pytest.mark.django_db
def test_appraiser_who_acts_is_named_as_acting() -> None:
    from teladan.evaluation.actions import rating
    from tests.make import make_achievement, make_closing

    office = make_unit("DUK", parent=make_unit("KOTA", kind="kota"))
    section = make_unit("DUK-1", "Bidang Pendaftaran", office, kind="bidang")
    acting = make_staff(office, make_person(name="Dedi"), title="Analis")
    make_head(section, acting, post_kind="administrator", kind="plt")
    staff, user = make_staff(section), make_user(acting)
    with clock.at(clock.local(date(2026, 11, 9))):
        make_closing(date(2026, 10, 1))
        make_achievement(section, date(2026, 10, 1), user)
        rating.rate_person(person=staff, month=date(2026, 10, 1), work="meets", behaviour="meets", by=user)
        (found,) = rating.sign_team(month=date(2026, 10, 1), by=user, statement="Saya")
    appraiser = found.evidence["document"]["appraiser"]
    assert (appraiser["post"], appraiser["unit"]) == ("Plt. Kepala DUK-1", "Bidang Pendaftaran")
