"""What sign-in may do here: accounts are made by the personnel agency, nobody signs up."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Closes self-registration; says plainly what went wrong."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": _("Terlalu banyak percobaan masuk yang gagal. Tunggu lima menit, lalu coba lagi."),
        "username_password_mismatch": _("Nama pengguna atau kata sandi salah. Periksa, lalu coba lagi."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - signature of the library
        return False
