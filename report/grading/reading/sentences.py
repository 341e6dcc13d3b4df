"""Running text cut into sentences, and lines put together again into running text."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from report.grading.intake.lines import Line, LineKind
from report.questions.kinds.characters import is_chinese

OPENING, CLOSING = "([{（【「『“", ")]}）】」』”"
_ENDS = "?？。！!；;"
_STOPS = "。.?？!！:：;；"


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


def sentence_lines(lines: Sequence[Line]) -> list[Line]:
    """Running prose as one line per sentence, each with the number of the line it begins in."""
    return [piece for paragraph in _paragraphs(lines) for piece in _cut(paragraph)]


def _paragraphs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    held: list[Line] = []
    for line in lines:
        if held and not _goes_on(held[-1], line):
            yield held
            held = []
        held.append(line)
    if held:
        yield held


def _goes_on(before: Line, line: Line) -> bool:
    prose = before.kind is line.kind is LineKind.PROSE
    return prose and line.number - before.number == 1 and before.text[-1:] not in _STOPS


def _cut(paragraph: list[Line]) -> Iterator[Line]:
    if len(paragraph) == 1 and paragraph[0].kind is not LineKind.PROSE:
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
