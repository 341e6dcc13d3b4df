"""Tables from strangers: bombs and entities are refused, in bounded time and memory."""

import zipfile
from pathlib import Path

import openpyxl
import pytest

from report.errors import LabsharkError
from report.grading.intake.limits import MIB
from report.grading.intake.sheetfiles import MOST_ROWS, read_sheets
from tests.grading.intake.builders import measured

IMPORTS = """
from report.errors import LabsharkError
from report.grading.intake.sheetfiles import read_sheets
"""
BODY = """
try: said.append(len(read_sheets(path).sheets))
except LabsharkError as error: said.append(error.slug)
"""


def workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["学号", "姓名"])
    book.save(path)
    return path


def with_part(source: Path, target: Path, part: str, content: bytes) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return target


def test_a_sheet_that_unpacks_to_a_gigabyte_is_refused(tmp_path: Path) -> None:
    plain = workbook(tmp_path / "a.xlsx")
    bomb = b"<worksheet>" + b" " * (200 * MIB)
    path = with_part(plain, tmp_path / "b.xlsx", "xl/worksheets/sheet1.xml", bomb)
    outcome = measured(IMPORTS, BODY, path)
    assert outcome.said == ["table-too-large"]
    assert outcome.seconds < 2
    assert outcome.rss_mib < 300


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (c + 1, b"&%c;" % c * 10) for c in range(ord("a"), ord("j")))
    + b"]><worksheet>&j;</worksheet>"
)


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
def test_entities_are_refused(tmp_path: Path, part: str) -> None:
    path = with_part(workbook(tmp_path / "a.xlsx"), tmp_path / "b.xlsx", part, LAUGHS)
    outcome = measured(IMPORTS, BODY, path)
    assert outcome.said == ["table-unreadable"]
    assert outcome.seconds < 2
    assert outcome.rss_mib < 300


def test_a_cell_in_the_last_row_and_column_costs_nothing(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["XFD1048576"] = "x"
    book.save(path)
    outcome = measured(IMPORTS, BODY, path)
    assert outcome.said == [1]
    assert outcome.seconds < 10
    table = read_sheets(path)
    assert len(table.sheets[0].rows) == MOST_ROWS
    assert [p.slug for p in table.problems] == ["table-cut"]


def test_a_csv_field_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,b\n"' + "x" * (2 * MIB))
    with pytest.raises(LabsharkError) as refused:
        read_sheets(path)
    assert refused.value.slug == "table-unreadable"
