"""TCP's opening in a connection that carries TLS: its three packets, options and time."""

from collections.abc import Callable
from decimal import Decimal

from tests.independent.expected import ABSENT, NOT_APPLICABLE, NOT_CAPTURED, Expected
from tests.independent.expected_tcp import MSS, WINDOW_SCALE, tcp_options
from tests.independent.packets import Segment, transport
from tests.independent.reader import Connection, Facts
from tests.independent.streams import WHOLE

Opening = tuple[Segment | None, Segment | None, Segment | None]
Answer = Callable[[Facts, Connection], Expected]


def opening(found: Facts, connection: Connection) -> Opening:
    """SYN, SYN/ACK, and the client's first segment after it; each None where not captured."""
    syn = transport(found.frame(connection.syn)) if connection.syn is not None else None
    assert syn is None or isinstance(syn, Segment)
    reply = _reply(found, connection, syn)
    if reply is None:
        return syn, None, None
    return syn, reply, _next(found, connection, reply.frame)


def _segments(found: Facts, connection: Connection, after: int) -> list[Segment]:
    ends = {connection.client, connection.server}
    read = [transport(frame) for frame in found.capture.frames[after:]]
    return [s for s in read if isinstance(s, Segment) and {s.source, s.target} == ends]


def _reply(found: Facts, connection: Connection, syn: Segment | None) -> Segment | None:
    """The server's SYN/ACK: the one that acknowledges the SYN, which may stand after it.

    It may acknowledge the data that came with the SYN, too (RFC 7413).
    """
    own = [s for s in _segments(found, connection, 0) if s.source == connection.server]
    wanted = [(syn.sequence + 1 + data) % WHOLE for data in (0, syn.length)] if syn else []
    answers = (s for s in own if s.syn and s.ack)
    return next((s for s in answers if not wanted or s.acknowledgement in wanted), None)


def _next(found: Facts, connection: Connection, after: int) -> Segment | None:
    own = _segments(found, connection, after)
    return next((s for s in own if s.source == connection.client and s.ack and not s.syn), None)


def frame_of(place: int) -> Answer:
    def answer(found: Facts, connection: Connection) -> Expected:
        if connection.transport == "quic":
            return NOT_APPLICABLE
        segment = opening(found, connection)[place]
        return _found(segment, segment.frame) if segment else NOT_CAPTURED

    return answer


def _found(segment: Segment, value: object) -> Expected:
    return {"status": "found", "value": value, "frames": [segment.frame]}


def option(place: int, kind: int) -> Answer:
    def answer(found: Facts, connection: Connection) -> Expected:
        if connection.transport == "quic":
            return NOT_APPLICABLE
        segment = opening(found, connection)[place]
        if segment is None:
            return NOT_CAPTURED
        content = tcp_options(found, segment).get(kind)
        return _found(segment, int.from_bytes(content, "big")) if content else ABSENT

    return answer


def time(found: Facts, connection: Connection) -> Expected:
    if connection.transport == "quic":
        return NOT_APPLICABLE
    syn, _, last = opening(found, connection)
    if syn is None or last is None:
        return NOT_CAPTURED
    nanoseconds = found.frame(last.frame).time - found.frame(syn.frame).time
    seconds = (Decimal(nanoseconds) / 10**9).quantize(Decimal("0.000001"))
    return {"status": "found", "value": f"{seconds}"}


syn_ack = frame_of(1)
ack = frame_of(2)
client_mss = option(0, MSS)
client_window_scale = option(0, WINDOW_SCALE)
