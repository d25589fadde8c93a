"""Asking for the password once more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from teladan.core import clock
from teladan.core.stepup import SECONDS, TRIES, StepUpForm
from tests.make import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("password", ["", "salah", PASSWORD.upper(), f" {PASSWORD}", f"{PASSWORD} "])
def test_stepup_refuses_any_other_password(password: str) -> None:
    form = StepUpForm({"password": password}, user=make_user(password=PASSWORD))
    assert not form.is_valid()
    assert "password" in form.errors


def test_stepup_refuses_accounts_without_a_password() -> None:
    assert not StepUpForm({"password": PASSWORD}, user=make_user()).is_valid()


def test_stepup_stops_guessing_and_forgets_after_a_while() -> None:
    user = make_user(password=PASSWORD)
    for _try in range(TRIES):
        assert not StepUpForm({"password": "tebakan"}, user=user).is_valid()
    form = StepUpForm({"password": PASSWORD}, user=user)
    assert not form.is_valid()
    assert "Terlalu sering" in str(form.errors["password"])
    with clock.at(clock.now() + timedelta(seconds=SECONDS + 1)):
        assert StepUpForm({"password": PASSWORD}, user=user).is_valid()


def test_stepup_accepts_the_password_and_never_shows_it_again() -> None:
    form = StepUpForm({"password": PASSWORD}, user=make_user(password=PASSWORD))
    assert form.is_valid()
    assert PASSWORD not in form.as_p()
