"""Casting a rating and adding to it. Neither leaves an audit event, and neither tells whether a ticket could be used."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.core.signing import BadSignature
from django.db import transaction

from teladan.core import clock
from teladan.feedback import keys, rules
from teladan.feedback.keys import Seal
from teladan.feedback.models import ELEMENTS, PROFILE, STAFF_ELEMENTS
from teladan.feedback.queries import collection_rules, plan_for
from teladan.feedback.sql import one_row, plain, planned_cursor, statement

_signer = Seal(salt="teladan.feedback.edit")
MAX_COMMENT = 1000


class EditClosed(Exception):
    """The key is not ours, the time for the later pages is over, or the citizen has finished."""


@dataclass(frozen=True)
class Cast:
    """What the citizen's browser keeps after casting: the signed key of the later pages. Every ticket gets one."""

    edit_key: str = field(repr=False)
    asks_cost: bool = False


class DifferentAnswers(Exception):
    """The same form came before with other answers; those stand, and `cast` leads to them."""

    def __init__(self, cast: Cast) -> None:
        super().__init__()
        self.cast = cast


@dataclass(frozen=True)
class EditKey:
    """What a valid key says: which staged rating (or none at all), until when, and what the ticket is asked."""

    rating: uuid.UUID
    until: datetime
    asks_cost: bool
    month: date
    order: int

    @property
    def second_page(self) -> tuple[str, ...]:
        """The elements that the second page asks."""
        return plan_for(self.month).second_page(order=self.order, asks_cost=self.asks_cost)


@dataclass(frozen=True)
class Submission:
    """One citizen's answers for `cast_many`: the questions, and what the other pages and the official form would add."""

    token_hash: bytes = field(repr=False)
    answers: Mapping[str, int | None]
    at: datetime
    comment: str = ""
    profile: Mapping[str, str] = field(default_factory=dict)
    device: uuid.UUID | None = None


def cast_rating(
    *,
    token_hash: bytes,
    answers: Mapping[str, int | None],
    nonce: bytes = b"",
    order: int = 0,
    channel: str | None = None,
    device: uuid.UUID | None = None,
) -> Cast:
    """Spend the ticket and stage the answers, if it is a ticket that can still be used; the caller cannot tell.

    `nonce` and `order` come from the citizen's hand: sending the form again gives a key to the same rating, and the
    order decides what the second page asks in months that do not ask everybody everything. `channel` names another way
    in than the one on which the citizen was served; `device` is the day's random number of the browser. DifferentAnswers
    when the form came before with others.
    """
    now = clock.now()
    rating = staged_id(token_hash, nonce or secrets.token_bytes(16))
    values = _cast_values(token_hash, rating, answers, now, channel, device)
    month, asks_cost, spent = one_row("cast", values)
    (same,) = (True,) if spent else one_row("cast_refused", values)
    return _cast(rating, month, asks_cost, same, now, order)


def cast_again(
    *, leaf: bytes, month: date, answers: Mapping[str, int | None], nonce: bytes = b"", order: int = 0
) -> Cast:
    """Rate anew with the receipt `leaf` of that month, as long as it collects; the caller cannot tell whether it counts.

    The new rating takes the place of the old one, whose leaf stays in the log as replaced.
    """
    now = clock.now()
    rating = staged_id(leaf, nonce or secrets.token_bytes(16))
    values = {name: _scaled(name, answers.get(name)) for name in ("overall", *ELEMENTS)}
    more = {"leaf": leaf, "month": month, "rating": rating, "today": clock.day_of(now)}
    month, asks_cost, same = one_row("cast_again", values | more)
    return _cast(rating, month, asks_cost, same, now, order)


def _cast(rating: uuid.UUID, month: date, asks_cost: bool, same: bool, now: datetime, order: int) -> Cast:
    until = now + timedelta(minutes=int(collection_rules(clock.month_of(now))["collection.edit_minutes"]))
    cast = Cast(_edit_key(EditKey(rating, until, asks_cost, month, order)), asks_cost)
    if not same:
        raise DifferentAnswers(cast)
    return cast


