"""What the Client Hello offers, field by field (RFC 5246, 7.4.1.2; RFC 8446, 4.1.2)."""

from report.questions.absence import (
    CUT_BEFORE,
    absent,
    missing_message,
    not_applicable,
    not_captured,
)
from report.questions.answer import Answer
from report.questions.conditions import Where, every
from report.questions.evidence import cite, cite_header
from report.questions.handshake_messages import first_message, from_message
from report.questions.hellos import (
    TIME_BYTES,
    compression_names,
    extensions_table,
    first_offered,
    hello_table,
    is_cut_before,
    is_sslv2,
    kept_hello,
    lists_all_extensions,
    random_of,
    read_hello,
    session_id_of,
    suite_codes,
    suite_parts,
    suites_table,
    time_note,
)
from report.questions.registry import Tables, query
from report.questions.scope import handshake, session_scope
from report.tables.dissection import TreeField
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text, visible
from report.tls.extension_contents import grease_count
from report.tls.message_types import CLIENT_HELLO
from report.tls.registry import cipher_suite_name, is_grease

_SOURCES = ("RFC 5246, 7.4.1.2", "RFC 8446, 4.1.2")


def _hello(session: Session) -> Message | None:
    return first_message(session, CLIENT_HELLO, client=True)


def _missing(tables: Tables, session: Session) -> Answer:
    return missing_message(tables, session, CLIENT_HELLO, client=True)


def _not_in_sslv2(hello: Message, zh: str, en: str) -> Answer:
    return not_applicable(
        Text(
            f"这是 SSLv2 格式的 Client Hello，{zh}。",
            f"This Client Hello is in SSLv2 format, which {en}.",
        ),
        cite(hello, "tls.handshake.challenge_length"),
        sources=("RFC 5246, E.2",),
    )


@query("client_hello.content_type")
def content_type(tables: Tables, session: Session) -> Answer:
    """The content type of the record that carries the Client Hello: 22."""
    hello = _hello(session)
    if hello is None:
        return _missing(tables, session)
    if session.connection.transport == "quic":
        return not_applicable(
            Text(
                "QUIC 不用 TLS 记录：握手消息直接装在 CRYPTO 帧里，没有内容类型。",
                "QUIC has no TLS records: handshake messages travel in CRYPTO frames, which have "
                "no content type.",
            ),
            cite(hello),
            sources=("RFC 9001, 4.1.3",),
        )
    if is_sslv2(hello):
        return _not_in_sslv2(
            hello,
            "记录头里只有长度，没有内容类型；紧跟其后的是消息类型 1。"
            "SSLv3 和 TLS 的记录中这个值是 22",
            "has a length in its record header and no content type; the message type, 1, follows "
            "at once. In a record of SSL 3.0 or TLS the value would be 22",
        )
    value = hello.record.content_type
    return from_message(
        tables,
        session,
        hello,
        value,
        Text(
            f"{value}（0x{value:02X}，握手协议）：第 {hello.frame} 号数据包",
            f"{value} (0x{value:02X}, the handshake protocol), packet {hello.frame}",
        ),
        sources=("RFC 5246, 6.2.1",),
        also=[cite_header(hello.record, "tls.record.content_type")],
    )


@query("client_hello.length")
def length(tables: Tables, session: Session) -> Answer:
    """How many bytes the Client Hello takes, by its own length field; its fields as a table."""
    hello = _hello(session)
    field = hello.first("tls.handshake.length") if hello else None
    if hello is not None and is_sslv2(hello):
        return from_message(
            tables, session, hello, hello.record.length,
            Text(
                f"{hello.record.length} 字节（SSLv2 记录头中的长度）",
                f"{hello.record.length} bytes (the length in the SSLv2 record header)",
            ),
            "tls.record.length",
            sources=("RFC 5246, E.2",),
            answer_tables=[hello_table(hello)],
        )  # fmt: skip
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
        "tls.handshake.type",
        sources=("RFC 5246, 7.4", *_SOURCES),
        answer_tables=[hello_table(hello)],
    )


