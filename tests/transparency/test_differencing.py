"""LOG-09: every number that is published of a small city of unlucky sizes, and what sums and differences of them single out.

The unknowns are the answers of each service and month to each question. Every published figure is a known linear function
of them: unit and service by month, and reports of the survey over every month, quarter, semester and year, all as if published. Whatever set
of answers lies in the span of these functions can be computed by anybody; none may hold fewer than k. Beside what everybody
reads stand an officer's own windows over time, and what an appraiser reads of officers. `PAGES` and `FIGURES` name every page
and every figure of it: whoever adds one must say here how the attack reads it.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from html import unescape
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import get_resolver

from teladan.complaints.rules import counts
from teladan.core import clock
from teladan.evaluation.actions.closing import close_month
from teladan.evaluation.models import OfficerResult
from teladan.evaluation.queries import releases, results, skm_answers
from teladan.evaluation.queries.skm_report import report, report_payload
from teladan.evaluation.rules import skm
from teladan.evaluation.rules.skm import Period
from teladan.evaluation.views import explained
from teladan.feedback import queries as feedback
from teladan.feedback.models import ProfileCount, SealedRating, StagedRating, TicketCount
from teladan.feedback.queries import LeafCounts
from teladan.feedback.questionnaire import ProfileQuestion, versions
from teladan.people.models import Person
from teladan.scoring import ELEMENTS
from teladan.services.models import ServiceStandard
from teladan.transparency import queries
from tests import make
from tests.evaluation.small_city import OCTOBER, City, closing_time, make_city
from tests.evaluation.test_results_pages import GRID, make_score, make_unit_result
from tests.house.test_public_pages import patterns

pytestmark = pytest.mark.django_db

K = 10
UNLUCKY = (0, 0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 19, 20, 21, 33)
SOME = tuple(name for name in ELEMENTS if name not in ("biaya", "sarana"))
Cell = tuple[str, date]


@dataclass
class Question:
    """One question of one unit: how many answered it and their sum, cell by cell; and the sets that figures were published of."""

    n: Counter[Cell] = field(default_factory=Counter)
    sum: Counter[Cell] = field(default_factory=Counter)
    known: Counter[Cell] = field(default_factory=Counter)  # answers that everybody knows: nobody was asked
    figures: set[frozenset[Cell]] = field(default_factory=set)

    def tell(self, cells: Iterable[Cell], n: int | None, mean: float | None, digits: int = 9) -> None:
        """A figure that was published; it is what the attack takes it for, or the attack proves nothing."""
        told = frozenset(cells)
        count = sum(self.n[cell] + self.known[cell] for cell in told)
        assert n is None or n == count, (sorted(told), n, count)
        if mean is not None:
            total = sum(self.sum[cell] + 4 * self.known[cell] for cell in told)
            assert mean == pytest.approx(total / count, abs=0.6 * 10**-digits)
        self.figures.add(frozenset(cell for cell in told if self.n[cell]))

    def smallest(self) -> int | None:
        """The fewest answers that can be singled out."""
        return smallest_derivable(self.n, self.figures)


def smallest_derivable(
    n: Mapping[Cell, int], figures: Iterable[frozenset[Cell]], *, touching: Collection[Cell] | None = None
) -> int | None:
    """The size of the smallest set of answers whose indicator lies in the span of the published ones.

    `touching`: only sets that hold some of these cells count.

    Cells that stand in the same figures can never be told apart: each such class is one column, and every union of
    classes is tried. So the search is complete.
    """
    told = sorted({one for one in figures if one}, key=sorted)
    classes: dict[tuple[bool, ...], int] = defaultdict(int)
    touched: set[tuple[bool, ...]] = set()
    for cell, count in n.items():
        if count:
            column = tuple(cell in one for one in told)
            classes[column] += count
            if touching is None or cell in touching:
                touched.add(column)
    columns = [column for column in classes if any(column)]
    if not columns:
        return None
    rows = np.array(columns, dtype=float).T
    _, values, basis = np.linalg.svd(rows, full_matrices=False)
    basis = basis[values > 1e-9]
    size = len(columns)
    assert size <= 20, "too many classes for a search"
    weights = np.array([classes[column] for column in columns])
    wanted = np.array([column in touched for column in columns])
    least: int | None = None
    for start in range(1, 1 << size, 1 << 14):
        subsets = (np.arange(start, min(start + (1 << 14), 1 << size))[:, None] >> np.arange(size)) & 1
        residue = subsets - subsets @ basis.T @ basis
        sizes = (subsets @ weights)[((residue**2).sum(axis=1) < 1e-9) & (subsets @ wanted > 0)]
        if sizes.size:
            least = min(int(sizes.min()), least or int(sizes.min()))
    return least


def test_the_search_finds_what_two_figures_give_away() -> None:
    july, august = date(2026, 7, 1), date(2026, 8, 1)
    n = {("a", july): 30, ("b", july): 4, ("a", august): 12}
    unit, service = frozenset({("a", july), ("b", july)}), frozenset({("a", july)})
    assert smallest_derivable(n, {unit, service}) == 4
    assert smallest_derivable(n, {unit}) == 34
    assert smallest_derivable(n, {unit, frozenset({*service, ("a", august)}), frozenset({("a", august)})}) == 4
    assert smallest_derivable(n, set()) is None


# --- the city --------------------------------------------------------------------------------------------------------


def rated_city(seed: int, months: list[date]) -> City:
    """One unit with a free service, a paid one and one without a standard; small and large numbers mixed."""
    draw = Random(seed)
    city = make_city(f"U{seed}", officers=3, services=3)
    ServiceStandard.objects.filter(service=city.services[1]).update(fee=25_000)
    for month in months:
        for service in range(3):
            asked = SOME if service == 0 else ELEMENTS
            for officer in draw.sample(range(3), draw.randint(1, 2)):
                city.serve(month, {officer: draw.choice(UNLUCKY)}, service=service, elements=asked)
            city.serve(month, {draw.randrange(3): draw.choice((0, 1, 6))}, service=service, only_staff=True)
            city.serve(month, {draw.randrange(3): draw.choice((0, 1, 3))}, service=service, elements=())
        _hold_some(draw, month)
    return city


def _hold_some(draw: Random, month: date) -> None:
    rows = list(StagedRating.objects.filter(month=month).order_by("pk").values_list("pk", flat=True))
    StagedRating.objects.filter(pk__in=draw.sample(rows, min(len(rows), draw.choice((0, 2, 5))))).update(status="held")


def _profiles(draw: Random, city: City, month: date) -> None:
    """Some said who they are: one count an attribute and answer, as the seal leaves them; those held have said it, too."""
    total = SealedRating.objects.filter(unit=city.unit, month=month).count()
    for question in versions()[-1].profile:
        left = total + draw.choice((0, 0, 2))
        for value in draw.sample(list(question.options), 2):
            count = min(left, draw.choice(UNLUCKY))
            left -= count
            if count:
                ProfileCount.objects.create(
                    month=month, unit=city.unit, attribute=question.attribute, value=value, count=count
                )


def close(seed: int, city: City, months: Iterable[date]) -> None:
    draw = Random(seed)
    for month in months:
        with clock.at(clock.local(clock.add_months(month, 1).replace(day=9), 9)):
            close_month(month=month, by="uji")
        _profiles(draw, city, month)


# --- what is published -----------------------------------------------------------------------------------------------


def truth_of(city: City) -> dict[str, Question]:
    """Every question with its true counts and sums; `n`: who answered anything; `spent`: tickets that were used."""
    found: dict[str, Question] = defaultdict(Question)
    free = {city.services[0].code}
    for row in SealedRating.objects.filter(unit=city.unit).select_related("service"):
        cell = (row.service.code, row.month)
        answers = {name: getattr(row, name) for name in ELEMENTS}
        for name, answer in [*answers.items(), ("overall", row.overall)]:
            if answer is not None:
                found[name].n[cell] += 1
                found[name].sum[cell] += answer
        if any(answers.values()):
            found["n"].n[cell] += 1
            found["biaya"].known[cell] += answers["biaya"] is None and row.service.code in free
    for count in TicketCount.objects.filter(unit=city.unit):
        code = next(one.code for one in city.services if one.pk == count.service_id)
        found["spent"].n[code, count.month] += count.spent
    return found


def read_months(city: City, found: dict[str, Question]) -> dict[tuple[str, str], set[date]]:
    """The releases as the public reads them; which months show which question of which part."""
    codes = [one.code for one in city.services]
    shown: dict[tuple[str, str], set[date]] = defaultdict(set)
    for month in queries.months():
        payload = releases.release("unit", city.unit.code, month)
        assert payload is not None
        for part, cells in [
            (payload, [(code, month) for code in codes]),
            *((one, [(one["code"], month)]) for one in payload["services"]),
        ]:
            name = part["code"]
            for question, element in part["elements"].items():
                found[question].tell(cells, element["n"], element["mean"])
                shown[name, question].add(month)
            if part["n"] is not None:
                found["n"].tell(cells, part["n"], None)
                shown[name, "n"].add(month)
            if part["overall_n"] is not None:
                found["overall"].tell(cells, part["overall_n"], part["overall"])
            if part["spent"] is not None:
                found["spent"].tell(cells, part["spent"], None)
    return shown


def periods(months: Iterable[date]) -> Iterator[Period]:
    seen = {skm.period_of(month, span) for month in months for span in skm.SPANS}
    yield from sorted(seen, key=lambda period: (period.span, period.first))


def read_reports(city: City, found: dict[str, Question], shown: Mapping[tuple[str, str], set[date]]) -> None:
    """The survey's reports, every period of every length."""
    codes = [one.code for one in city.services]
    for period in periods(queries.months()):
        payload = report_payload(city.unit, period)
        months = [clock.parse_month(one["month"]) for one in payload["closings"]]
        for one in payload["elements"]:
            if one["n"] is not None:
                used = [month for month in months if f"{month:%Y-%m}" not in one["left_out"]]
                found[one["element"]].tell(
                    [(code, month) for code in codes for month in used], one["n"], one["nrr"], 10
                )
        used = [month for month in months if f"{month:%Y-%m}" not in payload["months_left_out"]]
        for question in ("n", "spent"):
            if payload[question] is not None:
                found[question].tell([(code, month) for code in codes for month in used], payload[question], None)
        for part in payload["services"]:
            if part["n"] is not None:
                cells = [(part["code"], month) for month in shown[part["code"], "n"] & set(months)]
                found["n"].tell(cells, part["n"], None)
            for question, mean in part["elements"].items():
                if mean is not None:
                    cells = [(part["code"], month) for month in shown[part["code"], question] & set(months)]
                    found[question].tell(cells, None, mean, 4)


