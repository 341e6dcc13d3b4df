"""What the 24 questions of the lab tcp have for answers in a capture's first whole connection.

What the lab asks of Wireshark's own judgement (retransmission, duplicate ACK, zero window, window
update, bytes in flight) follows the rules of its documentation, applied to the segments anew:
https://www.wireshark.org/docs/wsug_html_chunked/ChAdvTCPAnalysis.html
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.independent.packets import Segment, transport
from tests.independent.reader import Facts
from tests.independent.streams import TcpConnection, connections

Expected = dict[str, Any]
MSS, WINDOW_SCALE = 2, 3


@dataclass(frozen=True, slots=True)
class Header:
    """What of a TCP header the reader of packets does not keep."""

    window: int
    options: dict[int, bytes]


def expected_tcp(found: Facts) -> dict[str, Expected]:
    """The expected answers by question id."""
    segments = [s for f in found.capture.frames if isinstance(s := transport(f), Segment)]
    connection = next(c for c in connections(segments) if c.opening())
    lab = _Lab(found, connection)
    return {name: question(lab) for name, question in QUESTIONS.items()}


class _Lab:
    def __init__(self, found: Facts, connection: TcpConnection) -> None:
        self.found, self.connection = found, connection
        self.client = connection.direction(connection.client)
        self.server = connection.direction(connection.server)
        self.headers = {s.frame: _header(found, s) for s in connection.segments}
        first = next(s for s in self.client if s.syn)
        reply = next(s for s in self.server if s.syn)
        self.start = {connection.client: first.sequence, connection.server: reply.sequence}
        self.syn, self.reply = first, reply
        self.ack = next(s for s in self.client if not s.syn and s.frame > reply.frame)

    def relative(self, segment: Segment) -> int:
        return segment.sequence - self.start[segment.source]

    def acknowledged(self, segment: Segment) -> int:
        return segment.acknowledgement - self.start[segment.target]

    def window(self, segment: Segment) -> int:
        """In bytes, once the scale of the sender's SYN is applied."""
        opening = self.syn if segment.source == self.connection.client else self.reply
        shift = self.headers[opening.frame].options.get(WINDOW_SCALE, b"\0")[0]
        return self.headers[segment.frame].window << (0 if segment.syn else shift)

    def seconds(self, segment: Segment) -> Decimal:
        nanoseconds = self.found.frame(segment.frame).time - self.found.frame(self.syn.frame).time
        return Decimal(nanoseconds) / 10**9

    def again(self) -> list[Segment]:
        """The server's segments with data all of which was sent before; probes are not meant."""
        reached, found = 0, []
        for segment in self.server:
            end = self.relative(segment) + segment.length
            if segment.length > 1 and end <= reached:
                found.append(segment)
            reached = max(reached, end)
        return found

    def pure_acks(self) -> Iterator[tuple[Segment, Segment]]:
        """The client's segments without data, each with the client's one before."""
        for before, segment in zip(self.client, self.client[1:], strict=False):
            if not segment.length and not (segment.syn or segment.fin or segment.rst):
                yield before, segment

    def in_flight(self) -> int:
        """The most that the server had sent and not heard acknowledged."""
        sent = heard = most = 1
        for segment in self.connection.segments:
            if segment.source == self.connection.client:
                heard = max(heard, self.acknowledged(segment))
            elif segment.length:
                sent = max(sent, self.relative(segment) + segment.length)
                most = max(most, sent - heard)
        return most


def tcp_options(found: Facts, segment: Segment) -> dict[int, bytes]:
    """A segment's TCP options by kind."""
    return _header(found, segment).options


