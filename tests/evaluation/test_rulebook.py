"""The rulebook without a database: kinds and bounds, pairs, the first month that may change, the comparison of months."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teladan.config.install import POLICY_PACK
from teladan.evaluation.rules import effects, rulebook
from teladan.evaluation.rules.effects import Outcome, Standing
from teladan.evaluation.rules.officers import covariates_of
from teladan.evaluation.views import rule_words

PACK = json.loads(POLICY_PACK.read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", PACK, ids=lambda row: row["key"])
def test_every_rule_of_the_pack_stands_in_the_rulebook_and_fits(row: dict[str, Any]) -> None:
    assert row["key"] in rulebook.SPECS, "Tambahkan barisnya di evaluation/rules/rulebook.py"
    assert row["key"] in rule_words.RULES, "Tambahkan kalimatnya di evaluation/views/rule_words.py"
    assert rulebook.problem(row["key"], row["value"]) == ""
    assert rule_words.shown(row["key"], row["value"])


def test_the_pack_breaks_no_pair() -> None:
    values = {row["key"]: row["value"] for row in PACK}
    assert [pair for key in values for pair in rulebook.conflicts(values, key)] == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("disclosure.k", 9),  # citizens were promised ten
        ("disclosure.issue_days", 2),
        ("disclosure.band_officers", 7),
        ("score.min_n", 9),
        ("score.window_months", 1),  # never a single month
        ("score.min_n", 12.0),
        ("score.min_n", True),
        ("score.min_n", "12"),
        ("score.evaluation_reliability", 1.2),
        ("score.evaluation_reliability", "0,8"),
        ("score.evaluation_reliability", None),
        ("score.elements", []),
        ("score.elements", ["kompetensi", "kompetensi"]),
        ("score.elements", ["biaya"]),  # an officer has no say in prices
        ("score.elements", "kompetensi"),
        ("score.covariates", ["sex"]),  # never a protected trait
        ("score.covariates", ["channel", "weather"]),
        ("ikm.regime", "permenpanrb-9-1999"),
        ("evaluation.distribution", []),
    ],
)
def test_value_is_refused_with_a_sentence(key: str, value: object) -> None:
    assert rulebook.problem(key, value)


@pytest.mark.parametrize("value", [[], ["channel"], ["pattern", "channel", "month"]])
def test_covariates_may_be_any_of_the_known_names(value: list[str]) -> None:
    assert rulebook.problem("score.covariates", value) == ""
    assert covariates_of(value) == tuple(name for name in ("channel", "month", "pattern") if name in value)


def test_covariates_refuse_an_unknown_name() -> None:
    with pytest.raises(ValueError, match="sex"):
        covariates_of(["channel", "sex"])


def test_nearest_key_helps_with_a_slip_of_the_pen() -> None:
    assert rulebook.nearest("score.min_m") == "score.min_n"
    assert rulebook.nearest("zzz") == ""


def test_pairs_are_told_for_the_key_that_changes_only() -> None:
    values = {"score.evaluation_reliability": 0.9, "score.award_reliability": 0.8}
    pair = ("score.evaluation_reliability", "score.award_reliability")
    assert list(rulebook.conflicts(values, "score.award_reliability")) == [pair]
    assert list(rulebook.conflicts(values, "score.min_n")) == []


@pytest.mark.parametrize(
    ("today", "opened", "first"),
    [
        (date(2026, 11, 9), None, date(2026, 12, 1)),
        (date(2026, 11, 9), date(2026, 10, 1), date(2026, 12, 1)),
        (date(2026, 11, 9), date(2026, 12, 1), date(2027, 1, 1)),  # opened early, so its rules are frozen
        (date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
        (date(2026, 12, 1), None, date(2027, 1, 1)),
    ],
)
def test_first_month_that_may_change(today: date, opened: date | None, first: date) -> None:
    assert rulebook.earliest(today, opened) == first


# --- comparing -------------------------------------------------------------------------------------------------------

NAMES = {"A": "Dinas A", "B": "Dinas B", "C": "Dinas C"}


def outcome(
    officers: dict[str, Standing],
    units: dict[str, str | None] | None = None,
    services: dict[str, str | None] | None = None,
) -> Outcome:
    return Outcome(
        {("A", name): one for name, one in officers.items()},
        units or {},
        {("A", name): one for name, one in (services or {}).items()},
    )


def test_effect_by_hand() -> None:
    before = outcome(
        {
            "a": Standing("award", 3.50, True, "above"),
            "b": Standing("award", 3.40),
            "c": Standing("evaluation", 3.30),
            "d": Standing("self_only", 3.20),
            "e": Standing("hidden"),
        },
        {"A": "A", "B": "", "C": None},
        {"S1": "A", "S2": None},
    )
    after = outcome(
        {
            "a": Standing("evaluation", 3.50),  # one step down, off the shortlist
            "b": Standing("award", 3.46, True),  # moved, onto the shortlist
            "c": Standing("evaluation", 3.35, suggestion="below"),  # not more than 0.05
            "d": Standing("hidden"),
            "e": Standing("self_only", 3.10),
        },
        {"A": "B", "B": None, "C": "A"},
        {"S1": "A", "S2": "A"},
    )
    found = effects.compare(before, after, names=NAMES, least=3)
    assert found["uses"] == {"hidden": [1, 1], "self_only": [1, 1], "evaluation": [1, 2], "award": [2, 1]}
    assert (found["raised"], found["lowered"]) == (1, 2)
    assert found["scores"] == {"compared": 3, "moved": 1}
    assert found["suggestions"] == {"below": [0, 1], "meets": [0, 0], "above": [1, 0]}
    assert found["shortlist"] == {"before": 1, "after": 1, "enter": 1, "leave": 1}
    assert found["units"] == {
        "before": 2, "after": 2, "lost": 1, "gained": 1, "hidden": ["Dinas B"], "regraded": ["Dinas A"]
    }  # fmt: skip
    assert found["services"] == {"before": 1, "after": 2, "lost": 0, "gained": 1}
    assert not effects.is_nothing(found)


def test_effect_names_no_unit_that_would_be_shown_for_the_first_time() -> None:
    found = effects.compare(outcome({}, {"C": None}), outcome({}, {"C": "A"}), names=NAMES, least=8)
    assert "Dinas C" not in json.dumps(found)
    assert found["units"]["gained"] == 1


def test_effect_tells_no_movement_of_a_handful() -> None:
    before = outcome({str(i): Standing("evaluation", 3.0) for i in range(7)})
    after = outcome({str(i): Standing("evaluation", 3.4) for i in range(7)})
    assert effects.compare(before, after, names=NAMES, least=8)["scores"] is None


_STANDINGS = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=2),
    st.builds(Standing, st.sampled_from(effects.USES), st.none() | st.floats(1, 4), st.booleans()),
)
_SHOWN = st.dictionaries(st.sampled_from("ABC"), st.sampled_from([None, "", "A", "B"]))


@given(_STANDINGS, _SHOWN, _STANDINGS, _SHOWN)
def test_effect_keeps_its_sums(officers: Any, units: Any, others: Any, other_units: Any) -> None:
    before, after = outcome(officers, units), outcome(others, other_units)
    found = effects.compare(before, after, names=NAMES, least=0)
    json.dumps(found, allow_nan=False)
    assert sum(pair[0] for pair in found["uses"].values()) == len(officers)
    assert sum(pair[1] for pair in found["uses"].values()) == len(others)
    for part in ("units", "services"):
        assert found[part]["after"] == found[part]["before"] + found[part]["gained"] - found[part]["lost"]
    short = found["shortlist"]
    assert short["after"] == short["before"] + short["enter"] - short["leave"]
    assert effects.is_nothing(effects.compare(before, before, names=NAMES, least=0))