def read_profiles(city: City, question: ProfileQuestion) -> Question:
    """Who answered: groups by month and period, and the number of all who rated where it is known."""
    found = Question()
    names = {words["id"]: value for value, words in question.options.items()} | {"Tidak menyebutkan": ""}
    totals = Counter(SealedRating.objects.filter(unit=city.unit).values_list("month", flat=True))
    for row in ProfileCount.objects.filter(unit=city.unit, attribute=question.attribute):
        found.n[row.value, row.month] = row.count
    crowded = set()
    for month, total in totals.items():
        said = sum(found.n[value, month] for value in question.options)
        found.n["", month] = max(0, total - said)
        crowded |= {month} if said > total else set()
    shown: dict[str, set[date]] = defaultdict(set)
    for month in totals:
        tables = feedback.profile_counts(city.unit, [month])
        (table,) = [one for one in tables if one.attribute == question.attribute]
        for group, n in [*((cell.value, cell.n) for cell in table.cells), ("", table.unsaid)]:
            if n is not None:
                shown[group].add(month)
    for period in periods(totals):
        for told in report_payload(city.unit, period)["profile"] or ():
            if {label for label, _ in told["groups"]} == set(names):
                for label, n in told["groups"]:
                    if n is not None:
                        cells = [(names[label], month) for month in shown[names[label]] & set(period.months)]
                        found.tell(cells, n, None)
    for month in set(totals) - crowded:  # else the number of ratings is not that of those who said
        payload_of = releases.release("unit", city.unit.code, month)
        if payload_of and payload_of["overall_n"] is not None:
            found.tell([(group, month) for group in names.values()], payload_of["overall_n"], None)
    return found


