"""What became of one student's input: a status, and on success the report's facts.

`results/<folder>.json` holds one `Result`. It is the run's journal (whoever has one with the right
key is done) and the data of the class page and the tables at once.
"""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from report.errors import LabsharkError
from report.rendering.jsontext import json_text
from report.text import Text

JsonValue = int | float | str | bool | list[str] | None


class Status(StrEnum):
    """How an input ended; every input has exactly one."""

    DONE = "done"
    PARTIAL = "partial"
    """A report, of a capture that is damaged or cut short."""
    NO_PDF = "no_pdf"
    """The web page and the answers, but the PDF could not be made."""
    FAILED = "failed"
    DUPLICATE = "duplicate"
    """Several captures for one student; none is chosen."""
    NO_CAPTURE = "no_capture"
    """A student's folder without a capture in it."""
    MISSING = "missing"
    """On the roster, nothing handed in: a student, and no input."""


REPORTED = frozenset({Status.DONE, Status.PARTIAL, Status.NO_PDF})
NEEDS_PERSON = frozenset({Status.NO_PDF, Status.FAILED, Status.DUPLICATE, Status.NO_CAPTURE})


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Said(_Plain):
    """A sentence for a person, with the slug that programs go by."""

    slug: str
    zh: str
    en: str

    @classmethod
    def of(cls, slug: str, text: Text) -> "Said":
        """From a text."""
        return cls(slug=slug, zh=text.zh, en=text.en)

    @classmethod
    def by(cls, fault: LabsharkError) -> "Said":
        """From a mistake."""
        return cls.of(fault.slug, fault.text)

    @property
    def text(self) -> Text:
        """As the rest of the program passes texts around."""
        return Text(self.zh, self.en)


class Who(_Plain):
    """The student, as far as is known."""

    id: str
    name: str = ""
    class_name: str = ""
    on_roster: bool | None = None
    """None where there is no roster."""


class CaptureFacts(_Plain):
    """The capture that was read."""

    name: str
    sha256: str
    bytes: int
    packets: int
    seconds: float
    """From its first packet to its last."""
    started: str | None
    """ISO 8601, UTC."""


class SessionFacts(_Plain):
    """The lab's session in it."""

    transport: str
    stream: int
    client: str
    server: str
    server_name: str | None
    version: str | None
    cipher_suite: str | None
    resumed: bool
    decrypted: bool
    chosen: str
    packets: int
    seconds: float


class AnswerFacts(_Plain):
    """One answer, without its evidence, which answers.json has."""

    id: str
    status: str
    value: JsonValue = None
    inferred: bool = False


class FileFacts(_Plain):
    """One file of the report."""

    size: int
    sha256: str


class Findings(_Plain):
    """What a readable capture gave."""

    capture: CaptureFacts
    session: SessionFacts
    answers: tuple[AnswerFacts, ...]


class Result(_Plain):
    """One student's outcome."""

    format: Literal[1] = 1
    key: str
    """SHA-256 of all that the outcome depends on; see `report.batch.keys`."""
    final: bool
    """Whether the same input would end the same way again; else the next run tries once more."""
    status: Status
    who: Who
    folder: str
    """The student's folder, and the name of this result."""
    inputs: tuple[str, ...]
    """Captures (or the empty folder), as paths below what the command named."""
    keylogs: tuple[str, ...] = ()
    problem: Said | None = None
    """Why there is no (whole) report: what to tell the student."""
    notes: tuple[Said, ...] = ()
    findings: Findings | None = None
    files: dict[str, FileFacts] = {}

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.status in NEEDS_PERSON


def result_bytes(result: Result) -> bytes:
    """A result as it is written: the same result, the same bytes."""
    return (json_text(result.model_dump(mode="json"), indent=1) + "\n").encode()
