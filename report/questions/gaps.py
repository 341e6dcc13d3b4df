"""What of one side's bytes a capture lacks: where in its TCP stream, and how many.

Wireshark says that something is missing (`tcp.analysis.lost_segment`); how much it is, and whether
it came before a message, tells whether that message can be the first of its kind.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from report.tables.packets import integers
from report.tables.session import Session

_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes of a side's TCP stream that no packet of the capture carried, by relative sequence."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.end - self.start


def gaps(
    session: Session, *, client: bool, after: int | None = None, until: int | None = None
) -> tuple[Gap, ...]:
    """The gaps in what a side sent, in order; those between two of its packets where given.

    Of a side whose beginning was not captured, what came before its first packet is no gap. QUIC
    has no such numbers and no gaps.
    """
    if session.connection.transport != "tcp":
        return ()
    spans = _spans(session, client=client)
    low = spans.get(after) if after is not None else None
    high = spans.get(until) if until is not None else None
    return tuple(
        gap
        for gap in _between(spans.values())
        if (low is None or gap.start >= low[0]) and (high is None or gap.end <= high[0])
    )


def _between(spans: Iterable[tuple[int, int]]) -> Iterator[Gap]:
    reached: int | None = None
    for start, end in sorted(spans):
        if reached is not None and start > reached:
            yield Gap(reached, start)
        reached = end if reached is None else max(reached, end)


def unrecorded(session: Session, *, client: bool) -> bool:
    """Whether bytes that a side sent are in no packet: amid those that were recorded, or after."""
    if session.connection.transport != "tcp":
        return False
    spans = _spans(session, client=client).values()
    return any(_between(spans)) or _acknowledged_beyond(session, spans, client=client)


def acknowledged_unseen(session: Session, *, client: bool) -> bool:
    """Whether the other side acknowledges bytes of this side that no packet of the capture carried.

    A gap shows where something follows it; what was lost at the end shows by this alone.
    """
    if session.connection.transport != "tcp":
        return False
    return _acknowledged_beyond(session, _spans(session, client=client).values(), client=client)


def _acknowledged_beyond(
    session: Session, spans: Iterable[tuple[int, int]], *, client: bool
) -> bool:
    sent = [end for _, end in spans]
    other = session.packets[session.from_client.to_numpy() != client]
    acknowledged = [
        number[-1]
        for ack, flags in zip(other["tcp.ack"], other["tcp.flags"], strict=True)
        if (number := integers(ack)) and ((integers(flags) or (0,))[-1] & (_ACK | _RST)) == _ACK
    ]
    return bool(sent and acknowledged) and max(acknowledged) > max(sent)


def _spans(session: Session, *, client: bool) -> dict[int, tuple[int, int]]:
    """The sequence numbers that each packet of a side takes up, by packet."""
    own = session.packets[session.from_client.to_numpy() == client]
    found: dict[int, tuple[int, int]] = {}
    for frame, seq, size, flags in zip(
        own.index, own["tcp.seq"], own["tcp.len"], own["tcp.flags"], strict=True
    ):
        # In a tunnel the inner segment's numbers come last.
        start, length = integers(seq)[-1:], integers(size)[-1:]
        if not start:
            continue
        signs = (integers(flags) or (0,))[-1]  # SYN and FIN count as a byte each (RFC 9293, 3.4)
        begin = start[0]
        end = begin + (length[0] if length else 0) + bool(signs & _SYN) + bool(signs & _FIN)
        if end > begin:
            found[int(frame)] = (begin, end)
    return found
