"""The satisfaction survey's report: saved periods, follow-up, publication, older indices."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from teladan.people.models import Unit, User


class Span(models.IntegerChoices):
    """How many months a report covers; periods are those of the calendar."""

    MONTH = 1, "bulan"
    QUARTER = 3, "triwulan"
    SEMESTER = 6, "semester"
    YEAR = 12, "tahun"


ELEMENT_NAMES = (
    "persyaratan", "prosedur", "waktu", "biaya", "produk", "kompetensi", "perilaku", "pengaduan", "sarana",
)  # fmt: skip


def _calendar(name: str) -> models.CheckConstraint:
    """First day of a calendar month, quarter, semester or year."""
    starts = (
        Q(span=1)
        | Q(span=3, first__month__in=[1, 4, 7, 10])
        | Q(span=6, first__month__in=[1, 7])
        | Q(span=12, first__month=1)
    )
    return models.CheckConstraint(name=name, condition=Q(first__day=1, span__in=[1, 3, 6, 12]) & starts)


class SkmReport(models.Model):
    """The report of one unit for one period, as far as people work on it: its follow-up plan and its publications."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="skm_reports")
    first = models.DateField(help_text="Hari pertama periode.")
    span = models.PositiveSmallIntegerField(choices=Span)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "first", "span"], name="skm_report_once"),
            _calendar("skm_report_calendar"),
        ]

    def __str__(self) -> str:
        return f"SKM {self.unit} {self.first:%Y-%m} +{self.span}"


class SkmFollowUp(models.Model):
    """One line of a follow-up plan: which element, what is done about it, by whom, by when."""

    class State(models.TextChoices):
        PLANNED = "planned", "direncanakan"
        ONGOING = "ongoing", "berjalan"
        DONE = "done", "selesai"
        DROPPED = "dropped", "dibatalkan"

    report = models.ForeignKey(SkmReport, on_delete=models.PROTECT, related_name="follow_up")
    element = models.CharField(max_length=12, choices=[(name, name) for name in ELEMENT_NAMES])
    action = models.CharField(max_length=400)
    responsible = models.CharField(max_length=160)
    due_on = models.DateField()
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(name="skm_follow_up_element", condition=Q(element__in=ELEMENT_NAMES)),
            models.CheckConstraint(
                name="skm_follow_up_state", condition=Q(state__in=["planned", "ongoing", "done", "dropped"])
            ),
            models.CheckConstraint(name="skm_follow_up_says_what", condition=~Q(action="") & ~Q(responsible="")),
        ]
        indexes = [models.Index(fields=["report", "due_on"])]

    def __str__(self) -> str:
        return f"{self.element}: {self.action}"


class SkmPublication(models.Model):
    """A published report, frozen with its document. A new version needs a reason; the old one stays, superseded."""

    report = models.ForeignKey(SkmReport, on_delete=models.PROTECT, related_name="publications")
    version = models.PositiveSmallIntegerField(default=1)
    is_current = models.BooleanField(default=True)
    payload = models.JSONField()
    digest = models.CharField(max_length=64, help_text="SHA-256 isi laporan.")
    document = models.BinaryField(help_text="PDF seperti diterbitkan.")
    document_digest = models.CharField(max_length=64)
    reason = models.CharField(max_length=500, blank=True)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["report", "version"], name="skm_publication_version_once"),
            models.UniqueConstraint(
                fields=["report"], condition=Q(is_current=True), name="skm_publication_one_current"
            ),
            models.CheckConstraint(name="skm_publication_reason", condition=Q(version=1) | ~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.report} versi {self.version}"


class PastIndex(models.Model):
    """An index from an older report, with the regime it was graded by. Shown in the trend, never in a computed figure."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="past_indices")
    first = models.DateField()
    span = models.PositiveSmallIntegerField(choices=Span)
    regime = models.CharField(max_length=40)
    ikm = models.DecimalField(max_digits=5, decimal_places=2)
    n = models.PositiveIntegerField(null=True, blank=True)
    population = models.PositiveIntegerField(null=True, blank=True)
    elements = models.JSONField(default=dict)  # name -> NRR 1-4 as text, or nothing
    note = models.CharField(max_length=300, blank=True)
    imported_at = models.DateTimeField()
    imported_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "first", "span"], name="past_index_once"),
            models.CheckConstraint(name="past_index_range", condition=Q(ikm__gte=25, ikm__lte=100)),
            _calendar("past_index_calendar"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.first:%Y-%m} +{self.span}: {self.ikm}"
