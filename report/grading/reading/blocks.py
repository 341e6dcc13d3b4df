"""The text between one question's anchor and the next, cut where the answer ends."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from report.grading.intake.lines import Line, LineKind
from report.grading.reading.alignment import Anchor
from report.grading.reading.asked import Asked, Questions
from report.grading.reading.asking import is_question, parted, without_marker
from report.grading.reading.matter import Matter, matter_of
from report.grading.reading.segments import Segment
from report.questions.kinds.characters import folded, wording

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


def blocks(
    segments: Sequence[Segment], found: Sequence[Anchor], questions: Questions
) -> list[Block]:
    """One block per anchor, in order."""
    ends = [anchor.at for anchor in found[1:]] + [len(segments)]
    return [
        _block(anchor, segments[anchor.at : end], questions)
        for anchor, end in zip(found, ends, strict=True)
    ]


def _block(anchor: Anchor, segments: Sequence[Segment], questions: Questions) -> Block:
    first = segments[0]
    head = parted(first.text, anchor.asked, questions)
    parts = [Part(head.rest, first.line, matter_of(first.line, head.rest), head.marked)]
    parts = [*(parts if head.rest else []), *_rest(segments, bool(head.rest))]
    return Block(anchor.asked, anchor, head.question, tuple(_joined(parts)))


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
        if not said.strip() or (is_question(said) and segment.matter is Matter.STATEMENT):
            continue
        marked = marked or here
        answered = answered or segment.matter is not Matter.NOTHING
        yield Part(said, segment.line, matter_of(segment.line, said), marked)


def _ends(segment: Segment, first: Segment, inner: int, answered: bool) -> tuple[int, bool]:
    """Whether a segment no longer belongs to the answer; and how far a list in it has counted."""
    if _AFTERWORD.match(folded(segment.text)) and len(segment.text) < 40:
        return inner, True
    if segment.line.kind is LineKind.HEADING:
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
    for part in parts:
        if held and _goes_on(held, part):
            glue = "" if "\u4e00" <= held.text[-1] <= "\u9fff" else " "
            held = Part(held.text + glue + part.text, held.line, held.matter, held.marked)
            continue
        if held:
            yield held
        held = part
    if held:
        yield held


def _goes_on(held: Part, part: Part) -> bool:
    adjoining = part.line.number - held.line.number == 1 and held.line.kind is part.line.kind
    statements = held.matter is part.matter is Matter.STATEMENT and part.line.kind is LineKind.PROSE
    return (
        adjoining and statements and held.text[-1] not in "。.?？!！:：;；" and len(held.text) > 30
    )
