from django.urls import URLPattern, URLResolver, path

from teladan.services import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("layanan", views.service_list, name="services-list"),
    path("layanan/loket", views.counter_list, name="counters-list"),
    path("layanan/<slug:code>", views.service_detail, name="services-detail"),
]
