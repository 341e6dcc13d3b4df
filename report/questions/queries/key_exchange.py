"""The end of the handshake: Server Hello Done, key exchange, client authentication."""

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
from report.questions.conditions import Where, every
from report.questions.evidence import cite
from report.questions.finding import found, message_text, packet_text
from report.questions.gaps import gaps
from report.questions.protected import sent_protected
from report.questions.registry import Tables, query
from report.questions.scope import handshake, session_scope, side
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text
from report.tls.message_types import (
    CERTIFICATE,
    CERTIFICATE_REQUEST,
    CLIENT_KEY_EXCHANGE,
    FINISHED,
    SERVER_HELLO_DONE,
)


@query("server_hello_done.frame")
def server_hello_done(tables: Tables, session: Session) -> Answer:
    """The frame of the Server Hello Done, which ends the server's first flight up to TLS 1.2."""
    done = next(iter(session.of("handshake", SERVER_HELLO_DONE, client=False)), None)
    if done is None:
        return _none_of_tls12(tables, session, SERVER_HELLO_DONE, "Server Hello Done", client=False)
    return found(
        tables,
        done.frame,
        message_text(tables, done),
        every(session_scope(session), handshake(SERVER_HELLO_DONE)),
        [cite(done, "tls.handshake.type")],
        sources=("RFC 5246, 7.4.5",),
    )


def _none_of_tls12(
    tables: Tables, session: Session, kind: int, name: str, *, client: bool
) -> Answer:
    hello = session.server_hello
    if hello is not None and session.is_tls13:
        field = hello.first("tls.handshake.extensions.supported_version")
        return not_applicable(
            Text(f"TLS 1.3 没有 {name} 消息。", f"TLS 1.3 has no {name} message."),
            cite(hello, field),
            sources=("RFC 8446, 2", "RFC 8446, 4"),
        )
    if hello is not None and session.connection.resumed:
        return not_applicable(
            Text(
                f"会话恢复使用简短握手，其中没有 {name}。",
                f"A resumed session uses the abbreviated handshake, which has no {name}.",
            ),
            cite(hello, "tls.handshake.session_id"),
            sources=("RFC 5246, 7.3",),
        )
    return missing_message(tables, session, kind, client=client)


@query("client_key_exchange.frame")
def client_key_exchange(tables: Tables, session: Session) -> Answer:
    """The frame of the Client Key Exchange; Change Cipher Spec and Finished elsewhere are parts."""
    exchange = next(iter(session.of("handshake", CLIENT_KEY_EXCHANGE, client=True)), None)
    if exchange is None:
        return _none_of_tls12(
            tables, session, CLIENT_KEY_EXCHANGE, "Client Key Exchange", client=True
        )
    flight = [exchange, *_change_and_finished(session, exchange)]
    parts = {part for message in flight for part in message.parts}
    elsewhere = [m for m in flight[1:] if m.frame != exchange.frame]
    return found(
        tables,
        exchange.frame,
        packet_text(tables, exchange.frame, parts if elsewhere else exchange.parts),
        every(session_scope(session), handshake(CLIENT_KEY_EXCHANGE)),
        [cite(exchange, "tls.handshake.type"), *(cite(m) for m in flight[1:])],
        frames=[exchange.frame],
        parts=parts,
        reason=_elsewhere_note(elsewhere),
        sources=("RFC 5246, 7.1", "RFC 5246, 7.4.7", "RFC 5246, 7.4.9"),
    )


def _change_and_finished(session: Session, exchange: Message) -> list[Message]:
    after = session.messages[session.messages.index(exchange) + 1 :]
    own = [m for m in after if m.from_client]
    change = next((m for m in own if m.protocol == "change_cipher_spec"), None)
    if change is None:
        return []
    finished = next((m for m in own[own.index(change) :] if m.protocol == "handshake"), None)
    return [change] if finished is None else [change, finished]


def _elsewhere_note(elsewhere: list[Message]) -> Text | None:
    if not elsewhere:
        return None
    listed_zh = "；".join(f"{m.name} 在第 {m.frame} 号" for m in elsewhere)
    listed_en = "; ".join(f"the {m.name} is in packet {m.frame}" for m in elsewhere)
    return Text(
        f"三个消息不在同一个数据包中：{listed_zh}。", f"Not all in one packet: {listed_en}."
    )


