"""CSV and xlsx of our own: what a student wrote stays text, whoever opens it.

A name may be a formula, hold line breaks, quotes, control or direction characters. Text cells get
escapes for what nobody sees (as `report.text.visible` does) and, where a spreadsheet program would
calculate, a leading apostrophe (ASVS 1.2.10); `original` undoes both.
"""

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from report.text import visible

Kind = Literal["text", "number"]
Value = str | int | float | Decimal | bool | None
LONGEST_CELL = 32_000
"""Characters; Excel takes 32,767 in a cell."""
# An apostrophe of the text's own before it is guarded too, or it would be taken for ours.
_GUARDED = re.compile(r"'*[=+\-@＝＋－＠\t\r\0]")
_ESCAPE = re.compile(r"\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_WIDEST = 60


@dataclass(frozen=True, slots=True)
class Column:
    """A column's header and what its cells are."""

    title: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet: rows as long as the columns; None is an empty cell."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]


def safe_text(value: object) -> str:
    """`value` as a text cell: no hidden characters, no formula, at most 32,000 characters."""
    shown = visible(str(value), LONGEST_CELL)
    return f"'{shown}" if _GUARDED.match(shown) else shown


def original(cell: str) -> str:
    """What `safe_text` was given, unless it was too long."""
    if cell.startswith("'") and _GUARDED.match(cell):
        cell = cell[1:]
    return _ESCAPE.sub(_unescaped, cell)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    return chr(int(code, 16)) if code else "\\"


def csv_bytes(columns: Sequence[Column], rows: Iterable[Sequence[Value]]) -> bytes:
    """A CSV that Excel opens in Chinese: UTF-8 with byte order mark, every cell quoted, CRLF."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([safe_text(column.title) for column in columns])
    for row in rows:
        writer.writerow(
            [_csv_cell(column, value) for column, value in zip(columns, row, strict=True)]
        )
    return target.getvalue().encode("utf-8-sig")


def _csv_cell(column: Column, value: Value) -> str:
    if value is None:
        return ""
    if column.kind == "number" and _is_number(value):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    return safe_text(value)


def _is_number(value: Value) -> bool:
    """A finite number; what else stands in a column of numbers is text."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    return math.isfinite(value) and abs(float(value)) < 1e15


def xlsx_bytes(tables: Sequence[Table]) -> bytes:
    """A workbook without a single formula: text cells are text, the header row stays in sight."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for table, title in zip(tables, _sheet_titles(tables), strict=True):
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        _set_widths(sheet, table)
        sheet.append([_xlsx_cell(sheet, Column(""), c.title, bold=True) for c in table.columns])
        for row in table.rows:
            pairs = zip(table.columns, row, strict=True)
            sheet.append([_xlsx_cell(sheet, column, value) for column, value in pairs])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _xlsx_cell(sheet: object, column: Column, value: Value, bold: bool = False) -> object:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    if value is None:
        return None
    if column.kind == "number" and _is_number(value):
        return WriteOnlyCell(sheet, value)  # type: ignore[arg-type]
    cell = WriteOnlyCell(sheet)  # type: ignore[arg-type]
    # Set as what it is: a value that begins with = would be taken for a formula.
    cell._value = safe_text(value)  # type: ignore[attr-defined]
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _set_widths(sheet: object, table: Table) -> None:
    from openpyxl.utils import get_column_letter

    for index, column in enumerate(table.columns):
        shown = [column.title, *(str(row[index] or "") for row in table.rows[:200])]
        width = max(sum(2 if c > "\u2e80" else 1 for c in text[:_WIDEST]) for text in shown)
        letter = get_column_letter(index + 1)
        sheet.column_dimensions[letter].width = min(width + 2, _WIDEST)  # type: ignore[attr-defined]


def _sheet_titles(tables: Sequence[Table]) -> list[str]:
    """Titles as Excel allows them: 31 characters, no `[]:*?/\\`, each once without case."""
    titles: list[str] = []
    for number, table in enumerate(tables, 1):
        title = re.sub(r"[\[\]:*?/\\\x00-\x1f']", " ", table.title).strip()[:31] or f"{number}"
        if title.casefold() in {other.casefold() for other in titles}:
            title = f"{title[:27]} {number}"
        titles.append(title)
    return titles
