"""What the team screen draws and says: the quadrant, the guideline in words, departures in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from teladan.evaluation.models import Predicate
from teladan.evaluation.queries.team import Row, Spread, Team
from teladan.evaluation.rules import rating
from teladan.evaluation.rules.rating import Departure
from teladan.ui import charts, formats

TONES = {"sangat_baik": "best", "butuh_perbaikan": "weak", "kurang": "worst", "sangat_kurang": "worst"}
BADGES = {"sangat_baik": "gold", "baik": "good", "butuh_perbaikan": "fair", "kurang": "poor", "sangat_kurang": "poor"}


@dataclass(frozen=True)
class Panel:
    """A led unit's distribution with its words."""

    spread: Spread
    guideline: tuple[str, ...]
    warnings: tuple[str, ...]


def panels(team: Team) -> list[Panel]:
    """One panel per led unit."""
    return [
        Panel(
            spread,
            tuple(guideline_words(spread.guideline)),
            tuple(departure_words(one) for one in spread.departures),
        )
        for spread in team.spreads
    ]


# --- the quadrant ----------------------------------------------------------------------------------------------------


def team_quadrant(rows: Iterable[Row]) -> charts.Quadrant:
    """Everybody who has both ratings, by first name."""
    rows = list(rows)
    names = short_names([row.person.name for row in rows])
    return quadrant(
        [
            charts.Placed(name, *_place(row.work, row.behaviour), key=row.key)
            for row, name in zip(rows, names, strict=True)
            if row.predicate
        ]
    )


def quadrant(people: Iterable[charts.Placed]) -> charts.Quadrant:
    """The nine cells of annex IV, results upwards and behaviour to the right."""
    cells = [[_cell(work, behaviour) for behaviour in rating.RATINGS] for work in rating.RATINGS]
    return charts.quadrant(
        _("Kuadran kinerja"),
        cells,
        people,
        row_axis=_("Hasil kerja"),
        column_axis=_("Perilaku kerja"),
        steps=(_("di bawah"), _("sesuai"), _("di atas")),
    )


def place(work: str, behaviour: str, name: str) -> charts.Placed:
    """One person in the quadrant."""
    return charts.Placed(name, *_place(work, behaviour))


def _place(work: str, behaviour: str) -> tuple[int, int]:
    return rating.RATINGS.index(work) + 1, rating.RATINGS.index(behaviour) + 1


def _cell(work: str, behaviour: str) -> charts.Cell:
    name = rating.predicate_for(work, behaviour)
    label = predicate_label(name).replace("/Misconduct", "/\u200bMis\u00adconduct")  # the law breaks it there too
    return charts.Cell(label, TONES.get(name, "good"))


def short_names(names: Sequence[str]) -> list[str]:
    """First names, with the next initial where two people share the first."""
    words = [[word for word in name.split() if not word.endswith(".")] or name.split() for name in names]
    firsts = [parts[0] if parts else "" for parts in words]
    return [
        first if firsts.count(first) == 1 or len(parts) == 1 else f"{first} {parts[1][0]}."
        for first, parts in zip(firsts, words, strict=True)
    ]


def predicate_label(name: str) -> str:
    """The law's word for a stored predicate."""
    return str(Predicate(name).label) if name else ""


# --- the guideline ---------------------------------------------------------------------------------------------------


def guideline_words(guideline: Mapping[str, Any]) -> list[str]:
    """The guideline of one achievement as short sentences."""
    words = []
    if most := guideline.get("most"):
        words.append(_("Sebagian besar %(who)s.") % {"who": predicate_label(most)})
    for key, text in guideline.get("at_least", {}).items():
        words.append(_("Paling sedikit %(share)s %(who)s.") % {"share": share(Fraction(text)), "who": joined(key)})
    for key, text in guideline.get("at_most", {}).items():
        words.append(_at_most(key, Fraction(text)))
    if some := guideline.get("some"):
        words.append(_("Ada yang %(who)s.") % {"who": joined("+".join(some))})
    return words


def _at_most(key: str, limit: Fraction) -> str:
    if not limit:
        return _("Tidak ada %(who)s.") % {"who": joined(key)}
    return _("Paling banyak %(share)s %(who)s.") % {"share": share(limit), "who": joined(key)}


def departure_words(departure: Departure) -> str:
    """What departs, as a sentence with both shares."""
    who = joined("+".join(departure.predicates))
    if departure.kind == "most":
        return _("%(who)s belum menjadi kelompok terbesar.") % {"who": who}
    if departure.kind == "some":
        return _("Belum ada yang %(who)s.") % {"who": who}
    numbers = {"who": who, "share": share(departure.share), "limit": share(departure.limit or Fraction(0))}
    if departure.kind == "at_most":
        return _("%(who)s %(share)s, pedoman paling banyak %(limit)s.") % numbers
    return _("%(who)s %(share)s, pedoman paling sedikit %(limit)s.") % numbers


def joined(key: str) -> str:
    """`kurang+butuh_perbaikan` in words."""
    return _(" atau ").join(predicate_label(name) for name in key.split("+"))


def share(value: Fraction) -> str:
    """Per cent, with one decimal where it is not whole."""
    return formats.percent(value, 0 if (value * 100).denominator == 1 else 1)
