"""The Client Hello (RFC 5246, 7.4.1.2; RFC 8446, 4.1.2)."""

from dataclasses import replace

from report.questions.absence import CUT_BEFORE, missing_message, not_captured
from report.questions.answer import Answer, Status
from report.questions.conditions import every
from report.questions.evidence import bytes_of, cite, cite_record, kept_bytes
from report.questions.finding import found, message_text
from report.questions.registry import Tables, query
from report.questions.scope import handshake, session_scope
from report.tables.dissection import TreeField
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text
from report.tls.message_types import CLIENT_HELLO
from report.tls.registry import cipher_suite_name, is_grease, version_name

_SIGNALLING = {0x00FF, 0x5600}
"""Suite numbers that name no suite (RFC 5746, 3.3; RFC 7507)."""


def client_hello(session: Session) -> Message | None:
    """The session's first Client Hello; after a Hello Retry Request there is a second."""
    return next(iter(session.of("handshake", CLIENT_HELLO, client=True)), None)


@query("client_hello.frame")
def frame(tables: Tables, session: Session) -> Answer:
    """The frame in which the first Client Hello is complete."""
    hello = client_hello(session)
    if hello is None:
        return missing_message(tables, session, CLIENT_HELLO, client=True)
    return found(
        tables,
        hello.frame,
        message_text(tables, hello),
        every(session_scope(session), handshake(CLIENT_HELLO)),
        [cite(hello, "tls.handshake.type")],
        reason=_second_hello_note(session, hello) or _segments_note(hello),
        sources=("RFC 8446, 4.1.2",),
    )


def _second_hello_note(session: Session, hello: Message) -> Text | None:
    others = [m.frame for m in session.of("handshake", CLIENT_HELLO, client=True) if m != hello]
    if not others:
        return None
    if session.retry is not None:
        return Text(
            "这是第一个 Client Hello；服务器用 Hello Retry Request 要求重发，"
            f"第 {others[0]} 号是第二个。",
            "This is the first Client Hello; the server asked for another with a Hello Retry "
            f"Request, and {others[0]} is the second.",
        )
    return Text(
        f"这是第一个 Client Hello；第 {others[0]} 号属于重新协商。",
        f"This is the first Client Hello; the one in {others[0]} belongs to a renegotiation.",
    )


def _segments_note(hello: Message) -> Text | None:
    if len(hello.parts) < 2:
        return None
    return Text(
        "它跨越多个 TCP 报文段；Wireshark 把它显示在收齐的那个数据包中。",
        "It spans several TCP segments; Wireshark shows it in the packet that completes it.",
    )


@query("client_hello.version")
def version(tables: Tables, session: Session) -> Answer:
    """The version in the hello's own version field (`legacy_version` in RFC 8446, 4.1.2)."""
    hello = client_hello(session)
    field = hello.first("tls.handshake.version") if hello else None
    if hello is None or field is None:
        return missing_message(tables, session, CLIENT_HELLO, client=True)
    declared = version_name(field.number)
    return found(
        tables,
        declared,
        Text(
            f"{declared}（{field.show}，第 {hello.frame} 号数据包）",
            f"{declared} ({field.show}, packet {hello.frame})",
        ),
        every(session_scope(session), handshake(CLIENT_HELLO)),
        [cite(hello, field), cite_record(hello, "tls.record.version")],
        frames=[hello.frame],
        reason=_version_note(hello, declared),
        sources=("RFC 5246, 7.4.1.2", "RFC 8446, 4.1.2"),
    )


def _version_note(hello: Message, declared: str) -> Text | None:
    offered = [version_name(f.number) for f in _versions_offered(hello)]
    notes = []
    if "TLS 1.3" in offered:
        notes.append(
            Text(
                f"这个字段在 TLS 1.3 中固定为 1.2；真正提供的版本在 supported_versions 扩展中："
                f"{'、'.join(offered)}。",
                "In TLS 1.3 this field stays at 1.2; the versions really offered are in the "
                f"supported_versions extension: {', '.join(offered)}.",
            )
        )
    record = version_name(hello.record.version)
    if hello.record.has_header and record != declared:
        notes.append(
            Text(
                f"不要与记录层的版本 {record} 混淆，那是为兼容旧服务器而写的。",
                f"Not to be taken for the record layer's version, {record}, which is kept low for "
                "old servers.",
            )
        )
    return notes[0].plus(notes[1]) if len(notes) == 2 else next(iter(notes), None)


def _versions_offered(hello: Message) -> tuple[TreeField, ...]:
    fields = hello.all("tls.handshake.extensions.supported_version")
    return tuple(f for f in fields if not is_grease(f.number))


@query("client_hello.suite_count")
def suite_count(tables: Tables, session: Session) -> Answer:
    """How many cipher suites are offered, as Wireshark counts them (GREASE values included)."""
    hello = client_hello(session)
    if hello is None:
        return missing_message(tables, session, CLIENT_HELLO, client=True)
    suites = hello.all("tls.handshake.ciphersuite") or hello.all("tls.handshake.cipherspec")
    if not suites:
        return not_captured(CUT_BEFORE)
    listing = hello.first("tls.handshake.ciphersuites") or hello.field
    return found(
        tables,
        len(suites),
        Text(
            f"{len(suites)} 个密码套件（第 {hello.frame} 号数据包）",
            f"{len(suites)} cipher suites (packet {hello.frame})",
        ),
        every(session_scope(session), handshake(CLIENT_HELLO)),
        [cite(hello, listing)],
        frames=[hello.frame],
        reason=_suite_note([suite.number for suite in suites]),
        sources=("RFC 5246, 7.4.1.2", "RFC 8701"),
    )


