"""A lab as data: what a TOML file may say, checked strictly (pydantic)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from report.capture.fields import PACKET_FIELDS
from report.text import Text

KindName = Literal[
    "packet_number",
    "count",
    "integer",
    "byte_count",
    "seconds",
    "version",
    "hex",
    "cipher_suite",
    "algorithm",
    "name",
    "names",
    "yes_no",
    "before_after",
    "message_name",
    "text",
]
Outcome = Literal["found", "absent", "hidden", "not_applicable", "explained"]
TableName = Literal["packets", "connections", "records", "messages", "certificates"]
Pick = Literal["first", "last", "all", "count", "sum", "largest", "smallest"]
SessionKind = Literal["tls", "tcp", "udp"]
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
Identifier = Annotated[str, Field(pattern=NAME_PATTERN)]
WhereValue = str | int | bool | list[str | int]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Bilingual(_Strict):
    """The same in Chinese and in English; a lab file may leave out neither."""

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]

    @property
    def text(self) -> Text:
        """As the rest of the program passes texts around."""
        return Text(self.zh, self.en)


class NamedQuery(_Strict):
    """A registered Python function, by its name."""

    name: str


class _RowsQuery(_Strict):
    """What the two queries that need no Python have in common."""

    pick: Pick = "first"
    """Which of the rows found: `sum`, `largest` and `smallest` go by the number in `show`."""
    show: str = "frame.number"
    """The tshark field (or the table's column) whose value is the answer."""
    columns: list[str] = []
    """Fields to list in a table, one row per packet picked."""


class DeclaredQuery(_RowsQuery):
    """Rows of a table, by the values of tshark fields (or the table's own columns)."""

    table: TableName = "packets"
    scope: Literal["session", "capture"] = "session"
    from_: Annotated[Literal["client", "server"] | None, Field(alias="from")] = None
    where: dict[str, WhereValue] = {}


class FilteredQuery(_RowsQuery):
    """A display filter in Wireshark's own language; `{stream}`, `{client_port}` and
    `{server_port}` stand for the session's."""

    filter: Annotated[str, Field(min_length=1, max_length=2000)]


Query = NamedQuery | DeclaredQuery | FilteredQuery


class Compare(_Strict):
    """How a student's answer is held against the expected one."""

    rule: Literal["exact", "set", "one_of", "tolerance", "manual"] = "exact"
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    may_omit: Annotated[int, Field(ge=0, le=100)] = 0
    """Of a list of names, how many at its head need not be repeated: what the question says."""
    partial: dict[str, float] = {}
    """Share of the points for a named confusion: `{ suite_for_algorithm = 0.5 }`."""
    ideas: list[list[str]] = []
    """For questions of understanding: the ideas a good answer has, each a list of synonyms."""


class Question(_Strict):
    """One question of a lab."""

    id: Identifier
    section: Identifier
    ask: Bilingual
    points: Annotated[float, Field(ge=0, le=1000)] = 1.0
    kind: KindName
    query: Query | None = None
    compare: Compare = Compare()
    depends: list[Identifier] = []
    model: Bilingual | None = None
    """The model answer of a question of understanding, or the explanation of a found value."""
    model_when: list[Outcome] = ["found", "absent", "explained"]
    """For which outcomes the model answer is true."""
    hint: Bilingual | None = None
    sources: list[str] = []
    show: list[str] = []
    """Fields to show as evidence beside the one that the query cites."""

    def fields(self) -> tuple[str, ...]:
        """The tshark fields that its query names, in the order they are written."""
        query = self.query
        if isinstance(query, DeclaredQuery) and query.table == "packets":
            return (*query.where, query.show, *query.columns)
        return (query.show, *query.columns) if isinstance(query, FilteredQuery) else ()

    @field_validator("query", mode="before")
    @classmethod
    def _which_query(cls, given: object) -> object:
        """Chooses the form by its key, so that a mistake in it is named and not «no match»."""
        if not isinstance(given, dict):
            return given
        if "name" in given:
            return NamedQuery.model_validate(given)
        return (FilteredQuery if "filter" in given else DeclaredQuery).model_validate(given)


class Section(_Strict):
    """A part of a lab, with what the reader should know before its questions."""

    id: Identifier
    title: Bilingual
    intro: Bilingual | None = None


class HeaderField(_Strict):
    """A line of the report's header block that an instructor adds."""

    id: Identifier
    label: Bilingual


class Lab(_Strict):
    """One lab: titles, sections, questions."""

    id: Identifier
    title: Bilingual
    intro: Bilingual
    purpose: Bilingual | None = None
    steps: Bilingual | None = None
    session: SessionKind = "tls"
    """What the lab is about: a TLS session, or any TCP connection or UDP conversation."""
    hosts: list[str] = []
    """Server names of the session that the lab means, where the user names none."""
    generated: Literal["accept", "review", "own-words-only"] = "review"
    """What grading makes of a report that labshark itself wrote."""
    header_fields: list[HeaderField] = []
    logo: str | None = None
    """A PNG or JPEG file beside the lab file; `load_lab` puts its content here as a `data:` URL."""
    sections: Annotated[list[Section], Field(min_length=1)]
    questions: Annotated[list[Question], Field(min_length=1, max_length=500)]

    def columns(self) -> tuple[str, ...]:
        """The tshark fields that answering the lab needs as columns of the packets table."""
        names = [field.name for field in PACKET_FIELDS]
        names += [name for question in self.questions for name in question.fields()]
        # Columns of the packet list come with every table.
        own = [name for name in names if not name.startswith("_ws.col.")]
        return tuple(dict.fromkeys(own))
