"""Cases, their append-only log, attachments, hearings, and who read what."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from teladan.people.models import Person, Unit, User
from teladan.services.models import Service


class Complaint(models.Model):
    """One named complaint. Its secret code is kept as a hash only; `due_on` is the end of the clock that runs now."""

    class State(models.TextChoices):
        RECEIVED = "received", _("diterima")
        INCOMPLETE = "incomplete", _("menunggu kelengkapan")
        EXAMINED = "examined", _("diperiksa")
        DECIDED = "decided", _("diputuskan")
        DELIVERED = "delivered", _("disampaikan")
        WITHDRAWN = "withdrawn", _("dicabut")
        ESCALATED = "escalated", _("diteruskan")
        FORWARDED = "forwarded", _("diserahkan ke SP4N-LAPOR")

    class Contact(models.TextChoices):
        PHONE = "phone", _("telepon atau WhatsApp")
        EMAIL = "email", _("surel")
        POST = "post", _("alamat surat")

    class Outcome(models.TextChoices):
        UPHELD = "upheld", _("dikabulkan")
        PARTLY = "partly", _("dikabulkan sebagian")
        REJECTED = "rejected", _("tidak dikabulkan")

    class Level(models.TextChoices):
        INSPECTOR = "inspector", _("Inspektorat")
        BKPSDM = "bkpsdm", _("BKPSDM")
        PYB = "pyb", _("pejabat yang berwenang")
        MAYOR = "mayor", _("wali kota")
        NOBODY = "nobody", _("tidak ada yang bebas")

    class Body(models.TextChoices):
        INSPECTORATE = "inspectorate", _("Inspektorat")
        OMBUDSMAN = "ombudsman", _("Ombudsman RI")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=8, unique=True)
    code_hash = models.BinaryField(max_length=32)
    sent_key = models.BinaryField(max_length=32, unique=True)  # hash of the form's random key: sent twice, kept once
    sent_digest = models.BinaryField(max_length=32)

    name = models.CharField(max_length=150)
    contact_kind = models.CharField(max_length=5, choices=Contact)
    contact = models.CharField(max_length=300)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="complaints")
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    served_on = models.DateField()
    story = models.TextField(max_length=4000)
    wish = models.TextField(max_length=1500)
    officer_words = models.CharField(max_length=300, blank=True)

    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    received_at = models.DateTimeField()
    is_late = models.BooleanField(default=False)
    due_on = models.DateField(null=True, blank=True)
    asked_missing = models.BooleanField(default=False)
    handler = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="complaints")
    taken_at = models.DateTimeField(null=True, blank=True)
    raised_to = models.CharField(max_length=10, choices=Level, blank=True)  # while no handler is free of ties
    raised_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)
    reasons = models.TextField(max_length=6000, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    delivered_at = models.DateTimeField(null=True, blank=True)
    body = models.CharField(max_length=12, choices=Body, blank=True)
    tracking_number = models.CharField("nomor SP4N-LAPOR", max_length=60, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="complaint_state_known",
                condition=Q(
                    state__in=[
                        "received",
                        "incomplete",
                        "examined",
                        "decided",
                        "delivered",
                        "withdrawn",
                        "escalated",
                        "forwarded",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="complaint_contact_known", condition=Q(contact_kind__in=["phone", "email", "post"])
            ),
            models.CheckConstraint(
                name="complaint_decided_pair",
                condition=Q(decided_at__isnull=True, decided_by__isnull=True, outcome="", reasons="")
                | (
                    Q(decided_at__isnull=False, decided_by__isnull=False, outcome__in=["upheld", "partly", "rejected"])
                    & ~Q(reasons="")
                ),
            ),
            models.CheckConstraint(
                name="complaint_decision_has_state",
                condition=Q(state__in=["decided", "delivered"], decided_at__isnull=False)
                | (~Q(state__in=["decided", "delivered"]) & Q(decided_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="complaint_delivered_has_time",
                condition=Q(state="delivered", delivered_at__isnull=False)
                | (~Q(state="delivered") & Q(delivered_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="complaint_body_when_escalated",
                condition=Q(state="escalated", body__in=["inspectorate", "ombudsman"])
                | (~Q(state="escalated") & Q(body="")),
            ),
            models.CheckConstraint(
                name="complaint_clock_runs_until_the_end",
                condition=Q(
                    state__in=["received", "incomplete", "examined", "decided"],
                    due_on__isnull=False,
                    ended_at__isnull=True,
                )
                | Q(
                    state__in=["delivered", "withdrawn", "escalated", "forwarded"],
                    due_on__isnull=True,
                    ended_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="complaint_taken_pair",
                condition=Q(handler__isnull=True, taken_at__isnull=True)
                | Q(handler__isnull=False, taken_at__isnull=False),
            ),
            models.CheckConstraint(
                name="complaint_raised_pair",
                condition=Q(raised_to="", raised_at__isnull=True)
                | Q(raised_to__in=["inspector", "bkpsdm", "pyb", "mayor", "nobody"], raised_at__isnull=False),
            ),
            models.CheckConstraint(
                name="complaint_tracking_when_forwarded", condition=Q(state="forwarded") | Q(tracking_number="")
            ),
        ]
        indexes = [models.Index(fields=["state", "due_on"]), models.Index(fields=["handler", "due_on"])]

    def __str__(self) -> str:
        return self.shown_number

    @property
    def shown_number(self) -> str:
        """`4821-7730`."""
        return f"{self.number[:4]}-{self.number[4:]}"


class Entry(models.Model):
    """One line of a case's log, never changed. `by` is empty for the complainant and for the clock."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("diterima")
        TAKEN = "taken", _("diambil penangan")
        RELEASED = "released", _("dilepas penangan")
        RAISED = "raised", _("diangkat karena tidak ada penangan yang bebas")
        LOWERED = "lowered", _("kembali ke para penangan")
        ASKED = "asked", _("kelengkapan diminta")
        ADDED = "added", _("dilengkapi pengadu")
        COMPLETE = "complete", _("dinyatakan lengkap")
        HEARD = "heard", _("pengadu didengar")
        QUESTIONED = "questioned", _("teradu ditanya")
        STATED = "stated", _("teradu menjawab")
        DECIDED = "decided", _("diputuskan")
        DELIVERED = "delivered", _("putusan disampaikan")
        WITHDREW = "withdrew", _("dicabut pengadu")
        LAPSED = "lapsed", _("dianggap dicabut")
        ESCALATED = "escalated", _("diteruskan")
        FORWARDED = "forwarded", _("diserahkan ke SP4N-LAPOR")

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(max_length=6000, blank=True)
    due_on = models.DateField(null=True, blank=True)  # the clock that this line started

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="complaint_entry_kind_known",
                condition=Q(
                    kind__in=[
                        "received",
                        "taken",
                        "released",
                        "raised",
                        "lowered",
                        "asked",
                        "added",
                        "complete",
                        "heard",
                        "questioned",
                        "stated",
                        "decided",
                        "delivered",
                        "withdrew",
                        "lapsed",
                        "escalated",
                        "forwarded",
                    ]
                ),
            )
        ]
        indexes = [models.Index(fields=["complaint", "at"])]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind}"


