"""The child's part of reading a write-up: one file in, JSON out."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from report.grading.intake.content import Kind
from report.grading.intake.lines import (
    FullError,
    Line,
    LineKind,
    LineSink,
    Place,
    Reading,
    UnreadableError,
)
from report.grading.intake.zips import shown_bytes

TASK = "report.grading.intake.reading:read_confined"
Reader = Callable[[bytes, LineSink], None]


def read_confined(argument: bytes) -> bytes:
    """JSON `[path, kind]` to the JSON of a `Reading`, or of the slug and detail of a fault."""
    path, kind = json.loads(argument)
    try:
        reading = read_document(Path(path), Kind(kind))
    except UnreadableError as error:
        return json.dumps({"fault": error.slug, "detail": error.detail[:200]}).encode()
    return json.dumps(asdict(reading)).encode()


def read_document(path: Path, kind: Kind) -> Reading:
    """The lines of the document at `path`. Raises UnreadableError."""
    sink = LineSink()
    size = path.stat().st_size
    most = _most_bytes(kind, sink)
    if size > most:
        raise UnreadableError("writeup-too-large", shown_bytes(most))
    with suppress(FullError):  # what was read until then stands
        _reader(kind)(path.read_bytes(), sink)
    if not sink.lines and sink.answers is None:
        sink.note("writeup-empty")
    return sink.reading()


def _most_bytes(kind: Kind, sink: LineSink) -> int:
    limits = sink.limits
    sizes = {
        Kind.WORD: limits.package_bytes,
        Kind.PDF: limits.package_bytes,
        Kind.HTML: limits.page_bytes,
    }
    return sizes.get(kind, limits.text_bytes)


def _reader(kind: Kind) -> Reader:
    """The reader of a format; each brings its own library, so only that one is imported."""
    if kind is Kind.PDF:
        from report.grading.intake.formats.pdf import read_pdf

        return read_pdf
    if kind is Kind.HTML:
        from report.grading.intake.formats.html import read_html

        return read_html
    if kind is Kind.WORD:
        from report.grading.intake.formats.docx import read_docx

        return read_docx
    if kind is Kind.MARKDOWN:
        from report.grading.intake.formats.markdown import read_markdown

        return read_markdown
    from report.grading.intake.formats.plain import read_plain

    return read_plain


def reading_of(value: dict[str, Any]) -> Reading:
    """A `Reading` from its JSON."""
    return Reading(
        tuple(_line(line) for line in value["lines"]),
        value["language"],
        tuple((slug, values) for slug, values in value["problems"]),
        tuple(value["marks"]),
        value["answers"],
    )


def _line(value: dict[str, Any]) -> Line:
    place = Place(value["place"]["unit"], value["place"]["number"])
    cells = tuple(value["cells"])
    return Line(
        value["number"], value["text"], LineKind(value["kind"]), place, cells, value["anchor"]
    )
