"""The Server Hello (RFC 5246, 7.4.1.3; RFC 8446, 4.1.3)."""

from report.questions.absence import (
    CUT_BEFORE,
    missing_message,
    not_applicable,
    not_captured,
)
from report.questions.answer import Answer
from report.questions.conditions import every
from report.questions.evidence import cite
from report.questions.finding import found, message_text
from report.questions.registry import Tables, query
from report.questions.scope import handshake, session_scope
from report.tables.dissection import TreeField
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text
from report.tls.message_types import SERVER_HELLO
from report.tls.registry import cipher_suite_name
from report.tls.suites import known_suite


def _missing(tables: Tables, session: Session) -> Answer:
    return missing_message(tables, session, SERVER_HELLO, client=False)


def _chosen(tables: Tables, session: Session) -> tuple[Message, TreeField] | Answer:
    """The Server Hello and its cipher suite, or why they are not there."""
    hello = session.server_hello
    if hello is None:
        return _missing(tables, session)
    field = hello.first("tls.handshake.ciphersuite")
    return not_captured(CUT_BEFORE) if field is None else (hello, field)


@query("server_hello.frame")
def frame(tables: Tables, session: Session) -> Answer:
    """The frame of the Server Hello that is not a Hello Retry Request."""
    hello = session.server_hello
    if hello is None:
        return _missing(tables, session)
    return found(
        tables,
        hello.frame,
        message_text(tables, hello),
        every(session_scope(session), handshake(SERVER_HELLO)),
        [cite(hello, "tls.handshake.type")],
        reason=_retry_note(session.retry),
        sources=("RFC 8446, 4.1.3",),
    )


def _retry_note(retry: Message | None) -> Text | None:
    if retry is None:
        return None
    return Text(
        f"第 {retry.frame} 号也写作 Server Hello，但它的随机数是固定值：那是 Hello Retry Request。",
        f"Packet {retry.frame} is also shown as a Server Hello, but its random is the fixed value "
        "of a Hello Retry Request.",
    )


@query("server_hello.cipher_suite")
def chosen_suite(tables: Tables, session: Session) -> Answer:
    """The cipher suite that the server chose."""
    chosen = _chosen(tables, session)
    if isinstance(chosen, Answer):
        return chosen
    hello, field = chosen
    name = cipher_suite_name(field.number)
    return found(
        tables,
        name,
        Text(
            f"{name}（{field.show}，第 {hello.frame} 号数据包）",
            f"{name} ({field.show}, packet {hello.frame})",
        ),
        every(session_scope(session), handshake(SERVER_HELLO)),
        [cite(hello, field)],
        sources=("RFC 5246, 7.4.1.3", "IANA TLS Cipher Suites"),
    )


@query("server_hello.has_random")
def has_random(tables: Tables, session: Session) -> Answer:
    """Whether the Server Hello carries random bytes, with the field that shows them."""
    hello = session.server_hello
    if hello is None:
        return _missing(tables, session)
    field = hello.first("tls.handshake.random")  # every Server Hello has one, cut short or not
    return found(
        tables,
        True,
        Text(
            f"是，第 {hello.frame} 号数据包的 Server Hello 中有服务器自己的随机数。",
            f"Yes, the Server Hello in packet {hello.frame} carries random bytes of the server's.",
        ),
        every(session_scope(session), handshake(SERVER_HELLO)),
        [cite(hello, field)],
        sources=("RFC 5246, 7.4.1.3", "RFC 5246, F.1.4"),
    )


@query("server_hello.symmetric_algorithm")
def symmetric_algorithm(tables: Tables, session: Session) -> Answer:
    """The symmetric algorithm that protects the data, taken from the chosen suite's name."""
    chosen = _chosen(tables, session)
    if isinstance(chosen, Answer):
        return chosen
    hello, field = chosen
    suite = known_suite(field.number)
    if suite is None or suite.signalling:
        name = cipher_suite_name(field.number)
        return not_applicable(_NO_SUITE.filled(name=name), cite(hello, field))
    return found(
        tables,
        suite.symmetric,
        Text(f"{suite.symmetric}（取自 {suite.name}）", f"{suite.symmetric} (from {suite.name})"),
        every(session_scope(session), handshake(SERVER_HELLO)),
        [cite(hello, field)],
        sources=("RFC 5246, A.5", "IANA TLS Cipher Suites"),
    )


_NO_SUITE = Text(
    "服务器选的 {name} 不是登记过的加密套件，无从得知它用什么对称算法。",
    "The {name} that the server chose is no registered cipher suite: which symmetric algorithm it "
    "stands for cannot be known.",
)


@query("server_hello.decides")
def deciding_message(tables: Tables, session: Session) -> Answer:
    """The message in which the symmetric algorithm is decided: the Server Hello."""
    hello = session.server_hello
    if hello is None:
        return _missing(tables, session)
    field = hello.first("tls.handshake.ciphersuite")
    return found(
        tables,
        "Server Hello",
        Text(
            f"Server Hello（第 {hello.frame} 号数据包）：客户端只是提供，由服务器选定。",
            f"Server Hello (packet {hello.frame}): the client only offers, the server decides.",
        ),
        every(session_scope(session), handshake(SERVER_HELLO)),
        [cite(hello, field)],
        sources=("RFC 5246, 7.4.1.3",),
    )