def read_lines(city: City, found: dict[str, Question]) -> int:
    """The answers line by line: their number, and of each element the number and the mean, over the report's months."""
    files = 0
    for period in periods(queries.months()):
        made = report(city.unit, period)
        if skm_answers.withheld(city.unit, made) is None:
            files += 1
            lines = list(skm_answers.lines(city.unit, made))
            left_out = made.payload["months_left_out"]
            months = [one["month"] for one in made.payload["closings"] if one["month"] not in left_out]
            cells = [(one.code, clock.parse_month(month)) for one in city.services for month in months]
            found["n"].tell(cells, sum(times for _, times in lines), None)
            for place, name in enumerate(ELEMENTS):
                given = [(line[place], times) for line, times in lines if line[place] is not None]
                n = sum(times for _, times in given)
                found[name].tell(cells, n, sum(answer * times for answer, times in given if answer) / n, 9)
    return files


def read_files(city: City, found: dict[str, Question], client: Client) -> None:
    """The open data: how many answered, month by month."""
    text = client.get(f"/publik/unit/{city.unit.code}/data.csv").content.decode("utf-8-sig")
    for row in csv.DictReader(text.splitlines(), delimiter=";" if ";" in text.splitlines()[0] else ","):
        if row["jawaban"]:
            month = clock.parse_month(row["bulan"])
            found["n"].tell([(one.code, month) for one in city.services], int(row["jawaban"]), None)


