from django.urls import URLPattern, URLResolver, path

from teladan.awards import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("penghargaan", views.award_own, name="award-own"),
    path("penghargaan/tim", views.award_list, name="award-list"),
    path("penghargaan/tim/buka", views.round_open, name="award-open"),
    path("penghargaan/tim/<int:round_id>", views.award_round, name="award-round"),
    path("penghargaan/tim/<int:round_id>/pernyataan", views.conflict_state, name="award-conflict"),
    path("penghargaan/tim/<int:round_id>/putusan", views.round_decide, name="award-decide"),
    path("penghargaan/<uuid:award_id>/piagam.pdf", views.award_certificate, name="award-certificate"),
    path("publik/piagam", views.award_check, name="award-check"),
    path("publik/piagam/<str:code>", views.award_verify, name="award-verify"),
]
