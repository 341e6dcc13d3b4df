"""Word files: paragraphs with the numbers Word shows, tables, text boxes, formulas, captions.

The XML is read as it is (ECMA-376 part 1, chapter 17), both in its transitional and its strict
namespace; nothing outside the file is looked at, no field is computed, no macro run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from report.grading.intake.formats.numbering import (
    Numbering,
    attribute,
    child_value,
    children,
    integer,
    local_name,
    numbering_of,
)
from report.grading.intake.formats.xml import XmlRefusedError, parsed_xml
from report.grading.intake.lines import LineKind, LineSink, Place, UnreadableError
from report.grading.intake.zips import DAMAGE, Archive, RefusedError, opened_zip

_DEEPEST = 60
_MOST_CELL_LINES = 3
_LONGEST_ROW = 600
_OFF = frozenset(("0", "false", "off", "none"))
_KIND_NAMES = (
    (re.compile(r"caption|题注", re.I), LineKind.CAPTION),
    (
        re.compile(r"source ?code|preformatted|verbatim|^code|代码|plain ?text|macro", re.I),
        LineKind.CODE,
    ),
    (re.compile(r"quote|quotation|block ?text|引用", re.I), LineKind.QUOTE),
    (re.compile(r"^(?:heading|标题|title$|subtitle)", re.I), LineKind.HEADING),
)
_WHITE = frozenset(("FFFFFF", "FEFEFE", "FDFDFD", "WHITE"))
_SMALLEST_SIZE = 5
_MONOSPACE = re.compile(
    r"consolas|courier|mono|menlo|lucida console|source code|andale|fixedsys|fira code", re.I
)
_SYMBOLS = {
    "F0FE": "☑",
    "F0A8": "☐",
    "F0FC": "✓",
    "F0FB": "✗",
    "F052": "☑",
    "F0A3": "☐",
    "F0B7": "•",
    "F0E0": "→",
    "F0E8": "→",
    "F0DF": "←",
}
_GENERATED = re.compile(rb"<(?:\w+:)?(?:Application|creator|lastModifiedBy)>[^<]*labshark", re.I)


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    kind: LineKind | None
    number: tuple[str, int] | None
    based_on: str


@dataclass(slots=True)
class _Document:
    """What the other parts say about the paragraphs."""

    styles: dict[str, _Style]
    numbering: Numbering
    footnotes: dict[str, Any]


@dataclass(slots=True)
class _Pieces:
    """What a paragraph holds: its text, with what stands in it as blocks of their own."""

    text: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    boxes: list[Any] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    monospace: int = 0
    """Characters in a font for code."""


def read_docx(data: bytes, sink: LineSink) -> None:
    """Fill `sink` with a Word file. Raises UnreadableError."""
    try:
        with opened_zip(BytesIO(data)) as archive:
            _read(archive, sink)
    except RefusedError as error:
        raise UnreadableError("writeup-damaged", error.slug) from error
    except DAMAGE as error:
        raise UnreadableError("writeup-damaged", str(error)) from error


def _read(archive: Archive, sink: LineSink) -> None:
    root = _part(archive, "word/document.xml", sink)
    if root is None:
        raise UnreadableError("writeup-damaged", "word/document.xml")
    styles = _part(archive, "word/styles.xml", sink)
    notes = _part(archive, "word/footnotes.xml", sink)
    document = _Document(
        {} if styles is None else _styles(styles),
        numbering_of(_part(archive, "word/numbering.xml", sink)),
        {}
        if notes is None
        else {attribute(note, "id"): note for note in children(notes, "footnote")},
    )
    for name in ("docProps/app.xml", "docProps/core.xml"):
        if _GENERATED.search(archive.read(name, sink.limits.part_bytes) or b""):
            sink.marks.add("generator")
    body = next(children(root, "body"), None)
    if body is not None:
        _Walk(document, sink).blocks(body, 0)


def _part(archive: Archive, name: str, sink: LineSink) -> Any | None:
    data = archive.read(name, sink.limits.part_bytes)
    if data is None:
        return None
    try:
        return parsed_xml(data)
    except XmlRefusedError as error:
        slug = "writeup-entities" if error.entities else "writeup-damaged"
        raise UnreadableError(slug, str(error)) from error


def _styles(root: Any) -> dict[str, _Style]:
    return {attribute(style, "styleId"): _style(style) for style in children(root, "style")}


def _style(element: Any) -> _Style:
    name = child_value(element, "name") or ""
    kind = next((kind for pattern, kind in _KIND_NAMES if pattern.search(name)), None)
    number = None
    for properties in children(element, "pPr"):
        number = _number_of(properties)
        outline = child_value(properties, "outlineLvl")
        if outline is not None and integer(outline, 9) < 9 and kind is None:
            kind = LineKind.HEADING
    return _Style(name, kind, number, child_value(element, "basedOn") or "")


def _number_of(properties: Any) -> tuple[str, int] | None:
    """List and level that paragraph properties name; list `0` says: none."""
    for number in children(properties, "numPr"):
        number_id = child_value(number, "numId")
        level = child_value(number, "ilvl")
        return (number_id or "", integer(level, -1) if level is not None else -1)
    return None


class _Walk:
    """One pass over the body; paragraphs are counted as Word counts them."""

    def __init__(self, document: _Document, sink: LineSink) -> None:
        self._document = document
        self._sink = sink
        self._paragraph = 0

    # -- blocks

    def blocks(self, parent: Any, depth: int) -> None:
        """Paragraphs, tables and what wraps them, in order."""
        _refuse_depth(depth)
        for element in _current(parent):
            name = local_name(element)
            if name == "p":
                self._add_paragraph(element, depth)
            elif name == "tbl":
                self._table(element, depth)
            elif name == "sdt":
                self._field(element, depth)
            elif name in ("sdtContent", "customXml", "ins", "moveTo", "smartTag"):
                self.blocks(element, depth + 1)

    def _field(self, element: Any, depth: int) -> None:
        """A content control; the form tags its own `labshark:q1`."""
        before = self._sink.anchor
        for properties in children(element, "sdtPr"):
            tag = child_value(properties, "tag") or ""
            if tag.startswith("labshark:"):
                self._sink.anchor = tag.removeprefix("labshark:")[:64]
                self._sink.marks.add("form")
        self.blocks(element, depth + 1)
        self._sink.anchor = before

    def _add_paragraph(self, element: Any, depth: int) -> None:
        self._paragraph += 1
        place = Place("paragraph", self._paragraph)
        pieces = _Pieces()
        self._runs(element, pieces, 0)
        text, kind, marker = "".join(pieces.text), *self._shape(element, pieces)
        if marker or text.strip():
            self._sink.add(f"{marker} {text.strip()}" if marker else text, kind, place)
        for picture in pieces.pictures:
            self._sink.add(picture, LineKind.PICTURE, place)
        for box in pieces.boxes:
            self.blocks(box, depth + 1)
        for note in pieces.notes:
            if note in self._document.footnotes:
                self.blocks(self._document.footnotes.pop(note), depth + 1)

    # -- what a paragraph is

    def _shape(self, element: Any, pieces: _Pieces) -> tuple[LineKind, str]:
        properties = next(children(element, "pPr"), None)
        style_id = (child_value(properties, "pStyle") or "") if properties is not None else ""
        chain = list(self._chain(style_id))
        number = _number_of(properties) if properties is not None else None
        marker = self._marker(number, chain)
        kind = next((style.kind for _, style in chain if style.kind), None)
        if kind is None and properties is not None:
            outline = child_value(properties, "outlineLvl")
            if outline is not None and integer(outline, 9) < 9:
                kind = LineKind.HEADING
        if kind is None and pieces.monospace * 2 > sum(map(len, pieces.text)):
            kind = LineKind.CODE
        if kind is None:
            kind = LineKind.PROSE if marker is None else LineKind.LIST
        return kind, marker or ""

    def _chain(self, style_id: str) -> Iterator[tuple[str, _Style]]:
        """A style and those it is based on."""
        seen: set[str] = set()
        while style_id in self._document.styles and style_id not in seen:
            seen.add(style_id)
            style = self._document.styles[style_id]
            yield style_id, style
            style_id = style.based_on

    def _marker(
        self, number: tuple[str, int] | None, chain: list[tuple[str, _Style]]
    ) -> str | None:
        """The automatic number; an empty paragraph has and counts one too, as in Word."""
        if number is None or not number[0]:
            inherited = next((style.number for _, style in chain if style.number), None)
            level = number[1] if number else -1
            if inherited is not None:
                number = (inherited[0], level if level >= 0 else inherited[1])
        if number is None or number[0] in ("", "0"):
            return None
        return self._document.numbering.marker(number[0], max(number[1], 0))

    # -- the text of a paragraph

    def _runs(self, parent: Any, pieces: _Pieces, depth: int) -> None:
        _refuse_depth(depth)
        for element in _current(parent):
            name = local_name(element)
            leaf = _LEAVES.get(name)
            if leaf is not None:
                leaf(element, pieces)
            elif name == "r":
                self._run(element, pieces, depth)
            elif name not in _SILENT:
                if name == "drawing":
                    _picture(element, pieces)
                self._runs(element, pieces, depth + 1)

    def _run(self, run: Any, pieces: _Pieces, depth: int) -> None:
        if not self._is_shown(run):
            return
        before = sum(map(len, pieces.text))
        self._runs(run, pieces, depth + 1)
        for properties in children(run, "rPr"):
            fonts = next(children(properties, "rFonts"), None)
            names = "" if fonts is None else " ".join(map(str, fonts.attrib.values()))
            style = child_value(properties, "rStyle") or ""
            if _MONOSPACE.search(names) or style in ("VerbatimChar", "SourceText"):
                pieces.monospace += sum(map(len, pieces.text)) - before

    def _is_shown(self, run: Any) -> bool:
        for properties in children(run, "rPr"):
            if _is_on(properties, "vanish"):
                self._sink.note("writeup-hidden-text")
                return False
            if _is_invisible(properties) and not _is_shaded(run):
                self._sink.note("writeup-hidden-text")
                return False
            if _is_on(properties, "strike") or _is_on(properties, "dstrike"):
                self._sink.note("writeup-struck-text")
                return False
        return True

    # -- tables

    def _table(self, table: Any, depth: int) -> None:
        for row in _rows(table, depth):
            cells = list(_cells(row, depth))
            shown = [self._cell(cell) for cell in cells]
            if len(cells) > 1 and all(text is not None for text in shown):
                texts = [" ".join((text or "").split("\n")) for text in shown]
                self._paragraph += sum(1 for cell in cells for _ in cell.iter("{*}p"))
                place = Place("paragraph", self._paragraph)
                self._sink.add("\t".join(texts), LineKind.TABLE, place, cells=texts)
            else:
                for cell in cells:
                    self.blocks(cell, depth + 1)

    def _cell(self, cell: Any) -> str | None:
        """The cell's text if it is short and plain; forms put whole reports into one cell."""
        if (
            next(cell.iter("{*}tbl", "{*}drawing", "{*}pict", "{*}sdt", "{*}numPr"), None)
            is not None
        ):
            return None
        lines = []
        for paragraph in cell.iter("{*}p"):
            pieces = _Pieces()
            self._runs(paragraph, pieces, 0)
            lines += [line for line in "".join(pieces.text).split("\n") if line.strip()]
        text = "\n".join(line.strip() for line in lines)
        return None if len(lines) > _MOST_CELL_LINES or len(text) > _LONGEST_ROW else text


