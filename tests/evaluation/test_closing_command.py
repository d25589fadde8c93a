"""`teladan close-month` and `teladan reopen-month`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from teladan.core import clock
from teladan.evaluation.models import Closing
from tests.evaluation.small_city import OCTOBER, City, closing_time, everyone, make_city

pytestmark = pytest.mark.django_db

AUGUST = date(2026, 8, 1)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.at(closing_time()):
        yield


@pytest.fixture
def city() -> City:
    city = make_city(officers=3, services=2)
    city.serve(AUGUST, everyone(city, 12))
    city.serve(OCTOBER, everyone(city, 12))
    return city


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_close_month_refuses_and_lists_what_is_missing(city: City) -> None:
    with pytest.raises(CommandError, match=r"Agustus 2026.*yang bisa: BKPSDM"):
        run("close_month", "2026-10")


def test_close_month_refuses_a_month_that_is_none() -> None:
    with pytest.raises(CommandError, match="TTTT-BB"):
        run("close_month", "Oktober")


def test_close_month_refuses_an_end_before_the_beginning(city: City) -> None:
    with pytest.raises(CommandError, match="--until"):
        run("close_month", "2026-10", "--until", "2026-08")


def test_close_month_as_json_gives_counts_digests_and_seconds(city: City) -> None:
    first = json.loads(run("close_month", "2026-08", "--json"))
    assert first["counts"]["events"] == 72
    assert len(first["results_digest"]) == 64
    assert first["seconds"] > 0
    again = json.loads(run("close_month", "2026-08", "--json"))
    assert (first["already"], again["already"]) == (False, True)
    assert again["results_digest"] == first["results_digest"]


def test_until_closes_in_order_over_empty_months(city: City) -> None:
    lines = [json.loads(line) for line in run("close_month", "2026-08", "--until", "2026-10", "--json").splitlines()]
    assert [line["month"] for line in lines] == ["2026-08", "2026-10"]


def test_reopen_month_needs_a_closed_month(city: City) -> None:
    with pytest.raises(CommandError, match="tidak sedang tertutup"):
        run("reopen_month", "2026-08", "--reason", "salah")


def test_reopen_month_names_the_command_that_closes_again(city: City) -> None:
    run("close_month", "2026-08", "--until", "2026-10")
    text = run("reopen_month", "2026-08", "--reason", "Berkas terlambat")
    assert "teladan close-month 2026-08 --until 2026-10" in text
    run("close_month", "2026-08", "--until", "2026-10")
    assert Closing.objects.filter(version=2, is_current=True).count() == 2
