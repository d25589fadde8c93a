from django.urls import path

from teladan.evaluation.views import team

urlpatterns = [
    path("tim", team.team_rate, name="team-rate"),
    path("tim/<uuid:person_id>/nilai", team.person_rate, name="team-rate-person"),
    path("tim/alasan", team.departure_explain, name="team-departure"),
    path("tim/tanda-tangan", team.team_sign, name="team-sign"),
    path("evaluasi", team.evaluation_list, name="evaluation-list"),
    path("evaluasi/<uuid:evaluation_id>", team.evaluation_detail, name="evaluation-detail"),
    path("evaluasi/<uuid:evaluation_id>/terima", team.evaluation_acknowledge, name="evaluation-acknowledge"),
    path("evaluasi/<uuid:evaluation_id>/d11.pdf", team.evaluation_document, name="evaluation-document"),
    path("capaian", team.achievement_list, name="achievement-list"),
]
