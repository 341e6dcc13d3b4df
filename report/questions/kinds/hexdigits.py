"""Hexadecimal digits: lower case, leading zeros kept, without `0x`, spaces or colons."""

import re

from report.questions.answer import AnswerValue
from report.questions.kinds.characters import readable
from report.questions.kinds.context import alone, choose, leads
from report.questions.kinds.values import (
    DIFFERENT,
    EQUAL,
    Candidate,
    Comparison,
    Kind,
    Reading,
    Rule,
    same_in_both,
)
from report.questions.kinds.wordings import any_of, wording
from report.text import Text, visible

_PREFIXED = wording(r"(?<![\w])0x\s?(?P<digits>[0-9a-f]+)(?![g-z])")
_SPACED = wording(
    r"(?<![\w:.])(?:0x)?(?P<digits>[0-9a-f]{2}(?:(?:[ :]|, ?)(?:0x)?[0-9a-f]{2})+)(?![\w:])",
    r"(?<![\w:.])(?:0x)?(?P<groups>[0-9a-f]{4}(?: [0-9a-f]{4})+)(?![\w:])",
)
_RUN = wording(r"(?<![\w.:/])(?P<digits>[0-9a-f]{2,})(?:h(?![a-z]))?(?![\w:]|\.\d)")
_SINGLE = wording(
    r"(?<![\w.:/])(?P<digits>[0-9a-f](?:(?:[ ,、]+|\s*(?:和|and)\s*)[0-9a-f]){1,7})(?![\w:]|\.\d)"
)
_JOINTS = wording(r"0x(?=[0-9a-f]{2})|[\s:,、和]+|and")
_WORDS = frozenset(
    {"be", "de", "add", "bad", "bed", "cab", "dad", "fad", "fed", "bee", "dead", "deed", "face",
     "fade", "cafe", "beef", "decade"}
)  # fmt: skip
_ACRONYMS = frozenset({"EC", "CA", "CC", "AD", "AE"})
_NUMBERED_BEFORE = wording(any_of("not_hex_before") + r"\s*[:=]?\s*$")
_UNIT_AFTER = wording(r"\s*" + any_of("not_hex_after"))
_LEADING = 0.8


def _digits(found: re.Match[str]) -> str:
    groups = found.groupdict()
    return _JOINTS.sub("", groups["digits"] or groups["groups"]).lower()


def _base(digits: str, spaced: bool) -> float:
    if digits in _WORDS:
        return 0.3
    if spaced or re.search(r"\d", digits) or len(digits) > 4:
        return 0.8 if re.search(r"[a-f]", digits) or digits.startswith("0") else 0.65
    return 0.5


def _score(text: str, found: re.Match[str], spaced: bool) -> float:
    if alone(text, *found.span()):
        return 0.98
    if _NUMBERED_BEFORE.search(text[: found.start()][-24:]):
        return 0.15
    if found[0] in _ACRONYMS:
        return 0.1
    if _UNIT_AFTER.match(text[found.end() :]):
        return 0.2
    base = _base(_digits(found), spaced)
    return max(base, _LEADING) if leads(text, found.start()) else base


def _begins_in_words(text: str, found: re.Match[str]) -> bool:
    """`would be 51`: a short word before the digits, and no digits of theirs."""
    first = re.split(r"[ :,]", found[0], maxsplit=1)[0].lower()
    return first in _WORDS and bool(
        re.search(r"[a-z]{2,}\s+$", text[: found.start()], re.IGNORECASE)
    )


def _candidates(text: str) -> list[Candidate]:
    found: list[Candidate] = []
    for pattern in (_SPACED, _PREFIXED, _SINGLE, _RUN):
        for match in pattern.finditer(text):
            taken = any(known.start < match.end() and match.start() < known.end for known in found)
            if taken or (pattern is _SPACED and _begins_in_words(text, match)):
                continue
            score = 0.85 if pattern is _PREFIXED else _score(text, match, pattern is not _RUN)
            if alone(text, *match.span()):
                score = 0.98
            found.append(Candidate(_digits(match), *match.span(), score))
    return found


def _parse(text: str) -> Reading | None:
    plain = readable(text)
    return choose(plain, _candidates(plain))


def _plain(value: AnswerValue) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not hexadecimal digits: {value!r}")
    return value.lower().removeprefix("0x")


def _compare(given: AnswerValue, expected: AnswerValue, rule: Rule) -> Comparison:
    """More digits than asked for are right when they begin with the expected ones."""
    written, true = str(given).lower().removeprefix("0x"), _plain(expected)
    if written == true:
        return EQUAL
    if written in {str(accepted).lower() for accepted in rule.accept}:
        return Comparison(True, why="accepted")
    if true and len(written) > len(true) and written.startswith(true):
        return Comparison(True, why="more_digits")
    if written and true.lstrip("0") == written.lstrip("0"):
        return Comparison(False, rule.share("leading_zeros", 0.5), "leading_zeros")
    return DIFFERENT


def _format(value: AnswerValue) -> Text:
    return same_in_both(visible(_plain(value)))


HEX = Kind("hex", _parse, _format, _compare)
