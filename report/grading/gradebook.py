"""The class's marks as files: grades.json, grades.csv, grades.xlsx, and marks for LMS sheets."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from report.grading.feedback import shown_points
from report.grading.intake.people import id_key
from report.grading.intake.roster import Person
from report.grading.outcome import AnswerOutcome, Fact, StudentOutcome
from report.grading.review import COLUMNS as REVIEW_COLUMNS
from report.grading.review import review_rows
from report.grading.sheets.marks import Mark
from report.grading.sheets.tables import Column, Table, Value, csv_bytes, xlsx_bytes
from report.grading.wordings import FACT, VERDICT
from report.labs.model import Lab
from report.text import Language

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Class:
    """Everybody's results."""

    lab: Lab
    outcomes: tuple[StudentOutcome, ...]
    facts: Mapping[str, tuple[Fact, ...]]
    """By submission."""
    missing: tuple[Person, ...] = ()
    """On the roster, nothing handed in."""
    key: Mapping[str, str] | None = None
    """Name and SHA-256 of the key file."""

    @property
    def duplicates(self) -> frozenset[str]:
        """Ids with more than one submission, as they are compared."""
        ids = Counter(id_key(o.who.id) for o in self.outcomes)
        return frozenset(one for one, count in ids.items() if count > 1)

    def needs_person(self, outcome: StudentOutcome) -> bool:
        """Whether anything about a submission awaits a person."""
        return outcome.needs_person or id_key(outcome.who.id) in self.duplicates


# ---- grades.json --------------------------------------------------------------------------------


def grades_document(klass: Class) -> dict[str, Any]:
    """`grades.json`: stable, additions only."""
    return {
        "format": FORMAT,
        "lab": klass.lab.id,
        "key": dict(klass.key) if klass.key else None,
        "students": [
            *(_student(klass, outcome) for outcome in klass.outcomes),
            *(_absent(person, klass.lab) for person in klass.missing),
        ],
    }


def _student(klass: Class, outcome: StudentOutcome) -> dict[str, Any]:
    return {
        "id": outcome.who.id,
        "name": outcome.who.name,
        "class": outcome.who.class_name,
        "status": "failed" if outcome.unreadable else "graded",
        "folder": outcome.folder,
        "submission": outcome.label,
        "on_roster": outcome.who.on_roster,
        "late": outcome.late,
        "files": list(outcome.files),
        "capture": outcome.capture.name if outcome.capture else None,
        "capture_sha256": outcome.capture.sha256 if outcome.capture else None,
        "key": outcome.key_used,
        "language": outcome.language,
        "points": outcome.points,
        "proposed_points": outcome.proposed_points,
        "max_points": outcome.max_points,
        "needs_review": list(outcome.needs_review),
        "needs_person": klass.needs_person(outcome),
        "problems": [said.model_dump() for said in outcome.problems],
        "facts": [_fact(fact) for fact in klass.facts.get(outcome.submission, ())],
        "answers": [_answer(answer) for answer in outcome.answers],
        "versions": dict(outcome.versions),
    }


def _fact(fact: Fact) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": fact.kind}
    if fact.others:
        told["with"] = list(fact.others)
    if fact.questions:
        told["questions"] = list(fact.questions)
    if fact.detail:
        told["detail"] = fact.detail
    return told


def _answer(answer: AnswerOutcome) -> dict[str, Any]:
    return {
        "id": answer.id,
        "kind": answer.kind,
        "given": answer.given,
        "value": answer.value,
        "alternatives": list(answer.alternatives),
        "where": answer.where.model_dump() if answer.where else None,
        "confidence": answer.confidence,
        "source": answer.source or None,
        "expected": answer.expected.en if answer.expected else None,
        "expected_value": answer.expected_value,
        "expected_status": answer.status,
        "inferred": answer.inferred,
        "verdict": answer.verdict.value,
        "confusion": answer.confusion,
        "points": answer.points,
        "auto_points": answer.auto_points,
        "proposed": answer.proposed,
        "manual_points": answer.manual.points if answer.manual else None,
        "manual_note": answer.manual.note if answer.manual else None,
        "max_points": answer.max_points,
        "feedback": {"zh": answer.feedback.zh, "en": answer.feedback.en},
    }


def _absent(person: Person, lab: Lab) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "class": person.class_name,
        "status": "missing",
        "folder": None,
        "on_roster": True,
        "files": [],
        "capture": None,
        "key": None,
        "points": None,
        "max_points": float(sum(question.points for question in lab.questions)),
        "needs_review": [],
        "needs_person": False,
        "facts": [],
        "answers": [],
    }


# ---- tables -------------------------------------------------------------------------------------


def _columns(lab: Lab) -> list[Column]:
    head = [Column("id"), Column("name"), Column("class"), Column("status")]
    head += [Column("points", "number"), Column("proposed_points", "number")]
    head += [Column("max_points", "number"), Column("needs_review"), Column("facts")]
    for question in lab.questions:
        head += [
            Column(f"{question.id} points", "number"),
            Column(f"{question.id} verdict"),
            Column(f"{question.id} given"),
            Column(f"{question.id} expected"),
        ]
    return head


