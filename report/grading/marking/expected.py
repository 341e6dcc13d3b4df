"""What is right: from the student's own capture, from a key, or from both."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from report.grading.key import KeyEntry
from report.labs.model import Question
from report.questions.answer import Answer, AnswerValue, Status
from report.questions.kinds.values import Rule
from report.text import Text

Decoys = Mapping[str, Collection[AnswerValue]]
"""Other facts of the capture that a student may take for the answer, by the slug of the
confusion (`confusions.CONFUSIONS`): `{"record_version": ("TLS 1.0",)}`."""

NO_DECOYS: Decoys = {}


@dataclass(frozen=True, slots=True)
class ExpectedAnswer:
    """What one question's answer should be, and how it is compared."""

    status: Status
    value: AnswerValue | None
    rule: Rule
    points: float
    """The most that the question is worth."""
    ideas: tuple[tuple[str, ...], ...] = ()
    parts: tuple[int, ...] = ()
    inferred: bool = False
    why: Text | None = None
    """Why it is right, for the feedback."""

    def __post_init__(self) -> None:
        if (self.value is not None) != (self.status is Status.FOUND):
            raise ValueError(f"{self.status} with value {self.value!r}")


def expected_answer(
    question: Question, answer: Answer | None, entry: KeyEntry | None
) -> ExpectedAnswer:
    """The capture's answer with what the key overrides; one of the two may be missing.

    Without either the question's status is `failed`: nothing is known to be right.
    """
    entry = entry or KeyEntry()
    status, value = _right(question, answer, entry)
    fixed = entry.value is not None or entry.status is not None
    return ExpectedAnswer(
        status=status,
        value=value,
        rule=_rule(question, answer, entry, fixed),
        points=question.points if entry.points is None else entry.points,
        ideas=tuple(map(tuple, entry.ideas or question.compare.ideas)),
        parts=_parts(answer, entry, fixed),
        inferred=entry.inferred if fixed else answer is not None and answer.inferred,
        why=Text(entry.note, entry.note) if entry.note else answer.reason if answer else None,
    )


def _right(
    question: Question, answer: Answer | None, entry: KeyEntry
) -> tuple[Status, AnswerValue | None]:
    if entry.value is not None:
        return Status.FOUND, entry.expected
    if entry.status is not None:
        return Status(entry.status), None
    if answer is not None:
        return answer.status, answer.value
    return (Status.EXPLAINED if question.kind == "text" else Status.FAILED), None


def _parts(answer: Answer | None, entry: KeyEntry, fixed: bool) -> tuple[int, ...]:
    if not fixed:
        return answer.parts if answer else ()
    # An instructor who edits the value may leave the parts of another message behind.
    return tuple(entry.parts) if entry.value in entry.parts[-1:] else ()


def _rule(question: Question, answer: Answer | None, entry: KeyEntry, fixed: bool) -> Rule:
    accept = entry.accepted
    if question.kind == "message_name" and answer is not None and not fixed:
        accept += answer.frames  # `in packet 32` names the message as well
    tolerance = question.compare.tolerance if entry.tolerance is None else entry.tolerance
    return Rule(
        tolerance=tolerance,
        accept=accept,
        partial={**question.compare.partial, **entry.partial},
        one_is_enough=question.compare.rule == "one_of",
        may_omit=question.compare.may_omit,
    )
