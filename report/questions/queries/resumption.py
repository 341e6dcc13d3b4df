"""Resumption and tickets: what was taken over, and what that saved (RFC 5246, 7.3; RFC 5077)."""

from report.questions.absence import hidden, missing_message
from report.questions.answer import Answer, AnswerTable, Cell
from report.questions.conditions import every
from report.questions.evidence import cite, cite_header, message_bytes
from report.questions.finding import found, message_text
from report.questions.handshake_messages import first_message, from_message, why_missing
from report.questions.hellos import read_hello, session_id_of
from report.questions.protected import Inference
from report.questions.queries.finished import finished, no_finished
from report.questions.queries.session_records import holds_record, no_records
from report.questions.queries.suite import version_number
from report.questions.registry import Tables, query
from report.questions.scope import session_scope
from report.questions.tabulated import column, sender
from report.tables.messages import Message
from report.tables.records import RecordFacts, session_records
from report.tables.session import Session
from report.text import Text
from report.tls.key_messages import SessionTicket, session_ticket
from report.tls.message_types import (
    CHANGE_CIPHER_SPEC,
    CLIENT_HELLO,
    HANDSHAKE,
    NEW_SESSION_TICKET,
    SERVER_HELLO,
)

_TICKET, _PSK = 35, 41
_HEADER = 5
_SOURCES = ("RFC 5246, 7.3", "RFC 5077, 3", "RFC 8446, 2.2")


def how_resumed(session: Session) -> str | None:
    """`id`, `ticket` or `psk`; None for a full handshake."""
    if not session.connection.resumed:
        return None
    if session.is_tls13:
        return "psk"
    hello = first_message(session, CLIENT_HELLO, client=True)
    read = read_hello(hello) if hello else None
    return "ticket" if read and read.extensions.get(_TICKET) else "id"


@query("resumption.resumed")
def resumed(tables: Tables, session: Session) -> Answer:
    """Whether the session was resumed, and how the trace shows it."""
    hello = session.server_hello
    if hello is None:
        return missing_message(tables, session, SERVER_HELLO, client=False)
    way = how_resumed(session)
    if way is None:
        return from_message(
            tables, session, hello, False, _FULL,
            "tls.handshake.session_id_length", reason=_refused(session), sources=_SOURCES,
        )  # fmt: skip
    fields = {"psk": "tls.handshake.extensions.psk.identity.selected"}
    return from_message(
        tables,
        session,
        hello,
        True,
        _WAYS[way],
        fields.get(way, "tls.handshake.session_id"),
        reason=_SAVED,
        sources=_SOURCES,
    )


_FULL = Text(
    "否：这是完整握手，服务器送来了密钥交换所需的全部消息。",
    "No: this is a full handshake, with all the messages that a key exchange takes.",
)
_WAYS = {
    "id": Text(
        "是，按会话 ID：Server Hello 送回客户端的 ID，之后没有证书和密钥交换，"
        "直接是 Change Cipher Spec。",
        "Yes, by session id: the Server Hello returns the client's id, and instead of a "
        "certificate and a key exchange comes the Change Cipher Spec.",
    ),
    "ticket": Text(
        "是，按会话票据：客户端在 session_ticket 扩展里交回票据，服务器据此恢复，"
        "没有证书和密钥交换。",
        "Yes, by ticket: the client hands a ticket back in the session_ticket extension, and the "
        "server goes on from it without a certificate or a key exchange.",
    ),
    "psk": Text(
        "是，按 PSK：Server Hello 带有 pre_shared_key 扩展，选中了客户端提供的密钥，没有证书。",
        "Yes, by PSK: the Server Hello has a pre_shared_key extension that selects one of the "
        "client's keys, and no certificate comes.",
    ),
}
_SAVED = Text(
    "省去了证书和公钥运算；TLS 1.2 及以前还省了一个往返。",
    "That saves the certificates and the public-key operations, and up to TLS 1.2 a round trip.",
)


def _refused(session: Session) -> Text | None:
    hello = first_message(session, CLIENT_HELLO, client=True)
    read = read_hello(hello) if hello else None
    offered = read is not None and (bool(read.extensions.get(_TICKET)) or _PSK in read.extensions)
    if not offered and not (hello and session_id_of(hello) and not session.is_tls13):
        return None
    if not offered and read is not None and 43 in read.extensions:
        return None  # a session id for the sake of compatibility, no wish to resume
    return Text(
        "客户端提供了以前的会话，但服务器没有接受。",
        "The client offered an earlier session, which the server did not take up.",
    )


@query("handshake.round_trips")
def round_trips(tables: Tables, session: Session) -> Answer:
    """Round trips between the Client Hello and the moment the client may send its data."""
    hello = session.server_hello
    if hello is None:
        return missing_message(tables, session, SERVER_HELLO, client=False)
    short = session.is_tls13 or session.connection.resumed
    value = (1 if short else 2) + (1 if session.retry is not None else 0)
    cited = [session.retry] if session.retry else []
    return from_message(
        tables,
        session,
        hello,
        value,
        Text(f"{value} 个往返", f"{value} round trip{'s' if value > 1 else ''}"),
        "tls.handshake.type",
        reason=_ROUNDS,
        sources=("RFC 5246, 7.3", "RFC 8446, 2"),
        also=[cite(message) for message in cited],
    )


