"""The gallery of components."""

from django.urls import path

from teladan.ui import views

urlpatterns = [path("gallery", views.gallery_page, name="ui-gallery")]
