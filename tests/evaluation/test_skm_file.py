"""`teladan skm FILE`: located refusals, columns by name, old weights, free services, published figures."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from decimal import Decimal
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import given
from hypothesis import strategies as st

from teladan import scoring
from teladan.core.spreadsheet import FileRefused, write_csv, write_xlsx
from teladan.evaluation.skm_file import AnswersRefused, index_of_file, read_mapping
from teladan.scoring import ELEMENTS
from teladan.scoring.ikm import DEFAULT_REGIME

PUBLISHED = list(
    csv.DictReader(
        (Path(__file__).parents[1] / "scoring" / "data" / "skm_contoh_terbit.csv").read_text(encoding="utf-8").splitlines()
    )
)  # fmt: skip
FULL_NAMES = {
    "sarana": "Sarana dan prasarana",
    "pengaduan": "Penanganan pengaduan, saran, masukan",
    "prosedur": "Sistem, mekanisme, prosedur",
    "persyaratan": "Persyaratan",
    "biaya": "Biaya/tarif",
    "waktu": "Waktu penyelesaian",
    "perilaku": "Perilaku pelaksana",
    "produk": "Produk spesifikasi jenis layanan",
    "kompetensi": "Kompetensi pelaksana",
}


def answers(rows: list[Mapping[str, object]], names: Mapping[str, str] | None = None) -> bytes:
    heads = names or {name: name for name in ELEMENTS}
    return write_csv(list(heads.values()), [[row.get(name) for name in heads] for row in rows])


def some(n: int = 40) -> list[Mapping[str, object]]:
    random = Random(n)
    return [{name: random.choice([1, 2, 3, 4, 4, None]) for name in ELEMENTS} for _ in range(n)]


def run(tmp_path: Path, content: bytes, *options: str, name: str = "jawaban.csv") -> str:
    (tmp_path / name).write_bytes(content)
    out = StringIO()
    call_command("skm", str(tmp_path / name), *options, stdout=out)
    return out.getvalue()


def as_json(tmp_path: Path, content: bytes, *options: str, **kw: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(tmp_path, content, "--json", *options, **kw))
    return found


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", ["0", "5", "3,5", "-1", "baik", "1E+0"])
def test_skm_refuses_a_value_outside_the_scale_and_says_where(tmp_path: Path, bad: str) -> None:
    content = answers([dict.fromkeys(ELEMENTS, 4), {**dict.fromkeys(ELEMENTS, 4), "waktu": bad}])
    with pytest.raises(CommandError, match=r"Baris 3, kolom WAKTU \(C\)") as refused:
        run(tmp_path, content)
    assert bad in str(refused.value)


def test_skm_names_every_fault_up_to_a_limit() -> None:
    content = answers([dict.fromkeys(ELEMENTS, 9)] * 10)
    with pytest.raises(AnswersRefused, match="dan 70 kesalahan lain") as refused:
        index_of_file(content, "a.csv", regime=DEFAULT_REGIME, mapping={})
    assert len(refused.value.faults) == 90


def test_skm_refuses_a_file_without_an_element(tmp_path: Path) -> None:
    names = {name: name for name in ELEMENTS if name != "sarana"}
    with pytest.raises(CommandError, match="Kolom unsur tidak ada: sarana"):
        run(tmp_path, answers(some(), names))


def test_skm_refuses_numbers_without_a_meaning(tmp_path: Path) -> None:
    names = {name: f"U{number}" for number, name in enumerate(ELEMENTS, 1)}
    with pytest.raises(CommandError, match=r"8 dan 9 berbeda.*--columns"):
        run(tmp_path, answers(some(), names))


def test_skm_refuses_a_file_that_is_not_there_or_empty(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="tidak dapat dibaca"):
        call_command("skm", str(tmp_path / "tidak-ada.csv"))
    with pytest.raises(CommandError, match="kosong"):
        run(tmp_path, b"")
    with pytest.raises(CommandError, match="satu jawaban pun"):
        run(tmp_path, answers([dict.fromkeys(ELEMENTS)] * 2))


@pytest.mark.parametrize("pair", ["sarana", "=U9", "sarana=", "u9=sarana"])
def test_skm_refuses_a_mapping_it_does_not_understand(pair: str) -> None:
    with pytest.raises(FileRefused, match="tidak dikenal"):
        read_mapping([pair])


def test_skm_refuses_a_column_with_two_meanings() -> None:
    with pytest.raises(FileRefused, match="dua kali"):
        read_mapping(["sarana=U9", "pengaduan=u9"])


def test_skm_refuses_a_negative_population(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="population"):
        run(tmp_path, answers(some()), "--population", "-1")


# --- what it gives ---------------------------------------------------------------------------------------------------


def test_skm_gives_what_the_scoring_room_gives(tmp_path: Path) -> None:
    rows = some()
    expected = scoring.ikm(rows)
    found = as_json(tmp_path, answers(rows))
    assert {"ikm", "grade", "regime", "n", "elements"} <= set(found)
    assert (found["ikm"], found["grade"], found["n"]) == (float(expected.value or 0), expected.grade, expected.n)
    assert found["regime"] == "permenpanrb-14-2017"
    assert list(found["elements"]) == list(ELEMENTS)
    for one in expected.elements:
        assert found["elements"][one.element]["n"] == one.n
        assert found["elements"][one.element]["nrr"] == pytest.approx(float(one.mean or 0), abs=1e-6)
    assert (found["low"], found["high"]) == pytest.approx((expected.low, expected.high), abs=1e-4)


def test_skm_reads_full_names_in_any_order_and_a_workbook(tmp_path: Path) -> None:
    rows = some()
    plain = as_json(tmp_path, answers(rows))
    assert as_json(tmp_path, answers(rows, FULL_NAMES)) == plain
    book = write_xlsx(list(FULL_NAMES.values()), [[row[name] for name in FULL_NAMES] for row in rows])
    assert as_json(tmp_path, book, name="jawaban.xlsx") == plain


def test_skm_reads_numbers_as_they_are_declared(tmp_path: Path) -> None:
    rows = some()
    questionnaire = {
        **{name: f"U{number}" for number, name in enumerate(ELEMENTS[:7], 1)},
        "sarana": "U8",
        "pengaduan": "U9",
    }
    pairs = [f"{name}={column}" for name, column in questionnaire.items()]
    found = as_json(tmp_path, answers(rows, questionnaire), "--columns", *pairs)
    assert found == as_json(tmp_path, answers(rows))


def test_skm_counts_a_free_service_as_four_for_those_who_answered_something_else(tmp_path: Path) -> None:
    rows: list[Mapping[str, object]] = [
        {**dict.fromkeys(ELEMENTS, 3), "biaya": None},
        {**dict.fromkeys(ELEMENTS, 3), "biaya": 2},
        dict.fromkeys(ELEMENTS),
    ]
    assert as_json(tmp_path, answers(rows))["elements"]["biaya"]["nrr"] == 2
    found = as_json(tmp_path, answers(rows), "--free")
    assert (found["elements"]["biaya"]["nrr"], found["n"], found["free_counted"]) == (3.0, 2, 1)
    without = {name: name for name in ELEMENTS if name != "biaya"}
    assert as_json(tmp_path, answers(rows, without), "--free")["elements"]["biaya"]["nrr"] == 4.0


def test_skm_a_line_with_a_name_and_no_answer_is_no_respondent_of_a_free_service(tmp_path: Path) -> None:
    lines = [f"NAMA;{';'.join(ELEMENTS)}", f"Rina;{';'.join('3' * 9)}", f"Budi;{';' * 8}"]
    found = as_json(tmp_path, "\n".join(lines).encode(), "--free")
    assert (found["n"], found["elements"]["biaya"]["n"], found["free_counted"]) == (1, 1, 0)


def test_skm_gives_no_index_when_nobody_answered_an_element(tmp_path: Path) -> None:
    content = answers([{**dict.fromkeys(ELEMENTS, 3), "sarana": None}] * 3)
    found = as_json(tmp_path, content)
    assert (found["ikm"], found["grade"], found["missing"], found["n"]) == (None, None, ["sarana"], 3)
    assert "tidak ada yang menjawab Sarana dan prasarana" in run(tmp_path, content)


def test_skm_table_says_what_the_numbers_mean(tmp_path: Path) -> None:
    content = answers([dict.fromkeys(ELEMENTS, 4)] * 50)
    text = run(tmp_path, content, "--population", "100", "--weight", "0.11")
    for words in (
        "IKM 99,00, mutu A (Sangat baik) menurut PermenPANRB 14/2017",
        "Bobot lama 0.11",
        "100,00",
        "80; belum cukup",
    ):
        assert words in text


@pytest.mark.parametrize("weight", ["1/9", "0.11", "0.111"])
@given(grade=st.integers(1, 4))
def test_skm_old_weights_scale_the_exact_index(weight: str, grade: int) -> None:
    content = answers([dict.fromkeys(ELEMENTS, 4), dict.fromkeys(ELEMENTS, grade)])
    found = index_of_file(content, "a.csv", regime="kepmenpan-25-2004", mapping={}, weight=weight)
    exact = Decimal(25 * 9 * (4 + grade)) / 2
    factor = {"1/9": exact / 9, "0.11": exact * Decimal("0.11"), "0.111": exact * Decimal("0.111")}[weight]
    assert found.value == factor.quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")


@pytest.mark.parametrize("case", [c for c in PUBLISHED if c["e_waktu"]], ids=lambda c: c["id"])
@pytest.mark.parametrize(("weight", "column"), [("1/9", "ikm_exact"), ("0.11", "ikm_w0.11"), ("0.111", "ikm_w0.111")])
def test_skm_reproduces_a_published_survey(tmp_path: Path, case: dict[str, str], weight: str, column: str) -> None:
    row = {name: case[f"e_{name}"] for name in ELEMENTS}
    found = as_json(tmp_path, answers([row] * int(case["n"])), "--weight", weight)
    assert found["ikm"] == pytest.approx(float(case[column]), abs=0.005)
    if weight == "1/9":
        assert (found["grade"], found["n"]) == (case["published_grade"], int(case["n"]))


@pytest.mark.parametrize("case", [c for c in PUBLISHED if c["published_ni"]], ids=lambda c: c["id"])
def test_skm_reproduces_a_published_interval_value(tmp_path: Path, case: dict[str, str]) -> None:
    """A published mean on 1-4 with two or three decimals, made of so many answers of the two nearest marks."""
    n = 1000
    total = round(Decimal(case["published_ni"]) * n)
    upper = total - n * (total // n)
    rows = [dict.fromkeys(ELEMENTS, total // n + 1)] * upper + [dict.fromkeys(ELEMENTS, total // n)] * (n - upper)
    old, new = (
        as_json(tmp_path, answers(rows), "--regime", regime) for regime in ("kepmenpan-25-2004", DEFAULT_REGIME)
    )
    assert new["ikm"] == pytest.approx(float(case["ikm_exact"]), abs=0.005)
    published = Decimal(case["published_ikm"])
    if abs(Decimal(str(new["ikm"])) - published) < Decimal("0.1"):
        assert new["grade"] == case["grade2017_from_published"]
        assert old["grade"] == case["grade2004_from_published"]
