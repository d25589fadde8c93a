"""Collection months, tickets, staged and sealed ratings, comments, and ratings of outside sources.

`Staged…` tables live until the seal and are then emptied; no row of an answer names an employee's reader, an order
or a time finer than a month.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q

from teladan.people.models import Person, Unit, User
from teladan.services.models import Service

ELEMENTS = (
    "persyaratan", "prosedur", "waktu", "biaya", "produk", "kompetensi", "perilaku", "pengaduan", "sarana",
)  # fmt: skip
"""The nine elements of PermenPANRB 14/2017, by name and never by number."""
STAFF_ELEMENTS = ("kompetensi", "perilaku")


def _scale(name: str) -> models.CheckConstraint:
    fields = ("overall", *ELEMENTS)
    condition = Q()
    for field in fields:
        condition &= Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__gte": 1, f"{field}__lte": 4})
    return models.CheckConstraint(name=name, condition=condition)


def _answer() -> models.PositiveSmallIntegerField[int | None, int | None]:
    return models.PositiveSmallIntegerField(null=True, blank=True)


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
    typed_tries = models.PositiveSmallIntegerField(default=0)
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


_FROM_TICKET: Any = {
    "on_delete": models.PROTECT,
    "related_name": "+",
    "db_index": False,
    "db_constraint": False,
}


class GivenAnswers(models.Model):
    """What somebody answered in a month, 1-4 or nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    month = models.DateField()
    overall = _answer()
    persyaratan = _answer()
    prosedur = _answer()
    waktu = _answer()
    biaya = _answer()
    produk = _answer()
    kompetensi = _answer()
    perilaku = _answer()
    pengaduan = _answer()
    sarana = _answer()

    class Meta:
        abstract = True


class Answers(GivenAnswers):
    """What every kind of stored rating holds: where it belongs and its answers.

    Unit, service and officer are copied from the ticket, whose foreign keys hold them; checking them again row by row
    would take longer than casting and sealing themselves.
    """

    unit = models.ForeignKey(Unit, **_FROM_TICKET)
    service = models.ForeignKey(Service, **_FROM_TICKET)
    officer = models.ForeignKey(Person, null=True, **_FROM_TICKET)
    channel = models.CharField(max_length=8)

    class Meta:
        abstract = True


class RatingStatus(models.TextChoices):
    """What became of a rating whose ticket could be used. Only `COUNTED` enters results; all are counted in public."""

    COUNTED = "counted", "dihitung"
    SUPERSEDED = "superseded", "diganti penilaian yang lebih baru"
    HELD = "held", "ditahan untuk diperiksa"
    VOIDED = "voided", "dibatalkan"


REFUSED = "refused"
"""What the public list says of a cast whose ticket could not be used any more."""
_OPEN_STATUS = Q(status__in=[one.value for one in RatingStatus])


