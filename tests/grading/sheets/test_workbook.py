"""Marks into an .xlsx: styles, formulas and every other part of the file stay."""

import io
import zipfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import PatternFill

from report.errors import LabsharkError
from report.grading.sheets.fill import fill
from report.grading.sheets.marks import FillResult, Mark, SheetKind
from report.grading.sheets.sheetxml import SheetXml, SheetXmlError

REGISTRY = Path(__file__).parent / "documents" / "registry.xlsx"
MARKS = {
    "0012": Mark(Decimal("21.5"), "第 4 题：<版本>"),
    "0013": Mark(Decimal("24")),
    "20240014": Mark(Decimal("3")),
}


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def values(data: bytes) -> dict[str, dict[str, object]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return {
        sheet.title: {
            cell.coordinate: cell.value
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        }
        for sheet in book.worksheets
    }


def test_a_registrys_workbook(tmp_path: Path) -> None:
    before = REGISTRY.read_bytes()
    result = fill(REGISTRY, MARKS)
    assert result.kind is SheetKind.TABLE
    old, new = values(before), values(result.data)
    old["1班"] |= {"C3": 21.5, "D3": "第 4 题：<版本>", "C4": 24}
    assert new == old
    assert [(row.id, row.old, row.new) for row in result.filled] == [
        ("0012", "", "21.5"),
        ("0013", "60", "24"),
    ]
    assert [(s.row, s.reason.en) for s in result.skipped] == [
        (2, "The cell holds a formula and was left alone.")
    ]
    assert any("calculate them again" in note.en for note in result.notes)


def test_only_the_sheet_and_the_order_to_recalculate_change() -> None:
    before = REGISTRY.read_bytes()
    after = fill(REGISTRY, MARKS).data
    old, new = parts(before), parts(after)
    assert list(old) == list(new)
    assert {name for name in old if old[name] != new[name]} == {
        "xl/worksheets/sheet1.xml",
        "xl/workbook.xml",
    }
    assert b'fullCalcOnLoad="1"' in new["xl/workbook.xml"]


def test_the_style_of_a_filled_cell_stays() -> None:
    book = openpyxl.load_workbook(io.BytesIO(fill(REGISTRY, MARKS).data))
    assert book["1班"]["C3"].fill.fgColor.rgb == "FFFFFF00"
    assert book["1班"]["C3"].font.bold
    assert book["1班"]["A1"].fill.fgColor.rgb == "FFFFFF00"


def test_filling_twice_changes_nothing_more(tmp_path: Path) -> None:
    once = tmp_path / "once.xlsx"
    once.write_bytes(fill(REGISTRY, MARKS).data)
    assert parts(fill(once, MARKS).data) == parts(once.read_bytes())


def filled(tmp_path: Path, rows: list[list[object]], marks: Mapping[str, Mark]) -> FillResult:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    sheet["A1"].fill = PatternFill("solid", "00FF00")
    path = tmp_path / "a.xlsx"
    book.save(path)
    return fill(path, marks)


def test_a_workbook_by_openpyxl_with_numbers_for_ids(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["学号", "姓名", "总分"],
        [20240001, "张三", None],
        [20240002, "李四", 3],
    ]
    result = filled(tmp_path, rows, {"20240001": Mark(Decimal("21.25"))})
    assert values(result.data)["Sheet"]["C2"] == 21.25
    assert values(result.data)["Sheet"]["C3"] == 3
    assert openpyxl.load_workbook(io.BytesIO(result.data)).worksheets[0]["A1"].fill.patternType


def test_feedback_that_is_a_formula_is_text(tmp_path: Path) -> None:
    rows: list[list[object]] = [["学号", "成绩", "评语"], ["1", None, None]]
    result = filled(tmp_path, rows, {"1": Mark(Decimal(1), "=1+1\x07")})
    cell = openpyxl.load_workbook(io.BytesIO(result.data)).worksheets[0]["C2"]
    assert cell.data_type != "f"
    assert cell.value == "'=1+1\\x07"
    assert b"<f>" not in b"".join(parts(result.data).values())


def test_a_workbook_without_a_place_for_marks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabsharkError) as refused:
        filled(tmp_path, [["学号", "姓名"], ["1", "张三"]], {"1": Mark(Decimal(1))})
    assert refused.value.slug == "sheet-no-column"


# ---- the XML itself -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            b'<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" s="7"/></row>',
            b'<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" s="7"><v>21.5</v></c></row>',
        ),
        (
            b'<row r="2"><c r="B2" s="7" t="s"><v>4</v></c></row>',
            b'<row r="2"><c r="B2" s="7"><v>21.5</v></c></row>',
        ),
        (
            b'<row r="2"><c r="A2"/><c r="C2"/></row>',
            b'<row r="2"><c r="A2"/><c r="B2"><v>21.5</v></c><c r="C2"/></row>',
        ),
        (b'<row r="2"><c r="A2"/></row>', b'<row r="2"><c r="A2"/><c r="B2"><v>21.5</v></c></row>'),
        (b'<row r="2" ht="9"/>', b'<row r="2" ht="9"><c r="B2"><v>21.5</v></c></row>'),
        (b"<row><c/><c/></row>", b"<row><c/><c><v>21.5</v></c></row>"),
        (
            b"<row r='2'><c t='inlineStr' r='B2' ><is><t>&gt;/&gt;</t></is></c ></row >",
            b"<row r='2'><c r='B2'><v>21.5</v></c></row >",
        ),
    ],
)
def test_one_cell_of_a_row(row: bytes, expected: bytes) -> None:
    xml = b'<worksheet><sheetData><row r="1"/>%s</sheetData></worksheet>'
    sheet = SheetXml(xml % row, frozenset({1}))
    assert sheet.edited({(1, 1): Decimal("21.5")}) == xml % expected


def test_a_prefix_of_the_namespace_is_kept() -> None:
    row = b'<x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row>'
    xml = b'<x:worksheet xmlns:x="u">' + row + b"</x:worksheet>"
    edited = SheetXml(xml, frozenset({0})).edited({(0, 0): Decimal(2), (0, 27): "a<b"})
    assert b'<x:c r="A1"><x:v>2</x:v></x:c>' in edited
    assert b'<x:c r="AB1" t="inlineStr"><x:is><x:t xml:space="preserve">a&lt;b</x:t>' in edited


@pytest.mark.parametrize(
    "xml", [b"<worksheet><row>", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet/>']
)
def test_damaged_xml_and_entities_are_refused(xml: bytes) -> None:
    with pytest.raises(SheetXmlError):
        SheetXml(xml, frozenset({0}))


def test_a_row_that_is_not_there_is_refused() -> None:
    with pytest.raises(SheetXmlError):
        SheetXml(b"<worksheet/>", frozenset({4})).edited({(4, 0): "x"})
