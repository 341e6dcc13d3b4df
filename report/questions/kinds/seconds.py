"""A time span, kept as the decimal number of seconds that a report shows: `0.078368`."""

import re
from decimal import Decimal, InvalidOperation

from report.questions.answer import AnswerValue
from report.questions.kinds.characters import readable
from report.questions.kinds.context import alone, choose
from report.questions.kinds.values import (
    DIFFERENT,
    EQUAL,
    Candidate,
    Comparison,
    Kind,
    Reading,
    Rule,
)
from report.questions.kinds.wordings import wording
from report.text import Text

_SPAN = wording(
    r"(?<![\w.])(?P<number>\d*\.?\d+)\s*(?P<unit>ms|msec|milliseconds?|毫秒|us|µs|μs"
    r"|microseconds?|微秒"
    r"|s|secs?|seconds?|秒)?(?![\w.:])",
)
_SCALES = {"m": -3, "毫": -3, "u": -6, "µ": -6, "μ": -6, "微": -6, "s": 0, "秒": 0}


def _scale(unit: str) -> int:
    return -6 if unit.lower().startswith("micro") else _SCALES[unit[0].lower()]


def _candidate(text: str, found: re.Match[str]) -> Candidate:
    unit = found["unit"]
    seconds = Decimal(found["number"]).scaleb(_scale(unit) if unit else 0)
    fraction = "." in found["number"]
    score = 0.85 if unit else 0.5 if fraction else 0.15
    if not unit and alone(text, found.start(), found.end()):
        score = 0.8
    where = found.start(), found.end()
    return Candidate(f"{seconds:f}", *where, score)


def _parse(text: str) -> Reading | None:
    plain = readable(text)
    return choose(plain, (_candidate(plain, found) for found in _SPAN.finditer(plain)))


def _number(value: AnswerValue) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation as fault:
        raise TypeError(f"not a number of seconds: {value!r}") from fault


def _compare(given: AnswerValue, expected: AnswerValue, rule: Rule) -> Comparison:
    """Equal when the expected span, rounded as far as the given one is, is the given one."""
    written, true = _number(given), _number(expected)
    if written == true or given in rule.accept:
        return EQUAL
    digits = written.as_tuple().digits
    if len(digits) >= 2 and true.quantize(written) == written:
        return Comparison(True, why="rounded")
    if abs(written - true) <= Decimal(str(rule.tolerance)):
        return Comparison(True, why="within_tolerance")
    return DIFFERENT


def _format(value: AnswerValue) -> Text:
    number = f"{_number(value):f}"
    return Text(f"{number} 秒", f"{number} s")


SECONDS = Kind("seconds", _parse, _format, _compare)
