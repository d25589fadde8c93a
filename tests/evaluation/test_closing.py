"""Closing a month: refusals, then what is frozen, then that it happens once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from teladan.core import clock
from teladan.core.models import AuditEvent
from teladan.evaluation.actions.closing import CloseRefused, ReopenRefused, close_month, reopen_month
from teladan.evaluation.actions.freezing import freeze
from teladan.evaluation.models import Closing, OfficerResult, Release, UnitResult
from teladan.evaluation.queries import closing as queries
from teladan.evaluation.queries import inputs, releases, results
from teladan.feedback.actions import sealing
from teladan.feedback.models import CollectionMonth, SealedRating, SealSalt, StagedRating, Ticket
from teladan.feedback.sql import statement
from tests import make
from tests.evaluation.small_city import OCTOBER, City, closing_time, everyone, make_city

pytestmark = pytest.mark.django_db

AUGUST, SEPTEMBER, NOVEMBER = date(2026, 8, 1), date(2026, 9, 1), date(2026, 11, 1)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.at(closing_time()):
        yield


@pytest.fixture
def city() -> City:
    city = make_city()
    city.serve(OCTOBER, everyone(city, 40))
    return city


# --- refusals --------------------------------------------------------------------------------------------------------


def test_close_month_refuses_before_the_seventh_day_after(city: City) -> None:
    with clock.at(clock.local(date(2026, 11, 7), 23)), pytest.raises(CloseRefused, match="8 November 2026"):
        close_month(month=OCTOBER, by="uji")
    assert not Closing.objects.exists()
    assert CollectionMonth.objects.get(month=OCTOBER).state == "open"


def test_close_month_is_possible_on_the_eighth_day(city: City) -> None:
    with clock.at(clock.local(date(2026, 11, 8))):
        assert close_month(month=OCTOBER, by="uji").version == 1


def test_close_month_refuses_while_an_earlier_month_is_open(city: City) -> None:
    city.serve(AUGUST, everyone(city, 12))
    with pytest.raises(CloseRefused, match="Agustus 2026"):
        close_month(month=OCTOBER, by="uji")


def test_close_month_refuses_a_month_without_events(city: City) -> None:
    with pytest.raises(CloseRefused, match="Belum ada layanan"):
        close_month(month=SEPTEMBER, by="uji")


def test_an_empty_month_in_between_stops_nobody(city: City) -> None:
    city.serve(AUGUST, everyone(city, 12))
    close_month(month=AUGUST, by="uji")
    assert close_month(month=OCTOBER, by="uji").version == 1


def test_results_refuse_to_be_changed(city: City) -> None:
    close_month(month=OCTOBER, by="uji")
    for model in (OfficerResult, UnitResult, Release):
        for change in (lambda m=model: m.objects.update(closing=None), lambda m=model: m.objects.all().delete()):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()


def test_reopen_refuses_without_reason_or_without_a_closing(city: City) -> None:
    with pytest.raises(ReopenRefused):
        reopen_month(month=OCTOBER, by="uji", reason="salah")
    close_month(month=OCTOBER, by="uji")
    with pytest.raises(ReopenRefused, match="alasan"):
        reopen_month(month=OCTOBER, by="uji", reason="  ")
    reopen_month(month=OCTOBER, by="uji", reason="Berkas kurang")
    with pytest.raises(ReopenRefused):
        reopen_month(month=OCTOBER, by="uji", reason="lagi")


# --- what is frozen --------------------------------------------------------------------------------------------------


def test_closing_seals_the_month_and_forgets_which_tickets_were_used(city: City) -> None:
    close_month(month=OCTOBER, by="uji")
    assert StagedRating.objects.count() == 0
    assert SealedRating.objects.filter(month=OCTOBER).count() == 400
    assert not Ticket.objects.filter(spent_on__isnull=False).exists()
    assert not Ticket.objects.filter(issued_at__isnull=False).exists()
    assert CollectionMonth.objects.get(month=OCTOBER).forgotten_at is not None


def test_closing_carries_its_provenance(city: City) -> None:
    summary = close_month(month=OCTOBER, by="uji")
    row = Closing.objects.get(pk=summary.closing_id)
    assert row.policy_version == CollectionMonth.objects.get(month=OCTOBER).policy_version
    assert row.code_version.startswith("0.1.0+")
    assert len(row.inputs_digest) == len(row.results_digest) == 64
    assert row.counts["events"] == 800
    assert row.counts["ratings"] == 400
    event = AuditEvent.objects.get(event="evaluation.month_closed")
    assert event.after is not None
    assert event.after["results_digest"] == row.results_digest


def test_digests_of_a_closing_cannot_be_made_from_its_figures_alone(city: City) -> None:
    """A city of one officer has few possible results: whoever tries them out needs what is kept beside the seal."""
    summary = close_month(month=OCTOBER, by="uji")
    found = inputs.read(OCTOBER)
    assert (found.digest(), freeze(found).digest) == (summary.inputs_digest, summary.results_digest)
    assert found.blind not in repr(found)
    guessed = replace(found, blind="")
    assert guessed.digest() != summary.inputs_digest
    assert freeze(guessed).digest != summary.results_digest
    SealSalt.objects.all().delete()  # sealed before there were any
    assert inputs.read(OCTOBER) == guessed


def test_unit_result_has_index_punctuality_and_sample(city: City) -> None:
    close_month(month=OCTOBER, by="uji")
    row = UnitResult.objects.get(service=None)
    assert (row.n, row.spent, row.tickets, row.events) == (400, 400, 800, 800)
    assert row.is_published
    assert row.ikm is not None
    assert row.low is not None
    assert row.high is not None
    assert row.low < row.ikm < row.high
    assert row.sample_needed == 260  # Krejcie-Morgan for 800
    nrr = sum(element["sum"] / element["n"] for element in row.elements.values())
    assert abs(25 * nrr / 9 - float(row.ikm)) <= 0.005 + 1e-12
    assert 0 < row.with_standard < row.events  # one of three services promises nothing
    assert row.on_time < row.with_standard


def test_unit_parts_add_up_to_the_unit(city: City) -> None:
    close_month(month=OCTOBER, by="uji")
    whole = UnitResult.objects.get(service=None)
    parts = UnitResult.objects.exclude(service=None)
    assert sum(part.n or 0 for part in parts) == whole.n
    for name, element in whole.elements.items():
        assert sum(part.elements[name]["sum"] for part in parts) == element["sum"]


def test_officer_scores_are_ordered_like_the_truth_and_add_up(city: City) -> None:
    close_month(month=OCTOBER, by="uji")
    rows = list(OfficerResult.objects.order_by("person__nip"))
    assert len(rows) == 10
    assert all(row.events == 80 for row in rows)
    first, last = rows[0], rows[-1]
    assert first.score is not None
    assert last.score is not None
    assert first.score < last.score
    for row in rows:
        assert row.raw_mean is not None
        assert row.score == pytest.approx(row.raw_mean + row.case_mix_shift + row.shrinkage_shift, abs=1e-9)
        assert row.group is not None
        assert row.group["count"] == 10
        assert row.ranks is not None
        assert row.ranks["J"] == 10
        assert row.ranks["k"] == 3
        assert 0 <= row.ranks["stable_share"] <= 1
    assert sum(row.ranks["p_top"] for row in rows if row.ranks) == pytest.approx(3, abs=1e-6)


def test_releases_say_what_the_public_may_read(city: City) -> None:
    close_month(month=OCTOBER, by="uji")
    assert releases.released_months() == [OCTOBER]
    unit = releases.release("unit", city.unit.code, OCTOBER)
    assert unit is not None
    row = UnitResult.objects.get(service=None)
    assert unit["ikm"] == float(row.ikm or 0)
    assert unit["response_rate"] == 0.5
    assert unit["coverage"] == 1.0
    assert unit["weakest"] in unit["elements"]
    assert len(unit["services"]) == 3
    assert releases.history("unit", city.unit.code) == [(OCTOBER, unit)]
    city_wide = releases.release("city", "kota", OCTOBER)
    assert city_wide is not None
    assert city_wide["ikm"] == unit["ikm"]
    assert "officers" not in str(unit)
    assert city_wide["complaints"] == {"received": None, "decided": None, "upheld": None, "median_days": None}


def test_no_person_stands_in_any_release(city: City) -> None:
    close_month(month=OCTOBER, by="uji")
    text = " ".join(str(row.payload) for row in Release.objects.all())
    assert not any(officer.nip in text or officer.name in text or str(officer.pk) in text for officer in city.officers)


def test_window_takes_the_last_three_closed_months(city: City) -> None:
    for month in (date(2026, 7, 1), AUGUST, SEPTEMBER):
        city.serve(month, everyone(city, 20))
    for month in (date(2026, 7, 1), AUGUST, SEPTEMBER, OCTOBER):
        close_month(month=month, by="uji")
    row = OfficerResult.objects.filter(closing__month=OCTOBER).first()
    assert row is not None
    assert (row.window_from, row.window_until) == (AUGUST, OCTOBER)
    assert row.n == 80  # 20 + 20 + 40


# --- once only -------------------------------------------------------------------------------------------------------


def test_closing_twice_changes_nothing(city: City) -> None:
    first = close_month(month=OCTOBER, by="uji")
    again = close_month(month=OCTOBER, by="lain")
    assert again.already
    assert not first.already
    assert (again.closing_id, again.inputs_digest, again.results_digest) == (
        first.closing_id,
        first.inputs_digest,
        first.results_digest,
    )
    assert Closing.objects.count() == 1


def test_the_same_inputs_give_the_same_bytes(city: City) -> None:
    first = close_month(month=OCTOBER, by="uji")
    with clock.at(clock.local(date(2026, 12, 1))):
        reopen_month(month=OCTOBER, by="uji", reason="Uji ulang")
        again = close_month(month=OCTOBER, by="lain")
    assert again.version == 2
    assert (again.inputs_digest, again.results_digest) == (first.inputs_digest, first.results_digest)


def test_a_cut_after_the_commit_is_resumed_by_the_next_run(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*, month: date) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sealing, "forget_tickets", cut)
        with pytest.raises(KeyboardInterrupt):
            close_month(month=OCTOBER, by="uji")
    assert queries.months_not_forgotten() == [OCTOBER]
    assert close_month(month=OCTOBER, by="uji").already
    assert queries.months_not_forgotten() == []
    assert not Ticket.objects.filter(spent_on__isnull=False).exists()


# --- reopening -------------------------------------------------------------------------------------------------------


def test_reopening_keeps_the_old_version_in_force_until_the_next(city: City) -> None:
    first = close_month(month=OCTOBER, by="uji")
    assert reopen_month(month=OCTOBER, by="uji", reason="Berkas loket kurang") == [OCTOBER]
    assert queries.current_closing(OCTOBER) is None
    assert releases.released_months() == [OCTOBER]
    make.make_event(city.officers[0], city.services[0], city.counter, met_at=clock.local(date(2026, 10, 20), 9))
    second = close_month(month=OCTOBER, by="uji")
    assert second.version == 2
    assert second.inputs_digest != first.inputs_digest
    old = Closing.objects.get(pk=first.closing_id)
    assert (old.is_current, old.reopen_reason) == (False, "Berkas loket kurang")
    assert old.unit_results.get(service=None).events == 800
    assert UnitResult.objects.get(closing_id=second.closing_id, service=None).events == 801


def test_reopening_accepts_no_rating(city: City) -> None:
    close_month(month=OCTOBER, by="uji")
    reopen_month(month=OCTOBER, by="uji", reason="Berkas kurang")
    assert CollectionMonth.objects.get(month=OCTOBER).state == "sealed"
    with pytest.raises(sealing.MonthSealed):
        sealing.collecting_month(OCTOBER)


def test_reopening_takes_later_months_along_and_they_close_in_order(city: City) -> None:
    city.serve(SEPTEMBER, everyone(city, 20))
    close_month(month=SEPTEMBER, by="uji")
    close_month(month=OCTOBER, by="uji")
    assert reopen_month(month=SEPTEMBER, by="uji", reason="Salah loket") == [SEPTEMBER, OCTOBER]
    with pytest.raises(CloseRefused, match="September 2026"):
        close_month(month=OCTOBER, by="uji")
    assert close_month(month=SEPTEMBER, by="uji").version == 2
    assert close_month(month=OCTOBER, by="uji").version == 2
    assert Closing.objects.filter(is_current=True).count() == 2
    assert Closing.objects.get(month=OCTOBER, version=1).reopen_reason == "Mengikuti 2026-09: Salah loket"


# --- reading ---------------------------------------------------------------------------------------------------------


def test_evidence_sums_units_and_shows_a_score_only_when_it_may_be_used() -> None:
    closing = make.make_closing(OCTOBER)
    first, second = make.make_unit("A"), make.make_unit("B")
    moved, new = make.make_person(), make.make_person()
    make.make_officer_result(closing, moved, first, use="evaluation", events=10, with_standard=8, on_time=6)
    make.make_officer_result(closing, moved, second, use="self_only", events=5, with_standard=4, on_time=4, n=200)
    make.make_officer_result(closing, new, second, use="self_only", events=7)
    found = results.evidence_for([moved, new], OCTOBER)
    assert (found[moved.pk].events, found[moved.pk].with_standard, found[moved.pk].on_time) == (15, 12, 10)
    assert (found[moved.pk].score, found[moved.pk].n) == (3.41, 60)
    assert (found[new.pk].score, found[new.pk].n, found[new.pk].events) == (None, None, 7)


def test_evidence_costs_one_query(django_assert_num_queries: object) -> None:
    closing = make.make_closing(OCTOBER)
    unit = make.make_unit("A")
    people = [make.make_person() for _ in range(3)]
    for person in people:
        make.make_officer_result(closing, person, unit)
    for some in (people[:1], people):
        with django_assert_num_queries(1):  # type: ignore[operator]
            results.evidence_for(some, OCTOBER)


def test_closing_reads_no_rating_rows(city: City) -> None:
    """Every statement on the ratings either counts them or moves them inside the database; the openings are for auditors."""
    with connection.execute_wrapper(_only_counts):
        close_month(month=OCTOBER, by="uji")


def _only_counts(execute: object, sql: str, params: object, many: bool, context: object) -> object:
    words = " ".join(str(sql).split()).upper()
    if words == " ".join(statement("staged_month").split()).upper():
        return execute(sql, params, many, context)  # type: ignore[operator]
    if "RATING" in words and words.startswith(("SELECT", "WITH")) and "INSERT INTO" not in words:
        assert "COUNT(" in words or "GROUP BY" in words, sql
    return execute(sql, params, many, context)  # type: ignore[operator]
