"""Services, standards over time, counters, source systems, service events."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from teladan.core.models import Validity, no_overlap, span_is_positive
from teladan.people.models import Person, Unit


class Service(models.Model):
    """A public service of the catalogue."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="services")
    field = models.CharField("bidang", max_length=100, blank=True)
    product = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class ServiceStandard(Validity):
    """What was promised on a day: time from a complete file, fee, requirements (UU 25/2009 art. 21)."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="standards")
    promised_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Menit sejak berkas lengkap; kosong berarti belum ada standar waktu."
    )
    legal_limit = models.CharField("batas waktu undang-undang", max_length=120, blank=True)
    requirements = models.TextField(blank=True)
    fee = models.PositiveIntegerField("biaya (rupiah)", default=0)
    legal_basis = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            no_overlap("standard_one_at_a_time", "service"),
            span_is_positive("standard_positive"),
            models.CheckConstraint(
                name="standard_promise_positive", condition=Q(promised_minutes__isnull=True) | Q(promised_minutes__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service} sejak {self.valid_from}"


class Counter(models.Model):
    """A counter (*loket*). Counters of outside bodies share the hall; their staff are not city ASN and not rated."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    hall = models.CharField(max_length=120, blank=True)
    queue_prefix = models.CharField(max_length=12, blank=True)
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="counters")
    outside_owner = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="counter_owner_inside_or_outside",
                condition=(Q(unit__isnull=False) & Q(outside_owner="")) | (Q(unit__isnull=True) & ~Q(outside_owner="")),
            )
        ]

    def __str__(self) -> str:
        return self.name


class SourceSystem(models.Model):
    """Where events come from: our counter screen, a file, a queue machine. Its API token is stored as a hash only."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    token_hash = models.CharField(max_length=64, blank=True, db_index=True)
    issues_tickets = models.BooleanField(
        default=False, help_text="Sumber ini menyerahkan tiket penilaian kepada warga."
    )
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class ServiceEvent(models.Model):
    """One citizen met at a counter. `officer` is the one who met the citizen; ratings attach to nobody else."""

    class Channel(models.TextChoices):
        COUNTER = "loket", "loket"
        OUTREACH = "keliling", "layanan keliling"
        ONLINE = "daring", "daring"

    class Outcome(models.TextChoices):
        GRANTED = "granted", "dipenuhi"
        REFUSED = "refused", "ditolak"
        INCOMPLETE = "incomplete", "belum lengkap"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="events")
    number = models.CharField("nomor antrean atau berkas", max_length=60)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="events")
    officer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="service_events")
    counter = models.ForeignKey(Counter, on_delete=models.PROTECT, related_name="events")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="service_events")  # owner of the counter
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.COUNTER)
    month = models.DateField(help_text="Hari pertama bulan kantor (WIB) dari met_at.")
    met_at = models.DateTimeField()
    complete_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.GRANTED)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "number"], name="event_once_per_source"),
            models.CheckConstraint(
                name="event_outcome_known", condition=Q(outcome__in=["granted", "refused", "incomplete"])
            ),
            models.CheckConstraint(
                name="event_channel_known", condition=Q(channel__in=["loket", "keliling", "daring"])
            ),
            models.CheckConstraint(name="event_month_is_first_day", condition=Q(month__day=1)),
            models.CheckConstraint(
                name="event_finished_after_complete",
                condition=Q(finished_at__isnull=True)
                | Q(complete_at__isnull=True)
                | Q(finished_at__gte=F("complete_at")),
            ),
        ]
        indexes = [
            models.Index(fields=["month", "unit", "officer"]),
            models.Index(fields=["officer", "-met_at"]),
            models.Index(fields=["counter", "-met_at"]),
            models.Index(fields=["source", "-met_at"]),
        ]

    def __str__(self) -> str:
        return self.number


class EventHelper(models.Model):
    """Someone else who worked on the file, with their part. Never rated through this event."""

    event = models.ForeignKey(ServiceEvent, on_delete=models.CASCADE, related_name="helpers")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "person"], name="helper_once_per_event")]

    def __str__(self) -> str:
        return f"{self.person} ({self.role})"
