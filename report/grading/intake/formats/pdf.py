"""PDF through pypdf: lines as they lie on the page, wrapped ones joined, running headers dropped.

Untrusted PDFs can be made to cost any amount of time and memory: this runs in the confined child.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, PyPdfError

from report.grading.intake.answersjson import FILE_NAME, parse_answers
from report.grading.intake.formats.pdffonts import repair_fonts
from report.grading.intake.formats.wrapping import (
    PICTURE,
    joined_lines,
    without_running_lines,
)
from report.grading.intake.lines import LineKind, LineSink, Place, UnreadableError

_FAULTS = (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError)
_FAULTS_OF_STRUCTURE = (ZeroDivisionError, AssertionError, RecursionError, NotImplementedError)
_ANY_FAULT = (*_FAULTS, *_FAULTS_OF_STRUCTURE)
_MOST_LOST = 0.8
_SMALLEST_PICTURE = 20.0
"""Points; rules and logos are smaller."""
_RADICALS = ((0x2E80, 0x2FDF), (0xF900, 0xFAFF), (0xFB00, 0xFB06))


def read_pdf(data: bytes, sink: LineSink) -> None:
    """Fill `sink` with a PDF's lines, and the answers.json of a report made by labshark."""
    reader = _opened(data)
    _note_generator(reader, sink)
    _find_answers(reader, sink)
    pages = without_running_lines(list(_pages(reader, sink)))
    lines = {line for page in pages for line in page}
    if lines == {PICTURE}:
        sink.note("writeup-scanned")
    for number, page in enumerate(pages, 1):
        _add_page(page, Place("page", number), sink)


def _opened(data: bytes) -> PdfReader:
    try:
        reader = PdfReader(BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("writeup-encrypted")
        len(reader.pages)
    except DependencyError as error:
        raise UnreadableError("writeup-encrypted") from error
    except _ANY_FAULT as error:
        raise UnreadableError("writeup-damaged", type(error).__name__) from error
    return reader


def _note_generator(reader: PdfReader, sink: LineSink) -> None:
    try:
        about: Any = reader.metadata or {}
        made_by = f"{about.get('/Producer')} {about.get('/Creator')}".lower()
    except _ANY_FAULT:
        return
    if "labshark" in made_by:
        sink.marks.add("generator")


def _find_answers(reader: PdfReader, sink: LineSink) -> None:
    try:
        found = [a for a in reader.attachment_list if _is_answers(a.name, a.alternative_name)]
        content = bytes(found[0].content) if found else None
    except _ANY_FAULT:
        return
    if content is None:
        return
    sink.marks.add("answers")
    try:
        sink.answers = parse_answers(content)
    except ValueError as error:
        sink.note("writeup-answers-damaged", detail=str(error))


def _is_answers(*names: str | None) -> bool:
    return any(name and name.lower().endswith(FILE_NAME) for name in names)


# ---- the text of a page -------------------------------------------------------------------------


def _pages(reader: PdfReader, sink: LineSink) -> Iterator[list[str]]:
    for number, page in enumerate(reader.pages, 1):
        if number > sink.limits.pages:
            sink.note("writeup-cut", limit=sink.limits.pages, what="pages")
            return
        try:
            yield _page(page)
        except _ANY_FAULT as error:
            sink.note("writeup-page", page=number, detail=type(error).__name__)
            yield []


def _page(page: PageObject) -> list[str]:
    """The lines from top to bottom, with `PICTURE` where one stands.

    In the order of the file, list numbers may come after everything else (WeasyPrint), so lines
    are taken by position; what that misses (text in forms of its own) shows by its length.
    """
    repair_fonts(page)
    plain, above = _in_file_order(page)
    try:
        by_position = page.extract_text(
            extraction_mode="layout", layout_mode_space_vertically=False
        )
    except _ANY_FAULT:
        by_position = ""
    chosen = by_position if _letters(by_position) >= _MOST_LOST * _letters(plain) else plain
    lines = [shown for line in chosen.split("\n") if (shown := _plain_characters(line)).strip()]
    return _with_pictures(lines, sorted(above))


def _with_pictures(lines: list[str], above: list[int]) -> list[str]:
    """The lines with each picture below as many letters as stand above it on the page."""
    result: list[str] = []
    seen = 0
    for line in lines:
        while above and above[0] <= seen:
            result.append(PICTURE)
            above = above[1:]
        result.append(line)
        seen += _letters(line)
    return result + [PICTURE] * len(above)


def _letters(text: str) -> int:
    return sum(not c.isspace() for c in text)


def _plain_characters(line: str) -> str:
    """Ligatures and the radicals that some programs write for Chinese characters, as letters."""
    return "".join(
        unicodedata.normalize("NFKC", c)
        if any(first <= ord(c) <= last for first, last in _RADICALS)
        else c
        for c in line
    )


def _in_file_order(page: PageObject) -> tuple[str, list[int]]:
    """The text as the file has it, and for each picture how many letters stand above it."""
    seen: list[tuple[float, int]] = []
    tops: list[float] = []
    images = _image_names(page)

    def text(shown: str, cm: Sequence[float], tm: Sequence[float], *_: object) -> None:
        seen.append((tm[4] * cm[1] + tm[5] * cm[3] + cm[5], _letters(shown)))

    def operand(operator: bytes, operands: Any, cm: Sequence[float], _: object) -> None:
        if operator != b"Do" or not operands or operands[0] not in images:
            return
        if min(abs(cm[0]) + abs(cm[1]), abs(cm[2]) + abs(cm[3])) >= _SMALLEST_PICTURE:
            tops.append(max(cm[5], cm[5] + cm[3]))

    plain = page.extract_text(visitor_text=text, visitor_operand_before=operand)
    return plain, [sum(count for y, count in seen if y >= top - 1) for top in tops]


def _image_names(page: PageObject) -> set[str]:
    resources: Any = page.get("/Resources")
    objects: Any = resources.get_object().get("/XObject") if resources is not None else None
    if objects is None:
        return set()
    return {
        str(name)
        for name, one in objects.get_object().items()
        if one.get_object().get("/Subtype") == "/Image"
    }


# ---- to lines -----------------------------------------------------------------------------------


def _add_page(lines: list[str], place: Place, sink: LineSink) -> None:
    for line in joined_lines(lines):
        if line == PICTURE:
            sink.add("", LineKind.PICTURE, place)
            continue
        if any(unicodedata.category(c) == "Co" or c == "\ufffd" for c in line):
            sink.note("writeup-unmapped")
        sink.add(line, LineKind.PROSE, place)
