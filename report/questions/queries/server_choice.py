"""What the Server Hello settles, field by field (RFC 5246, 7.4.1.3; RFC 8446, 4.1.3)."""

from collections.abc import Callable

from report.questions.absence import CUT_BEFORE, missing_message, not_captured
from report.questions.answer import Answer, AnswerTable, AnswerValue, Cell
from report.questions.handshake_messages import first_message, from_message
from report.questions.hellos import (
    compression_names,
    extensions_table,
    hello_table,
    is_cut_before,
    kept_hello,
    random_of,
    session_id_of,
)
from report.questions.registry import Tables, query
from report.questions.tabulated import NOTHING, facts_table
from report.tables.dissection import TreeField
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text
from report.tls.message_types import CLIENT_HELLO, CLIENT_KEY_EXCHANGE, SERVER_HELLO
from report.tls.registry import cipher_suite_name, version_name

_SOURCES = ("RFC 5246, 7.4.1.3", "RFC 8446, 4.1.3")
_DOWNGRADE = (bytes.fromhex("444f574e47524401"), bytes.fromhex("444f574e47524400"))


def _missing(tables: Tables, session: Session) -> Answer:
    return missing_message(tables, session, SERVER_HELLO, client=False)


def _chosen_version(hello: Message) -> TreeField | None:
    return hello.first("tls.handshake.extensions.supported_version") or hello.first(
        "tls.handshake.version"
    )


@query("server_hello.version")
def version(tables: Tables, session: Session) -> Answer:
    """The version that both sides go on with."""
    hello = session.server_hello
    field = _chosen_version(hello) if hello else None
    if hello is None:
        return _missing(tables, session)
    if field is None:
        return _version_of_cut(tables, session, hello)
    legacy = hello.first("tls.handshake.version")
    agreed = version_name(field.number)
    note = Text(
        "TLS 1.3 把选定的版本写在 supported_versions 扩展里，消息自己的版本字段仍是 1.2。",
        "TLS 1.3 puts the chosen version into the supported_versions extension; the message's own "
        "field still says 1.2.",
    )
    return from_message(
        tables,
        session,
        hello,
        agreed,
        Text(f"{agreed}（{field.show}）", f"{agreed} ({field.show})"),
        field,
        *((legacy,) if session.is_tls13 else ()),
        reason=note if session.is_tls13 else None,
        sources=("RFC 5246, 7.4.1.3", "RFC 8446, 4.2.1"),
    )


def _version_of_cut(tables: Tables, session: Session, hello: Message) -> Answer:
    """Of a Server Hello cut by a snap length: its own field counts if this is no TLS 1.3."""
    kept = kept_hello(hello).version
    older = any(m.type in (CLIENT_KEY_EXCHANGE, None) for m in session.of("handshake", client=True))
    if kept is None or not older:
        return not_captured(CUT_BEFORE)
    agreed = version_name(kept)
    return from_message(
        tables,
        session,
        hello,
        agreed,
        Text(f"{agreed}（0x{kept:04x}）", f"{agreed} (0x{kept:04x})"),
        reason=Text(
            "数据包被截短，扩展没有保留；客户端的 Client Key Exchange 或加密的握手消息说明"
            "这不是 TLS 1.3，所以消息自己的版本字段就是结果。",
            "The packet was cut short and its extensions are gone; the client's Client Key "
            "Exchange or encrypted handshake message shows that this is not TLS 1.3, so that the "
            "message's own field decides.",
        ),
        sources=("RFC 5246, 7.4.1.3",),
    )


@query("server_hello.length")
def length(tables: Tables, session: Session) -> Answer:
    """How many bytes the Server Hello takes, by its own length field; its fields as a table."""
    hello = session.server_hello
    field = hello.first("tls.handshake.length") if hello else None
    if hello is None or field is None:
        return _missing(tables, session)
    return from_message(
        tables,
        session,
        hello,
        field.number,
        Text(
            f"{field.number} 字节，不含 4 字节的握手头（第 {hello.frame} 号数据包）",
            f"{field.number} bytes without the 4 bytes of the handshake header "
            f"(packet {hello.frame})",
        ),
        field,
        sources=_SOURCES,
        answer_tables=[hello_table(hello)],
    )


@query("server_hello.random_start")
def random_start(tables: Tables, session: Session) -> Answer:
    """The first four hex digits of the server's 32 random bytes."""
    return _from_random(tables, session, lambda octets: octets[:2].hex(), needed=2)


@query("server_hello.nonce_length")
def nonce_length(tables: Tables, session: Session) -> Answer:
    """How long the server's nonce is: 32 bytes, up to TLS 1.2 with the time in the first four."""
    return _from_random(tables, session, len)


def _from_random(
    tables: Tables, session: Session, value: Callable[[bytes], AnswerValue], needed: int = 32
) -> Answer:
    hello = session.server_hello
    if hello is None:
        return _missing(tables, session)
    field, octets = random_of(hello)
    octets = octets or kept_hello(hello).random
    if len(octets) < needed:
        return not_captured(CUT_BEFORE)
    return from_message(
        tables,
        session,
        hello,
        value(octets),
        Text(f"{len(octets)} 字节：{octets.hex()}", f"{len(octets)} bytes: {octets.hex()}"),
        field or "tls.handshake.type",
        reason=_downgrade_note(octets),
        sources=_SOURCES,
    )


