"""What a student answered to one question, as read from a write-up."""

from dataclasses import dataclass, replace
from enum import StrEnum

from report.questions.answer import AnswerValue


class Stance(StrEnum):
    """What an answer says in words where it gives no value."""

    ABSENT = "absent"
    """`No`, `there is none`, `没有`."""
    HIDDEN = "hidden"
    """It is encrypted and cannot be seen."""
    NOT_APPLICABLE = "not_applicable"
    """This version or session has no such thing."""
    NOT_CAPTURED = "not_captured"
    """The capture does not hold it."""
    UNKNOWN = "unknown"
    """The writer does not know."""


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a submission: the file, and the number of the line in it as read."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One question's answer as it was handed in.

    `value` is None where none could be read: then `stance` may say what the words say instead,
    and `text` is empty where nothing was written at all.
    """

    question: str
    text: str
    value: AnswerValue | None
    confidence: float
    """From 0 to 1: how sure it is that the student means this value (or stance)."""
    where: Where | None
    alternatives: tuple[AnswerValue, ...] = ()
    """Other values that the text may mean, the likeliest first."""
    stance: Stance | None = None
    rivals: tuple[AnswerValue, ...] = ()
    """Other values that stand under the question by themselves, as answers of their own."""

    def less_sure(self, factor: float) -> "GivenAnswer":
        """The same answer with less confidence in it."""
        return replace(self, confidence=round(self.confidence * factor, 3))

    @property
    def empty(self) -> bool:
        """Whether nothing was written."""
        return not self.text.strip()


def nothing_given(question: str, confidence: float) -> GivenAnswer:
    """No answer was found; one may stand where nobody looked for it."""
    return GivenAnswer(question, "", None, confidence, None)
