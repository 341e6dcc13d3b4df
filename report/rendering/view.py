"""What the templates get: the whole report as frozen, plain data, in both languages.

Every string that came from a capture has passed `report.text.visible` or `rendering.shown` before
it is put here; the templates escape it once more. Nothing here knows pandas, tshark or WeasyPrint.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from report.text import Text

StatusName = Literal[
    "found", "absent", "hidden", "not_applicable", "not_captured", "explained", "failed"
]
PacketColour = Literal[
    "bad-tcp",
    "icmp-error",
    "arp",
    "icmp",
    "rst",
    "http",
    "routing",
    "syn-fin",
    "tcp",
    "udp",
    "plain",
]
"""Wireshark's default colouring rules, as far as a TLS lab meets them."""

TreeState = Literal["open", "closed", "leaf", "more"]
StepKind = Literal["tcp", "reset", "clear", "encrypted", "data", "alert"]
BlockKind = Literal["paragraph", "heading", "code", "quote", "bullets", "numbers"]


# --- evidence ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PacketRow:
    """One row of the packet list, as Wireshark's columns show it."""

    frame: int
    time: str
    """Seconds since the first packet of the capture, six decimals."""
    source: str
    destination: str
    protocol: str
    length: str
    info: str
    colour: PacketColour
    marked: bool = False
    """The packet that the answer cites."""
    part: bool = False
    """It carried a part of the cited message."""
    skipped: int = 0
    """How many packets of the session are left out before this row."""


@dataclass(frozen=True, slots=True)
class TreeLine:
    """One line of the dissection tree.

    `text` is the line as `tshark -V` prints it, without its indent; it is shown cut, never kept
    cut. Lines below a closed line with a greater depth are its folded content; `closes` says how
    many folds end after this line. A `more` line stands for `omitted` siblings.
    """

    depth: int
    text: str
    state: TreeState
    marked: bool = False
    closes: int = 0
    folds: bool = False
    """Whether the lines that follow are this line's content (a fold that can be worked)."""
    folded: bool = False
    """Whether it is the content of a closed line, so not shown until that is opened."""
    omitted: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a hex or text column: marked or not."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class HexRow:
    """One row of the byte pane: offset in hex, the bytes, the same bytes as ASCII.

    A row with `skipped` stands for that many bytes left out, and has no runs.
    """

    offset: str
    hex: tuple[Run, ...] = ()
    ascii: tuple[Run, ...] = ()
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class HexView:
    """The bytes of a field and their neighbours, in the buffer that `name` names."""

    name: Text
    rows: tuple[HexRow, ...]
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class FieldView:
    """One cited frame opened: the tree down to the fields, and the bytes of each."""

    frame: int
    fields: tuple[str, ...]
    """Display-filter names of the marked lines, each once."""
    tree: tuple[TreeLine, ...]
    bytes: tuple[HexView, ...] = ()
    parts: tuple[int, ...] = ()
    """The frames that the message was put together from, where there are several."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """What the student would screenshot for one question."""

    anchor: str
    frames: tuple[int, ...]
    packets: tuple[PacketRow, ...]
    details: tuple[FieldView, ...]

    @property
    def tight(self) -> bool:
        """Whether packets and first dissection are short enough to stand on a page together."""
        return len(self.packets) + max(map(_lines, self.details[:1]), default=0) <= _TIGHT


def _lines(detail: FieldView) -> int:
    tree = sum(not line.folded for line in detail.tree)
    return max(tree, sum(len(view.rows) for view in detail.bytes))


_TIGHT = 28


@dataclass(frozen=True, slots=True)
class FilterView:
    """A display filter to copy, and how many packets of the whole capture it selects."""

    anchor: str
    expression: str
    selects: int


@dataclass(frozen=True, slots=True)
class TableColumnView:
    """The head of one column of an answer's table."""

    title: Text
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class TableRowView:
    """Cells as shown; `anchor` leads to the packet of the row, where it is shown somewhere."""

    cells: tuple[str | Text, ...]
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class TableView:
    """A tabular answer; `omitted` rows were left out because the table is too long to print."""

    columns: tuple[TableColumnView, ...]
    rows: tuple[TableRowView, ...]
    caption: Text | None = None
    omitted: int = 0
    words_fit: bool = False
    """Whether the columns are wide enough for their longest words, so that none need be broken."""
    short: bool = False
    """Whether it takes but a part of a page, and should not be divided between two."""


# --- the student's own words ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of running text of the student's."""

    text: str
    strong: bool = False
    emphasis: bool = False
    code: bool = False
    line_break: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the student's text; lists hold their items, each a tuple of blocks."""

    kind: BlockKind
    spans: tuple[Span, ...] = ()
    items: "tuple[tuple[Block, ...], ...]" = ()
    start: int = 1


