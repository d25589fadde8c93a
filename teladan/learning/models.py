"""Passed lessons, acknowledged rules, and the anonymous pulse. The lessons themselves are Markdown files."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from teladan.people.models import Unit, User


class Attempt(models.Model):
    """One try at the check of understanding of a lesson's version."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="attempts")
    lesson = models.SlugField(max_length=60)
    version = models.CharField(max_length=12)
    right = models.PositiveSmallIntegerField()
    asked = models.PositiveSmallIntegerField()
    passed = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="attempt_right_within_asked", condition=Q(right__lte=models.F("asked")))
        ]
        indexes = [models.Index(fields=["user", "lesson"])]

    def __str__(self) -> str:
        return f"{self.user} {self.lesson}"


class Acknowledgement(models.Model):
    """A person has read the rules in force, by their version."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="acknowledgements")
    rules_version = models.CharField(max_length=12)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "rules_version"], name="acknowledged_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.rules_version}"


class PulseTurn(models.Model):
    """That somebody took part in a quarter's pulse; never what they said."""

    quarter = models.DateField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["quarter", "user"], name="pulse_once")]

    def __str__(self) -> str:
        return f"{self.quarter}"


class PulseCount(models.Model):
    """Answers of a unit's people to one pulse question, as counts only: no row belongs to one person."""

    class Question(models.TextChoices):
        USEFUL = "useful", "berguna"
        EASY = "easy", "mudah"
        BURDENSOME = "burdensome", "membebani"

    quarter = models.DateField()
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    question = models.CharField(max_length=10, choices=Question)
    answer = models.PositiveSmallIntegerField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["quarter", "unit", "question", "answer"], name="pulse_count_once"),
            models.CheckConstraint(
                name="pulse_question_known", condition=Q(question__in=["useful", "easy", "burdensome"])
            ),
            models.CheckConstraint(name="pulse_answer_scale", condition=Q(answer__gte=1, answer__lte=5)),
        ]

    def __str__(self) -> str:
        return f"{self.quarter} {self.question} {self.answer}: {self.count}"
