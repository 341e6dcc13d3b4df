"""A protocol version, as `TLS 1.2`; read from names, bare numbers and codes (`0x0303`)."""

import re

from report.questions.answer import AnswerValue
from report.questions.kinds.characters import readable
from report.questions.kinds.context import alone, choose, clause
from report.questions.kinds.values import Candidate, Kind, Reading, compared, same_in_both
from report.questions.kinds.wordings import any_of, wording
from report.text import Text, visible
from report.tls.registry import version_name

_NAMED = wording(
    r"\b(?P<name>D?TLS|SSL|Transport Layer Security)"
    r"[\s_-]*(?:协议)?\s*(?:version|ver\.?|版本)?[\s_-]*v?\.?\s*"
    r"(?P<major>[0-3])(?:(?:\.|_)(?P<minor>[0-3]))?(?!\d|\.\d)",
)
_BARE = wording(r"(?<![\w.])v?(?P<major>[1-3])\.(?P<minor>[0-4])(?!\w|\.\d)")
_CODE = wording(r"\b0x(?P<code>03\s?0[0-4]|0002|fef[cdf])\b")
_BARE_CODE = wording(r"(?<![\w.])(?P<code>03\s?0[0-4])(?!\w|\.\d)")
_CALLED_VERSION = wording(r"版本|version")
_GOES_ON = re.compile(r"[^,;，；。.]{0,24}")
_RECORD = wording(any_of("record_layer"))
_OFFERED = wording(any_of("offered_version"))


def _name(family: str, major: str, minor: str | None) -> str | None:
    """`TLS 1.2`; the number on the wire counts too (3.3 is TLS 1.2); None for what never was."""
    if major == "3" and minor not in (None, "0"):
        return None if family == "SSL" else f"TLS 1.{int(minor or 1) - 1}"
    if family == "":
        family = "TLS" if major == "1" else "SSL"
    return f"{family} {major}.{minor or '0'}"


def _family(written: str) -> str:
    return "TLS" if written.lower().startswith("transport") else written.upper()


def _weighed(text: str, value: str, start: int, end: int, score: float) -> Candidate:
    before, _ = clause(text, start, end)
    after = _GOES_ON.match(text, end)
    record = _RECORD.search(before) or (after and _RECORD.search(after[0]))
    score *= 0.5 if record else 1
    score *= 0.75 if _OFFERED.search(before) else 1
    return Candidate(value, start, end, score)


def _bare_score(text: str, start: int, end: int) -> float:
    if alone(text, start, end):
        return 0.95
    return 0.8 if _CALLED_VERSION.search(text[max(0, start - 16) : start]) else 0.6


def _candidates(text: str) -> list[Candidate]:
    named = [
        (_name(_family(found["name"]), found["major"], found["minor"]), *found.span(), 0.85)
        for found in _NAMED.finditer(text)
    ]
    taken = [span for _, *span, _ in named]
    bare = [
        (_name("", found["major"], found["minor"]), *found.span(), _bare_score(text, *found.span()))
        for found in _BARE.finditer(text)
        if not any(start <= found.start() < end for start, end in taken)
    ]
    coded = [
        (version_name(int(found["code"].replace(" ", ""), 16)), *found.span(), score)
        for pattern, score in ((_CODE, 0.8), (_BARE_CODE, 0.5))
        for found in pattern.finditer(text)
    ]
    return [
        _weighed(text, name, start, end, score)
        for name, start, end, score in (*named, *bare, *coded)
        if name is not None
    ]


def _parse(text: str) -> Reading | None:
    plain = readable(text)
    return choose(plain, _candidates(plain))


def _same(given: AnswerValue, expected: AnswerValue) -> bool:
    return str(given).upper().replace("V", " ").split() == str(expected).upper().split()


def _format(value: AnswerValue) -> Text:
    if not isinstance(value, str):
        raise TypeError(f"not a version: {value!r}")
    return same_in_both(visible(value))


VERSION = Kind("version", _parse, _format, compared(_same))
