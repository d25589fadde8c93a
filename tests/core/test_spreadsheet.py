"""Reading tables: what is refused and why, then what comes out; writing tables that no spreadsheet runs."""

from __future__ import annotations

import codecs
import contextlib
import time
import zipfile
from datetime import date, datetime
from io import BytesIO
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from teladan.core import spreadsheet
from teladan.core.spreadsheet import (
    FileRefused,
    clean,
    column_name,
    read_table,
    reduce_table,
    stream_csv,
    write_csv,
    write_xlsx,
)
from teladan.core.xlsx import number_text

SHEET = "xl/worksheets/sheet1.xml"
NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def workbook(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(content: bytes, name: str, data: bytes) -> bytes:
    """The workbook with one part replaced or added."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, data)
    return out.getvalue()


def sheet(body: str, before: str = "") -> bytes:
    return f'<?xml version="1.0"?>{before}<worksheet {NS}><sheetData>{body}</sheetData></worksheet>'.encode()


def values(content: bytes, filename: str = "a.xlsx") -> list[list[str]]:
    return [list(row.values.values()) for row in read_table(content, filename).rows]


def refusal(content: bytes, filename: str = "a.xlsx") -> str:
    """The refusal, which must come at once."""
    start = time.process_time()  # of this process alone: the machine may be busy
    with pytest.raises(FileRefused) as caught:
        list(read_table(content, filename).rows)
    assert time.process_time() - start < 2
    return str(caught.value)


SMALL = workbook(["NAMA"], ["Rina"])

# --- refusals ------------------------------------------------------------------------------------------------------------


def test_file_over_the_cap_is_refused(settings: object) -> None:
    settings.MAX_IMPORT_BYTES = 1_000_000  # type: ignore[attr-defined]
    assert "paling besar 1 MB" in refusal(b"A;B\n" + b"1;2\n" * 300_000, "a.csv")


def test_zip_bomb_is_refused() -> None:
    assert "mengembang" in refusal(with_part(SMALL, SHEET, b"0" * 50_000_000))


def test_many_entries_are_refused() -> None:
    out = BytesIO(SMALL)
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(600):
            archive.writestr(f"x{number}", b"")
    assert "mengembang" in refusal(out.getvalue())


def test_billion_laughs_are_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    assert "berbahaya" in refusal(with_part(SMALL, SHEET, sheet("<row><c><v>&b;</v></c></row>", bomb)))


def test_external_entity_is_refused() -> None:
    entity = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    assert "berbahaya" in refusal(with_part(SMALL, "xl/sharedStrings.xml", (entity + "<sst>&a;</sst>").encode()))


def test_a_million_columns_are_refused() -> None:
    cells = "".join(f"<c><v>{number * 7919 % 1_000_003}</v></c>" for number in range(1_000_000))
    assert "terlalu banyak" in refusal(with_part(SMALL, SHEET, sheet(f"<row>{cells}</row>")))
    assert "terlalu banyak" in refusal(b";".join([b"A"] * 1_000_000), "a.csv")
    assert "terlalu banyak" in refusal(b"A;B\n" + b";".join([b"1"] * 1_000_000), "a.csv")


def test_endless_emptiness_is_refused() -> None:
    noise = "".join(f"<!--{number * 7919 % 1_000_003}--><c/><x/>" for number in range(400_000))
    assert "sel kosong" in refusal(with_part(SMALL, SHEET, sheet(f"<row>{noise}</row>")))
    rows = "".join(f'<row r="{number}" ht="{number * 7919 % 1_000_003}"/>' for number in range(1, 400_000))
    assert "sel kosong" in refusal(with_part(SMALL, SHEET, sheet(rows)))


def test_too_many_rows_are_refused() -> None:
    assert "lebih dari 100.000" in refusal(b"A\n" + b"1\n" * 100_001, "a.csv")


def test_a_cell_without_end_is_refused() -> None:
    assert "lebih dari 4000 huruf" in refusal(b"A\n" + b"x" * 5_000, "a.csv")
    text = "x" * 400_000
    book = with_part(
        SMALL, SHEET, sheet(f'<row r="1"><c t="str"><v>A</v></c></row><row r="2"><c t="str"><v>{text}</v></c></row>')
    )
    with pytest.raises(FileRefused, match=r"mengembang|4000"):
        list(read_table(book, "a.xlsx").rows)


@pytest.mark.parametrize("part", ["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml", "xl/activeX/activeX1.bin"])
def test_macros_are_refused(part: str) -> None:
    assert "makro" in refusal(with_part(SMALL, part, b"x"))


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"%PDF-1.7 ...", "a.xlsx", "PDF"),
        (b"\x89PNG\r\n", "a.csv", "gambar"),
        (b"\xd0\xcf\x11\xe0rest", "a.xls", "Excel lama"),
        (b"<html><table>", "a.xlsx", "halaman web"),
        (b"\x7fELF\x02", "a.csv", "program"),
        (b"NAMA;NIP\nRina;1\n", "a.xlsx", "bukan buku kerja"),
        (SMALL, "a.csv", "namanya berakhiran .csv"),
        (b"PK\x03\x04 broken", "a.xlsx", "rusak"),
        (b"A\0B\0", "a.csv", "bukan teks CSV"),
        (b"", "a.csv", "kosong"),
        (b"\n\n", "a.csv", "kosong"),
    ],
)
def test_wrong_kind_of_file_is_refused(content: bytes, name: str, words: str) -> None:
    assert words in refusal(content, name)


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert "bukan buku kerja" in refusal(out.getvalue())


def test_a_truncated_workbook_is_refused() -> None:
    broken = bytearray(SMALL)
    middle = SMALL.find(b"sheet1.xml") + 60
    broken[middle : middle + 40] = b"\xff" * 40
    assert "rusak" in refusal(bytes(broken))
    assert "rusak" in refusal(with_part(SMALL, SHEET, b"<worksheet><sheetData><row>"))


def test_headers_twice_are_refused() -> None:
    assert "NIP BARU muncul lebih dari sekali" in refusal(b"NIP BARU;nip  baru\n1;2\n", "a.csv")


def test_an_open_quote_is_refused() -> None:
    assert "tanda kutip" in refusal(b'A;B\n"x;1\n' + b"y;2\n" * 60_000, "a.csv")


@given(st.binary(max_size=2_000), st.sampled_from(["a.csv", "a.xlsx", "a"]))
def test_any_bytes_give_rows_or_a_refusal(content: bytes, name: str) -> None:
    try:
        for row in read_table(content, name).rows:
            assert row.number > 0
    except FileRefused:
        pass


@given(st.binary(min_size=1, max_size=40), st.integers(0, len(SMALL) - 1))
def test_any_damage_to_a_workbook_gives_rows_or_a_refusal(noise: bytes, where: int) -> None:
    damaged = SMALL[:where] + noise + SMALL[where + len(noise) :]
    with contextlib.suppress(FileRefused):
        list(islice(read_table(damaged, "a.xlsx").rows, 10))


# --- what comes out --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_csv_in_every_usual_shape(delimiter: str, encoding: str) -> None:
    text = delimiter.join(["Nip Baru", "Nama"]) + "\r\n" + delimiter.join(["'1990", "José "]) + "\r\n"
    table = read_table(text.encode(encoding), "a.csv")
    assert table.headers == ["NIP BARU", "NAMA"]
    assert [row.values for row in table.rows] == [{"NIP BARU": "1990", "NAMA": "José"}]


def test_row_numbers_are_those_a_spreadsheet_shows() -> None:
    content = b'A;B\n1;"dua\nbaris"\n\n;\n3;4\n'
    assert [(row.number, row.values["B"]) for row in read_table(content, "a.csv").rows] == [(2, "dua baris"), (5, "4")]
    book = Workbook()
    book.active["A1"], book.active["A4"] = "A", "x"
    out = BytesIO()
    book.save(out)
    assert [row.number for row in read_table(out.getvalue(), "a.xlsx").rows] == [4]


def test_values_to_the_right_of_the_headers_are_counted() -> None:
    [row] = read_table(b"A,B\n1,2,3,4\n", "a.csv").rows
    assert row.surplus == 2


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (" 'x ", "x"),
        ("null", ""),
        ("NULL", ""),
        ("nullable", "nullable"),
        ("a\u00a0 b", "a b"),
        ("'", ""),
        ("O'Neil", "O'Neil"),
    ],
)
def test_clean(raw: str, expected: str) -> None:
    assert clean(raw) == expected


def test_xlsx_values_as_people_see_them() -> None:
    content = workbook(
        ["A", "B", "C", "D", "E", "F"],
        [date(2021, 10, 1), datetime(2026, 10, 5, 9, 14), 12, 1.5, True, "teks"],  # noqa: DTZ001 - as a spreadsheet has it
        [None, "", 0.1 + 0.2, -3, False, "<&>"],
    )
    assert values(content) == [
        ["2021-10-01", "2026-10-05 09:14:00", "12", "1.5", "TRUE", "teks"],
        ["", "", "0.3", "-3", "FALSE", "<&>"],
    ]


def test_shared_and_rich_text_without_phonetic_hints() -> None:
    strings = f"<sst {NS}><si><t>NAMA</t></si><si><r><t>Ri</t></r><r><t>na</t></r><rPh><t>xx</t></rPh></si></sst>"
    body = '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c></row>'
    book = with_part(with_part(SMALL, "xl/sharedStrings.xml", strings.encode()), SHEET, sheet(body))
    assert values(book) == [["Rina"]]


def test_numbers_that_excel_damaged_stay_damaged() -> None:
    content = workbook(["NIP BARU"], [199003152015032001], [1.99003152015032e17])
    assert values(content) == [["1.99003152015032E+17"], ["1.99003152015032E+17"]]
    assert number_text("123456789012345") == "123456789012345"


def test_hidden_sheet_is_not_the_one() -> None:
    book = Workbook()
    book.active.title = "Rahasia"
    book.active.sheet_state = "hidden"
    book.create_sheet("Pegawai").append(["NAMA"])
    book.active = 1
    out = BytesIO()
    book.save(out)
    assert read_table(out.getvalue(), "a.xlsx").sheet == "Pegawai"


def test_formula_gives_its_stored_value() -> None:
    body = '<row r="1"><c t="str"><v>A</v></c></row><row r="2"><c t="str"><f>"x"&amp;"y"</f><v>xy</v></c></row>'
    assert values(with_part(SMALL, SHEET, sheet(body))) == [["xy"]]


@pytest.mark.parametrize("value", ["", "<v></v>", "<v/>"])
def test_formula_that_nobody_computed_is_refused_and_not_read_as_nothing(value: str) -> None:
    """What programs write that make workbooks: Excel would show 3 there."""
    body = f'<row r="1"><c t="str"><v>A</v></c></row><row r="2"><c r="AB2"><f>1+2</f>{value}</c></row>'
    assert "Sel AB2 berisi rumus tanpa hasil" in refusal(with_part(SMALL, SHEET, sheet(body)))
    assert "Sel A2 berisi rumus tanpa hasil" in refusal(workbook(["A"], ["=1+2"]))


def test_formula_whose_result_is_no_text_is_an_empty_cell() -> None:
    body = '<row r="1"><c t="str"><v>A</v></c><c t="str"><v>B</v></c></row><row r="2"><c t="str"><f>""</f><v></v></c><c><v>1</v></c></row>'
    assert values(with_part(SMALL, SHEET, sheet(body))) == [["", "1"]]


@pytest.mark.parametrize(("first", "line"), [("sep=;", "1;2,5"), ('"SEP=,"', '1,"2,5"'), ("sep=\t", "1\t2,5")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_excels_word_about_the_separator_is_heeded_and_no_row(first: str, line: str, end: str) -> None:
    head = line.replace("1", "A").replace("2,5", "B").replace('"', "")
    content = codecs.BOM_UTF8 + end.join([first, head, line]).encode()
    [row] = read_table(content, "a.csv").rows
    assert (row.number, row.values) == (2, {"A": "1", "B": "2,5"})


def test_column_names() -> None:
    assert [column_name(index) for index in (0, 25, 26, 27, 701, 702)] == ["A", "Z", "AA", "AB", "ZZ", "AAA"]


TEXT = st.text("abc =+-@;,\"'\n1é", max_size=8).filter(lambda text: not text.startswith("="))


@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=6))
def test_own_reader_agrees_with_openpyxl(rows: list[list[str]]) -> None:
    content = workbook(["A", "B"], *rows)
    sheet = load_workbook(BytesIO(content)).active
    expected = [[clean(str(cell or "")) for cell in row] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert values(content) == [row for row in expected if any(row)]


def test_reduced_copy_keeps_sheet_and_rows_and_nothing_else() -> None:
    content = workbook(["NAMA", "NIK"], ["Rina", "1373011503900001"], [None, None], ["Adi", ""])
    copy = reduce_table(read_table(content, "pegawai.xlsx"), {"NAMA"})
    assert b"1373011503900001" not in copy
    table = read_table(copy, "pegawai.xlsx")
    assert (table.sheet, table.headers) == ("Sheet", ["NAMA"])
    assert [(row.number, row.values["NAMA"]) for row in table.rows] == [(2, "Rina"), (4, "Adi")]


def test_a_shifted_row_is_not_copied() -> None:
    with pytest.raises(FileRefused, match="Baris 2"):
        reduce_table(read_table(b"A,NIK\n1,2,3\n", "a.csv"), {"A"})


# --- what goes out ---------------------------------------------------------------------------------------------------------

DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"]


def test_csv_out_holds_no_formula() -> None:
    lines = write_csv(["A"], [[text] for text in DANGEROUS]).decode("utf-8-sig")
    assert not any(line.strip('"').startswith(("=", "+", "-", "@", "\t")) for line in lines.splitlines() if line)
    assert values(write_csv(["A"], [["=1+1"]]), "a.csv") == [["=1+1"]]


def test_streamed_csv_holds_no_formula() -> None:
    lines = b"".join(stream_csv(["=A", "B"], [([text, None], 2) for text in DANGEROUS])).decode("utf-8-sig")
    assert not any(line.strip('"').startswith(("=", "+", "-", "@", "\t")) for line in lines.splitlines() if line)


def test_streamed_csv_comes_in_blocks_and_says_each_row_as_often_as_it_counts() -> None:
    rows = [((1, None, "a;b"), 3), ((2, 4, 'ä "c"'), 1), ((3, 3, ""), 20_000), ((4, 4, ""), 1)]
    blocks = list(stream_csv(["X", "Y", "Z"], rows))
    assert len(blocks) > 1
    content = b"".join(blocks)
    assert content.startswith(codecs.BOM_UTF8 + b"X;Y;Z\r\n1;;")
    expected = [["1", "", "a;b"]] * 3 + [["2", "4", 'ä "c"']] + [["3", "3", ""]] * 20_000 + [["4", "4", ""]]
    assert values(content, "a.csv") == expected
    assert b"".join(stream_csv(["X"], [])) == codecs.BOM_UTF8 + b"X\r\n"


def test_xlsx_out_holds_no_formula_and_keeps_long_numbers() -> None:
    content = write_xlsx(["NIP", "X"], [["199003152015032001", text] for text in DANGEROUS[:4]], sheet="Pegawai")
    page = load_workbook(BytesIO(content)).active
    assert all(cell.data_type == "s" for row in page.iter_rows(min_row=2) for cell in row)
    assert values(content)[0] == ["199003152015032001", "=1+1"]
    assert spreadsheet.read_table(content, "a.xlsx").sheet == "Pegawai"
