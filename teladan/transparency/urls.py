from django.urls import path

from teladan.transparency import views

urlpatterns = [
    path("publik", views.public_home, name="public-home"),
    path("publik/penghargaan", views.public_awards, name="public-awards"),
    path("publik/cara-kerja", views.public_how, name="public-how"),
    path("publik/unit/<str:code>", views.public_unit, name="public-unit"),
    path("publik/unit/<str:code>/komentar", views.public_comments, name="public-comments"),
    path("publik/unit/<str:code>/skm/<str:key>", views.public_report, name="public-report"),
    path("publik/unit/<str:code>/skm/<str:key>/laporan.pdf", views.public_report_pdf, name="public-report-pdf"),
    path("publik/unit/<str:code>/data.csv", views.public_unit_csv, name="public-unit-csv"),
]