# --- questions --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question with its answer and evidence.

    With `--no-answers` the answer fields are empty and `to_write` asks for a blank line.
    """

    id: str
    number: str
    ask: Text
    points: str
    status: StatusName | None
    headline: tuple[Text, ...] = ()
    """The value in large type: one, or one per name in a list."""
    statement: Text | None = None
    inferred: bool = False
    reason: Text | None = None
    own_words: tuple[Block, ...] = ()
    model_answer: Text | None = None
    sources: tuple[str, ...] = ()
    hints: tuple[Text, ...] = ()
    tables: tuple[TableView, ...] = ()
    exhibit: Exhibit | None = None
    filter: FilterView | None = None
    to_write: bool = False


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section of the lab."""

    id: str
    title: Text
    questions: tuple[QuestionView, ...]
    intro: Text | None = None


# --- the whole --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HeaderField:
    """One box of the header block; no value leaves a blank to fill in."""

    name: str
    """A key of `labels.HEADER`, or the id of a field that the lab adds."""
    label: Text
    value: Text | None = None
    from_capture: bool = False


@dataclass(frozen=True, slots=True)
class CaptureFacts:
    """The capture file, and what is wrong with it."""

    name: str
    sha256: str
    packets: int
    duration: str
    """Seconds, with its unit."""
    size: str
    started: str | None
    """Arrival time of the first packet, UTC."""
    warnings: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherSession:
    """A connection of the capture that the report is not about."""

    stream: str
    client: str
    server: str
    server_name: str | None
    version: str | None
    frame: int


@dataclass(frozen=True, slots=True)
class SessionCard:
    """The session that the answers are about, and why it is that one."""

    transport: str
    """`TCP`, `UDP` or `QUIC`: what is said where there is no TLS version."""
    stream: int
    client: str
    server: str
    server_name: str | None
    version: str | None
    cipher_suite: str | None
    packets: int
    first_frame: int
    last_frame: int
    resumed: bool
    decrypted: bool
    chosen: Text
    others: tuple[OtherSession, ...] = ()
    omitted: int = 0
    """How many more sessions there are than `others` lists."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The packets of the session, and the filters that lead to them."""

    at_server: FilterView
    """On the server's address, as the lab has the student filter."""
    of_session: FilterView
    packets: tuple[PacketRow, ...]
    """All of a small session; of a long one its start and end."""


@dataclass(frozen=True, slots=True)
class DiagramLabel:
    """One line of lettering above an arrow; `both` is what is drawn with two languages shown."""

    zh: str
    en: str
    both: str
    y: float
    kind: StepKind


@dataclass(frozen=True, slots=True)
class DiagramStep:
    """One arrow of the sequence diagram: one frame, or a run of data in one direction.

    Lengths are in units of the drawing; `height` is the height of the strip it is drawn on.
    """

    kind: StepKind
    to_server: bool
    both_ways: bool
    frames: str
    time: str
    labels: tuple[DiagramLabel, ...]
    height: float
    arrow_y: float
    anchor: str | None
    spoken: Text
    """The arrow in words, for readers who do not see it."""


@dataclass(frozen=True, slots=True)
class Diagram:
    """The session between two lifelines, from top to bottom."""

    client: str
    server: str
    steps: tuple[DiagramStep, ...]


@dataclass(frozen=True, slots=True)
class HiddenThing:
    """Something that the capture holds but does not show, and how to see it next time."""

    what: tuple[Text, ...]
    """Each thing that stays hidden, a sentence or two."""
    how: Text
    questions: tuple[str, ...]
    """Ids of the questions that it concerns."""


@dataclass(frozen=True, slots=True)
class ReportView:
    """The report."""

    lab: str
    title: Text
    intro: Text
    header: tuple[HeaderField, ...]
    student: str
    """Student ID and name for the running header; may be empty."""
    capture: CaptureFacts
    session: SessionCard
    overview: Overview
    diagram: Diagram
    sections: tuple[SectionView, ...]
    hidden: tuple[HiddenThing, ...]
    footnotes: tuple[Text, ...]
    procedure: Text | None = None
    """What was done, from `student.toml` or the lab."""
    steps: tuple[Block, ...] = ()
    """The same in the student's own words."""
    conclusion: tuple[Block, ...] = ()
    logo: str | None = None
    """A `data:` address of the lab's picture."""
    answers: Mapping[str, object] = field(default_factory=dict)
    """The document of `answers_json.answers_document`."""
