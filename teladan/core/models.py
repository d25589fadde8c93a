"""Policy rows, holidays, audit events, uploaded import files and the progress of long work."""

from __future__ import annotations

import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q


class DateSpan(Func):
    """`daterange(valid_from, valid_until)`, half-open, for exclusion constraints."""

    function = "DATERANGE"
    output_field = DateRangeField()

    def __init__(self, start: str = "valid_from", end: str = "valid_until") -> None:
        super().__init__(F(start), F(end), RangeBoundary())


def no_overlap(name: str, *columns: str, condition: Q | None = None) -> ExclusionConstraint:
    """Two rows that agree on `columns` never overlap in time."""
    expressions = [(column, RangeOperators.EQUAL) for column in columns]
    return ExclusionConstraint(
        name=name, expressions=[*expressions, (DateSpan(), RangeOperators.OVERLAPS)], condition=condition
    )


def span_is_positive(name: str) -> models.CheckConstraint:
    """An end, where there is one, lies after the beginning."""
    return models.CheckConstraint(name=name, condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")))


class Validity(models.Model):
    """A half-open span of days; open-ended while `valid_until` is empty."""

    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        abstract = True


class PolicyRow(Validity):
    """One value that law or the mayor may change, with the time it holds and its legal basis."""

    key = models.CharField(max_length=80)
    value = models.JSONField()
    legal_basis = models.CharField(max_length=300)
    description = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            no_overlap("policy_one_value_at_a_time", "key"),
            span_is_positive("policy_span_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.key} = {self.value} sejak {self.valid_from}"


class Holiday(models.Model):
    """A day on which the office is closed besides weekends; `legal_basis` also says when it still awaits the joint decree."""

    class Kind(models.TextChoices):
        NATIONAL = "national", "libur nasional"
        COLLECTIVE = "collective", "cuti bersama"

    date = models.DateField(unique=True)
    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=10, choices=Kind)
    legal_basis = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.CheckConstraint(name="holiday_kind_known", condition=Q(kind__in=["national", "collective"]))
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"


class AuditEvent(models.Model):
    """Who did what to what, when and why. No foreign keys: history outlives its subject. Append-only by trigger."""

    at = models.DateTimeField(db_index=True)
    event = models.CharField(max_length=60)
    actor = models.CharField(max_length=80)
    subject = models.CharField(max_length=120)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["subject", "at"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.event} {self.subject}"


class ImportRun(models.Model):
    """A file on its way in: kept between preview and commit, and 30 days after, then deleted."""

    class State(models.TextChoices):
        RECEIVED = "received", "menunggu diperiksa"
        CHECKED = "checked", "diperiksa"
        ACCEPTED = "accepted", "menunggu disimpan"
        COMMITTED = "committed", "disimpan"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    filename = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    report = models.JSONField()
    state = models.CharField(max_length=12, choices=State, default=State.CHECKED)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=80)
    committed_at = models.DateTimeField(null=True, blank=True)
    committed_by = models.CharField(max_length=80, blank=True)
    expires_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="import_state_known", condition=Q(state__in=["received", "checked", "accepted", "committed"])
            ),
            models.CheckConstraint(
                name="import_committed_pair",
                condition=(~Q(state="committed") & Q(committed_at__isnull=True, committed_by=""))
                | (Q(state="committed", committed_at__isnull=False) & ~Q(committed_by="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.filename}"


class Progress(models.Model):
    """How far a long piece of work is, for the page that waits for it."""

    class State(models.TextChoices):
        WAITING = "waiting", "menunggu"
        RUNNING = "running", "berjalan"
        DONE = "done", "selesai"
        FAILED = "failed", "gagal"

    key = models.CharField(max_length=120, primary_key=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="progress_state_known", condition=Q(state__in=["waiting", "running", "done", "failed"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.state} {self.done}/{self.total}"
