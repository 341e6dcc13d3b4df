"""How the session ends (RFC 5246, 7.2.1; RFC 8446, 6.1)."""

import pandas as pd

from report.questions.absence import (
    absent,
    hidden,
    not_applicable,
    not_captured,
    segments_lost,
    side_ended,
)
from report.questions.answer import Answer
from report.questions.conditions import Condition, Where, every
from report.questions.evidence import cite, cite_record
from report.questions.finding import found, message_text
from report.questions.gaps import acknowledged_unseen
from report.questions.protected import lengths_tell_nothing, looks_like_alert
from report.questions.registry import Tables, query
from report.questions.scope import content, session_scope, shown_alerts, side
from report.tables.messages import Message
from report.tables.packets import integers
from report.tables.session import Session
from report.text import Text
from report.tls.message_types import ALERT, APPLICATION_DATA
from report.tls.registry import shown_name

_FIN, _RST = 0x01, 0x04


def _alerts(session: Session) -> Condition:
    return every(session_scope(session), content(ALERT), side(session, client=True))


@query("closing.client_message")
def client_message(tables: Tables, session: Session) -> Answer:
    """The frame of the client's last TLS message that closes the session: its alert."""
    if session.connection.transport == "quic":
        return not_applicable(
            Text(
                "QUIC 用自己的 CONNECTION_CLOSE 帧结束，没有 TLS 的关闭消息。",
                "QUIC ends with a CONNECTION_CLOSE frame of its own; there is no closing TLS "
                "message.",
            ),
            sources=("RFC 9000, 10.2", "RFC 9001, 4.8"),
        )
    alerts = session.of("alert", client=True)
    if alerts:
        return _from_alert(tables, session, alerts[-1])
    return _without_alert(tables, session)


def _from_alert(tables: Tables, session: Session, alert: Message) -> Answer:
    if alert.type is None:
        reason: Text | None = Text(
            "警报内容已加密；它是客户端的最后一个 TLS 消息，按位置推断为 close_notify。",
            "The alert is encrypted; as the client's last TLS message it is taken for a "
            "close_notify by its position.",
        )
    else:
        label = shown_name("alerts", alert.type)
        reason = Text(f"这个警报是“{label}”。", f"The alert says “{label}”.")
    after = _what_follows(session, alert.frame)
    return found(
        tables,
        alert.frame,
        message_text(tables, alert),
        every(session_scope(session), shown_alerts([alert]), side(session, client=True)),
        [cite(alert, "tls.alert_message.desc"), cite_record(alert, "tls.record.content_type")],
        frames=[alert.frame],
        parts=alert.parts,
        inferred=alert.type is None,
        reason=reason.plus(after) if reason and after else reason or after,
        sources=("RFC 5246, 7.2.1", "RFC 8446, 6.1"),
    )


def _without_alert(tables: Tables, session: Session) -> Answer:
    own = [m for m in session.messages if m.from_client]
    last = own[-1] if own else None
    unseen = acknowledged_unseen(session, client=True)
    if last is not None and _is_unread_alert(session, last) and not unseen:
        return _inferred_alert(tables, session, last)
    if segments_lost(session, client=True) or not side_ended(session, client=True):
        return not_captured(
            Text(
                "抓包里没有连接的结尾：停止时连接还没有关闭，或者有报文段没有抓到。",
                "The end of the connection is not in the capture: it was still open when the "
                "recording stopped, or segments of it were not recorded.",
            )
        )
    if lengths_tell_nothing(session):
        return hidden(
            tables,
            Text(
                "看不出：客户端的加密记录加了填充，无法从长度认出关闭警报。",
                "It cannot be told: the client pads its encrypted records, so no length gives a "
                "closing alert away.",
            ),
        )
    return absent(
        Text(
            "客户端没有发送关闭警报，直接用 TCP 结束了连接。",
            "The client sent no closing alert; TCP ended the connection without one.",
        ).plus(_what_follows(session, last.frame if last else 0) or _NOTHING_FOLLOWS),
        _alerts(session),
        sources=("RFC 8446, 6.1",),
    )


_NOTHING_FOLLOWS = Text("之后没有客户端的数据包。", "No packet of the client's follows.")


def _is_unread_alert(session: Session, last: Message) -> bool:
    return (
        last.protocol == "application_data"
        and not last.record.opened
        and looks_like_alert(session, last)
    )


def _inferred_alert(tables: Tables, session: Session, last: Message) -> Answer:
    reason = Text(
        f"没有密钥：TLS 1.3 的警报看起来像应用数据；这是客户端最后一个记录，"
        f"长 {last.record.length} 字节，正好是加密警报的长度。",
        "Without keys: an alert of TLS 1.3 looks like application data; this is the client's "
        f"last record, and its {last.record.length} bytes are exactly the length of an encrypted "
        "alert.",
    )
    after = _what_follows(session, last.frame)
    condition = every(
        session_scope(session),
        Where("tls.record.opaque_type", (str(APPLICATION_DATA),)),
        side(session, client=True),
    )
    return found(
        tables,
        last.frame,
        message_text(tables, last),
        condition,
        [cite_record(last, "tls.record.length")],
        parts=last.parts,
        inferred=True,
        reason=reason.plus(after) if after else reason,
        sources=("RFC 8446, 5.2", "RFC 8446, 6.1"),
    )


def _what_follows(session: Session, frame: int) -> Text | None:
    """The client's FIN or RST at or after a frame, in words."""
    rows = session.packets[session.from_client.to_numpy()].loc[frame:]
    fin = _flagged(rows, _FIN)
    rst = _flagged(rows, _RST)
    if not fin and not rst:
        return None
    zh, en = [], []
    if fin:
        zh.append(f"客户端的 FIN 在第 {fin[0]} 号")
        en.append(f"the client's FIN is in packet {fin[0]}")
    if rst:
        zh.append(f"RST 从第 {rst[0]} 号开始（连接关闭后服务器仍在发送数据）")
        en.append(f"RSTs begin in {rst[0]} (the server went on sending after the close)")
    sentence = "; ".join(en)
    return Text("；".join(zh) + "。", sentence[0].upper() + sentence[1:] + ".")


def _flagged(rows: pd.DataFrame, bit: int) -> list[int]:
    matching = rows["tcp.flags"].map(lambda cell: any(n & bit for n in integers(cell)))
    return [int(n) for n in rows.index[matching.astype(bool)]]
