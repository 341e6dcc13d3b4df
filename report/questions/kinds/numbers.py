"""What the kinds that are whole numbers share: finding, scoring, comparing and showing them."""

from dataclasses import dataclass

from report.questions.answer import AnswerValue
from report.questions.kinds.context import alone, leads, stated
from report.questions.kinds.numerals import Numeral, numerals
from report.questions.kinds.values import (
    DIFFERENT,
    EQUAL,
    Candidate,
    Comparison,
    Rule,
    same_in_both,
)
from report.questions.kinds.wordings import Wording, any_of, wording
from report.text import Text

PLAIN = 0.6
STATED = 0.8
LABELLED = 0.85
BOTH_SIDES = 0.9
BY_ITSELF = 0.98
IN_PASSING = 0.35
OUT_OF_PLACE = 0.2
_NEAR = 32

# A number that is part of something longer: 1.2, 0x16, 10.0.0.1, 3.0154, 12:30, 2025-12-02, SHA256.
_PART_BEFORE = wording(r"(?:\d[.:/]|0x[0-9a-f]*|\d-\d*-?|[A-Za-z]_|_|\bv\d*\.?)$")
_PART_AFTER = wording(r"(?:[.:/]\d|[x][0-9a-f]|_\w|-\d+-|[a-fv](?![a-z]))")
_GLUED_BEFORE = wording(r"(?<![a-z])(?:sha|aes|rsa|rc|md|x|secp|q|tlsv|sslv|ipv|http)$")
_ELSEWHERE = wording(any_of("elsewhere") + r"\s*[-:=#(_]?\s*(?:第|is\b|was\b|为|是)?\s*$")
_SEQUENCE = wording(any_of("sequence") + r"\s*[:=]?\s*(?:is|为|是)?\s*$")
_FLAG = wording(r"(?:\b(?:fin|syn|ack|psh|rst)\b|标志位?|\bflags?)\s*(?:=|为|是|位|set to|is)*\s*$")
_OTHER_UNIT = wording(r"\s*" + any_of("other_unit"))


@dataclass(frozen=True, slots=True)
class Look:
    """What stands around the numbers of one kind."""

    before: Wording
    after: Wording
    passing_after: Wording
    """A unit of something else that is counted along: `3 packets`."""
    spelled: bool
    """Whether a number in words counts without a label."""


def part_of_more(text: str, numeral: Numeral) -> bool:
    """Whether a number is a piece of something longer: an address, a time, a name."""
    if numeral.spelled:
        return False
    before = text[max(0, numeral.start - 24) : numeral.start]
    after = text[numeral.end :]
    return bool(
        _PART_BEFORE.search(before) or _PART_AFTER.match(after) or _GLUED_BEFORE.search(before)
    )


def number_score(text: str, numeral: Numeral, look: Look) -> float:
    """How likely a number is a value of the kind, by what stands next to it."""
    near, after = text[: numeral.start][-_NEAR:], text[numeral.end :]
    if part_of_more(text, numeral) or _OTHER_UNIT.match(after):
        return 0.0
    if alone(text, numeral.start, numeral.end):
        return BY_ITSELF
    labelled = bool(look.before.search(near)), bool(look.after.match(after))
    if numeral.spelled and not (look.spelled or any(labelled)):
        return 0.0
    if _out_of_place(near, numeral):
        return OUT_OF_PLACE
    if not labelled[0] and look.passing_after.match(after):
        return IN_PASSING
    said = leads(text, numeral.start) or stated(text, numeral.start, numeral.end)
    return (STATED if said else PLAIN, LABELLED, BOTH_SIDES)[sum(labelled)]


def _out_of_place(near: str, numeral: Numeral) -> bool:
    if numeral.value <= 1 and (numeral.spelled or _FLAG.search(near)):
        return True  # 一组, 一种, `one of`: articles more than numbers
    return bool(_ELSEWHERE.search(near) or _SEQUENCE.search(near))


def number_candidates(text: str, look: Look) -> list[Candidate]:
    """Every number of a folded text as a candidate of the kind."""
    return [
        Candidate(numeral.value, numeral.start, numeral.end, number_score(text, numeral, look))
        for numeral in numerals(text)
    ]


def compare_numbers(given: AnswerValue, expected: AnswerValue, rule: Rule) -> Comparison:
    """Equal, accepted, or within the rule's tolerance."""
    if given == expected:
        return EQUAL
    if given in rule.accept:
        return Comparison(True, why="accepted")
    if not isinstance(given, int) or not isinstance(expected, int):
        return DIFFERENT
    if abs(given - expected) <= rule.tolerance:
        return Comparison(True, why="within_tolerance")
    return DIFFERENT


def whole(value: AnswerValue) -> int:
    """`value` if it is a whole number. Raises `TypeError` if it is not."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"not a whole number: {value!r}")
    return value


def format_number(value: AnswerValue) -> Text:
    """The digits. Raises `TypeError` for what is no whole number."""
    return same_in_both(str(whole(value)))
