"""TCP connections, and each direction's bytes in order with the frames they came in.

A byte has a carrier (the frame that brought it) and an arrival (the frame at which it and all
before it were there). Wireshark shows a message in the frame of its last byte's arrival.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.independent.packets import Endpoint, Segment

HALF, WHOLE = 1 << 31, 1 << 32


@dataclass(slots=True)
class ByteStream:
    """One direction of a connection.

    `known[i]` is 0 where a byte is missing: never captured, or beyond the snap length (then
    `carrier[i]` still names its frame; it is 0 for a byte of which nothing was captured).
    `starts` are the offsets at which segments begin; `from_start` says whether offset 0 is the
    connection's first byte; `expected` is how many bytes there must have been, by the sender's FIN
    and the receiver's acknowledgements.
    """

    data: bytearray = field(default_factory=bytearray)
    known: bytearray = field(default_factory=bytearray)
    carrier: list[int] = field(default_factory=list)
    arrival: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    from_start: bool = True
    expected: int = 0

    def __len__(self) -> int:
        return len(self.data)

    def whole(self, start: int, end: int) -> bool:
        """Whether every byte of the range is there."""
        return end <= len(self.data) and all(self.known[start:end])

    def prefix(self, start: int, end: int) -> bytes:
        """The bytes of the range up to the first missing one."""
        end = min(end, len(self.data))
        gap = self.known.find(0, start, end)
        return bytes(self.data[start : end if gap < 0 else gap])

    def carriers(self, start: int, end: int) -> tuple[int, ...]:
        """The frames that brought the range, in order, each once."""
        return tuple(dict.fromkeys(frame for frame in self.carrier[start:end] if frame))

    def holes(self, start: int = 0, end: int | None = None) -> bool:
        """Whether bytes of the range are missing, for whatever reason."""
        return self.known.find(0, start, len(self) if end is None else end) >= 0

    def lost(self, start: int = 0, end: int | None = None) -> bool:
        """Whether bytes of the range are missing of which not even the frame was captured."""
        return 0 in self.carrier[start : len(self) if end is None else end]

    def ends_early(self) -> bool:
        """Whether bytes after the last captured one are known to have been sent."""
        return self.expected > len(self)

    def _add(self, payload: bytes, length: int, carrier: int, arrival: int) -> None:
        self.starts.append(len(self.data))
        missing = length - len(payload)
        self.data += payload + bytes(missing)
        self.known += b"\x01" * len(payload) + bytes(missing)
        self.carrier.extend([carrier] * length)
        self.arrival.extend([arrival] * length)

    def _skip(self, length: int, arrival: int) -> None:
        self.data += bytes(length)
        self.known += bytes(length)
        self.carrier.extend([0] * length)
        self.arrival.extend([arrival] * length)


@dataclass(slots=True)
class TcpConnection:
    """A connection: `client` opened it (or seems to have). `stream` is Wireshark's tcp.stream."""

    stream: int
    client: Endpoint
    server: Endpoint
    segments: list[Segment] = field(default_factory=list)

    def direction(self, source: Endpoint) -> list[Segment]:
        return [segment for segment in self.segments if segment.source == source]

    def opening(self) -> Segment | None:
        """The first SYN of the client."""
        return next((s for s in self.segments if s.syn and not s.ack), None)

    def bytes_from(self, source: Endpoint) -> ByteStream:
        back = [segment for segment in self.segments if segment.source != source]
        return reassembled(self.direction(source), back)

    def over(self) -> bool:
        """Whether the client can say nothing more: it sent FIN, or either side sent RST."""
        return any(s.rst or (s.fin and s.source == self.client) for s in self.segments)


