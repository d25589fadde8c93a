from django.urls import path

from teladan.desk import views

urlpatterns = [path("", views.desk_home, name="desk-home")]