class Attachment(models.Model):
    """A file of the complainant, kept below the data folder under a name that says nothing."""

    class Type(models.TextChoices):
        PDF = "application/pdf", "PDF"
        JPEG = "image/jpeg", "JPEG"
        PNG = "image/png", "PNG"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=100)
    media_type = models.CharField(max_length=15, choices=Type)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=120, unique=True)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="attachment_type_known",
                condition=Q(media_type__in=["application/pdf", "image/jpeg", "image/png"]),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Hearing(models.Model):
    """One question to one side, and what was said: each side apart (UU 25/2009 art. 49)."""

    class Side(models.TextChoices):
        COMPLAINANT = "complainant", _("pengadu")
        COMPLAINED_OF = "complained", _("teradu")

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="hearings")
    side = models.CharField(max_length=11, choices=Side)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    question = models.TextField(max_length=3000)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(null=True, blank=True)
    statement = models.TextField(max_length=6000, blank=True)
    stated_at = models.DateTimeField(null=True, blank=True)
    stated_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(name="hearing_side_known", condition=Q(side__in=["complainant", "complained"])),
            models.CheckConstraint(
                name="hearing_person_is_the_complained_of",
                condition=Q(side="complainant", person__isnull=True) | Q(side="complained", person__isnull=False),
            ),
            models.CheckConstraint(
                name="hearing_stated_pair",
                condition=Q(stated_at__isnull=True, stated_by__isnull=True, statement="")
                | (Q(stated_at__isnull=False, stated_by__isnull=False) & ~Q(statement="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.side}"

    @property
    def is_recorded(self) -> bool:
        """The handler wrote down what the complained-of said."""
        return self.person_id is not None and self.stated_by is not None and self.stated_by.person_id != self.person_id


class Reading(models.Model):
    """Somebody of the staff opened a file or an attachment. Never changed; read by the privacy officer."""

    class What(models.TextChoices):
        FILE = "file", _("berkas")
        ATTACHMENT = "attachment", _("lampiran")

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="readings")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=10, choices=What)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.CheckConstraint(name="reading_what_known", condition=Q(what__in=["file", "attachment"]))]

    def __str__(self) -> str:
        return f"{self.user_id} {self.what} {self.complaint_id}"
