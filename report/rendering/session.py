"""The session as the report shows it: card, packet list, messages in their order."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from report.rendering.diagram import Message as Arrow
from report.rendering.packetlist import PacketFacts, overview_rows
from report.rendering.view import FilterView, OtherSession, Overview, SessionCard, StepKind
from report.tables.connections import Connection, Endpoint
from report.tables.messages import Message
from report.tables.packets import integers, occurrences
from report.tables.session import Session, whole_instead
from report.text import Text, visible
from report.tls.message_types import APPLICATION_DATA

_FIN, _SYN, _RST = 0x01, 0x02, 0x04
_MOST_LISTED, _LISTED_AT_START, _LISTED_AT_END = 80, 45, 15
_MOST_SESSIONS = 40
_NO_ALARM = ("Window Update", "Keep-Alive")
_DATA = Text("应用数据", "Application Data")
_QUIC_DATA = Text("受保护的 QUIC 载荷", "Protected QUIC payload")
Row = Mapping[Hashable, Any]

CHOSEN: dict[str, Text] = {
    "stream": Text("由选项 --stream 指定。", "Named by the option --stream."),
    "host": Text("由选项 --host 指定的服务器。", "The server that the option --host names."),
    "lab": Text(
        "抓包中第一个访问本实验所用服务器的会话。",
        "The first session of the capture with the server that the lab is about.",
    ),
    "complete": Text(
        "抓包中第一个握手完整的 TLS 会话。",
        "The first TLS session of the capture with a whole handshake.",
    ),
    "hello": Text(
        "抓包中没有完整的握手；这是第一个有 Client Hello 的会话。",
        "No handshake in the capture is whole; this is the first session with a Client Hello.",
    ),
    "conversation": Text("抓包中第一个完整的连接。", "The first whole connection of the capture."),
    "first": Text(
        "抓包中没有 Client Hello；这是第一个使用 TLS 的连接。",
        "There is no Client Hello in the capture; this is the first connection that speaks TLS.",
    ),
}


def packet_facts(packets: pd.DataFrame) -> list[PacketFacts]:
    """The rows of a packets table as the packet list wants them."""
    return [_facts(row) for row in packets.to_dict("records")]


def _facts(row: Row) -> PacketFacts:
    flags = integers(row["tcp.flags"])
    ports = integers(row["tcp.srcport"])[-1:] + integers(row["tcp.dstport"])[-1:]
    info = str(row["_ws.col.info"])
    return PacketFacts(
        frame=int(row["frame.number"]),
        time=float(row["frame.time_relative"]),
        source=str(row["_ws.col.source"]),
        destination=str(row["_ws.col.destination"]),
        protocol=str(row["_ws.col.protocol"]),
        length=int(row["frame.len"]),
        info=info,
        tcp_flags=flags[-1] if flags else None,
        analysed=bool(row["tcp.analysis.flags"])
        and not any(f"[TCP {n}" in info for n in _NO_ALARM),
        ports=(ports[0], ports[1]) if len(ports) == 2 else None,
    )


def session_card(session: Session, connections: Iterable[Connection]) -> SessionCard:
    """Who spoke with whom, about what was agreed, and why this connection is the session."""
    chosen = session.connection
    others = [c for c in connections if c is not chosen]
    return SessionCard(
        transport=chosen.transport.upper(),
        stream=chosen.stream,
        client=visible(str(chosen.client)),
        server=visible(str(chosen.server)),
        server_name=visible(chosen.server_name) or None,
        version=chosen.version or None,
        cipher_suite=chosen.cipher_suite or None,
        packets=chosen.packets,
        first_frame=chosen.first_frame,
        last_frame=chosen.last_frame,
        resumed=chosen.resumed,
        decrypted=session.decrypted,
        chosen=_chosen(session, others),
        others=tuple(map(_other, others[:_MOST_SESSIONS])),
        omitted=max(0, len(others) - _MOST_SESSIONS),
    )


def _chosen(session: Session, others: list[Connection]) -> Text:
    """Why this session, which connections ahead of it were passed over, and what to take else."""
    reason = _reason(session, others)
    advice = unfinished(session, others)
    return reason.plus(advice) if advice else reason


def unfinished(session: Session, others: Iterable[Connection]) -> Text | None:
    """That the session's handshake is not whole where another with the same server is."""
    whole = whole_instead(session.connection, others)
    if whole is None or session.chosen == "stream":
        return None
    return _UNFINISHED.filled(name=f"{whole.transport} {whole.stream}", stream=whole.stream)


_UNFINISHED = Text(
    "这个会话的握手在抓包中不完整；与同一服务器的另一个会话（{name}）握手完整：要以它作答，"
    "请用 --stream {stream}。",
    "The capture does not hold a whole handshake of this session; another one with the same "
    "server ({name}) has it: --stream {stream} answers from that.",
)