def connections(segments: Iterable[Segment]) -> list[TcpConnection]:
    """Sort segments into connections, numbered as they begin; a port used again is a new one."""
    found: list[TcpConnection] = []
    latest: dict[frozenset[Endpoint], TcpConnection] = {}
    for segment in segments:
        ends = frozenset((segment.source, segment.target))
        connection = latest.get(ends)
        if connection is None or _opens_anew(connection, segment):
            reply = segment.syn and segment.ack
            client, server = segment.source, segment.target
            if reply:
                client, server = server, client
            connection = TcpConnection(len(found), client, server)
            found.append(connection)
            latest[ends] = connection
        connection.segments.append(segment)
    return found


def _opens_anew(connection: TcpConnection, segment: Segment) -> bool:
    """A SYN with another first sequence number than this side's so far."""
    if not segment.syn or segment.ack:
        return False
    earlier = connection.direction(segment.source)
    if not earlier:
        return connection.opening() is not None
    first = next((s for s in earlier if s.syn), earlier[0])
    return first.sequence != segment.sequence


def reassembled(segments: list[Segment], back: Iterable[Segment] = ()) -> ByteStream:
    """Put one direction's payload in order; `back` are the other direction's segments.

    Bytes that came more than once count at their first coming. A gap that some later segment
    fills holds everything after it back until then; a gap that none fills is stepped over.
    """
    stream = ByteStream()
    if not segments:
        return stream
    opening = next((s for s in segments if s.syn), None)
    stream.from_start = opening is not None
    first = next((s for s in segments if s.length), segments[0])
    base = opening.sequence + 1 if opening else first.sequence
    placed = _placed(segments, base)
    lost = _never_seen(placed)
    waiting: list[tuple[int, Segment]] = []
    for offset, segment in placed:
        waiting.append((offset, segment))
        progress = True
        while progress:
            progress = _take_next(stream, waiting, lost, segment.frame)
    stream.expected = _expected(segments, back, base, len(stream))
    return stream


def _placed(segments: list[Segment], base: int) -> list[tuple[int, Segment]]:
    """Each segment that carries payload, with its offset in the stream."""
    placed, nearby = [], 0
    for segment in segments:
        if not segment.length or segment.rst:
            continue
        sequence = segment.sequence + (1 if segment.syn else 0)
        offset = _near(sequence - base, nearby)
        nearby = max(nearby, offset)
        placed.append((offset, segment))
    return placed


def _near(offset: int, nearby: int) -> int:
    """An offset known modulo 2**32, as the number closest to `nearby`."""
    return nearby + (offset - nearby + HALF) % WHOLE - HALF


def _expected(segments: list[Segment], back: Iterable[Segment], base: int, end: int) -> int:
    """How many bytes the sender sent at least. One more may be acknowledged: an unseen FIN."""
    fins = [_near(s.sequence + s.length - base, end) for s in segments if s.fin]
    acknowledged = [_near(s.acknowledgement - base, end) for s in back if s.ack and not s.rst]
    beyond = [offset for offset in acknowledged if offset > end + 1]
    return max([end, *fins, *([] if fins else beyond)])


def _never_seen(placed: list[tuple[int, Segment]]) -> list[tuple[int, int]]:
    """The ranges between offset 0 and the last byte that no segment covers."""
    gaps, reached = [], 0
    for offset, segment in sorted(placed, key=lambda item: item[0]):
        if offset > reached:
            gaps.append((reached, offset))
        reached = max(reached, offset + segment.length)
    return gaps


def _take_next(
    stream: ByteStream,
    waiting: list[tuple[int, Segment]],
    lost: list[tuple[int, int]],
    arrival: int,
) -> bool:
    """Append what fits the stream's end; drop what it has already. False when nothing did."""
    end = len(stream)
    for item in list(waiting):
        offset, segment = item
        if offset + segment.length <= end:
            waiting.remove(item)
        elif offset <= end:
            waiting.remove(item)
            seen = end - offset
            stream._add(segment.payload[seen:], segment.length - seen, segment.frame, arrival)
            return True
    gap = next((stop for start, stop in lost if start == end), None)
    if gap is None or not waiting:
        return False
    stream._skip(gap - end, arrival)
    return True
