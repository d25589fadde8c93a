"""What respondents say of themselves: kept beside no rating, mixed while it waits, and turned into counts by the seal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import connection, transaction

from teladan.core import clock
from teladan.feedback.actions.casting import profile_id, profile_values, read_edit_key
from teladan.feedback.models import WaitingProfile
from teladan.feedback.queries import collection_rules
from teladan.feedback.sql import plain, planned_cursor, statement


def add_profile(*, edit_key: str, profile: Mapping[str, str]) -> None:
    """Let the seal count what the respondent said, once for the rating behind the key; a key without one counts nothing.

    A statement of its own, after the cast's transaction. EditClosed after the key's time.
    """
    key = read_edit_key(edit_key)
    if not any(profile.values()):
        return
    planned_cursor().execute(statement("wait_profile"), plain(profile_values(key.rating, profile)))


def forget_profiles(ratings: Iterable[UUID]) -> None:
    """At the seal, in its transaction: drop what those said whose ratings stay held or are voided.

    Else a table could tell of more respondents than there are ratings. Who rated again said it once, for the last one.
    """
    if gone := [profile_id(rating) for rating in ratings]:
        WaitingProfile.objects.filter(pk__in=gone).delete()


def mix_profiles() -> None:
    """Write waiting profiles anew in random order, where at least k of a unit wait together. Each night, by the worker."""
    minimum = int(collection_rules(clock.month_of(clock.today()))["disclosure.k"])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement("mix_profiles"), {"minimum": minimum})
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM {WaitingProfile._meta.db_table}")
