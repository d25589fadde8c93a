"""The masthead's links: what this account may open, in the order of a month."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from teladan.people.access import can, has_role
from teladan.people.models import User
from teladan.people.permissions import Permission, Role


def links(request: HttpRequest) -> list[tuple[str, str, bool]]:
    """(label, address, here?) for each room the account may enter."""
    user = request.user
    if not isinstance(user, User):
        return []

    def may(permission: Permission) -> bool:
        return can(user, permission)

    entries = [
        (True, _("Meja saya"), "desk-home"),
        (may(Permission.COUNTER_SERVE) and user.person is not None, _("Loket"), "counter-serve"),
        (has_role(user, Role.OFFICER) and user.person is not None, _("Nilai saya"), "result-own"),
        (may(Permission.TEAM_RATE) and user.person is not None, _("Tim"), "team-rate"),
        (may(Permission.MONTH_CLOSE), _("Bulan"), "closing-list"),
        (may(Permission.POLICY_VIEW), _("Aturan"), "policy-list"),
        (may(Permission.PEOPLE_VIEW), _("Pegawai"), "people-list"),
        (may(Permission.UNIT_RESULT_VIEW), _("Hasil unit"), "unit-results"),
        (may(Permission.UNIT_RESULT_VIEW) or may(Permission.SKM_PLAN), _("Laporan SKM"), "skm-list"),
        (may(Permission.ACHIEVEMENT_SET), _("Capaian"), "achievement-list"),
        (may(Permission.INTEGRITY_VIEW), _("Integritas"), "integrity-list"),
        (may(Permission.AWARD_VIEW), _("Penghargaan"), "award-list"),
        (user.person is not None, _("Evaluasi"), "evaluation-list"),
        (may(Permission.EVENTS_IMPORT) or may(Permission.COUNTER_SERVE), _("Layanan"), "services-list"),
        (may(Permission.EVENTS_IMPORT) or may(Permission.SOURCE_MANAGE), _("Sumber data"), "source-list"),
        (may(Permission.KIOSK_MANAGE), _("Kios"), "kiosk-list"),
        (may(Permission.COMPLAINT_HANDLE), _("Pengaduan"), "complaint-list"),
        (may(Permission.COMPLAINT_MONITOR), _("Pengaduan lewat batas"), "complaint-overdue"),
        (may(Permission.COMPLAINT_READINGS_VIEW), _("Catatan baca"), "complaint-readings"),
        (may(Permission.COMMENT_MODERATE), _("Komentar"), "moderation-queue"),
        (may(Permission.EXTERNAL_VIEW), _("Penilaian luar"), "external-list"),
        (may(Permission.LEARNING_MONITOR), _("Pemahaman"), "learning-monitor"),
        (may(Permission.LEARNING_TAKE), _("Belajar"), "learning-home"),
    ]
    found = [(label, reverse(name)) for allowed, label, name in entries if allowed]
    here = _nearest(request.path, [url for _label, url in found])
    return [(label, url, url == here) for label, url in found]


# Rooms whose pages belong to another entry than their address says.
BELOW = {"units-list": "people-list", "roles-page": "people-list"}


def _nearest(path: str, urls: list[str]) -> str:
    """The entry under which a page lies: the longest address that the path continues."""
    for name, entry in BELOW.items():
        if _continues(path, reverse(name)):
            path = reverse(entry)
    return max((url for url in urls if _continues(path, url)), key=len, default="")


def _continues(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(f"{url}/"))
