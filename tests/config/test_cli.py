"""The map of commands, names with hyphens, and one sentence for what is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from teladan.config import cli, commands, memory
from teladan.core.models import PolicyRow


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "teladan.config.cli", *words], capture_output=True, text=True)


def test_unknown_command_is_named_with_the_nearest() -> None:
    done = run("import-pegawai")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "import-employees" in cli.unknown("import-employee")


def test_help_is_the_map_and_loads_no_django() -> None:
    code = "import sys; sys.argv = ['teladan', '--help']; from teladan.config import cli\n"
    code += "try: cli.main()\nexcept SystemExit: pass\nprint('django' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert said.endswith("False\n")
    assert all(command.name in said for _, group in commands.groups() for command in group)


@pytest.mark.parametrize("typed", ["load-policy", "load_policy"])
def test_names_are_understood_with_hyphens_and_underscores(typed: str) -> None:
    found = commands.managed(typed)
    assert found is not None
    assert found.module == "load_policy"


@pytest.mark.parametrize("port", ["0", "65536", "x"])
def test_impossible_port_is_refused(port: str) -> None:
    done = run("serve", "--port", port)
    assert done.returncode == 2
    assert "pangkalan harus bilangan" in done.stderr


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[", "bukan JSON"),
        ("{}", "daftar aturan"),
        ('[{"key": "a"}]', "aturan ke-1: isian legal_basis"),
        ("[1]", "ke-1"),
        ('[{"key": "a.b", "value": 1, "valid_from": "1 Mei", "legal_basis": "x"}]', "valid_from harus tanggal"),
        (
            '[{"key": "disclosure.k", "value": 5, "valid_from": "2031-01-01", "legal_basis": "x"}]',
            r"ke-1 \(disclosure.k\): harus 10 sampai 100",
        ),
        (
            '[{"key": "score.covariates", "value": ["sex"], "valid_from": "2031-01-01", "legal_basis": "x"}]',
            "tidak mengenal sex",
        ),
        ('[{"key": "score.min_n", "value": 12, "valid_from": "2025-02-01", "legal_basis": "x"}]', "sudah dibuka tetap"),
    ],
)
@pytest.mark.django_db
def test_load_policy_refuses_and_names_the_place(tmp_path: Path, content: str, reason: str) -> None:
    file = tmp_path / "aturan.json"
    file.write_text(content)
    with pytest.raises(CommandError, match=reason):
        call_command("load_policy", file)


@pytest.mark.django_db
def test_load_policy_refuses_a_second_value_for_one_day(tmp_path: Path) -> None:
    row = {"key": "a.b", "valid_from": "2026-01-01", "legal_basis": "Perwako 1/2026"}
    file = tmp_path / "aturan.json"
    file.write_text(json.dumps([{**row, "value": 1}]))
    call_command("load_policy", file)
    file.write_text(json.dumps([{**row, "value": 2}]))
    with pytest.raises(CommandError, match=r"a\.b"):
        call_command("load_policy", file)
    assert PolicyRow.objects.get(key="a.b").value == 1


@pytest.mark.django_db
def test_load_policy_tells_of_a_key_that_nobody_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "aturan.json"
    file.write_text('[{"key": "score.min_m", "value": 12, "valid_from": "2025-01-01", "legal_basis": "x"}]')
    call_command("load_policy", file)
    assert "'score.min_n'?" in capsys.readouterr().err


@pytest.mark.django_db
def test_export_policy_writes_what_load_policy_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "aturan.json"
    call_command("export_policy", file)
    PolicyRow.objects.filter(key__startswith="score.").delete()
    call_command("load_policy", file)
    said = capsys.readouterr().out
    again = tmp_path / "lagi.json"
    call_command("export_policy", again)
    assert again.read_bytes() == file.read_bytes()
    assert f"{len(json.loads(file.read_text()))} aturan ditulis" in said
    call_command("export_policy")
    assert json.loads(capsys.readouterr().out.split("\n", 1)[1]) == json.loads(file.read_text())


@pytest.mark.django_db
def test_export_policy_refuses_a_day_and_a_place_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="TTTT-BB-HH"):
        call_command("export_policy", on="besok")
    with pytest.raises(CommandError, match="tidak dapat ditulis"):
        call_command("export_policy", tmp_path / "tidak" / "ada.json")


def test_memory_of_nothing_running_says_so(tmp_path: Path) -> None:
    with pytest.raises(memory.NotRunning):
        memory.parts(tmp_path)


def test_memory_counts_each_part_with_its_children(tmp_path: Path) -> None:
    held = "import time; held = b'x' * 30_000_000; print('ready', flush=True); time.sleep(60)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {held!r}])"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True) as part:
        try:
            assert part.stdout is not None
            part.stdout.readline()
            (tmp_path / "running.json").write_text(json.dumps({"situs": part.pid, "address": "http://x"}))
            parts = memory.parts(tmp_path)
        finally:
            os.killpg(part.pid, signal.SIGKILL)
    assert set(parts) == {"situs"}
    assert 30_000_000 < parts["situs"] < 90_000_000
