"""The values of the form D.1.1: parties frozen at signing, and the page made from a signed evaluation.

Documents are written in Indonesian whatever the reader's language.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import translation

from teladan.core import clock
from teladan.evaluation.models import Achievement, Evaluation, Predicate
from teladan.evaluation.queries.team import Row, Team
from teladan.evaluation.rules.document import rank_line
from teladan.people import queries as people
from teladan.people.models import Person, Placement
from teladan.people.queries import Tree
from teladan.ui import formats

SOURCE = Path(__file__).resolve().parent.parent / "documents" / "d11.typ"
WATERMARK = "KONSEP\ntanpa lampiran rencana"
"""Until work plans exist, the annexes C.1.x that the form needs cannot be made."""


def parties_of(team: Team, rows: Sequence[Row], appraiser: Person) -> dict[UUID, dict[str, Any]]:
    """Names, ranks, posts and units of the three parties on the month's last day, per person evaluated."""
    day = clock.month_end(team.month)
    tree = people.tree(day)
    path = people.appraiser_path(appraiser, day)
    superior = path.appraiser
    posts = _posts([appraiser, *([superior.person] if superior else [])], day)
    found: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        found[row.person.pk] = {
            "employee": _party(row.person, row.post_title, row.unit_name),
            "appraiser": _led_party(appraiser, row.led_unit, posts, tree),
            "superior": _led_party(superior.person, superior.unit.pk, posts, tree) if superior else None,
            "superior_is_mayor": path.reason is people.Reason.MAYOR,
            "office": office_of(row.unit.pk, tree),
        }
    return found


def _posts(persons: Sequence[Person], day: date) -> dict[UUID, list[Placement]]:
    rows = Placement.objects.filter(people.valid_on(day), person__in=persons).select_related("post")
    found: dict[UUID, list[Placement]] = {}
    for row in rows.order_by("-kind"):
        found.setdefault(row.person_id, []).append(row)
    return found


def _led_party(person: Person, unit: int, posts: dict[UUID, list[Placement]], tree: Tree) -> dict[str, str]:
    """Somebody as the head of a unit: the post held there, else the definitive one."""
    rows = posts.get(person.pk, [])
    here = [row for row in rows if row.post.unit_id == unit]
    definitive = [row for row in rows if row.kind == Placement.Kind.DEFINITIVE]
    chosen = next(iter(here or definitive), None)
    title = ""
    if chosen:
        acting = "" if chosen.kind == Placement.Kind.DEFINITIVE else f"{chosen.get_kind_display()} "
        title = f"{acting}{chosen.post.title}"
    return _party(person, title, tree.names.get(unit, ""))


def _party(person: Person, post: str, unit: str) -> dict[str, str]:
    return {
        "name": person.full_name,
        "nip": person.nip,
        "rank": rank_line(person.employment, person.grade),
        "post": post,
        "unit": unit,
    }


def office_of(unit: int, tree: Tree) -> str:
    """The name of the office (*perangkat daerah*) right below the top of the tree, for the letterhead."""
    name, seen = tree.names.get(unit, ""), {unit}
    parent = tree.nodes[unit].parent if unit in tree.nodes else None
    while parent is not None and parent in tree.nodes and parent not in seen and tree.nodes[parent].parent is not None:
        name = tree.names[parent]
        seen.add(parent)
        parent = tree.nodes[parent].parent
    return name


def regional_head() -> str:
    """`Wali Kota Sawahlunto`, `Bupati …`: who stands above the heads of offices."""
    first, _, place = settings.GOVERNMENT_NAME.partition(" ")
    return {"Kota": f"Wali Kota {place}", "Kabupaten": f"Bupati {place}", "Provinsi": f"Gubernur {place}"}.get(
        first, "Kepala daerah"
    )


def document_values(evaluation: Evaluation) -> dict[str, Any]:
    """Everything the template of D.1.1 reads, from a signed evaluation alone."""
    with translation.override("id"):
        return _values(evaluation)


def _values(evaluation: Evaluation) -> dict[str, Any]:
    parties = evaluation.evidence["document"]
    place = settings.GOVERNMENT_NAME.partition(" ")[2] or settings.GOVERNMENT_NAME
    last = clock.month_end(evaluation.month)
    return {
        "title": f"Dokumen evaluasi kinerja {parties['employee']['name']}, {formats.month(evaluation.month)}",
        "watermark": WATERMARK,
        "institution": {"government": f"Pemerintah {settings.GOVERNMENT_NAME}", "office": parties["office"]},
        "period": f"{formats.day(evaluation.month)} sd {formats.day(last)}",
        "employee": parties["employee"],
        "appraiser": parties["appraiser"],
        "superior": _superior(parties),
        "no_superior": "Belum ditetapkan.",
        "achievement": str(Achievement(evaluation.achievement).label),
        "predicate": str(Predicate(evaluation.predicate).label),
        "note": evaluation.note,
        "signed": _signed(evaluation, place),
        "received": _received(evaluation, place),
        "footer": f"Sidik {evaluation.digest[:16]} · versi {evaluation.version}{_superseded(evaluation)}",
        "remark": "Konsep: lampiran SKP dan hasil evaluasi (format C.1) dibuat sesudah rencana kinerja tersedia. "
        "Tanda tangan adalah persetujuan elektronik dengan kata sandi yang tercatat di Teladan, bukan tanda tangan "
        "elektronik tersertifikasi. Menerima dokumen bukan berarti menyetujui isinya.",
    }


def _superior(parties: dict[str, Any]) -> dict[str, str] | None:
    if parties["superior"]:
        superior: dict[str, str] = parties["superior"]
        return superior
    if not parties["superior_is_mayor"]:
        return None
    head = regional_head()
    return {"name": head, "nip": "", "rank": "", "post": head, "unit": f"Pemerintah {settings.GOVERNMENT_NAME}"}


def _signed(evaluation: Evaluation, place: str) -> dict[str, str]:
    at = evaluation.signed_at
    return {
        "place": f"{place}, {formats.day(at)}",
        "words": f"Ditandatangani {formats.day(at)} pukul {formats.clock_time(at)} oleh {evaluation.signed_by}, "
        "dengan kata sandi.",
    }


def _received(evaluation: Evaluation, place: str) -> dict[str, str]:
    at = evaluation.acknowledged_at
    if at is None:
        return {"place": f"{place}, ……………", "words": "Belum dinyatakan diterima."}
    return {
        "place": f"{place}, {formats.day(at)}",
        "words": f"Dinyatakan diterima {formats.day(at)} pukul {formats.clock_time(at)}.",
    }


def _superseded(evaluation: Evaluation) -> str:
    return " · SUDAH DIGANTI versi yang lebih baru" if evaluation.state == Evaluation.State.SUPERSEDED else ""
