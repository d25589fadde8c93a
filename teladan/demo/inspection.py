"""What the Inspektorat of the demo city has to look at: two telephones that rated too often, and a sample of calls begun."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from random import Random
from uuid import UUID

from teladan.demo import city
from teladan.demo.months import Visit
from teladan.feedback.actions.calling import draw_due_samples, record_call
from teladan.feedback.actions.holding import hold_same_device, propose_voiding
from teladan.feedback.queries import integrity
from teladan.people.models import User

SHARED = (4, 3)
"""Ratings of one officer on one day from one telephone, for the first officers with that many."""
CALLED, REACHED, RATED = 23, 0.75, 0.4


def telephones(rated: Sequence[Visit]) -> dict[str, UUID]:
    """Visit number → the telephone it shares with others; visits as they were rated, in the order of time."""
    random = Random(f"{city.SEED}|telepon")
    groups: dict[tuple[str, str], list[Visit]] = defaultdict(list)
    for visit in rated:
        if visit.rated_at and visit.rated_at.date() == visit.met_at.date():
            groups[visit.officer, visit.met_at.date().isoformat()].append(visit)
    found: dict[str, UUID] = {}
    taken: set[str] = set()
    for size in SHARED:
        for (officer, _), visits in groups.items():
            if len(visits) >= size and officer not in taken:
                taken.add(officer)
                device = UUID(int=random.getrandbits(128), version=4)
                found |= {visit.number: device for visit in visits[:size]}
                break
    return found


def inspection_so_far() -> None:
    """Ratings held, one proposal that waits for its second person, and the calls of the last weeks."""
    hold_same_device()
    first, second = (User.objects.get(username=name) for name in ("inspektorat", "inspektorat-2"))
    largest = integrity.cases().order_by("-size").first()
    if largest is not None:
        propose_voiding(case=largest, reason="Telepon jaga loket dipakai menilai beberapa tiket.", by=second)
    random = Random(f"{city.SEED}|panggilan")
    draw_due_samples()
    for one in integrity.draws()[:1]:
        for call in integrity.calls_of(one.draw)[:CALLED]:
            if random.random() < REACHED:
                rated = "yes" if random.random() < RATED else "no"
                record_call(call=call, is_reached=True, was_handed="yes", has_rated=rated, by=first)
            else:
                record_call(call=call, is_reached=False, by=first)
