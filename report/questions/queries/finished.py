"""The end of the handshake: Change Cipher Spec and Finished (RFC 5246, 7.1, 7.4.9)."""

from report.questions.absence import (
    absent,
    fatal_alert,
    hidden,
    lacking_part,
    missing_message,
    not_applicable,
    not_captured,
)
from report.questions.answer import Answer
from report.questions.conditions import Condition, Where, every
from report.questions.evidence import cite, cite_header, cite_record
from report.questions.finding import found, message_text
from report.questions.gaps import gaps
from report.questions.handshake_messages import where_message
from report.questions.protected import Inference, chosen_suite, finished_length, sent_protected
from report.questions.queries.suite import chosen, version_number
from report.questions.registry import Tables, query
from report.questions.scope import content, session_scope, side
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text
from report.tls.message_types import CHANGE_CIPHER_SPEC, FINISHED, HANDSHAKE, SERVER_HELLO
from report.tls.suites import TLS_1_3, verify_data_length

_RECORD_HEADER = 5
_CHANGE = ("RFC 5246, 7.1", "RFC 8446, D.4")
_FINISHED = ("RFC 5246, 7.4.9", "RFC 8446, 4.4.4")


# --- finding them -----------------------------------------------------------------------------


def change_cipher_spec(session: Session, *, client: bool) -> Message | None:
    """A side's first Change Cipher Spec."""
    return next(iter(session.of("change_cipher_spec", client=client)), None)


def finished(session: Session, *, client: bool) -> Inference | None:
    """A side's Finished: by its type where it can be read, else by its place.

    Up to TLS 1.2 it is the first handshake message after the side's Change Cipher Spec; of TLS 1.3
    without keys only the client's can be told, by the length of its record.
    """
    named = next(iter(session.of("handshake", FINISHED, client=client)), None)
    if named is not None:
        return Inference(named)
    if session.is_tls13:
        return _tls13_by_length(session) if client else None
    change = change_cipher_spec(session, client=client)
    if change is None:
        return None
    after = session.messages[session.messages.index(change) + 1 :]
    own = (m for m in after if m.from_client == client and m.protocol == "handshake")
    message = next(own, None)
    return None if message is None else Inference(message)


def _tls13_by_length(session: Session) -> Inference | None:
    suite, hello = chosen_suite(session), session.server_hello
    if suite is None or hello is None or session.handshake_opened:
        return None
    start = session.messages.index(hello)
    wanted = finished_length(suite)
    for message in session.messages[start:]:
        own = message.from_client and message.protocol == "application_data"
        if own and message.record.length == wanted:
            return Inference(message, True, _BY_LENGTH.filled(size=wanted))
    return None


_BY_LENGTH = Text(
    "没有密钥，按位置和长度推断：客户端在 Server Hello 之后的加密记录里，"
    "这个长 {size} 字节的正好是一条 Finished 的长度。",
    "Without keys this goes by place and length: of the client's encrypted records after the "
    "Server Hello this one, of {size} bytes, is just as long as a Finished.",
)


def client_flight(session: Session, exchange: Message) -> list[Message]:
    """The Client Key Exchange with the Change Cipher Spec and Finished that follow it."""
    change = change_cipher_spec(session, client=True)
    end = finished(session, client=True)
    return [exchange, *([change] if change else []), *([end.message] if end else [])]


# --- why they are missing ---------------------------------------------------------------------


def _where_change(session: Session, *, client: bool) -> Condition:
    return every(session_scope(session), content(CHANGE_CIPHER_SPEC), side(session, client=client))


def _no_change(tables: Tables, session: Session, *, client: bool) -> Answer:
    if session.connection.transport == "quic":
        return not_applicable(
            Text("QUIC 不使用 Change Cipher Spec。", "QUIC has no Change Cipher Spec."),
            sources=("RFC 9001, 8.4",),
        )
    hello = session.server_hello
    alert = fatal_alert(session)
    if hello is None:
        return missing_message(tables, session, SERVER_HELLO, client=False)
    lack = lacking_part(tables, session, client=client)
    settled = session.connection.complete and not _lost_before_data(session, client=client)
    if lack is not None and alert is None and not settled:
        return not_captured(Text(f"抓包中没有：{lack.zh}", f"It is not in the capture: {lack.en}"))
    text = _TLS13_WITHOUT if session.is_tls13 else _ENDED_BEFORE
    return absent(text, _where_change(session, client=client), sources=_CHANGE)


def _lost_before_data(session: Session, *, client: bool) -> bool:
    data = next(iter(session.of("application_data", client=client)), None)
    return bool(gaps(session, client=client, until=data.frame if data else None))


_TLS13_WITHOUT = Text(
    "没有：TLS 1.3 不需要 Change Cipher Spec，只有为了兼容旧设备才发送。",
    "No: TLS 1.3 needs no Change Cipher Spec and sends one only for the sake of old devices.",
)
_ENDED_BEFORE = Text(
    "没有：连接在它之前就结束了。", "No: the connection ended before it came to that."
)


