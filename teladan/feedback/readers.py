"""Who reads what a citizen gives, said to the citizen. The sentences are read off the table that decides, `rules.readings`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from teladan.feedback import rules
from teladan.feedback.rules import Part, Reader, Reading


def table_from(policy: Mapping[str, Any]) -> tuple[Reading, ...]:
    """The table of a month, from its frozen policy."""
    return rules.readings(
        k=int(policy["disclosure.k"]),
        officer_n=int(policy["score.min_n"]),
        evaluation_n=int(policy["score.evaluation_n"]),
    )


@dataclass(frozen=True)
class Line:
    """One row of the page that tells who reads what."""

    reader: str
    single: str
    mean: str
    comment: str


def sentence(table: tuple[Reading, ...]) -> str:
    """The one sentence on the form, about answers."""
    minimum = min((row.minimum for row in table if row.part == Part.MEAN and row.allowed), default=0)
    if _anyone(table, Part.SINGLE):
        return _("Petugas dapat membaca jawaban Anda.")
    return _(
        "Petugas tidak tahu siapa yang menilai; hasil baru tampil bila ada paling sedikit %(minimum)s penilaian."
    ) % {"minimum": minimum}


def comment_sentence(table: tuple[Reading, ...]) -> str:
    """The sentences beside the comment."""
    shown = [
        row.minimum for row in table if row.part == Part.COMMENT and row.allowed and row.reader != Reader.MODERATOR
    ]
    if not _anyone(table, Part.COMMENT):
        return _("Komentar Anda disimpan tanpa nama dan belum dibaca siapa pun.")
    if not shown:
        return _("Pemeriksa dari kantor lain membaca komentar Anda. Jangan menulis nama atau nomor.")
    return _(
        "Pemeriksa dari kantor lain membaca dulu dan menutup nama. "
        "Lalu komentar tampil untuk umum, bila ada paling sedikit %(minimum)s."
    ) % {"minimum": min(shown)}


def _anyone(table: tuple[Reading, ...], part: Part) -> bool:
    return any(row.allowed for row in table if row.part == part)


def lines(table: tuple[Reading, ...]) -> list[Line]:
    """The whole table in words, one line per reader."""
    names = {
        Reader.OFFICER: _("Petugas yang melayani Anda"),
        Reader.SUPERIOR: _("Atasannya"),
        Reader.PUBLIC: _("Masyarakat"),
        Reader.MODERATOR: _("Pemeriksa komentar dari kantor lain"),
    }
    return [
        Line(name, *(_in_words(reader, part, table) for part in (Part.SINGLE, Part.MEAN, Part.COMMENT)))
        for reader, name in names.items()
    ]


def _in_words(reader: Reader, part: Part, table: tuple[Reading, ...]) -> str:
    for row in table:
        if row.reader == reader and row.part == part and row.allowed:
            if part == Part.COMMENT:
                return _comments_in_words(row.minimum)
            return _("ya, mulai %(minimum)s penilaian") % {"minimum": row.minimum}
    return _("tidak")


def _comments_in_words(minimum: int) -> str:
    return _("ya, mulai %(minimum)s komentar") % {"minimum": minimum} if minimum else _("ya, sebelum yang lain")
