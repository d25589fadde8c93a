"""The month that collects and its tickets; nothing here names a citizen."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from teladan.people.models import Person, Unit
from teladan.services.models import Service


class CollectionMonth(models.Model):
    """A month of collecting: open, then sealed for good. Thresholds and policy version freeze when it opens."""

    class State(models.TextChoices):
        OPEN = "open", "terbuka"
        SEALED = "sealed", "tersegel"

    month = models.DateField(primary_key=True)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    policy = models.JSONField(help_text="Ambang dan aturan yang dibekukan saat bulan dibuka.")
    policy_version = models.CharField(max_length=12)
    opened_at = models.DateTimeField()
    sealed_at = models.DateTimeField(null=True, blank=True)
    sealed_by = models.CharField(max_length=80, blank=True)
    forgotten_at = models.DateTimeField(
        null=True, blank=True, help_text="Saat jejak pemakaian tiket dihapus, dalam transaksi sendiri."
    )
    seal_digest = models.CharField(max_length=64, blank=True)
    in_ledger = models.BooleanField(
        default=False, help_text="Bulan ini dibuka setelah log dimulai: setiap tiketnya berdaun di log."
    )
    openings_digest = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 berkas pembuka untuk auditor; kosong bila tidak ditulis."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="month_is_first_day", condition=Q(month__day=1)),
            models.CheckConstraint(name="month_state_known", condition=Q(state__in=["open", "sealed"])),
            models.CheckConstraint(
                name="month_sealed_pair",
                condition=Q(state="open", sealed_at__isnull=True, sealed_by="")
                | (Q(state="sealed", sealed_at__isnull=False) & ~Q(sealed_by="") & ~Q(seal_digest="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class Ticket(models.Model):
    """The right to rate one service once. Only the hash of its token is kept; `issued_at` goes when it is spent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_hash = models.BinaryField(max_length=32, unique=True)
    link_hash = models.BinaryField(max_length=32, null=True, blank=True, unique=True)  # of the link that was sent
    event_key = models.BinaryField(max_length=32, unique=True)  # HMAC(k_event, source | event number)
    month = models.DateField()
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", db_index=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+", db_index=False)
    officer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=8)
    expires_on = models.DateField(help_text="Hari terakhir tiket berlaku.")
    issued_at = models.DateTimeField(null=True, blank=True)
    spent_on = models.DateField(null=True, blank=True)
    typed_number = models.CharField(max_length=7, null=True, blank=True, unique=True)
    typed_hash = models.CharField(max_length=120, blank=True)
    typed_tries = models.SmallIntegerField(default=0)
    typed_locked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="ticket_month_is_first_day", condition=Q(month__day=1)),
            models.CheckConstraint(
                name="ticket_spent_forgets_issue_time", condition=Q(spent_on__isnull=True) | Q(issued_at__isnull=True)
            ),
            models.CheckConstraint(
                name="ticket_typed_pair",
                condition=(Q(typed_number__isnull=True) & Q(typed_hash=""))
                | (Q(typed_number__isnull=False) & ~Q(typed_hash="")),
            ),
        ]
        indexes = [models.Index(fields=["month", "unit", "officer"])]

    def __str__(self) -> str:
        return f"tiket {self.month:%Y-%m}"


class MonthKey(models.Model):
    """The key of a month's receipts, gone with the seal: after it nobody can make the number of a leaf again."""

    month = models.DateField(primary_key=True)
    key = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"kunci {self.month:%Y-%m}"


class SealSalt(models.Model):
    """What hides a sealed month's rows behind its public leaf. Never shown; the auditors have it in their file.

    Whoever reads this table can read the rows too, so it tells nothing while they are whole. Once the officers are forgotten,
    digest and rest of a row would lead to them: then the salt goes. `blind` hides the digests of the month's figures, and stays
    as long as they do. Months sealed before salts existed have no row.
    """

    month = models.DateField(primary_key=True)
    salt = models.BinaryField(max_length=32, null=True, blank=True)
    blind = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"garam {self.month:%Y-%m}"


class SettleRound(models.Model):
    """When unfinished ratings were last looked through: the one row that is written over."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="settle_round_is_one_row", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
