"""Words of the services room: `{% load services %}`."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()


@register.filter
def promise(minutes: int | None) -> str:
    """`24 jam`, `3 hari`, `90 menit`; nothing without a standard. The largest whole unit; one day is said as 24 hours."""
    if not minutes:
        return ""
    if minutes % 1440 == 0 and minutes > 1440:
        return ngettext("%(n)d hari", "%(n)d hari", minutes // 1440) % {"n": minutes // 1440}
    if minutes % 60 == 0:
        return ngettext("%(n)d jam", "%(n)d jam", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d menit", "%(n)d menit", minutes) % {"n": minutes}


@register.filter
def breakable(name: str) -> str:
    """`hilang/rusak` may break after the stroke on a narrow tile."""
    return name.replace("/", "/\u200b")


@register.filter
def lookup(names: dict[int, str], key: int) -> str:
    """The name of a unit id."""
    return names.get(key, "")


@register.filter
def rupiah(amount: int) -> str:
    """`Gratis` or `Rp25.000`."""
    return f"Rp{amount:,}".replace(",", ".") if amount else _("Gratis")


@register.filter
def current_promise(service: object) -> str:
    """The promise in force of a service that carries `current_standards`."""
    standards = getattr(service, "current_standards", [])
    return promise(standards[0].promised_minutes) if standards else ""
