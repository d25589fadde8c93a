"""`teladan setup`: real data is never replaced by the demo city, and a load that was cut off is known as such."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from teladan.config import install
from teladan.config.install import DemoState
from teladan.core import progress
from teladan.people.models import Unit
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _static_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "collect_static", lambda: False)


@pytest.fixture(autouse=True)
def _no_mark() -> None:
    """Progress outlives a rolled back test."""
    progress.Progress.objects.all().delete()


@pytest.mark.parametrize("option", ["--demo", "--fresh"])
def test_setup_refuses_to_touch_real_data(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make.make_unit()
    monkeypatch.setattr(install, "empty_database", lambda: pytest.fail("dihapus"))
    with pytest.raises(CommandError, match="data sungguhan"):
        call_command("setup", option)
    assert Unit.objects.count() == 1


def test_setup_again_takes_no_step() -> None:
    assert install.migrate() == 0


def test_demo_state_of_an_empty_database() -> None:
    assert install.demo_state() is DemoState.EMPTY


def test_demo_state_of_real_people() -> None:
    make.make_staff(make.make_unit())
    assert install.demo_state() is DemoState.OTHER


def test_demo_state_of_demo_people() -> None:
    make.make_staff(make.make_unit(), make.make_person(is_demo=True))
    assert install.demo_state() is DemoState.LOADED


def test_demo_state_after_a_load_that_was_cut_off() -> None:
    def cut_off() -> None:
        make.make_unit()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install.load_demo(cut_off)
    assert install.demo_state() is DemoState.BROKEN_OFF
    install.load_demo(lambda: None)
    assert install.demo_state() is DemoState.LOADED