def _header(found: Facts, segment: Segment) -> Header:
    """The segment's own header, found in its frame by ports and sequence numbers."""
    data = found.frame(segment.frame).data
    wanted = struct.pack(
        "!HHII", segment.source[1], segment.target[1], segment.sequence, segment.acknowledgement
    )
    at = data.rfind(wanted)
    size = (data[at + 12] >> 4) * 4
    (window,) = struct.unpack_from("!H", data, at + 14)
    return Header(window, dict(_options(data[at + 20 : at + size])))


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data) and data[at]:
        if data[at] == 1:
            at += 1
            continue
        yield data[at], data[at + 2 : at + data[at + 1]]
        at += data[at + 1]


def _shown(segment: Segment, value: object = None) -> Expected:
    return {
        "status": "found",
        "value": segment.frame if value is None else value,
        "frames": [segment.frame],
    }


def _counted(segments: list[Segment]) -> Expected:
    if not segments:
        return {"status": "absent"}
    return {"status": "found", "value": len(segments), "frames": [s.frame for s in segments]}


def _first(segments: Iterator[Segment] | list[Segment], value: object = None) -> Expected:
    segment = next(iter(segments), None)
    return {"status": "absent"} if segment is None else _shown(segment, value)


def _duplicate_acks(lab: _Lab) -> list[Segment]:
    return [
        s
        for before, s in lab.pure_acks()
        if s.acknowledgement == before.acknowledgement
        and lab.window(s) == lab.window(before) != 0
        and not before.syn
        and not before.length
    ]


def _window_updates(lab: _Lab) -> list[Segment]:
    return [
        s
        for before, s in lab.pure_acks()
        if s.acknowledgement == before.acknowledgement
        and lab.window(s) not in (0, lab.window(before))
        and not before.syn
    ]


def _largest(lab: _Lab) -> Expected:
    return _shown(max(lab.server, key=lambda s: (s.length, -s.frame)), None) | {
        "value": max(s.length for s in lab.server)
    }


def _smallest_window(lab: _Lab) -> Expected:
    own = [s for s in lab.client if not s.syn and not s.rst]
    return _shown(min(own, key=lab.window), min(map(lab.window, own)))


QUESTIONS: dict[str, Callable[[_Lab], Expected]] = {
    "q1": lambda lab: _shown(lab.syn),
    "q2": lambda lab: _shown(lab.reply),
    "q3": lambda lab: _shown(lab.ack),
    "q4": lambda lab: _shown(lab.syn, lab.syn.sequence),
    "q5": lambda lab: _shown(lab.reply, lab.syn.sequence + 1),
    "q6": lambda lab: _shown(
        lab.syn, int.from_bytes(lab.headers[lab.syn.frame].options[MSS], "big")
    ),
    "q7": lambda lab: _shown(lab.reply, lab.headers[lab.reply.frame].options[WINDOW_SCALE][0]),
    "q8": lambda lab: {
        "status": "found", "value": f"{lab.seconds(lab.ack).normalize():f}",
    },
    "q9": lambda lab: _first([s for s in lab.client if s.length]),
    "q10": lambda lab: _shown(s := next(s for s in lab.client if s.length), s.length),
    "q11": lambda lab: _first([s for s in lab.server if s.length]),
    "q12": _largest,
    "q13": lambda lab: _counted(lab.again()),
    "q14": lambda lab: _first(lab.again()),
    "q15": lambda lab: _shown(lab.again()[0], lab.relative(lab.again()[0])),
    "q16": lambda lab: _counted(_duplicate_acks(lab)),
    "q17": lambda lab: {"status": "explained"},
    "q18": _smallest_window,
    "q19": lambda lab: _first(
        [s for s in lab.connection.segments if not lab.window(s) and not (s.syn or s.fin or s.rst)]
    ),
    "q20": lambda lab: _first(_window_updates(lab)),
    "q21": lambda lab: {"status": "found", "value": lab.in_flight()},
    "q22": lambda lab: _first([s for s in lab.connection.segments if s.fin]),
    "q23": lambda lab: _first([s for s in lab.client if s.fin]),
    "q24": lambda lab: _shown(lab.client[-1], lab.acknowledged(lab.client[-1])),
}  # fmt: skip