def cast_many(submissions: Iterable[Submission]) -> None:
    """Cast many ratings with the very statement of `cast_rating`, each at its own instant, in one pipeline.

    For tickets that can be used: what spends none is not kept among the refused.
    """
    later: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []

    def values() -> Iterable[dict[str, Any]]:
        for one in submissions:
            rating = staged_id(one.token_hash, secrets.token_bytes(16))
            if one.profile:
                said.append(profile_values(rating, one.profile))
            if one.comment:
                later.append({"rating": rating, "comment": one.comment[:MAX_COMMENT], **dict.fromkeys(ELEMENTS)})
            yield _cast_values(one.token_hash, rating, one.answers, one.at, device=one.device)

    with transaction.atomic():
        cursor = planned_cursor()
        cursor.executemany(statement("cast"), list(map(plain, values())))
        if later:
            cursor.executemany(statement("amend"), list(map(plain, later)))
        if said:
            cursor.executemany(statement("wait_profile"), list(map(plain, said)))


def staged_id(token_hash: bytes, nonce: bytes) -> uuid.UUID:
    """The random id of a staged rating. Without the form's nonce, which is kept nowhere, no ticket leads to it."""
    return uuid.UUID(bytes=keys.mac("staged/v1", token_hash, nonce)[:16], version=4)


def profile_id(rating: uuid.UUID) -> uuid.UUID:
    """The id of what the rating's citizen said of themselves: a keyed hash, so that a rating has one and shows it to nobody."""
    return uuid.UUID(bytes=keys.mac("profile/v1", rating.bytes)[:16], version=4)


def profile_values(rating: uuid.UUID, profile: Mapping[str, str]) -> dict[str, Any]:
    """What `wait_profile` takes."""
    return {name: profile.get(name, "") for name in PROFILE} | {"id": profile_id(rating), "rating": rating}


def _cast_values(
    token_hash: bytes,
    rating: uuid.UUID,
    answers: Mapping[str, int | None],
    now: datetime,
    channel: str | None = None,
    device: uuid.UUID | None = None,
) -> dict[str, Any]:
    values: dict[str, Any] = {name: _scaled(name, answers.get(name)) for name in ("overall", *ELEMENTS)}
    return values | {
        "token_hash": token_hash,
        "rating": rating,
        "channel": channel,
        "device": device,
        "now": now,
        "today": clock.day_of(now),
        "bounds": rules.LATENCY_BOUNDS,
        "later": rules.LATENCY_LATER,
    }


def _scaled(name: str, answer: int | None) -> int | None:
    if answer is not None and answer not in (1, 2, 3, 4):
        raise ValueError(f"{name}: {answer!r} is not 1, 2, 3 or 4")
    return answer


def _edit_key(key: EditKey) -> str:
    """Equally long for every ticket."""
    until = int(key.until.timestamp())
    return _signer.sign(f"{key.rating.hex}.{until}.{int(key.asks_cost)}.{key.month.isoformat()}.{key.order:04d}")


def read_edit_key(edit_key: str) -> EditKey:
    """The content of a key we signed and whose time is not over; EditClosed otherwise."""
    try:
        rating, until, asks_cost, month, order = _signer.unsign(edit_key).split(".")
    except (BadSignature, ValueError) as error:
        raise EditClosed from error
    found = EditKey(
        uuid.UUID(hex=rating),
        datetime.fromtimestamp(int(until), tz=clock.now().tzinfo),
        asks_cost == "1",
        date.fromisoformat(month),
        int(order),
    )
    if clock.now() > found.until:
        raise EditClosed
    return found


def amend_rating(*, edit_key: str, answers: Mapping[str, int | None], comment: str = "") -> None:
    """Add later pages to the rating behind the key; EditClosed after its time, once the citizen has finished, or from the seal on.

    What the ticket was not asked is not stored, so that a drawn element is never answered by volunteers.
    """
    key = read_edit_key(edit_key)
    asked = {*STAFF_ELEMENTS, *key.second_page}
    values: dict[str, Any] = {name: _scaled(name, answers.get(name)) if name in asked else None for name in ELEMENTS}
    (closed,) = one_row("amend", values | {"rating": key.rating, "comment": comment.strip()[:MAX_COMMENT]})
    if closed:
        raise EditClosed
