"""`record(...)`: one audit event, in the transaction of the act it describes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from teladan.core import clock
from teladan.core.models import AuditEvent


class Event(StrEnum):
    """Every kind of act that is recorded. Rooms add their line here, so that the list can be read in one place."""

    POLICY_LOADED = "policy.loaded"
    LEDGER_KEY_ADDED = "ledger.key_added"
    POLICY_PROPOSED = "policy.proposed"
    POLICY_CHANGED = "policy.changed"
    POLICY_WITHDRAWN = "policy.withdrawn"
    POLICY_PROPOSAL_DROPPED = "policy.proposal_dropped"
    HOLIDAYS_LOADED = "core.holidays_loaded"
    EMPLOYEES_IMPORTED = "people.employees_imported"
    UNITS_IMPORTED = "people.units_imported"
    PERSON_CHANGED = "people.person_changed"
    PLACEMENT_CHANGED = "people.placement_changed"
    APPRAISER_SET = "people.appraiser_set"
    ROLE_GRANTED = "people.role_granted"
    ROLE_REVOKED = "people.role_revoked"
    ACCOUNT_CREATED = "people.account_created"
    ACCOUNT_CLOSED = "people.account_closed"
    ACCOUNT_OPENED = "people.account_opened"
    PASSWORD_RENEWED = "people.password_renewed"  # noqa: S105
    CATALOGUE_LOADED = "services.catalogue_loaded"
    EVENTS_IMPORTED = "services.events_imported"
    EVENT_RECORDED = "services.event_recorded"
    EVENT_FINISHED = "services.event_finished"
    SOURCE_CREATED = "services.source_created"
    SOURCE_CHANGED = "services.source_changed"
    SOURCE_STOPPED = "services.source_stopped"
    SOURCE_RESUMED = "services.source_resumed"
    SOURCE_API_OPENED = "services.source_api_opened"
    SOURCE_API_SHUT = "services.source_api_shut"
    TICKET_ISSUED = "feedback.ticket_issued"
    TICKET_REPRINTED = "feedback.ticket_reprinted"
    LINK_REQUESTED = "feedback.link_requested"
    KIOSK_CREATED = "feedback.kiosk_created"
    KIOSK_CODE_MADE = "feedback.kiosk_code_made"
    KIOSK_ENROLLED = "feedback.kiosk_enrolled"
    KIOSK_REVOKED = "feedback.kiosk_revoked"
    COMMENT_MODERATED = "feedback.comment_moderated"
    COMMENT_REPLIED = "feedback.comment_replied"
    REPLY_MODERATED = "feedback.reply_moderated"
    RATINGS_IMPORTED = "feedback.ratings_imported"
    MONTH_OPENED = "feedback.month_opened"
    MONTH_SEALED = "feedback.month_sealed"
    RATINGS_HELD = "feedback.ratings_held"
    RATINGS_RELEASED = "feedback.ratings_released"
    VOID_PROPOSED = "feedback.void_proposed"
    VOID_DECLINED = "feedback.void_declined"
    RATINGS_VOIDED = "feedback.ratings_voided"
    CALLBACKS_DRAWN = "feedback.callbacks_drawn"
    CALLBACK_RECORDED = "feedback.callback_recorded"
    COMPLAINT_RECEIVED = "complaints.received"
    COMPLAINT_CHANGED = "complaints.changed"
    COMPLAINT_HEARD = "complaints.heard"
    COMPLAINT_LAPSED = "complaints.lapsed"
    MONTH_CLOSED = "evaluation.month_closed"
    MONTH_REOPENED = "evaluation.month_reopened"
    ACHIEVEMENT_SET = "evaluation.achievement_set"
    EVALUATION_RATED = "evaluation.rated"
    EVALUATION_SIGNED = "evaluation.signed"
    EVALUATION_ACKNOWLEDGED = "evaluation.acknowledged"
    DEPARTURE_EXPLAINED = "evaluation.departure_explained"
    RECOMPUTE_DOWNLOADED = "evaluation.recompute_downloaded"
    SKM_PLAN_WRITTEN = "evaluation.skm_plan_written"
    SKM_PLAN_CHANGED = "evaluation.skm_plan_changed"
    SKM_PUBLISHED = "evaluation.skm_published"
    SKM_IMPORTED = "evaluation.skm_imported"
    AWARD_ROUND_OPENED = "awards.round_opened"
    AWARD_CONFLICT_STATED = "awards.conflict_stated"
    AWARD_DECIDED = "awards.decided"
    LESSON_PASSED = "learning.lesson_passed"
    RULES_ACKNOWLEDGED = "learning.rules_acknowledged"


def record(
    *,
    event: Event,
    actor: object,
    subject: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write one event. `actor` is a user (its primary key is kept) or a word such as "system"."""
    key = getattr(actor, "pk", None)
    AuditEvent.objects.create(
        at=clock.now(),
        event=event,
        actor=f"user:{key}" if key else str(actor),
        subject=subject,
        before=before,
        after=after,
        reason=reason,
    )


def record_many(*, event: Event, actor: object, changes: Iterable[tuple[str, dict[str, Any], dict[str, Any]]]) -> None:
    """One event per (subject, before, after), in few statements: what an import changed, row by row."""
    key = getattr(actor, "pk", None)
    name = f"user:{key}" if key else str(actor)
    at = clock.now()
    AuditEvent.objects.bulk_create(
        [
            AuditEvent(at=at, event=event, actor=name, subject=subject, before=before, after=after)
            for subject, before, after in changes
        ],
        batch_size=1000,
    )