def _suite_note(codes: list[int]) -> Text | None:
    grease = sum(map(is_grease, codes))
    signals = [cipher_suite_name(code) for code in codes if code in _SIGNALLING]
    zh, en = [], []
    if grease:
        zh.append(f"其中 {grease} 个是 GREASE 占位值（RFC 8701）")
        values = "is a GREASE value" if grease == 1 else "are GREASE values"
        en.append(f"{grease} of them {values} (RFC 8701)")
    if signals:
        zh.append(f"{'、'.join(signals)} 只是信号，不是套件")
        en.append(f"{', '.join(signals)} is a signal and not a suite")
    if not zh:
        return None
    return Text("，".join(zh) + "。", "Counted as Wireshark counts: " + "; ".join(en) + ".")


@query("client_hello.random_bytes")
def random_bytes(tables: Tables, session: Session) -> Answer:
    """The first two hex digits of the random bytes after the four time bytes."""
    hello = client_hello(session)
    if hello is None:
        return missing_message(tables, session, CLIENT_HELLO, client=True)
    random = hello.first("tls.handshake.random")
    octets = random.octets if random else None
    if random is None or octets is None:
        return _cut_or_challenge(tables, session, hello)
    after_time = octets[_TIME_BYTES:]
    return found(
        tables,
        after_time[:1].hex(),
        Text(
            f"{after_time[:1].hex()}（4 个时间字节之后的随机字节以 {after_time[:4].hex()} 开头）",
            f"{after_time[:1].hex()} (after the 4 time bytes the random bytes begin with "
            f"{after_time[:4].hex()})",
        ),
        every(session_scope(session), handshake(CLIENT_HELLO)),
        [cite(hello, hello.first("tls.handshake.random_bytes") or random)],
        frames=[hello.frame],
        reason=None if hello.first("tls.handshake.random_bytes") else _no_time_note(octets),
        sources=("RFC 5246, 7.4.1.2", "RFC 8446, 4.1.2"),
    )


_TIME_BYTES = 4


def _no_time_note(octets: bytes) -> Text:
    return Text(
        "TLS 1.3 的 32 个字节全部是随机的，不再有时间；Wireshark 也不再拆分这个字段。"
        f"整个字段以 {octets[:1].hex()} 开头。",
        "In TLS 1.3 all 32 bytes are random and none is a time, and Wireshark no longer splits "
        f"the field; as a whole it begins with {octets[:1].hex()}.",
    )


def _cut_or_challenge(tables: Tables, session: Session, hello: Message) -> Answer:
    """Of a hello cut by a snap length the beginning of the random may be kept all the same."""
    body = kept_bytes(hello)
    first = body[_RANDOM_AT + _TIME_BYTES : _RANDOM_AT + _TIME_BYTES + 1]
    if hello.first("tls.handshake.challenge") is not None:
        return _challenge(tables, session, hello)
    if not first:
        return not_captured(CUT_BEFORE)
    return found(
        tables,
        first.hex(),
        Text(
            f"{first.hex()}（取自保留下来的字节）", f"{first.hex()} (from the bytes that were kept)"
        ),
        every(session_scope(session), handshake(CLIENT_HELLO)),
        [cite(hello, hello.first("tls.handshake.version"))],
        frames=[hello.frame],
        reason=Text(
            "数据包被截短，Wireshark 不再显示随机数字段；"
            "但它的前几个字节仍在抓包中，紧接在版本之后。",
            "The packet was cut short and Wireshark no longer shows the field; its first bytes are "
            "in the capture all the same, right behind the version.",
        ),
        sources=("RFC 5246, 7.4.1.2",),
    )


_RANDOM_AT = 6
"""Bytes of a hello before its random: type, length, version."""


def _challenge(tables: Tables, session: Session, hello: Message) -> Answer:
    """The random bytes of an SSLv2-format hello: its challenge, which holds no time."""
    challenge = hello.first("tls.handshake.challenge")
    octets = bytes_of(hello, challenge) if challenge else b""
    if not octets:
        return missing_message(tables, session, CLIENT_HELLO, client=True)
    return found(
        tables,
        octets[:1].hex(),
        Text(
            f"{octets[:1].hex()}（SSLv2 格式的 challenge 以 {octets[:4].hex()} 开头）",
            f"{octets[:1].hex()} (the SSLv2-format challenge begins with {octets[:4].hex()})",
        ),
        every(session_scope(session), handshake(CLIENT_HELLO)),
        [cite(hello, challenge)],
        frames=[hello.frame],
        reason=Text(
            "这是 SSLv2 格式的 Client Hello：它的随机字节叫 challenge，前面没有时间字段。",
            "This Client Hello is in SSLv2 format: its random bytes are called challenge, and no "
            "time stands before them.",
        ),
        sources=("RFC 5246, E.2",),
    )


@query("client_hello.random_purpose")
def random_purpose(tables: Tables, session: Session) -> Answer:
    """Shows the client's random bytes beside the explanation of what they are for."""
    shown = random_bytes(tables, session)
    # What they are for can be explained whatever the capture holds.
    return replace(shown, status=Status.EXPLAINED, value=None)
