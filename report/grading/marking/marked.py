"""The outcome of marking one answer."""

from dataclasses import dataclass
from enum import StrEnum

from report.text import Text


class Verdict(StrEnum):
    """What an answer is worth, and whether a person has to look at it."""

    CORRECT = "correct"
    PARTIAL = "partial"
    WRONG = "wrong"
    MISSING = "missing"
    REVIEW = "review"
    NOT_GRADABLE = "not_gradable"


@dataclass(frozen=True, slots=True)
class MarkedAnswer:
    """One answer's verdict."""

    verdict: Verdict
    points: float | None
    """None where nobody has decided yet, or nothing can be: never silently zero."""
    max_points: float
    feedback: Text
    confusion: str | None = None
    """A slug of `confusions.CONFUSIONS`."""
    proposed: bool = False
    """Whether the points are only proposed: a person decides on questions of understanding."""
