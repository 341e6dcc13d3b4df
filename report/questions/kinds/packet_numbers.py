"""A packet number: Wireshark's No. column."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from report.questions.kinds.characters import readable
from report.questions.kinds.context import choose, clause
from report.questions.kinds.numbers import (
    Look,
    compare_numbers,
    format_number,
    number_candidates,
)
from report.questions.kinds.values import Candidate, Kind, Reading
from report.questions.kinds.wordings import any_of, wording

_LAST_OF_LIST = 0.7
_EARLIER_IN_LIST = 0.4
_COMPLETES = 1.15
_LOOK = Look(
    before=wording(any_of("packet") + rf"(?:\s*{any_of('packet_joint')})*\s*$"),
    after=wording(r"[\"'`*]*\s*" + any_of("packet_after")),
    passing_after=wording(r"\s*" + any_of("packets_counted")),
    spelled=False,
)
_LIST_JOIN = wording(
    r"(?:(?:\s*(?:[,、/&+;~到至和与及-]|and|to|through|以及)){1,4}\s*"
    r"(?:(?:frames?|packets?|no\.?|第|#|号)\s*){0,3}|\s{1,2})"
)
_WHOLE_IN = wording(any_of("complete"))
_BESIDE = wording(any_of("packet_beside"))
_BEGINS = wording(r"\s*号?(?:包|帧)?\s*" + any_of("begins_there"))
_ENDS = wording(r"\s*号?(?:包|帧)?\s*" + any_of("ends_there"))
_NEXT = 24
_ONLY_BESIDE = 0.6


def _in_lists(text: str, candidates: list[Candidate]) -> Iterator[Candidate]:
    """A row of numbers names the frames of one message; it is complete in the last of them."""
    ordered = sorted((c for c in candidates if c.score > 0), key=lambda c: c.start)
    joined = [_counts_on(text, a, b) for a, b in pairwise(ordered)]
    for at, candidate in enumerate(ordered):
        if at < len(joined) and joined[at]:
            yield replace(candidate, score=min(candidate.score, _EARLIER_IN_LIST))
        elif at > 0 and joined[at - 1]:
            score = max(candidate.score, 0.6) * _COMPLETES
            yield replace(candidate, score=min(score, _LAST_OF_LIST))
        else:
            since = ordered[at - 1].end if at else 0
            yield replace(candidate, score=candidate.score * _placed(text, candidate, since))


def _counts_on(text: str, one: Candidate, other: Candidate) -> bool:
    """Whether two numbers stand in one row of frames: a capture counts upwards."""
    rises = isinstance(one.value, int) and isinstance(other.value, int) and one.value < other.value
    return rises and bool(_LIST_JOIN.fullmatch(text[one.end : other.start]))


def _placed(text: str, candidate: Candidate, since: int) -> float:
    """More for the packet that completes a message, less for one that only stands beside it."""
    before, _ = clause(text, candidate.start, candidate.end)
    before = before[-(candidate.start - since) :]
    after = text[candidate.end : candidate.end + _NEXT]
    if _BESIDE.search(before) or _BEGINS.match(after):
        return _ONLY_BESIDE
    return _COMPLETES if _WHOLE_IN.search(before) or _ENDS.match(after) else 1.0


def _parse(text: str) -> Reading | None:
    plain = readable(text)
    return choose(plain, _in_lists(plain, number_candidates(plain, _LOOK)))


PACKET_NUMBER = Kind("packet_number", _parse, format_number, compare_numbers)
