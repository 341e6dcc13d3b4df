"""TLS records in a byte stream (RFC 5246 section 6.2, RFC 8446 section 5.1)."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.independent.streams import ByteStream

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA, HEARTBEAT = 20, 21, 22, 23, 24
SSL2_HELLO = 0x80
LONGEST = 16384 + 2048


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it lies in its stream.

    `body` is what is known of it from its beginning (all of it unless `cut`); `offset` is that of
    its header in the stream, `start` that of its body. `frame` is where it became complete; for
    one cut by a snap length, where it begins. A record of which a part was never captured, or
    which the capture's end cuts, has frame 0: Wireshark shows no message for it.
    """

    type: int
    version: int
    offset: int
    start: int
    length: int
    body: bytes
    frame: int
    parts: tuple[int, ...]

    @property
    def cut(self) -> bool:
        return len(self.body) < self.length


def records(stream: ByteStream, *, client: bool) -> Iterator[Record]:
    """CutError a stream into records.

    What is not TLS is stepped over, segment by segment: a greeting before STARTTLS, the rest of a
    record whose beginning was not captured.
    """
    offset, starts = 0, iter(stream.starts)
    while offset < len(stream):
        record = _sslv2_hello(stream, offset) if client else None
        record = record or _record(stream, offset)
        if record is None:
            offset = next((start for start in starts if start > offset), len(stream))
            continue
        yield record
        offset = record.start + record.length


def _record(stream: ByteStream, offset: int) -> Record | None:
    header = stream.prefix(offset, offset + 5)
    if not _plausible(header):
        return None
    length = int.from_bytes(header[3:5], "big")
    version = int.from_bytes(header[1:3], "big")
    return _placed(stream, header[0], version, offset, offset + 5, length)


def _plausible(header: bytes) -> bool:
    return (
        len(header) == 5
        and CHANGE_CIPHER_SPEC <= header[0] <= HEARTBEAT
        and header[1] == 3
        and header[2] <= 4
        and int.from_bytes(header[3:5], "big") <= LONGEST
    )


def _sslv2_hello(stream: ByteStream, offset: int) -> Record | None:
    """A Client Hello in the format of SSL 2.0 (RFC 5246 appendix E.2), at the very beginning."""
    header = stream.prefix(0, 5)
    if offset or len(header) < 5 or not header[0] & 0x80:
        return None
    if header[2] != 1 or header[3:5] not in (b"\0\2", b"\3\0", b"\3\1", b"\3\2", b"\3\3"):
        return None
    length = (header[0] & 0x7F) << 8 | header[1]
    return _placed(stream, SSL2_HELLO, int.from_bytes(header[3:5], "big"), 0, 2, length)


def _placed(
    stream: ByteStream, kind: int, version: int, offset: int, start: int, length: int
) -> Record:
    end = start + length
    return Record(
        kind,
        version,
        offset,
        start,
        length,
        stream.prefix(start, end),
        completion(stream, offset, end),
        stream.carriers(offset, end),
    )


def completion(stream: ByteStream, start: int, end: int) -> int:
    """The frame at which a range of the stream was complete; see `Record.frame`."""
    if end > len(stream):
        return 0
    if stream.whole(start, end):
        return stream.arrival[end - 1]
    return stream.arrival[start] if all(stream.carrier[start:end]) else 0
