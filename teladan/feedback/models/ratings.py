"""Ratings: staged until the seal, refused, sealed, and their leaves in the log."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q

from teladan.people.models import Person, Unit
from teladan.services.models import Service

ELEMENTS = (
    "persyaratan", "prosedur", "waktu", "biaya", "produk", "kompetensi", "perilaku", "pengaduan", "sarana",
)  # fmt: skip
"""The nine elements of PermenPANRB 14/2017, by name and never by number."""


STAFF_ELEMENTS = ("kompetensi", "perilaku")


def on_scale(name: str) -> models.CheckConstraint:
    """Every answer given is 1, 2, 3 or 4.

    In one short condition: PostgreSQL reads a table's conditions anew for every statement that writes to it, and the eleven
    that stood here took a fifth of a cast's time.
    """
    given = models.Func(
        *("overall", *ELEMENTS),
        template="'{1,2,3,4}'::smallint[] @> array_remove(ARRAY[%(expressions)s], NULL)",
        output_field=models.BooleanField(),
    )
    return models.CheckConstraint(name=name, condition=given)


def answer() -> models.SmallIntegerField[int | None, int | None]:
    return models.SmallIntegerField(null=True, blank=True)


FROM_TICKET: Any = {
    "on_delete": models.PROTECT,
    "related_name": "+",
    "db_index": False,
    "db_constraint": False,
}


class GivenAnswers(models.Model):
    """What somebody answered in a month, 1-4 or nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    month = models.DateField()
    overall = answer()
    persyaratan = answer()
    prosedur = answer()
    waktu = answer()
    biaya = answer()
    produk = answer()
    kompetensi = answer()
    perilaku = answer()
    pengaduan = answer()
    sarana = answer()

    class Meta:
        abstract = True


class Answers(GivenAnswers):
    """What every kind of stored rating holds: where it belongs and its answers.

    Unit, service and officer are copied from the ticket, whose foreign keys hold them; checking them again row by row
    would take longer than casting and sealing themselves.
    """

    unit = models.ForeignKey(Unit, **FROM_TICKET)
    service = models.ForeignKey(Service, **FROM_TICKET)
    officer = models.ForeignKey(Person, null=True, **FROM_TICKET)
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
            on_scale("staged_scale"),
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
        constraints = [on_scale("refused_scale")]

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


class SealedRating(Answers):
    """A rating of a sealed month, moved in random order. Append-only by trigger."""

    class Meta:
        constraints = [on_scale("sealed_scale")]
        indexes = [models.Index(fields=["month", "unit", "officer"])]

    def __str__(self) -> str:
        return f"penilaian tersegel {self.month:%Y-%m}"
