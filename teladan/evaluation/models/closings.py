"""Closings with their frozen results and releases, and proposals of other rules tried on them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from teladan.people.models import Person, Unit, User
from teladan.services.models import Service


class Closing(models.Model):
    """One closing of one month. A reopened month gets a new version; the old one stays, superseded."""

    month = models.DateField()
    version = models.PositiveSmallIntegerField(default=1)
    is_current = models.BooleanField(default=True)
    inputs_digest = models.CharField(max_length=64)
    results_digest = models.CharField(max_length=64)
    policy_version = models.CharField(max_length=12)
    code_version = models.CharField(max_length=40)
    counts = models.JSONField()
    closed_at = models.DateTimeField()
    closed_by = models.CharField(max_length=80)
    reopened_at = models.DateTimeField(null=True, blank=True)
    reopened_by = models.CharField(max_length=80, blank=True)
    reopen_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month", "version"], name="closing_version_once"),
            models.UniqueConstraint(fields=["month"], condition=Q(is_current=True), name="closing_one_current"),
            models.CheckConstraint(name="closing_month_first_day", condition=Q(month__day=1)),
            models.CheckConstraint(
                name="closing_reopened_pair",
                condition=Q(reopened_at__isnull=True, reopened_by="")
                | (Q(reopened_at__isnull=False) & ~Q(reopened_by="") & ~Q(reopen_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} versi {self.version}"

    @property
    def shown_officers(self) -> int:
        """Officers who see a score of their own."""
        return int(self.counts.get("officers", 0)) - int(self.counts.get("hidden", 0))


class UnitResult(models.Model):
    """Frozen result of a unit, or of one of its services, for a month. What may not be shown is not stored here.

    `ikm` is empty also where a single element has too few answers: it would say what those few answered.
    """

    closing = models.ForeignKey(Closing, on_delete=models.PROTECT, related_name="unit_results")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    n = models.PositiveIntegerField(null=True)
    ikm = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    grade = models.CharField(max_length=1, blank=True)
    regime = models.CharField(max_length=40)
    elements = models.JSONField(default=dict)  # name -> {"n": answers, "sum": their sum, "mean": NRR 1-4}
    overall = models.FloatField(null=True)
    overall_n = models.PositiveIntegerField(null=True)
    is_published = models.BooleanField(help_text="Memenuhi ambang keterbukaan, termasuk sel pelengkapnya.")
    tickets = models.PositiveIntegerField()
    spent = models.PositiveIntegerField(null=True)
    events = models.PositiveIntegerField()
    with_standard = models.PositiveIntegerField()
    on_time = models.PositiveIntegerField()
    unfinished = models.PositiveIntegerField(default=0)
    sample_needed = models.PositiveIntegerField(help_text="Krejcie-Morgan untuk jumlah layanan bulan itu.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["closing", "unit", "service"], name="unit_result_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="unit_result_ikm_range", condition=Q(ikm__isnull=True) | Q(ikm__gte=25, ikm__lte=100)
            ),
            models.CheckConstraint(name="unit_result_counts", condition=Q(spent__lte=models.F("tickets"))),
            models.CheckConstraint(
                name="unit_result_hidden_has_no_numbers",
                condition=Q(is_published=True)
                | Q(n__isnull=True, spent__isnull=True, ikm__isnull=True, overall__isnull=True, elements={}),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.closing}"


class OfficerResult(models.Model):
    """Frozen result of one officer: the citizens' fair score over the window, and the month's volume and punctuality.

    Scores are means on 1-4. `use` says what the thresholds allow (scoring.md §4); a hidden score has no numbers at all.
    """

    class Use(models.TextChoices):
        HIDDEN = "hidden", "belum cukup data"
        SELF_ONLY = "self_only", "hanya untuk petugas sendiri"
        EVALUATION = "evaluation", "boleh dipakai dalam evaluasi"
        AWARD = "award", "boleh dipakai untuk penghargaan"

    class Standing(models.TextChoices):
        ABOVE = "above", "di atas ekspektasi"
        MEETS = "meets", "sesuai ekspektasi"
        BELOW = "below", "di bawah ekspektasi"

    closing = models.ForeignKey(Closing, on_delete=models.PROTECT, related_name="officer_results")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="officer_results")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    window_from = models.DateField()
    window_until = models.DateField(help_text="Bulan terakhir jendela, termasuk.")
    use = models.CharField(max_length=10, choices=Use)
    is_comparable = models.BooleanField(default=True)
    n = models.PositiveIntegerField(null=True)
    issue_days = models.PositiveIntegerField(null=True)
    raw_mean = models.FloatField(null=True)
    case_mix_shift = models.FloatField(null=True)
    shrinkage_shift = models.FloatField(null=True)
    score = models.FloatField(null=True)
    se = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    adjusted = models.FloatField(null=True)  # the mean at the average mix, not shrunk
    adjusted_low = models.FloatField(null=True)
    adjusted_high = models.FloatField(null=True)
    suggestion = models.CharField(max_length=5, choices=Standing, null=True)  # for behaviour; the appraiser decides
    reliability = models.FloatField(null=True)
    recompute = models.JSONField(null=True)  # what the officer needs to redo the score; no citizen's answer
    group = models.JSONField(null=True)  # mean and band of comparable officers, or nothing below eight
    ranks = models.JSONField(null=True)  # p_top_k, expected rank, interval; for the committee only
    plans = models.JSONField(null=True)  # how many more ratings would open each use
    year = models.JSONField(null=True)  # the figure over the shown windows of up to a year, for the officer alone
    response = models.JSONField(null=True)  # rate from 50 tickets, else a band
    events = models.PositiveIntegerField()
    with_standard = models.PositiveIntegerField()
    on_time = models.PositiveIntegerField()
    unfinished = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["closing", "person", "unit"], name="officer_result_once"),
            models.CheckConstraint(
                name="officer_result_use_known", condition=Q(use__in=["hidden", "self_only", "evaluation", "award"])
            ),
            models.CheckConstraint(
                name="officer_result_suggestion_known",
                condition=Q(suggestion__isnull=True) | Q(suggestion__in=["above", "meets", "below"]),
            ),
            models.CheckConstraint(
                name="officer_result_hidden_has_no_numbers",
                condition=~Q(use="hidden")
                | Q(
                    n__isnull=True,
                    issue_days__isnull=True,
                    raw_mean__isnull=True,
                    score__isnull=True,
                    low__isnull=True,
                    high__isnull=True,
                    adjusted__isnull=True,
                    adjusted_low__isnull=True,
                    adjusted_high__isnull=True,
                    suggestion__isnull=True,
                    reliability__isnull=True,
                    recompute__isnull=True,
                    group__isnull=True,
                    ranks__isnull=True,
                    plans__isnull=True,
                    year__isnull=True,
                    response__isnull=True,
                ),
            ),
        ]
        indexes = [models.Index(fields=["person", "closing"])]

    def __str__(self) -> str:
        return f"{self.person} {self.closing}"


class Release(models.Model):
    """One published fact of a closing, as the public pages read it. `kind` and `key` name it; `payload` is complete."""

    closing = models.ForeignKey(Closing, on_delete=models.PROTECT, related_name="releases")
    kind = models.CharField(max_length=30)
    key = models.CharField(max_length=120)
    payload = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["closing", "kind", "key"], name="release_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class CommentRelease(models.Model):
    """What the public reads of a unit's comments that came out together. A later version adds replies, nothing else."""

    unit_code = models.CharField(max_length=40)
    batch = models.PositiveBigIntegerField()
    version = models.PositiveSmallIntegerField()
    payload = models.JSONField()
    released_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "version"], name="comment_release_once")]
        indexes = [models.Index(fields=["unit_code", "batch", "-version"])]

    def __str__(self) -> str:
        return f"komentar {self.unit_code} {self.batch} v{self.version}"