def _rows(klass: Class) -> list[list[Value]]:
    rows = [_row(klass, outcome) for outcome in klass.outcomes]
    blank: list[Value] = [None] * (4 * len(klass.lab.questions))
    for person in klass.missing:
        head: list[Value] = [person.id, person.name, person.class_name, "missing"]
        most = float(sum(question.points for question in klass.lab.questions))
        rows.append([*head, None, None, most, "", "", *blank])
    return rows


def _row(klass: Class, outcome: StudentOutcome) -> list[Value]:
    facts = klass.facts.get(outcome.submission, ())
    answers = {answer.id: answer for answer in outcome.answers}
    row: list[Value] = [
        outcome.who.id,
        outcome.who.name,
        outcome.who.class_name,
        "failed" if outcome.unreadable else "graded",
        outcome.points,
        outcome.proposed_points,
        outcome.max_points,
        " ".join(outcome.needs_review),
        " ".join(fact.kind for fact in facts),
    ]
    for question in klass.lab.questions:
        answer = answers.get(question.id)
        if answer is None:
            row += [None, "", "", ""]
            continue
        expected = answer.expected.en if answer.expected else ""
        row += [answer.points, answer.verdict.value, answer.given, expected]
    return row


def grades_csv(klass: Class) -> bytes:
    """A row per student; of every question points, verdict, what was given and expected."""
    return csv_bytes(_columns(klass.lab), _rows(klass))


def grades_xlsx(klass: Class) -> bytes:
    """The same as a workbook, with a sheet of all answers to edit and one of facts."""
    facts = [
        _fact_row(o, fact) for o in klass.outcomes for fact in klass.facts.get(o.submission, ())
    ]
    fact_columns = ("id", "name", "kind", "事实", "fact", "with", "questions", "detail")
    return xlsx_bytes(
        [
            Table("grades", _columns(klass.lab), _rows(klass)),
            Table("answers", REVIEW_COLUMNS, list(review_rows(klass.outcomes, every=True))),
            Table("facts", [Column(title) for title in fact_columns], facts),
        ]
    )


def _fact_row(outcome: StudentOutcome, fact: Fact) -> list[Value]:
    said = FACT[fact.kind]
    others, questions = " ".join(fact.others), " ".join(fact.questions)
    who = outcome.who
    return [who.id, who.name, fact.kind, said.zh, said.en, others, questions, fact.detail]


# ---- marks for the LMS --------------------------------------------------------------------------


def lms_marks(klass: Class, *, accept_proposed: bool) -> dict[str, Mark]:
    """One mark per student id; without points while a person has to decide."""
    marks: dict[str, Mark] = {}
    for outcome in klass.outcomes:
        doubled = id_key(outcome.who.id) in klass.duplicates
        points = None if doubled else decided_points(outcome, accept_proposed=accept_proposed)
        marks[outcome.who.id] = Mark(
            points,
            lms_feedback(outcome),
            outcome.who.name,
            outcome.who.others,
        )
    return marks


def decided_points(outcome: StudentOutcome, *, accept_proposed: bool) -> Decimal | None:
    """The student's mark; None while anything awaits a person."""
    if outcome.unreadable or not outcome.answers:
        return None
    waiting = [answer for answer in outcome.answers if answer.needs_review]
    if not waiting:
        return Decimal(str(outcome.points))
    if accept_proposed and all(a.proposed and a.proposal is not None for a in waiting):
        return Decimal(str(outcome.points)) + Decimal(str(outcome.proposed_points))
    return None


def lms_feedback(outcome: StudentOutcome) -> str:
    """The comment for the LMS, plain text in the student's language."""
    language: Language = "en" if outcome.language == "en" else "zh"
    lines = [f"{shown_points(outcome.points)} / {shown_points(outcome.max_points)}"]
    lines += [line for answer in outcome.answers if (line := _comment(answer, language))]
    return "\n".join(lines)


def _comment(answer: AnswerOutcome, language: Language) -> str:
    right = answer.points is not None and answer.points >= answer.max_points
    note = answer.manual.note if answer.manual else ""
    if right and not note:
        return ""
    said = VERDICT[answer.verdict.value].in_(language)
    told = note or answer.feedback.text.in_(language)
    points = "–" if answer.points is None else shown_points(answer.points)
    return f"{answer.id}: {points} / {shown_points(answer.max_points)} ({said}) {told}"


def needing_person(klass: Class) -> Sequence[StudentOutcome]:
    """The submissions that await a person."""
    return [outcome for outcome in klass.outcomes if klass.needs_person(outcome)]


def totals(outcomes: Iterable[StudentOutcome]) -> list[float]:
    """Shares of the maximum, decided and proposed points together, from 0 to 1."""
    return [
        (o.points + o.proposed_points) / o.max_points
        for o in outcomes
        if o.max_points and not o.unreadable
    ]
