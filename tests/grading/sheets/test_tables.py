"""Tables of our own: 35 hostile names come back equal, and no cell calculates."""

import csv
import io
import unicodedata
import zipfile

import openpyxl
import pandas as pd
import pytest

from report.grading.sheets.tables import (
    Column,
    Table,
    csv_bytes,
    original,
    safe_text,
    xlsx_bytes,
)

NAMES = [
    "=1+1",
    "=cmd|'/C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\0=1",
    "＝1+1",
    "'=1",
    "'",
    "a\rb",
    "a\nb",
    "a\r\nb",
    "a\0b",
    'a"b',
    '"a","b"',
    "a,b",
    "a;b",
    "a\tb",
    "\x1b[31mred",
    "\x07bell",
    "\x7f",
    "\x9b31m",
    "a\u202eb",
    "a\u200bb",
    "\ufeffa",
    "\\",
    "\\x41",
    "<script>alert(1)</script>",
    "${7*7}{{7*7}}",
    "_x0001_",
    " spaces ",
    "王小明\U0001f600",
    "e\u0301 \ue000 \U000e0041",
]
COLUMNS = [Column("学号"), Column("姓名"), Column("分数", "number")]


def rows() -> list[list[str | float]]:
    return [[f"00{number}", name, number + 0.5] for number, name in enumerate(NAMES)]


def test_there_are_35_of_them_and_all_stay_apart() -> None:
    assert len(NAMES) == 35
    assert len({safe_text(name) for name in NAMES}) == 35


@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_back(name: str) -> None:
    shown = safe_text(name)
    assert original(shown) == name
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cn") for c in shown)
    assert not shown.startswith(("=", "+", "-", "@", "＝", "\t", "\r"))


def test_csv_reads_back_equal_by_the_csv_module() -> None:
    text = csv_bytes(COLUMNS, rows()).decode("utf-8-sig")
    found = list(csv.reader(io.StringIO(text, newline="")))
    assert found[0] == ["学号", "姓名", "分数"]
    assert [original(row[1]) for row in found[1:]] == NAMES
    assert len(text.split("\r\n")) == len(NAMES) + 2  # one line each, and the last one's end


def test_csv_reads_back_equal_by_pandas() -> None:
    data = csv_bytes(COLUMNS, rows())
    frame = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    assert [original(name) for name in frame["姓名"]] == NAMES
    assert list(frame["学号"])[:2] == ["000", "001"]


def test_csv_starts_with_the_mark_that_excel_needs() -> None:
    assert csv_bytes(COLUMNS, []).startswith("\ufeff".encode())


def test_numbers_stay_numbers_and_what_is_none_becomes_text() -> None:
    text = csv_bytes([Column("a", "number")], [[-1.5], [None], [float("nan")], ["-x"], [True]])
    cells = [row[0] for row in csv.reader(io.StringIO(text.decode("utf-8-sig")))]
    assert cells == ["a", "-1.5", "", "nan", "'-x", "True"]


def test_xlsx_has_no_formula_and_reads_back_equal() -> None:
    data = xlsx_bytes([Table("成绩", COLUMNS, rows())])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert content.count(b"<f>") + content.count(b"<f ") == 0
    sheet = openpyxl.load_workbook(io.BytesIO(data))["成绩"]
    assert [original(str(sheet.cell(r, 2).value)) for r in range(2, len(NAMES) + 2)] == NAMES
    assert sheet["A2"].value == "000"
    assert sheet["C2"].value == 0.5
    assert {sheet.cell(r, 2).data_type for r in range(1, len(NAMES) + 2)} == {"s"}


def test_titles_of_sheets_are_made_to_fit() -> None:
    tables = [Table(title, COLUMNS, []) for title in ("a/b[c]:*?", "x" * 40, "X" * 40, "")]
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(tables)))
    assert len({name.casefold() for name in book.sheetnames}) == 4
    assert all(0 < len(name) <= 31 for name in book.sheetnames)


def test_a_cell_is_no_longer_than_excel_takes() -> None:
    assert len(safe_text("x" * 40_000)) <= 32_767
