"""The text between one question's anchor and the next, cut where the answer ends."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from report.grading.intake.lines import Line, LineKind
from report.grading.reading.alignment import Anchor
from report.grading.reading.asked import Asked, Questions
from report.grading.reading.asking import (
    Parted,
    goes_on_asking,
    is_question,
    parted_segment,
    without_marker,
)
from report.grading.reading.matter import Matter, matter_of
from report.grading.reading.segments import Segment, segments_of
from report.grading.reading.sentences import STOPS
from report.questions.kinds.characters import folded, is_chinese
from report.questions.kinds.wordings import wording

_ANSWER_HEAD = wording(
    r"^\W*(?:我的)?(?:答案?|回答|解答?|作答|分析|截图|过程|证据|结果|说明|answers?|ans"
    r"|screenshots?|evidence|reason(?:ing)?"
    r"|explanation|solution|my answer|proof)\W*$"
)
_AFTERWORD = wording(
    r"^\W*(?:结论|总结|实验总结|心得|体会|实验心得|实验体会|结论分析|参考(?:资料|文献)|附录|反思"
    r"|conclusions?|summary|references"
    r"|appendix|reflection|lessons learned|what i learned)"
)


_LEADS_OVER = 30
_AHEAD = 0.3
_TITLE = wording(r"^[^:：\d]{6,60}[:：]\W*$")
_TITLE_WORD = wording(r"[A-Za-z]{2,}|[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of an answer."""

    text: str
    line: Line
    matter: Matter
    marked: bool
    """Whether `Answer:` or the like introduces it."""


@dataclass(frozen=True, slots=True)
class Block:
    """What stands under one question."""

    asked: Asked
    anchor: Anchor
    question: str
    """The question as the writer repeats it; may be empty."""
    parts: tuple[Part, ...]
    pictures: tuple[Line, ...] = ()
    """Pictures that stand there: an answer may be in one, where nobody can read it."""


def blocks(
    segments: Sequence[Segment], found: Sequence[Anchor], questions: Questions
) -> list[Block]:
    """One block per anchor, in order."""
    ends = [*(anchor.at for anchor in found[1:]), len(segments)]
    following = [*(anchor.asked for anchor in found[1:]), None]
    return [
        _block(anchor, segments[anchor.at : end], next_one, questions)
        for anchor, end, next_one in zip(found, ends, following, strict=False)
    ]


def form_blocks(lines: Sequence[Line], questions: Questions) -> list[Block]:
    """One block per field of the filled form: the form itself says which question it is."""
    return [
        _form_block(asked, [line for line in lines if line.anchor == asked.id], questions)
        for asked in questions.all
        if any(line.anchor == asked.id for line in lines)
    ]


def _form_block(asked: Asked, lines: Sequence[Line], questions: Questions) -> Block:
    segments = segments_of(lines)
    return _block(Anchor(0, asked, 1.0, 1.0, True, True), segments, None, questions)


def _block(
    anchor: Anchor, segments: Sequence[Segment], following: Asked | None, questions: Questions
) -> Block:
    first = segments[0]
    head = parted_segment(first, anchor.asked, questions)
    parts = [_head_part(head, first)] if head.rest else []
    parts += _rest(segments, bool(parts))
    whole = list(_joined(parts))
    if following:
        whole = _without_preamble(whole, anchor.asked, following, questions)
        whole = _without_title(whole)
    pictures = tuple(s.line for s in segments if s.line.kind is LineKind.PICTURE)
    return Block(anchor.asked, anchor, head.question, tuple(whole), pictures)


def _head_part(head: Parted, first: Segment) -> Part:
    """What stands on the question's own line is the writer's, even if it looks copied."""
    matter = matter_of(first.line, head.rest)
    if matter is Matter.TREE and first.line.kind is not LineKind.CODE:
        matter = Matter.STATEMENT
    return Part(head.rest, first.line, matter, head.marked)


def _without_preamble(
    parts: list[Part], asked: Asked, following: Asked, questions: Questions
) -> list[Part]:
    """Without paragraphs at the end that lead over to the next question."""
    while len(parts) > 1 and _may_lead_over(parts[-1]):
        text = parts[-1].text
        ahead = questions.likeness(text, following)
        long = len(text) >= _LEADS_OVER
        if not long or ahead < _AHEAD or ahead <= questions.likeness(text, asked) + 0.1:
            break
        parts = parts[:-1]
    return parts


def _may_lead_over(part: Part) -> bool:
    return part.matter is Matter.STATEMENT and part.line.kind is not LineKind.LIST


def _without_title(parts: list[Part]) -> list[Part]:
    """Without a line at the end that announces what follows: `ServerHello Record:`."""
    if len(parts) > 1 and parts[-1].matter is Matter.STATEMENT and _TITLE.match(parts[-1].text):
        return parts[:-1]
    return parts


def _rest(segments: Sequence[Segment], answered: bool) -> Iterator[Part]:
    inner = 0
    marked = False
    for segment in segments[1:]:
        if _ANSWER_HEAD.match(folded(segment.text)):
            marked = True
            continue
        inner, ends = _ends(segment, segments[0], inner, answered)
        if ends:
            return
        said, here = without_marker(_whole(segment, inner))
        statement = segment.matter is Matter.STATEMENT
        asks = is_question(said) if answered else goes_on_asking(said)
        if not said.strip() or (asks and statement and not here):
            continue
        marked = marked or here
        answered = answered or segment.matter is not Matter.NOTHING
        yield Part(said, segment.line, matter_of(segment.line, said), marked)


def _ends(segment: Segment, first: Segment, inner: int, answered: bool) -> tuple[int, bool]:
    """Whether a segment no longer belongs to the answer; and how far a list in it has counted."""
    if _AFTERWORD.match(folded(segment.text)) and len(segment.text) < 40:
        return inner, True
    if segment.line.kind is LineKind.HEADING and _titles(segment.text):
        return inner, True
    label = segment.label
    if label is None or first.label is None or label.style != first.label.style:
        return inner, False
    if label.number == inner + 1:
        return inner + 1, False
    return inner, answered and label.style not in ("n ", "n-") and _titles(segment.text)


def _titles(text: str) -> bool:
    """Whether there are words enough for a title; `41.` alone is a number with a full stop."""
    return len(_TITLE_WORD.findall(text)) >= 2


def _whole(segment: Segment, inner: int) -> str:
    """The segment's text; a number before it that is no list's belongs to it (`37 (frame)`)."""
    if segment.label and segment.label.style in ("n ", "n:", "n-", "#") and not inner:
        return segment.line.text
    return segment.text or segment.line.text


def _joined(parts: list[Part]) -> Iterator[Part]:
    """Statements broken at a page's width become one again."""
    held: Part | None = None
    last = 0
    for part in parts:
        if held and part.line.number - last == 1 and _goes_on(held, part):
            glue = "" if is_chinese(held.text[-1]) else " "
            held = replace(held, text=held.text + glue + part.text)
        else:
            if held:
                yield held
            held = part
        last = part.line.number
    if held:
        yield held


def _goes_on(held: Part, part: Part) -> bool:
    prose = held.line.kind is part.line.kind is LineKind.PROSE
    statements = held.matter is part.matter is Matter.STATEMENT
    wide = max(len(held.text), len(held.line.text)) > 30
    return prose and statements and wide and held.text[-1] not in STOPS
