"""An .xlsx as rows of text; runs in the confined child."""

import datetime
import json
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from report.grading.intake.limits import MIB
from report.grading.intake.sheetfiles import MOST_COLUMNS, MOST_ROWS
from report.grading.intake.zips import DAMAGE, RefusedError, opened_zip

_MOST_XML = 96 * MIB
_ZEROS = re.compile(r"0{2,}\Z")


def read(argument: bytes) -> bytes:
    """JSON `{error, cut, sheets: [[title, rows]]}` of the workbook at the path `argument`."""
    path = Path(argument.decode())
    error = _fault(path)
    answer: dict[str, Any] = {"error": error, "cut": False, "sheets": []}
    if error is None:
        import openpyxl

        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            rows, cut = _rows(sheet)
            answer["sheets"].append((sheet.title, rows))
            answer["cut"] |= cut
    return json.dumps(answer).encode()


def _fault(path: Path) -> str | None:
    try:
        with opened_zip(path) as archive:
            names = {member.name for member in archive.members}
            unpacked = sum(member.info.file_size for member in archive.members)
            is_odd = bool(archive.skipped)
    except RefusedError:
        return "table-unreadable"
    if unpacked > _MOST_XML or is_odd:
        return "table-too-large"
    if "xl/workbook.xml" not in names:
        return "table-unreadable"
    return "table-unreadable" if _declares_entities(path) else None


def _declares_entities(path: Path) -> bool:
    """Whether a part has a document type; no spreadsheet program writes one, bombs do."""
    try:
        with zipfile.ZipFile(path) as archive:
            heads = (archive.open(info).read(4096) for info in archive.infolist())
            return any(b"<!DOCTYPE" in head or b"<!ENTITY" in head for head in heads)
    except DAMAGE:
        return True


def _rows(sheet: Any) -> tuple[list[list[str]], bool]:
    sheet.reset_dimensions()
    rows: list[list[str]] = []
    cut = False
    for row in sheet.iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS + 1):
        rows.append(_texts(row))
        cut |= len(rows[-1]) > MOST_COLUMNS
    cut |= len(rows) > MOST_ROWS
    return [row[:MOST_COLUMNS] for row in rows[:MOST_ROWS]], cut


def _texts(cells: Iterable[Any]) -> list[str]:
    row = [_text(cell) for cell in cells]
    while row and not row[-1]:
        row.pop()
    return row


def _text(cell: Any) -> str:
    """A cell as a person reads it: ids keep the zeros that their format shows."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e22:
        value = int(value)
    if isinstance(value, int):
        shown = str(value)
        zeros = _ZEROS.match(str(cell.number_format))
        return shown.zfill(len(cell.number_format)) if zeros else shown
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "minutes")
    return str(value)
