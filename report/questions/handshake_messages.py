"""One handshake message of the session: found and cited, or why it is not there."""

from collections.abc import Iterable

from report.questions.absence import (
    absent,
    fatal_alert,
    hidden,
    lacking_part,
    missing_message,
    not_applicable,
    not_captured,
)
from report.questions.answer import Answer, AnswerTable, AnswerValue, Evidence
from report.questions.conditions import Condition, every
from report.questions.evidence import cite
from report.questions.finding import found
from report.questions.gaps import gaps
from report.questions.protected import chosen_suite, sent_protected
from report.questions.registry import Tables
from report.questions.scope import handshake, session_scope, side
from report.tables.dissection import TreeField
from report.tables.messages import Message
from report.tables.packets import cut_short
from report.tables.session import Session
from report.text import Text
from report.tls.key_exchange import Sent
from report.tls.message_types import (
    CERTIFICATE,
    CERTIFICATE_REQUEST,
    CERTIFICATE_STATUS,
    CERTIFICATE_VERIFY,
    CLIENT_HELLO,
    CLIENT_KEY_EXCHANGE,
    ENCRYPTED_EXTENSIONS,
    FINISHED,
    NEW_SESSION_TICKET,
    SERVER_HELLO,
    SERVER_HELLO_DONE,
    SERVER_KEY_EXCHANGE,
)
from report.tls.registry import shown_name

_NOT_IN_TLS13 = {SERVER_KEY_EXCHANGE, SERVER_HELLO_DONE, CLIENT_KEY_EXCHANGE, CERTIFICATE_STATUS}
_FULL_HANDSHAKE_ONLY = _NOT_IN_TLS13 | {CERTIFICATE, CERTIFICATE_REQUEST, CERTIFICATE_VERIFY}
_OPTIONAL = {NEW_SESSION_TICKET, CERTIFICATE_REQUEST, CERTIFICATE_VERIFY, CERTIFICATE_STATUS}
TLS13_SOURCES = ("RFC 8446, 2", "RFC 8446, 4")


def first_message(session: Session, kind: int, *, client: bool) -> Message | None:
    """The side's first handshake message of a type; a Hello Retry Request is no Server Hello."""
    if kind == SERVER_HELLO:
        return session.server_hello
    return next(iter(session.of("handshake", kind, client=client)), None)


def where_message(session: Session, kind: int, *, client: bool) -> Condition:
    """The session's packets in which that side's messages of a type are complete."""
    return every(session_scope(session), handshake(kind), side(session, client=client))


def from_message(
    tables: Tables,
    session: Session,
    message: Message,
    value: AnswerValue,
    text: Text,
    *fields: TreeField | str | None,
    sources: tuple[str, ...] = (),
    reason: Text | None = None,
    inferred: bool = False,
    answer_tables: Iterable[AnswerTable] = (),
    also: Iterable[Evidence] = (),
) -> Answer:
    """A found answer that a handshake message in clear proves, by the fields named.

    `also` is evidence from elsewhere, such as the header of the message's record.
    """
    kind = message.type if message.type is not None else 0
    further = tuple(also)
    cited = fields or (() if further else ("tls.handshake.type",))
    return found(
        tables,
        value,
        text,
        where_message(session, kind, client=message.from_client),
        [*(cite(message, field) for field in cited), *further],
        frames=[message.frame],
        parts=message.parts,
        reason=reason,
        inferred=inferred,
        sources=sources,
        answer_tables=tuple(answer_tables),
    )


def why_missing(tables: Tables, session: Session, kind: int, *, client: bool) -> Answer:
    """Why the session shows no such message: version, resumption, suite, encryption, or loss."""
    hello = session.server_hello
    if hello is None:
        # What the client sends depends on the server's choice: without it nothing can be told.
        if lacking_part(tables, session, client=False) is not None:
            kind, client = SERVER_HELLO, False
        return missing_message(tables, session, kind, client=client)
    if session.is_tls13:
        return _missing_in_tls13(tables, session, hello, kind, client=client)
    name = shown_name("handshake_types", kind)
    if session.connection.resumed and kind in _FULL_HANDSHAKE_ONLY:
        return not_applicable(
            Text(
                f"会话是恢复的，简短握手里没有 {name}。",
                f"The session was resumed; the abbreviated handshake has no {name}.",
            ),
            cite(hello, "tls.handshake.session_id"),
            sources=("RFC 5246, 7.3",),
        )
    return _missing_before_tls13(tables, session, hello, kind, client=client)


