"""A length in bytes."""

from report.questions.answer import AnswerValue
from report.questions.kinds.characters import readable
from report.questions.kinds.context import alone, choose, clause, leads, stated
from report.questions.kinds.numbers import (
    BOTH_SIDES,
    BY_ITSELF,
    OUT_OF_PLACE,
    PLAIN,
    compare_numbers,
    part_of_more,
    whole,
)
from report.questions.kinds.numerals import Numeral, numerals
from report.questions.kinds.values import Candidate, Kind, Reading
from report.questions.kinds.wordings import any_of, wording
from report.text import Text

_GAP = r"[\"'`*)]*\s*-?\s*"
_BYTES = wording(_GAP + any_of("bytes"))
_BITS = wording(_GAP + any_of("bits"))
_IN_ALL = wording(any_of("in_all"))
_WITH_UNIT = 0.75
_BARE = 0.4


def _candidate(text: str, numeral: Numeral) -> Candidate:
    """Bits become bytes where they make whole ones."""
    value, after = numeral.value, text[numeral.end :]
    if part_of_more(text, numeral):
        score = 0.0
    elif _BYTES.match(after):
        total = any(map(_IN_ALL.search, clause(text, numeral.start, numeral.end)))
        score = BOTH_SIDES if total else _WITH_UNIT
    elif _BITS.match(after) and value % 8 == 0:
        value, score = value // 8, PLAIN
    elif alone(text, numeral.start, numeral.end):
        score = BY_ITSELF
    else:
        score = _bare(text, numeral)
    return Candidate(value, numeral.start, numeral.end, score)


def _bare(text: str, numeral: Numeral) -> float:
    said = leads(text, numeral.start) or stated(text, numeral.start, numeral.end)
    return _BARE if said and not numeral.spelled else OUT_OF_PLACE


def _parse(text: str) -> Reading | None:
    plain = readable(text)
    return choose(plain, (_candidate(plain, numeral) for numeral in numerals(plain)))


def _format(value: AnswerValue) -> Text:
    number = whole(value)
    return Text(f"{number} 字节", f"{number} {'byte' if number == 1 else 'bytes'}")


BYTE_COUNT = Kind("byte_count", _parse, _format, compare_numbers)
