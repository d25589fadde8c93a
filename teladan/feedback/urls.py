"""Addresses of the citizen's pages and of outside ratings; the counter keeps its own list."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from teladan.feedback.views import checking, citizen, comments, external

urlpatterns: list[URLPattern | URLResolver] = [
    path("n/", citizen.rating_form, name="rating-form"),  # as hands type it; addresses are made of the next line
    path("n", citizen.rating_form, name="rating-form"),
    path("n/lanjut", citizen.rating_more, name="rating-more"),
    path("n/pesan", citizen.rating_comment, name="rating-comment"),
    path("n/lengkap", citizen.rating_official, name="rating-official"),
    path("n/selesai", citizen.rating_done, name="rating-done"),
    path("n/tanda-terima.txt", citizen.rating_receipt, name="rating-receipt"),
    path("n/ketik", citizen.rating_typed, name="rating-typed"),
    path("n/siapa-membaca", citizen.rating_readers, name="rating-readers"),
    path("n/<path:token>", citizen.ticket_open, name="ticket-open"),
    path("cek", checking.receipt_check, name="receipt-check"),
    path("cek/ulang", checking.receipt_again, name="receipt-again"),
    path("cek/bulan", checking.leaf_months, name="leaf-months"),
    path("cek/bulan/<str:month>.txt", checking.leaf_list, name="leaf-list"),
    path("cek/log.txt", checking.leaf_log, name="leaf-log"),
    path("cek/periksa_bulan.py", checking.check_program, name="check-program"),
    path("komentar", comments.moderation_queue, name="moderation-queue"),
    path("komentar/jawaban", comments.moderation_replies, name="moderation-replies"),
    path("nilai-saya/komentar", comments.comment_own, name="comment-own"),
    path("nilai-saya/komentar/<uuid:comment_id>", comments.comment_reply, name="comment-reply"),
    path("penilaian-luar", external.external_list, name="external-list"),
    path("", include("teladan.feedback.urls_counter")),
    path("", include("teladan.feedback.urls_kiosk")),
    path("", include("teladan.feedback.urls_sources")),
    path("", include("teladan.feedback.urls_integrity")),
]