def _missing_in_tls13(
    tables: Tables, session: Session, hello: Message, kind: int, *, client: bool
) -> Answer:
    name = shown_name("handshake_types", kind)
    chosen = hello.first("tls.handshake.extensions.supported_version")
    if kind in _NOT_IN_TLS13:
        text = Text(f"TLS 1.3 没有 {name} 消息。", f"TLS 1.3 has no {name} message.")
        return not_applicable(text, cite(hello, chosen), sources=TLS13_SOURCES)
    if session.connection.resumed and kind in _FULL_HANDSHAKE_ONLY:
        return not_applicable(
            Text(
                f"会话由 PSK 恢复，没有 {name}：身份由预共享密钥保证。",
                f"The session was resumed with a PSK and has no {name}: the key both sides "
                "already share proves who they are.",
            ),
            cite(hello, "tls.handshake.extensions.psk.identity.selected"),
            sources=("RFC 8446, 2.2", "RFC 8446, 4.3.2"),
        )
    if not session.handshake_opened and sent_protected(session, client=client):
        return hidden(
            tables,
            Text(
                f"看不到：TLS 1.3 从 Server Hello 之后就加密，{name} 也在其中。",
                f"It cannot be seen: TLS 1.3 encrypts everything after the Server Hello, a {name} "
                "included.",
            ),
            where_message(session, kind, client=client),
        )
    return _missing_optional(tables, session, kind, client=client)


def _missing_before_tls13(
    tables: Tables, session: Session, hello: Message, kind: int, *, client: bool
) -> Answer:
    suite = chosen_suite(session)
    method = suite.method if suite else None
    name = shown_name("handshake_types", kind)
    if method and kind == SERVER_KEY_EXCHANGE and method.server_key_exchange is Sent.NEVER:
        return not_applicable(method.why, cite(hello, "tls.handshake.ciphersuite"))
    if suite and method and kind == CERTIFICATE and method.certificate is Sent.NEVER:
        return not_applicable(
            Text(
                f"密码套件 {suite.name} 不使用证书，因此没有 {name}。",
                f"The cipher suite {suite.name} works without certificates: there is no {name}.",
            ),
            cite(hello, "tls.handshake.ciphersuite"),
        )
    return _missing_optional(tables, session, kind, client=client)


def _surely_left_out(session: Session, kind: int, *, client: bool) -> bool:
    """Whether the capture shows all of the place where an optional message would have been.

    Or whether something else rules it out: a server answers an extension before it sends what the
    extension announces (RFC 6066, 8; RFC 5077, 3.2), and who was not asked for a certificate
    verifies none.
    """
    if kind == CERTIFICATE_VERIFY and client and not _was_asked(session):
        return True
    if kind == CERTIFICATE_REQUEST and _had_no_certificate_to_show(session):
        return True
    announced = _ANNOUNCED_BY.get(kind)
    if announced is not None and not session.is_tls13 and not _answers(session, announced):
        return True
    return _whole_between(session, kind, client=client)


_STATUS_REQUEST, _SESSION_TICKET = 5, 35
_ANNOUNCED_BY = {CERTIFICATE_STATUS: _STATUS_REQUEST, NEW_SESSION_TICKET: _SESSION_TICKET}


def _was_asked(session: Session) -> bool:
    """False only where the server's flight was seen to its end, without a request in it."""
    if session.of("handshake", CERTIFICATE_REQUEST, client=False):
        return True
    end = first_message(session, FINISHED if session.is_tls13 else SERVER_HELLO_DONE, client=False)
    return end is None or not _unbroken(session, session.server_hello, end)


