"""How far a clause stands behind a value in it: stated, doubted, denied or somebody else's."""

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from report.questions.kinds.values import Candidate, Reading, best
from report.questions.kinds.wordings import any_of, wording

_MARKS = r"[\s\"'`*:：]*"
_CLAUSE_END = re.compile(r"[,;。，；!?！？()（）\n]|\.(?=\s|$)")
_THEIRS = wording(any_of("theirs"))
_MINE = wording(any_of("mine"))
_DENIED_BEFORE = wording(
    any_of("denying")
    + _MARKS
    + r"(?:第|包|帧|号|在|于|packet|frame|number|no\.?|#|the|a)*[\s\"'`*#]*$"
)
_DENIED_AFTER = wording("^" + _MARKS + any_of("denied_after"))
_DOUBTED = wording(any_of("doubting"))
_STRUCK = re.compile(r"~~.*?~~", re.DOTALL)
_STATED_BEFORE = wording(any_of("stating") + _MARKS + r"(?:第|the\s|a\s|an\s)?[\s\"'`*#]*$")
_SETTLED = wording(any_of("settling"))
_OUT = 0.1
_MOST = 80
"""Candidates of one line: who writes more values into it states none."""
_FAR = 120
_TAKEN_BACK = 24
_FACTORS = ((_THEIRS, 0.3), (_DOUBTED, 0.35))
_ASIDE = 0.6


def choose(text: str, candidates: Iterable[Candidate]) -> Reading | None:
    """The value that a folded text stands for: its candidates, each weighed by its clause.

    What stands in brackets counts less than what stands outside, if anything does.
    """
    weighed = [
        replace(c, score=c.score * standing(text, c.start, c.end))
        for c in islice(candidates, _MOST)
    ]
    outside = any(c.score > _OUT and not bracketed(text, c.start) for c in weighed)
    return best(
        replace(c, score=c.score * _ASIDE) if outside and bracketed(text, c.start) else c
        for c in weighed
    )


def clause(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and after `text[start:end]` in the same clause."""
    head = max(0, start - _FAR)
    begins = max((found.end() for found in _CLAUSE_END.finditer(text, head, start)), default=head)
    ends = _CLAUSE_END.search(text, end, end + _FAR)
    return text[begins:start], text[end : ends.start() if ends else end + _FAR]


def standing(text: str, start: int, end: int) -> float:
    """A factor for the score of the value at `text[start:end]`: 1 is a plain mention.

    Denied, struck out, doubted or somebody else's values get less, stated ones more.
    """
    if any(found.start() < start < found.end() for found in _STRUCK.finditer(text)):
        return _OUT
    before, after = clause(text, start, end)
    if _DENIED_BEFORE.search(before) or _DENIED_AFTER.search(text[end : end + _TAKEN_BACK]):
        return _OUT
    around = before + " " + after
    if not _MINE.search(around):
        for pattern, less in _FACTORS:
            if pattern.search(around):
                return less
    firm = 0.1 * leads(text, start) + 0.15 * bool(_STATED_BEFORE.search(before))
    return 1.0 + firm + 0.1 * bool(_SETTLED.search(around))


def bracketed(text: str, start: int) -> bool:
    """Whether a bracket that opens behind the first word is still open: an aside."""
    opened = max(text.rfind(mark, 0, start) for mark in "(（[")
    closed = max(text.rfind(mark, 0, start) for mark in ")）]")
    return opened > closed and bool(re.search(r"\w", text[:opened]))


def stated(text: str, start: int, end: int) -> bool:
    """Whether the clause says that something is the value: `是 28`, `it is 28`, `= 28`."""
    return bool(_STATED_BEFORE.search(clause(text, start, end)[0]))


def leads(text: str, start: int) -> bool:
    """Whether nothing but marks stands before `start`: what comes first is the answer."""
    return not re.search(r"\w", text[:start])


def alone(text: str, start: int, end: int) -> bool:
    """Whether nothing but marks and spaces stands around `text[start:end]`."""
    return leads(text, start) and not re.search(r"\w", text[end:])