# --- what an officer sees of himself, beside what is published -------------------------------------------------------


def read_windows(city: City, person: Person) -> tuple[Question, set[Cell]]:
    """The officer's own windows and years, and the unit's months. Cells are of officers here: who was rated how often."""
    found = Question()
    for row in SealedRating.objects.filter(unit=city.unit).select_related("officer"):
        given = [answer for answer in (row.kompetensi, row.perilaku) if answer is not None]
        if given and row.officer:
            found.n[row.officer.nip, row.month] += 1
            found.sum[row.officer.nip, row.month] += sum(given) / len(given)
    months = sorted({month for _, month in found.n})
    for result in results.own_results(person):
        if result.score is not None:
            span = [one for one in months if result.window_from <= one <= result.window_until]
            told = explained.recompute_file(result)
            assert (told["n"], told["raw_mean"]) == (result.n, pytest.approx(result.raw_mean))
            found.tell([(person.nip, month) for month in span], result.n, result.raw_mean)
            if result.year:
                year = [clock.parse_month(month) for month in result.year["months"]]
                found.tell([(person.nip, month) for month in year], result.year["n"], None)
    for month in queries.months():
        payload = releases.release("unit", city.unit.code, month)
        shown = payload["elements"] if payload else {}
        if shown.get("kompetensi") and shown.get("perilaku"):  # whoever answers one of them answers both here
            mean = (shown["kompetensi"]["mean"] + shown["perilaku"]["mean"]) / 2
            found.tell([(one.nip, month) for one in city.officers], shown["kompetensi"]["n"], mean)
    others = {month for nip, month in found.n if nip != person.nip}
    return found, {(person.nip, month) for month in months if month in others}


# --- nothing is forgotten: every page of the site, every figure of what is published -----------------------------------

