"""OCSP stapling: offered, accepted, and what the stapled answer says (RFC 6066, 8; RFC 6960)."""

from datetime import UTC, datetime

from report.questions.absence import (
    CUT_BEFORE,
    absent,
    missing_message,
    not_applicable,
    not_captured,
)
from report.questions.answer import Answer, AnswerTable, Cell
from report.questions.conditions import Condition, Where, every
from report.questions.evidence import cite, message_bytes
from report.questions.finding import message_text
from report.questions.handshake_messages import (
    first_message,
    from_message,
    where_message,
    why_missing,
)
from report.questions.hellos import lists_all_extensions
from report.questions.queries.suite import version_number
from report.questions.registry import Tables, query
from report.questions.scope import handshake, session_scope
from report.questions.tabulated import NOTHING, facts_table, yes_or_no
from report.tables.dissection import TreeField
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text, visible
from report.tls.certificate_message import certificate_entries
from report.tls.message_types import CERTIFICATE, CERTIFICATE_STATUS, CLIENT_HELLO
from report.tls.ocsp import OcspAnswer, SingleAnswer, UnreadableOcsp, read_ocsp, stapled_answer

_STATUS_REQUEST = 5
_HANDSHAKE_HEADER = 4
_SOURCES = ("RFC 6066, 8", "RFC 6960, 4.2")
_TLS13 = ("RFC 8446, 4.4.2.1",)


def stapled(session: Session) -> tuple[Message, bytes] | None:
    """The message that carries the stapled answer, and the answer in DER."""
    if session.is_tls13:
        message = first_message(session, CERTIFICATE, client=False)
        der = _in_certificate(message, version_number(session)) if message else None
    else:
        message = first_message(session, CERTIFICATE_STATUS, client=False)
        der = stapled_answer(message_bytes(message)[_HANDSHAKE_HEADER:]) if message else None
    return (message, der) if message and der else None


def _in_certificate(message: Message, version: int) -> bytes | None:
    try:
        entries = certificate_entries(message_bytes(message), version)
    except ValueError:
        return None
    return entries[0].stapled if entries else None


def _where_asked(session: Session) -> Condition:
    return every(
        session_scope(session),
        handshake(CLIENT_HELLO),
        Where("tls.handshake.extension.type", (str(_STATUS_REQUEST),)),
    )


def _request(hello: Message) -> TreeField | None:
    types = hello.all("tls.handshake.extension.type")
    return next((field for field in types if field.number == _STATUS_REQUEST), None)


def _not_asked(session: Session) -> bool:
    hello = first_message(session, CLIENT_HELLO, client=True)
    return hello is not None and lists_all_extensions(hello) and _request(hello) is None


@query("ocsp.offered")
def offered(tables: Tables, session: Session) -> Answer:
    """Whether the client asks for a stapled answer (the status_request extension)."""
    hello = first_message(session, CLIENT_HELLO, client=True)
    if hello is None:
        return missing_message(tables, session, CLIENT_HELLO, client=True)
    field = _request(hello)
    if field is None and not lists_all_extensions(hello):
        return not_captured(CUT_BEFORE)
    asked = field is not None
    text = (
        Text("是：有 status_request 扩展。", "Yes: the status_request extension is there.")
        if asked
        else Text("否：没有 status_request 扩展。", "No: there is no status_request extension.")
    )
    return from_message(
        tables,
        session,
        hello,
        asked,
        text,
        field or "tls.handshake.type",
        sources=("RFC 6066, 8",),
    )


@query("ocsp.frame")
def frame(tables: Tables, session: Session) -> Answer:
    """The frame of the stapled answer: Certificate Status, in TLS 1.3 the Certificate itself."""
    found = stapled(session)
    if found is None:
        return _nothing_stapled(tables, session)
    message, _ = found
    return from_message(
        tables,
        session,
        message,
        message.frame,
        message_text(tables, message),
        "tls.handshake.extensions_status_request_type",
        reason=_IN_CERTIFICATE if session.is_tls13 else None,
        sources=_TLS13 if session.is_tls13 else _SOURCES,
    )


_IN_CERTIFICATE = Text(
    "TLS 1.3 没有 Certificate Status 消息：应答是服务器证书的一个扩展。",
    "TLS 1.3 has no Certificate Status message: the answer is an extension of the server's "
    "certificate.",
)


def _nothing_stapled(tables: Tables, session: Session) -> Answer:
    if not session.is_tls13:
        return why_missing(tables, session, CERTIFICATE_STATUS, client=False)
    message = first_message(session, CERTIFICATE, client=False)
    if message is None and session.handshake_opened and _not_asked(session):
        return absent(
            Text(
                "客户端没有请求 OCSP 应答（没有 status_request 扩展），服务器就不能装订。",
                "The client did not ask for an OCSP answer (no status_request extension): the "
                "server may not staple one.",
            ),
            _where_asked(session),
            sources=_TLS13,
        )
    if message is None:
        return why_missing(tables, session, CERTIFICATE, client=False)
    return absent(
        Text("服务器没有装订 OCSP 应答。", "The server stapled no OCSP answer."),
        every(
            where_message(session, CERTIFICATE, client=False),
            Where("tls.handshake.extensions_status_request_type"),
        ),
        cite(message),
        sources=_TLS13,
    )