def _had_no_certificate_to_show(session: Session) -> bool:
    """Whether the client of TLS 1.3 went to its Finished without a Certificate.

    Asked for one it sends one, though it be empty (RFC 8446, 4.4.2).
    """
    end = first_message(session, FINISHED, client=True)
    hello = first_message(session, CLIENT_HELLO, client=True)
    if not session.is_tls13 or end is None or not _unbroken(session, hello, end):
        return False
    return first_message(session, CERTIFICATE, client=True) is None


def _answers(session: Session, extension: int) -> bool:
    hello = session.server_hello
    types = hello.all("tls.handshake.extension.type") if hello else ()
    whole = hello is not None and bool(hello.first("tls.handshake.ciphersuite"))
    return not whole or any(f.number == extension for f in types)


def _whole_between(session: Session, kind: int, *, client: bool) -> bool:
    """Whether the messages before and after its place were captured, and all between them."""
    end = _end_of_place(session, kind, client=client)
    if end is None:
        return False
    before = [m for m in session.messages if m.from_client == client]
    earlier = before[: before.index(end)]
    place = _BEFORE_IN_TLS13 if session.is_tls13 else _BEFORE
    start = next((m for m in reversed(earlier) if m.type in place.get(kind, ())), None)
    return start is not None and _unbroken(session, start, end)


_BEFORE: dict[int, tuple[int, ...]] = {
    CERTIFICATE_REQUEST: (SERVER_KEY_EXCHANGE, CERTIFICATE_STATUS, CERTIFICATE, SERVER_HELLO),
    CERTIFICATE_STATUS: (CERTIFICATE,),
    SERVER_KEY_EXCHANGE: (CERTIFICATE_STATUS, CERTIFICATE),
    CERTIFICATE_VERIFY: (CLIENT_KEY_EXCHANGE,),
    NEW_SESSION_TICKET: (SERVER_HELLO_DONE, SERVER_HELLO),
}
"""What may stand right before an optional message (RFC 5246, 7.3; RFC 5077, 3.1)."""


_BEFORE_IN_TLS13: dict[int, tuple[int, ...]] = {
    CERTIFICATE_REQUEST: (ENCRYPTED_EXTENSIONS,),
    CERTIFICATE_VERIFY: (CERTIFICATE, CLIENT_HELLO),
}
"""The same in TLS 1.3 (RFC 8446, 2)."""


def _end_of_place(session: Session, kind: int, *, client: bool) -> Message | None:
    if session.is_tls13:
        return (
            None if kind == NEW_SESSION_TICKET else first_message(session, FINISHED, client=client)
        )
    if kind in (NEW_SESSION_TICKET, CERTIFICATE_VERIFY):
        return next(iter(session.of("change_cipher_spec", client=client)), None)
    return first_message(session, SERVER_HELLO_DONE, client=False)


def _unbroken(session: Session, first: Message | None, last: Message) -> bool:
    if first is None:
        return False
    own = session.packets[session.from_client.to_numpy() == last.from_client]
    # A Client Hello fills its segments, so that what is cut off there is its own end.
    between = own.loc[first.frame + (first.type == CLIENT_HELLO) : last.frame]
    lost = gaps(session, client=last.from_client, after=first.frame, until=last.frame)
    return not cut_short(between) and not lost


def _missing_optional(tables: Tables, session: Session, kind: int, *, client: bool) -> Answer:
    """A message that may be left out is absent where the handshake went past its place."""
    optional = kind in _OPTIONAL or (kind == SERVER_KEY_EXCHANGE and session.connection.complete)
    if not optional or fatal_alert(session) is not None:
        return missing_message(tables, session, kind, client=client)
    name = shown_name("handshake_types", kind)
    lack = lacking_part(tables, session, client=client)
    if lack is not None and not _surely_left_out(session, kind, client=client):
        return not_captured(
            Text(f"抓包中看不出来：{lack.zh}", f"The capture does not tell: {lack.en}")
        )
    who = Text("客户端", "The client") if client else Text("服务器", "The server")
    return absent(
        Text(f"没有：{who.zh}没有发送 {name}。", f"No: {who.en.lower()} sent no {name}."),
        where_message(session, kind, client=client),
    )
