"""Declared and filtered queries: what a lab file asks without Python."""

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation

import pandas as pd

from report.labs.model import DeclaredQuery, FilteredQuery, Question
from report.questions.absence import absent, hidden, lacking_part, not_captured
from report.questions.answer import Answer, AnswerTable, AnswerValue, Evidence
from report.questions.conditions import Condition, Where, every, frames_where, where
from report.questions.evidence import cite_field, cite_packet
from report.questions.finding import found, packet_text
from report.questions.kinds import kind
from report.questions.pairing import Shown, named_fields, shown_of
from report.questions.registry import Tables
from report.questions.rows import Row, packet_rows, table_rows
from report.questions.scope import session_scope, side
from report.questions.tabulated import PACKET, column
from report.tables.dissection import TreeField
from report.tables.session import Session
from report.text import Text, visible
from report.tls.registry import cipher_suite_name, version_name

_DATA_FIELDS = frozenset({"http", "http2", "http3", "data-text-lines", "json", "websocket"})
"""Protocols that TLS carries: their fields are there only in what is decrypted."""
_CERTIFICATE_FIELDS = ("x509", "pkix1", "ocsp")
"""Of TLS 1.3 certificates are encrypted, too."""
_MOST_CITED = 5
"""Packets shown as evidence where a query picks all of them."""
Matching = Callable[[str], tuple[int, ...]]
"""A display filter to the packets that tshark selects with it."""


def declared_condition(query: DeclaredQuery, session: Session) -> Condition:
    """What a declared query on packets asks of each packet."""
    parts: list[Condition] = []
    if query.scope == "session":
        parts.append(session_scope(session))
    if query.from_ is not None:
        parts.append(side(session, client=query.from_ == "client"))
    return every(*parts, *where(query.where)) if parts or query.where else Where("frame.number")


def answer_declared(
    question: Question, query: DeclaredQuery, tables: Tables, session: Session
) -> Answer:
    """The answer of a declared query: the rows that match, one picked, one field shown."""
    if query.table == "packets":
        condition = declared_condition(query, session)
        rows = packet_rows(tables, session, frames_where(tables.packets, condition))
    else:
        rows = table_rows(tables, session, query.table, query.where, query.from_)
        condition = _listed(row.frame for row in rows)
    return _answer(question, query, tables, session, condition, rows)


def answer_filtered(
    question: Question,
    query: FilteredQuery,
    tables: Tables,
    session: Session,
    matching: Matching,
) -> Answer:
    """The answer of a display filter, run by tshark over the whole capture."""
    text = filled(query, session)
    frames = matching(text)
    rows = packet_rows(tables, session, frames)
    return _answer(question, query, tables, session, _Verbatim(text, frames), rows)


def cited_frames(
    query: DeclaredQuery | FilteredQuery, tables: Tables, session: Session, matching: Matching
) -> tuple[int, ...]:
    """The packets whose dissection the answer will show, so that they can be read at once."""
    if isinstance(query, FilteredQuery):
        frames = matching(filled(query, session))
    elif query.table == "packets":
        frames = frames_where(tables.packets, declared_condition(query, session))
    else:
        return ()
    if query.pick in ("largest", "smallest"):
        chosen = _picked(query, packet_rows(tables, session, frames))
        return tuple(row.frame for row in chosen)
    return {"first": frames[:1], "last": frames[-1:]}.get(query.pick, frames)[:_MOST_CITED]


def filled(query: FilteredQuery, session: Session) -> str:
    """The filter with the session's stream and ports put in."""
    return (
        query.filter.replace("{stream}", str(session.connection.stream))
        .replace("{client_port}", str(session.client.port))
        .replace("{server_port}", str(session.server.port))
    )


class _Verbatim:
    """A display filter as the lab wrote it; tshark said which packets it selects."""

    def __init__(self, text: str, frames: tuple[int, ...]) -> None:
        self._text = text
        self._frames = frames

    def mask(self, packets: pd.DataFrame) -> "pd.Series[bool]":
        return pd.Series(packets.index.isin(self._frames), index=packets.index)

    def text(self) -> str:
        return self._text


def _listed(frames: Iterable[int]) -> Where:
    return Where("frame.number", tuple(map(str, dict.fromkeys(frames))) or ("0",))


# --- from the rows found to the answer --------------------------------------------------------


def _answer(
    question: Question,
    query: DeclaredQuery | FilteredQuery,
    tables: Tables,
    session: Session,
    condition: Condition,
    rows: list[Row],
) -> Answer:
    picked = [(row, shown_of(query, row)) for row in _picked(query, rows)]
    if not picked:
        return _nothing(query, tables, session, condition)
    cited = [row for row, _ in picked]
    value = _value(question, query, [shown for _, shown in picked])
    evidence = [
        e for row, shown in picked[:_MOST_CITED] for e in _proof(query, session, row, shown)
    ]
    sure = query.pick == "count" or all(shown.sure for _, shown in picked)
    return found(
        tables,
        value,
        _text(question, tables, value, cited),
        condition,
        evidence,
        frames=[row.frame for row in cited],
        reason=None if sure else _SEVERAL,
        inferred=not sure,
        answer_tables=_table(query, cited),
    )


_SEVERAL = Text(
    "数据包里有几个这样的字段，看不出题目问的是哪一个。",
    "The packet holds several such fields, and which of them is meant cannot be told.",
)


def _picked(query: DeclaredQuery | FilteredQuery, rows: list[Row]) -> list[Row]:
    if query.pick in ("first", "last"):
        return rows[:1] if query.pick == "first" else rows[-1:]
    if query.pick in ("largest", "smallest"):
        extreme = max if query.pick == "largest" else min
        found = [(numbers, row) for row in rows if (numbers := _numbers(shown_of(query, row)))]
        return [extreme(found, key=lambda each: extreme(each[0]))[1]] if found else []
    return rows


