"""Guards of the satisfaction survey's reports: who reads a unit's reports, writes its plan, publishes."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from teladan.core.models import ImportRun
from teladan.evaluation.models import SkmFollowUp, SkmPublication
from teladan.evaluation.queries import skm as queries
from teladan.evaluation.queries.skm import PeriodLine
from teladan.evaluation.rules.skm import Period
from teladan.people.access import Account, can, kept_file_or_404, require, units_where
from teladan.people.models import Unit
from teladan.people.permissions import Permission

READING = (Permission.UNIT_RESULT_VIEW, Permission.SKM_PLAN)


def readable_units(user: Account) -> QuerySet[Unit]:
    """Units whose reports this account may read; 403 for those who may read none at all."""
    if not any(can(user, permission) for permission in READING):
        require(user, Permission.UNIT_RESULT_VIEW)
    wanted = Q()
    for permission in READING:
        if can(user, permission):
            wanted |= Q(pk__in=units_where(user, permission).values("pk"))
    return Unit.objects.filter(wanted)


def unit_or_404(user: Account, code: str) -> Unit:
    """The unit, for those who may read its reports."""
    unit = Unit.objects.filter(code=code).first()
    if unit is None or not any(can(user, permission, unit) for permission in READING):
        raise Http404(_("Unit ini tidak ditemukan."))
    return unit


def period_or_404(user: Account, code: str, period: Period) -> tuple[Unit, PeriodLine]:
    """A unit's period that has begun; 404 for a period without any figures of the unit."""
    unit = unit_or_404(user, code)
    line = queries.period_line(unit, period)
    if line is None:
        raise Http404(_("Unit ini belum punya hasil pada periode itu."))
    return unit, line


def unit_to_plan_or_404(user: Account, code: str) -> Unit:
    """The unit for whoever may write its follow-up plan: 404 to strangers, 403 to readers."""
    unit = unit_or_404(user, code)
    require(user, Permission.SKM_PLAN, unit)
    return unit


def unit_to_publish_or_404(user: Account, code: str) -> Unit:
    """The unit for whoever may publish its reports."""
    unit = unit_or_404(user, code)
    require(user, Permission.SKM_PUBLISH, unit)
    return unit


def follow_up_or_404(user: Account, code: str, period: Period, row_id: int) -> SkmFollowUp:
    """One line of a plan, for whoever may change it."""
    row = queries.follow_up_with_id(unit_to_plan_or_404(user, code), period, row_id)
    if row is None:
        raise Http404(_("Baris rencana ini tidak ditemukan."))
    return row


def version_or_404(user: Account, code: str, period: Period, version: int) -> SkmPublication:
    """One published version, superseded or not, for those who may read the unit's reports."""
    row = queries.version_of(unit_or_404(user, code), period, version)
    if row is None:
        raise Http404(_("Versi laporan ini tidak ditemukan."))
    return row


def import_run_or_404(user: Account, run_id: UUID) -> ImportRun:
    """A kept file of older reports."""
    return kept_file_or_404(user, run_id, Permission.SKM_IMPORT, "skm")
