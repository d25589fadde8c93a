""" "Why this number?": the page says how it came about, and the file redoes it to 1e-6 without any citizen's answer."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from teladan import scoring
from teladan.core import clock, policy
from teladan.core.models import AuditEvent
from teladan.evaluation.actions.closing import close_month
from teladan.evaluation.models import OfficerResult, UnitResult
from teladan.evaluation.views import explained
from teladan.people.models import User
from tests import make
from tests.evaluation.small_city import OCTOBER, City, closing_time, everyone, make_city

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(settings: Any) -> Iterator[None]:
    settings.NAVIGATION = ""
    with clock.at(closing_time()):
        yield


@pytest.fixture
def city() -> City:
    city = make_city(officers=4, services=2, spread=1.0)
    city.serve(OCTOBER, everyone(city, 60))
    close_month(month=OCTOBER, by="uji")
    return city


def officer(city: City, index: int = 0) -> tuple[User, OfficerResult]:
    person = city.officers[index]
    return make.make_user(person, role="officer"), OfficerResult.objects.get(person=person)


def get(user: User, name: str, *arguments: int) -> str:
    client = Client()
    client.force_login(user)
    response = client.get(reverse(name, args=arguments))
    assert response.status_code == 200
    return response.content.decode()


def comma(value: float | None, digits: int = 2) -> str:
    assert value is not None
    return f"{value:.{digits}f}".replace(".", ",")


def test_recompute_file_redoes_the_score_by_hand(city: City) -> None:
    for index in range(4):
        user, result = officer(city, index)
        file = json.loads(get(user, "result-recompute", result.pk))
        total = 0.0
        for point in file["grid"]:
            lam = file["n"] * point["sigma2_a"] / (file["n"] * point["sigma2_a"] + point["sigma2_e"])
            assert lam == pytest.approx(point["lam"], abs=1e-6)
            total += point["weight"] * (point["mu"] + lam * (file["raw_mean"] - point["offset"]))
        assert total == pytest.approx(result.score, abs=1e-6)
        assert scoring.recompute_score(file) == pytest.approx(file["nilai"]["score"], abs=1e-6)
        assert (file["nilai"]["high"] - file["nilai"]["low"]) / 2 == pytest.approx(
            file["quantile"] * file["nilai"]["se"], abs=1e-9
        )
        adjusted = sum(p["weight"] * (p["mu"] + file["raw_mean"] - p["offset"]) for p in file["grid"])
        assert adjusted == pytest.approx(file["nilai"]["adjusted"], abs=1e-6)


def test_recompute_program_agrees_and_notices_a_changed_figure(city: City, tmp_path: Path) -> None:
    """The program as downloaded, alone in an empty folder, with a Python that sees nothing of ours."""
    user, result = officer(city)
    program, file = tmp_path / "hitung_ulang.py", tmp_path / "nilai.json"
    program.write_text(get(user, "recompute-script"), encoding="utf-8")
    assert len(program.read_text(encoding="utf-8").splitlines()) <= 60
    file.write_text(get(user, "result-recompute", result.pk), encoding="utf-8")
    command = [sys.executable, "-I", "-S", program, file]
    good = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (good.returncode, "Semua sama" in good.stdout) == (0, True), good.stdout + good.stderr
    record = json.loads(file.read_text(encoding="utf-8"))
    record["nilai"]["score"] += 0.00001
    file.write_text(json.dumps(record), encoding="utf-8")
    bad = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (bad.returncode, "score: tertulis" in bad.stdout) == (1, True)


def test_recompute_program_needs_login(client: Client) -> None:
    assert client.get(reverse("recompute-script")).status_code == 302


def test_recompute_file_holds_no_answer_and_nobody_else(city: City) -> None:
    user, result = officer(city)
    text = get(user, "result-recompute", result.pk)
    file = json.loads(text)
    numbers = [part for value in file.values() if isinstance(value, list) for part in value]
    assert len(file["grid"]) == 12
    assert len(numbers) == 14  # the points of the grid, and the two ends of the window
    for other in city.officers[1:]:
        assert other.nip not in text
        assert other.name not in text


def test_recompute_download_is_audited_and_named(city: City) -> None:
    user, result = officer(city)
    client = Client()
    client.force_login(user)
    response = client.get(reverse("result-recompute", args=[result.pk]))
    assert response.headers["Content-Disposition"] == 'attachment; filename="hitung-ulang-2026-10-DISDUK.json"'
    event = AuditEvent.objects.get(event="evaluation.recompute_downloaded")
    assert event.subject == f"officer_result:{result.pk}"
    assert event.actor == f"user:{user.pk}"


def test_why_shows_every_step_the_interval_and_the_law(city: City) -> None:
    user, result = officer(city)
    text = get(user, "result-why", result.pk)
    assert f"Mengapa nilai saya {comma(result.score)}?" in text
    for value in (result.raw_mean, result.low, result.high, result.reliability):
        assert comma(value) in text
    for words in (
        "Rata-rata mentah dari 60 penilaian",
        "50% dari tiket yang Anda serahkan",
        "PermenPANRB 6/2022 pasal 18 ayat (2) huruf c",
        "PermenPANRB 14/2017",
        "Tidak ada keputusan otomatis",
        "Minta pemeriksaan data",
        "c-interval",
        result.closing.results_digest,
    ):
        assert words in text, words


def test_why_shows_the_formula_with_the_officers_own_numbers(city: City) -> None:
    user, result = officer(city)
    text = get(user, "result-why", result.pk)
    assert result.recompute is not None
    point = result.recompute["grid"][0]
    for value in (result.score, point["mu"], point["lam"], point["offset"]):
        assert comma(value, 4) in text


def test_why_names_the_rules_of_the_month_and_their_basis(city: City) -> None:
    user, result = officer(city)
    text = get(user, "result-why", result.pk)
    assert "Penilai boleh memakai nilai mulai sekian penilaian." in text
    (basis,) = [row.legal_basis for row in policy.rows_on(OCTOBER) if row.key == "score.evaluation_n"]
    assert escape(basis) in text


def test_why_for_others_leaves_out_what_is_the_officers(city: City) -> None:
    head = make.make_user(make.make_head(city.unit))
    result = next(row for row in OfficerResult.objects.all() if row.use in ("evaluation", "award"))
    text = get(head, "result-why", result.pk)
    assert comma(result.score) in text
    assert result.person.name in text
    for words in ("hitung-ulang", "Rata-rata mentah", "Tingkat jawaban", "Ditarik", "Rumus"):
        assert words not in text, words


def test_why_of_too_few_ratings_shows_no_number_but_the_way_there(city: City) -> None:
    row = make.make_officer_result(make.make_closing(OCTOBER.replace(month=9)), city.officers[0], city.unit, "hidden")
    user = make.make_user(city.officers[0])
    text = get(user, "result-why", row.pk)
    assert "Belum cukup data" in text
    assert "paling sedikit 10 penilaian" in text
    assert re.search(r"3\s+hari berbeda", text)
    client = Client()
    client.force_login(user)
    assert client.get(reverse("result-recompute", args=[row.pk])).status_code == 404


def test_unit_why_redoes_the_index_in_exact_ninths(city: City) -> None:
    result = UnitResult.objects.get(service=None)
    nrr = sum((Fraction(e["sum"], e["n"]) for e in result.elements.values()), Fraction(0))
    assert scoring.round_half_up(Fraction(25, 9) * nrr) == result.ikm
    head = make.make_user(make.make_person(), role="unit_head", unit=city.unit)
    text = get(head, "unit-why", result.pk)
    assert f"Mengapa indeksnya {comma(float(result.ikm or 0))}?" in text
    assert f"25 × {comma(float(nrr), 4)} ÷ 9" in text
    assert "Krejcie dan Morgan" in text
    assert f"meminta {scoring.sample_size(480)}" in re.sub(r"\s+", " ", text)
    assert "PermenPANRB 14/2017" in text
    assert comma(result.low) in text


def test_unit_why_costs_eight_queries(city: City, django_assert_num_queries: Any) -> None:
    result = UnitResult.objects.get(service=None)
    client = Client()
    client.force_login(make.make_user(make.make_person(), role="unit_head", unit=city.unit))
    with django_assert_num_queries(8):
        client.get(reverse("unit-why", args=[result.pk]))


def test_own_page_says_what_would_change_the_score(city: City) -> None:
    user, result = officer(city)
    assert result.plans
    text = get(user, "result-why", result.pk)
    assert "Apa yang mengubahnya" in text
    assert "menggeser nilai kira-kira" in text


def test_plan_is_told_in_words() -> None:
    result = OfficerResult(
        n=20,
        plans=[
            {"use": "evaluation", "target": 0.7, "more": 40, "ceiling": 0.9},
            {"use": "award", "target": 0.8, "more": None, "ceiling": 0.75},
        ],
    )
    near, far = explained._plans(result)
    assert near.words == "Dengan 40 penilaian lagi keandalan mencapai 0,70."
    assert "paling tinggi 0,75" in far.words
