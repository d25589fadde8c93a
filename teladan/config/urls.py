"""The map of addresses. Each room keeps its own list."""

from django.urls import include, path

urlpatterns = [
    path("akun/", include("allauth.account.urls")),
    path("bahasa/", include("django.conf.urls.i18n")),
    path("", include("teladan.ui.urls")),
    path("", include("teladan.people.urls")),
    path("", include("teladan.services.urls")),
    path("", include("teladan.feedback.urls")),
    path("", include("teladan.evaluation.urls")),
    path("", include("teladan.awards.urls")),
    path("", include("teladan.learning.urls")),
    path("", include("teladan.transparency.urls")),
    path("", include("teladan.desk.urls")),
]
