"""The class page: distribution, hardest questions, confusions, who needs a person, facts."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median

from report.grading.feedback import shown_points
from report.grading.gradebook import Class, needing_person, totals
from report.grading.intake.people import id_key
from report.grading.marking.marked import Verdict
from report.grading.outcome import AnswerOutcome, StudentOutcome
from report.grading.pages import render_page
from report.labs.model import Question
from report.rendering.html import ShownLanguage
from report.text import Text, visible

_BINS = 10
_MOST_CONFUSIONS, _MOST_PEOPLE = 30, 12


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of the distribution."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How the class did at one question."""

    id: str
    ask: Text
    success: float
    """Mean share of the points, from 0 to 1, of the answers that have points."""
    verdicts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Confused:
    """One confusion, at whatever questions."""

    slug: str
    questions: tuple[str, ...]
    count: int
    who: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A submission that needs a person."""

    who: str
    folder: str
    questions: tuple[str, ...]
    reasons: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact."""

    who: str
    kind: str
    others: tuple[str, ...]
    questions: tuple[str, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class StudentRow:
    """One student of the list."""

    id: str
    name: str
    class_name: str
    points: str
    proposed: str
    max_points: str
    folder: str
    verdicts: tuple[tuple[str, str], ...]
    """Question and verdict."""


def class_page(klass: Class, language: ShownLanguage = "both") -> str:
    """The page as one HTML file that makes no request."""
    shares = totals(klass.outcomes)
    return render_page(
        "class-grades.html",
        "language.js",
        language,
        title=klass.lab.title.text,
        submissions=len(klass.outcomes),
        mean=_percent(sum(shares) / len(shares)) if shares else "–",
        median=_percent(median(shares)) if shares else "–",
        to_review=sum(len(o.needs_review) for o in klass.outcomes),
        bins=_distribution(shares),
        most=max((b.count for b in _distribution(shares)), default=0),
        difficulties=_difficulties(klass),
        confused=_confusions(klass.outcomes)[:_MOST_CONFUSIONS],
        waiting=list(_waiting(klass)),
        facts=list(_facts(klass)),
        missing=[visible(person.label) for person in klass.missing],
        students=[_student(outcome) for outcome in klass.outcomes],
        questions=[question.id for question in klass.lab.questions],
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _distribution(shares: Iterable[float]) -> list[Bin]:
    counts = Counter(min(_BINS - 1, int(share * _BINS + 1e-9)) for share in shares)
    width = 100 // _BINS
    return [Bin(f"{n * width}–{(n + 1) * width}", counts[n]) for n in range(_BINS)]


def _difficulties(klass: Class) -> list[Difficulty]:
    rows = [_difficulty(question, klass.outcomes) for question in klass.lab.questions]
    return sorted(rows, key=lambda row: row.success)


def _difficulty(question: Question, outcomes: Iterable[StudentOutcome]) -> Difficulty:
    answers = [a for o in outcomes for a in o.answers if a.id == question.id]
    shares = [share for a in answers if (share := _share(a)) is not None]
    counts = Counter(a.verdict for a in answers)
    return Difficulty(
        question.id,
        question.ask.text,
        sum(shares) / len(shares) if shares else 1.0,
        tuple((verdict.value, counts[verdict]) for verdict in Verdict if counts[verdict]),
    )


def _share(answer: AnswerOutcome) -> float | None:
    points = answer.points if answer.points is not None else answer.proposal
    if points is None or not answer.max_points:
        return None
    return points / answer.max_points


def _confusions(outcomes: Iterable[StudentOutcome]) -> list[Confused]:
    found: dict[str, list[tuple[str, str]]] = {}
    for outcome in outcomes:
        for answer in outcome.answers:
            if answer.confusion:
                told = (answer.id, visible(outcome.who.label))
                found.setdefault(answer.confusion, []).append(told)
    rows = [_confused(slug, told) for slug, told in found.items()]
    return sorted(rows, key=lambda row: (-row.count, row.slug))


def _confused(slug: str, told: list[tuple[str, str]]) -> Confused:
    questions = Counter(name for name, _ in told)
    who = tuple(dict.fromkeys(name for _, name in told))
    listed = tuple(name for name, _ in questions.most_common())
    return Confused(slug, listed, len(told), who[:_MOST_PEOPLE], max(0, len(who) - _MOST_PEOPLE))


_REASONS = {
    "failed": Text("未能评分。", "Could not be graded."),
    "off_roster": Text("不在名单中。", "Not on the roster."),
    "duplicate": Text("同一人有多份提交。", "Several submissions of one person."),
    "answers": Text("有回答待评阅。", "Answers await review."),
}


def _waiting(klass: Class) -> Iterator[Waiting]:
    for outcome in needing_person(klass):
        reasons = [_REASONS["failed"]] if outcome.unreadable else []
        if outcome.who.on_roster is False:
            reasons.append(_REASONS["off_roster"])
        if id_key(outcome.who.id) in klass.duplicates:
            reasons.append(_REASONS["duplicate"])
        if outcome.needs_review and not outcome.unreadable:
            reasons.append(_REASONS["answers"])
        reasons += [problem.text for problem in outcome.problems]
        who = visible(outcome.who.label) or visible(outcome.label)
        yield Waiting(who, outcome.folder, outcome.needs_review, tuple(reasons))


def _facts(klass: Class) -> Iterator[FactRow]:
    for outcome in klass.outcomes:
        for fact in klass.facts.get(outcome.submission, ()):
            yield FactRow(
                visible(outcome.who.label),
                fact.kind,
                tuple(map(visible, fact.others)),
                fact.questions,
                visible(fact.detail),
            )


def _student(outcome: StudentOutcome) -> StudentRow:
    return StudentRow(
        visible(outcome.who.id),
        visible(outcome.who.name),
        visible(outcome.who.class_name),
        shown_points(outcome.points),
        f"+{shown_points(outcome.proposed_points)}?" if outcome.proposed_points else "",
        shown_points(outcome.max_points),
        outcome.folder,
        tuple((answer.id, answer.verdict.value) for answer in outcome.answers),
    )