def no_finished(tables: Tables, session: Session, *, client: bool) -> Answer:
    """Why a side's Finished cannot be shown."""
    condition = where_message(session, FINISHED, client=client)
    if session.server_hello is None:
        return missing_message(tables, session, SERVER_HELLO, client=False)
    hides = session.is_tls13 and not session.handshake_opened
    if hides and sent_protected(session, client=client):
        return hidden(
            tables,
            Text(
                "看不到：TLS 1.3 的 Finished 藏在加密记录里，与其他消息分不开。",
                "It cannot be seen: TLS 1.3's Finished is inside the encrypted records, where it "
                "cannot be told from the other messages.",
            ),
            condition,
        )
    return missing_message(tables, session, FINISHED, client=client)


# --- questions --------------------------------------------------------------------------------


def _change_frame(tables: Tables, session: Session, *, client: bool) -> Answer:
    change = change_cipher_spec(session, client=client)
    if change is None:
        return _no_change(tables, session, client=client)
    note = Text(
        "在 TLS 1.3 中它没有作用，只为让中间的旧设备以为这是 TLS 1.2。",
        "In TLS 1.3 it does nothing: it makes old devices on the way take this for TLS 1.2.",
    )
    return found(
        tables,
        change.frame,
        message_text(tables, change),
        _where_change(session, client=client),
        [cite_header(change.record, "tls.record.content_type"), cite(change)],
        frames=[change.frame],
        parts=change.parts,
        reason=note if session.is_tls13 else None,
        sources=_CHANGE,
    )


@query("change_cipher_spec.client")
def client_change(tables: Tables, session: Session) -> Answer:
    """The frame of the client's Change Cipher Spec."""
    return _change_frame(tables, session, client=True)


@query("change_cipher_spec.server")
def server_change(tables: Tables, session: Session) -> Answer:
    """The frame of the server's Change Cipher Spec."""
    return _change_frame(tables, session, client=False)


@query("change_cipher_spec.content_type")
def change_content_type(tables: Tables, session: Session) -> Answer:
    """The content type that makes it a protocol of its own: 20."""
    change = _any_change(session)
    if change is None:
        return _no_change(tables, session, client=True)
    value = change.record.content_type
    return found(
        tables,
        value,
        Text(
            f"{value}（0x{value:02x}），第 {change.frame} 号数据包",
            f"{value} (0x{value:02x}), packet {change.frame}",
        ),
        _where_change(session, client=change.from_client),
        [cite_header(change.record, "tls.record.content_type")],
        frames=[change.frame],
        sources=("RFC 5246, 6.2.1", "RFC 5246, 7.1"),
    )


@query("change_cipher_spec.record_length")
def change_record_length(tables: Tables, session: Session) -> Answer:
    """How long the Change Cipher Spec record is, its header of five bytes included."""
    change = _any_change(session)
    if change is None:
        return _no_change(tables, session, client=True)
    size = _RECORD_HEADER + change.record.length
    return found(
        tables,
        size,
        Text(
            f"{size} 字节：5 字节的记录头和 {change.record.length} 字节的内容（数值 1）。",
            f"{size} bytes: 5 of header and {change.record.length} of content (the value 1).",
        ),
        _where_change(session, client=change.from_client),
        [cite_header(change.record, "tls.record.length")],
        frames=[change.frame],
        sources=("RFC 5246, 6.2.1", "RFC 5246, 7.1"),
    )


def _any_change(session: Session) -> Message | None:
    return change_cipher_spec(session, client=True) or change_cipher_spec(session, client=False)


def _where_finished(session: Session, message: Message) -> Condition:
    if message.type == FINISHED:
        return where_message(session, FINISHED, client=message.from_client)
    kind = HANDSHAKE if message.protocol == "handshake" else message.record.content_type
    return every(
        session_scope(session), _content(session, kind), side(session, client=message.from_client)
    )


def _content(session: Session, kind: int) -> Condition:
    """Encrypted TLS 1.3 records carry their type in another field."""
    if session.is_tls13 and not session.decrypted:
        return Where("tls.record.opaque_type", (str(kind),))
    return content(kind)


def _finished_frame(tables: Tables, session: Session, *, client: bool) -> Answer:
    end = finished(session, client=client)
    if end is None:
        return no_finished(tables, session, client=client)
    message = end.message
    return found(
        tables,
        message.frame,
        message_text(tables, message),
        _where_finished(session, message),
        [cite(message)],
        frames=[message.frame],
        parts=message.parts,
        inferred=end.inferred,
        reason=end.reason,
        sources=_FINISHED,
    )


@query("finished.client")
def client_finished(tables: Tables, session: Session) -> Answer:
    """The frame of the client's Finished (an Encrypted Handshake Message without keys)."""
    return _finished_frame(tables, session, client=True)


@query("finished.server")
def server_finished(tables: Tables, session: Session) -> Answer:
    """The frame of the server's Finished."""
    return _finished_frame(tables, session, client=False)


