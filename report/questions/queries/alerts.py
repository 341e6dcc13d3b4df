"""The alert protocol, and why a handshake failed (RFC 5246, 7.2; RFC 8446, 6)."""

from report.questions.absence import (
    absent,
    fatal_alert,
    hidden,
    lacking_part,
    missing_message,
    not_captured,
)
from report.questions.answer import Answer, AnswerTable, Cell
from report.questions.conditions import Condition, Where, every, frames_where
from report.questions.evidence import cite, cite_packet
from report.questions.finding import found
from report.questions.handshake_messages import first_message
from report.questions.queries.finished import finished
from report.questions.registry import Tables, query
from report.questions.scope import content, session_scope, shown_alerts
from report.questions.tabulated import FROM, PACKET, column, sender
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text
from report.tls.message_types import ALERT, CLIENT_HELLO, SERVER_HELLO
from report.tls.registry import shown_name

_SOURCES = ("RFC 5246, 7.2", "RFC 8446, 6")
_LEVELS = {1: Text("警告（1）", "warning (1)"), 2: Text("致命（2）", "fatal (2)")}
_ENCRYPTED = Text("已加密", "encrypted")


def _where(session: Session) -> Condition:
    return every(session_scope(session), content(ALERT))


@query("alerts.count")
def count(tables: Tables, session: Session) -> Answer:
    """How many alerts the session has, each with level, description and what came after it."""
    alerts = session.of("alert")
    if not alerts:
        return _none(tables, session)
    frames = sorted({alert.frame for alert in alerts})
    return found(
        tables,
        len(alerts),
        Text(f"{len(alerts)} 个警报，见表。", f"{len(alerts)}, see the table."),
        every(session_scope(session), shown_alerts(alerts)),
        [cite(alert, "tls.alert_message.desc") for alert in alerts],
        frames=frames,
        reason=_unread_note(session, alerts),
        sources=_SOURCES,
        answer_tables=(_alerts_table(session, alerts),),
    )


def _unread_note(session: Session, alerts: tuple[Message, ...]) -> Text | None:
    if session.is_tls13 and not session.decrypted:
        return Text(
            "TLS 1.3 中加密的警报看起来像应用数据，没有密钥认不出来，不在此列。",
            "Encrypted alerts of TLS 1.3 look like application data; without keys they cannot be "
            "told and are not counted.",
        )
    if all(alert.type is None for alert in alerts):
        return Text(
            "警报的内容已加密；在连接末尾的通常是 close_notify。",
            "What the alerts say is encrypted; one at the end is usually a close_notify.",
        )
    return None


def _none(tables: Tables, session: Session) -> Answer:
    if session.is_tls13 and not session.decrypted and session.connection.complete:
        return hidden(
            tables,
            Text(
                "看不到：TLS 1.3 中加密的警报看起来像应用数据。",
                "It cannot be seen: encrypted alerts of TLS 1.3 look like application data.",
            ),
            _where(session),
        )
    lack = lacking_part(tables, session, client=True) or lacking_part(tables, session, client=False)
    if lack is not None:
        return not_captured(
            Text("抓包中没有警报：", "There is no alert in the capture:").plus(lack)
        )
    text = Text("整个会话没有警报。", "The session has no alert.")
    return absent(text, _where(session), sources=_SOURCES)


def _alerts_table(session: Session, alerts: tuple[Message, ...]) -> AnswerTable:
    rows = tuple(
        (
            str(alert.frame),
            sender(alert.from_client),
            _level(alert),
            shown_name("alerts", alert.type) if alert.type is not None else _ENCRYPTED,
            _afterwards(session, alert),
        )
        for alert in alerts
    )
    columns = (
        PACKET,
        FROM,
        column("级别", "Level"),
        column("说明", "Description"),
        column("之后", "What came after"),
    )
    return AnswerTable(columns, rows, tuple(alert.frame for alert in alerts))


def _level(alert: Message) -> Cell:
    if alert.level is None:
        return _ENCRYPTED
    return _LEVELS.get(alert.level, str(alert.level))


def _afterwards(session: Session, alert: Message) -> Text:
    ends = _ends_from(session, alert.frame)
    if ends:
        frame, name = ends[0]
        return Text(f"第 {frame} 号数据包 {name}", f"{name} in packet {frame}")
    later = [n for n in session.packets.index if n > alert.frame]
    if later:
        return Text(f"连接继续（第 {later[0]} 号）", f"the connection went on (packet {later[0]})")
    return Text("没有更多数据包", "no further packet")


def _ends_from(session: Session, frame: int) -> list[tuple[int, str]]:
    rows = session.packets.loc[frame:]
    found_: list[tuple[int, str]] = []
    for name, field in (("FIN", "tcp.flags.fin"), ("RST", "tcp.flags.reset")):
        found_ += [(n, name) for n in frames_where(rows, Where(field, ("1",)))[:1]]
    return sorted(found_)


# --- did the handshake succeed? ---------------------------------------------------------------


@query("handshake.completed")
def completed(tables: Tables, session: Session) -> Answer:
    """Whether the handshake came to its end; if not, what made it fail."""
    hello = session.server_hello
    alert = fatal_alert(session)
    ends = {client: finished(session, client=client) for client in (True, False)}
    mine, theirs = (
        end is not None or _sent_data(session, alert, client=client) for client, end in ends.items()
    )
    if hello is not None and went_through(session, mine, theirs):
        evidence = [cite(end.message) for end in ends.values() if end is not None]
        return found(
            tables,
            True,
            Text("是：双方都完成了握手。", "Yes: both sides completed it."),
            session_scope(session),
            evidence or [cite(hello)],
            reason=_failed_later(alert),
            sources=("RFC 5246, 7.3", "RFC 8446, 2"),
        )
    if alert is not None:
        return _failed_by_alert(tables, session, alert)
    return _ended_otherwise(tables, session)