def _numbers(shown: Shown) -> list[Decimal]:
    numbers = map(_number, shown.values)
    return [number for number in numbers if number is not None]


def _number(shown: str) -> Decimal | None:
    """A value as a number, written in decimal or hex."""
    try:
        return Decimal(int(shown, 16)) if shown.startswith("0x") else Decimal(shown)
    except (InvalidOperation, ValueError):
        return None


def _proof(
    query: DeclaredQuery | FilteredQuery, session: Session, row: Row, shown: Shown
) -> tuple[Evidence, ...]:
    """The field shown, of several the one meant; a packet's number is proven by the conditions."""
    if query.show != "frame.number" and (field := _meant(query, row, shown)) is not None:
        return cite_field(session, row.frame, field)
    if query.show != "frame.number" and (proof := row.cite(query.show)):
        return proof
    asked = [e for name in named_fields(query) for e in row.cite(name)]
    return tuple(asked[:_MOST_CITED]) or cite_packet(session, row.frame, "frame.number")


def _meant(query: DeclaredQuery | FilteredQuery, row: Row, shown: Shown) -> TreeField | None:
    lines = row.fields(query.show)
    if not shown.at or len(lines) <= max(shown.at):
        return None
    return lines[shown.at[_place(query, shown)]]


def _place(query: DeclaredQuery | FilteredQuery, shown: Shown) -> int:
    """Which of the values meant is the answer."""
    if query.pick == "last":
        return -1
    if query.pick in ("largest", "smallest"):
        extreme = max if query.pick == "largest" else min
        numbers = [
            (number, at) for at, v in enumerate(shown.values) if (number := _number(v)) is not None
        ]
        return extreme(numbers, key=lambda each: each[0])[1] if numbers else 0
    return 0


def _nothing(
    query: DeclaredQuery | FilteredQuery, tables: Tables, session: Session, condition: Condition
) -> Answer:
    text = Text("没有符合条件的数据包。", "No packet meets the condition.")
    if _behind_tls(query, session):
        return hidden(
            tables,
            Text(
                "看不到：要找的内容在加密的数据里。",
                "It cannot be seen: what is asked for lies in the encrypted data.",
            ),
            condition,
        )
    lack = lacking_part(tables, session, client=True) or lacking_part(tables, session, client=False)
    in_session = isinstance(query, FilteredQuery) or query.scope == "session"
    if in_session and query.pick != "count" and lack is not None:
        opening = Text("没有符合条件的数据包：", "No packet meets the condition:")
        return not_captured(opening.plus(lack))
    return absent(text, condition)


def _behind_tls(query: DeclaredQuery | FilteredQuery, session: Session) -> bool:
    """Whether what is asked for would be found only in what TLS encrypts, and no keys open it."""
    records = session.packets["tls.record.content_type"]
    encrypted = session.connection.transport == "quic" or bool(records.astype(bool).any())
    if session.decrypted or not encrypted:
        return False
    protocols = {name.split(".")[0] for name in named_fields(query)}
    if protocols & _DATA_FIELDS:
        return True
    of_certificates = any(name.startswith(_CERTIFICATE_FIELDS) for name in protocols)
    return of_certificates and session.connection.version == "TLS 1.3"


def _value(
    question: Question, query: DeclaredQuery | FilteredQuery, picked: list[Shown]
) -> AnswerValue:
    if query.pick == "count":
        return len(picked)
    values = [value for shown in picked for value in shown.values]
    if query.pick == "sum":
        return _typed(question.kind, str(sum(_number(value) or 0 for value in values)))
    if query.pick == "all":
        return tuple(values)
    return _typed(question.kind, values[_place(query, picked[0])] if values else "")


def _typed(kind: str, shown: str) -> AnswerValue:
    convert = _CONVERSIONS.get(kind)
    try:
        return convert(shown) if convert else shown
    except (ValueError, InvalidOperation):
        return shown


def _whole_number(shown: str) -> int:
    return int(shown, 0) if shown.startswith("0x") else int(shown)


def _seconds(shown: str) -> str:
    """`0.014774000` as a person writes it: `0.014774`."""
    return f"{Decimal(shown).normalize():f}"


_CONVERSIONS: dict[str, Callable[[str], AnswerValue]] = {
    "packet_number": _whole_number,
    "count": _whole_number,
    "integer": _whole_number,
    "byte_count": _whole_number,
    "seconds": _seconds,
    "version": lambda shown: version_name(_whole_number(shown)),
    "cipher_suite": lambda shown: cipher_suite_name(_whole_number(shown)),
    "hex": lambda shown: shown.replace(":", "").removeprefix("0x").lower(),
    "yes_no": lambda shown: shown not in ("", "0", "False"),
}


def _text(question: Question, tables: Tables, value: AnswerValue, cited: list[Row]) -> Text:
    frames = list(dict.fromkeys(row.frame for row in cited))
    if len(frames) == 1:
        return packet_text(tables, frames[0])
    try:
        return kind(question.kind).format(value)
    except TypeError:  # a field whose values are not of the question's kind
        return Text(visible(str(value)) or "–", visible(str(value)) or "–")


_HEADS = {
    "frame.number": PACKET,
    "frame.time_relative": column("时间（秒）", "Time (s)", numeric=True),
}


def _table(query: DeclaredQuery | FilteredQuery, cited: list[Row]) -> tuple[AnswerTable, ...]:
    if not query.columns:
        return ()
    rows = tuple(tuple(row.shown(name) for name in query.columns) for row in cited)
    columns = tuple(_HEADS.get(name) or column(name, name) for name in query.columns)
    return (AnswerTable(columns, rows, tuple(row.frame for row in cited)),)
