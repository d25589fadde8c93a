"""The queue, the leaves in their order, full tiles of the tree, signed checkpoints and the public keys behind them.

All but the queue and the one row of `Round` is append-only by trigger. The queue says of a leaf no time finer than a round
and no order: its key is random.
"""

from __future__ import annotations

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q


class QueuedLeaf(models.Model):
    """A leaf on its way into the log. Written by `actions.append` or within the SQL of whoever owes it.

    `after_size` 0: at once. Empty: after the next checkpoint, which covers all that was queued before. Else: after a
    checkpoint of that size.
    """

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    leaf_hash = models.BinaryField(max_length=32, unique=True)
    data = models.BinaryField(null=True, blank=True)
    after_size = models.BigIntegerField(null=True, blank=True, db_default=0)
    since = models.DateTimeField(
        null=True, blank=True, help_text="Ronde sebelum daun pertama kali terlihat; sama bagi semua daun satu ronde."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="queued_after_size", condition=Q(after_size__isnull=True) | Q(after_size__gte=0)
            )
        ]

    def __str__(self) -> str:
        return bytes(self.leaf_hash).hex()


class Leaf(models.Model):
    """A leaf in the log: its place, its hash and, where it may be public, its bytes."""

    index = models.BigIntegerField(primary_key=True)
    leaf_hash = models.BinaryField(max_length=32, unique=True)
    data = models.BinaryField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(name="leaf_index", condition=Q(index__gte=0))]

    def __str__(self) -> str:
        return f"{self.index}: {bytes(self.leaf_hash).hex()}"


class Tile(models.Model):
    """A full tile: 256 hashes of one level and the root over them."""

    level = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    hashes = models.BinaryField(max_length=8192)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "number"], name="tile_once")]

    def __str__(self) -> str:
        return f"{self.level}/{self.number}"


class Checkpoint(models.Model):
    """A signed head of the tree. Numbered without gaps, so that none can be taken out unseen."""

    number = models.BigIntegerField(primary_key=True)
    size = models.BigIntegerField(db_index=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="checkpoint_counts", condition=Q(number__gte=0) & Q(size__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.size}"


class PublicKey(models.Model):
    """A public key that signs checkpoints or promises, from the day it was first used. Numbered without gaps."""

    class Use(models.TextChoices):
        LOG = "log", "titik periksa"
        PROMISE = "promise", "janji"

    number = models.IntegerField(primary_key=True)
    use = models.CharField(max_length=7, choices=Use)
    text = models.CharField(max_length=300, unique=True, help_text="Kunci pemeriksa menurut c2sp.org/signed-note.")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="public_key_use_known", condition=Q(use__in=["log", "promise"]))]

    def __str__(self) -> str:
        return self.text


class Round(models.Model):
    """When the queue was last looked through: the one row that is written over."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="round_is_one_row", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
