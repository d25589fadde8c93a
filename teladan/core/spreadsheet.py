"""Tables in and out: CSV and XLSX become headers and rows of clean text, under caps; rows become safe files.

Reading streams. Every value comes trimmed, without a leading apostrophe, and empty where the file says `null`; headers
come in capitals with single spaces. What Excel damaged (1.98E+17) is shown as it is and never repaired.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import SEEK_END, BytesIO, StringIO
from pathlib import PurePath

from teladan.core import xlsx
from teladan.core.refusal import FileRefused
from teladan.core.xlsx import column_name

__all__ = [
    "FileRefused",
    "Row",
    "Table",
    "clean",
    "column_name",
    "read_table",
    "reduce_table",
    "stream_csv",
    "write_book",
    "write_csv",
    "write_xlsx",
]

MAX_ROWS = 100_000
MAX_COLUMNS = 300
MAX_CELL = 4_000
BLOCK = 32_768

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"
_OTHER_KINDS = {
    b"%PDF": "PDF",
    b"\x89PNG": "gambar",
    b"\xff\xd8\xff": "gambar",
    b"Rar!": "arsip RAR",
    b"7z\xbc\xaf": "arsip 7z",
    b"\x1f\x8b": "arsip gzip",
    b"MZ": "program",
    b"\x7fELF": "program",
}
_MARK = "#BARIS|"  # first header of a reduced copy: the original row numbers, and the sheet's name after it
_SEPARATOR = re.compile(r'"?sep=([,;\t])"?\r?\n', re.IGNORECASE)  # Excel's first line; it shows the rows without it
_SPACES = re.compile(r"[\s\u00a0\u200b\ufeff]+")
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One row by header; `surplus` counts values to the right of the last header (a shifted row)."""

    number: int
    values: dict[str, str]
    surplus: int = 0


@dataclass(frozen=True)
class Table:
    """One sheet; `rows` can be walked once and may raise FileRefused on the way."""

    sheet: str
    headers: list[str]
    rows: Iterator[Row]


def clean(value: str) -> str:
    """Trimmed, inner spaces single, no leading apostrophe, `null` as nothing."""
    value = value.strip()
    if value[:1] in {"'", "’", "`"}:
        value = value[1:]
    if not value.isascii() or "  " in value or "\n" in value:
        value = _SPACES.sub(" ", value).strip()
    return "" if value in {"null", "NULL", "Null"} else value


# --- in ------------------------------------------------------------------------------------------------------------------


def read_table(content: bytes, filename: str) -> Table:
    """Headers and rows of a CSV file or of the first visible sheet of a workbook. FileRefused says what to do instead."""
    from django.conf import settings

    if len(content) > settings.MAX_IMPORT_BYTES:
        raise FileRefused(too_large(len(content)))
    sheet, rows = _raw_rows(content, PurePath(filename).suffix.lower())
    first = next(rows, None)
    if first is None:
        raise FileRefused("Berkas kosong: tidak ada judul kolom dan tidak ada baris.")
    if first[1] and first[1][0][1].startswith(_MARK):
        return _reduced(first[1], rows)
    headers = _headers(first[1])
    return Table(sheet, list(headers.values()), _rows(headers, rows))


def too_large(size: int) -> str:
    """What to say about a file over the cap."""
    from django.conf import settings

    return (
        f"Berkas {size / 1e6:.0f} MB terlalu besar; paling besar {settings.MAX_IMPORT_BYTES / 1e6:.0f} MB. "
        "Hapus lembar dan kolom yang tidak perlu, atau bagi per unit."
    )


def _raw_rows(content: bytes, suffix: str) -> tuple[str, Iterator[tuple[int, xlsx.Cells]]]:
    if content.startswith(_ZIP):
        if suffix not in {".xlsx", ""}:
            raise FileRefused(
                f"Isi berkas ini buku kerja Excel, tetapi namanya berakhiran {suffix}. Simpan sebagai .xlsx."
            )
        return xlsx.read_sheet(content, MAX_CELL)
    if content.startswith(_OLE):
        raise FileRefused(
            "Berkas ini format Excel lama atau dikunci kata sandi. Simpan sebagai .xlsx tanpa kata sandi."
        )
    for magic, kind in _OTHER_KINDS.items():
        if content.startswith(magic):
            raise FileRefused(f"Berkas ini {kind}, bukan tabel. Unggah .xlsx atau .csv.")
    if content[:200].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml", b"<table")):
        raise FileRefused("Berkas ini halaman web atau XML yang diberi nama lain. Buka di Excel, simpan sebagai .xlsx.")
    text = _text(content)
    if suffix == ".xlsx" and not text.startswith(_MARK):
        raise FileRefused(
            "Nama berkas .xlsx, tetapi isinya bukan buku kerja Excel. Simpan ulang sebagai .xlsx atau CSV."
        )
    return "", _csv_rows(text)