def _downgrade_note(octets: bytes) -> Text | None:
    """RFC 8446, 4.1.3: the end of the random says that the server could have done better."""
    if octets[-8:] not in _DOWNGRADE:
        return None
    return Text(
        "最后 8 个字节是固定值 DOWNGRD…：服务器会更高的版本，却协商到了较低的版本；"
        "支持 TLS 1.3 的客户端会据此识破中间人的降级。",
        "Its last 8 bytes are the fixed value DOWNGRD…: the server knows a higher version than was "
        "agreed on, and a client that offered TLS 1.3 takes it as a sign of a forced downgrade.",
    )


@query("server_hello.session_id")
def session_id(tables: Tables, session: Session) -> Answer:
    """How long the server's session id is, and whether it is the client's."""
    hello = session.server_hello
    if hello is None:
        return _missing(tables, session)
    if is_cut_before(hello, "tls.handshake.session_id_length"):
        return not_captured(CUT_BEFORE)
    octets = session_id_of(hello)
    shown = f"：{octets.hex()}" if octets else "：空"
    shown_en = f": {octets.hex()}" if octets else ": empty"
    return from_message(
        tables,
        session,
        hello,
        len(octets),
        Text(f"{len(octets)} 字节{shown}", f"{len(octets)} bytes{shown_en}"),
        hello.first("tls.handshake.session_id") or "tls.handshake.session_id_length",
        reason=_session_id_meaning(session, octets),
        sources=("RFC 5246, 7.4.1.3", "RFC 8446, 4.1.3", "RFC 5077, 3.4"),
    )


def _session_id_meaning(session: Session, octets: bytes) -> Text:
    offer = first_message(session, CLIENT_HELLO, client=True)
    echoed = offer is not None and octets and session_id_of(offer) == octets
    if session.is_tls13:
        return Text(
            "TLS 1.3 的服务器原样送回客户端的会话 ID，它没有别的作用；恢复会话靠 PSK。",
            "A TLS 1.3 server sends the client's session id back and it means nothing more; "
            "sessions are resumed with a PSK.",
        )
    if echoed:
        return Text(
            "与客户端送来的相同：服务器同意恢复那个会话。",
            "It is the one that the client sent: the server agrees to resume that session.",
        )
    if octets:
        return Text(
            "新的 ID：服务器为这次会话起的名字，客户端以后可以凭它恢复。",
            "A new id: the server's name for this session, by which the client may resume it.",
        )
    empty = Text(
        "空的：服务器不为这次会话保存状态，不能按 ID 恢复。",
        "Empty: the server keeps no state of this session, which cannot be resumed by id.",
    )
    both = offer is not None and not session_id_of(offer)
    return empty.plus(_BOTH_EMPTY) if both else empty


_BOTH_EMPTY = Text("客户端的也是空的。", "The client's is empty, too.")


@query("server_hello.compression")
def compression(tables: Tables, session: Session) -> Answer:
    """The compression method chosen by name."""
    hello = session.server_hello
    names = compression_names(hello) if hello else ()
    if hello is None or not names:
        return _missing(tables, session)
    return from_message(
        tables,
        session,
        hello,
        names[0],
        Text(names[0], names[0]),
        "tls.handshake.comp_method",
        sources=("RFC 3749", "RFC 8446, 4.1.3"),
    )


@query("server_hello.extensions")
def extensions(tables: Tables, session: Session) -> Answer:
    """How many extensions the Server Hello itself has, with all of them as a table."""
    hello = session.server_hello
    if hello is None:
        return _missing(tables, session)
    types = kept_hello(hello).extension_types
    if types is None:
        return not_captured(CUT_BEFORE)
    count = len(types)
    table = extensions_table(hello)
    note = Text(
        "TLS 1.3 把其余的扩展放在加密的 Encrypted Extensions 消息里。",
        "TLS 1.3 sends the others in the Encrypted Extensions message.",
    )
    return from_message(
        tables,
        session,
        hello,
        count,
        Text(f"{count} 个扩展", f"{count} extensions"),
        "tls.handshake.extensions_length" if count else "tls.handshake.type",
        reason=note if session.is_tls13 else None,
        sources=("RFC 5246, 7.4.1.4", "RFC 8446, 4.2"),
        answer_tables=[table] if table else [],
    )


@query("agreed.parameters")
def parameters(tables: Tables, session: Session) -> Answer:
    """What both sides know once the hellos are through: the version, and all else as a table."""
    hello = session.server_hello
    field = _chosen_version(hello) if hello else None
    if hello is None:
        return _missing(tables, session)
    if field is None:
        return _version_of_cut(tables, session, hello)
    agreed = version_name(field.number)
    return from_message(
        tables,
        session,
        hello,
        agreed,
        Text(f"版本是 {agreed}，其余见表。", f"The version is {agreed}; the table has the rest."),
        field,
        "tls.handshake.ciphersuite",
        "tls.handshake.random",
        sources=("RFC 5246, 7.3", "RFC 8446, 4.1"),
        answer_tables=[_parameters_table(session, hello, agreed)],
    )


def _parameters_table(session: Session, hello: Message, agreed: str) -> AnswerTable:
    offer = first_message(session, CLIENT_HELLO, client=True)
    suite = hello.first("tls.handshake.ciphersuite")
    rows: list[tuple[Cell, Cell]] = [
        (Text("协议版本", "Version"), agreed),
        (Text("密码套件", "Cipher suite"), cipher_suite_name(suite.number) if suite else NOTHING),
        (Text("压缩方法", "Compression"), ", ".join(compression_names(hello)) or NOTHING),
        (
            Text("客户端随机数", "Client random"),
            random_of(offer)[1].hex() if offer else NOTHING,
        ),
        (Text("服务器随机数", "Server random"), random_of(hello)[1].hex()),
    ]
    return facts_table(rows, frame=hello.frame)
