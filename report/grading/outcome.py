"""What grading found out about one student's submission, as plain data that JSON knows.

One `StudentOutcome` per submission lies under `results/`; it is the journal of a run (who has one
with the right key is done) and the only input of everything that concerns the whole class.
"""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from report.errors import LabsharkError
from report.grading.intake.problems import Problem
from report.grading.marking.marked import Verdict
from report.grading.marking.points import total
from report.questions.answer import AnswerValue
from report.rendering.jsontext import json_text
from report.text import Text

JsonValue = int | float | str | bool | list[str] | None
KeyUsed = Literal["capture", "key", "both"]
Source = Literal["own", "generated", ""]
"""Who answered: the student, a report made by labshark, nobody."""

UNDECIDED = frozenset({Verdict.REVIEW, Verdict.NOT_GRADABLE})


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Said(_Plain):
    """A sentence for a person, with the slug that programs go by."""

    slug: str = ""
    zh: str
    en: str

    @classmethod
    def of(cls, text: Text, slug: str = "") -> "Said":
        """From a text."""
        return cls(slug=slug, zh=text.zh, en=text.en)

    @classmethod
    def by(cls, fault: LabsharkError) -> "Said":
        """From a mistake."""
        return cls.of(fault.text, fault.slug)

    @classmethod
    def about(cls, problems: Iterable[Problem]) -> "tuple[Said, ...]":
        """From what the intake found."""
        return tuple(cls.of(problem.text, problem.slug) for problem in problems)

    @property
    def text(self) -> Text:
        """As the rest of the program passes texts around."""
        return Text(self.zh, self.en)

    @property
    def names_others(self) -> bool:
        """Whether it may name other students, and so is for the instructor alone."""
        return self.slug == "same-id" or self.slug.startswith(("match-", "roster-"))


class Who(_Plain):
    """The student, as far as is known."""

    id: str
    name: str = ""
    class_name: str = ""
    others: tuple[str, ...] = ()
    """Other ids: login, e-mail, the LMS's own number."""
    on_roster: bool | None = None
    """None where there is no roster."""

    @property
    def label(self) -> str:
        """Id and name, for people."""
        return " ".join(filter(None, (self.id, self.name)))


class WhereFound(_Plain):
    """A place in a write-up."""

    file: str
    line: int


class CaptureFacts(_Plain):
    """The capture that the key was computed from."""

    name: str
    sha256: str
    packets: int
    started: float | None
    """Of its first packet, seconds since 1970, UTC."""
    client_randoms: tuple[str, ...]
    """Of its Client Hellos, hex, each once: the graded session's, then the others' in order."""
    server_name: str = ""
    version: str = ""
    decrypted: bool = False
    keys_fit: bool | None = None
    """Whether the key logs handed in know any of its sessions; None without a key log."""


class WriteUpFacts(_Plain):
    """One write-up that was read."""

    name: str
    kind: str
    language: str | None
    lines: int
    generated: bool = False
    form: bool = False


class Manual(_Plain):
    """What a person decided, in review.csv."""

    points: float
    note: str = ""


class AnswerOutcome(_Plain):
    """One question of one student."""

    id: str
    kind: str
    verdict: Verdict
    auto_points: float | None
    """None where the machine decides nothing."""
    max_points: float
    proposed: bool = False
    """Whether the points are a proposal that a person has to confirm."""
    confusion: str | None = None
    given: str = ""
    """As written, shortened, hidden characters as escapes."""
    value: JsonValue = None
    """As read; null where nothing but words was read."""
    alternatives: tuple[JsonValue, ...] = ()
    confidence: float = 0.0
    where: WhereFound | None = None
    source: Source = ""
    expected: Said | None = None
    expected_value: JsonValue = None
    status: str = "failed"
    """Of the expected answer."""
    inferred: bool = False
    feedback: Said
    manual: Manual | None = None

    @property
    def points(self) -> float | None:
        """What counts: a person's points before the machine's; None while nobody has decided."""
        if self.manual is not None:
            return self.manual.points
        return None if self.verdict in UNDECIDED else self.auto_points

    @property
    def needs_review(self) -> bool:
        """Whether a person has to decide."""
        return self.manual is None and self.verdict in UNDECIDED

    @property
    def proposal(self) -> float | None:
        """Points that a person need only confirm."""
        return self.auto_points if self.needs_review else None


class Fact(_Plain):
    """Something that a person may want to look into; never an accusation."""

    kind: str
    others: tuple[str, ...] = ()
    """Ids of the students concerned."""
    questions: tuple[str, ...] = ()
    detail: str = ""


class FileFacts(_Plain):
    """A file of the feedback."""

    size: int
    sha256: str


class StudentOutcome(_Plain):
    """One submission."""

    format: Literal[1] = 1
    key: str = ""
    """SHA-256 of all that the outcome depends on."""
    submission: str
    """Unique among the submissions, the same on every run over the same files."""
    label: str
    """The folder's or file's name that it was found under."""
    folder: str
    """Of its feedback and its result."""
    who: Who
    files: tuple[str, ...] = ()
    """As the student named them, key logs among them."""
    capture: CaptureFacts | None = None
    writeups: tuple[WriteUpFacts, ...] = ()
    key_used: KeyUsed | None = None
    language: str = "both"
    problems: tuple[Said, ...] = ()
    answers: tuple[AnswerOutcome, ...] = ()
    facts: tuple[Fact, ...] = ()
    """Those that the submission alone shows."""
    late: bool = False
    unreadable: bool = False
    """Grading itself failed; nothing is known of the answers."""
    feedback: dict[str, FileFacts] = {}
    versions: dict[str, str] = {}

    @property
    def points(self) -> float:
        """The sum of what is decided."""
        return total([a.points for a in self.answers if a.points is not None])

    @property
    def proposed_points(self) -> float:
        """What the proposals would add."""
        return total([p for a in self.answers if (p := a.proposal) is not None])

    @property
    def max_points(self) -> float:
        """What all questions are worth."""
        return total([a.max_points for a in self.answers])

    @property
    def needs_review(self) -> tuple[str, ...]:
        """The questions that a person has to decide, in their order."""
        return tuple(a.id for a in self.answers if a.needs_review)

    @property
    def needs_person(self) -> bool:
        """Whether anything about it awaits a person."""
        return self.unreadable or bool(self.needs_review) or self.who.on_roster is False


def outcome_bytes(outcome: StudentOutcome) -> bytes:
    """An outcome as it is written: the same outcome, the same bytes."""
    return (json_text(outcome.model_dump(mode="json"), indent=1) + "\n").encode()


def plain_value(value: AnswerValue | None) -> JsonValue:
    """A value as JSON knows it."""
    return list(value) if isinstance(value, tuple) else value


def answer_value(value: JsonValue) -> AnswerValue | None:
    """The way back."""
    if isinstance(value, list):
        return tuple(value)
    return int(value) if isinstance(value, float) else value
