"""How many there are of something, and whole numbers without a unit."""

from dataclasses import replace

from report.questions.kinds.characters import readable
from report.questions.kinds.context import choose, clause
from report.questions.kinds.numbers import (
    IN_PASSING,
    Look,
    compare_numbers,
    format_number,
    number_candidates,
)
from report.questions.kinds.values import Candidate, Kind, Reading
from report.questions.kinds.wordings import any_of, wording

_IN_ALL = wording(any_of("in_all"))
_PART = wording(any_of("a_part_of_them"))
_ONLY_PART = 0.5
_COUNT = Look(
    before=wording(any_of("counting") + rf"(?:\s*{any_of('counting_joint')})*\s*$"),
    after=wording(r"[\"'`*]*\s*" + any_of("counted_after")),
    passing_after=wording(r"\s*" + any_of("counted_aside")),
    spelled=True,
)
_INTEGER = Look(
    before=wording(any_of("valued") + r"\s*(?:[:=]|是|为|\bis|\bof)?\s*$"),
    after=wording(r"(?!)"),
    passing_after=wording(r"(?!)"),
    spelled=True,
)
_HEX_NUMBER = wording(r"\b0x([0-9a-f]{1,8})\b")


def _parse_count(text: str) -> Reading | None:
    plain = readable(text)
    candidates = number_candidates(plain, _COUNT)
    return choose(plain, (_favouring_total(plain, candidate) for candidate in candidates))


def _favouring_total(text: str, candidate: Candidate) -> Candidate:
    if _PART.search(clause(text, candidate.start, candidate.end)[0]):
        return replace(candidate, score=candidate.score * _ONLY_PART)
    in_all = _IN_ALL.search(text[max(0, candidate.start - 8) : candidate.start])
    return replace(candidate, score=min(0.97, candidate.score + 0.1)) if in_all else candidate


def _parse_integer(text: str) -> Reading | None:
    plain = readable(text)
    hexadecimal = [
        Candidate(int(found[1], 16), found.start(), found.end(), IN_PASSING + 0.2)
        for found in _HEX_NUMBER.finditer(plain)
    ]
    return choose(plain, [*number_candidates(plain, _INTEGER), *hexadecimal])


COUNT = Kind("count", _parse_count, format_number, compare_numbers)
INTEGER = Kind("integer", _parse_integer, format_number, compare_numbers)
