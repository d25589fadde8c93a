from django.urls import path

from teladan.learning import views

urlpatterns = [
    path("belajar", views.learning_home, name="learning-home"),
    path("belajar/aturan", views.rules_page, name="learning-rules"),
    path("belajar/suara", views.pulse_form, name="learning-pulse"),
    path("belajar/pantau", views.learning_monitor, name="learning-monitor"),
    path("belajar/<slug:slug>", views.lesson_detail, name="lesson-detail"),
]
