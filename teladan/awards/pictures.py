"""Drawings of the committee's page."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from teladan.awards.models import Candidate
from teladan.ui import charts


def compared(candidates: Sequence[Candidate]) -> charts.Chart | None:
    """Fair scores with their intervals below each other, on one scale; nothing for a single candidate."""
    rows = [
        charts.Dot(one.person.full_name, one.evidence["score"], one.evidence["low"], one.evidence["high"])
        for one in candidates
        if one.evidence["score"] is not None
    ]
    return charts.dots(_("Nilai warga para calon dengan rentangnya"), rows, digits=2) if len(rows) > 1 else None
