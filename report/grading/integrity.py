"""What several submissions show together: facts for a person to look into, never accusations."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from report.grading.intake.people import id_key
from report.grading.marking.marked import Verdict
from report.grading.outcome import (
    AnswerOutcome,
    CaptureFacts,
    Fact,
    StudentOutcome,
    answer_value,
)
from report.grading.published import PublishedTrace, published_traces
from report.questions.answer import AnswerValue
from report.questions.kinds import kind
from report.questions.kinds.values import EXACTLY

_TELLING = frozenset({"packet_number", "hex", "name", "names", "count"})
"""Kinds whose values differ from capture to capture."""
_LEAST_FITTING, _LEAST_SHARE = 3, 0.6
_LEAST_SAME_WRONG = 3
_RARE = 0.2
_LEAST_CLASS = 5


def class_facts(outcomes: Sequence[StudentOutcome], lab: str) -> dict[str, tuple[Fact, ...]]:
    """The facts of every submission, by its key: its own, and those that others add."""
    found: dict[str, list[Fact]] = {o.submission: list(o.facts) for o in outcomes}
    for submission, fact in _all(outcomes, lab):
        if fact not in found[submission]:
            found[submission].append(fact)
    return {submission: tuple(facts) for submission, facts in found.items()}


def _all(outcomes: Sequence[StudentOutcome], lab: str) -> Iterator[tuple[str, Fact]]:
    published = [trace for trace in published_traces() if trace.lab == lab]
    yield from _same_files(outcomes)
    yield from _same_sessions(outcomes, {trace.client_random for trace in published})
    for outcome in outcomes:
        yield from _of_published(outcome, published)
    yield from _fits_others(outcomes, published)
    yield from _same_wrong(outcomes)


def _differ(one: StudentOutcome, other: StudentOutcome) -> bool:
    """Two people; one person's several submissions are no news."""
    return one.submission != other.submission and id_key(one.who.id) != id_key(other.who.id)


def _ids(outcomes: Iterable[StudentOutcome]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(o.who.id for o in outcomes))


# ---- captures -----------------------------------------------------------------------------------


def _same_files(outcomes: Sequence[StudentOutcome]) -> Iterator[tuple[str, Fact]]:
    by_hash: dict[str, list[StudentOutcome]] = {}
    for outcome in outcomes:
        if outcome.capture:
            by_hash.setdefault(outcome.capture.sha256, []).append(outcome)
    for same in by_hash.values():
        for outcome in same:
            others = [o for o in same if _differ(o, outcome)]
            if others:
                yield outcome.submission, Fact(kind="same_capture", others=_ids(others))


def _same_sessions(
    outcomes: Sequence[StudentOutcome], published: set[str]
) -> Iterator[tuple[str, Fact]]:
    """A client random is 28 random bytes: two captures that share one recorded one session."""
    by_random: dict[str, list[StudentOutcome]] = {}
    for outcome in outcomes:
        randoms = outcome.capture.client_randoms if outcome.capture else ()
        if not published.intersection(randoms):
            for random in randoms:
                by_random.setdefault(random, []).append(outcome)
    shared: dict[str, dict[str, StudentOutcome]] = {}
    for one, other in _pairs(by_random.values()):
        if _file_differs(one, other):
            shared.setdefault(one.submission, {})[other.submission] = other
    for submission, others in shared.items():
        yield submission, Fact(kind="same_session", others=_ids(others.values()))


def _pairs(
    groups: Iterable[Sequence[StudentOutcome]],
) -> Iterator[tuple[StudentOutcome, StudentOutcome]]:
    """Every two different people of a group, both ways round."""
    for group in groups:
        yield from ((one, other) for one in group for other in group if _differ(one, other))


def _file_differs(one: StudentOutcome, other: StudentOutcome) -> bool:
    return _capture(one).sha256 != _capture(other).sha256


def _capture(outcome: StudentOutcome) -> CaptureFacts:
    assert outcome.capture is not None  # only those with one are compared
    return outcome.capture


def _of_published(
    outcome: StudentOutcome, published: Sequence[PublishedTrace]
) -> Iterator[tuple[str, Fact]]:
    if outcome.capture is None:
        return
    for trace in published:
        if trace.client_random in outcome.capture.client_randoms:
            yield outcome.submission, Fact(kind="published_trace", detail=trace.name)


