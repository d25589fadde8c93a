"""Changing: a check is taken, the rules are acknowledged, a pulse is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import IntegrityError, transaction
from django.db.models import F

from teladan.core import audit, clock
from teladan.learning import queries
from teladan.learning.models import Acknowledgement, Attempt, PulseCount, PulseTurn
from teladan.learning.rules import Lesson, is_passed, quarter_of, right_answers
from teladan.people.models import User


class AlreadyAnswered(Exception):
    """This account has taken part in the quarter's pulse."""


class NoOffice(Exception):
    """The account belongs to no office, so its answer has no group."""


@transaction.atomic
def take_check(*, lesson: Lesson, answers: Sequence[int | None], by: User) -> Attempt:
    """Store one try at a lesson's check; a passed one is also an audit event."""
    right = right_answers(lesson, answers)
    attempt = Attempt.objects.create(
        user=by,
        lesson=lesson.slug,
        version=lesson.version,
        right=right,
        asked=len(lesson.questions),
        passed=is_passed(right, len(lesson.questions)),
        at=clock.now(),
    )
    if attempt.passed:
        audit.record(
            event=audit.Event.LESSON_PASSED,
            actor=by,
            subject=f"lesson:{lesson.slug}",
            after={"version": lesson.version},
        )
    return attempt


@transaction.atomic
def acknowledge_rules(*, by: User) -> Acknowledgement:
    """Record that the rules in force have been read; once per version."""
    row, created = Acknowledgement.objects.get_or_create(
        user=by, rules_version=queries.rules_version(), defaults={"at": clock.now()}
    )
    if created:
        audit.record(event=audit.Event.RULES_ACKNOWLEDGED, actor=by, subject=f"rules:{row.rules_version}")
    return row


def answer_pulse(*, answers: Mapping[str, int], by: User) -> None:
    """Add the answers (question -> 1-5) to the office's counts. No row and no audit event joins them to the person.

    Taking part is stored in a transaction of its own, so that the two do not share PostgreSQL's `xmin`; a crash
    between them loses an answer rather than its anonymity.
    """
    office = queries.office_of(by)
    if office is None:
        raise NoOffice
    quarter = quarter_of(clock.today())
    try:
        with transaction.atomic():
            PulseTurn.objects.create(quarter=quarter, user=by)
    except IntegrityError as error:
        raise AlreadyAnswered from error
    with transaction.atomic():
        for question, answer in sorted(answers.items()):
            row, _ = PulseCount.objects.get_or_create(quarter=quarter, unit=office, question=question, answer=answer)
            PulseCount.objects.filter(pk=row.pk).update(count=F("count") + 1)
