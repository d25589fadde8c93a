"""What the import contract cannot see."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

from tests.house.rooms import PACKAGE, levels, may_know, sources

HEAVY = ("numpy", "scipy", "openpyxl", "typst", "faker", "rich", "PIL")


def test_every_folder_with_code_is_a_package() -> None:
    """import-linter silently leaves out a folder without __init__.py."""
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_every_room_is_placed_in_the_contract() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms <= set(levels())


def test_foreign_keys_point_down() -> None:
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if model.__module__.startswith("teladan.")
        and field.is_relation
        and not field.auto_created
        and field.related_model
        and field.related_model.__module__.startswith("teladan.")
        and not may_know(model._meta.app_label, field.related_model._meta.app_label)
    ]
    assert upward == []


@pytest.mark.parametrize("path", sources("*/templates/**/*.html"), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_templates_include_only_their_own_room_or_ui(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0]
    named = re.findall(r"{%-?\s*(?:include|extends)\s+[\"']([^\"'#]*)", path.read_text(encoding="utf-8"))
    allowed = {room, "ui"} | ({"account", "allauth"} if room == "ui" else set())
    assert [name for name in named if name and name.split("/")[0] not in allowed] == []


@pytest.mark.parametrize(
    "path", [*sources("*/views.py"), *sources("*/views/*.py")], ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_views_ask_queries_not_managers(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [f"{number}: {line.strip()}" for number, line in enumerate(lines, 1) if ".objects" in line] == []


@pytest.mark.parametrize("start", ["teladan.config.wsgi", "teladan.config.management.commands.worker"])
def test_a_resting_process_carries_no_heavy_library(start: str) -> None:
    """Arithmetic, spreadsheets and documents are loaded where a job needs them, not where a page is served."""
    code = (
        f"import sys, django; django.setup(); import {start}; from django.urls import get_resolver; "
        f"get_resolver().url_patterns; print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
