"""Tables that people send: CSV in any encoding, tab-separated text, xlsx, HTML named .xls.

All values come back as text, as the cell shows them where that matters (leading zeros of ids).
"""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

from report.errors import LabsharkError
from report.grading.intake.confined import ChildFailedError, confined
from report.grading.intake.encoding import NotTextError, decode_text
from report.grading.intake.limits import MIB, ChildLimits
from report.grading.intake.problems import Problem, problem

MOST_ROWS = 20_000
MOST_COLUMNS = 400
_MOST_BYTES = 64 * MIB
_LONGEST_FIELD = 1 << 20
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LIMITS = ChildLimits(seconds=60)
Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: its rows from the first, ragged, empty cells as ''."""

    title: str
    rows: Rows


@dataclass(frozen=True, slots=True)
class SheetFile:
    """A file's tables; `format` is `csv`, `xlsx` or `html`."""

    format: str
    sheets: tuple[Sheet, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """How delimited text is written."""

    encoding: str
    delimiter: str


def read_sheets(path: Path) -> SheetFile:
    """The tables in a CSV, tab-separated, xlsx or HTML file, told apart by content.

    Raises LabsharkError `table-missing`, `table-old-excel`, `table-unreadable`,
    `table-too-large`.
    """
    data = table_bytes(path)
    if data.startswith(b"PK\x03\x04"):
        return _from_child(path, "xlsx")
    if b"<table" in data[: 1 << 16].lower():
        return _from_child(path, "html")
    text, dialect = delimited(path, data)
    rows = _clipped(tuple(map(tuple, csv_rows(text, dialect.delimiter, path.name))))
    return SheetFile("csv", (Sheet("", rows[0]),), _cut(path.name, rows[1]))


def table_bytes(path: Path) -> bytes:
    """A table's bytes. Raises LabsharkError `table-missing`, `-too-large`, `-old-excel`."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise LabsharkError("table-too-large", path=path.name, limit="64 MiB")
        data = path.read_bytes()
    except OSError as error:
        raise LabsharkError("table-missing", path=str(path)) from error
    if data.startswith(_OLE):
        raise LabsharkError("table-old-excel", path=path.name)
    return data


def delimited(path: Path, data: bytes) -> tuple[str, Dialect]:
    """The text and how it is delimited. Raises LabsharkError `table-unreadable`."""
    try:
        text, encoding = decode_text(data)
    except NotTextError as error:
        raise LabsharkError("table-unreadable", path=path.name) from error
    return text, Dialect(encoding, _delimiter(text))


def _delimiter(text: str) -> str:
    """The character that cuts the first lines into the most, and the most equal, fields."""
    lines = [line for line in text[:20_000].splitlines() if line.strip()][:20]

    def weight(delimiter: str) -> tuple[int, int]:
        counts = [_outside_quotes(line, delimiter) for line in lines]
        return (sum(count > 0 for count in counts), sum(counts))

    return max((",", "\t", ";"), key=weight)


def _outside_quotes(line: str, delimiter: str) -> int:
    return sum(piece.count(delimiter) for piece in line.split('"')[::2])


def csv_rows(text: str, delimiter: str, name: str) -> list[list[str]]:
    """The rows of delimited text. Raises LabsharkError `table-unreadable`."""
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise LabsharkError("table-unreadable", path=name) from error


def _clipped(rows: Rows) -> tuple[Rows, bool]:
    cut = len(rows) > MOST_ROWS or any(len(row) > MOST_COLUMNS for row in rows)
    return tuple(row[:MOST_COLUMNS] for row in rows[:MOST_ROWS]), cut


def _cut(name: str, cut: bool) -> tuple[Problem, ...]:
    return (problem("table-cut", name, rows=MOST_ROWS, columns=MOST_COLUMNS),) if cut else ()


def _from_child(path: Path, kind: str) -> SheetFile:
    task = f"report.grading.intake.formats.{_READERS[kind]}"
    try:
        answer = json.loads(confined(task, str(path.resolve()).encode(), _LIMITS))
    except ChildFailedError as error:
        slug = "table-unreadable" if error.slug == "crashed" else "table-too-large"
        raise LabsharkError(slug, path=path.name, limit="64 MiB") from error
    if answer["error"]:
        raise LabsharkError(answer["error"], path=path.name, limit="64 MiB")
    sheets = tuple(Sheet(title, tuple(map(tuple, rows))) for title, rows in answer["sheets"])
    return SheetFile(kind, sheets, _cut(path.name, answer["cut"]))


_READERS = {"xlsx": "workbook:read", "html": "htmltables:read"}
