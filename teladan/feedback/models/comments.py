"""Citizens' words on their way to the public, and the officer's one reply."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from teladan.feedback.models.ratings import StagedRating
from teladan.people.models import Person, Unit, User
from teladan.services.models import Service


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
        ABUSE = "abuse", _("makian atau ancaman")
        HATRED = "hatred", _("merendahkan suku, agama, ras, atau golongan")
        PRIVATE = "private", _("rahasia pribadi yang tidak dapat ditutup")
        ACCUSATION = "accusation", _("tuduhan pelanggaran, jalurnya pengaduan")
        UNRELATED = "unrelated", _("bukan tentang layanan, atau iklan")
        UNREADABLE = "unreadable", _("tidak dapat dibaca")

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