class PolicyProposal(models.Model):
    """A change of one rule on its way: proposed, tried on the last closed month, adopted into the policy or dropped.

    `effect` compares that month under both rules in counts; it is no result and names no person (`rules.effects`).
    """

    class State(models.TextChoices):
        DRAFT = "draft", "usulan"
        ADOPTED = "adopted", "ditetapkan"
        WITHDRAWN = "withdrawn", "ditarik"
        DROPPED = "dropped", "dibatalkan"

    key = models.CharField(max_length=80)
    value = models.JSONField()
    valid_from = models.DateField()
    legal_basis = models.CharField(max_length=300)
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    closing = models.ForeignKey(Closing, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    code_version = models.CharField(max_length=40, blank=True)
    effect = models.JSONField(null=True, blank=True)
    adopted_at = models.DateTimeField(null=True, blank=True)
    adopted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    end_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(state="draft"), name="proposal_one_draft"),
            models.UniqueConstraint(
                fields=["key", "valid_from"], condition=Q(state="adopted"), name="proposal_one_adopted"
            ),
            models.CheckConstraint(
                name="proposal_state_known", condition=Q(state__in=["draft", "adopted", "withdrawn", "dropped"])
            ),
            models.CheckConstraint(name="proposal_month_first_day", condition=Q(valid_from__day=1)),
            models.CheckConstraint(
                name="proposal_effect_has_closing",
                condition=Q(effect__isnull=True, closing__isnull=True) | Q(effect__isnull=False, closing__isnull=False),
            ),
            models.CheckConstraint(
                name="proposal_adopted_pair",
                condition=Q(state__in=["draft", "dropped"], adopted_at__isnull=True, adopted_by__isnull=True)
                | Q(state__in=["adopted", "withdrawn"], adopted_at__isnull=False, adopted_by__isnull=False),
            ),
            models.CheckConstraint(
                name="proposal_ended_pair",
                condition=Q(state__in=["draft", "adopted"], ended_at__isnull=True, ended_by__isnull=True)
                | Q(state__in=["withdrawn", "dropped"], ended_at__isnull=False, ended_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} = {self.value} mulai {self.valid_from}"


class IntegrityReport(models.Model):
    """What a closing shows of bias and of pressure on the number, for the Inspektorat. Frozen like every result."""

    closing = models.OneToOneField(Closing, on_delete=models.PROTECT, related_name="integrity")
    payload = models.JSONField()

    def __str__(self) -> str:
        return f"integritas {self.closing}"
