"""A protocol version, as `TLS 1.2`; read from names, bare numbers and codes (`0x0303`)."""

import re

from report.questions.answer import AnswerValue
from report.questions.kinds.characters import folded
from report.questions.kinds.context import alone, choose, clause
from report.questions.kinds.values import Candidate, Kind, Reading, compared, same_in_both
from report.questions.kinds.wordings import any_of, wording
from report.text import Text, visible
from report.tls.registry import version_name

_NAMED = wording(
    r"\b(?P<name>D?TLS|SSL)[\s_-]*(?:协议)?\s*(?:version|ver\.?|版本)?[\s_-]*v?\.?\s*"
    r"(?P<major>[0-3])(?:(?:\.|_)(?P<minor>[0-3]))?(?!\d|\.\d)",
)
_BARE = wording(r"(?<![\w.])v?(?P<major>[1-3])\.(?P<minor>[0-3])(?!\w|\.\d)")
_CODE = wording(r"\b0x(?P<code>03\s?0[0-4]|0002|fef[cdf])\b")
_BARE_CODE = wording(r"(?<![\w.])(?P<code>03\s?0[0-4])(?!\w|\.\d)")
_CALLED_VERSION = wording(r"版本|version")
_RECORD = wording(any_of("record_layer"))
_OFFERED = wording(any_of("offered_version"))


def _name(found: re.Match[str]) -> str:
    family, major = found["name"].upper(), found["major"]
    return f"{family} {major}.{found['minor'] or '0'}"


def _weighed(text: str, value: str, start: int, end: int, score: float) -> Candidate:
    before, after = clause(text, start, end)
    score *= 0.5 if _RECORD.search(before) or _RECORD.search(after) else 1
    score *= 0.75 if _OFFERED.search(before) else 1
    return Candidate(value, start, end, score)


def _bare_score(text: str, start: int, end: int) -> float:
    if alone(text, start, end):
        return 0.95
    return 0.8 if _CALLED_VERSION.search(text[max(0, start - 16) : start]) else 0.6


def _candidates(text: str) -> list[Candidate]:
    named = [(_name(found), *found.span(), 0.85) for found in _NAMED.finditer(text)]
    taken = [span for _, *span, _ in named]
    bare = [
        (
            f"{'TLS' if found['major'] == '1' else 'SSL'} {found['major']}.{found['minor']}",
            *found.span(),
            _bare_score(text, *found.span()),
        )
        for found in _BARE.finditer(text)
        if not any(start <= found.start() < end for start, end in taken)
    ]
    coded = [
        (version_name(int(found["code"].replace(" ", ""), 16)), *found.span(), score)
        for pattern, score in ((_CODE, 0.8), (_BARE_CODE, 0.5))
        for found in pattern.finditer(text)
    ]
    return [_weighed(text, *candidate) for candidate in (*named, *bare, *coded)]


def _parse(text: str) -> Reading | None:
    plain = folded(text)
    return choose(plain, _candidates(plain))


def _same(given: AnswerValue, expected: AnswerValue) -> bool:
    return str(given).upper().replace("V", " ").split() == str(expected).upper().split()


def _format(value: AnswerValue) -> Text:
    if not isinstance(value, str):
        raise TypeError(f"not a version: {value!r}")
    return same_in_both(visible(value))


VERSION = Kind("version", _parse, _format, compared(_same))
