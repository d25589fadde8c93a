"""Addresses: the complainant's under /pengaduan, the office's under /pengaduan/kasus. None holds a secret."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from teladan.complaints.views import cases, citizen

urlpatterns: list[URLPattern | URLResolver] = [
    path("pengaduan", citizen.complaint_start, name="complaint-start"),
    path("pengaduan/baru", citizen.complaint_form, name="complaint-form"),
    path("pengaduan/tanda-terima", citizen.complaint_receipt, name="complaint-receipt"),
    path("pengaduan/cek", citizen.complaint_check, name="complaint-check"),
    path("pengaduan/status", citizen.complaint_status, name="complaint-status"),
    path("pengaduan/status/cabut", citizen.complaint_withdraw, name="complaint-withdraw"),
    path("pengaduan/status/tutup", citizen.complaint_leave, name="complaint-leave"),
    path("pengaduan/kasus", cases.complaint_list, name="complaint-list"),
    path("pengaduan/kasus/terlambat", cases.complaint_overdue, name="complaint-overdue"),
    path("pengaduan/kasus/catatan-baca", cases.complaint_readings, name="complaint-readings"),
    path("pengaduan/kasus/<uuid:case_id>", cases.complaint_case, name="complaint-case"),
    path("pengaduan/kasus/<uuid:case_id>/ambil", cases.complaint_take, name="complaint-take"),
    path("pengaduan/kasus/<uuid:case_id>/lepas", cases.complaint_release, name="complaint-release"),
    path(
        "pengaduan/kasus/<uuid:case_id>/lampiran/<uuid:attachment_id>",
        cases.complaint_attachment,
        name="complaint-attachment",
    ),
    path("pengaduan/kasus/<uuid:case_id>/teradu/<int:hearing_id>", cases.complaint_record, name="complaint-record"),
    path("pengaduan/kasus/<uuid:case_id>/<slug:act>", cases.complaint_act, name="complaint-act"),
    path("pengaduan/keterangan/<int:hearing_id>", cases.complaint_statement, name="complaint-statement"),
]
