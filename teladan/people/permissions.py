"""Who may do what: every permission, and the roles as data, on one page.

A role is granted to an account for a unit and everything below it, or for the whole government, from a day until a day
(`Grant`). Being somebody's appraiser is not a grant: it follows from the tree of units on the day in question.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_noop as _


class Permission(StrEnum):
    """One line per thing that may be allowed. Named `<subject>.<act>`."""

    PEOPLE_VIEW = "people.view"
    PEOPLE_IMPORT = "people.import"
    APPRAISER_SET = "people.set_appraiser"
    ROLE_GRANT = "people.grant_role"
    AUDIT_VIEW = "core.view_audit"
    CATALOGUE_VIEW = "services.view"
    COUNTER_SERVE = "services.serve"
    EVENTS_IMPORT = "services.import_events"
    SOURCE_MANAGE = "services.manage_sources"
    KIOSK_MANAGE = "feedback.manage_kiosks"
    COMMENT_MODERATE = "feedback.moderate_comments"
    RATINGS_IMPORT = "feedback.import_ratings"
    EXTERNAL_VIEW = "feedback.view_external"
    COMPLAINT_HANDLE = "complaints.handle"
    COMPLAINT_MONITOR = "complaints.monitor"
    COMPLAINT_READINGS_VIEW = "complaints.view_readings"
    MONTH_CLOSE = "evaluation.close_month"
    MONTH_REOPEN = "evaluation.reopen_month"
    UNIT_RESULT_VIEW = "evaluation.view_unit_results"
    SKM_PLAN = "evaluation.plan_skm"
    SKM_PUBLISH = "evaluation.publish_skm"
    SKM_IMPORT = "evaluation.import_skm"
    TEAM_RATE = "evaluation.rate_team"
    ACHIEVEMENT_SET = "evaluation.set_achievement"
    EVALUATION_MONITOR = "evaluation.monitor"
    POLICY_VIEW = "evaluation.view_policy"
    POLICY_CHANGE = "evaluation.change_policy"
    INTEGRITY_VIEW = "feedback.view_integrity"
    RATINGS_JUDGE = "feedback.judge_held_ratings"
    AWARD_VIEW = "awards.view_round"
    AWARD_DECIDE = "awards.decide"
    LEARNING_TAKE = "learning.take"
    LEARNING_MONITOR = "learning.monitor"


class Role(StrEnum):
    """Role codes; `citizen` has no account and no permission."""

    CITIZEN = "citizen"
    OFFICER = "officer"
    EMPLOYEE = "employee"
    APPRAISER = "appraiser"
    UNIT_HEAD = "unit_head"
    SUPERIOR = "superior"
    OPERATOR = "operator"
    BKPSDM = "bkpsdm"
    PYB = "pyb"
    COMMITTEE = "committee"
    MAYOR = "mayor"
    INSPECTOR = "inspector"
    MODERATOR = "moderator"
    COMPLAINT_HANDLER = "complaint_handler"
    PRIVACY_OFFICER = "privacy_officer"
    ADMIN = "admin"


OF_EMPLOYEES = frozenset({Role.OFFICER, Role.EMPLOYEE, Role.APPRAISER, Role.SUPERIOR})
"""Roles that speak of oneself or one's own team, and so mean nothing on an account of no employee."""

