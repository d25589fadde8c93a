"""Asking for the password once more, right where something binding is done."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teladan.core import ratelimit

TRIES, SECONDS = 5, 15 * 60


class StepUpForm(forms.Form):
    """Valid only with the password of the account that is signed in. Wrong answers are counted per account."""

    nothing_done = gettext_lazy("Belum ada yang ditandatangani.")

    password = forms.CharField(
        label=gettext_lazy("Kata sandi"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": gettext_lazy("Masukkan kata sandi Anda.")},
    )

    def __init__(self, *args: Any, user: AbstractBaseUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not ratelimit.allow(f"step-up:{self.user.pk}", TRIES, SECONDS):
            raise forms.ValidationError(_("Terlalu sering mencoba. Tunggu lima belas menit, lalu coba lagi."))
        if not self.user.check_password(password):
            raise forms.ValidationError(f"{_('Kata sandi ini tidak cocok.')} {self.nothing_done}")
        return password
