"""Addresses of results and closings; those of the team screen stand in `urls_team`."""

from __future__ import annotations

from datetime import date

from django.urls import URLPattern, URLResolver, include, path, register_converter

from teladan.core import clock
from teladan.evaluation.views import closing, results, rulebook, watching


class Month:
    """`2026-10` in an address; a month that cannot exist is no address."""

    regex = r"[0-9]{4}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        return clock.parse_month(value)

    def to_url(self, value: date | str) -> str:
        return value if isinstance(value, str) else f"{value:%Y-%m}"


register_converter(Month, "month")

urlpatterns: list[URLPattern | URLResolver] = [
    path("bulan", closing.closing_list, name="closing-list"),
    path("bulan/<month:month>", closing.closing_detail, name="closing-detail"),
    path("bulan/<month:month>/tutup", closing.closing_start, name="closing-start"),
    path("bulan/<month:month>/buka-kembali", closing.closing_reopen, name="closing-reopen"),
    path("nilai-saya", results.result_own, name="result-own"),
    path("nilai/<int:result_id>/mengapa", results.result_why, name="result-why"),
    path("nilai/<int:result_id>/hitung-ulang.json", results.result_recompute, name="result-recompute"),
    path("nilai/hitung_ulang.py", results.recompute_script, name="recompute-script"),
    path("hasil-unit", results.unit_results, name="unit-results"),
    path("hasil-unit/<int:result_id>", results.unit_detail, name="unit-result"),
    path("hasil-unit/<int:result_id>/mengapa", results.unit_why, name="unit-why"),
    path("integritas", watching.integrity_list, name="integrity-list"),
    path("integritas/<month:month>", watching.integrity_detail, name="integrity-detail"),
    path("aturan", rulebook.policy_list, name="policy-list"),
    path("aturan/riwayat", rulebook.policy_history, name="policy-history"),
    path("aturan/paket.json", rulebook.policy_pack, name="policy-pack"),
    path("aturan/usulan/<int:proposal_id>", rulebook.proposal_detail, name="proposal-detail"),
    path("aturan/usulan/<int:proposal_id>/hitung", rulebook.proposal_try, name="proposal-try"),
    path("aturan/usulan/<int:proposal_id>/tetapkan", rulebook.proposal_adopt, name="proposal-adopt"),
    path("aturan/usulan/<int:proposal_id>/batal", rulebook.proposal_drop, name="proposal-drop"),
    path("aturan/<str:key>", rulebook.policy_detail, name="policy-detail"),
    path("aturan/<str:key>/usul", rulebook.policy_propose, name="policy-propose"),
    path("aturan/<str:key>/tarik/<month:month>", rulebook.policy_withdraw, name="policy-withdraw"),
    path("", include("teladan.evaluation.urls_team")),
    path("", include("teladan.evaluation.urls_skm")),
]