def _rows(table: Any, depth: int) -> Iterator[Any]:
    for element in table:
        name = local_name(element)
        if name == "tr":
            yield element
        elif name in ("sdt", "sdtContent", "customXml", "ins") and depth < _DEEPEST:
            yield from _rows(element, depth + 1)


def _cells(row: Any, depth: int) -> Iterator[Any]:
    for element in row:
        name = local_name(element)
        if name == "tc":
            yield element
        elif name in ("sdt", "sdtContent", "customXml") and depth < _DEEPEST:
            yield from _cells(element, depth + 1)


def _current(parent: Any) -> Iterator[Any]:
    """The children; of alternatives (Word draws a text box for old and new readers) one."""
    for element in parent:
        if local_name(element) != "AlternateContent":
            yield element
            continue
        choice = next(children(element, "Choice"), None)
        chosen = next(children(element, "Fallback"), None) if choice is None else choice
        yield from () if chosen is None else chosen


def _refuse_depth(depth: int) -> None:
    if depth > _DEEPEST:
        raise UnreadableError("writeup-damaged", "nested too deeply")


def _is_on(properties: Any, name: str) -> bool:
    for element in children(properties, name):
        return attribute(element, "val").lower() not in _OFF
    return False


def _is_invisible(properties: Any) -> bool:
    """White on a white page, or too small to be seen (sizes are in half points)."""
    colour = next(children(properties, "color"), None)
    white = colour is not None and (
        attribute(colour, "val").upper() in _WHITE
        or attribute(colour, "themeColor") in ("background1", "light1")
    )
    size = integer(child_value(properties, "sz") or "", _SMALLEST_SIZE)
    return white or size < _SMALLEST_SIZE