@query("client_hello.random_time")
def random_time(tables: Tables, session: Session) -> Answer:
    """The first four bytes of the random, which TLS 1.2 and earlier call the time."""
    hello = _hello(session)
    if hello is None:
        return _missing(tables, session)
    if is_sslv2(hello):
        return _not_in_sslv2(
            hello,
            "它的随机字节叫 challenge，前面没有时间",
            "calls its random bytes challenge and puts no time before them",
        )
    field, octets = random_of(hello)
    octets = octets or kept_hello(hello).random
    if len(octets) < TIME_BYTES:
        return not_captured(CUT_BEFORE)
    captured = float(str(tables.packets.at[hello.frame, "frame.time_epoch"]))
    first = octets[:TIME_BYTES].hex()
    return from_message(
        tables,
        session,
        hello,
        first,
        time_note(octets, captured),
        hello.first("tls.handshake.random_time") or field or "tls.handshake.type",
        sources=("RFC 5246, 7.4.1.2", "RFC 8446, 4.1.2"),
    )


@query("client_hello.nonce")
def nonce(tables: Tables, session: Session) -> Answer:
    """All of the client's random bytes in hex; of an SSLv2-format hello its challenge."""
    hello = _hello(session)
    field, octets = random_of(hello) if hello else (None, b"")
    if hello is None or field is None or not octets:
        return _missing(tables, session)
    kind = Text("challenge", "challenge") if is_sslv2(hello) else Text("random", "random")
    return from_message(
        tables,
        session,
        hello,
        octets.hex(),
        Text(f"{len(octets)} 字节，{kind.zh} 字段", f"{len(octets)} bytes, the field {kind.en}"),
        field,
        sources=_SOURCES,
    )


@query("client_hello.session_id")
def session_id(tables: Tables, session: Session) -> Answer:
    """How long the client's session id is, and what that means."""
    hello = _hello(session)
    if hello is None:
        return _missing(tables, session)
    if is_cut_before(hello, "tls.handshake.session_id_length"):
        return not_captured(CUT_BEFORE)
    octets = session_id_of(hello)
    return from_message(
        tables,
        session,
        hello,
        len(octets),
        _session_id_text(octets),
        hello.first("tls.handshake.session_id") or "tls.handshake.session_id_length",
        reason=_session_id_meaning(hello, octets),
        sources=("RFC 5246, 7.4.1.2", "RFC 8446, 4.1.2"),
    )


def _session_id_text(octets: bytes) -> Text:
    if not octets:
        return Text("0 字节：会话 ID 为空。", "0 bytes: the session id is empty.")
    count, shown = len(octets), octets.hex()
    return Text(f"{count} 字节：{shown}", f"{count} bytes: {shown}")


def _session_id_meaning(hello: Message, octets: bytes) -> Text:
    read = read_hello(hello)
    if not octets:
        return Text(
            "空的会话 ID 表示客户端没有可按 ID 恢复的会话。",
            "An empty session id says that the client has no session to resume by its id.",
        )
    if read and 43 in read.extensions:
        return Text(
            "提供 TLS 1.3 的客户端会放入 32 个随机字节，只为让不认识 TLS 1.3 的中间设备放行；"
            "不能由此断定它要恢复会话。",
            "A client that offers TLS 1.3 puts 32 random bytes there so that devices on the way "
            "take it for TLS 1.2; that alone is no wish to resume.",
        )
    return Text(
        "客户端希望恢复这个 ID 所指的会话（或用它认出带票据的恢复）。",
        "The client would like to resume the session of this id (or uses it to recognise a "
        "resumption by ticket).",
    )


@query("client_hello.suites")
def suites(tables: Tables, session: Session) -> Answer:
    """How many suites are offered, with all of them as a table in order of preference."""
    hello = _hello(session)
    if hello is None:
        return _missing(tables, session)
    if is_cut_before(hello, "tls.handshake.ciphersuites"):
        return not_captured(CUT_BEFORE)
    codes = suite_codes(hello)
    grease = grease_count(codes)
    note = Text(
        f"其中 {grease} 个是 GREASE 占位值（RFC 8701）。",
        f"{grease} of them a GREASE placeholder (RFC 8701).",
    )
    return from_message(
        tables,
        session,
        hello,
        len(codes),
        Text(f"{len(codes)} 个密码套件", f"{len(codes)} cipher suites"),
        "tls.handshake.ciphersuites",
        reason=note if grease else None,
        sources=("RFC 5246, 7.4.1.2", "IANA TLS Cipher Suites"),
        answer_tables=[suites_table(hello)],
    )


