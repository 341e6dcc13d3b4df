"""What a kind of value gives: a reading, a comparison, a format; and how candidates compete."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from report.questions.answer import AnswerValue
from report.text import Text

_RIVAL_HARMLESS = 0.5
"""A rival with at most this share of the best score does not shake the reading."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One value that a text may mean; `score` from 0 to 1, `start` and `end` in characters."""

    value: AnswerValue
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """The value found in a text, how sure that is (0 to 1), and where it stands in it."""

    value: AnswerValue
    confidence: float
    start: int
    end: int
    alternatives: tuple[Candidate, ...] = ()
    """Other values that the text may mean, the likeliest first."""
    score: float | None = None
    """What speaks for the value by itself, its rivals aside; None if that is the confidence."""

    @property
    def named(self) -> tuple[Candidate, ...]:
        """The value, as sure as it is, and the others that the text may mean."""
        return (Candidate(self.value, self.start, self.end, self.confidence), *self.alternatives)


@dataclass(frozen=True, slots=True)
class Rule:
    """How a question compares a given value with the expected one."""

    tolerance: float = 0
    """Numbers: how far off still counts as right."""
    accept: tuple[AnswerValue, ...] = ()
    """Further values that are as right as the expected one."""
    partial: Mapping[str, float] = field(default_factory=dict)
    """Share of the points (0 to 1) by the reason that `Comparison.why` names."""
    one_is_enough: bool = False
    """Lists: whether any one of the expected names answers the question."""
    may_omit: int = 0
    """Lists: how many names at the head of the expected list need not be repeated."""

    def share(self, why: str, usual: float) -> float:
        """The share of the points for a partly right value."""
        return self.partial.get(why, usual)


EXACTLY = Rule()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether a value is the expected one; `partial` is the share of points of a partly right."""

    equal: bool
    partial: float | None = None
    why: str | None = None
    """A slug: what is missing or different, or in what other form the value is right."""


EQUAL = Comparison(True)
DIFFERENT = Comparison(False)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value: its only parser, formatter and comparer."""

    name: str
    parse: Callable[[str], Reading | None]
    """The value that a piece of free text states; None where it states none."""
    format: Callable[[AnswerValue], Text]
    """The value as a report shows it. Raises `TypeError` for a value of another kind."""
    compare: Callable[[AnswerValue, AnswerValue, Rule], Comparison]
    """Given value, expected value, rule."""


def best(candidates: Iterable[Candidate]) -> Reading | None:
    """The candidate with the highest score as a reading; the later one where two are level.

    The confidence is the score, lowered by the strongest rival that means another value.
    """
    strongest: dict[AnswerValue, Candidate] = {}
    for candidate in candidates:
        known = strongest.get(candidate.value)
        if candidate.score > 0 and (known is None or candidate.score >= known.score):
            strongest[candidate.value] = candidate
    if not strongest:
        return None
    ranked = sorted(strongest.values(), key=lambda c: (-c.score, -c.start))
    first, rivals = ranked[0], tuple(ranked[1:])
    sure = _shaken(first.score, rivals)
    return Reading(first.value, sure, first.start, first.end, rivals, min(1.0, first.score))


def _shaken(score: float, rivals: tuple[Candidate, ...]) -> float:
    if not rivals:
        return min(1.0, score)
    share = rivals[0].score / score
    return min(1.0, score) * (1 - max(0.0, share - _RIVAL_HARMLESS))


def same_in_both(shown: str) -> Text:
    """A value that reads the same in Chinese and in English."""
    return Text(shown, shown)


def compared(
    same: Callable[[AnswerValue, AnswerValue], bool],
) -> Callable[[AnswerValue, AnswerValue, Rule], Comparison]:
    """A comparer that knows right and different only, with the rule's accepted values."""

    def compare(given: AnswerValue, expected: AnswerValue, rule: Rule) -> Comparison:
        if same(given, expected):
            return EQUAL
        if any(same(given, accepted) for accepted in rule.accept):
            return Comparison(True, why="accepted")
        return DIFFERENT

    return compare
