"""Four months of the demo city, lived through the product: the estimates against the truth behind the answers.

Loading takes most of the time, so one test loads and asks everything; each question is a function below.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from statistics import correlation, fmean

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.models import Count, Q

from teladan.complaints.models import Complaint
from teladan.config.install import load_reference_data
from teladan.core import clock, policy
from teladan.demo import accounts, city, history, inspection, months
from teladan.demo.seed import AlreadySeeded, Seeder
from teladan.demo.truth import INCOMPLETE, REFUSED, STAFF, Truth, mean_answer
from teladan.evaluation.models import Closing, OfficerResult, Release
from teladan.feedback.models import CallBack, ExternalRating, HeldCase, SealedRating
from teladan.people import queries as people
from teladan.people.models import Person, Placement, User
from teladan.services.models import ServiceEvent

JULY, OCTOBER = date(2026, 7, 1), date(2026, 10, 1)
NOW = date(2026, 11, 9)
COVERED = 0.85
OUTCOMES = {"granted": 0.0, "refused": REFUSED, "incomplete": INCOMPLETE}


@dataclass(frozen=True)
class Compared:
    """One officer of the last closing: the truth at the mix of the group, the raw mean, the score and its interval."""

    truth: float
    raw: float
    score: float
    low: float
    high: float


@pytest.fixture
def four_months(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "MONTHS", 4)
    monkeypatch.setattr(history, "MOVED_ON", date(2026, 9, 1))


def seed(until: date = OCTOBER, *, everybody: bool = True) -> Seeder:
    """Live the four months up to `until`; for the counters alone, without the other offices' people."""
    seeder = Seeder(OCTOBER, clock.local(NOW, 12), lambda *_: None)
    if until < OCTOBER:
        seeder.calendar = [month for month in seeder.calendar if month <= until]
        seeder.until, seeder.now = until, clock.local(clock.add_months(until, 1))
    if not everybody:
        needed = tuple(
            {account.unit for account in accounts.ACCOUNTS if account.unit} | {u for _, u, *_ in history.ROLES}
        )
        seeder.staff = [
            person for person in seeder.staff if person.unit.startswith(needed) or person.unit == city.ACTING
        ]
    seeder.run()
    return seeder


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_demo_city_is_true_ordinary_and_the_same_again(four_months: None) -> None:
    seeder = seed()
    troubles = [f"{check.__name__}: {problem}" for check in CHECKS for problem in check(seeder)]
    assert not troubles, troubles
    july = Closing.objects.get(month=JULY)
    before = figures_of(july)
    call_command("flush", verbosity=0, interactive=False)
    shutil.rmtree(settings.LEDGER_DIR)
    load_reference_data()
    outside_ratings()
    seed(JULY, everybody=False)
    again = Closing.objects.get(month=JULY)
    assert figures_of(again) == before  # outside ratings moved nothing
    assert again.results_digest != july.results_digest  # each is hidden behind a random number of its own
    assert again.inputs_digest != july.inputs_digest  # the seal names people by their own key, which is random


def figures_of(closing: Closing) -> list[list[tuple[object, ...]]]:
    """What a closing says, by codes and numbers of employees."""
    officers = OfficerResult.objects.filter(closing=closing).order_by("person__nip", "unit__code")
    return [
        list(Release.objects.filter(closing=closing).order_by("kind", "key").values_list("kind", "key", "payload")),
        list(officers.values_list("person__nip", "unit__code", "n", "score", "low", "high", "use", "year")),
    ]


def outside_ratings() -> None:
    """The real ratings of another city and of the national app, before anything else has happened."""
    Seeder(JULY, clock.local(NOW, 12), lambda *_: None).outside_ratings()
    assert ExternalRating.objects.count() > 1700


# --- the questions ---------------------------------------------------------------------------------------------------


def loading_again_is_refused(seeder: Seeder) -> list[str]:
    try:
        Seeder(OCTOBER, clock.local(NOW, 12), lambda *_: None).run()
    except AlreadySeeded:
        return []
    return ["a second load went through"]


def scores_are_nearer_to_the_truth_than_raw_means(seeder: Seeder) -> list[str]:
    found = compared(seeder.truth)
    truth = [one.truth for one in found]
    off = {name: fmean((getattr(one, name) - one.truth) ** 2 for one in found) ** 0.5 for name in ("raw", "score")}
    close = {name: correlation(truth, [getattr(one, name) for one in found]) for name in ("raw", "score")}
    print(f"\n{len(found)} officers: error {off}, correlation with the truth {close}")  # noqa: T201
    return [
        *([f"only {len(found)} officers with a score"] if len(found) < 25 else []),
        *([f"error {off}"] if off["score"] >= off["raw"] else []),
        *([f"correlation {close}"] if close["score"] < 0.7 else []),
    ]


def intervals_cover_the_truth(seeder: Seeder) -> list[str]:
    found = compared(seeder.truth)
    share = fmean(one.low <= one.truth <= one.high for one in found)
    print(f"intervals cover {share:.3f} of {len(found)} true means")  # noqa: T201
    return [f"only {share:.2f}"] if share < COVERED else []


def compared(truth: Truth) -> list[Compared]:
    """The officers of the last closing who have a score, at the mix of their unit over the window of that score."""
    mixes: dict[tuple[int, date, date], Counter[tuple[str, str, date]]] = {}
    found = []
    for result in OfficerResult.objects.filter(closing__month=OCTOBER, low__isnull=False).select_related("person"):
        window = (result.unit_id, result.window_from, result.window_until)
        if window not in mixes:
            mixes[window] = cases(*window)
        expected = expected_at(truth, result.person.nip, mixes[window])
        found.append(Compared(expected, result.raw_mean, result.score, result.low, result.high))  # type: ignore[arg-type]
    return found


