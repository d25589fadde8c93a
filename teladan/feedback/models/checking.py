"""The integrity desk: held ratings and the call-back sample."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from teladan.feedback.models.ratings import StagedRating
from teladan.people.models import Person, Unit, User


class HeldCase(models.Model):
    """Ratings of one officer that are held until somebody of the Inspektorat has looked at them, with the reason.

    Says nothing of any answer. `device_group` is forgotten with the seal, and so is which ratings they were (`CaseRating`).
    """

    class Reason(models.TextChoices):
        SAME_DEVICE = "same_device", _("satu perangkat, beberapa tiket satu petugas")
        OWN_UNIT = "own_unit", _("dinilai dari peramban pegawai unit itu sendiri")

    class State(models.TextChoices):
        HELD = "held", pgettext_lazy("kasus", "ditahan")
        PROPOSED = "proposed", _("diusulkan batal")
        RELEASED = "released", _("dilepas")
        VOIDED = "voided", pgettext_lazy("kasus", "dibatalkan")
        UNRESOLVED = "unresolved", _("tetap ditahan saat bulan disegel")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    month = models.DateField()
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    officer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=11, choices=Reason)
    device_group = models.UUIDField(null=True, blank=True)
    size = models.PositiveIntegerField(help_text="Banyaknya penilaian di dalamnya.")
    found_on = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.HELD)
    proposed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(null=True, blank=True)
    proposal = models.CharField(max_length=500, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="case_month_is_first_day", condition=Q(month__day=1)),
            models.CheckConstraint(name="case_reason_known", condition=Q(reason__in=["same_device", "own_unit"])),
            models.CheckConstraint(
                name="case_state_known",
                condition=Q(state__in=["held", "proposed", "released", "voided", "unresolved"]),
            ),
            models.CheckConstraint(
                name="case_proposed_pair",
                condition=Q(proposed_by__isnull=True, proposed_at__isnull=True, proposal="")
                | (Q(proposed_by__isnull=False, proposed_at__isnull=False) & ~Q(proposal="")),
            ),
            models.CheckConstraint(
                name="case_decided_pair",
                condition=Q(decided_by__isnull=True, decided_at__isnull=True, decision="")
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decision="")),
            ),
            models.CheckConstraint(
                name="case_decided_state",
                condition=Q(state__in=["released", "voided"], decided_by__isnull=False)
                | Q(state__in=["held", "proposed", "unresolved"], decided_by__isnull=True),
            ),
            models.CheckConstraint(
                name="case_voided_by_two",
                condition=~Q(state="voided")
                | (Q(proposed_by__isnull=False, decided_by__isnull=False) & ~Q(proposed_by=models.F("decided_by"))),
            ),
            models.UniqueConstraint(
                name="case_once_per_group",
                fields=["device_group", "officer"],
                condition=Q(device_group__isnull=False, state__in=["held", "proposed", "released"]),
            ),
        ]
        indexes = [models.Index(fields=["month", "state"])]

    def __str__(self) -> str:
        return f"{self.reason} {self.found_on}"


class CaseRating(models.Model):
    """Which staged rating belongs to a case; gone with the seal."""

    rating = models.OneToOneField(
        StagedRating, primary_key=True, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    case = models.ForeignKey(HeldCase, on_delete=models.CASCADE, related_name="ratings")

    def __str__(self) -> str:
        return f"{self.case_id}"


class CallBackDraw(models.Model):
    """The call-back sample of a month: from which checkpoint its seed comes, and over how many events it was drawn."""

    month = models.DateField(primary_key=True)
    checkpoint = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    population = models.PositiveIntegerField()
    population_digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    drawn_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="draw_month_is_first_day", condition=Q(month__day=1))]

    def __str__(self) -> str:
        return f"sampel {self.month:%Y-%m}"


class CallBack(models.Model):
    """One drawn event: who was served stays in the source system. What they said, when somebody has asked them."""

    class Reply(models.TextChoices):
        YES = "yes", _("ya")
        NO = "no", _("tidak")
        UNSURE = "unsure", _("tidak ingat")

    draw = models.ForeignKey(CallBackDraw, on_delete=models.PROTECT, related_name="calls")
    place = models.PositiveIntegerField()
    source = models.CharField(max_length=40)
    number = models.CharField(max_length=60)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    is_reached = models.BooleanField(null=True, blank=True)
    was_handed = models.CharField(max_length=6, choices=Reply, blank=True)
    has_rated = models.CharField(max_length=6, choices=Reply, blank=True)
    recorded_at = models.DateTimeField(null=True, blank=True)
    recorded_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draw", "place"], name="call_once_per_place"),
            models.UniqueConstraint(fields=["draw", "source", "number"], name="call_once_per_event"),
            models.CheckConstraint(
                name="call_recorded_pair",
                condition=Q(recorded_at__isnull=True, recorded_by__isnull=True, is_reached__isnull=True)
                | Q(recorded_at__isnull=False, recorded_by__isnull=False, is_reached__isnull=False),
            ),
            models.CheckConstraint(
                name="call_replies_when_reached",
                condition=Q(
                    is_reached=True, was_handed__in=["yes", "no", "unsure"], has_rated__in=["yes", "no", "unsure"]
                )
                | (~Q(is_reached=True) & Q(was_handed="", has_rated=""))
                | Q(is_reached__isnull=True, was_handed="", has_rated=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.number}"