def _sent_data(session: Session, alert: Message | None, *, client: bool) -> bool:
    """Whether a side went on to data after the Server Hello; its Finished may be lost."""
    hello = session.server_hello
    if hello is None or alert is not None:
        return False
    later = session.messages[session.messages.index(hello) :]
    return any(m.protocol == "application_data" and m.from_client == client for m in later)


def went_through(session: Session, mine: bool, theirs: bool) -> bool:
    if session.is_tls13 and not session.handshake_opened:
        return session.connection.complete
    return mine and theirs


def _failed_later(alert: Message | None) -> Text | None:
    if alert is None:
        return None
    name = shown_name("alerts", alert.type if alert.type is not None else -1)
    return Text(
        f"握手之后，第 {alert.frame} 号数据包中的致命警报“{name}”结束了会话。",
        f"After it a fatal alert “{name}” in packet {alert.frame} ended the session.",
    )


def _failed_by_alert(tables: Tables, session: Session, alert: Message) -> Answer:
    label = shown_name("alerts", alert.type if alert.type is not None else -1)
    who = Text("客户端", "the client") if alert.from_client else Text("服务器", "the server")
    text = Text(
        f"否：{who.zh}在第 {alert.frame} 号数据包中发出致命警报“{label}”，握手失败。",
        f"No: in packet {alert.frame} {who.en} sent the fatal alert “{label}”, and the handshake "
        "failed.",
    )
    return found(
        tables,
        False,
        text,
        _where(session),
        [cite(alert, "tls.alert_message.desc"), cite(alert, "tls.alert_message.level")],
        frames=[alert.frame],
        reason=_REASONS.get(alert.type if alert.type is not None else -1),
        sources=_SOURCES,
    )


_REASONS: dict[int, Text] = {
    10: Text("收到的消息不该在这时出现。", "A message came out of its turn."),
    20: Text(
        "记录的 MAC 或标签对不上：密钥不同，或数据被改动。",
        "A record's MAC or tag did not fit: other keys, or changed data.",
    ),
    40: Text(
        "双方没有共同支持的参数：密码套件、曲线、签名算法或版本中有一项谈不拢。",
        "No common ground: of cipher suites, curves, signature algorithms or versions there was "
        "one on which the two sides share nothing.",
    ),
    42: Text(
        "证书损坏，或签名对不上。", "The certificate was damaged or its signature did not fit."
    ),
    43: Text("证书的种类不受支持。", "The kind of certificate is not supported."),
    44: Text("证书已被吊销。", "The certificate was revoked."),
    45: Text("证书已过期或尚未生效。", "The certificate had expired or was not valid yet."),
    46: Text("证书因其他原因不被接受。", "The certificate was refused for some other reason."),
    47: Text("握手消息中的某个字段不合规定。", "A field of the handshake broke the rules."),
    48: Text(
        "证书的签发者不在信任库里：链不完整，或根证书不受信任。",
        "The certificate's issuer is not in the trust store: the chain is incomplete, or its root "
        "is not trusted.",
    ),
    49: Text("证书有效，但不许访问。", "The certificate was valid, but access was refused."),
    50: Text("消息无法解析。", "A message could not be parsed."),
    51: Text(
        "签名、密钥交换或 Finished 的校验失败。",
        "A signature, the key exchange or a Finished did not verify.",
    ),
    70: Text(
        "一方不支持对方提供的任何协议版本。",
        "One side supports none of the protocol versions that the other offered.",
    ),
    71: Text(
        "对方只支持一方认为太弱的套件。", "The other side's suites are too weak for this one."
    ),
    80: Text("发送方自己出错，与对方无关。", "The sender's own fault, not the other side's."),
    86: Text(
        "客户端退到较低版本，服务器看出没有必要。",
        "The client fell back to a lower version without need.",
    ),
    109: Text("缺少必需的扩展。", "A required extension was missing."),
    110: Text("收到了没有请求过的扩展。", "An extension came that nobody had asked for."),
    112: Text(
        "服务器不认识 SNI 里的主机名。", "The server does not know the host name of the SNI."
    ),
    115: Text(
        "服务器不认识客户端的预共享密钥。", "The server does not know the client's shared key."
    ),
    116: Text(
        "服务器要求客户端证书，客户端没有给。",
        "The server demands a client certificate and got none.",
    ),
    120: Text("没有共同的应用层协议（ALPN）。", "No application protocol in common (ALPN)."),
}
"""What each alert says of the reason, RFC 8446 section 6.2."""


def _ended_otherwise(tables: Tables, session: Session) -> Answer:
    hello = first_message(session, CLIENT_HELLO, client=True)
    lack = lacking_part(tables, session, client=True) or lacking_part(tables, session, client=False)
    if hello is None or lack is not None:
        return (
            missing_message(tables, session, SERVER_HELLO, client=False)
            if (session.server_hello is None)
            else not_captured(
                Text(
                    "抓包中看不到握手的结束：", "The end of the handshake is not in the capture:"
                ).plus(lack or Text("抓包不完整。", "it is not whole."))
            )
        )
    ends = _ends_from(session, hello.frame)
    frame, name = ends[0] if ends else (int(session.packets.index[-1]), "TCP")
    text = Text(
        f"否：没有警报，连接在第 {frame} 号数据包中由 {name} 结束。",
        f"No: without any alert, {name} in packet {frame} ended the connection.",
    )
    return found(
        tables,
        False,
        text,
        session_scope(session),
        [cite(hello), *cite_packet(session, frame, "tcp.flags")],
        sources=_SOURCES,
    )
