from django.urls import path

from teladan.ledger import views

urlpatterns = [
    path("ledger/checkpoint", views.checkpoint, name="ledger-checkpoint"),
    path("ledger/keys", views.key_list, name="ledger-keys"),
    path("ledger/proof/<str:leaf>.tlog-proof", views.proof, name="ledger-proof"),
    path("ledger/consistency/<int:old>/<int:new>", views.consistency, name="ledger-consistency"),
    path("ledger/tile/<int:level>/<path:number>", views.tile, name="ledger-tile"),
]