LABELS: dict[Permission, str] = {
    Permission.PEOPLE_VIEW: _("Membaca daftar dan riwayat pegawai"),
    Permission.PEOPLE_IMPORT: _("Mengimpor pegawai (untuk seluruh kota: juga unit)"),
    Permission.APPRAISER_SET: _("Menetapkan penilai dan menunjuk Plt., Plh., Pj."),
    Permission.ROLE_GRANT: _("Membuat akun, memberi dan mencabut peran"),
    Permission.AUDIT_VIEW: _("Membaca jejak audit"),
    Permission.CATALOGUE_VIEW: _("Membaca daftar layanan dan standarnya"),
    Permission.COUNTER_SERVE: _("Melayani di loket dan menyerahkan tiket"),
    Permission.EVENTS_IMPORT: _("Mengimpor catatan layanan"),
    Permission.SOURCE_MANAGE: _("Mengelola sumber data dan tokennya"),
    Permission.KIOSK_MANAGE: _("Memasang dan mencabut kios penilaian"),
    Permission.COMMENT_MODERATE: _("Memeriksa komentar warga tentang kantor lain"),
    Permission.RATINGS_IMPORT: _("Mengimpor penilaian dari sumber lain"),
    Permission.EXTERNAL_VIEW: _("Membaca hasil dari sumber lain"),
    Permission.COMPLAINT_HANDLE: _("Menangani pengaduan bernama"),
    Permission.COMPLAINT_MONITOR: _("Melihat pengaduan yang terlambat dan membaca yang diteruskan ke Inspektorat"),
    Permission.COMPLAINT_READINGS_VIEW: _("Membaca catatan siapa membuka berkas pengaduan"),
    Permission.MONTH_CLOSE: _("Menutup bulan"),
    Permission.MONTH_REOPEN: _("Membuka kembali bulan yang sudah ditutup"),
    Permission.UNIT_RESULT_VIEW: _("Membaca hasil unit"),
    Permission.SKM_PLAN: _("Mengisi rencana tindak lanjut laporan SKM"),
    Permission.SKM_PUBLISH: _("Menerbitkan laporan SKM unit"),
    Permission.SKM_IMPORT: _("Mengimpor laporan SKM lama"),
    Permission.TEAM_RATE: _("Menilai dan menandatangani evaluasi tim"),
    Permission.ACHIEVEMENT_SET: _("Menetapkan capaian unit"),
    Permission.EVALUATION_MONITOR: _("Memantau kemajuan evaluasi"),
    Permission.POLICY_VIEW: _("Membaca aturan, riwayatnya, dan usulan perubahannya"),
    Permission.POLICY_CHANGE: _("Mengusulkan dan menetapkan perubahan aturan (untuk seluruh kota)"),
    Permission.INTEGRITY_VIEW: _("Memeriksa tanda integritas"),
    Permission.RATINGS_JUDGE: _("Melepas penilaian yang ditahan, membatalkannya berdua, dan mencatat telepon periksa"),
    Permission.AWARD_VIEW: _("Membaca bukti calon penghargaan"),
    Permission.AWARD_DECIDE: _("Memutuskan penghargaan"),
    Permission.LEARNING_TAKE: _("Belajar dan menyatakan sudah membaca aturan"),
    Permission.LEARNING_MONITOR: _("Memantau pemahaman per unit"),
}
"""What each permission lets somebody do, in words."""


@dataclass(frozen=True)
class RoleInfo:
    """What a role is called, what it is for, and what it may do."""

    label: str
    purpose: str
    permissions: frozenset[Permission]


P = Permission
_EVERYONE = frozenset({P.LEARNING_TAKE, P.CATALOGUE_VIEW})