@query("finished.client_length")
def client_length(tables: Tables, session: Session) -> Answer:
    """How long the record of the client's Finished is, without its header."""
    end = finished(session, client=True)
    if end is None:
        return no_finished(tables, session, client=True)
    if session.connection.transport == "quic":
        return not_applicable(
            Text("QUIC 没有 TLS 记录。", "QUIC has no TLS records."), sources=("RFC 9001, 4.1.3",)
        )
    message = end.message
    size = message.record.length
    return found(
        tables,
        size,
        Text(
            f"{size} 字节（第 {message.frame} 号数据包中的记录，不含 5 字节的头）",
            f"{size} bytes (the record in packet {message.frame}, without its header of 5)",
        ),
        _where_finished(session, message),
        [cite_record(message, "tls.record.length")],
        frames=[message.frame],
        inferred=end.inferred,
        reason=end.reason,
        sources=_FINISHED,
    )


@query("finished.verify_data_length")
def verify_length(tables: Tables, session: Session) -> Answer:
    """How many bytes of verify_data a Finished of this version and suite holds."""
    choice = chosen(session)
    version = version_number(session)
    if choice is None or not version:
        return missing_message(tables, session, SERVER_HELLO, client=False)
    hello, suite = choice
    size = verify_data_length(suite, version)
    seen = next(iter(session.of("handshake", FINISHED)), None)
    evidence = [cite(hello, "tls.handshake.ciphersuite"), cite(hello, "tls.handshake.version")]
    if seen is not None:
        evidence.append(cite(seen, "tls.handshake.verify_data"))
    return found(
        tables,
        size,
        _VERIFY_TEXT[version >= TLS_1_3].filled(size=size, version=session.connection.version),
        where_message(session, SERVER_HELLO, client=False),
        evidence,
        frames=[hello.frame],
        sources=_FINISHED,
    )


_VERIFY_TEXT = {
    False: Text(
        "{size} 字节：{version} 的 verify_data（SSL 3.0 是 36 字节，TLS 1.0 到 1.2 是 12 字节）。",
        "{size} bytes, as {version} has it (36 in SSL 3.0, 12 in TLS 1.0 to 1.2).",
    ),
    True: Text(
        "{size} 字节：TLS 1.3 的 verify_data 与套件的散列值一样长。",
        "{size} bytes: in TLS 1.3 verify_data is as long as the suite's hash.",
    ),
}


@query("finished.order")
def order(tables: Tables, session: Session) -> Answer:
    """Whether the client's Finished comes before or after the server's."""
    mine, theirs = finished(session, client=True), finished(session, client=False)
    if mine is None:
        return no_finished(tables, session, client=True)
    if theirs is None:
        return no_finished(tables, session, client=False)
    before = session.messages.index(mine.message) < session.messages.index(theirs.message)
    first, second = (mine, theirs) if before else (theirs, mine)
    return found(
        tables,
        "before" if before else "after",
        Text(
            f"{'之前' if before else '之后'}：先是第 {first.message.frame} 号数据包，"
            f"后是第 {second.message.frame} 号。",
            f"{'Before' if before else 'After'}: packet {first.message.frame} comes first, then "
            f"{second.message.frame}.",
        ),
        session_scope(session),
        [cite(first.message), cite(second.message)],
        inferred=mine.inferred or theirs.inferred,
        reason=_ORDERS,
        sources=("RFC 5246, 7.3", "RFC 8446, 2"),
    )


_ORDERS = Text(
    "TLS 1.2 及以前：完整握手由客户端先发 Finished，恢复会话时由服务器先发；"
    "TLS 1.3 总是服务器先发。",
    "Up to TLS 1.2 the client is first in a full handshake and the server in a resumed one; in TLS "
    "1.3 it is always the server.",
)


@query("finished.server_sends_both")
def server_sends_both(tables: Tables, session: Session) -> Answer:
    """Whether the server too sends a Change Cipher Spec and an encrypted Finished."""
    change = change_cipher_spec(session, client=False)
    end = finished(session, client=False)
    if change is None:
        return _no_change(tables, session, client=False)
    if end is None:
        return no_finished(tables, session, client=False)
    frames = sorted({change.frame, end.message.frame})
    listed_zh, listed_en = "、".join(map(str, frames)), ", ".join(map(str, frames))
    return found(
        tables,
        True,
        Text(
            f"是，在第 {listed_zh} 号数据包中。",
            f"Yes, in packet{'s' if len(frames) > 1 else ''} {listed_en}.",
        ),
        _where_change(session, client=False),
        [cite(change), cite(end.message)],
        frames=frames,
        sources=("RFC 5246, 7.3", "RFC 5246, 7.4.9"),
    )


@query("finished.meaning")
def meaning(tables: Tables, session: Session) -> Answer:
    """Shows the client's Finished beside the explanation of what is encrypted in it, and how."""
    return _finished_frame(tables, session, client=True)
