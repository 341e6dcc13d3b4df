"""Question numbers as people write them: `1.`, `（1）`, `Q1`, `问题1`, `第1题`, `一、`, `①`."""

import re
from dataclasses import dataclass

from report.questions.kinds.characters import folded
from report.questions.kinds.numerals import chinese_value
from report.questions.kinds.wordings import wording


@dataclass(frozen=True, slots=True)
class Label:
    """A number at the head of a text; `style` is the same for numbers written alike."""

    number: int
    style: str
    end: int
    """Where the text behind the label begins."""


_HAN = "[一二三四五六七八九十]{1,3}"
_NUMBER = rf"(?P<n>\d{{1,3}}|{_HAN})"
_LEAD = r"(?P<lead>[\s>*#_~\-•·●■◆▪]*)"
_STOP = r"\s*[.:、)\],，\-]*\s*"
_ASKED = r"(?:questions?|task|exercise|problem|que\.?)"
_STYLES: tuple[tuple[str, str], ...] = (
    ("question", rf"{_ASKED}\s*[.#:]?\s*(?P<n>\d{{1,3}})\b{_STOP}"),
    ("q", rf"q\s*[.\-_]?\s*(?P<n>\d{{1,3}})\b{_STOP}"),
    ("a", r"a(?:ns(?:wer)?)?\s*(?:to\s*)?[.#]?\s*(?P<n>\d{1,3})\s*[.:)、\-]\s*"),
    ("题", rf"第\s*{_NUMBER}\s*(?:小题|题|问|个问题){_STOP}"),
    ("问题", rf"(?:问题|题目|习题|思考题|小题|题号|题|问)\s*[(]?{_NUMBER}(?![个\d])[)]?{_STOP}"),
    ("答", r"(?:答案?|解答?)\s*(?P<n>\d{1,3})\s*[.:、)]\s*"),
    ("()", rf"[(\[【]\s*{_NUMBER}\s*[)\]】]{_STOP}"),
    ("n.m", r"\d{1,2}\.(?P<n>\d{1,2})(?![\d.])\s*[、)]?\s+(?=\D)"),
    ("n.", r"(?P<n>\d{1,3})\s*\.(?!\d)\s*"),
    ("n.", r"(?P<n>\d{1,3})\.(?=\d+[0-9a-f]*(?:\s|$|[^\d.\w]))"),
    ("n、", r"(?P<n>\d{1,3})\s*、\s*"),
    ("n)", r"(?P<n>\d{1,3})\s*\)\s*"),
    ("n:", r"(?P<n>\d{1,3})\s*[:=](?!\d\d[:.]\d)\s*"),
    ("n-", r"(?P<n>\d{1,3})\s+-+>?(?:\s+|$)"),
    ("#", r"(?<=#)(?P<n>\d{1,3})(?:\s*[.:)]\s*|\s+(?=\S))"),
    ("一", rf"(?P<n>{_HAN})\s*[、.,，:)]\s*"),
    ("n ", r"(?P<n>\d{1,3})[ \t]+(?=\S)"),
)  # fmt: skip
_PATTERNS = tuple((name, wording(_LEAD + pattern)) for name, pattern in _STYLES)
# Enclosed numbers: one character each, in runs of Unicode.
_RUNS = ((0x2460, 20, 1), (0x2474, 20, 1), (0x2488, 20, 1), (0x3251, 15, 21), (0x2776, 10, 1))
_ENCLOSED = {
    chr(first + offset): number + offset
    for first, count, number in _RUNS
    for offset in range(count)
}
_ENCLOSED_AT_HEAD = re.compile(rf"[\s*>-]*(?P<n>[{''.join(_ENCLOSED)}])[\s.、)）:：]*")
_INSIDE = re.compile(
    r"(?:(?<=[\s;；,，。|/])|^)(?:[Qq]\s?)?"
    r"(?:[(（]\s*\d{1,2}\s*[)）]|\d{1,2}\s*(?:[、)）]|[.:：．](?!\d)))"
    rf"|[{''.join(_ENCLOSED)}]"
)


def label_at(text: str) -> Label | None:
    """The question number that a text begins with, if it begins with one."""
    enclosed = _ENCLOSED_AT_HEAD.match(text)
    if enclosed:
        return Label(_ENCLOSED[enclosed["n"]], "①", enclosed.end())
    plain = folded(text)
    for style, pattern in _PATTERNS:
        found = pattern.match(plain)
        number = _value(found["n"]) if found else None
        if found and number is not None:
            return Label(number, style, found.end())
    return None


def _value(written: str) -> int | None:
    return int(written) if written.isdigit() else chinese_value(written)


def labels_inside(text: str) -> list[tuple[int, Label]]:
    """Where a line that numbers several answers begins each of them: `1. 17  2. before  3. 28`.

    Only a run of the same style that counts up by one, from the line's head on; else empty.
    """
    first = label_at(text)
    if first is None:
        return []
    run = [(0, first)]
    for found in _INSIDE.finditer(text, first.end):
        label = label_at(text[found.start() :])
        start, last = run[-1]
        follows = label and label.style == first.style and label.number == last.number + 1
        if label and follows and text[start + last.end : found.start()].strip():
            run.append((found.start(), label))
    return run if len(run) > 1 else []