@query("client_certificate.frame")
def client_certificate(tables: Tables, session: Session) -> Answer:
    """The frame in which the client sent a certificate of its own, or why it did not.

    An empty Certificate message is no certificate; it is the evidence that none was sent.
    """
    condition = every(session_scope(session), handshake(CERTIFICATE), side(session, client=True))
    sent = next(iter(session.of("handshake", CERTIFICATE, client=True)), None)
    if sent is None:
        return _no_client_certificate(tables, session)
    certificate = sent.first("tls.handshake.certificate")
    if certificate is None:
        text = Text(
            f"没有：服务器要求了证书，客户端在第 {sent.frame} 号数据包中"
            "只发了一个空的 Certificate 消息。",
            f"No: the server asked for one, and in packet {sent.frame} the client sent a "
            "Certificate message with no certificate in it.",
        )
        with_certificate = every(condition, _has_certificate())
        return absent(text, with_certificate, cite(sent, "tls.handshake.certificates_length"))
    return found(
        tables,
        sent.frame,
        message_text(tables, sent),
        condition,
        [cite(sent, certificate)],
        parts=sent.parts,
        sources=("RFC 5246, 7.4.6", "RFC 8446, 4.4.2"),
    )


def _has_certificate() -> Where:
    return Where("tls.handshake.certificate")


def _no_client_certificate(tables: Tables, session: Session) -> Answer:
    condition = every(session_scope(session), handshake(CERTIFICATE), side(session, client=True))
    hello = session.server_hello
    alert = fatal_alert(session)
    if hello is None:
        return missing_message(tables, session, CERTIFICATE, client=True)
    if session.is_tls13 and session.connection.resumed:
        return absent(
            Text(
                "没有：会话由 PSK 恢复，服务器此时不得要求客户端证书。",
                "No: the session was resumed with a PSK, and then a server may not ask for one.",
            ),
            condition,
            cite(hello, hello.first("tls.handshake.extensions.supported_version")),
            sources=("RFC 8446, 4.3.2",),
        )
    if session.is_tls13 and not session.handshake_opened and sent_protected(session, client=True):
        return hidden(
            tables,
            Text(
                "看不到：TLS 1.3 从 Server Hello 之后就加密，证书请求和客户端证书都在其中。",
                "It cannot be seen: TLS 1.3 encrypts everything after the Server Hello, a "
                "certificate request and the client's certificate included.",
            ),
            condition,
        )
    if _renegotiated_unseen(session):
        return hidden(tables, _UNSEEN_RENEGOTIATION, condition)
    lack = None if _was_not_asked(session) else lacking_part(tables, session, client=True)
    if alert is None and lack is not None and (session.is_tls13 or not session.connection.complete):
        return not_captured(
            Text(f"抓包中看不出来：{lack.zh}", f"The capture does not tell: {lack.en}")
        )
    return absent(_why_not_asked(session), condition, sources=("RFC 5246, 7.4.4",))


_UNSEEN_RENEGOTIATION = Text(
    "看不到：握手之后又进行了加密的重新协商，其中可能有客户端证书。",
    "It cannot be seen: a renegotiation, encrypted, follows the handshake, and a certificate of "
    "the client's may be in it.",
)


def _renegotiated_unseen(session: Session) -> bool:
    """More encrypted handshake messages than the one Finished that a handshake has (TLS 1.2)."""
    unread = [m for m in session.of("handshake", client=True) if m.type is None]
    return not session.is_tls13 and len(unread) > 1


def _was_not_asked(session: Session) -> bool:
    """Whether the capture shows all that comes before a client's certificate, and no request.

    Up to TLS 1.2 the certificate stands before the Client Key Exchange and is asked for before the
    Server Hello Done (RFC 5246, 7.3); in TLS 1.3 it is asked for before the server's Finished.
    """
    if session.of("handshake", CERTIFICATE_REQUEST, client=False):
        return False
    if session.is_tls13:
        # The client's own would stand right before its Finished.
        mine = next(iter(session.of("handshake", FINISHED, client=True)), None)
        settled = mine is not None and not gaps(session, client=True, until=mine.frame)
        return settled or bool(session.of("handshake", FINISHED, client=False))
    return bool(
        session.of("handshake", CLIENT_KEY_EXCHANGE, client=True)
        or session.of("handshake", SERVER_HELLO_DONE, client=False)
    )


def _why_not_asked(session: Session) -> Text:
    asked = next(iter(session.of("handshake", CERTIFICATE_REQUEST, client=False)), None)
    if asked is not None:
        return Text(
            f"没有：服务器在第 {asked.frame} 号数据包中要求了证书，客户端没有发送。",
            f"No: the server asked for one in packet {asked.frame} and the client sent none.",
        )
    return Text(
        "没有：服务器没有发送 Certificate Request。",
        "No: the server never sent a Certificate Request.",
    )
