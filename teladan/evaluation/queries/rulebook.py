"""Reading the rules: in force, decided to come, proposed; their versions; from which month on one may change.

Everything comes from two or three queries over all rows, however many rules there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from teladan.core import clock, policy, progress
from teladan.core.models import PolicyRow, Progress
from teladan.evaluation.models import PolicyProposal
from teladan.evaluation.queries import closing as closings
from teladan.evaluation.rules import rulebook
from teladan.evaluation.rules.rulebook import SPECS, Group, Spec
from teladan.feedback import queries as feedback

State = PolicyProposal.State
MONTHS_AHEAD = 12


@dataclass(frozen=True)
class Rule:
    """One rule today: its value, what is decided to come, an open proposal. `spec` is None for keys from elsewhere."""

    key: str
    spec: Spec | None
    rows: tuple[PolicyRow, ...]  # oldest first
    draft: PolicyProposal | None
    today: date

    @property
    def group(self) -> Group:
        return self.spec.group if self.spec else Group.OTHER

    @property
    def current(self) -> PolicyRow | None:
        return next((row for row in self.rows if _holds(row, self.today)), None)

    @property
    def upcoming(self) -> tuple[PolicyRow, ...]:
        return tuple(row for row in self.rows if row.valid_from > self.today)

    @property
    def history(self) -> tuple[PolicyRow, ...]:
        return self.rows[::-1]


def _holds(row: PolicyRow, day: date) -> bool:
    return row.valid_from <= day and (row.valid_until is None or row.valid_until > day)


def rules() -> list[Rule]:
    """Every rule that holds or will hold, in the order of the rulebook; keys it does not know come last."""
    drafts = {row.key: row for row in _proposals().filter(state=State.DRAFT)}
    found: dict[str, list[PolicyRow]] = {}
    for row in policy.all_rows():
        found.setdefault(row.key, []).append(row)
    keys = [*(key for key in SPECS if key in found), *sorted(found.keys() - SPECS.keys())]
    today = clock.today()
    return [Rule(key, SPECS.get(key), tuple(found[key]), drafts.get(key), today) for key in keys]


def rule(key: str) -> Rule | None:
    """One rule; None when no row of it exists."""
    return next((one for one in rules() if one.key == key), None)


def values_on(rows: Iterable[PolicyRow], day: date) -> dict[str, Any]:
    """Every value in force on a day, by key."""
    return {row.key: row.value for row in rows if _holds(row, day)}


def broken_pairs(key: str, value: Any, start: date, *, without: date | None = None) -> list[tuple[str, str]]:
    """Pairs of rules that a value from `start` on would break, on that day or on any later day that brings a change.

    `without` leaves out the key's own row that begins on that day (a withdrawal).
    """
    rows = [row for row in policy.all_rows() if not (row.key == key and row.valid_from == without)]
    until = min((row.valid_from for row in rows if row.key == key and row.valid_from > start), default=date.max)
    days = sorted({start, *(row.valid_from for row in rows if start < row.valid_from < until)})
    found = [pair for day in days for pair in rulebook.conflicts({**values_on(rows, day), key: value}, key)]
    return list(dict.fromkeys(found))


# --- versions --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """One rule's new value on the day of a version; `before` is None where the rule was new."""

    row: PolicyRow
    before: PolicyRow | None


@dataclass(frozen=True)
class Version:
    """A day on which the rules changed, and the digest that closings of such months carry."""

    day: date
    code: str
    changes: tuple[Change, ...]
    in_force: bool


def versions() -> list[Version]:
    """Every day on which a rule began or changed, latest first."""
    return list(_versions(policy.all_rows()))[::-1]


def _versions(rows: list[PolicyRow]) -> Iterator[Version]:
    today = clock.today()
    days = sorted({row.valid_from for row in rows})
    for day, following in zip(days, [*days[1:], None], strict=True):
        before = {row.key: row for row in rows if row.valid_until == day}
        yield Version(
            day=day,
            code=policy.version_of(row for row in rows if _holds(row, day)),
            changes=tuple(Change(row, before.get(row.key)) for row in rows if row.valid_from == day),
            in_force=day <= today and (following is None or today < following),
        )


# --- when a change may begin -----------------------------------------------------------------------------------------


def earliest_change() -> date:
    """The first day from which a rule may hold: of a month that has neither begun nor been opened."""
    return rulebook.earliest(clock.today(), max(feedback.month_states(), default=None))


def months_to_begin(first: date) -> list[date]:
    """The months that a change may begin with."""
    return [clock.add_months(first, step) for step in range(MONTHS_AHEAD)]


# --- proposals -------------------------------------------------------------------------------------------------------


def _proposals() -> Any:
    people = ("proposed_by__person", "adopted_by__person", "ended_by__person", "closing")
    return PolicyProposal.objects.select_related(*people)


def proposal(proposal_id: int) -> PolicyProposal | None:
    """One proposal with the people who acted on it."""
    found: PolicyProposal | None = _proposals().filter(pk=proposal_id).first()
    return found


def proposals_of(key: str) -> list[PolicyProposal]:
    """Every proposal about a rule, latest first."""
    return list(_proposals().filter(key=key).order_by("-proposed_at", "-pk"))


def progress_key(proposal_id: int) -> str:
    """Under which key the trial of a proposal reports."""
    return f"proposal:{proposal_id}"


def progress_of(found: PolicyProposal) -> Progress | None:
    """How far the trial is; nothing before the worker took it up, and of an earlier request nothing either."""
    row = progress.of(progress_key(found.pk))
    return row if row and row.updated_at >= found.requested_at else None


def is_working(found: PolicyProposal, work: Progress | None) -> bool:
    """Is the trial queued or under way? Ten minutes without a word tell of a worker that does not run."""
    if found.state != State.DRAFT or found.effect is not None or closings.current_closing() is None:
        return False
    if work and work.state not in (Progress.State.WAITING, Progress.State.RUNNING):
        return False
    return (clock.now() - (work.updated_at if work else found.requested_at)).total_seconds() < 600


def needs_trial(found: PolicyProposal, *, code_version: str) -> bool:
    """Must the proposal be tried (again) before it is adopted? Not while no month was ever closed.

    A trial is old when a month was closed since, the program changed, or another rule was decided for that day.
    """
    latest = closings.current_closing()
    if latest is None:
        return False
    if found.effect is None or found.closing_id != latest.pk or found.code_version != code_version:
        return True
    return bool(found.effect["policy"] != policy.version(found.valid_from))