ROLES: dict[Role, RoleInfo] = {
    Role.CITIZEN: RoleInfo(_("Warga"), _("Menilai layanan tanpa akun."), frozenset()),
    Role.OFFICER: RoleInfo(
        _("Petugas loket"),
        _("Melayani warga, menyerahkan tiket, membaca nilainya sendiri."),
        _EVERYONE | {P.COUNTER_SERVE},
    ),
    Role.EMPLOYEE: RoleInfo(_("Pegawai"), _("Membaca dan menerima hasil evaluasinya, belajar."), _EVERYONE),
    Role.APPRAISER: RoleInfo(_("Penilai"), _("Menilai dan menandatangani evaluasi timnya."), _EVERYONE | {P.TEAM_RATE}),
    Role.UNIT_HEAD: RoleInfo(
        _("Kepala unit"),
        _("Membaca hasil unit, menerbitkan laporan SKM dan menilai timnya."),
        _EVERYONE | {P.TEAM_RATE, P.UNIT_RESULT_VIEW, P.SKM_PLAN, P.SKM_PUBLISH},
    ),
    Role.SUPERIOR: RoleInfo(
        _("Atasan penilai"),
        _("Menetapkan capaian unit di bawahnya."),
        _EVERYONE | {P.TEAM_RATE, P.UNIT_RESULT_VIEW, P.ACHIEVEMENT_SET},
    ),
    Role.OPERATOR: RoleInfo(
        _("Operator unit"),
        _("Memasukkan berkas pegawai, unit dan layanan, dan rencana tindak lanjut SKM."),
        _EVERYONE | {P.PEOPLE_VIEW, P.PEOPLE_IMPORT, P.EVENTS_IMPORT, P.KIOSK_MANAGE, P.SKM_PLAN},
    ),
    Role.BKPSDM: RoleInfo(
        _("BKPSDM"),
        _("Mengelola data pegawai, aturan, penutupan bulan, penghargaan dan pelatihan."),
        _EVERYONE
        | {
            P.PEOPLE_VIEW,
            P.PEOPLE_IMPORT,
            P.APPRAISER_SET,
            P.ROLE_GRANT,
            P.EVENTS_IMPORT,
            P.RATINGS_IMPORT,
            P.EXTERNAL_VIEW,
            P.MONTH_CLOSE,
            P.MONTH_REOPEN,
            P.UNIT_RESULT_VIEW,
            P.SKM_PUBLISH,
            P.SKM_IMPORT,
            P.EVALUATION_MONITOR,
            P.POLICY_VIEW,
            P.POLICY_CHANGE,
            P.AWARD_VIEW,
            P.LEARNING_MONITOR,
        },
    ),
    Role.PYB: RoleInfo(
        _("Pejabat yang berwenang"),
        _("Menerima laporan evaluasi."),
        _EVERYONE | {P.EVALUATION_MONITOR, P.UNIT_RESULT_VIEW, P.POLICY_VIEW},
    ),
    Role.COMMITTEE: RoleInfo(
        _("Tim penghargaan"),
        _("Menimbang bukti calon dan memutuskan."),
        _EVERYONE | {P.AWARD_VIEW, P.AWARD_DECIDE, P.POLICY_VIEW},
    ),
    Role.MAYOR: RoleInfo(
        _("Wali kota"),
        _("Menetapkan capaian unit dan membaca hasil kota."),
        frozenset({P.ACHIEVEMENT_SET, P.UNIT_RESULT_VIEW, P.AWARD_VIEW, P.EVALUATION_MONITOR, P.POLICY_VIEW}),
    ),
    Role.INSPECTOR: RoleInfo(
        _("Inspektorat"),
        _("Memeriksa integritas dan jejak audit."),
        _EVERYONE | {P.INTEGRITY_VIEW, P.RATINGS_JUDGE, P.AUDIT_VIEW, P.POLICY_VIEW, P.COMPLAINT_MONITOR},
    ),
    Role.MODERATOR: RoleInfo(
        _("Moderator"), _("Memeriksa komentar warga tentang kantor lain."), _EVERYONE | {P.COMMENT_MODERATE}
    ),
    Role.COMPLAINT_HANDLER: RoleInfo(
        _("Penangan pengaduan"), _("Menangani pengaduan bernama."), _EVERYONE | {P.COMPLAINT_HANDLE}
    ),
    Role.PRIVACY_OFFICER: RoleInfo(
        _("Pejabat pelindungan data"),
        _("Menjawab permintaan data pribadi."),
        _EVERYONE | {P.AUDIT_VIEW, P.COMPLAINT_READINGS_VIEW},
    ),
    Role.ADMIN: RoleInfo(
        _("Administrator sistem"),
        _("Menjaga sistem: akun, peran, sumber data. Tidak membaca nilai perorangan."),
        frozenset({P.ROLE_GRANT, P.SOURCE_MANAGE, P.KIOSK_MANAGE, P.AUDIT_VIEW, P.PEOPLE_VIEW}),
    ),
}
