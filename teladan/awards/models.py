"""Programmes, rounds, candidates, conflict statements and the decision."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from teladan.core.models import Validity, span_is_positive
from teladan.evaluation.models import Closing, OfficerResult
from teladan.people.models import Person, Unit, User


class Programme(Validity):
    """An award by decree (PermenPANRB 6/2022 art. 31; a monthly award needs a mayor's decree)."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=160)
    decree_number = models.CharField(max_length=120)
    legal_basis = models.CharField(max_length=300)
    winners = models.PositiveSmallIntegerField(default=1)
    gift = models.CharField("bentuk penghargaan", max_length=300, blank=True)

    class Meta:
        constraints = [
            span_is_positive("programme_positive"),
            models.CheckConstraint(name="programme_winners_positive", condition=Q(winners__gte=1)),
        ]

    def __str__(self) -> str:
        return self.name


class Round(models.Model):
    """One month of a programme, over the closing whose results it weighs."""

    class State(models.TextChoices):
        OPEN = "open", "dibahas"
        DECIDED = "decided", "diputuskan"

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="rounds")
    closing = models.ForeignKey(Closing, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    parameters = models.JSONField()  # k, q, seed, draws, thresholds in force
    opened_at = models.DateTimeField()
    reason = models.TextField("pertimbangan", blank=True, max_length=4000)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "closing"], name="round_once"),
            models.CheckConstraint(name="round_state_known", condition=Q(state__in=["open", "decided"])),
            models.CheckConstraint(
                name="round_decided_pair",
                condition=Q(state="open", decided_at__isnull=True, decided_by__isnull=True)
                | (Q(state="decided", decided_at__isnull=False, decided_by__isnull=False) & ~Q(reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme} {self.closing}"


class Candidate(models.Model):
    """Someone the rule brought before the committee, with the frozen evidence."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="candidates")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    result = models.ForeignKey(OfficerResult, on_delete=models.PROTECT, related_name="+")
    p_top = models.FloatField()
    is_stable = models.BooleanField(default=True)
    evidence = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "person"], name="candidate_once"),
            models.CheckConstraint(name="candidate_p_range", condition=Q(p_top__gte=0, p_top__lte=1)),
        ]

    def __str__(self) -> str:
        return str(self.person)


class ConflictStatement(models.Model):
    """A committee member's statement about one candidate: own unit or family, or none."""

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="statements")
    member = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    has_conflict = models.BooleanField()
    explanation = models.CharField(max_length=500, blank=True)
    stated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["candidate", "member"], name="conflict_once"),
            models.CheckConstraint(name="conflict_is_explained", condition=Q(has_conflict=False) | ~Q(explanation="")),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.candidate}"


class Award(models.Model):
    """A granted award; its code lets anyone check the certificate."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    candidate = models.OneToOneField(Candidate, on_delete=models.PROTECT, related_name="award")
    number = models.CharField("nomor piagam", max_length=60, unique=True)
    code = models.CharField(max_length=16, unique=True)
    citation = models.CharField("alasan untuk umum", max_length=600)
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.number
