"""What people of the demo city did besides serving: acting posts, a move, ratings signed, awards, lessons."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from random import Random

from teladan.awards import actions as awards
from teladan.core import clock
from teladan.core.spreadsheet import write_csv
from teladan.demo import city
from teladan.evaluation.actions import rating
from teladan.evaluation.actions.rating import Picks
from teladan.evaluation.queries import team
from teladan.evaluation.rules.rating import departs
from teladan.learning import actions as learning
from teladan.learning.content import lessons
from teladan.learning.models import PulseCount
from teladan.learning.queries import assigned
from teladan.people import actions as people
from teladan.people.imports import EmployeeImporter
from teladan.people.models import Person, Post, Unit, User

BY = "demo"
DATA = Path(__file__).parent / "data"
MOVED_ON = date(2026, 3, 1)
MOVER = 6
"""Which clerk of the civil-registration division moves to the population-registration division on MOVED_ON."""
SIGNED_MONTHS = 4
INFORMATION = "DISDUKCAPIL-PIAK"
"""The division of the demo's employee without a counter."""
ROLES = (
    ("committee", "INSPEKTORAT", 0, ""),
    ("committee", "BAPPERIDA", 0, ""),
    ("appraiser", city.DUKCAPIL, 0, city.DUKCAPIL),
    ("unit_head", city.DUKCAPIL, 0, city.DUKCAPIL),
    ("appraiser", INFORMATION, 0, INFORMATION),
    ("appraiser", city.PTSP_SERVICE, 0, city.PTSP_SERVICE),
    ("superior", city.PTSP, 0, city.PTSP),
    ("unit_head", city.PTSP_SERVICE, 0, city.PTSP_SERVICE),
)


