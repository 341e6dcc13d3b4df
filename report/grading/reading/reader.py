"""From the lines of a write-up to one given answer per question of a lab."""

from collections.abc import Sequence

from report.grading.intake.lines import Line, LineKind
from report.grading.reading.alignment import Anchor, anchors
from report.grading.reading.asked import Questions, questions_of
from report.grading.reading.blocks import Block, blocks, form_blocks
from report.grading.reading.clauses import apart
from report.grading.reading.given import GivenAnswer, nothing_given
from report.grading.reading.pages import without_running_heads
from report.grading.reading.references import followed
from report.grading.reading.segments import Segment, segments_of
from report.grading.reading.sentences import sentence_lines, unwrapped
from report.grading.reading.values import given_answer
from report.labs.model import Lab

_SURE = 0.99
_MOSTLY = 0.5
_ALIKE = 0.75
_ALIKE_ONLY = 0.88
_NEITHER = 0.75
_SUPPORT = 3
_NUMBER_ONLY = 0.35
_UNREADABLE = 0.3
_DOUBTED = 0.5
_NOT_THERE = 0.9
_PERHAPS_ELSEWHERE = 0.4
_MOST_LINES = 4000
"""Lines in which answers are looked for; a hundred pages have fewer."""
_MUCH = 400
"""Characters; a page of text has more."""


def read_answers(lines: Sequence[Line], lab: Lab, file: str) -> dict[str, GivenAnswer]:
    """What a write-up answers to each question of `lab`, by question id in the lab's order.

    `file` is the name that `Where` gives. A question without an answer is there too, empty.
    """
    questions = questions_of(lab)
    known = {asked.id for asked in questions.all}
    filled = [line for line in lines if line.anchor in known]
    read = {
        block.asked.id: given_answer(block, questions, file, _SURE)
        for block in form_blocks(filled, questions)
    }
    free = [line for line in lines if line.anchor not in known][:_MOST_LINES]
    if len(read) < len(questions.all):
        read = _read_freely(free, questions, file) | read
    sure = _completeness(read, lines, questions)
    given = {
        asked.id: read.get(asked.id) or nothing_given(asked.id, sure) for asked in questions.all
    }
    return followed(given, questions)


def _completeness(
    read: dict[str, GivenAnswer], lines: Sequence[Line], questions: Questions
) -> float:
    """How certain it is that what was not found is not there.

    Where little was found in much text, or the pages are pictures, the answers may be elsewhere.
    """
    if len(read) >= _MOSTLY * len(questions.all):
        return _NOT_THERE
    much = sum(len(line.text) for line in lines) > _MUCH
    pictured = any(line.kind is LineKind.PICTURE for line in lines)
    return _PERHAPS_ELSEWHERE if much or pictured else _NOT_THERE


def _read_freely(lines: Sequence[Line], questions: Questions, file: str) -> dict[str, GivenAnswer]:
    segments, found = _aligned(lines, questions)
    cut = blocks(segments, found, questions)
    given = {
        block.asked.id: given_answer(
            block, questions, file, _sureness(block.anchor, found, segments)
        )
        for block in cut
    }
    return _doubted(given, cut)


def _aligned(lines: Sequence[Line], questions: Questions) -> tuple[list[Segment], list[Anchor]]:
    """Line by line; where few lines are numbered, sentence by sentence, if that finds as many."""
    lines = unwrapped(without_running_heads(lines))
    segments = segments_of(lines)
    found = anchors(segments, questions)
    numbered = sum(segments[anchor.at].label is not None for anchor in found)
    if numbered >= _MOSTLY * len(questions.all):
        return segments, found
    pieces = segments_of(apart(sentence_lines(lines), questions))
    finer = anchors(pieces, questions)
    return (pieces, finer) if len(finer) >= len(found) else (segments, found)


def _sureness(anchor: Anchor, found: Sequence[Anchor], segments: Sequence[Segment]) -> float:
    """How certain it is that the anchor's text answers the anchor's question."""
    if anchor.numbered or anchor.alike >= _ALIKE:
        return _SURE
    shift = _shift(anchor, segments)
    support = sum(other.alike >= _ALIKE and _shift(other, segments) == shift for other in found)
    if shift is None or support >= _SUPPORT:
        return _ALIKE_ONLY
    return _NEITHER


def _shift(anchor: Anchor, segments: Sequence[Segment]) -> int | None:
    """By how much the writer's number is off the question's; None without a number."""
    label = segments[anchor.at].label
    return label.number - anchor.asked.number if label else None


def _doubted(given: dict[str, GivenAnswer], cut: Sequence[Block]) -> dict[str, GivenAnswer]:
    """Numbers alone may have slipped: where many answers do not fit their questions, none of
    those found by number alone is sure."""
    alone = [
        block.asked.id
        for block in cut
        if block.anchor.alike < _NUMBER_ONLY and block.asked.kind != "text"
    ]
    unfit = [i for i in alone if given[i].value is None and given[i].stance is None]
    unfit = [i for i in unfit if not given[i].empty]
    if len(unfit) < _SUPPORT or len(unfit) < _UNREADABLE * len(alone):
        return given
    return given | {i: given[i].less_sure(_DOUBTED) for i in alone}
