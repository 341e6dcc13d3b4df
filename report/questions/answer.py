"""The fourth noun, Answer: a value with its status and its evidence, as plain data."""

from dataclasses import dataclass
from enum import StrEnum

from report.capture.frames import ByteSource
from report.text import Text

AnswerValue = int | str | bool | tuple[str, ...]
"""What a found answer may hold: values that JSON knows (no numpy scalars, no NaN)."""


class Status(StrEnum):
    """How sure an answer is, and why there is none (design, section 4)."""

    FOUND = "found"
    ABSENT = "absent"
    HIDDEN = "hidden"
    NOT_APPLICABLE = "not_applicable"
    NOT_CAPTURED = "not_captured"
    EXPLAINED = "explained"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One field of one frame, as Wireshark shows it, and where its bytes lie."""

    frame: int
    field: str
    """The display-filter name, `tls.handshake.type`; empty for a line Wireshark gives no name."""
    label: str
    """The line of the dissection tree, as Wireshark prints it."""
    value: str
    source: ByteSource
    offset: int
    """In bytes from the start of the buffer that `source` names."""
    length: int
    parts: tuple[int, ...]
    """Every frame that carried a part of the message; at least `frame` itself."""
    path: tuple[int, ...] = ()
    """Child indexes from the frame's `<packet>` element of PDML down to the field."""
    buffer: int = 0
    """Which of the frame's byte buffers (0 is the frame itself, then as Wireshark lists them)."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a tabular answer; `numeric` columns are set flush right."""

    title: Text
    numeric: bool = False


Cell = str | Text
"""What the capture says reads the same in both languages; words of ours have a text for each, and
what they quote has passed `report.text.visible`."""


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """A tabular answer: rows of cells as shown; `frames` links a row to its packet."""

    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    frames: tuple[int | None, ...] = ()
    caption: Text | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the capture says to one question.

    `value` is null unless the status is `found`; a found answer has a frame or evidence.
    """

    status: Status
    text: Text
    value: AnswerValue | None = None
    frames: tuple[int, ...] = ()
    """The frames that `filter` selects from the whole capture."""
    parts: tuple[int, ...] = ()
    """Every frame that carried a part of the cited message."""
    inferred: bool = False
    filter: str | None = None
    reason: Text | None = None
    """Why the status is what it is, or what the reader should know of the value."""
    evidence: tuple[Evidence, ...] = ()
    tables: tuple[AnswerTable, ...] = ()
    sources: tuple[str, ...] = ()
    """Where a model answer comes from: `RFC 5246, 8.1`."""
    model: Text | None = None
    """The lab's model answer that belongs to this outcome: the tool's words, never a student's."""

    @property
    def statement(self) -> Text:
        """What the capture says, and the model answer after it."""
        return self.text if self.model is None else self.text.plus(self.model)

    def __post_init__(self) -> None:
        if (self.value is not None) != (self.status is Status.FOUND):
            raise ValueError(f"{self.status} with value {self.value!r}")