_ROUNDS = Text(
    "TLS 1.2 及以前：完整握手 2 个，恢复会话 1 个；TLS 1.3：1 个，Hello Retry Request 再加 1 个。"
    "TCP 自己的一个往返另计。",
    "Up to TLS 1.2: two for a full handshake, one for a resumed session. TLS 1.3: one, and another "
    "after a Hello Retry Request. TCP's own round trip comes before.",
)


# --- how many bytes it took -------------------------------------------------------------------


@query("handshake.size")
def size(tables: Tables, session: Session) -> Answer:
    """Bytes of all handshake and Change Cipher Spec records up to the second Finished.

    Headers included. In TLS 1.3 only keys tell these records from data.
    """
    mine, theirs = finished(session, client=True), finished(session, client=False)
    if session.server_hello is None:
        return missing_message(tables, session, SERVER_HELLO, client=False)
    if session.connection.transport == "quic":
        return no_records(tables, session)
    if session.is_tls13 and not session.handshake_opened:
        return _size_hidden(tables)
    if mine is None or theirs is None:
        return no_finished(tables, session, client=mine is None)
    records = _handshake_records(session, mine, theirs)
    if not records:
        return _size_hidden(tables)
    total = sum(record.length + _HEADER for record in records)
    frames = sorted({record.frame for record in records})
    return found(
        tables,
        total,
        Text(
            f"{total} 字节，{len(records)} 个记录",
            f"{total} bytes in {len(records)} records",
        ),
        every(session_scope(session), holds_record()),
        [cite_header(r.dissected, "tls.record.length") for r in records if r.dissected][:4],
        frames=frames,
        sources=("RFC 5246, 7.3", "RFC 8446, 2"),
        answer_tables=(_sizes_table(records),),
    )


def _handshake_records(session: Session, mine: Inference, theirs: Inference) -> list[RecordFacts]:
    records = session_records(session)
    ends = [
        r.number for r in records if r.dissected in (mine.message.record, theirs.message.record)
    ]
    last = max(ends, default=-1)
    kinds = (HANDSHAKE, CHANGE_CIPHER_SPEC)
    return [r for r in records if r.number <= last and r.shown_type in kinds]


def _size_hidden(tables: Tables) -> Answer:
    return hidden(
        tables,
        Text(
            "看不出：TLS 1.3 中加密的握手记录与应用数据分不开。",
            "It cannot be seen: TLS 1.3's encrypted handshake records cannot be told from data.",
        ),
    )


def _sizes_table(records: list[RecordFacts]) -> AnswerTable:
    rows: list[tuple[Cell, ...]] = []
    for client in (True, False):
        own = [record for record in records if record.from_client == client]
        bytes_ = sum(record.length + _HEADER for record in own)
        rows.append((sender(client), str(len(own)), str(bytes_)))
    columns = (
        column("发送方", "From"),
        column("记录数", "Records", numeric=True),
        column("字节（含头）", "Bytes with headers", numeric=True),
    )
    return AnswerTable(columns, tuple(rows))


# --- tickets ----------------------------------------------------------------------------------


def _ticket(session: Session) -> tuple[Message, SessionTicket] | None:
    message = first_message(session, NEW_SESSION_TICKET, client=False)
    if message is None:
        return None
    try:
        return message, session_ticket(message_bytes(message), version_number(session))
    except ValueError:
        return None


@query("ticket.frame")
def ticket_frame(tables: Tables, session: Session) -> Answer:
    """The frame of the server's first New Session Ticket."""
    message = first_message(session, NEW_SESSION_TICKET, client=False)
    if message is None:
        return why_missing(tables, session, NEW_SESSION_TICKET, client=False)
    text = message_text(tables, message)
    return from_message(
        tables, session, message, message.frame, text, sources=("RFC 5077, 3.3", "RFC 8446, 4.6.1")
    )


@query("ticket.lifetime")
def ticket_lifetime(tables: Tables, session: Session) -> Answer:
    """For how many seconds the ticket may be used."""
    found_ = _ticket(session)
    if found_ is None:
        return why_missing(tables, session, NEW_SESSION_TICKET, client=False)
    message, read = found_
    return from_message(
        tables,
        session,
        message,
        str(read.lifetime),
        Text(f"{read.lifetime} 秒", f"{read.lifetime} s"),
        "tls.handshake.session_ticket_lifetime_hint",
        sources=("RFC 5077, 3.3", "RFC 8446, 4.6.1"),
    )


@query("ticket.length")
def ticket_length(tables: Tables, session: Session) -> Answer:
    """How long the ticket itself is."""
    found_ = _ticket(session)
    if found_ is None:
        return why_missing(tables, session, NEW_SESSION_TICKET, client=False)
    message, read = found_
    return from_message(
        tables,
        session,
        message,
        len(read.ticket),
        Text(f"{len(read.ticket)} 字节", f"{len(read.ticket)} bytes"),
        "tls.handshake.session_ticket",
        sources=("RFC 5077, 3.3", "RFC 8446, 4.6.1"),
    )
