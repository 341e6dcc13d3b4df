"""Which key logs open a capture: told by the randoms in both, then by where the files lie."""

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from mmap import mmap
from pathlib import Path

from report.batch.places import is_local
from report.capture.container import GZIP_MAGIC
from report.capture.intake import MAX_KEYLOG_BYTES, MAX_UNPACKED_BYTES
from report.tls.keylog import parse_keylog

_CLIENT_HELLO = re.compile(
    # A record that begins with a Client Hello: type, version, length, message type and length,
    # version, random (RFC 8446, 4.1.2 and 5.1).
    rb"\x16\x03[\x00-\x04]..\x01\x00..\x03[\x00-\x03](.{32})",
    re.DOTALL,
)


def client_randoms(capture: bytes | mmap) -> frozenset[bytes]:
    """The randoms of the Client Hellos that lie whole in one packet of a capture file.

    Those of QUIC are encrypted, and so not among them.
    """
    if capture[:2] == GZIP_MAGIC:
        capture = _unpacked(capture[:])
    return frozenset(match[1] for match in _CLIENT_HELLO.finditer(capture))


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(data, MAX_UNPACKED_BYTES)
    except zlib.error:
        return b""


def fitting_keylogs(
    capture: bytes | mmap, own: Sequence[Path], common: tuple[Path, ...]
) -> tuple[Path, ...]:
    """The logs that hold secrets of a capture's sessions: the student's own, then others at need.

    Where no content says so (QUIC), the student's `own`: the ones beside the capture. `common` are
    everybody's; one of them fits by content or not at all.
    """
    if not own and not common:
        return ()
    randoms = client_randoms(capture)
    opened: dict[Path, set[bytes]] = {}
    for index in (_index(own), _common_index(common)):
        for random in randoms:
            for log in index.get(random[:8], ()):
                opened.setdefault(log, set()).add(random)
    by_use = sorted(opened, key=lambda log: (log not in own, -len(opened[log]), log.name, str(log)))
    return tuple(_without_idle(by_use, opened)) or tuple(own)


def _without_idle(logs: Iterable[Path], opened: Mapping[Path, set[bytes]]) -> Iterator[Path]:
    """Those of the logs that open a session which none before them does."""
    done: set[bytes] = set()
    for log in logs:
        if not opened[log] <= done:
            done |= opened[log]
            yield log


@lru_cache(maxsize=1)
def _common_index(logs: tuple[Path, ...]) -> dict[bytes, tuple[Path, ...]]:
    return _index(logs)


def _index(logs: Sequence[Path]) -> dict[bytes, tuple[Path, ...]]:
    """Random (only its start, to save memory) to the logs that know it."""
    knowing: dict[bytes, tuple[Path, ...]] = {}
    for log in logs:
        for random in parse_keylog(read_keylog(log)).secrets:
            knowing[random[:8]] = (*knowing.get(random[:8], ()), log)
    return knowing


def joined(logs: Iterable[bytes]) -> bytes:
    """Several key logs as one, which is one too."""
    return b"\n".join(log.removeprefix(b"\xef\xbb\xbf") for log in logs)


def read_keylog(log: Path) -> bytes:
    """The bytes of a key log; empty where it cannot be read, which then opens nothing."""
    if is_local(log) and not log.is_file():
        return b""
    try:
        with log.open("rb") as file:
            return file.read(MAX_KEYLOG_BYTES)
    except OSError:
        return b""