def _is_shaded(run: Any) -> bool:
    """Whether the text, its paragraph or its cell has a ground of its own, or is a drawing's."""
    if next(run.iter("{*}highlight"), None) is not None:
        return True
    for place in (run, *run.iterancestors()):
        if local_name(place) == "txbxContent":
            return True
        for properties in place:
            if local_name(properties) in ("rPr", "pPr", "tcPr", "tblPr"):
                for shade in children(properties, "shd"):
                    if attribute(shade, "fill").upper() not in (*_WHITE, "AUTO", ""):
                        return True
    return False


def _text(element: Any, pieces: _Pieces) -> None:
    pieces.text.append((element.text or "").replace("\n", " "))


def _newline(element: Any, pieces: _Pieces) -> None:
    pieces.text.append("\n")


def _tab(element: Any, pieces: _Pieces) -> None:
    pieces.text.append("\t")


def _hyphen(element: Any, pieces: _Pieces) -> None:
    pieces.text.append("-")


def _symbol(element: Any, pieces: _Pieces) -> None:
    pieces.text.append(_SYMBOLS.get(attribute(element, "char").upper(), "□"))


def _picture(drawing: Any, pieces: _Pieces) -> None:
    """The description of a drawing that is a picture; a text box is none."""
    if next(drawing.iter("{*}blip"), None) is not None:
        about = next(drawing.iter("{*}docPr"), None)
        pieces.pictures.append("" if about is None else attribute(about, "descr"))


def _box(element: Any, pieces: _Pieces) -> None:
    pieces.boxes.append(element)


def _old_picture(element: Any, pieces: _Pieces) -> None:
    pieces.pictures.append(attribute(element, "title"))


def _note(element: Any, pieces: _Pieces) -> None:
    pieces.notes.append(attribute(element, "id"))


def _check_box(element: Any, pieces: _Pieces) -> None:
    state = child_value(element, "checked")
    if state is None:
        state = child_value(element, "default") or "0"
    pieces.text.append("☐" if state in _OFF else "☑")


_LEAVES = {
    "t": _text,
    "br": _newline,
    "cr": _newline,
    "tab": _tab,
    "noBreakHyphen": _hyphen,
    "sym": _symbol,
    "txbxContent": _box,
    "imagedata": _old_picture,
    "footnoteReference": _note,
    "checkBox": _check_box,
}
# Properties, deleted and moved text, the instructions of fields, the reading beside a character.
_SILENT_ELEMENTS = """pPr rPr del moveFrom delText instrText delInstrText rt sdtPr tblPr
annotationRef commentReference softHyphen tabs"""
_SILENT = frozenset(_SILENT_ELEMENTS.split())