ATTACKED = {
    "public-home", "public-unit", "unit-results", "unit-result", "unit-why",  # read_months; people beside each other: OTHERS
    "skm-list", "skm-unit", "skm-report", "skm-pdf", "skm-xlsx", "skm-version",  # read_reports, read_profiles
    "public-report", "public-report-pdf",  # the same, frozen
    "skm-csv",  # read_lines
    "public-unit-csv",  # read_files
    "public-comments",  # the reasons of removals: test_reasons_are_told_from_ten_on_where_the_rest_are_none_or_ten
    "result-own", "result-why", "result-recompute",  # read_windows
    "comment-own", "comment-reply",  # tests/feedback/test_comments.py, the complement rule of a release
    "leaf-months", "leaf-list", "leaf-log",  # leaves of the whole city by what became of them: test_leaves_tell_no_unit
}  # fmt: skip
OTHERS = {  # what appraisers, their superiors and the committee read of an officer: nothing exact, see below
    "team-rate", "team-rate-person", "team-departure", "team-sign", "evaluation-list", "evaluation-detail",
    "evaluation-acknowledge", "evaluation-document", "award-own", "award-list", "award-open", "award-round",
    "award-conflict", "award-decide", "award-certificate", "award-check", "award-verify", "public-awards",
}  # fmt: skip
OVERSIGHT = {  # the Inspektorat's: tickets and ratings per officer by design, no answer and no mean of fewer than 30
    "integrity-list", "integrity-detail", "integrity-desk", "held-list", "held-detail", "held-judge", "call-months",
    "call-record", "call-list", "call-population",
}  # fmt: skip
COUNTS_OF_RESULTS = {  # how many results of which kind a closing had or would have; no answer goes in but through a score
    "closing-list", "closing-detail", "closing-start", "closing-reopen", "proposal-detail", "proposal-try", "desk-home",
}  # fmt: skip
NO_RATINGS = {  # people, rules, services, words; forms; one's own rating and one's own receipt; the log as hashes
    "account_login", "account_logout", "account_inactive", "account_signup", "account_reauthenticate", "account_email",
    "account_email_verification_sent", "account_change_password", "account_set_password", "account_reset_password",
    "account_confirm_login_code", "account_confirm_email", "account_reset_password_from_key_done",
    "account_reset_password_from_key", "account_reset_password_done", "set_language", "ui-gallery",
    "ticket-open", "rating-form", "rating-more", "rating-comment", "rating-official", "rating-done", "rating-receipt",
    "rating-typed", "rating-readers", "receipt-check", "receipt-again", "check-program", "recompute-script",
    "moderation-queue", "moderation-replies", "external-list", "counter-serve", "counter-screen", "counter-finish",
    "counter-reprint", "kiosk-screen", "kiosk-outbox", "kiosk-typed", "kiosk-worker", "kiosk-list", "kiosk-detail",
    "kiosk-code", "kiosk-revoke", "intake:openapi-json", "intake:event_send", "intake:ticket_replace", "intake:api-root",
    "ledger-checkpoint", "ledger-keys", "ledger-proof", "ledger-consistency", "ledger-tile",
    "people-list", "people-import", "people-import-example", "people-import-run", "people-import-messages", "people-gaps",
    "people-gap", "people-appraiser-end", "people-detail", "people-appraiser", "people-account-make", "units-list",
    "units-acting-end", "units-detail", "units-acting", "roles-page", "people-accounts", "people-account-new",
    "people-account", "people-account-password", "people-account-close", "people-account-open", "people-grant-end", "services-list", "counters-list", "services-detail",
    "complaint-start", "complaint-form", "complaint-receipt", "complaint-check", "complaint-status", "complaint-withdraw",
    "complaint-leave", "complaint-list", "complaint-overdue", "complaint-readings", "complaint-case", "complaint-take",
    "complaint-release", "complaint-attachment", "complaint-record", "complaint-act", "complaint-statement",
    "source-list", "source-detail", "source-token", "source-revoke", "source-stop", "source-resume", "events-import",
    "events-import-example", "events-import-run", "events-import-messages", "skm-import-messages",
    "policy-list", "policy-history", "policy-pack", "proposal-adopt", "proposal-drop", "policy-detail", "policy-propose",
    "policy-withdraw", "achievement-list", "skm-import", "skm-import-run", "skm-plan", "skm-plan-change", "skm-publish",
    "learning-home", "learning-rules", "learning-pulse", "learning-monitor", "lesson-detail", "public-how",
}  # fmt: skip