def _reason(session: Session, others: list[Connection]) -> Text:
    chosen = session.connection
    passed = [c for c in others if c.spare and c.first_frame < chosen.first_frame]
    named = [c for c in passed if c.server_name == chosen.server_name]
    if session.chosen == "stream" or chosen.spare or not named:
        return CHOSEN[session.chosen]
    shown_zh = "、".join(f"{c.transport} {c.stream}" for c in named)
    shown_en = ", ".join(f"{c.transport} {c.stream}" for c in named)
    return CHOSEN[session.chosen].plus(_PASSED.filled(zh=shown_zh, en=shown_en))


_PASSED = Text(
    "同一服务器更早的连接（{zh}）是浏览器备用的，客户端没有在上面发送数据，因此略过。",
    "Earlier connections with the same server ({en}) were kept in reserve: the client sent no "
    "data over them, so they were passed over.",
)


def _other(connection: Connection) -> OtherSession:
    return OtherSession(
        stream=f"{connection.transport} {connection.stream}",
        client=visible(str(connection.client)),
        server=visible(str(connection.server)),
        server_name=visible(connection.server_name) or None,
        version=connection.version or None,
        frame=connection.first_frame,
    )


def overview(session: Session, packets: pd.DataFrame) -> Overview:
    """The session's packets, and how the filter on the server's address leads to them."""
    rows, server = session.packets, session.server
    total = len(rows)
    if total <= _MOST_LISTED:
        listed = overview_rows(packet_facts(rows))
    else:
        head, tail = packet_facts(rows[:_LISTED_AT_START]), packet_facts(rows[-_LISTED_AT_END:])
        listed = overview_rows(head, tail, total - len(head) - len(tail))
    at_server = int(_at_address(packets, server).sum())
    return Overview(
        at_server=FilterView("filter-server", _address_filter(server), at_server),
        of_session=FilterView("filter-session", session.connection.stream_filter, total),
        packets=listed,
    )


def _address_filter(server: Endpoint) -> str:
    return f"{'ipv6' if ':' in server.address else 'ip'}.addr == {server.address}"


def _at_address(packets: pd.DataFrame, server: Endpoint) -> "pd.Series[bool]":
    family = "ipv6" if ":" in server.address else "ip"
    hits = [
        packets[f"{family}.{end}"].astype("str").map(lambda c: server.address in occurrences(c))
        for end in ("src", "dst")
    ]
    return (hits[0] | hits[1]).astype(bool)


def arrows(session: Session) -> list[Arrow]:
    """Every message of the session for the sequence diagram, TCP's opening and end included."""
    dissected: dict[int, list[Message]] = {}
    for message in session.messages:
        dissected.setdefault(message.frame, []).append(message)
    found: list[Arrow] = []
    for number, row in zip(session.packets.index, session.packets.to_dict("records"), strict=True):
        frame, to_server = int(number), bool(session.from_client[number])
        time = float(row["frame.time_relative"])
        if frame in dissected:
            found.extend(_arrow(m, time, retry=m is session.retry) for m in dissected[frame])
        else:
            found.extend(_data_arrows(row, frame, time, to_server))
        found.extend(_tcp_arrows(row, frame, time, to_server))
    return found


def _arrow(message: Message, time: float, *, retry: bool) -> Arrow:
    kind: StepKind = "encrypted" if message.encrypted else "clear"
    if message.protocol == "application_data":
        kind = "data"
    elif message.protocol == "alert":
        kind = "encrypted" if message.encrypted else "alert"
    shown = "Hello Retry Request" if retry else visible(message.name)
    name = _DATA if kind == "data" else Text(shown, shown)
    return Arrow(message.frame, time, message.from_client, name, kind, message.parts)


def _data_arrows(row: Row, frame: int, time: float, to_server: bool) -> Iterator[Arrow]:
    """Application data, by record; of QUIC the packets whose payload only the ends can read."""
    if row["quic.connection.number"] and not row["tls.handshake.type"]:
        yield Arrow(frame, time, to_server, _QUIC_DATA, "data")
        return
    cell = row["tls.record.content_type"] or row["tls.record.opaque_type"]
    for content_type in integers(cell):
        if content_type == APPLICATION_DATA:
            yield Arrow(frame, time, to_server, _DATA, "data")


def _tcp_arrows(row: Row, frame: int, time: float, to_server: bool) -> Iterator[Arrow]:
    flags = (integers(row["tcp.flags"]) or (0,))[-1]
    names = [name for bit, name in ((_SYN, "SYN"), (_FIN, "FIN"), (_RST, "RST")) if flags & bit]
    if not names:
        return
    if flags & 0x10 and not flags & _RST:
        names.append("ACK")
    shown = f"TCP [{', '.join(names)}]"
    kind: StepKind = "reset" if flags & _RST else "tcp"
    yield Arrow(frame, time, to_server, Text(shown, shown), kind)
