"""A write-up as lines of text: what each reader fills, within limits."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from report.grading.intake.limits import DocumentLimits
from report.text import Language, Text


class LineKind(StrEnum):
    """What a line is in its document."""

    PROSE = "prose"
    HEADING = "heading"
    CODE = "code"
    TABLE = "table"
    """One row; its cells are in `cells`."""
    LIST = "list"
    CAPTION = "caption"
    QUOTE = "quote"
    PICTURE = "picture"
    """A picture stands here; the text is its description, often empty."""


PlaceUnit = Literal["line", "paragraph", "page", "block"]
_PLACES: dict[PlaceUnit, Text] = {
    "line": Text("第 {number} 行", "line {number}"),
    "paragraph": Text("第 {number} 段", "paragraph {number}"),
    "page": Text("第 {number} 页", "page {number}"),
    "block": Text("第 {number} 块", "block {number}"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person finds a line in the file: a line, paragraph, page or block, from 1."""

    unit: PlaceUnit
    number: int

    def text(self) -> Text:
        """The place in words."""
        return _PLACES[self.unit].filled(number=self.number)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a write-up, as its reader sees it."""

    number: int
    """From 1, increasing; in Markdown and plain text the line of the file."""
    text: str
    """Automatic numbers are in it (`3. …`), bullets are not; never empty but for a picture."""
    kind: LineKind
    place: Place
    cells: tuple[str, ...] = ()
    """The cells of a table's row; `text` joins them with tabs."""
    anchor: str = ""
    """The id of the form field that the line belongs to, if it is a filled form."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found in one file."""

    lines: tuple[Line, ...]
    language: Language | None
    """What it is mostly written in; None where there is no prose."""
    problems: tuple[tuple[str, dict[str, str | int]], ...] = ()
    """Slugs of `problems.PROBLEMS` with their values."""
    marks: tuple[str, ...] = ()
    """Signs that labshark made the file: `answers`, `generator`, `form`."""
    answers: dict[str, Any] | None = None
    """The answers.json inside, if it is a report made by labshark."""


class UnreadableError(Exception):
    """A document cannot be read; `slug` is a key of `problems.PROBLEMS`."""

    def __init__(self, slug: str, detail: str = "") -> None:
        super().__init__(slug)
        self.slug = slug
        self.detail = detail


class FullError(Exception):
    """The limits of a document are reached; what was read so far stands."""


_CAPTION = re.compile(
    r"(?:图|表|figure|fig\.?|table)\s*\d{1,3}(?:[-.]\d{1,3})?(?:\s*[:：.、 ]|\s*$)", re.IGNORECASE
)
_LONGEST_CAPTION = 120
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
_SPACES = {c: " " for c in (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)}


@dataclass(slots=True)
class LineSink:
    """Collects lines, cleans them, and stops at the limits."""

    limits: DocumentLimits = field(default_factory=DocumentLimits)
    lines: list[Line] = field(default_factory=list)
    anchor: str = ""
    problems: dict[str, dict[str, str | int]] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)
    answers: dict[str, Any] | None = None
    _characters: int = 0

    def add(
        self, text: str, kind: LineKind, place: Place, number: int = 0, cells: Sequence[str] = ()
    ) -> None:
        """Add one line; breaks in it make several. Raises FullError at the limits."""
        for piece in text.split("\n"):
            self._add(piece, kind, place, number, cells)

    def _add(
        self, text: str, kind: LineKind, place: Place, number: int, cells: Sequence[str]
    ) -> None:
        shown = self.cleaned(text)
        if not shown and kind is not LineKind.PICTURE:
            return
        if kind is LineKind.PROSE and len(shown) <= _LONGEST_CAPTION and _CAPTION.match(shown):
            kind = LineKind.CAPTION
        last = self.lines[-1].number if self.lines else 0
        where = number if number > last else max(last + 1, number)
        clean = tuple(map(self.cleaned, cells))
        self.lines.append(Line(where, shown, kind, place, clean, self.anchor))
        self._characters += len(shown)
        if len(self.lines) >= self.limits.lines:
            self.cut(self.limits.lines, "lines")
        if self._characters >= self.limits.characters:
            self.cut(self.limits.characters, "characters")

    def note(self, slug: str, **values: str | int) -> None:
        """Keep a problem of `problems.PROBLEMS`, once."""
        self.problems[slug] = values

    def cut(self, limit: int, what: str) -> None:
        """Say that the rest is not read, and stop."""
        self.note("writeup-cut", limit=limit, what=what)
        raise FullError

    def cleaned(self, text: str) -> str:
        """`text` without what nobody sees; tabs and single spaces stay."""
        if len(text) > self.limits.line_characters:
            self.note("writeup-cut", limit=self.limits.line_characters, what="characters")
            text = text[: self.limits.line_characters]
        if not text.isascii():
            if not _DIRECTION.isdisjoint(text):
                self.note("writeup-direction")
            text = text.translate(_SPACES)
        return "".join(c for c in text if c in "\t" or not _unseen(c)).strip()

    def reading(self) -> Reading:
        """Everything collected."""
        return Reading(
            tuple(self.lines),
            language_of(self.lines),
            tuple(self.problems.items()),
            tuple(sorted(self.marks)),
            self.answers,
        )


def _unseen(character: str) -> bool:
    return character < " " or (
        character > "~" and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Cn")
    )


_PROSE_KINDS = frozenset({LineKind.PROSE, LineKind.HEADING, LineKind.LIST, LineKind.TABLE})
_CJK = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_WORD = re.compile("[A-Za-z]{2,}")


def language_of(lines: Sequence[Line]) -> Language | None:
    """Chinese where it has at least as many characters as there are Latin words."""
    text = "\n".join(line.text for line in lines if line.kind in _PROSE_KINDS)
    characters, words = len(_CJK.findall(text)), len(_WORD.findall(text))
    if not characters and not words:
        return None
    return "zh" if characters >= words else "en"
