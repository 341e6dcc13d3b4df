"""Answers that offer a choice: whoever names a right and a wrong value has not said which it is."""

from collections.abc import Callable, Iterator
from itertools import groupby, pairwise

from report.grading.reading.parsing import parsed
from report.questions.answer import AnswerValue
from report.questions.kinds.characters import readable
from report.questions.kinds.wordings import wording

IsRight = Callable[[AnswerValue], bool]

_LISTED_KINDS = frozenset({"packet_number", "count", "integer", "byte_count", "version"})
"""Of these, values in a row are as many answers; names and algorithms have commas in them."""
_NEVER = frozenset({"names", "text"})
_UNIT = r"(?:(?:frames?|packets?|no\.?|tls|ssl|v|第|#|号|包|帧|是)\s*){0,4}"
_OR = r"(?:\bor\b|\bmaybe\b|\bperhaps\b|\bpossibly\b|或者?|还是|也许|也?可能)"
_ROW = wording(
    rf"(?:\s*号?[包帧]?\s*(?:[,、/|&+;。=~到至和与及-]|\band\b|\bto\b|以及|{_OR})){{1,4}}\s*{_UNIT}"
    r"|\s{1,3}"
)
_CHOICE = wording(rf"{_OR}|(?<=\s)[/|](?=\s)")
_CHOICE_OF_WORDS = wording(rf"{_OR}|\s*[/|]\s*")
_NO_SLASHES = frozenset({"hex", "message_name", "before_after"})
"""In these no slash is a part of a value, as in `AES/GCM`."""
_RANGE = wording(r"(?<![\w.-])(\d{1,7})\s*[-~]\s*(\d{1,7})(?![\w.-])")
_YES_OR_NO = wording(
    r"(?:\byes|是|有|\btrue|对)\s*(?:[/|,、]|\bor\b|\band\b|或者?|还是)\s*"
    r"(?:no\b|否|没有|无|false\b|不|错)|"
    r"(?:\bno|否|没有|无|\bfalse|错)\s*(?:[/|,、]|\bor\b|\band\b|或者?|还是)\s*"
    r"(?:yes\b|是|有|true\b|对)"
)
_NEAR, _FAR, _MOST = 14, 80, 6


def offers_a_choice(kind_name: str, text: str, is_right: IsRight) -> bool:
    """Whether `text` joins a right value to a wrong one: `17 or 28`, `17, 28`, `yes/no`."""
    if kind_name in _NEVER:
        return False
    plain = readable(text)
    if kind_name == "yes_no":
        return bool(_YES_OR_NO.search(plain))
    if kind_name in _LISTED_KINDS and any(_mixed(run, is_right) for run in _rows(kind_name, plain)):
        return True
    if any(_mixed(ends, is_right) for ends in in_ranges(kind_name, plain)):
        return True
    return any(_mixed(pair, is_right) for pair in _chosen_between(kind_name, plain))


def in_ranges(kind_name: str, text: str) -> Iterator[list[AnswerValue]]:
    """Both ends of what is written as `32-37`, of kinds that are whole numbers."""
    if kind_name in _LISTED_KINDS and kind_name != "version":
        for found in _RANGE.finditer(readable(text)):
            yield [int(found[1]), int(found[2])]


def _mixed(values: list[AnswerValue], is_right: IsRight) -> bool:
    return len(set(map(is_right, values))) > 1


def _rows(kind_name: str, text: str) -> Iterator[list[AnswerValue]]:
    """Values with nothing between them but what joins a list."""
    reading = parsed(kind_name, text)
    if reading is None:
        return
    ordered = sorted(reading.named, key=lambda one: one.start)
    joined = [bool(_ROW.fullmatch(text[a.end : b.start])) for a, b in pairwise(ordered)]
    row = 0
    rows = [row := row + (not near) for near in (True, *joined)]
    for _, members in groupby(zip(rows, ordered, strict=True), key=lambda one: one[0]):
        yield [one.value for _, one in members]


def _chosen_between(kind_name: str, text: str) -> Iterator[list[AnswerValue]]:
    """The values right before and right behind each `or`."""
    pattern = _CHOICE_OF_WORDS if kind_name in _NO_SLASHES else _CHOICE
    for number, choice in enumerate(pattern.finditer(text)):
        if number == _MOST:
            return
        before = text[max(0, choice.start() - _FAR) : choice.start()]
        after = text[choice.end() : choice.end() + _FAR]
        first, second = parsed(kind_name, before), parsed(kind_name, after)
        if first is None or second is None:
            continue
        if len(before.rstrip()) - first.end <= _NEAR and second.start <= _NEAR:
            yield [first.value, second.value]


def too_many_names(given: AnswerValue | None, is_one: IsRight, expected: int) -> bool:
    """Whether a list holds as many other names as there are right ones to give."""
    if not isinstance(given, tuple):
        return False
    others = sum(not is_one(name) for name in given)
    return others >= max(2, expected)
