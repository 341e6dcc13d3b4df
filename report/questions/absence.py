"""Why a message is not there: an honest status instead of a guess.

A message can be missing because this version or session has none, because it is encrypted,
because the handshake failed before it, or because the capture lacks that part. The order of the
questions matters: what cannot be known must not be called absent.
"""

from report.questions.answer import Answer, Evidence, Status
from report.questions.conditions import Condition, every
from report.questions.evidence import cite
from report.questions.gaps import unrecorded
from report.questions.quic_frames import is_closed
from report.questions.registry import Tables
from report.questions.scope import handshake, session_scope, side
from report.tables.messages import Message
from report.tables.packets import cut_short, integers, per_cell
from report.tables.session import Session
from report.text import Text
from report.tls.message_types import CLIENT_KEY_EXCHANGE, SERVER_HELLO
from report.tls.registry import shown_name

HOW_TO_SEE = Text(
    "要看到它，请在抓包时用 SSLKEYLOGFILE 记录会话密钥，再用 --keylog 提供；"
    "或用 curl --tls-max 1.2 重新抓一次 TLS 1.2 会话。",
    "To see it, record the session's keys with SSLKEYLOGFILE while capturing and give them with "
    "--keylog, or capture a TLS 1.2 session with curl --tls-max 1.2.",
)


CUT_BEFORE = Text(
    "数据包只保留了前一部分字节（snap length），这个字段不在其中。",
    "Only the first bytes of the packet were kept (snap length), and this field is not in them.",
)


def hidden(tables: Tables, text: Text, condition: Condition | None = None) -> Answer:
    """It is there, encrypted, and no key opens it; says how to get the keys."""
    if tables.keys_given:
        reason = Text(
            "已给出的密钥不属于这个会话，因此仍无法解密。" + HOW_TO_SEE.zh,
            "The keys that were given are not this session's, so it stays encrypted. "
            + HOW_TO_SEE.en,
        )
    else:
        reason = HOW_TO_SEE
    shown = condition.text() if condition else None
    return Answer(Status.HIDDEN, text, reason=reason, filter=shown)


def not_applicable(text: Text, *evidence: Evidence, sources: tuple[str, ...] = ()) -> Answer:
    """This version or session has no such thing."""
    frames = tuple(dict.fromkeys(e.frame for e in evidence))
    return Answer(
        Status.NOT_APPLICABLE, text, frames=frames, evidence=tuple(evidence), sources=sources
    )


def not_captured(text: Text) -> Answer:
    """The capture lacks that part."""
    return Answer(Status.NOT_CAPTURED, text)


def absent(
    text: Text, condition: Condition, *evidence: Evidence, sources: tuple[str, ...] = ()
) -> Answer:
    """Looked for where it would be, and not there; the filter that finds nothing proves it."""
    return Answer(
        Status.ABSENT, text, filter=condition.text(), evidence=tuple(evidence), sources=sources
    )


def missing_message(tables: Tables, session: Session, kind: int, *, client: bool) -> Answer:
    """Why a handshake message that this session should have had is not in the capture."""
    name = shown_name("handshake_types", kind)
    condition = every(session_scope(session), handshake(kind), side(session, client=client))
    alert = fatal_alert(session)
    if alert is not None:
        return _after_alert(name, condition, alert)
    lack = lacking_part(tables, session, client=client)
    if lack is None and session.server_hello is None and not _went_through_it(session):
        lack = lacking_part(tables, session, client=False)  # both go on by what the server chose
    if lack is not None:
        opening = Text(f"抓包中没有 {name}：", f"There is no {name} in the capture:")
        return not_captured(opening.plus(lack))
    return absent(
        Text(
            f"会话中没有 {name}：连接在它之前就结束了。",
            f"The session has no {name}: the connection ended before it.",
        ),
        condition,
    )


def _went_through_it(session: Session) -> bool:
    """Whether the client's part of a full handshake can be read, up to where its keys begin.

    Its Client Key Exchange is of no TLS 1.3, and what it says before comes right before it
    (RFC 5246, 7.3).
    """
    return bool(session.of("handshake", CLIENT_KEY_EXCHANGE, client=True))


def fatal_alert(session: Session) -> Message | None:
    """The fatal alert that ended the handshake, if one can be read."""
    return next((m for m in session.of("alert") if m.level == 2), None)


def _after_alert(name: str, condition: Condition, alert: Message) -> Answer:
    label = shown_name("alerts", alert.type if alert.type is not None else -1)
    who = Text("客户端", "the client") if alert.from_client else Text("服务器", "the server")
    text = Text(
        f"没有 {name}：{who.zh}在第 {alert.frame} 号数据包中发出致命警报“{label}”，握手失败。",
        f"There is no {name}: in packet {alert.frame} {who.en} sent the fatal alert “{label}” and "
        "the handshake failed.",
    )
    return absent(text, condition, cite(alert, "tls.alert_message.desc"))


def side_ended(session: Session, *, client: bool) -> bool:
    """Whether the capture shows that this side sends no more: its own FIN, or anybody's RST."""
    if session.connection.transport == "quic":
        return False
    flags = per_cell(session.packets["tcp.flags"], lambda cell: (integers(cell) or (0,))[-1])
    own = session.from_client.to_numpy() == client
    return bool(((flags & _RST) != 0).any() or ((flags & _FIN) != 0)[own].any())


_FIN, _RST = 0x01, 0x04


def segments_lost(session: Session, *, client: bool) -> bool:
    """Whether segments of that side were not captured, amid what was or after it."""
    own = session.packets[session.from_client.to_numpy() == client]
    # Wireshark marks a gap only at its end, and not where the other side acknowledged it before.
    return bool(own["tcp.analysis.lost_segment"].any()) or unrecorded(session, client=client)


def _server_hello_lost(session: Session) -> bool:
    """Whether the server said what it says only after its Server Hello, which is not there."""
    return session.server_hello is None and any(
        m.protocol == "application_data" or (m.protocol == "handshake" and m.type != SERVER_HELLO)
        for m in session.messages
        if not m.from_client
    )


def lacking_part(tables: Tables, session: Session, *, client: bool) -> Text | None:
    """What of the connection the capture lacks on that side, in words; None if it is all there."""
    connection, packets = session.connection, session.packets
    if connection.hello_frame is None:
        return Text("抓包开始得太晚，连接的开头不在其中。", "it began too late, after the opening.")
    own = packets[session.from_client.to_numpy() == client]
    if own.empty and connection.transport == "tcp":
        who = Text("客户端", "the client") if client else Text("服务器", "the server")
        return Text(f"{who.zh}的数据包一个也不在其中。", f"no packet of {who.en}'s is in it.")
    if not client and _server_hello_lost(session):
        return Text("Server Hello 没有被抓到。", "the Server Hello was not recorded.")
    if cut_short(own):
        return Text(
            "数据包只保留了前一部分字节（snap length）。",
            "only the first bytes of its packets were kept (snap length).",
        )
    if segments_lost(session, client=client):
        return Text("有报文段没有被抓到。", "segments of it were not recorded.")
    if not connection.ended and not is_closed(session):
        return Text(
            "抓包在连接结束之前就停止了。", "the recording stopped before the connection ended."
        )
    return None
