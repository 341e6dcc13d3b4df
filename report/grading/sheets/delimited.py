"""CSV and tab-separated sheets, changed cell by cell; every other byte stays."""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from report.errors import LabsharkError
from report.grading.intake.sheetfiles import delimited, table_bytes

_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class _Cell:
    start: int
    end: int
    """Where it stands in the text, quotes included."""
    value: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class DelimitedSheet:
    """A sheet as text, with the place of every cell."""

    text: str
    mark: bytes
    """The byte order mark."""
    codec: str
    delimiter: str
    cells: tuple[tuple[_Cell, ...], ...]

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The values."""
        return tuple(tuple(cell.value for cell in row) for row in self.cells)

    def edited(self, edits: Mapping[tuple[int, int], str]) -> bytes:
        """The bytes with new values at (row, column), both from 0."""
        pieces: list[str] = []
        position = 0
        for (row, column), value in sorted(edits.items()):
            cells = self.cells[row]
            if column < len(cells):
                old = cells[column]
                start, end, new = old.start, old.end, self._written(value, old.quoted)
            else:
                start = end = cells[-1].end
                missing = column - len(cells) + 1
                new = self.delimiter * missing + self._written(value, False)
            pieces += [self.text[position:start], new]
            position = end
        pieces.append(self.text[position:])
        # What was there can be written back; only new text may lack a character.
        return self.mark + "".join(pieces).encode(self.codec, errors="replace")

    def _written(self, value: str, quoted: bool) -> str:
        if quoted or value != value.strip() or any(c in value for c in (self.delimiter, *'"\r\n')):
            return '"' + value.replace('"', '""') + '"'
        return value


def read_delimited(path: Path) -> DelimitedSheet:
    """The sheet at `path`.

    Raises LabsharkError `table-…` and `sheet-not-editable` where its encoding cannot be written
    back byte for byte.
    """
    data = table_bytes(path)
    text, dialect = delimited(path, data)
    mark, codec = _codec(data, dialect.encoding)
    try:
        same = mark + text.encode(codec) == data
    except UnicodeEncodeError:
        same = False
    if not same:
        raise LabsharkError("sheet-not-editable", path=path.name, detail=dialect.encoding)
    return DelimitedSheet(text, mark, codec, dialect.delimiter, _cells(text, dialect.delimiter))


def _codec(data: bytes, encoding: str) -> tuple[bytes, str]:
    if encoding in ("utf-16", "utf-32"):
        return next((mark, codec) for mark, codec in _WIDE if data.startswith(mark))
    if encoding == "utf-8-sig":
        return codecs.BOM_UTF8, "utf-8"
    return b"", encoding


def _cells(text: str, delimiter: str) -> tuple[tuple[_Cell, ...], ...]:
    """Every row's cells (RFC 4180; a quote inside an unquoted cell is itself)."""
    rows: list[tuple[_Cell, ...]] = []
    row: list[_Cell] = []
    position = 0
    end_of_cell = re.compile(f"[{delimiter}\r\n]|\\Z")
    while position < len(text):
        cell = _cell(text, position, end_of_cell)
        row.append(cell)
        position = cell.end
        if position < len(text) and text[position] == delimiter:
            position += 1
            if position == len(text):
                row.append(_Cell(position, position, "", False))
            continue
        rows.append(tuple(row))
        row = []
        position += 2 if text.startswith("\r\n", position) else 1
    if row:
        rows.append(tuple(row))
    return tuple(rows)


def _cell(text: str, start: int, end_of_cell: re.Pattern[str]) -> _Cell:
    if not text.startswith('"', start):
        end = _end(text, start, end_of_cell)
        return _Cell(start, end, text[start:end], False)
    closing = start + 1
    while True:
        closing = text.find('"', closing)
        if closing < 0:
            return _Cell(start, len(text), text[start + 1 :].replace('""', '"'), True)
        if not text.startswith('"', closing + 1):
            break
        closing += 2
    end = _end(text, closing + 1, end_of_cell)
    value = text[start + 1 : closing].replace('""', '"') + text[closing + 1 : end]
    return _Cell(start, end, value, True)


def _end(text: str, start: int, end_of_cell: re.Pattern[str]) -> int:
    found = end_of_cell.search(text, start)
    return found.start() if found else len(text)
