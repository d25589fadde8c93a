"""Who may see the catalogue and who may serve at which counter."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from teladan.core import clock
from teladan.people import queries as people
from teladan.people.access import Account, everywhere, roles_of, units_where
from teladan.people.models import Unit
from teladan.people.permissions import ROLES, Permission, Role
from teladan.services.models import Counter, Service, ServiceEvent


def counters_for(user: Account) -> QuerySet[Counter]:
    """City counters where the account may serve: of the unit of its role, of those below it and of those above it.

    Above, because a counter often belongs to the office while the officer's role is for a division of it.
    """
    city = Counter.objects.filter(unit__isnull=False, is_active=True).order_by("hall", "code")
    if everywhere(user, Permission.COUNTER_SERVE):
        return city
    above = {unit.pk for root in _serving_units(user) for unit in people.ancestors(root, clock.today())}
    return city.filter(Q(unit__in=units_where(user, Permission.COUNTER_SERVE)) | Q(unit__in=above))


def _serving_units(user: Account) -> list[Unit]:
    grants = (grant for grant in roles_of(user) if Permission.COUNTER_SERVE in ROLES[Role(grant.role)].permissions)
    return list({grant.unit for grant in grants if grant.unit})


def counter_or_404(user: Account, code: str) -> Counter:
    """The counter, for those who may serve there; 404 for everybody else."""
    found = counters_for(user).select_related("unit").filter(code=code).first()
    if found is None:
        raise Http404(_("Loket ini tidak ditemukan."))
    return found


def counter_event_or_404(user: Account, code: str, event_id: UUID) -> ServiceEvent:
    """An event of a counter at which the account may serve."""
    counter = counter_or_404(user, code)
    found = ServiceEvent.objects.filter(pk=event_id, counter=counter).select_related("service", "counter").first()
    if found is None:
        raise Http404(_("Layanan ini tidak ditemukan di loket Anda."))
    return found


def service_or_404(code: str) -> Service:
    """A service of the catalogue."""
    found = Service.objects.filter(code=code).select_related("unit").first()
    if found is None:
        raise Http404(_("Layanan ini tidak ada di katalog."))
    return found
