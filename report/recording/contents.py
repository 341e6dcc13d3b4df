"""What came of a recording: the connections in it, and the keys that belong to them."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from report.capture.fields import PACKET_FIELDS
from report.capture.trace import open_trace
from report.capture.trimming import with_keys
from report.errors import LabsharkError
from report.tables.connections import Connection, find_connections
from report.tables.packets import occurrences
from report.tables.reading import read_packets
from report.tls.keylog import parse_keylog


@dataclass(frozen=True, slots=True)
class Contents:
    """A recording as far as it is read before it is handed over."""

    packets: int
    connections: tuple[Connection, ...]
    """Every connection that speaks TLS, with a Client Hello in it."""
    randoms: frozenset[bytes]
    """The random values of all hellos."""


EMPTY = Contents(0, (), frozenset())


def read_contents(capture: Path) -> Contents:
    """Reads a capture quickly; one without packets, or without any TLS, is no fault here.

    Raises LabsharkError as `open_trace` and `Trace.columns` do.
    """
    try:
        with open_trace(capture) as trace:
            packets = read_packets(trace, [field.name for field in PACKET_FIELDS])
            cells = packets["tls.handshake.random"].unique()
            connections = find_connections(packets)
    except LabsharkError as fault:
        if fault.slug in ("capture-no-packets", "capture-empty-file"):
            return EMPTY
        raise
    randoms = (bytes.fromhex(value.replace(":", "")) for c in cells for value in occurrences(c))
    greeted = tuple(c for c in connections if c.hello_frame is not None)
    return Contents(len(packets), greeted, frozenset(randoms))


def keys_of(keylog: bytes, randoms: Collection[bytes]) -> bytes:
    """Of a key log the lines of those sessions whose client randoms are given."""
    lines = [
        f"{label} {random.hex()} {secret.hex()}\n"
        for random, secrets in parse_keylog(keylog).secrets.items()
        if random in randoms
        for label, secret in secrets.items()
    ]
    return "".join(lines).encode()


def with_its_keys(capture: bytes, keylog: bytes, contents: Contents) -> tuple[bytes, int]:
    """The capture with the keys of its own sessions embedded, and of how many sessions.

    A browser logs keys of whatever it spoke to; only what is in the capture counts.
    """
    keys = keys_of(keylog, contents.randoms)
    if not keys:
        return capture, 0
    return with_keys(capture, keys), len(parse_keylog(keys).secrets)
