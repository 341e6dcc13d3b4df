"""Running text cut into sentences, and lines put together again into running text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from report.grading.intake.formats.wrapping import display_width
from report.grading.intake.lines import Line, LineKind
from report.grading.reading.labels import label_at
from report.grading.reading.matter import Matter, matter_of
from report.questions.kinds.characters import is_chinese

OPENING, CLOSING = "([{（【「『“", ")]}）】」』”"
_ENDS = "?？。！!；;"
_ASKS = re.compile("[?？]")
_WIDE = 40
_BROKEN = 30
_TALL = 40
"""Lines; a paragraph with more is none."""
STOPS = "。.?？!！:：;；"


def sentences(text: str) -> list[str]:
    """The sentences of a text with their ends; a bracket stays with what stands before it."""
    pieces: list[str] = []
    begin = depth = 0
    for at, character in enumerate(text):
        depth += (character in OPENING) - (character in CLOSING and depth > 0)
        full_stop = character == "." and text[at + 1 : at + 2] in ("", " ", "\t")
        if depth == 0 and (character in _ENDS or full_stop or character in "\t\n"):
            pieces.append(text[begin : at + 1])
            begin = at + 1
    pieces.append(text[begin:])
    return [piece for piece in pieces if piece.strip()]


def unwrapped(lines: Sequence[Line]) -> list[Line]:
    """Lines with a question that was broken at a page's width in one piece again."""
    whole: list[Line] = []
    for line in lines:
        if whole and _asks_on(whole[-1], line):
            whole[-1] = replace(whole[-1], text=_glued(whole[-1].text, line.text))
        else:
            whole.append(line)
    return whole


def _asks_on(before: Line, line: Line) -> bool:
    prose = {before.kind, line.kind} <= {LineKind.PROSE, LineKind.LIST}
    wide = len(before.text) >= _WIDE and before.text[-1:] not in STOPS
    asks = _ASKS.search(line.text) is not None and not _ASKS.search(before.text)
    goes_on = label_at(line.text) is None and (
        label_at(before.text) is not None or line.text[:1].islower()
    )
    return prose and wide and asks and goes_on and line.number - before.number <= 2


def _glued(text: str, more: str) -> str:
    return text + ("" if is_chinese(text[-1:]) else " ") + more


def sentence_lines(lines: Sequence[Line]) -> list[Line]:
    """Running prose as one line per sentence, each with the number of the line it begins in."""
    return [piece for paragraph in _paragraphs(lines) for piece in _cut(paragraph)]


def _paragraphs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    held: list[Line] = []
    for line in lines:
        if held and (len(held) == _TALL or not _goes_on(held[-1], line)):
            yield held
            held = []
        held.append(line)
    if held:
        yield held


def _goes_on(before: Line, line: Line) -> bool:
    adjoins = line.number - before.number == 1 and before.text[-1:] not in STOPS
    # A shorter line ended because its writer ended it: names stand one to a line.
    adjoins = adjoins and display_width(before.text) >= _BROKEN
    return adjoins and _is_running(before) and _is_running(line)


def _is_running(line: Line) -> bool:
    """Whether a line is prose: no numbered answer, no row of the packet list or the like."""
    label = label_at(line.text)
    numbered = label is not None and label.style != "n "  # `37 and so on` is no label
    statement = matter_of(line, line.text) is Matter.STATEMENT
    return line.kind is LineKind.PROSE and statement and not numbered


def _cut(paragraph: list[Line]) -> Iterator[Line]:
    if not _is_running(paragraph[0]):
        yield paragraph[0]
        return
    text, begins = "", []
    for line in paragraph:
        text += "" if not text or is_chinese(text[-1]) else " "
        begins.append(len(text))
        text += line.text
    at = 0
    for sentence in sentences(text):
        owner = max((i for i, begin in enumerate(begins) if begin <= at), default=0)
        yield replace(paragraph[owner], text=sentence.strip())
        at += len(sentence)
