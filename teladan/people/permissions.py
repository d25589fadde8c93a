"""Who may do what: every permission, and the roles as data, on one page.

A role is granted to an account for a unit and everything below it, or for the whole government, from a day until a day
(`Grant`). Being somebody's appraiser is not a grant: it follows from the tree of units on the day in question.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_noop as N_


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
    RATINGS_IMPORT = "feedback.import_ratings"
    EXTERNAL_VIEW = "feedback.view_external"
    MONTH_CLOSE = "evaluation.close_month"
    MONTH_REOPEN = "evaluation.reopen_month"
    UNIT_RESULT_VIEW = "evaluation.view_unit_results"
    TEAM_RATE = "evaluation.rate_team"
    ACHIEVEMENT_SET = "evaluation.set_achievement"
    EVALUATION_MONITOR = "evaluation.monitor"
    INTEGRITY_VIEW = "feedback.view_integrity"
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


LABELS: dict[Permission, str] = {
    Permission.PEOPLE_VIEW: N_("Membaca daftar dan riwayat pegawai"),
    Permission.PEOPLE_IMPORT: N_("Mengimpor pegawai (untuk seluruh kota: juga unit)"),
    Permission.APPRAISER_SET: N_("Menetapkan penilai dan menunjuk Plt., Plh., Pj."),
    Permission.ROLE_GRANT: N_("Membuat akun, memberi dan mencabut peran"),
    Permission.AUDIT_VIEW: N_("Membaca jejak audit"),
    Permission.CATALOGUE_VIEW: N_("Membaca daftar layanan dan standarnya"),
    Permission.COUNTER_SERVE: N_("Melayani di loket dan menyerahkan tiket"),
    Permission.EVENTS_IMPORT: N_("Mengimpor catatan layanan"),
    Permission.SOURCE_MANAGE: N_("Mengelola sumber data dan tokennya"),
    Permission.RATINGS_IMPORT: N_("Mengimpor penilaian dari sumber lain"),
    Permission.EXTERNAL_VIEW: N_("Membaca hasil dari sumber lain"),
    Permission.MONTH_CLOSE: N_("Menutup bulan"),
    Permission.MONTH_REOPEN: N_("Membuka kembali bulan yang sudah ditutup"),
    Permission.UNIT_RESULT_VIEW: N_("Membaca hasil unit"),
    Permission.TEAM_RATE: N_("Menilai dan menandatangani evaluasi tim"),
    Permission.ACHIEVEMENT_SET: N_("Menetapkan capaian unit"),
    Permission.EVALUATION_MONITOR: N_("Memantau kemajuan evaluasi"),
    Permission.INTEGRITY_VIEW: N_("Memeriksa tanda integritas"),
    Permission.AWARD_VIEW: N_("Membaca bukti calon penghargaan"),
    Permission.AWARD_DECIDE: N_("Memutuskan penghargaan"),
    Permission.LEARNING_TAKE: N_("Belajar dan menyatakan sudah membaca aturan"),
    Permission.LEARNING_MONITOR: N_("Memantau pemahaman per unit"),
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
    Role.CITIZEN: RoleInfo(N_("Warga"), N_("Menilai layanan tanpa akun."), frozenset()),
    Role.OFFICER: RoleInfo(
        N_("Petugas loket"),
        N_("Melayani warga, menyerahkan tiket, membaca nilainya sendiri."),
        _EVERYONE | {P.COUNTER_SERVE},
    ),
    Role.EMPLOYEE: RoleInfo(N_("Pegawai"), N_("Membaca dan menerima hasil evaluasinya, belajar."), _EVERYONE),
    Role.APPRAISER: RoleInfo(
        N_("Penilai"), N_("Menilai dan menandatangani evaluasi timnya."), _EVERYONE | {P.TEAM_RATE}
    ),
    Role.UNIT_HEAD: RoleInfo(
        N_("Kepala unit"), N_("Membaca hasil unit dan menilai timnya."), _EVERYONE | {P.TEAM_RATE, P.UNIT_RESULT_VIEW}
    ),
    Role.SUPERIOR: RoleInfo(
        N_("Atasan penilai"),
        N_("Menetapkan capaian unit di bawahnya."),
        _EVERYONE | {P.TEAM_RATE, P.UNIT_RESULT_VIEW, P.ACHIEVEMENT_SET},
    ),
    Role.OPERATOR: RoleInfo(
        N_("Operator unit"),
        N_("Memasukkan berkas pegawai, unit dan layanan."),
        _EVERYONE | {P.PEOPLE_VIEW, P.PEOPLE_IMPORT, P.EVENTS_IMPORT},
    ),
    Role.BKPSDM: RoleInfo(
        N_("BKPSDM"),
        N_("Mengelola data pegawai, aturan, penutupan bulan, penghargaan dan pelatihan."),
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
            P.EVALUATION_MONITOR,
            P.AWARD_VIEW,
            P.LEARNING_MONITOR,
        },
    ),
    Role.PYB: RoleInfo(
        N_("Pejabat yang berwenang"),
        N_("Menerima laporan evaluasi."),
        _EVERYONE | {P.EVALUATION_MONITOR, P.UNIT_RESULT_VIEW},
    ),
    Role.COMMITTEE: RoleInfo(
        N_("Tim penghargaan"), N_("Menimbang bukti calon dan memutuskan."), _EVERYONE | {P.AWARD_VIEW, P.AWARD_DECIDE}
    ),
    Role.MAYOR: RoleInfo(
        N_("Wali kota"),
        N_("Menetapkan capaian unit dan membaca hasil kota."),
        frozenset({P.ACHIEVEMENT_SET, P.UNIT_RESULT_VIEW, P.AWARD_VIEW, P.EVALUATION_MONITOR}),
    ),
    Role.INSPECTOR: RoleInfo(
        N_("Inspektorat"), N_("Memeriksa integritas dan jejak audit."), _EVERYONE | {P.INTEGRITY_VIEW, P.AUDIT_VIEW}
    ),
    Role.MODERATOR: RoleInfo(N_("Moderator"), N_("Memeriksa komentar warga dari luar unit."), _EVERYONE),
    Role.COMPLAINT_HANDLER: RoleInfo(N_("Penangan pengaduan"), N_("Menangani pengaduan bernama."), _EVERYONE),
    Role.PRIVACY_OFFICER: RoleInfo(
        N_("Pejabat pelindungan data"), N_("Menjawab permintaan data pribadi."), _EVERYONE | {P.AUDIT_VIEW}
    ),
    Role.ADMIN: RoleInfo(
        N_("Administrator sistem"),
        N_("Menjaga sistem: akun, peran, sumber data. Tidak membaca nilai perorangan."),
        frozenset({P.ROLE_GRANT, P.SOURCE_MANAGE, P.AUDIT_VIEW, P.PEOPLE_VIEW}),
    ),
}
