"""Results of outside sources, for the personnel agency alone."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from teladan.feedback.queries import Distribution, ExternalSummary, external_summary
from teladan.people.access import requires
from teladan.people.permissions import Permission
from teladan.ui import formats
from teladan.ui.charts import Bar, Chart, bars


@dataclass(frozen=True)
class Shown:
    """A source and, for stars, its drawing."""

    source: ExternalSummary
    stars: Distribution | None
    drawing: Chart | None


@require_safe
@requires(Permission.EXTERNAL_VIEW)
def external_list(request: HttpRequest) -> HttpResponse:
    """Each source on its own scale: how many, how spread, how high."""
    return render(request, "feedback/external.html", {"shown": [_shown(source) for source in external_summary()]})


def _shown(source: ExternalSummary) -> Shown:
    stars = source.questions[0] if source.scale == "bintang" and source.questions else None
    return Shown(source, stars, _drawn(stars) if stars else None)


def _drawn(stars: Distribution) -> Chart:
    rows = [
        Bar(_("%(value)s bintang") % {"value": value}, count, formats.percent(share, 0))
        for value, count, share in stars.rows
    ]
    return bars(_("Sebaran bintang"), rows)