def mall_services() -> Iterator[dict[str, str]]:
    """Services of the licensing office at the service mall (composed; see the source column)."""
    with open(DATA / "layanan_mpp_demo.csv", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def acting_head(staff: Sequence[city.DemoPerson]) -> None:
    """The head of one secretariat is missing; a clerk of the same office acts for it."""
    clerk = next(person for person in staff if person.unit == city.ACTING)
    title = next(unit.head for unit in city.units() if unit.code == city.ACTING)
    post = Post.objects.get(unit__code=city.ACTING, title=title)
    people.place_acting(person=Person.objects.get(nip=clerk.who.nip), post=post, kind="plt", by=BY)


def move_clerk(staff: Sequence[city.DemoPerson]) -> None:
    """The next personnel export shows one clerk in another division."""
    mover = counter_clerks(staff, city.CAPIL)[MOVER]
    headers = city.siasn_headers()
    rows = list(city.employee_rows(staff, headers))
    names = {unit.code: unit.name for unit in city.units()}
    for row in rows:
        if row[headers.index("NIP BARU")].endswith(mover):
            row[headers.index("UNOR ID")] = city.DAFDUK
            row[headers.index("UNOR NAMA")] = names[city.DAFDUK]
            row[headers.index("TMT JABATAN")] = f"{MOVED_ON:%d-%m-%Y}"
    EmployeeImporter().commit(write_csv(headers, rows), "siasn-maret.csv", by=BY)


def counter_clerks(staff: Sequence[city.DemoPerson], unit: str) -> list[str]:
    """NIP of those who sit at a unit's counters."""
    return [person.who.nip for person in staff if person.unit == unit and person.post == city.COUNTER_POST]


def more_roles(person: Callable[[str, int], Person]) -> None:
    """Heads and committee members besides the one demo account per role."""
    for role, unit, place, scope in ROLES:
        holder = person(unit, place)
        user = User.objects.filter(person=holder).first() or people.create_account(
            person=holder, username=f"nip{holder.nip}", by=BY
        )
        people.grant_role(user=user, role=role, unit=Unit.objects.get(code=scope) if scope else None, by=BY)


def quiet_accounts(staff: Sequence[city.DemoPerson]) -> None:
    """Accounts without a password for the two offices that serve, so that teams and lessons have their people."""
    taken = set(User.objects.filter(person__isnull=False).values_list("person__nip", flat=True))
    offices = {city.DUKCAPIL, city.PTSP}
    units = {unit.code: unit for unit in Unit.objects.filter(code__regex=f"^({'|'.join(offices)})")}
    known = {person.nip: person for person in Person.objects.filter(nip__in=[p.who.nip for p in staff])}
    for member in staff:
        if member.unit not in units or member.who.nip in taken:
            continue
        user = people.create_account(person=known[member.who.nip], username=f"nip{member.who.nip}", by=BY)
        role = "officer" if member.post == city.COUNTER_POST else "employee"
        people.grant_role(user=user, role=role, unit=units[member.unit], by=BY)


def after_closing(month: date, *, months_left: int) -> None:
    """Achievements, signed teams and the award round of a month. The last month stays open for whoever tries the demo."""
    if months_left >= SIGNED_MONTHS:
        return
    chief, licensing = User.objects.get(username="kepala-dinas"), _head_account(city.PTSP)
    for unit in (city.DAFDUK, city.CAPIL, INFORMATION):
        _achievement(unit, month, chief)
    _achievement(city.PTSP_SERVICE, month, licensing)
    sign(User.objects.get(username="kepala-bidang"), month)
    sign(_head_account(city.PTSP_SERVICE), month)
    sign(_head_account(INFORMATION), month, unread=() if months_left else ("pegawai",))
    if months_left:
        sign(User.objects.get(username="penilai"), month)
        _achievement(city.DUKCAPIL, month, User.objects.get(username="wali-kota"))
        sign(chief, month)
    award(month, decide=bool(months_left))


def _head_account(unit: str) -> User:
    title = next(found.head for found in city.units() if found.code == unit)
    return User.objects.get(person__placements__post__unit__code=unit, person__placements__post__title=title)


def _achievement(unit: str, month: date, by: User) -> None:
    rating.set_achievement(
        unit=Unit.objects.get(code=unit),
        month=month,
        value="baik",
        reason="Target layanan bulan ini tercapai dan tunggakan selesai.",
        by=by,
    )


def sign(appraiser: User, month: date, *, unread: Sequence[str] = ()) -> None:
    """An appraiser rates the whole team by the evidence at hand, then signs; most are as expected.

    Whoever is `unread` has not opened the result yet: something for that account to do.
    """
    assert appraiser.person is not None
    random = Random(f"{city.SEED}|{appraiser.username}|{month}")
    found = team.team(appraiser.person, month)
    picks = {}
    for row in found.rows:
        behaviour = "above" if random.random() < 0.1 else row.suggestion or "meets"
        work = random.choices(["above", "meets", "below"], [20, 75, 5])[0]
        note = "Pertahankan ketepatan waktu." if random.random() < 0.3 else ""
        reason = "Sabar menghadapi warga, disaksikan tim." if departs(behaviour, row.suggestion) else ""
        picks[row.person.pk] = Picks(work, behaviour, note, reason)
    rating.rate_team(month=month, picks=picks, by=appraiser)
    signed = rating.sign_team(
        month=month, by=appraiser, statement=rating.signing_statement(appraiser, month, len(picks))
    )
    for evaluation in signed:
        owner = User.objects.filter(person=evaluation.person).first()
        if owner is not None and random.random() < 0.8 and owner.username not in unread:
            rating.acknowledge(evaluation=evaluation, by=owner)


def award(month: date, *, decide: bool) -> None:
    """Open the month's round and, for past months, let the committee decide: the first candidate, or nobody."""
    member = User.objects.get(username="tim-penghargaan")
    for opened in awards.open_rounds(month=month, by=User.objects.get(username="bkpsdm")):
        if not decide:
            continue
        candidates = list(opened.candidates.order_by("-p_top"))
        for candidate in candidates:
            awards.state_conflict(candidate=candidate, by=member, has_conflict=False)
        awards.decide(
            round=opened,
            winners={candidates[0].pk: "Nilai warga tinggi dan tepat waktu tiga bulan berturut-turut."}
            if candidates
            else {},
            reason="Bukti ditimbang bersama; rentang nilai calon pertama paling jelas di atas rata-rata."
            if candidates
            else "Tidak ada petugas yang menonjol dengan cukup pasti bulan ini.",
            by=member,
        )


def learning_so_far() -> None:
    """Most people took their lessons; the demo's own accounts have not, so that there is something to try."""
    random = Random(city.SEED)
    for user in User.objects.filter(username__startswith="nip").order_by("pk"):
        for item in assigned(user):
            if random.random() < 0.8:
                lesson = lessons()[item.lesson.slug]
                answers = [
                    q.right if random.random() < 0.85 else (q.right + 1) % len(q.choices) for q in lesson.questions
                ]
                learning.take_check(lesson=lesson, answers=answers, by=user)
        if random.random() < 0.7:
            learning.acknowledge_rules(by=user)
        if random.random() < 0.6:
            marks = (PulseCount.Question.USEFUL, 4), (PulseCount.Question.EASY, 4), (PulseCount.Question.BURDENSOME, 2)
            answers_given = {
                question.value: min(5, max(1, centre + random.choice([-1, 0, 0, 1]))) for question, centre in marks
            }
            learning.answer_pulse(answers=answers_given, by=user)


def last_closable(now_day: date, grace_days: int) -> date:
    """The latest month whose grace days are over on a day."""
    month = clock.add_months(clock.month_of(now_day), -1)
    over = (now_day - clock.month_end(month)).days > grace_days
    return month if over else clock.add_months(month, -1)