@query("ocsp.status")
def status(tables: Tables, session: Session) -> Answer:
    """What the stapled answer says of the certificate: good, revoked or unknown."""
    found = _read(session)
    if found is None:
        return _nothing_read(tables, session)
    message, answer, single = found
    value = single.status.value
    return from_message(
        tables,
        session,
        message,
        value,
        _STATUS[value],
        *_fields(message, "ocsp.certStatus"),
        sources=_SOURCES,
        answer_tables=[_answer_table(answer, single, _captured(tables, message))],
    )


_STATUS = {
    "good": Text("good：没有被吊销", "good: not revoked"),
    "revoked": Text("revoked：已被吊销", "revoked"),
    "unknown": Text("unknown：应答者不认识这张证书", "unknown: the responder does not know it"),
}


@query("ocsp.responder")
def responder(tables: Tables, session: Session) -> Answer:
    """Who made the stapled answer: a name, or the hash of a key."""
    found = _read(session)
    if found is None:
        return _nothing_read(tables, session)
    message, answer, _ = found
    name = answer.responder_name or answer.responder_key_hash or NOTHING
    by_key = answer.responder_name is None
    text = (
        Text(f"公钥散列值 {name}", f"the holder of the key with hash {name}")
        if by_key
        else Text(visible(name), visible(name))
    )
    return from_message(
        tables,
        session,
        message,
        name,
        text,
        *_fields(message, "ocsp.responderID"),
        sources=("RFC 6960, 4.2.2.3",),
    )


@query("ocsp.current")
def current(tables: Tables, session: Session) -> Answer:
    """Whether the stapled answer was still good at the time of the capture."""
    found = _read(session)
    if found is None:
        return _nothing_read(tables, session)
    message, answer, single = found
    at = _captured(tables, message)
    timely = _is_timely(single, at)
    until = f"{single.next_update:%F %T} UTC" if single.next_update else NOTHING
    return from_message(
        tables,
        session,
        message,
        timely,
        Text(
            f"{'是' if timely else '否'}：有效到 {until}，抓包在 {at:%F %T} UTC。",
            f"{'Yes' if timely else 'No'}: it is good until {until}; the capture is of "
            f"{at:%F %T} UTC.",
        ),
        *_fields(message, "ocsp.nextUpdate"),
        sources=("RFC 6960, 4.2.2.1",),
        answer_tables=[_answer_table(answer, single, at)],
    )


def _is_timely(single: SingleAnswer, at: datetime) -> bool:
    ended = single.next_update is not None and at > single.next_update
    return single.this_update <= at and not ended


def _captured(tables: Tables, message: Message) -> datetime:
    seconds = float(str(tables.packets.at[message.frame, "frame.time_epoch"]))
    return datetime.fromtimestamp(seconds, UTC)


def _fields(message: Message, *names: str) -> tuple[str, ...]:
    """tshark dissects the answer where it can; else the status type proves that it is there."""
    known = tuple(name for name in names if message.first(name))
    return known or ("tls.handshake.extensions_status_request_type",)


def _read(session: Session) -> tuple[Message, OcspAnswer, SingleAnswer] | None:
    found = stapled(session)
    answer = read_ocsp(found[1]) if found else None
    if found is None or not isinstance(answer, OcspAnswer) or not answer.answers:
        return None
    return found[0], answer, answer.answers[0]


def _nothing_read(tables: Tables, session: Session) -> Answer:
    found = stapled(session)
    if found is None:
        return _nothing_stapled(tables, session)
    answer = read_ocsp(found[1])
    why = answer.reason if isinstance(answer, UnreadableOcsp) else answer.response_status
    text = Text("装订的应答没有给出状态（{why}）。", "The stapled answer says no status ({why}).")
    return not_applicable(text.filled(why=why), cite(found[0]), sources=_SOURCES)


def _answer_table(answer: OcspAnswer, single: SingleAnswer, at: datetime) -> AnswerTable:
    responder_ = answer.responder_name or answer.responder_key_hash or NOTHING
    rows: list[tuple[Cell, Cell]] = [
        (Text("应答者", "Responder"), responder_),
        (Text("证书状态", "Certificate status"), _STATUS[single.status.value]),
        (Text("序列号", "Serial number"), f"{single.serial:x}"),
        (Text("生成于", "Produced at"), _shown(answer.produced_at)),
        (Text("本次更新", "This update"), _shown(single.this_update)),
        (Text("下次更新", "Next update"), _shown(single.next_update)),
        (Text("抓包时仍有效", "Still good at the capture"), yes_or_no(_is_timely(single, at))),
    ]
    if single.revoked_at is not None:
        rows.append((Text("吊销于", "Revoked at"), _shown(single.revoked_at)))
        rows.append((Text("吊销原因", "Reason"), single.reason or NOTHING))
    return facts_table(rows)


def _shown(time: datetime | None) -> str:
    return f"{time:%F %T} UTC" if time else NOTHING
