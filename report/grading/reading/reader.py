"""From the lines of a write-up to one given answer per question of a lab."""

from collections.abc import Sequence

from report.grading.intake.lines import Line
from report.grading.reading.alignment import Anchor, anchors
from report.grading.reading.asked import Questions, questions_of
from report.grading.reading.blocks import blocks
from report.grading.reading.given import GivenAnswer, nothing_given
from report.grading.reading.segments import Segment, segments_of
from report.grading.reading.sentences import sentence_lines, unwrapped
from report.grading.reading.values import given_answer
from report.labs.model import Lab

_SURE = 0.99
_MOSTLY = 0.5
_ALIKE_ONLY = 0.88
_NUMBER_ONLY_OFTEN_WRONG = 0.75


def read_answers(lines: Sequence[Line], lab: Lab, file: str) -> dict[str, GivenAnswer]:
    """What a write-up answers to each question of `lab`, by question id in the lab's order.

    `file` is the name that `Where` gives. A question without an answer is there too, empty.
    """
    questions = questions_of(lab)
    segments, found = _aligned(lines, questions)
    read = {
        block.asked.id: given_answer(block, file, _sureness(block.anchor, segments))
        for block in blocks(segments, found, questions)
    }
    given = {asked.id: read.get(asked.id) or nothing_given(asked.id) for asked in questions.all}
    return given


def _aligned(lines: Sequence[Line], questions: Questions) -> tuple[list[Segment], list[Anchor]]:
    """Line by line; where few lines are numbered, sentence by sentence, if that finds as many."""
    lines = unwrapped(lines)
    segments = segments_of(lines)
    found = anchors(segments, questions)
    numbered = sum(segments[anchor.at].label is not None for anchor in found)
    if numbered >= _MOSTLY * len(questions.all):
        return segments, found
    pieces = segments_of(sentence_lines(lines))
    finer = anchors(pieces, questions)
    return (pieces, finer) if len(finer) >= len(found) else (segments, found)


def _sureness(anchor: Anchor, segments: Sequence[Segment]) -> float:
    """How certain it is that the anchor's text answers the anchor's question."""
    label = segments[anchor.at].label
    if anchor.numbered:
        return _SURE
    if label is not None and anchor.alike < 0.75:
        return _NUMBER_ONLY_OFTEN_WRONG
    return _ALIKE_ONLY if anchor.alike < 0.75 else _SURE