def cases(unit: int, start: date, until: date) -> Counter[tuple[str, str, date]]:
    """How many met with which service, outcome and month in a unit."""
    rows = ServiceEvent.objects.filter(unit=unit, month__range=(start, until))
    keys = rows.values_list("service__code", "outcome", "month").annotate(n=Count("pk"))
    return Counter({(service, outcome, month): n for service, outcome, month, n in keys})


def expected_at(truth: Truth, nip: str, mix: Counter[tuple[str, str, date]]) -> float:
    """What citizens would say of this officer on average if they had had the cases of the whole unit."""
    total = 0.0
    for (service, outcome, month), n in mix.items():
        drift = 0.012 * ((month.year - 2026) * 12 + month.month - 7 - months.MONTHS / 2)
        case = truth.officers[nip] + truth.services[service] + OUTCOMES[outcome] + drift
        total += n * fmean(mean_answer(case + truth.elements[element]) for element in STAFF)
    return total / mix.total()


def ordinary_troubles_are_there(seeder: Seeder) -> list[str]:
    nips = history.counter_clerks(seeder.staff, city.CAPIL)
    mover = Person.objects.get(nip=nips[history.MOVER])
    last = OfficerResult.objects.filter(closing__month=OCTOBER)
    outcomes = Counter(
        ServiceEvent.objects.filter(service__code=months.REFUSAL_HEAVY).values_list("outcome", flat=True)
    )
    burst = ServiceEvent.objects.filter(channel="keliling").values("officer").annotate(n=Count("pk"))
    namesakes = Counter(Person.objects.values_list("name", flat=True)).most_common(1)[0]
    seen = {
        "a clerk served in two units": last.filter(person=mover).count() == 2,
        "and has two placements, one after the other": Placement.objects.filter(person=mover).count() == 2,
        "somebody acts for a head": Placement.objects.filter(kind="plt", post__unit__code=city.ACTING).exists(),
        "somebody has no superior": bool(people.without_appraiser(NOW)),
        "equal names": namesakes[1] > 1,
        "an officer with few ratings is hidden": last.filter(use="hidden", events__gt=0, n__isnull=True).exists(),
        "outreach burst": sum(row["n"] for row in burst) == 120 and len(burst) == 3,
        "refusals": outcomes["refused"] > outcomes.total() / 5,
    }
    return [name for name, is_there in seen.items() if not is_there]


def hidden_results_show_nothing(seeder: Seeder) -> list[str]:
    """No figure without the least number of ratings of that officer, at that unit, in the window of the figure."""
    least = policy.get("score.min_n", OCTOBER)
    of_staff = SealedRating.objects.filter(Q(kompetensi__isnull=False) | Q(perilaku__isnull=False))
    sealed = Counter(of_staff.values_list("officer_id", "unit_id", "month"))
    problems = []
    for row in OfficerResult.objects.filter(closing__month=OCTOBER):
        n = sum(
            found
            for (person, unit, month), found in sealed.items()
            if (person, unit) == (row.person_id, row.unit_id) and row.window_from <= month <= row.window_until
        )
        if row.score is None:
            problems += [f"{row} keeps a figure"] if (row.n, row.raw_mean, row.recompute) != (None, None, None) else []
        elif row.n != n or n < least:
            problems.append(f"{row} shows n={row.n} of {n}")
    return problems


def nobody_public_is_named(seeder: Seeder) -> list[str]:
    """The releases hold units; no officer's name or NIP, and every month has one for the city."""
    released = Release.objects.filter(kind__in=["city", "unit"])
    text = " ".join(str(payload) for payload in released.values_list("payload", flat=True))
    officers = [person for person in seeder.staff if person.post == city.COUNTER_POST]
    named = [person.who.nip for person in officers if person.who.nip in text or person.who.name in text]
    cities = released.filter(kind="city").count()
    return [*named, *([] if cities == len(seeder.calendar) else [f"{cities} releases of the city"])]


def every_role_has_its_account(seeder: Seeder) -> list[str]:
    users = {user.username: user for user in User.objects.filter(username__in=[a.username for a in accounts.ACCOUNTS])}
    wanted = [account for account in accounts.ACCOUNTS if account.username not in users]
    wanted += [
        a for a in accounts.ACCOUNTS if a.username in users and not users[a.username].check_password(accounts.PASSWORD)
    ]
    return [account.username for account in wanted]


def the_inspectorate_has_something_to_look_at(seeder: Seeder) -> list[str]:
    states = sorted(HeldCase.objects.values_list("state", "size"))
    called = CallBack.objects.filter(draw__month=OCTOBER, recorded_at__isnull=False).count()
    troubles = [] if states == [("held", 3), ("proposed", 4)] else [f"held cases: {states}"]
    return troubles if called == inspection.CALLED else [*troubles, f"{called} calls recorded"]


def complaints_stand_in_several_states(seeder: Seeder) -> list[str]:
    states = set(Complaint.objects.values_list("state", flat=True))
    wanted = {"received", "incomplete", "examined", "decided", "delivered", "escalated", "forwarded"}
    late = Complaint.objects.filter(ended_at__isnull=True, due_on__lt=clock.day_of(seeder.now)).count()
    return [f"missing: {wanted - states}"] * (wanted != states) + ["nothing is late"] * (not late)


CHECKS: list[Callable[[Seeder], list[str]]] = [
    loading_again_is_refused,
    scores_are_nearer_to_the_truth_than_raw_means,
    intervals_cover_the_truth,
    ordinary_troubles_are_there,
    hidden_results_show_nothing,
    nobody_public_is_named,
    every_role_has_its_account,
    complaints_stand_in_several_states,
    the_inspectorate_has_something_to_look_at,
]