def _text(content: bytes) -> str:
    """UTF-8 with or without a mark, UTF-16 with its mark, else Windows Latin."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\0" in content:
        raise FileRefused("Berkas ini bukan teks CSV dan bukan buku kerja .xlsx. Unggah .xlsx atau .csv.")
    else:
        encoding = "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _csv_rows(text: str) -> Iterator[tuple[int, xlsx.Cells]]:
    first = text[: text.find("\n") if "\n" in text else len(text)]
    if len(first) > MAX_COLUMNS * 200:
        raise FileRefused(_too_many_columns())
    if said := _SEPARATOR.match(text):
        text = text[said.end() :]
    delimiter = said[1] if said else max(",;\t", key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    number = 0  # of the record: what a spreadsheet shows, also where a cell holds several lines
    try:
        for cells in reader:
            number += 1
            if len(cells) > 4 * MAX_COLUMNS:
                raise FileRefused(_too_many_columns())
            kept = [(index, cell) for index, cell in enumerate(cells) if cell]
            if kept:
                yield number, kept
    except csv.Error as error:
        raise FileRefused(
            f"Baris {number + 1} tidak terbaca: mungkin ada tanda kutip yang tidak ditutup. Perbaiki baris itu."
        ) from error


def _too_many_columns() -> str:
    return f"Kolom berkas terlalu banyak, paling banyak {MAX_COLUMNS}. Hapus kolom yang tidak perlu."


def _headers(cells: xlsx.Cells) -> dict[int, str]:
    """Column index → header in capitals; every header once."""
    found = {index: clean(text).upper() for index, text in cells if clean(text)}
    if not found:
        raise FileRefused("Baris pertama tidak berisi judul kolom.")
    if max(found) >= MAX_COLUMNS:
        raise FileRefused(_too_many_columns())
    if any(len(header) > 100 for header in found.values()):
        raise FileRefused("Baris pertama bukan judul kolom: ada teks yang terlalu panjang.")
    twice = [header for header, count in Counter(found.values()).items() if count > 1]
    if twice:
        raise FileRefused(f"Judul kolom {', '.join(twice)} muncul lebih dari sekali. Hapus kolom yang kembar.")
    return found


def _rows(headers: dict[int, str], rows: Iterable[tuple[int, xlsx.Cells]]) -> Iterator[Row]:
    empty = dict.fromkeys(headers.values(), "")
    last = max(headers)
    count = 0
    for number, cells in rows:
        values = dict(empty)
        surplus = 0
        some = False
        for index, raw in cells:
            value = clean(raw)
            if not value:
                continue
            if len(value) > MAX_CELL:
                raise FileRefused(
                    f"Sel {column_name(index)}{number} berisi lebih dari {MAX_CELL} huruf. Periksa sel itu."
                )
            header = headers.get(index)
            if header:
                values[header] = value
                some = True
            elif index > last:
                surplus += 1
        if not some and not surplus:
            continue
        count += 1
        if count > MAX_ROWS:
            raise FileRefused(f"Baris berkas lebih dari {MAX_ROWS:,}. Bagi per unit.".replace(",", "."))
        yield Row(number, values, surplus)


# --- a copy with fewer columns ---------------------------------------------------------------------------------------------


def reduce_table(table: Table, keep: Iterable[str]) -> bytes:
    """A CSV copy with only these columns; `read_table` gives it back with sheet and row numbers as they were."""
    wanted = set(keep)
    headers = [header for header in table.headers if header in wanted]
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([_MARK + table.sheet, *headers])
    for row in table.rows:
        if row.surplus:
            raise FileRefused(shifted(row))
        writer.writerow([row.number, *(row.values[header] for header in headers)])
    return out.getvalue().encode()


def shifted(row: Row) -> str:
    """What to say about a row with more values than there are headers."""
    return f"Baris {row.number} punya {row.surplus} isian di luar judul kolom: ada kolom yang bergeser. Perbaiki baris itu."


def _reduced(first: xlsx.Cells, rows: Iterator[tuple[int, xlsx.Cells]]) -> Table:
    headers = dict(first[1:])
    return Table(first[0][1].removeprefix(_MARK), list(headers.values()), _reduced_rows(headers, rows))


def _reduced_rows(headers: dict[int, str], rows: Iterator[tuple[int, xlsx.Cells]]) -> Iterator[Row]:
    empty = dict.fromkeys(headers.values(), "")
    for _, cells in rows:
        yield Row(int(cells[0][1]), {**empty, **{headers[index]: value for index, value in cells[1:]}})


# --- out -----------------------------------------------------------------------------------------------------------------


def _safe(value: object) -> object:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(_FORMULA_START):
        return f"'{value}"
    return value


def write_csv(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """UTF-8 with a mark, so that Excel shows letters rightly; no cell is a formula."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([_safe(header) for header in headers])
    for row in rows:
        writer.writerow(["" if value is None else _safe(value) for value in row])
    return codecs.BOM_UTF8 + out.getvalue().encode()


def stream_csv(headers: Sequence[str], rows: Iterable[tuple[Sequence[object], int]]) -> Iterator[bytes]:
    """Blocks of a long CSV, each row as often as is said beside it. Semicolons: Excel opens them as columns in Indonesia,
    where a comma stands inside numbers."""
    out = StringIO(codecs.BOM_UTF8.decode())
    out.seek(0, SEEK_END)
    writer = csv.writer(out, delimiter=";")
    writer.writerow([_safe(header) for header in headers])
    for row, times in rows:
        start = out.tell()
        writer.writerow(["" if value is None else _safe(value) for value in row])
        line = out.getvalue()[start:] if times > 1 else ""
        out.write(line * (times - 1))
        if out.tell() > BLOCK:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def write_xlsx(headers: Sequence[str], rows: Iterable[Sequence[object]], sheet: str = "Data") -> bytes:
    """A workbook with one sheet; text stays text (a NIP of 18 digits too), no cell is a formula."""
    return write_book([(sheet, headers, rows)])


def write_book(sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[object]]]]) -> bytes:
    """A workbook of (name, headers, rows) sheets, as safe as `write_xlsx`."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    for name, headers, rows in sheets:
        page = book.create_sheet(name[:31])
        for row in ([*headers], *rows):
            cells = []
            for value in row:
                cell = WriteOnlyCell(page, value=_safe(value))  # type: ignore[arg-type]  # openpyxl checks it itself
                if isinstance(value, str):
                    cell.data_type = "s"
                    cell.number_format = "@"
                cells.append(cell)
            page.append(cells)
    out = BytesIO()
    book.save(out)
    return out.getvalue()
