"""What the reader knows of a lab's questions: their number, kind, wordings and terms."""

from dataclasses import dataclass

from report.grading.reading.concepts import Weights, concepts, likeness, weights
from report.labs.model import Lab
from report.questions.kinds.numerals import numerals
from report.questions.kinds.wordings import wording

_DENIABLE = wording(
    r"吗|是否|有没有|如果有|如果是",
    r"^(?:does|did|do|is|are|was|were|has|have|can)\b",
    r"\bif so\b|\bif not\b|\bif yes\b",
)
_NEVER_DENIED = ("before_after", "yes_no", "text")
_DIGITS = wording(r"first (?P<n>\w+)(?: \w+)? digits")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as the reader sees it."""

    id: str
    number: int
    """Its place in the lab, from 1."""
    kind: str
    asks: tuple[str, ...]
    named: frozenset[str]
    """The terms that it names, in whichever language."""
    deniable: bool
    """Whether `no` can answer it."""
    digits: int | None
    """How many hexadecimal digits it asks for."""


@dataclass(frozen=True, slots=True)
class Questions:
    """All questions of a lab, and how telling their terms are."""

    all: tuple[Asked, ...]
    weighed: Weights

    def likeness(self, text: str, asked: Asked) -> float:
        """How much `text` asks the same as this question, from 0 to 1."""
        return likeness(text, asked.asks, asked.named, self.weighed)


def questions_of(lab: Lab) -> Questions:
    """The questions of `lab` for reading."""
    asked = tuple(
        Asked(
            id=question.id,
            number=number,
            kind=question.kind,
            asks=(question.ask.zh, question.ask.en),
            named=concepts(question.ask.zh) | concepts(question.ask.en),
            deniable=question.kind not in _NEVER_DENIED
            and bool(_DENIABLE.search(question.ask.zh) or _DENIABLE.search(question.ask.en)),
            digits=_digits(question.ask.en),
        )
        for number, question in enumerate(lab.questions, 1)
    )
    return Questions(asked, weights(each.named for each in asked))


def _digits(ask: str) -> int | None:
    found = _DIGITS.search(ask)
    spelled = numerals(found["n"]) if found else []
    return spelled[0].value if spelled else None
