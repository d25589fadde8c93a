"""The quadrant and the distribution guideline, against the law's table and the circular's cases."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import teladan
from teladan.evaluation import models
from teladan.evaluation.rules import rating

DATA = Path(__file__).parent / "data"
POLICY = Path(teladan.__file__).parent / "config" / "data" / "policy.json"
WORDS = {"di atas": rating.ABOVE, "sesuai": rating.MEETS, "di bawah": rating.BELOW}
LABELS = {label: value for value, label in models.Predicate.choices}


def guidelines() -> dict[str, dict[str, object]]:
    rows = json.loads(POLICY.read_text(encoding="utf-8"))
    return next(row["value"] for row in rows if row["key"] == "evaluation.distribution")


def cells() -> list[dict[str, str]]:
    with (DATA / "kuadran_kinerja.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def published_spreads() -> list[dict[str, object]]:
    return json.loads((DATA / "sebaran_se3.json").read_text(encoding="utf-8"))


def test_predicate_refuses_unknown_ratings() -> None:
    with pytest.raises(ValueError, match="luar biasa"):
        rating.predicate_for("luar biasa", rating.MEETS)


@pytest.mark.parametrize("pair", [("", ""), (rating.ABOVE, ""), ("", rating.BELOW)])
def test_predicate_waits_for_both_ratings(pair: tuple[str, str]) -> None:
    assert rating.predicate_for(*pair) == ""


def test_quadrant_table_of_the_law_has_nine_cells() -> None:
    assert len({(row["hasil_kerja"], row["perilaku_kerja"]) for row in cells()}) == 9


@pytest.mark.parametrize("row", cells(), ids=lambda row: f"{row['hasil_kerja']}-{row['perilaku_kerja']}")
def test_quadrant_follows_annex_iv(row: dict[str, str]) -> None:
    found = rating.predicate_for(WORDS[row["hasil_kerja"]], WORDS[row["perilaku_kerja"]])
    assert found == LABELS[row["predikat"]]


def test_rule_values_are_the_stored_values() -> None:
    assert set(rating.RATINGS) == set(models.Rating.values)
    assert set(rating.PREDICATES) == set(models.Predicate.values)
    assert set(rating.ACHIEVEMENTS) == set(models.Achievement.values) == set(guidelines())


@pytest.mark.parametrize("case", published_spreads(), ids=lambda case: case["id"])
def test_guideline_agrees_with_the_circular(case: dict[str, object]) -> None:
    guideline = guidelines()[str(case["organisation"]).lower().replace(" ", "_")]
    counts = {LABELS[name]: n for name, n in case["predicates"].items()}  # type: ignore[attr-defined]
    assert (not rating.departures(counts, guideline)) is case["valid"]


def test_guideline_is_silent_about_nobody() -> None:
    for guideline in guidelines().values():
        assert rating.departures({}, guideline) == ()


def test_guideline_counts_exactly() -> None:
    """7 of 10 and 70 of 100 are 70 %, never a hair above; 71 of 100 is."""
    guideline = guidelines()["baik"]
    assert rating.departures({"baik": 7, "sangat_baik": 2, "kurang": 1}, guideline) == ()
    assert rating.departures({"baik": 70, "sangat_baik": 29, "kurang": 1}, guideline) == ()
    (departure,) = rating.departures({"baik": 71, "sangat_baik": 28, "kurang": 1}, guideline)
    assert (departure.kind, departure.share, departure.limit) == ("at_most", Fraction(71, 100), Fraction(7, 10))


def test_guideline_names_every_departure() -> None:
    found = rating.departures({"sangat_baik": 5}, guidelines()["baik"])
    assert [(d.kind, d.predicates) for d in found] == [
        ("most", ("baik",)),
        ("some", ("butuh_perbaikan", "kurang")),
    ]


def test_guideline_a_tie_is_not_most() -> None:
    found = rating.departures({"sangat_baik": 5, "baik": 5}, guidelines()["istimewa"])
    assert [d.kind for d in found] == ["most"]


def test_guideline_adds_groups_named_together() -> None:
    guideline = guidelines()["sangat_kurang"]
    assert rating.departures({"sangat_kurang": 9, "kurang": 1}, guideline) == ()
    assert rating.departures({"sangat_kurang": 9, "butuh_perbaikan": 1}, guideline) == ()
    (departure,) = rating.departures({"sangat_kurang": 9, "baik": 1}, guideline)
    assert departure.predicates == ("kurang", "butuh_perbaikan")


@pytest.mark.parametrize(
    ("achievement", "smallest"),
    [("istimewa", 3), ("baik", 3), ("butuh_perbaikan", 1), ("kurang", 3), ("sangat_kurang", 3)],
)
def test_guideline_does_not_ask_the_impossible(achievement: str, smallest: int) -> None:
    guideline = guidelines()[achievement]
    sizes = [size for size in range(1, 30) if rating.can_follow(size, guideline)]
    assert sizes[0] == smallest
    assert sizes == list(range(smallest, 30))


@given(
    counts=st.dictionaries(st.sampled_from(rating.PREDICATES), st.integers(0, 40)),
    achievement=st.sampled_from(rating.ACHIEVEMENTS),
    factor=st.integers(2, 9),
)
def test_guideline_speaks_of_shares_not_of_size(counts: dict[str, int], achievement: str, factor: int) -> None:
    guideline = guidelines()[achievement]
    many = {name: n * factor for name, n in counts.items()}
    assert rating.departures(counts, guideline) == rating.departures(many, guideline)


@given(
    score=st.floats(1, 4, allow_nan=False),
    half=st.floats(0, 3, allow_nan=False),
    width=st.integers(40, 400),
)
def test_interval_marks_stay_inside_the_strip(score: float, half: float, width: int) -> None:
    marks = rating.interval_marks(score, score - half, score + half, width=width)
    assert 0 <= marks.low <= marks.score <= marks.high <= width
