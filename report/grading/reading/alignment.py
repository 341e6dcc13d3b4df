"""Which segment begins the answer to which question: the best increasing assignment of all."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from report.grading.intake.lines import LineKind
from report.grading.reading.asked import Asked, Questions
from report.grading.reading.asking import is_question, parted_segment
from report.grading.reading.matter import Matter
from report.grading.reading.parsing import parsed
from report.grading.reading.segments import Segment
from report.grading.reading.sentences import sentences
from report.grading.reading.stances import denies

_STYLES = {"n ": 0.5, "一": 0.7, "n.m": 0.5, "n-": 0.8, "n:": 0.9}
"""How much a number written this way is a question's; other styles count fully."""
_ALIKE = 0.9
_MISLABELLED = -0.5
_MISLABELLED_ALIKE = 1.4
_UNLABELLED = -0.35
_ASKING_UNLABELLED = 1.3
_STATING_UNLABELLED = 0.9
_ANOTHER_FITS_BETTER = -0.6
_FITS_KIND = 0.35
_MISFITS_KIND = -0.2
_HEADING = 0.1
_CODE = -0.3
_ANSWERED = 0.7
_UNANSWERED = -0.3
_RUN_GOES_ON = 0.25
_RUN_BREAKS = -0.25
_LEAST_ALIKE = 0.35
_NEAR = 4
_CERTAIN = 1.0
"""What an anchor out of order must score: a full number, with something that fits."""
_MOST = 600
_REPEATED = 0.75
_PASSED_OVER = 0.1
_MOSTLY_COUNTED = 0.6
_FEW = 5


@dataclass(frozen=True, slots=True)
class Anchor:
    """A segment as the beginning of one question's answer."""

    at: int
    """Index of the segment."""
    asked: Asked
    score: float
    alike: float
    """How much the segment repeats the question."""
    numbered: bool
    """Whether the segment carries the question's own number."""
    answered_here: bool
    """Whether something of an answer stands in the segment itself."""


def anchors(segments: Sequence[Segment], questions: Questions) -> list[Anchor]:
    """The anchors of a write-up in the order of its text, at most one per question.

    Answers may stand out of order (the long ones after a table of the short ones): what the best
    increasing chain leaves over is searched for further chains.
    """
    found = _candidates(segments, questions)
    chain = _best_chain(found, segments)
    held = _counted(chain, segments)
    if held:
        found = [anchor for anchor in found if _has_place(anchor, segments, held)]
        chain = _best_chain(found, segments)
    taken = list(chain)
    while chain and len(taken) < len(questions.all):
        rest = [anchor for anchor in found if _usable(anchor, taken)]
        chain = [a for a in _best_chain(rest, segments) if a.score >= _CERTAIN]
        taken += chain
    return sorted(taken, key=lambda anchor: anchor.at)


def _counted(chain: Sequence[Anchor], segments: Sequence[Segment]) -> list[tuple[int, int]]:
    """The stretches between two headings of the writer's own count that follow each other.

    Empty where most answers are found by what is asked and not by a number.
    """
    labelled = [a for a in chain if segments[a.at].label is not None]
    if len(labelled) < _MOSTLY_COUNTED * len(chain) or len(labelled) < _FEW:
        return []
    styles = Counter(_manner(segments[anchor.at]) for anchor in labelled)
    manner, _ = styles.most_common(1)[0]
    run = [at for at, segment in enumerate(segments) if _manner(segment) == manner]
    return [
        (one, two)
        for one, two in pairwise(run)
        if _number(segments, two) == _number(segments, one) + 1
    ]


def _manner(segment: Segment) -> tuple[str, LineKind] | None:
    return (segment.label.style, segment.line.kind) if segment.label else None


def _number(segments: Sequence[Segment], at: int) -> int:
    label = segments[at].label
    return label.number if label else 0


def _has_place(
    anchor: Anchor, segments: Sequence[Segment], held: Sequence[tuple[int, int]]
) -> bool:
    """Whether an answer may begin here: between two of the writer's numbers that follow each
    other, what has no number and asks nothing belongs to the first of them."""
    segment = segments[anchor.at]
    if segment.label or segment.line.kind is LineKind.HEADING or is_question(segment.text):
        return True
    return not any(one < anchor.at < two for one, two in held)


def _usable(anchor: Anchor, taken: Sequence[Anchor]) -> bool:
    """Whether an anchor may still be added: free, numbered, not in a list before the answers."""
    first = min(one.at for one in taken)
    free = all(one.at != anchor.at and one.asked.id != anchor.asked.id for one in taken)
    return free and anchor.numbered and anchor.at > first and anchor.answered_here


def _candidates(segments: Sequence[Segment], questions: Questions) -> list[Anchor]:
    found = [
        anchor
        for at, segment in enumerate(segments)
        if segment.matter not in (Matter.ROW, Matter.BYTES, Matter.NOTHING, Matter.CAPTION)
        for anchor in _at(at, segments, questions)
    ]
    if len(found) > _MOST:
        least = sorted((anchor.score for anchor in found), reverse=True)[_MOST]
        found = [anchor for anchor in found if anchor.score > least]
    return found


