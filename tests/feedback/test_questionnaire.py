"""The questionnaire holds the law's elements and labels, in every language; who reads is said as it is decided."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.utils import translation

from teladan.feedback import readers, rules
from teladan.feedback.models import ELEMENTS
from teladan.feedback.questionnaire import PATH, profile_words, questionnaire_on, version_named, versions
from teladan.feedback.rules import Part, Reader, Reading

LABELS_OF_THE_LAW = {
    "persyaratan": "Tidak sesuai|Kurang sesuai|Sesuai|Sangat sesuai",
    "prosedur": "Tidak mudah|Kurang mudah|Mudah|Sangat mudah",
    "waktu": "Tidak cepat|Kurang cepat|Cepat|Sangat cepat",
    "biaya": "Sangat mahal|Cukup mahal|Murah|Gratis",
    "produk": "Tidak sesuai|Kurang sesuai|Sesuai|Sangat sesuai",
    "kompetensi": "Tidak kompeten|Kurang kompeten|Kompeten|Sangat kompeten",
    "perilaku": "Tidak sopan dan ramah|Kurang sopan dan ramah|Sopan dan ramah|Sangat sopan dan ramah",
    "sarana": "Buruk|Cukup|Baik|Sangat baik",
    "pengaduan": "Tidak ada|Ada tetapi tidak berfungsi|Berfungsi kurang maksimal|Dikelola dengan baik",
}
TABLE = rules.readings(k=10, officer_n=10, evaluation_n=30)


# --- the questionnaire -----------------------------------------------------------------------------------------------


def test_unknown_version_is_an_error() -> None:
    with pytest.raises(LookupError, match="1999"):
        version_named("1999")


def test_labels_are_those_of_the_law() -> None:
    for version in versions():
        found = {name: "|".join(version.question(name, "id").labels) for name in ELEMENTS}
        assert found == LABELS_OF_THE_LAW


def test_every_element_is_asked_once() -> None:
    for version in versions():
        asked = [*version.first_page, *version.second_page]
        assert sorted(asked) == sorted(["overall", *ELEMENTS])
        assert version.first_page == ("overall", "kompetensi", "perilaku")


def test_every_language_is_complete() -> None:
    for raw in json.loads(PATH.read_text(encoding="utf-8"))["versions"]:
        for name, wordings in raw["questions"].items():
            assert set(wordings) == {"id", "en", "min"}, name
            for wording in wordings.values():
                assert len(wording["labels"]) == len(set(wording["labels"])) == 4
                assert wording["text"].endswith("?")


def test_questions_are_short() -> None:
    for version in versions():
        for name in ("overall", *ELEMENTS):
            for language in ("id", "en", "min"):
                assert len(version.question(name, language).text.split()) <= 12


def test_unknown_language_falls_back_to_indonesian() -> None:
    version = versions()[0]
    assert version.question("waktu", "fr") == version.question("waktu", "id")
    assert version.profile[0].text("fr") == version.profile[0].text("id")
    assert version.profile[0].choices("fr") == version.profile[0].choices("id")


def test_version_of_a_day() -> None:
    assert questionnaire_on(date(1999, 1, 1)) == questionnaire_on(date(2026, 10, 1)) == versions()[0]
    assert version_named(versions()[0].version) == versions()[0]


# --- who reads -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", list(Reader))
def test_nobody_reads_single_answers(reader: Reader) -> None:
    assert not rules.may_read(reader, Part.SINGLE, n=1_000_000, table=TABLE)


@pytest.mark.parametrize("reader", [Reader.OFFICER, Reader.SUPERIOR, Reader.PUBLIC])
def test_comments_are_read_from_ten_on_and_by_the_moderator_before(reader: Reader) -> None:
    assert not rules.may_read(reader, Part.COMMENT, n=9, table=TABLE)
    assert rules.may_read(reader, Part.COMMENT, n=10, table=TABLE)
    assert rules.may_read(Reader.MODERATOR, Part.COMMENT, n=1, table=TABLE)


def test_what_the_table_does_not_name_is_refused() -> None:
    assert not rules.may_read(Reader.OFFICER, Part.MEAN, n=100, table=())


@pytest.mark.parametrize(("reader", "n"), [(Reader.OFFICER, 10), (Reader.SUPERIOR, 30), (Reader.PUBLIC, 10)])
def test_means_are_read_from_the_threshold_on(reader: Reader, n: int) -> None:
    assert not rules.may_read(reader, Part.MEAN, n=n - 1, table=TABLE)
    assert rules.may_read(reader, Part.MEAN, n=n, table=TABLE)


def test_sentence_follows_the_table() -> None:
    with translation.override("id"):
        assert readers.sentence(TABLE) == (
            "Petugas tidak tahu siapa yang menilai; hasil baru tampil bila ada paling sedikit 10 penilaian."
        )
        assert "25 penilaian" in readers.sentence(rules.readings(k=25, officer_n=25, evaluation_n=30))
        assert "dapat membaca" in readers.sentence((*TABLE, Reading(Reader.SUPERIOR, Part.SINGLE, True)))
        assert readers.comment_sentence(TABLE) == (
            "Pemeriksa dari kantor lain membaca dulu dan menutup nama. "
            "Lalu komentar tampil untuk umum, bila ada paling sedikit 10."
        )
        assert "sedikit 25." in readers.comment_sentence(rules.readings(k=25, officer_n=25, evaluation_n=30))
        only = (Reading(Reader.MODERATOR, Part.COMMENT, True),)
        assert "tampil" not in readers.comment_sentence(only)
        assert "belum dibaca siapa pun" in readers.comment_sentence(())


def test_lines_follow_the_table() -> None:
    with translation.override("id"):
        lines = readers.lines(TABLE)
    assert [line.mean for line in lines] == [f"ya, mulai {n} penilaian" for n in (10, 30, 10, 10)]
    assert {line.single for line in lines} == {"tidak"}
    assert [line.comment for line in lines] == [*["ya, mulai 10 komentar"] * 3, "ya, sebelum yang lain"]


def test_published_words_of_the_profile_are_said_in_the_readers_language() -> None:
    assert profile_words("24 tahun atau lebih muda", "en") == "24 or younger"
    assert profile_words("Jenis kelamin", "min") == "Jinih kalamin"
    assert profile_words("Umur", "id") == "Umur"
    assert profile_words("kata yang tidak dikenal", "en") == "kata yang tidak dikenal"
