"""Reading awards: rounds, candidates with what speaks for them, statements, winners for the public."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from teladan.awards import rules
from teladan.awards.models import Award, Candidate, ConflictStatement, Programme, Round
from teladan.awards.rules import Tie
from teladan.core import clock
from teladan.evaluation.models import Closing, Evaluation
from teladan.evaluation.queries import team as evaluation
from teladan.people import queries as people
from teladan.people.access import can
from teladan.people.models import Person, Unit, User
from teladan.people.permissions import Permission
from teladan.ui import formats

# --- programmes and rounds -------------------------------------------------------------------------------------------


def programmes_on(day: date) -> QuerySet[Programme]:
    """Programmes in force on a day."""
    return Programme.objects.filter(people.valid_on(day)).order_by("name")


def rounds_with(**where: object) -> QuerySet[Round]:
    """Rounds with all that their page shows, in a fixed number of queries."""
    statements = ConflictStatement.objects.select_related("member__person").order_by("member_id")
    candidates = (
        Candidate.objects.select_related("person", "unit", "award")
        .prefetch_related(Prefetch("statements", statements))
        .order_by("-p_top", "person__sort_name")
    )
    return (
        Round.objects.filter(**where)
        .select_related("programme", "closing", "decided_by__person")
        .prefetch_related(Prefetch("candidates", candidates))
    )


@dataclass(frozen=True)
class Line:
    """One programme and month on the committee's list."""

    programme: Programme
    month: date
    round: Round | None
    candidates: int
    winners: tuple[str, ...]

    @property
    def is_decided(self) -> bool:
        return self.round is not None and self.round.state == Round.State.DECIDED


def lines() -> list[Line]:
    """Every closed month of every programme, latest first; months without a round can be opened."""
    sizes = dict(Candidate.objects.values_list("round").annotate(n=Count("id")))
    winners: dict[int, list[str]] = {}
    for award in Award.objects.select_related("candidate__person"):
        winners.setdefault(award.candidate.round_id, []).append(award.candidate.person.full_name)
    return [_line(*turn, sizes, winners) for turn in _turns()]


def _turns() -> list[tuple[Programme, date, Round | None]]:
    """Every closed month of every programme, latest first, with its round; three queries."""
    closings = list(Closing.objects.filter(is_current=True, reopened_at__isnull=True).order_by("-month"))
    rounds = {(row.programme_id, row.closing.month): row for row in _rounds_by_month()}
    programmes = list(Programme.objects.order_by("name"))
    return [
        (programme, closing.month, rounds.get((programme.pk, closing.month)))
        for closing in closings
        for programme in programmes
        if _in_force(programme, clock.month_end(closing.month))
    ]


def _line(
    programme: Programme, month: date, found: Round | None, sizes: dict[int, int], winners: dict[int, list[str]]
) -> Line:
    key = found.pk if found else 0
    return Line(programme, month, found, sizes.get(key, 0), tuple(sorted(winners.get(key, ()))))


def _rounds_by_month() -> QuerySet[Round]:
    """In the order in which later ones win: decided over open. An open round of a reopened month is left behind."""
    stands = Q(state=Round.State.DECIDED) | Q(closing__is_current=True, closing__reopened_at__isnull=True)
    return Round.objects.filter(stands).select_related("closing", "programme").order_by("-state", "closing__version")


def _in_force(programme: Programme, day: date) -> bool:
    return programme.valid_from <= day and (programme.valid_until is None or programme.valid_until > day)


def decided_round(programme: Programme, month: date) -> Round | None:
    """The decision that stands for a month, whatever version of the closing it weighed."""
    return Round.objects.filter(programme=programme, closing__month=month, state=Round.State.DECIDED).first()


def holders(programme: Programme, month: date) -> set[UUID]:
    """Who already has this award for this month."""
    rows = Award.objects.filter(candidate__round__programme=programme, candidate__round__closing__month=month)
    return set(rows.values_list("candidate__person_id", flat=True))


# --- candidates ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Appraisal:
    """What the appraiser signed about a candidate for the month."""

    predicate: str
    note: str


def appraisals(round: Round) -> dict[UUID, Appraisal]:
    """Signed predicates and notes of the candidates for the month, by person."""
    rows = Evaluation.objects.filter(
        evaluation.CURRENT,
        signed_at__isnull=False,
        month=round.closing.month,
        person__in=[candidate.person_id for candidate in round.candidates.all()],
    )
    return {row.person_id: Appraisal(row.get_predicate_display(), row.note) for row in rows}


def ties(round: Round, member: User) -> dict[int, Tie]:
    """What the system knows to bind a member to candidates, by candidate; read on the month's last day."""
    candidates = list(round.candidates.all())
    if member.person_id is None or not candidates:
        return {}
    day = clock.month_end(round.closing.month)
    parents = {unit: node.parent for unit, node in people.tree(day).nodes.items()}
    placement = people.placements_of([member.person_id], day).get(member.person_id)
    own = rules.office_of(placement.post.unit_id, parents) if placement else None
    appraisers = people.appraisers_of([candidate.person_id for candidate in candidates], day)
    found = {}
    for candidate in candidates:
        appraiser = appraisers.get(candidate.person_id)
        tie = rules.known_tie(
            member=member.person_id,
            candidate=candidate.person_id,
            appraiser=appraiser.person.pk if appraiser else None,
            member_office=own,
            office=rules.office_of(candidate.unit_id, parents),
        )
        if tie:
            found[candidate.pk] = tie
    return found