def _at(at: int, segments: Sequence[Segment], questions: Questions) -> list[Anchor]:
    segment = segments[at]
    alike = _likenesses(segment.asking, questions)
    likest = max(alike.values(), default=0.0)
    number = segment.label.number if segment.label else None
    return [
        _anchor(at, segments, asked, alike[asked.id], likest, questions)
        for asked in questions.all
        if number == asked.number or alike[asked.id] >= _LEAST_ALIKE
    ]


def _likenesses(text: str, questions: Questions) -> dict[str, float]:
    """How much a text asks what each question does; definitions and hints around it aside."""
    asking = [piece for piece in sentences(text) if is_question(piece)]
    texts = [text, *(asking if len(asking) == 1 else ())]
    return {
        asked.id: max(questions.likeness(one, asked) for one in texts) for asked in questions.all
    }


def _anchor(
    at: int,
    segments: Sequence[Segment],
    asked: Asked,
    alike: float,
    likest: float,
    questions: Questions,
) -> Anchor:
    segment = segments[at]
    numbered = segment.label is not None and segment.label.number == asked.number
    rest = parted_segment(segment, asked, questions).rest
    score = _by_label(segment, numbered, alike)
    if likest >= 0.6 and likest - alike >= 0.25:
        score += _ANOTHER_FITS_BETTER - (likest - alike) * is_question(segment.asking)
    score += _HEADING * (segment.line.kind is LineKind.HEADING)
    score += _CODE * (segment.line.kind is LineKind.CODE)
    score += _fit(asked, [rest, *_following(at, segments)])
    return Anchor(at, asked, score, alike, numbered, bool(rest.strip()))


def _by_label(segment: Segment, numbered: bool, alike: float) -> float:
    if segment.label and numbered:
        return _STYLES.get(segment.label.style, 1.0) + _ALIKE * alike
    if segment.label:
        return _MISLABELLED + _MISLABELLED_ALIKE * alike
    asks = is_question(segment.text) or segment.line.kind is LineKind.HEADING
    return _UNLABELLED + (_ASKING_UNLABELLED if asks else _STATING_UNLABELLED) * alike


def _following(at: int, segments: Sequence[Segment]) -> list[str]:
    """The next few statements up to the next numbered segment."""
    texts: list[str] = []
    for segment in segments[at + 1 : at + 1 + 3 * _NEAR]:
        if segment.label or segment.line.kind is LineKind.HEADING or len(texts) == _NEAR:
            break
        if segment.matter in (Matter.STATEMENT, Matter.TREE):
            texts.append(segment.text)
    return texts


def _fit(asked: Asked, texts: list[str]) -> float:
    """Whether what follows can be an answer of the question's kind."""
    said = [text for text in texts if text.strip()]
    if not said or asked.kind == "text":
        return 0.0
    readings = [reading for text in said if (reading := parsed(asked.kind, text))]
    if readings:
        return _FITS_KIND * max(reading.confidence for reading in readings)
    return 0.0 if any(denies(text) for text in said) else _MISFITS_KIND


def _best_chain(found: Sequence[Anchor], segments: Sequence[Segment]) -> list[Anchor]:
    """The increasing chain (later segment, later question) with the highest total score."""
    content = [0, *accumulate(int(_has_content(segment)) for segment in segments)]
    bare = {a.at for a in found if a.alike >= _REPEATED and not a.answered_here}
    repeats = [0, *accumulate(int(at in bare) for at in range(len(segments)))]
    totals: list[float] = []
    before: list[int | None] = []
    for here, anchor in enumerate(found):
        best, link = 0.0, None
        for there in range(here):
            earlier = found[there]
            if earlier.at < anchor.at and earlier.asked.number < anchor.asked.number:
                total = totals[there] + _step(earlier, anchor, segments, content)
                # Questions passed over are a list of them, and not what was answered.
                total -= _PASSED_OVER * (repeats[anchor.at] - repeats[earlier.at + 1])
                if total > best:
                    best, link = total, there
        totals.append(best + anchor.score)
        before.append(link)
    ends = [
        total + _answer_between(anchor, len(segments), content)
        for total, anchor in zip(totals, found, strict=True)
    ]
    chain: list[Anchor] = []
    at = max(range(len(found)), key=ends.__getitem__, default=None)
    while at is not None:
        chain.append(found[at])
        at = before[at]
    return chain[::-1]


def _has_content(segment: Segment) -> bool:
    said = segment.matter is not Matter.NOTHING and bool(segment.text.strip())
    return said and segment.line.kind is not LineKind.HEADING


def _answer_between(anchor: Anchor, end: int, content: Sequence[int]) -> float:
    between = content[end] - content[anchor.at + 1]
    return _ANSWERED if anchor.answered_here or between else _UNANSWERED


def _step(
    earlier: Anchor, later: Anchor, segments: Sequence[Segment], content: Sequence[int]
) -> float:
    score = _answer_between(earlier, later.at, content)
    one, two = segments[earlier.at].label, segments[later.at].label
    if one is None or two is None:
        return score + (_RUN_BREAKS if (one is None) != (two is None) else 0.0)
    apart = later.asked.number - earlier.asked.number
    goes_on = one.style == two.style and two.number - one.number == apart
    return score + (_RUN_GOES_ON if goes_on else _RUN_BREAKS)
