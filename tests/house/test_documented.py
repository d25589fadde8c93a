"""Every setting, command and permission is documented, and nothing is documented that is not there."""

from __future__ import annotations

import ast
import re

import pytest
from django.core.management import get_commands, load_command_class

from teladan.config import commands, docs
from tests.house.rooms import PACKAGE, ROOT, sources

READERS = {"text", "flag", "number", "words", "get"}
NAME = re.compile(r"^(TELADAN_[A-Z_]+|DATABASE_URL)$")


def variables_read() -> set[str]:
    """Names given to the readers of `config.env` or to `os.environ`."""
    return {
        argument.value
        for path in sources("**/*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READERS
        for argument in node.args[:1]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and NAME.match(argument.value)
    } | {"TELADAN_DATA", "DATABASE_URL", "TELADAN_TEST_DATABASE_URL"}


def test_every_setting_is_documented_and_no_other() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = "\n".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`([A-Z_]+)`", rows)) == variables_read()


def test_settings_stay_on_one_page() -> None:
    assert len((PACKAGE / "config" / "settings.py").read_text(encoding="utf-8").splitlines()) < 300


def our_commands() -> set[str]:
    return {name for name, app in get_commands().items() if str(app).startswith("teladan.")}


def test_the_map_shows_every_command_and_no_other() -> None:
    mapped = {command.module for group in commands.MANAGED.values() for command in group}
    assert mapped - {"check"} == our_commands()


@pytest.mark.parametrize("name", sorted(our_commands()))
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    _, _, example = str(load_command_class(get_commands()[name], name).help).partition("Contoh:")
    assert f"teladan {name.replace('_', '-')}" in example


@pytest.mark.parametrize("name", ["commands.md", "permissions.md"])
def test_pages_written_from_the_code_are_up_to_date(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert (docs.FOLDER / name).read_text(encoding="utf-8") == docs.pages()[name], "Jalankan: make docs"