@query("client_hello.first_suite")
def first_suite(tables: Tables, session: Session) -> Answer:
    """The suite that the client prefers: the first that is one."""
    hello = _hello(session)
    code = first_offered(hello) if hello else None
    if hello is None or code is None:
        return _missing(tables, session)
    name = cipher_suite_name(code)
    return from_message(
        tables,
        session,
        hello,
        name,
        Text(name, name),
        _suite_field(hello, code),
        reason=_passed_over(hello),
        sources=_SOURCES,
    )


@query("client_hello.first_suite_parts")
def first_suite_parts(tables: Tables, session: Session) -> Answer:
    """The first suite offered, taken apart: key exchange, authentication, cipher, hash."""
    hello = _hello(session)
    code = first_offered(hello) if hello else None
    parts = suite_parts(code) if code is not None else ()
    if hello is None or code is None or not parts:
        return _missing(tables, session)
    name = cipher_suite_name(code)
    return from_message(
        tables,
        session,
        hello,
        parts,
        Text(f"{name} 的各部分", f"The parts of {name}"),
        _suite_field(hello, code),
        reason=_passed_over(hello),
        sources=("RFC 5246, A.5", "IANA TLS Cipher Suites"),
    )


def _suite_field(hello: Message, code: int) -> TreeField:
    fields = hello.all("tls.handshake.ciphersuite") or hello.all("tls.handshake.cipherspec")
    return next(field for field in fields if field.number == code)


def _passed_over(hello: Message) -> Text | None:
    if not is_grease(suite_codes(hello)[0]):
        return None
    return Text(
        "排在最前面的 GREASE 占位值不是套件，略去不计。",
        "The GREASE placeholder that stands first is no suite and is passed over.",
    )


@query("client_hello.compression")
def compression(tables: Tables, session: Session) -> Answer:
    """The compression methods offered by name."""
    hello = _hello(session)
    if hello is None:
        return _missing(tables, session)
    if is_sslv2(hello):
        return _not_in_sslv2(hello, "没有压缩方法这个字段", "has no field for compression")
    names = compression_names(hello)
    if not names:
        return _missing(tables, session)
    return from_message(
        tables,
        session,
        hello,
        names,
        Text("、".join(names), ", ".join(names)),
        "tls.handshake.comp_methods",
        sources=("RFC 3749", "RFC 8446, 4.1.2"),
    )


@query("client_hello.extensions")
def extensions(tables: Tables, session: Session) -> Answer:
    """How many extensions the Client Hello has, with all of them as a table."""
    hello = _hello(session)
    if hello is None:
        return _missing(tables, session)
    types = kept_hello(hello).extension_types
    if types is None:
        return not_captured(CUT_BEFORE)
    count = len(types)
    table = extensions_table(hello)
    return from_message(
        tables,
        session,
        hello,
        count,
        Text(f"{count} 个扩展", f"{count} extensions"),
        "tls.handshake.extensions_length" if count else "tls.handshake.type",
        sources=("RFC 5246, 7.4.1.4", "RFC 6066", "IANA TLS ExtensionType Values"),
        answer_tables=[table] if table else [],
    )


@query("client_hello.server_name")
def server_name(tables: Tables, session: Session) -> Answer:
    """The host that the client asks for in the server_name extension."""
    hello = _hello(session)
    if hello is None:
        return _missing(tables, session)
    name = session.connection.server_name
    field = hello.first("tls.handshake.extensions_server_name")
    if field is None and not lists_all_extensions(hello):
        return not_captured(CUT_BEFORE)
    if field is None:
        return absent(
            Text(
                "Client Hello 里没有 server_name 扩展。",
                "The Client Hello has no server_name extension.",
            ),
            every(
                session_scope(session),
                handshake(CLIENT_HELLO),
                Where("tls.handshake.extensions_server_name"),
            ),
            cite(hello, "tls.handshake.type"),
            sources=("RFC 6066, 3",),
        )
    return from_message(
        tables,
        session,
        hello,
        name,
        Text(visible(name), visible(name)),
        field,
        sources=("RFC 6066, 3",),
    )
