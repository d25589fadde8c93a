"""`teladan score`: located refusals, no database, the numbers of the model, a table people can read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from teladan.scoring import cells_from_rows, fit

DESK = "petugas,layanan,kanal,nilai\n" + "".join(
    f"{o},{s},{k},{y}\n"
    for o, s, k, y in [
        ("ani", "ktp", "loket", 4),
        ("ani", "kk", "loket", 3.5),
        ("ani", "ktp", "keliling", 4),
        ("budi", "ktp", "loket", 2),
        ("budi", "kk", "keliling", 3),
        ("budi", "kk", "loket", 2.5),
        ("citra", "ktp", "loket", 3),
        ("citra", "kk", "loket", 3),
        ("citra", "kk", "keliling", 3.5),
        ("citra", "kk", "loket", 2),
    ]
)


@pytest.fixture
def table(tmp_path: Path) -> Any:
    def write(text: str | bytes, name: str = "nilai.csv") -> str:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def run(file: str, *args: str) -> str:
    out = StringIO()
    call_command("score", file, "--value", "nilai", "--group", "petugas", *args, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("petugas,nilai\nani,4\nbudi,empat\n", "baris 3, kolom 'nilai': 'empat' bukan angka"),
        ("petugas,nilai\nani,nan\n", "baris 2, kolom 'nilai'"),
        ("petugas,nilai\nani,4\n,3\n", "baris 3, kolom 'petugas': kosong"),
        ("petugas,nilai\nani,4\nbudi,3,2\n", "baris 3, 3 kolom, padahal kepala tabel 2"),
        ("orang,nilai\nani,4\n", "baris 1: kolom 'petugas' tidak ada. Kolom: orang, nilai."),
        ("petugas,nilai,nilai\nani,4,4\n", "baris 1: kolom 'nilai' ada lebih dari satu"),
        ("petugas,nilai\nani,\n", "tidak ada penilaian di kolom 'nilai'"),
        ("", "baris 1: kolom 'nilai' tidak ada"),
        (b"petugas,nilai\nani,4\n\xff\xfe,3\n", "bukan UTF-8"),
    ],
)
def test_score_refuses_bad_files_and_says_where(table: Any, text: str | bytes, where: str) -> None:
    with pytest.raises(CommandError) as refused:
        run(table(text))
    assert where in str(refused.value)
    assert "nilai.csv" in str(refused.value)


def test_score_refuses_a_file_that_is_not_there_and_a_column_named_twice(table: Any, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"lain\.csv"):
        run(str(tmp_path / "lain.csv"))
    with pytest.raises(CommandError, match="dua kali: petugas"):
        run(table(DESK), "--fixed", "petugas")


def test_score_names_several_faults_at_once(table: Any) -> None:
    with pytest.raises(CommandError) as refused:
        run(table("petugas,nilai\nani,x\nbudi,y\n"))
    assert str(refused.value).count("bukan angka") == 2


@pytest.mark.parametrize("method", [(), ("--ml",)])
def test_score_json_is_the_fit(table: Any, method: tuple[str, ...]) -> None:
    found = json.loads(run(table(DESK), "--group", "layanan", "--fixed", "kanal", "--json", *method))
    rows = [dict(zip(("petugas", "layanan", "kanal", "y"), line.split(","), strict=True)) for line in DESK.split()[1:]]
    est = fit(cells_from_rows(rows, fixed=["kanal"], groups=["petugas", "layanan"]), reml=not method)
    assert found["criterion"] == pytest.approx(est.criterion, abs=1e-9)
    assert (found["n"], found["cells"], found["residual"]) == (10, 9, pytest.approx(est.sigma2))
    assert found["components"] == pytest.approx(dict(est.variances))
    assert found["fixed"]["intercept"]["estimate"] == pytest.approx(est.intercept)
    assert found["fixed"]["kanal[loket]"] == pytest.approx(
        {"estimate": est.effects["kanal"][1], "se": est.effect_se["kanal"][1]}
    )
    ani = found["groups"]["petugas"]["ani"]
    assert (ani["effect"], ani["n"]) == (pytest.approx(est.modes["petugas"][0]), 3)
    assert ani["se"] ** 2 == pytest.approx(est.mode_variances["petugas"][0])


def test_score_reads_semicolons_decimal_commas_a_mark_and_gaps(table: Any) -> None:
    same = "\ufeff" + DESK.replace(",", ";").replace(".", ",") + "\nani;ktp;loket;NA\n"
    found = json.loads(run(table(same), "--json"))
    assert found["criterion"] == pytest.approx(json.loads(run(table(DESK), "--json"))["criterion"])
    assert found["without_value"] == 1


def test_score_joins_two_columns(table: Any) -> None:
    found = json.loads(run(table(DESK), "--group", "layanan:kanal", "--json"))
    assert set(found["groups"]["layanan:kanal"]) == {"ktp:loket", "kk:loket", "ktp:keliling", "kk:keliling"}


def test_score_table_is_readable(table: Any) -> None:
    text = run(table(DESK), "--group", "layanan")
    assert "10 penilaian dalam 6 sel, REML, kriteria" in text
    assert "petugas (3)" in text
    assert text.index("ani") < text.index("citra") < text.index("budi")
    assert "Ragam nol (di batas): layanan." in text


def test_score_needs_no_database(table: Any) -> None:
    env = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"}
    command = [
        sys.executable,
        "-m",
        "teladan.config.cli",
        "score",
        table(DESK),
        "--value",
        "nilai",
        "--group",
        "petugas",
    ]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "petugas (3)" in done.stdout