# ---- answers ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Right:
    """What is right for somebody else."""

    values: Mapping[str, AnswerValue]
    outcome: StudentOutcome | None = None
    name: str = ""


def _fits_others(
    outcomes: Sequence[StudentOutcome], published: Sequence[PublishedTrace]
) -> Iterator[tuple[str, Fact]]:
    """Answers that are wrong for one's own capture and right for another."""
    rights = [_right(o) for o in outcomes if o.capture is not None]
    rights += [_Right(trace.answers, name=trace.name) for trace in published]
    for outcome in outcomes:
        if outcome.key_used not in ("capture", "both"):
            continue
        strange = _not_ones_own(outcome)
        if len(strange) < _LEAST_FITTING:
            continue
        fitting = [(right, _fitting(strange, right)) for right in rights]
        fitting = [(right, told) for right, told in fitting if _tells(told, strange, right)]
        fitting = [p for p in fitting if p[0].outcome is None or _differ(p[0].outcome, outcome)]
        most = max((len(told) for _, told in fitting), default=0)
        best = [(right, told) for right, told in fitting if len(told) == most]
        yield from ((outcome.submission, fact) for fact in _as_facts(best))


def _as_facts(best: Sequence[tuple[_Right, tuple[str, ...]]]) -> Iterator[Fact]:
    trace = next(((right, told) for right, told in best if right.outcome is None), None)
    if trace is not None:
        yield Fact(kind="fits_published_answers", questions=trace[1], detail=trace[0].name)
        return
    if best:
        others = _ids(right.outcome for right, _ in best if right.outcome is not None)
        yield Fact(kind="fits_other_capture", others=others, questions=best[0][1])


def _right(outcome: StudentOutcome) -> _Right:
    values = {
        answer.id: value
        for answer in outcome.answers
        if answer.kind in _TELLING and (value := answer_value(answer.expected_value)) is not None
    }
    return _Right(values, outcome)


def _not_ones_own(outcome: StudentOutcome) -> dict[str, AnswerOutcome]:
    """The telling answers that one's own capture does not bear out."""
    return {
        answer.id: answer
        for answer in outcome.answers
        if answer.kind in _TELLING
        and answer.value is not None
        and not _same(answer, answer_value(answer.expected_value))
    }


def _same(answer: AnswerOutcome, value: AnswerValue | None) -> bool:
    given = answer_value(answer.value)
    if given is None or value is None:
        return False
    try:
        return kind(answer.kind).compare(given, value, EXACTLY).equal
    except (TypeError, ValueError):  # a value of another kind is not the same
        return False


def _fitting(strange: Mapping[str, AnswerOutcome], right: _Right) -> tuple[str, ...]:
    return tuple(name for name, answer in strange.items() if _same(answer, right.values.get(name)))


def _tells(told: Sequence[str], strange: Mapping[str, AnswerOutcome], right: _Right) -> bool:
    comparable = [name for name in strange if name in right.values]
    return len(told) >= _LEAST_FITTING and len(told) >= _LEAST_SHARE * len(comparable)


def _same_wrong(outcomes: Sequence[StudentOutcome]) -> Iterator[tuple[str, Fact]]:
    """The same rare wrong values; mistakes that many make tell nothing."""
    if len(outcomes) < _LEAST_CLASS:
        return
    questions: dict[tuple[str, str], list[str]] = {}
    most = max(2.0, _RARE * len(outcomes))
    for (name, _), same in _wrong_values(outcomes).items():
        for one, other in _pairs([same] if len(same) <= most else []):
            questions.setdefault((one.submission, other.submission), []).append(name)
    ids = {outcome.submission: outcome.who.id for outcome in outcomes}
    for (submission, other_submission), names in questions.items():
        if len(names) >= _LEAST_SAME_WRONG:
            others = (ids[other_submission],)
            yield submission, Fact(kind="same_wrong_answers", others=others, questions=tuple(names))


def _wrong_values(
    outcomes: Iterable[StudentOutcome],
) -> dict[tuple[str, str], list[StudentOutcome]]:
    """Who gave each wrong value, by question and value; known confusions left out."""
    wrong: dict[tuple[str, str], list[StudentOutcome]] = {}
    for outcome in outcomes:
        for answer in outcome.answers:
            told = answer.verdict is Verdict.WRONG and answer.kind in _TELLING
            if told and answer.confusion is None:
                wrong.setdefault((answer.id, repr(answer.value)), []).append(outcome)
    return wrong
