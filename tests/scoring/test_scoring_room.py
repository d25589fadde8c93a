"""The room itself: every public name resolves, examples of the docstrings hold, the light half stays light."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys

import pytest

import teladan.scoring

MODULES = [
    "cells",
    "change",
    "comparison",
    "equations",
    "fair",
    "funnel",
    "ikm",
    "integrity",
    "mixed",
    "planning",
    "ranks",
    "shortlist",
    "suggestion",
    "thresholds",
]


def test_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nilai'"):
        teladan.scoring.nilai  # noqa: B018  # the access is the subject


def test_every_public_name_resolves() -> None:
    assert all(getattr(teladan.scoring, name) is not None for name in teladan.scoring.__all__)


@pytest.mark.parametrize("module", MODULES)
def test_examples_of_the_docstrings_hold(module: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(f"teladan.scoring.{module}"))
    assert failed == 0


def test_rules_of_use_load_without_numpy() -> None:
    code = "import sys; from teladan.scoring import allowed_use, change, funnel, ikm, pressure, shortlist; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
