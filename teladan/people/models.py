"""Persons, accounts, units over time, posts, placements, appraisers, grants."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from teladan.core.models import DateSpan, Validity, no_overlap, span_is_positive


class SortName(models.Func):
    """The name without accents and capitals; our own function, since `unaccent` may not stand in an index."""

    function = "teladan_sort_name"
    arity = 1


class Person(models.Model):
    """A civil servant. Own key; the NIP is unique but never the key. No NIK, religion or address is ever stored."""

    class Sex(models.TextChoices):
        MALE = "L", "laki-laki"
        FEMALE = "P", "perempuan"

    class Employment(models.TextChoices):
        PNS = "PNS", "PNS"
        CPNS = "CPNS", "CPNS"
        PPPK = "PPPK", "PPPK"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    nip = models.CharField("NIP", max_length=18, unique=True)
    siasn_id = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=150)
    sort_name = models.GeneratedField(
        expression=SortName(F("name")), output_field=models.CharField(max_length=160), db_persist=True
    )
    front_title = models.CharField(max_length=50, blank=True)
    back_title = models.CharField(max_length=80, blank=True)
    born_on = models.DateField()
    sex = models.CharField(max_length=1, choices=Sex)
    employment = models.CharField(max_length=4, choices=Employment)
    grade = models.CharField("golongan", max_length=6, blank=True)
    email = models.EmailField(blank=True)
    legal_status = models.CharField("kedudukan hukum", max_length=60, blank=True)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(name="person_nip_is_18_digits", condition=Q(nip__regex=r"^[0-9]{18}$")),
            models.CheckConstraint(name="person_sex_known", condition=Q(sex__in=["L", "P"])),
            models.CheckConstraint(name="person_employment_known", condition=Q(employment__in=["PNS", "CPNS", "PPPK"])),
        ]
        indexes = [
            models.Index(fields=["sort_name", "id"], name="person_by_name"),
            GinIndex(OpClass(F("sort_name"), name="gin_trgm_ops"), name="person_name_parts"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """Name with titles as written on documents."""
        front = f"{self.front_title} " if self.front_title else ""
        back = f", {self.back_title}" if self.back_title else ""
        return f"{front}{self.name}{back}"


class User(AbstractUser):
    """An account. `person` is empty for accounts of no employee (system administrator, mayor)."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    person = models.OneToOneField(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="user")
    display_name = models.CharField(max_length=150, blank=True)

    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        return self.person.full_name if self.person else (self.display_name or self.username)

    def get_short_name(self) -> str:
        return self.person.name if self.person else (self.display_name or self.username)


class Unit(models.Model):
    """An organisational unit, known for ever by its code; name and place in the tree are `UnitPeriod` rows."""

    code = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return self.code


class UnitPeriod(Validity):
    """What a unit was called, where it stood and which post heads it, for a span of days."""

    class Kind(models.TextChoices):
        CITY = "kota", "kota"
        OFFICE = "opd", "perangkat daerah"
        DIVISION = "bidang", "bidang"
        SECTION = "seksi", "seksi"
        DISTRICT = "kecamatan", "kecamatan"
        VILLAGE = "kelurahan", "kelurahan"
        HEALTH_CENTRE = "puskesmas", "puskesmas"
        SCHOOL = "sekolah", "sekolah"
        TECHNICAL = "upt", "unit pelaksana teknis"
        OTHER = "lain", "lainnya"

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="periods")
    name = models.CharField(max_length=200)
    parent = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="child_periods")
    kind = models.CharField(max_length=12, choices=Kind)
    head_post = models.ForeignKey(
        "Post", null=True, blank=True, on_delete=models.SET_NULL, related_name="headed_periods"
    )
    head_delegated = models.BooleanField(
        default=False,
        help_text="Kepala yang pejabat fungsional diberi wewenang menilai (PermenPANRB 6/2022 lampiran IV.A.7).",
    )

    class Meta:
        constraints = [
            no_overlap("unit_one_period_at_a_time", "unit"),
            span_is_positive("unit_period_positive"),
            models.CheckConstraint(name="unit_not_own_parent", condition=~Q(parent=F("unit"))),
            models.CheckConstraint(
                name="unit_kind_known",
                condition=Q(
                    kind__in=[
                        "kota",
                        "opd",
                        "bidang",
                        "seksi",
                        "kecamatan",
                        "kelurahan",
                        "puskesmas",
                        "sekolah",
                        "upt",
                        "lain",
                    ]
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """A post (*jabatan*) in a unit. Several people may hold a staff post; a head post has one definitive holder."""

    class Kind(models.TextChoices):
        JPT = "jpt", "pimpinan tinggi"
        ADMINISTRATOR = "administrator", "administrator"
        SUPERVISOR = "pengawas", "pengawas"
        STAFF = "pelaksana", "pelaksana"
        FUNCTIONAL = "fungsional", "fungsional"

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts")
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=14, choices=Kind)
    siasn_id = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "title"], name="post_once_per_unit"),
            models.CheckConstraint(
                name="post_kind_known",
                condition=Q(kind__in=["jpt", "administrator", "pengawas", "pelaksana", "fungsional"]),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Placement(Validity):
    """Who holds which post, when. One definitive post at a time; acting posts (Plt./Plh./Pj.) stand beside it, and
    so does the headship of a functional official (*tugas tambahan*: a teacher who heads a school)."""

    class Kind(models.TextChoices):
        DEFINITIVE = "definitif", "definitif"
        ADDED = "tambahan", "tugas tambahan"
        PLT = "plt", "Plt."
        PLH = "plh", "Plh."
        PJ = "pj", "Pj."

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="placements")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="placements")
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.DEFINITIVE)

    class Meta:
        constraints = [
            no_overlap("placement_one_definitive", "person", condition=Q(kind="definitif")),
            no_overlap("placement_same_post_once", "person", "post"),
            span_is_positive("placement_positive"),
            models.CheckConstraint(
                name="placement_kind_known", condition=Q(kind__in=["definitif", "tambahan", "plt", "plh", "pj"])
            ),
        ]
        indexes = [models.Index(fields=["post", "valid_from"])]

    def __str__(self) -> str:
        return f"{self.person} · {self.post}"


class AppraiserOverride(Validity):
    """Appraiser named by hand where the tree gives none or the wrong one (delegation, PermenPANRB 6/2022 annex II.C)."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="appraiser_overrides")
    appraiser = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="override_appraisees")
    reason = models.CharField(max_length=300)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            no_overlap("appraiser_override_one", "person"),
            span_is_positive("appraiser_override_positive"),
            models.CheckConstraint(name="appraiser_not_self", condition=~Q(person=F("appraiser"))),
        ]

    def __str__(self) -> str:
        return f"{self.appraiser} menilai {self.person}"


class Grant(Validity):
    """A role given to an account, for a unit and everything below it (empty: the whole government)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=20)
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="grants")
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="grant_once",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (Coalesce("unit", 0), RangeOperators.EQUAL),  # an empty unit is one scope too
                    (DateSpan(), RangeOperators.OVERLAPS),
                ],
            ),
            span_is_positive("grant_positive"),
            models.CheckConstraint(
                name="grant_role_known",
                condition=Q(
                    role__in=[
                        "officer",
                        "employee",
                        "appraiser",
                        "unit_head",
                        "superior",
                        "operator",
                        "bkpsdm",
                        "pyb",
                        "committee",
                        "mayor",
                        "inspector",
                        "moderator",
                        "complaint_handler",
                        "privacy_officer",
                        "admin",
                    ]
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"
