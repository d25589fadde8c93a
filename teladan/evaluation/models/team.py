"""Ratings of people by their appraisers, and what surrounds them: achievement, distribution."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from teladan.people.models import Person, Unit, User


class Rating(models.TextChoices):
    """Rating of *hasil kerja* or *perilaku kerja* (PermenPANRB 6/2022 art. 24)."""

    BELOW = "below", _("di bawah ekspektasi")
    MEETS = "meets", _("sesuai ekspektasi")
    ABOVE = "above", _("di atas ekspektasi")


class Predicate(models.TextChoices):
    """*Predikat kinerja* (PermenPANRB 6/2022, annex IV)."""

    VERY_GOOD = "sangat_baik", "Sangat Baik"
    GOOD = "baik", "Baik"
    NEEDS_IMPROVEMENT = "butuh_perbaikan", "Butuh Perbaikan"
    POOR = "kurang", "Kurang/Misconduct"
    VERY_POOR = "sangat_kurang", "Sangat Kurang"


class Achievement(models.TextChoices):
    """*Capaian kinerja organisasi* of the unit the appraiser leads (annex IV)."""

    EXCELLENT = "istimewa", "Istimewa"
    GOOD = "baik", "Baik"
    NEEDS_IMPROVEMENT = "butuh_perbaikan", "Butuh Perbaikan"
    POOR = "kurang", "Kurang"
    VERY_POOR = "sangat_kurang", "Sangat Kurang"


class OrganisationAchievement(models.Model):
    """Achievement of a unit in a month, set by the level above with a reason (our design; the law leaves who to others)."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="achievements")
    month = models.DateField()
    value = models.CharField(max_length=16, choices=Achievement)
    reason = models.CharField(max_length=500)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "month"], name="achievement_once"),
            models.CheckConstraint(
                name="achievement_known",
                condition=Q(value__in=["istimewa", "baik", "butuh_perbaikan", "kurang", "sangat_kurang"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.month:%Y-%m}: {self.value}"


class Evaluation(models.Model):
    """The appraiser's rating of one person for one period. Signed versions are frozen; a revision is a new version."""

    class State(models.TextChoices):
        DRAFT = "draft", _("konsep")
        SIGNED = "signed", _("ditandatangani")
        ACKNOWLEDGED = "acknowledged", _("diterima pegawai")
        SUPERSEDED = "superseded", _("diganti")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="evaluations")
    appraiser = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    month = models.DateField(help_text="Hari pertama periode; periode bulanan.")
    version = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    work = models.CharField("hasil kerja", max_length=5, choices=Rating, blank=True)
    behaviour = models.CharField("perilaku kerja", max_length=5, choices=Rating, blank=True)
    note = models.TextField("catatan dan rekomendasi", blank=True, max_length=2000)
    suggestion_reason = models.CharField("alasan menyimpang dari saran", blank=True, max_length=300)
    predicate = models.CharField(max_length=16, choices=Predicate, blank=True)
    evidence = models.JSONField(default=dict)  # what lay before the appraiser at signing
    achievement = models.CharField(max_length=16, choices=Achievement, blank=True)
    updated_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "month", "version"], name="evaluation_version_once"),
            models.UniqueConstraint(
                fields=["person", "month"], condition=~Q(state="superseded"), name="evaluation_one_current"
            ),
            models.CheckConstraint(
                name="evaluation_state_known",
                condition=Q(state__in=["draft", "signed", "acknowledged", "superseded"]),
            ),
            models.CheckConstraint(
                name="evaluation_ratings_known",
                condition=Q(work__in=["", "below", "meets", "above"])
                & Q(behaviour__in=["", "below", "meets", "above"]),
            ),
            models.CheckConstraint(
                name="evaluation_predicate_known",
                condition=Q(predicate__in=["", "sangat_baik", "baik", "butuh_perbaikan", "kurang", "sangat_kurang"]),
            ),
            models.CheckConstraint(
                name="evaluation_achievement_known",
                condition=Q(achievement__in=["", "istimewa", "baik", "butuh_perbaikan", "kurang", "sangat_kurang"]),
            ),
            models.CheckConstraint(
                name="evaluation_signed_pair",
                condition=Q(signed_at__isnull=True, signed_by__isnull=True)
                | (Q(signed_at__isnull=False, signed_by__isnull=False) & ~Q(predicate="") & ~Q(digest="")),
            ),
            models.CheckConstraint(
                name="evaluation_signed_state", condition=Q(state="draft") | Q(signed_at__isnull=False)
            ),
            models.CheckConstraint(
                name="evaluation_acknowledged_pair",
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
            ),
            models.CheckConstraint(name="evaluation_not_self", condition=~Q(person=models.F("appraiser"))),
        ]
        indexes = [models.Index(fields=["appraiser", "month"])]

    def __str__(self) -> str:
        return f"{self.person} {self.month:%Y-%m}"


class DistributionReason(models.Model):
    """Why an appraiser's distribution departs from the guideline of the unit's achievement. A warning, never a block."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    appraiser = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    reason = models.CharField(max_length=500)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "appraiser", "month"], name="distribution_reason_once")]

    def __str__(self) -> str:
        return self.reason