class StagedRating(Answers):
    """A rating of an open month. How long the later pages may add to it stands in the citizen's signed key, not here.

    `leaf` is what stands in the log of it, set once when the citizen finishes or the half hour is over; from then on the
    answers stay. `reason` is said to whoever holds the receipt.
    """

    leaf = models.BinaryField(max_length=32, null=True, blank=True)
    device_group = models.UUIDField(null=True, blank=True, help_text="Kelompok perangkat yang sama pada satu hari.")
    status = models.CharField(
        max_length=10, choices=RatingStatus, default=RatingStatus.COUNTED, db_default=RatingStatus.COUNTED
    )
    reason = models.CharField(max_length=200, blank=True, db_default="")
    seen = models.BooleanField(default=False, db_default=False, help_text="Sudah dilihat satu ronde penutupan.")

    class Meta:
        constraints = [
            _scale("staged_scale"),
            models.CheckConstraint(name="staged_status_known", condition=_OPEN_STATUS),
            models.UniqueConstraint(name="staged_leaf_once", fields=["leaf"], condition=Q(leaf__isnull=False)),
        ]
        indexes = [
            models.Index(fields=["device_group"], name="staged_device_group", condition=Q(device_group__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"penilaian {self.month:%Y-%m}"


class RefusedRating(GivenAnswers):
    """A cast whose ticket was unknown, used or too old, for as long as its browser may add to it. It belongs nowhere.

    It is there so that such a cast is answered, promised and kept exactly like another.
    """

    leaf = models.BinaryField(max_length=32, null=True, blank=True, unique=True)
    seen = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [_scale("refused_scale")]

    def __str__(self) -> str:
        return f"penilaian ditolak {self.month:%Y-%m}"


class RatingLeaf(models.Model):
    """What became of a leaf: of refused casts at once, of all others from the seal on. Leads to no answer. Insert-only."""

    leaf = models.BinaryField(max_length=32, primary_key=True)
    month = models.DateField()
    status = models.CharField(max_length=10, choices=[*RatingStatus.choices, (REFUSED, "ditolak")])
    reason = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(name="leaf_status_known", condition=_OPEN_STATUS | Q(status=REFUSED)),
        ]
        indexes = [models.Index(fields=["month", "status"])]

    def __str__(self) -> str:
        return f"{bytes(self.leaf).hex()}: {self.status}"


class MonthKey(models.Model):
    """The key of a month's receipts, gone with the seal: after it nobody can make the number of a leaf again."""

    month = models.DateField(primary_key=True)
    key = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"kunci {self.month:%Y-%m}"


class SettleRound(models.Model):
    """When unfinished ratings were last looked through: the one row that is written over."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="settle_round_is_one_row", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class SealedRating(Answers):
    """A rating of a sealed month, moved in random order. Append-only by trigger."""

    class Meta:
        constraints = [_scale("sealed_scale")]
        indexes = [models.Index(fields=["month", "unit", "officer"])]

    def __str__(self) -> str:
        return f"penilaian tersegel {self.month:%Y-%m}"


class StagedComment(models.Model):
    """A citizen's words of an open month, with the rating only so that the citizen can still change them."""

    rating = models.OneToOneField(
        StagedRating, primary_key=True, on_delete=models.CASCADE, related_name="comment", db_constraint=False
    )
    text = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return "komentar"


class Moderated(models.Model):
    """Words that are read by a moderator first. What is shown differs from what was written only in what is masked."""

    class State(models.TextChoices):
        WAITING = "waiting", "menunggu"
        PUBLISHED = "published", "diterbitkan"
        MASKED = "masked", "diterbitkan, sebagian ditutup"
        REMOVED = "removed", "dihapus"

    class Reason(models.TextChoices):
        ABUSE = "abuse", "makian atau ancaman"
        HATRED = "hatred", "merendahkan suku, agama, ras, atau golongan"
        PRIVATE = "private", "rahasia pribadi yang tidak dapat ditutup"
        ACCUSATION = "accusation", "tuduhan pelanggaran, jalurnya pengaduan"
        UNRELATED = "unrelated", "bukan tentang layanan, atau iklan"
        UNREADABLE = "unreadable", "tidak dapat dibaca"

    text = models.CharField(max_length=1000, blank=True, help_text="Aslinya; dikosongkan sesudah masa simpan.")
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    shown = models.CharField(max_length=1000, blank=True)
    reason = models.CharField(max_length=10, choices=Reason, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_state_known", condition=Q(state__in=["waiting", "published", "masked", "removed"])
            ),
            models.CheckConstraint(
                name="%(class)s_reason_known",
                condition=Q(reason__in=["", "abuse", "hatred", "private", "accusation", "unrelated", "unreadable"]),
            ),
            models.CheckConstraint(
                name="%(class)s_decided",
                condition=Q(state="waiting", decided_at__isnull=True, decided_by__isnull=True, shown="", reason="")
                | (Q(state="removed", decided_at__isnull=False, decided_by__isnull=False, shown="") & ~Q(reason=""))
                | (
                    Q(state__in=["published", "masked"], decided_at__isnull=False, decided_by__isnull=False, reason="")
                    & ~Q(shown="")
                ),
            ),
        ]

    @property
    def is_shown(self) -> bool:
        return self.state in (self.State.PUBLISHED, self.State.MASKED)


class CommentBatch(models.Model):
    """Comments of a unit that became visible together: enough of them, all decided. Released for good; replies follow."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    first_month = models.DateField()
    last_month = models.DateField()
    released_on = models.DateField()
    is_stale = models.BooleanField(default=True, help_text="Isinya belum, atau belum lagi, masuk terbitan.")

    def __str__(self) -> str:
        return f"komentar {self.first_month:%Y-%m} sampai {self.last_month:%Y-%m}"


class SealedComment(Moderated):
    """A citizen's words, apart from any score. `for_officer`: the rated officer reads it as their own and may reply."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    month = models.DateField()
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    officer = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    batch = models.ForeignKey(CommentBatch, null=True, blank=True, on_delete=models.PROTECT, related_name="comments")
    for_officer = models.BooleanField(default=False)

    class Meta(Moderated.Meta):
        constraints = [
            *Moderated.Meta.constraints,
            models.CheckConstraint(
                name="comment_released_decided", condition=Q(batch__isnull=True) | ~Q(state="waiting")
            ),
            models.CheckConstraint(
                name="comment_own_released", condition=Q(for_officer=False) | Q(batch__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["month", "unit"], name="comment_waiting", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"komentar {self.month:%Y-%m}"


class CommentReply(Moderated):
    """The rated officer's one reply to a released comment. Also read by the moderator first."""

    comment = models.OneToOneField(SealedComment, primary_key=True, on_delete=models.PROTECT, related_name="reply")

    class Meta(Moderated.Meta):
        constraints = [*Moderated.Meta.constraints]

    def __str__(self) -> str:
        return "jawaban petugas"


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


PROFILE = ("sex", "age", "education", "job")
"""What a respondent may say of themselves on the official form."""


class WaitingProfile(models.Model):
    """What a respondent said of themselves, until the seal makes counts of it. Its random id leads to no rating."""

    id = models.UUIDField(primary_key=True, editable=False)
    month = models.DateField()
    unit = models.ForeignKey(Unit, **_FROM_TICKET)
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
    bucket = models.PositiveSmallIntegerField(help_text="Batas atas: 2, 5, 15, 60, 360, 1440 menit; lalu lebih.")
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


class HeldCase(models.Model):
    """Ratings of one officer that are held until somebody of the Inspektorat has looked at them, with the reason.

    Says nothing of any answer. `device_group` is forgotten with the seal, and so is which ratings they were (`CaseRating`).
    """

    class Reason(models.TextChoices):
        SAME_DEVICE = "same_device", "satu perangkat, beberapa tiket satu petugas"
        OWN_UNIT = "own_unit", "dinilai dari peramban pegawai unit itu sendiri"

    class State(models.TextChoices):
        HELD = "held", "ditahan"
        PROPOSED = "proposed", "diusulkan batal"
        RELEASED = "released", "dilepas"
        VOIDED = "voided", "dibatalkan"
        UNRESOLVED = "unresolved", "tetap ditahan saat bulan disegel"

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
        YES = "yes", "ya"
        NO = "no", "tidak"
        UNSURE = "unsure", "tidak ingat"

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