def test_every_page_is_attacked_or_known_to_hold_no_figure_of_ratings() -> None:
    groups = (ATTACKED, OTHERS, OVERSIGHT, COUNTS_OF_RESULTS, NO_RATINGS)
    named = [name for group in groups for name in group]
    assert len(named) == len(set(named))
    assert set(named) == {name for name, _ in patterns(get_resolver())}


WHOLE = {"n", "elements.*.n", "elements.*.mean", "overall", "overall_n", "spent"}  # told above, set by set
MADE_OF_THEM = {
    "ikm",
    "low",
    "high",
    "grade",
    "weakest",
    "response_rate",
    "is_published",
    "tickets",
}  # of the same sets
OF_EVENTS = {"events", "with_standard", "on_time", "unfinished", "sample_needed"}  # who was served, not who rated
UNIT = WHOLE | MADE_OF_THEM | OF_EVENTS
FIGURES = {
    "unit": UNIT | {"code", "name", "month", "regime", "coverage"} | {f"services.{name}" for name in UNIT | {"code", "name"}},
    "city": OF_EVENTS - {"sample_needed"}
    | {"month", "regime", "ikm", "low", "high", "grade", "n", "tickets", "spent", "response_rate"}  # sums of shown units
    | {"units", "units_published"}
    | {f"complaints.{name}" for name in ("received", "decided", "upheld", "median_days")}  # test_complaints_of_a_month
    | {f"holding.{name}" for name in ("held", "voided", "released")},  # of the city, exact on purpose (integrity.md)
    "report": OF_EVENTS - {"unfinished"}
    | {"unit", "unit_name", "office", "period", "k", "regime", "legal_basis", "strengths", "weaknesses", "months_left_out"}
    | {"n", "ikm", "low", "high", "grade", "sum_nrr", "tickets", "spent", "response_rate"}
    | {f"elements.{name}" for name in ("element", "n", "nrr", "value", "grade", "left_out")}
    | {f"services.{name}" for name in ("code", "name", "n", "ikm", "low", "high", "grade", "sum_nrr", "events", "months_left_out")}
    | {"services.elements.*", "plan", "previous_plan"}
    | {f"trend.months.{name}" for name in ("month", "ikm", "low", "high", "n", "grade")}  # releases again
    | {"trend.periods"}  # other reports, and figures that an office had published before
    | {"profile.question", "profile.groups", "questions.element", "questions.text", "questions.labels"}
    | {f"closings.{name}" for name in ("month", "version", "results_digest")},
}  # fmt: skip


def paths(value: Any, at: str = "") -> Iterator[str]:
    """Where the values of a payload stand; the elements of the survey all alike."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from paths(inner, f"{at}.{'*' if name in ELEMENTS else name}".lstrip("."))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner in value:
            yield from paths(inner, at)
    else:
        yield at


def check_census(city: City, months: Iterable[date]) -> None:
    """Nothing is published that the attack does not know."""
    found: dict[str, set[str]] = defaultdict(set)
    for month in months:
        found["unit"] |= set(paths(releases.release("unit", city.unit.code, month)))
        found["city"] |= set(paths(queries.city_in(month)))
    for period in periods(months):
        found["report"] |= set(paths(report_payload(city.unit, period)))
    empty = {"elements", "services", "services.elements", "trend.months", "profile", "closings"}
    for kind, told in found.items():
        assert told <= FIGURES[kind] | empty, kind
    assert {"elements.*.mean", "services.n", "spent"} <= found["unit"]
    assert {"elements.nrr", "services.elements.*", "profile.groups"} <= found["report"]


def test_officers_results_hold_no_figure_that_the_attack_does_not_know() -> None:
    """`read_windows` takes n and the raw mean, of windows and years; all else follows from them and from the group's fit."""
    known = {
        "id", "closing", "person", "unit", "window_from", "window_until", "use", "is_comparable", "n", "issue_days", "raw_mean",
        "case_mix_shift", "shrinkage_shift", "score", "se", "low", "high", "adjusted", "adjusted_low", "adjusted_high",
        "suggestion", "reliability", "recompute", "group", "ranks", "plans", "year", "events", "with_standard", "on_time",
        "unfinished",
        "response",  # in tenths: test_response_is_a_number_from_fifty_tickets_on
    }  # fmt: skip
    assert {one.name for one in OfficerResult._meta.concrete_fields} == known


