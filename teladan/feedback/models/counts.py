"""What is only ever counted: respondents' profiles, days, times since issue, tickets."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from teladan.feedback.models.ratings import FROM_TICKET
from teladan.people.models import Person, Unit
from teladan.services.models import Service

PROFILE = ("sex", "age", "education", "job")
"""What a respondent may say of themselves on the official form."""


class WaitingProfile(models.Model):
    """What a respondent said of themselves, until the seal makes counts of it. Its random id leads to no rating."""

    id = models.UUIDField(primary_key=True, editable=False)
    month = models.DateField()
    unit = models.ForeignKey(Unit, **FROM_TICKET)
    sex = models.CharField(max_length=10, blank=True)
    age = models.CharField(max_length=10, blank=True)
    education = models.CharField(max_length=10, blank=True)
    job = models.CharField(max_length=10, blank=True)

    def __str__(self) -> str:
        return f"data responden {self.month:%Y-%m}"


class ProfileCount(models.Model):
    """How many respondents of a unit in a sealed month gave one answer about themselves. No two attributes together."""

    month = models.DateField()
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    attribute = models.CharField(max_length=10)
    value = models.CharField(max_length=10)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month", "unit", "attribute", "value"], name="profile_count_once"),
            models.CheckConstraint(name="profile_attribute_known", condition=Q(attribute__in=PROFILE)),
        ]

    def __str__(self) -> str:
        return f"{self.attribute} {self.value}: {self.count}"


class IssueDay(models.Model):
    """A day on which an officer issued a ticket that was later used; only for counting distinct days. Gone at seal."""

    month = models.DateField()
    officer = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["month", "officer", "day"], name="issue_day_once")]

    def __str__(self) -> str:
        return f"{self.day}"


class IssueDayCount(models.Model):
    """How many distinct issue days an officer's used tickets of a sealed month had."""

    month = models.DateField()
    officer = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    days = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["month", "officer"], name="issue_day_count_once")]

    def __str__(self) -> str:
        return f"{self.days} hari"


class LatencyBucket(models.Model):
    """How long after issue an officer's tickets were used, as a histogram per month; the one trace of fine time."""

    month = models.DateField()
    officer = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    bucket = models.SmallIntegerField(help_text="Batas atas: 2, 5, 15, 60, 360, 1440 menit; lalu lebih.")
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["month", "officer", "bucket"], name="latency_once")]

    def __str__(self) -> str:
        return f"{self.bucket}: {self.count}"


class TicketCount(models.Model):
    """Tickets issued and spent per officer and service of a sealed month, counted when it was sealed."""

    month = models.DateField()
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    officer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    issued = models.PositiveIntegerField()
    spent = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month", "unit", "service", "officer"], name="ticket_count_once"),
            models.CheckConstraint(name="ticket_spent_within_issued", condition=Q(spent__lte=models.F("issued"))),
        ]

    def __str__(self) -> str:
        return f"{self.spent}/{self.issued}"
