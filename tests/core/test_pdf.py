"""Documents: refusals of the maker, the same bytes again, tags, and a web process that stays small."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from teladan.core import pdf

AT = datetime(2026, 11, 9, 3, 42, tzinfo=UTC)
SMALL = """
#let d = json(bytes(sys.inputs.data))
#set document(title: d.title)
#set text(lang: "id")
= #d.title
#d.words
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "kecil.typ"
    path.write_text(SMALL, encoding="utf-8")
    return path


def values(words: str = "Isi") -> dict[str, str]:
    return {"title": "Judul", "words": words}


def test_document_refuses_a_broken_template(tmp_path: Path) -> None:
    source = tmp_path / "rusak.typ"
    source.write_text("#let d = json(bytes(sys.inputs.data))\n#d.tidak-ada", encoding="utf-8")
    with pytest.raises(pdf.DocumentFailed, match=r"rusak\.typ"):
        pdf.render(source, values())


def test_document_refuses_what_is_not_accessible(tmp_path: Path) -> None:
    """PDF/UA-1 needs a title."""
    source = tmp_path / "tanpa-judul.typ"
    source.write_text("Isi", encoding="utf-8")
    with pytest.raises(pdf.DocumentFailed, match="title"):
        pdf.render(source, values())


def test_document_refuses_to_wait_for_ever(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "SECONDS", 0.001)
    with pytest.raises(pdf.DocumentFailed, match="tidak selesai"):
        pdf.render(source, values())


def test_document_cannot_read_files_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "rahasia.txt").write_text("rahasia", encoding="utf-8")
    folder = tmp_path / "dokumen"
    folder.mkdir()
    source = folder / "pencuri.typ"
    source.write_text('#set document(title: "x")\n#read("../rahasia.txt")', encoding="utf-8")
    with pytest.raises(pdf.DocumentFailed):
        pdf.render(source, values())


def test_document_is_tagged_and_the_same_again(source: Path) -> None:
    first = pdf.render(source, values(), at=AT)
    assert first.startswith(b"%PDF")
    assert b"/StructTreeRoot" in first
    assert b"pdfuaid:part" in first
    assert first == pdf.render(source, values(), at=AT)
    assert first != pdf.render(source, values("Lain"), at=AT)


@pytest.mark.parametrize(
    "words",
    [
        "#panic() $x$ *_`<a>`",
        "Señor 家族 أ",
        "Hebat 😊👨\u200d👩\u200d👧",
        "a\x07b\x00",
        "x" * 20_000,
        '"\\',
        "</script>",
    ],
)
def test_document_values_are_text_never_code(source: Path, words: str) -> None:
    assert pdf.render(source, values(words)).startswith(b"%PDF")


def test_document_marks_letters_that_no_font_draws() -> None:
    diagnostic = 'error: PDF/UA-1 error: the text `"家"` could not be displayed with font `"Libertinus Serif"`\n'
    diagnostic += 'error: PDF/UA-1 error: the text `"\\u{200d}"` could not be displayed with font `"X"`'
    assert pdf.undrawable(diagnostic) == {"家", "\u200d"}
    assert pdf.undrawable("error: unknown variable: x") == set()


def test_fingerprint_names_template_and_values(source: Path) -> None:
    first = pdf.fingerprint(source, values())
    assert first == pdf.fingerprint(source, {"words": "Isi", "title": "Judul"})
    assert first != pdf.fingerprint(source, values("Lain"))
    source.write_text(SMALL + "\n", encoding="utf-8")
    assert first != pdf.fingerprint(source, values())


def test_asking_process_never_loads_typst(source: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from teladan.core import pdf\n"
        f"pdf.render(Path({str(source)!r}), {values()!r})\n"
        "assert 'typst' not in sys.modules and 'django' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
