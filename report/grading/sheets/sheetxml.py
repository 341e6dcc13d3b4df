"""One worksheet's XML, changed cell by cell; every other byte stays (ECMA-376 part 1, 18.3.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from xml.parsers import expat
from xml.sax.saxutils import escape

_TYPE = re.compile(rb"""\s+t\s*=\s*(?:"[^"]*"|'[^']*')""")
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})\Z")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
Value = Decimal | str


class SheetXmlError(ValueError):
    """The sheet's XML cannot be patched."""


@dataclass(slots=True)
class _Span:
    start: int
    end: int = -1
    is_empty: bool = False


@dataclass(slots=True)
class _XmlCell(_Span):
    has_formula: bool = False


@dataclass(slots=True)
class _XmlRow(_Span):
    cells: dict[int, _XmlCell] = field(default_factory=dict)
    inner_end: int = -1


class SheetXml:
    """Where the cells of some rows stand in a worksheet."""

    def __init__(self, data: bytes, rows: frozenset[int]) -> None:
        """Find `rows` (from 0) in `data`. Raises SheetXmlError."""
        self._data = data
        self._wanted = rows
        self._rows: dict[int, _XmlRow] = {}
        self._prefix = b""
        self._stack: list[str] = []
        self._row: _XmlRow | None = None
        self._cell: _XmlCell | None = None
        self._row_number = -1
        self._column = -1
        self.has_formulas = b"<f>" in data or b"<f " in data or b":f>" in data or b":f " in data
        self._parse()

    def _parse(self) -> None:
        parser = expat.ParserCreate()
        self._parser = parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._refuse
        try:
            parser.Parse(self._data, True)
        except expat.ExpatError as error:
            raise SheetXmlError(str(error)) from error

    def _refuse(self, *_: object) -> None:
        raise SheetXmlError("document type")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._stack.append(name)
        local = name.rpartition(":")[2]
        at = self._parser.CurrentByteIndex
        if local == "row":
            self._prefix = name[: -len("row")].encode()
            self._row_number = int(attributes.get("r", self._row_number + 2)) - 1
            self._column = -1
            self._row = _XmlRow(at) if self._row_number in self._wanted else None
        elif local == "c" and self._row is not None:
            self._column = _column(attributes.get("r"), self._column + 1)
            self._cell = _XmlCell(at)
        elif local == "f" and self._cell is not None:
            self._cell.has_formula = True

    def _end(self, name: str) -> None:
        self._stack.pop()
        local = name.rpartition(":")[2]
        at = self._parser.CurrentByteIndex
        if local == "c" and self._cell is not None and self._row is not None:
            self._close(self._cell, name, at)
            self._row.cells[self._column] = self._cell
            self._cell = None
        elif local == "row" and self._row is not None:
            self._close(self._row, name, at)
            self._row.inner_end = at
            self._rows[self._row_number] = self._row
            self._row = None

    def _close(self, span: _Span, name: str, at: int) -> None:
        """expat gives the place of the end tag, or for `<c/>` the place after it."""
        closing = b"</" + name.encode()
        after = self._data[at + len(closing) : at + len(closing) + 1]
        if self._data.startswith(closing, at) and after in (b">", b" ", b"\t", b"\r", b"\n"):
            span.end = self._data.index(b">", at) + 1
        else:
            span.end, span.is_empty = at, True

    def has_formula(self, row: int, column: int) -> bool:
        """Whether a cell is calculated."""
        found = self._rows.get(row)
        cell = found.cells.get(column) if found else None
        return cell is not None and cell.has_formula

    def edited(self, edits: Mapping[tuple[int, int], Value]) -> bytes:
        """The XML with new values at (row, column), both from 0; styles stay.

        Raises SheetXmlError for a row that is not there.
        """
        changes: list[tuple[int, int, bytes]] = []
        for row in sorted({row for row, _ in edits}):
            if row not in self._rows:
                raise SheetXmlError(f"no row {row + 1}")
            values = {column: value for (r, column), value in edits.items() if r == row}
            changes += self._row_changes(row, self._rows[row], values)
        pieces: list[bytes] = []
        position = 0
        for start, end, new in sorted(changes, key=lambda change: change[:2]):
            pieces += [self._data[position:start], new]
            position = end
        pieces.append(self._data[position:])
        return b"".join(pieces)

    def _row_changes(
        self, number: int, row: _XmlRow, values: Mapping[int, Value]
    ) -> list[tuple[int, int, bytes]]:
        changes = []
        added: dict[int, bytes] = {}
        for column, value in sorted(values.items()):
            cell = row.cells.get(column)
            if cell is not None:
                tag = self._open_tag(cell)
                changes.append((cell.start, cell.end, self._cell_xml(tag, value)))
                continue
            tag = b'<%sc r="%s"' % (self._prefix, _reference(number, column).encode())
            following = (c.start for i, c in sorted(row.cells.items()) if i > column)
            place = next(following, row.inner_end)
            added[place] = added.get(place, b"") + self._cell_xml(tag, value)
        if row.is_empty and added:
            opened = self._data[row.start : row.end].rstrip()[:-2]
            inside = b"".join(added.values())
            return [(row.start, row.end, opened + b">" + inside + b"</%srow>" % self._prefix)]
        return changes + [(place, place, new) for place, new in added.items()]

    def _open_tag(self, cell: _XmlCell) -> bytes:
        """`<c r="F7" s="3"`, without its type."""
        tag = self._data[cell.start : _tag_end(self._data, cell.start)]
        return _TYPE.sub(b"", tag.rstrip(b">").rstrip(b"/").rstrip())

    def _cell_xml(self, tag: bytes, value: Value) -> bytes:
        p = self._prefix
        if isinstance(value, Decimal):
            inner = b"<%sv>%s</%sv>" % (p, f"{value:f}".encode(), p)
            return tag + b">" + inner + b"</%sc>" % p
        text = escape(_NOT_XML.sub("\ufffd", value)).encode()
        inner = b'<%sis><%st xml:space="preserve">%s</%st></%sis>' % (p, p, text, p, p)
        return tag + b' t="inlineStr">' + inner + b"</%sc>" % p


def _tag_end(data: bytes, start: int) -> int:
    """The place after the `>` of the tag at `start`; attribute values may hold one."""
    quote = 0
    for index in range(start, len(data)):
        byte = data[index]
        if quote:
            quote = 0 if byte == quote else quote
        elif byte in b"\"'":
            quote = byte
        elif byte == ord(">"):
            return index + 1
    raise SheetXmlError("unfinished tag")


def _column(reference: str | None, following: int) -> int:
    match = _REFERENCE.match(reference or "")
    if not match:
        return following
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def _reference(row: int, column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"