def test_complaints_of_a_month_tell_of_none_or_ten() -> None:
    """Of those decided the upheld and the others; the received are others again: of a month, decided or not."""
    for upheld, rejected in product(range(25), repeat=2):
        told = counts(12, [30] * (upheld + rejected), upheld, k=K)
        n = {("upheld", OCTOBER): upheld, ("rejected", OCTOBER): rejected}
        figures = [frozenset(cell for cell in n if n[cell])] if told.decided is not None else []
        if told.upheld is not None:
            figures.append(frozenset({("upheld", OCTOBER)}))
        least = smallest_derivable(n, figures)
        assert least is None or least >= K, (upheld, rejected)


# --- what others read of an officer ------------------------------------------------------------------------------------


def test_nobody_else_reads_an_exact_count_or_mean_of_an_officer(client: Client) -> None:
    """Exact ones, taken away from the unit's sum, would leave what a colleague's few citizens answered."""
    with clock.at(closing_time()):
        closing, unit = make.make_closing(), make.make_unit("DISDUK")
        head, officer = make.make_head(unit), make.make_staff(unit)
        exact = {"n": 67, "adjusted": 3.4438, "adjusted_low": 3.2715, "adjusted_high": 3.6161, "suggestion": "meets"}
        result = make_score(
            closing, officer, unit, raw_mean=3.4067, recompute={"n": 67, "raw_mean": 3.4067, "grid": [GRID]}, **exact
        )
        make_unit_result(closing, unit)
        [evidence] = results.evidence_for([officer], OCTOBER).values()
        assert (evidence.n, evidence.adjusted, evidence.adjusted_low, evidence.adjusted_high) == (60, 3.4, 3.3, 3.6)
        client.force_login(make.make_user(head, role="unit_head"))
        for path in (f"/nilai/{result.pk}/mengapa", "/tim"):
            text = unescape(client.get(path, follow=True).content.decode())
            assert "3,41" in text, path  # the score itself is read
            assert not re.search(r"\b67\b|3,27|3,62|3,44|3,4067", text), path
        assert client.get(f"/nilai/{result.pk}/hitung-ulang.json").status_code == 403


def test_leaves_tell_no_unit() -> None:
    """What is public of single ratings is a random number and what became of it, over the whole city."""
    assert {one.name for one in fields(LeafCounts)} == {
        "month", "in_ledger", "tickets", "by_status", "seal_digest", "openings_digest",
    }  # fmt: skip


def attack(seed: int, count: int, client: Client) -> dict[str, int]:
    """Everything that can be singled out below k, by question."""
    months = [date(2026, 1 + i, 1) for i in range(count)]
    with clock.at(clock.local(date(2026, 1, 2), 9)):
        city = rated_city(seed, months)
    close(seed, city, months)
    found = truth_of(city)
    with clock.at(clock.local(clock.add_months(months[-1], 1).replace(day=20), 9)):
        read_reports(city, found, read_months(city, found))
        read_lines(city, found)
        read_files(city, found, client)
        for question in versions()[-1].profile:
            found[f"profile {question.attribute}"] = read_profiles(city, question)
        check_census(city, months)
        windows = {one.nip: read_windows(city, one) for one in city.officers}
    assert sum(len(one.figures) for one in found.values()) > 10 * count
    least = {name: one.smallest() for name, one in found.items()}
    least |= {
        f"window {nip}": smallest_derivable(one.n, one.figures, touching=own) for nip, (one, own) in windows.items()
    }
    return {name: n for name, n in least.items() if n is not None and n < K}


def test_no_sum_or_difference_of_published_numbers_ends_below_k(client: Client) -> None:
    assert attack(1, 3, client) == {}


@pytest.mark.crash
@pytest.mark.parametrize("seed", range(2, 26))
def test_no_sum_or_difference_of_published_numbers_ends_below_k_in_many_cities(seed: int, client: Client) -> None:
    assert attack(seed, 6, client) == {}
