"""Other ways in and out: links that are sent, ratings from elsewhere, kiosks."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from teladan.feedback.models.months import Ticket
from teladan.people.models import Unit, User


class Delivery(models.Model):
    """A link to a ticket that waits to be sent. The address is sealed, and the row goes when it is sent or given up."""

    class Channel(models.TextChoices):
        WHATSAPP = "whatsapp", "WhatsApp"
        SMS = "sms", "SMS"
        EMAIL = "email", "surel"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    channel = models.CharField(max_length=8, choices=Channel)
    address = models.BinaryField()
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="delivery_channel_known", condition=Q(channel__in=["whatsapp", "sms", "email"])
            ),
        ]

    def __str__(self) -> str:
        return f"kiriman {self.channel}"


class ExternalSource(models.Model):
    """A place outside the city's counters whose ratings are kept apart: an app store, another survey."""

    class Scale(models.TextChoices):
        ELEMENTS = "unsur", "sembilan unsur, 1-4"
        STARS = "bintang", "bintang, 1-5"

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    scale = models.CharField(max_length=7, choices=Scale)
    mapping = models.JSONField(help_text="Kolom berkas yang dibaca dan artinya.")
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(name="external_scale_known", condition=Q(scale__in=["unsur", "bintang"]))]

    def __str__(self) -> str:
        return self.name


class ExternalRating(models.Model):
    """One rating of an outside source, idempotent by its key there. Belongs to no person and no public page."""

    source = models.ForeignKey(ExternalSource, on_delete=models.PROTECT, related_name="ratings")
    key = models.CharField(max_length=80)
    month = models.DateField()
    subject = models.CharField(max_length=160, blank=True)
    stars = models.PositiveSmallIntegerField(null=True, blank=True)
    answers = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="external_once"),
            models.CheckConstraint(
                name="external_stars_scale", condition=Q(stars__isnull=True) | Q(stars__gte=1, stars__lte=5)
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Kiosk(models.Model):
    """A tablet in a hall on which citizens rate with their tickets. It knows one secret, of which the hash stands here.

    `waiting` is what the tablet last said of its outbox; `seen_on` the last day it spoke to us.
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    enrol_hash = models.CharField(max_length=120, blank=True)
    enrol_until = models.DateTimeField(null=True, blank=True)
    device_hash = models.BinaryField(max_length=32, null=True)
    enrolled_at = models.DateTimeField(null=True, blank=True)
    seen_on = models.DateField(null=True, blank=True)
    waiting = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="kiosk_enrol_pair",
                condition=Q(enrol_hash="", enrol_until__isnull=True)
                | (~Q(enrol_hash="") & Q(enrol_until__isnull=False)),
            ),
            models.CheckConstraint(
                name="kiosk_device_pair",
                condition=Q(device_hash__isnull=True, enrolled_at__isnull=True)
                | Q(device_hash__isnull=False, enrolled_at__isnull=False),
            ),
            models.CheckConstraint(
                name="kiosk_revoked_pair",
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False, device_hash__isnull=True, enrol_hash=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None

    @property
    def is_enrolled(self) -> bool:
        return self.device_hash is not None
