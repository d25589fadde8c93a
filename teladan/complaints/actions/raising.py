"""What the clock does when nobody may judge a case: free it from a tied handler, and raise it to the next level.

A case that no handler is free to take would lie until its clock runs out (UU 25/2009 art. 48-50; decision 26). It never
falls to somebody who is tied: at each level the same question is asked as of a handler.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import cache

from django.db import transaction
from django.utils.translation import gettext as _

from teladan.complaints import access, queries, rules
from teladan.complaints.access import Benches
from teladan.complaints.actions.handling import hand
from teladan.complaints.actions.steps import CLOCK, held, note
from teladan.complaints.models import Complaint, Entry
from teladan.core import audit, clock
from teladan.core.audit import Event
from teladan.people.models import User


def raise_stranded() -> int:
    """Look at every running case; how many changed. Run again it changes nothing more."""
    known: dict[int, User] = {}

    @cache
    def remembered(user: int, day: date) -> queries.Bench:
        return queries.bench_of(known[user], day)

    def bench_of(user: User, day: date) -> queries.Bench:
        known.setdefault(user.pk, user)
        return remembered(user.pk, day)

    return sum(_settle(case, bench_of) for case in queries.running())


@transaction.atomic
def _settle(complaint: Complaint, bench_of: Benches) -> bool:
    case = held(complaint)
    if case.ended_at is not None:
        return False
    freed = case.handler is not None and not access.may_judge(case.handler, case)
    if freed:
        hand(case, None, Entry.Kind.RELEASED, by=CLOCK, text=_("Penangan tidak boleh lagi menangani pengaduan ini."))
    if case.handler_id is not None:
        return False
    return _raise(case, _level_of(case, bench_of)) or freed


def _level_of(case: Complaint, bench_of: Benches) -> str:
    """Empty where a handler is free; else the first level where somebody is."""
    today = clock.today()

    def is_free(roles: Collection[str]) -> bool:
        candidates = queries.accounts_for(case.unit, roles, today)
        return any(access.tie_of(user, case, bench_of) is None for user in candidates)

    if is_free(queries.HANDLING):
        return ""
    return str(rules.level_for(queries.stand_in_order(today), lambda level: is_free([level])))


def _raise(case: Complaint, level: str) -> bool:
    before = case.raised_to
    if level == before:
        return False
    case.raised_to, case.raised_at = level, clock.now() if level else None
    case.save(update_fields=["raised_to", "raised_at"])
    note(case, kind=Entry.Kind.RAISED if level else Entry.Kind.LOWERED, by=CLOCK, text=level, due_on=case.due_on)
    audit.record(
        event=Event.COMPLAINT_CHANGED,
        actor=CLOCK,
        subject=f"complaint:{case.pk}",
        before={"raised_to": before},
        after={"raised_to": level},
    )
    return True
