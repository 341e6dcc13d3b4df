"""Declared and filtered queries: what a lab file asks without Python."""

import re
from collections.abc import Callable

import pandas as pd

from report.labs.model import DeclaredQuery, FilteredQuery, Question
from report.questions.absence import absent, hidden, lacking_part, not_captured
from report.questions.answer import Answer, AnswerValue, Evidence
from report.questions.conditions import Condition, Where, every, frames_where, where
from report.questions.evidence import cite_packet
from report.questions.finding import found, packet_text
from report.questions.kinds import kind
from report.questions.registry import Tables
from report.questions.scope import session_scope, side
from report.tables.packets import occurrences
from report.tables.session import Session
from report.text import Text, visible
from report.tls.registry import cipher_suite_name, version_name

_BEHIND_TLS = re.compile(r"^(http2?|http3|x509\w*|pkix1\w*|ocsp)\.")
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
    if query.table != "packets":
        condition: Condition = _listed(_table_frames(query, tables))
    else:
        condition = declared_condition(query, session)
    frames = frames_where(tables.packets, condition)
    return _answer(question, query, tables, session, condition, frames)


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
    return _answer(question, query, tables, session, _Verbatim(text, frames), frames)


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


def _listed(frames: tuple[int, ...]) -> Where:
    return Where("frame.number", tuple(map(str, frames)) or ("0",))


def _table_frames(query: DeclaredQuery, tables: Tables) -> tuple[int, ...]:
    table: pd.DataFrame = getattr(tables, query.table)
    mask = pd.Series(True, index=table.index)
    for column, wanted in query.where.items():
        values = {str(v) for v in (wanted if isinstance(wanted, list) else [wanted])}
        mask &= table[column].astype("str").isin(values)
    column = "frame" if "frame" in table else "first_frame"
    return tuple(map(int, table[mask.to_numpy()][column]))


def _answer(
    question: Question,
    query: DeclaredQuery | FilteredQuery,
    tables: Tables,
    session: Session,
    condition: Condition,
    frames: tuple[int, ...],
) -> Answer:
    if not frames:
        return _nothing(query, tables, session, condition)
    cited = _picked(frames, query.pick)
    value = _value(question, query, tables, frames, cited)
    evidence = [e for n in cited[:_MOST_CITED] for e in _proof(query, session, n)]
    return found(
        tables, value, _text(question, tables, value, cited), condition, evidence, frames=cited
    )


_MOST_CITED = 5
"""Packets shown as evidence where a query picks all of them."""


def _picked(frames: tuple[int, ...], pick: str) -> tuple[int, ...]:
    return {"first": frames[:1], "last": frames[-1:]}.get(pick, frames)


def _proof(
    query: DeclaredQuery | FilteredQuery, session: Session, frame: int
) -> tuple[Evidence, ...]:
    named = [query.show, *(query.where if isinstance(query, DeclaredQuery) else ())]
    for name in named:
        if shown := cite_packet(session, frame, name):
            return shown
    return cite_packet(session, frame, "frame.number")


def _nothing(
    query: DeclaredQuery | FilteredQuery, tables: Tables, session: Session, condition: Condition
) -> Answer:
    text = Text("没有符合条件的数据包。", "No packet meets the condition.")
    fields = list(query.where) if isinstance(query, DeclaredQuery) else [query.filter]
    if any(_BEHIND_TLS.match(name) for name in fields) and not session.decrypted:
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
        return not_captured(text.plus(lack))
    return absent(text, condition)


def _value(
    question: Question,
    query: DeclaredQuery | FilteredQuery,
    tables: Tables,
    frames: tuple[int, ...],
    cited: tuple[int, ...],
) -> AnswerValue:
    if query.pick == "count":
        return len(frames)
    shown = [_cell(tables, frame, query.show) for frame in cited]
    if query.pick == "all":
        return tuple(shown)
    return _typed(question.kind, shown[0])


def _cell(tables: Tables, frame: int, name: str) -> str:
    cell = tables.packets.at[frame, name]
    return (occurrences(cell) or ("",))[0] if isinstance(cell, str) else str(cell)


def _typed(kind: str, shown: str) -> AnswerValue:
    convert = _CONVERSIONS.get(kind)
    try:
        return convert(shown) if convert else shown
    except ValueError:
        return shown


_CONVERSIONS: dict[str, Callable[[str], AnswerValue]] = {
    "packet_number": lambda shown: int(shown, 0),
    "count": lambda shown: int(shown, 0),
    "version": lambda shown: version_name(int(shown, 0)),
    "cipher_suite": lambda shown: cipher_suite_name(int(shown, 0)),
    "hex": lambda shown: shown.replace(":", "").removeprefix("0x").lower(),
    "yes_no": lambda shown: shown not in ("", "0", "False"),
}


def _text(question: Question, tables: Tables, value: AnswerValue, cited: tuple[int, ...]) -> Text:
    if question.kind == "packet_number" and len(cited) == 1:
        return packet_text(tables, cited[0])
    shown = kind(question.kind).format(value)
    if len(cited) > 1:
        return shown
    where_zh, where_en = f"（第 {cited[0]} 号数据包）", f" (packet {cited[0]})"
    return Text(visible(shown.zh) + where_zh, visible(shown.en) + where_en)
