"""The feedback for one student: what was answered, what is right, and the evidence for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from report.capture.trace import Trace
from report.grading.outcome import AnswerOutcome, StudentOutcome
from report.grading.pages import render_page
from report.labs.model import Lab
from report.questions.engine import LabResult
from report.questions.kinds import kind
from report.rendering.html import Medium, ShownLanguage
from report.rendering.report import build_view
from report.rendering.view import QuestionView
from report.text import Text, visible


@dataclass(frozen=True, slots=True)
class Page:
    """What the feedback is made from."""

    outcome: StudentOutcome
    lab: Lab
    trace: Trace | None = None
    result: LabResult | None = None
    """The lab on the student's own capture, its trace still open."""


@dataclass(frozen=True, slots=True)
class QuestionFeedback:
    """One question as the page shows it."""

    view: QuestionView
    answer: AnswerOutcome
    points: str
    """`1`, `0.5`, `0.5?` while only proposed, empty while undecided."""
    max_points: str
    given: str
    read: Text | None
    """The value as read, where that is not simply what was written."""
    expected: tuple[Text, ...]
    right: bool


@dataclass(frozen=True, slots=True)
class SectionFeedback:
    """A section of the lab."""

    id: str
    title: Text
    questions: tuple[QuestionFeedback, ...]


def feedback_page(page: Page, language: ShownLanguage, medium: Medium = "browser") -> str:
    """The feedback as one HTML page, for a browser or for the PDF."""
    views = _views(page)
    answers = {answer.id: answer for answer in page.outcome.answers}
    outcome = page.outcome
    sections = tuple(_sections(page.lab, views, answers))
    return render_page(
        "feedback.html",
        "report.js",
        language,
        medium,
        title=page.lab.title.text,
        student=visible(outcome.who.label) or visible(outcome.label),
        class_name=visible(outcome.who.class_name),
        capture=visible(outcome.capture.name) if outcome.capture else "",
        key_used=outcome.key_used or "none",
        points=shown_points(outcome.points),
        pending=shown_points(outcome.proposed_points),
        undecided=len(outcome.needs_review),
        max_points=shown_points(outcome.max_points),
        problems=[said.text for said in outcome.problems if not said.names_others],
        sections=sections,
    )


def shown_points(points: float) -> str:
    """Points without needless zeros: `1`, `0.5`, `21.25`."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _views(page: Page) -> Mapping[str, QuestionView]:
    """Each question as the report shows it; without a capture only what it asks."""
    if page.trace is not None and page.result is not None:
        view = build_view(page.trace, page.result)
        return {q.id: q for section in view.sections for q in section.questions}
    return {q.id: q for q in _bare(page.lab)}


def _bare(lab: Lab) -> Iterator[QuestionView]:
    for number, question in enumerate(lab.questions, start=1):
        digits = question.id.lstrip("q")
        yield QuestionView(
            id=question.id,
            number=digits if digits.isdigit() else str(number),
            ask=question.ask.text,
            points=f"{question.points:g}",
            status=None,
            model_answer=question.model.text if question.model else None,
            sources=tuple(map(visible, question.sources)),
        )


def _sections(
    lab: Lab, views: Mapping[str, QuestionView], answers: Mapping[str, AnswerOutcome]
) -> Iterator[SectionFeedback]:
    for section in lab.sections:
        own = [q.id for q in lab.questions if q.section == section.id and q.id in answers]
        if own:
            questions = tuple(_question(views[name], answers[name]) for name in own)
            yield SectionFeedback(f"section-{section.id}", section.title.text, questions)


def _question(view: QuestionView, answer: AnswerOutcome) -> QuestionFeedback:
    return QuestionFeedback(
        view=view,
        answer=answer,
        points=_points(answer),
        max_points=shown_points(answer.max_points),
        given=answer.given,
        read=_read(answer),
        expected=_expected(answer),
        right=answer.points is not None and answer.points >= answer.max_points,
    )


def _points(answer: AnswerOutcome) -> str:
    if answer.points is not None:
        return shown_points(answer.points)
    return "" if answer.proposal is None else f"{shown_points(answer.proposal)}?"


def _read(answer: AnswerOutcome) -> Text | None:
    value = answer.value
    if value is None or str(value) == answer.given.strip():
        return None
    return shown_value(answer.kind, value)


def shown_value(kind_name: str, value: object) -> Text:
    """A value as people read it; what its kind does not know, as it stands."""
    plain = tuple(value) if isinstance(value, list) else value
    try:
        return kind(kind_name).format(plain)  # type: ignore[arg-type]
    except (TypeError, ValueError, KeyError):
        shown = visible(str(value))
        return Text(shown, shown)


def _expected(answer: AnswerOutcome) -> tuple[Text, ...]:
    if isinstance(answer.expected_value, list):
        return tuple(Text(one, one) for one in map(visible, answer.expected_value))
    return (answer.expected.text,) if answer.expected else ()