def tie_words(tie: Tie | None) -> str:
    """A known tie as the member reads it."""
    words = {
        Tie.SELF: _("Anda sendiri calon ini."),
        Tie.APPRAISER: _("Anda penilai calon ini."),
        Tie.OFFICE: _("Calon ini satu perangkat daerah dengan Anda."),
    }
    return words[tie] if tie else ""


@dataclass(frozen=True)
class Voice:
    """A member's voice in a round: ties that we know, statements made, and whether that lets the member decide."""

    ties: Mapping[int, Tie]
    statements: Mapping[int, ConflictStatement]
    size: int

    @property
    def stated(self) -> int:
        return len(self.statements)

    @property
    def is_conflicted(self) -> bool:
        return bool(self.ties) or any(one.has_conflict for one in self.statements.values())

    @property
    def may_decide(self) -> bool:
        return self.stated == self.size and not self.is_conflicted


def voice(round: Round, member: User) -> Voice:
    """What a member may say in a round."""
    return Voice(ties(round, member), statements_of(round, member), len(round.candidates.all()))


def unit_names(round: Round) -> dict[str, str]:
    """Names of units by code on the month's last day."""
    names = people.unit_names(clock.month_end(round.closing.month))
    return {code: names.get(key, code) for key, code in Unit.objects.values_list("id", "code")}


def statements_of(round: Round, member: User) -> dict[int, ConflictStatement]:
    """A member's statements by candidate."""
    return {
        statement.candidate_id: statement
        for candidate in round.candidates.all()
        for statement in candidate.statements.all()
        if statement.member_id == member.pk
    }


# --- awards ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PublicAward:
    """What everybody may know of an award."""

    month: date
    programme: str
    name: str
    unit_name: str
    citation: str
    number: str
    code: str
    granted_on: date
    legal_basis: str

    @property
    def written_code(self) -> str:
        return rules.written_code(self.code)


def _awards() -> QuerySet[Award]:
    return Award.objects.select_related(
        "candidate__person", "candidate__unit", "candidate__round__programme", "candidate__round__closing"
    )


def public_winners(months: Iterable[date]) -> list[PublicAward]:
    """Awards of these months, latest first; four queries at most, whatever the number."""
    rows = _awards().filter(candidate__round__closing__month__in=list(months))
    return _public(rows.order_by("-candidate__round__closing__month", "number"))


def public_award(code: str) -> PublicAward | None:
    """The award behind a certificate's code, for whoever checks it."""
    return next(iter(_public(_awards().filter(code=rules.normalised_code(code)))), None)


def _public(rows: Iterable[Award]) -> list[PublicAward]:
    found = list(rows)
    names = {
        month: people.unit_names(clock.month_end(month))
        for month in {award.candidate.round.closing.month for award in found}
    }
    return [_public_award(award, names[award.candidate.round.closing.month]) for award in found]


def _public_award(award: Award, names: dict[int, str]) -> PublicAward:
    candidate, programme = award.candidate, award.candidate.round.programme
    return PublicAward(
        month=candidate.round.closing.month,
        programme=programme.name,
        name=candidate.person.full_name,
        unit_name=names.get(candidate.unit_id, candidate.unit.code),
        citation=award.citation,
        number=award.number,
        code=award.code,
        granted_on=clock.day_of(award.granted_at),
        legal_basis=programme.decree_number,
    )


def normalised(code: str) -> str:
    """A typed code as it is stored."""
    return rules.normalised_code(code)


def awards_of(person: Person) -> QuerySet[Award]:
    """A person's own awards, latest first."""
    return _awards().filter(candidate__person=person).order_by("-granted_at")


# --- work ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Todo:
    """One thing that waits for somebody."""

    what: str
    note: str
    url: str


def worklist(user: User) -> list[Todo]:
    """Rounds that wait for this user: to be decided by the committee, to be opened by who closes months."""
    return [*_to_decide(user), *_to_open(user)]


def _to_decide(user: User) -> Iterator[Todo]:
    if not can(user, Permission.AWARD_DECIDE):
        return
    rows = Round.objects.filter(state=Round.State.OPEN, closing__is_current=True, closing__reopened_at__isnull=True)
    for row in (
        rows.select_related("programme", "closing").annotate(size=Count("candidates")).order_by("closing__month")
    ):
        size: int = row.size
        note = ngettext("%(n)d calon", "%(n)d calon", size) % {"n": size} if size else _("tidak ada calon bulan ini")
        what = _("%(name)s, %(month)s: menunggu putusan") % {
            "name": row.programme.name,
            "month": formats.month(row.closing.month),
        }
        yield Todo(what, note, reverse("award-round", args=[row.pk]))


def _to_open(user: User) -> Iterator[Todo]:
    if not can(user, Permission.MONTH_CLOSE):
        return
    for programme, month, found in _turns()[:3]:
        if found is None:
            yield Todo(
                _("%(name)s, %(month)s: putaran belum dibuka")
                % {"name": programme.name, "month": formats.month(month)},
                _("Bulan sudah ditutup; tim penghargaan dapat mulai membahas."),
                reverse("award-list"),
            )
