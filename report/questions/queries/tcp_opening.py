"""TCP's three-way handshake in detail (RFC 9293, 3.5; RFC 7323, 2)."""

from decimal import Decimal

from report.questions.absence import absent, not_applicable, not_captured
from report.questions.answer import Answer, AnswerTable, Cell, Evidence
from report.questions.conditions import Condition, Where, every, frames_where
from report.questions.evidence import cite_packet
from report.questions.finding import found, packet_text
from report.questions.registry import Tables, query
from report.questions.scope import session_scope, side
from report.questions.tabulated import FROM, NOTHING, PACKET, column, sender
from report.tables.session import Session
from report.text import Text

_SYN, _ACK = "tcp.flags.syn", "tcp.flags.ack"
_MSS, _SHIFT = "tcp.options.mss_val", "tcp.options.wscale.shift"
_OPENING = ("RFC 9293, 3.5",)
_MICROSECONDS = Decimal("0.000001")


def _flags(syn: int, ack: int) -> tuple[Where, Where]:
    return Where(_SYN, (str(syn),)), Where(_ACK, (str(ack),))


def _conditions(session: Session) -> tuple[Condition, Condition, Condition]:
    """SYN, SYN/ACK and the client's acknowledgements."""
    scope = session_scope(session)
    return (
        every(scope, *_flags(1, 0), side(session, client=True)),
        every(scope, *_flags(1, 1), side(session, client=False)),
        every(scope, *_flags(0, 1), side(session, client=True)),
    )


def opening_frames(session: Session) -> tuple[int | None, int | None, int | None]:
    """The frames of SYN, SYN/ACK and the ACK that completes the opening, each the first."""
    _, answer, last = _conditions(session)
    first = session.connection.syn_frame
    answers = frames_where(session.packets, answer)
    if not answers:
        return first, None, None
    after = [n for n in frames_where(session.packets, last) if n > answers[0]]
    return first, answers[0], after[0] if after else None


def _without_tcp(session: Session) -> Answer | None:
    if session.connection.transport == "tcp":
        return None
    return not_applicable(
        Text(
            "这个会话使用 QUIC，运行在 UDP 之上，没有 TCP 握手。",
            "This session uses QUIC, which runs over UDP: there is no TCP handshake.",
        ),
        sources=("RFC 9000, 1",),
    )


_NOT_RECORDED = Text(
    "抓包开始得太晚，TCP 的三次握手不在其中。",
    "The recording began too late: TCP's handshake is not in it.",
)


@query("tcp.syn_ack")
def syn_ack(tables: Tables, session: Session) -> Answer:
    """The frame in which the server answers the SYN with SYN and ACK."""
    return _opening_frame(tables, session, 1, _SYN)


@query("tcp.handshake_ack")
def handshake_ack(tables: Tables, session: Session) -> Answer:
    """The frame with the ACK that completes the opening, and all three of them as a table."""
    return _opening_frame(tables, session, 2, _ACK)


def _opening_frame(tables: Tables, session: Session, place: int, field: str) -> Answer:
    refused = _without_tcp(session)
    if refused is not None:
        return refused
    frames = opening_frames(session)
    frame = frames[place]
    if frame is None:
        return not_captured(_NOT_RECORDED)
    table = _opening_table(tables, session, frames)
    return found(
        tables,
        frame,
        packet_text(tables, frame),
        _conditions(session)[place],
        cite_packet(session, frame, field),
        frames=[frame],
        sources=_OPENING,
        answer_tables=(table,) if place == 2 else (),
    )


def _opening_table(
    tables: Tables, session: Session, frames: tuple[int | None, int | None, int | None]
) -> AnswerTable:
    rows: list[tuple[Cell, ...]] = []
    for frame, name in zip(frames, ("SYN", "SYN, ACK", "ACK"), strict=True):
        if frame is not None:
            time = f"{float(str(tables.packets.at[frame, 'frame.time_relative'])):.6f}"
            options = (_shown(session, frame, field) for field in (_MSS, _SHIFT))
            side_ = sender(bool(session.from_client[frame]))
            rows.append((str(frame), side_, name, time, *options))
    columns = (
        PACKET,
        FROM,
        column("标志", "Flags"),
        column("时间（秒）", "Time (s)", numeric=True),
        column("MSS（字节）", "MSS (bytes)", numeric=True),
        column("窗口扩大位移", "Window scale shift", numeric=True),
    )
    kept = tuple(frame for frame in frames if frame is not None)
    return AnswerTable(columns, tuple(rows), kept)


def _shown(session: Session, frame: int, field: str) -> str:
    cited = cite_packet(session, frame, field)
    return cited[0].value if cited else NOTHING


@query("tcp.client_mss")
def client_mss(tables: Tables, session: Session) -> Answer:
    """The maximum segment size that the client announces in its SYN."""
    return _option(tables, session, 0, _MSS, "MSS")


@query("tcp.server_mss")
def server_mss(tables: Tables, session: Session) -> Answer:
    """The maximum segment size that the server announces in its SYN/ACK."""
    return _option(tables, session, 1, _MSS, "MSS")


@query("tcp.client_window_scale")
def client_window_scale(tables: Tables, session: Session) -> Answer:
    """By how many bits the client's window values are to be shifted."""
    return _option(tables, session, 0, _SHIFT, "Window Scale")


def _option(tables: Tables, session: Session, place: int, field: str, name: str) -> Answer:
    refused = _without_tcp(session)
    if refused is not None:
        return refused
    frame = opening_frames(session)[place]
    if frame is None:
        return not_captured(_NOT_RECORDED)
    condition = _conditions(session)[place]
    cited = cite_packet(session, frame, field)
    if not cited:
        return absent(
            Text(
                f"第 {frame} 号数据包里没有 {name} 选项。",
                f"Packet {frame} has no {name} option.",
            ),
            every(condition, Where(field)),
            sources=_OPENING,
        )
    value = int(cited[0].value)
    shown, shown_en = _option_words(field, value)
    return found(
        tables,
        value,
        Text(f"{shown}（第 {frame} 号数据包）", f"{shown_en} (packet {frame})"),
        condition,
        cited,
        frames=[frame],
        sources=("RFC 9293, 3.7.1", "RFC 7323, 2"),
    )


def _option_words(field: str, value: int) -> tuple[str, str]:
    if field == _MSS:
        return f"{value} 字节", f"{value} bytes"
    return f"{value}，即窗口值乘以 {1 << value}", f"{value}: window values times {1 << value}"


@query("tcp.handshake_time")
def handshake_time(tables: Tables, session: Session) -> Answer:
    """The time from the first SYN to the ACK that completes the opening, in seconds."""
    refused = _without_tcp(session)
    if refused is not None:
        return refused
    frames = opening_frames(session)
    first, last = frames[0], frames[2]
    if first is None or last is None:
        return not_captured(_NOT_RECORDED)
    times = tables.packets["frame.time_relative"]
    span = (Decimal(str(times[last])) - Decimal(str(times[first]))).quantize(_MICROSECONDS)
    evidence: list[Evidence] = []
    for frame in (first, last):
        evidence += cite_packet(session, frame, "frame.time_relative")
    return found(
        tables,
        f"{span}",
        Text(
            f"{span} 秒：从第 {first} 号到第 {last} 号数据包；在客户端抓包时约为一个往返时间。",
            f"{span} s, from packet {first} to {last}; recorded at the client this is about one "
            "round trip.",
        ),
        session_scope(session),
        evidence,
        frames=[first, last],
        sources=_OPENING,
    )
