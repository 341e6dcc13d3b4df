"""Sentences that answer several questions at once, cut where one answer ends."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from report.grading.intake.lines import Line, LineKind
from report.grading.reading.asked import Questions
from report.grading.reading.labels import label_at
from report.grading.reading.sentences import CLOSING, OPENING

_ENDS = ",，；;"
_ASKS = 0.5


def apart(lines: Sequence[Line], questions: Questions) -> list[Line]:
    """Lines of prose, those in pieces whose clauses answer different questions."""
    return [piece for line in lines for piece in _pieces(line, questions)]


def _pieces(line: Line, questions: Questions) -> Iterator[Line]:
    held, about = "", None
    running = line.kind is LineKind.PROSE and label_at(line.text) is None
    clauses = list(_clauses(line.text)) if running else [line.text]
    for clause in clauses:
        likest = _likest(clause, questions) if len(clauses) > 1 else None
        if held and about and likest and likest != about:
            yield replace(line, text=held.strip())
            held = ""
        held += clause
        about = likest or about
    yield replace(line, text=held.strip())


def _clauses(text: str) -> Iterator[str]:
    begin = depth = 0
    for at, character in enumerate(text):
        depth += (character in OPENING) - (character in CLOSING and depth > 0)
        if depth == 0 and character in _ENDS:
            yield text[begin : at + 1]
            begin = at + 1
    if text[begin:].strip():
        yield text[begin:]


def _likest(clause: str, questions: Questions) -> str | None:
    """The question that a clause is most like, if it is like one at all."""
    alike = {asked.id: questions.likeness(clause, asked) for asked in questions.all}
    best = max(alike, key=alike.__getitem__)
    return best if alike[best] >= _ASKS else None
