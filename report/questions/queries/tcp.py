"""Before TLS: the TCP connection (RFC 9293)."""

from report.questions.absence import not_applicable, not_captured
from report.questions.answer import Answer
from report.questions.conditions import Where, either, every, frames_where
from report.questions.evidence import cite, cite_packet
from report.questions.finding import found, packet_text
from report.questions.registry import Tables, query
from report.questions.scope import handshake, session_scope
from report.tables.session import Session
from report.text import Text

_SYN = (Where("tcp.flags.syn", ("1",)), Where("tcp.flags.ack", ("0",)))
_NO_TCP = Text(
    "这个会话使用 QUIC，运行在 UDP 之上，没有 TCP 连接（RFC 9000）。",
    "This session uses QUIC, which runs over UDP: there is no TCP connection (RFC 9000).",
)
_NO_OPENING = Text(
    "抓包开始时 TCP 连接已经建立，其中没有 SYN。",
    "The TCP connection was already open when the capture began; its SYN is not in it.",
)


@query("tcp.first_syn")
def first_syn(tables: Tables, session: Session) -> Answer:
    """The frame of the first SYN of the session's TCP connection (RFC 9293, 3.5).

    A SYN that was sent again is not the first one; a SYN of another connection is not this one's.
    """
    if session.connection.transport == "quic":
        return not_applicable(_NO_TCP)
    frame = session.connection.syn_frame
    if frame is None:
        return not_captured(_NO_OPENING)
    condition = every(session_scope(session), *_SYN)
    again = [n for n in frames_where(session.packets, condition) if n != frame]
    return found(
        tables,
        frame,
        packet_text(tables, frame),
        condition,
        cite_packet(session, frame, "tcp.flags.syn"),
        reason=_syn_note(tables, session, frame, again),
    )


def _syn_note(tables: Tables, session: Session, frame: int, again: list[int]) -> Text | None:
    if again:
        listed = ", ".join(map(str, again))
        return Text(
            f"同一个 SYN 在第 {listed} 号数据包中重传。", f"The SYN was sent again in {listed}."
        )
    earlier = frames_where(tables.packets.loc[: frame - 1], every(*_SYN))
    if not earlier:
        return None
    return Text(
        f"抓包中更早的 SYN（例如第 {earlier[0]} 号）属于其他连接。",
        f"Earlier SYNs in the capture (such as {earlier[0]}) belong to other connections.",
    )


@query("tcp.before_tls")
def before_tls(tables: Tables, session: Session) -> Answer:
    """Whether TCP was set up before the first TLS message, by the frames of both."""
    connection = session.connection
    if connection.transport == "quic":
        return not_applicable(_NO_TCP)
    if connection.syn_frame is None:
        return not_captured(_NO_OPENING)
    hello = next(iter(session.messages), None)
    if hello is None:
        return not_captured(
            Text("抓包中没有这个连接的 TLS 消息。", "No TLS message of it was recorded.")
        )
    # The first of each: one sent again later says nothing of the order.
    answers = frames_where(session.packets, every(_SYN[0], Where("tcp.flags.ack", ("1",))))
    opening = [connection.syn_frame, *answers[:1]]
    before = max(opening) < hello.frame
    condition = every(
        session_scope(session),
        either(Where("tcp.flags.syn", ("1",)), handshake(1)),
    )
    listed_zh, listed_en = "、".join(map(str, opening)), ", ".join(map(str, opening))
    text = Text(
        f"{'之前' if before else '之后'}：TCP 的 SYN 在第 {listed_zh} 号数据包，"
        f"第一个 TLS 消息在第 {hello.frame} 号。",
        f"{'before' if before else 'after'}: TCP's SYNs are in packets {listed_en}, the first "
        f"TLS message in packet {hello.frame}.",
    )
    evidence = [e for n in opening for e in cite_packet(session, n, "tcp.flags.syn")]
    return found(
        tables,
        "before" if before else "after",
        text,
        condition,
        [*evidence, cite(hello, "tls.handshake.type")],
        parts=[*opening, hello.frame],
        sources=("RFC 9293, 3.5", "RFC 8446, 1"),
    )
