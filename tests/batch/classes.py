"""Classes to try the batch on: real captures, moved in time so that no two have the same bytes."""

import gzip
import itertools
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_ENHANCED_PACKET = 6


@dataclass(frozen=True, slots=True)
class Source:
    """A capture of the project's corpus, and the key log recorded with it."""

    path: Path
    keylog: Path | None


_NOT_AT_FIRST = ("tcp-", "tls12-tcp-fast-open")
"""Captures without TLS, or over TCP with it from the first packet on."""


def sources(checkout: Path) -> list[Source]:
    """The corpus, by name."""
    found = []
    for path in sorted((checkout / "traces").glob("*.pcapng")):
        if path.name.startswith(_NOT_AT_FIRST):
            continue
        keylog = path.with_suffix(".keylog")
        found.append(Source(path, keylog if keylog.exists() else None))
    return found


def blocks(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Type, start and length of every block of a little-endian pcapng."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        yield kind, at, length
        at += length


def later(data: bytes, seconds: int) -> bytes:
    """The same capture, recorded `seconds` later (its clock counts microseconds or nanoseconds)."""
    moved = bytearray(data)
    for kind, at, _ in blocks(data):
        if kind == _ENHANCED_PACKET:
            high, low = struct.unpack_from("<II", data, at + 12)
            ticks = high << 32 | low
            ticks += seconds * (10**9 if ticks > 10**17 else 10**6)  # the year 5138 in the other
            struct.pack_into("<II", moved, at + 12, ticks >> 32, ticks & 0xFFFF_FFFF)
    return bytes(moved)


def _packets(data: bytes) -> list[tuple[int, int]]:
    return [(at, length) for kind, at, length in blocks(data) if kind == _ENHANCED_PACKET]


def _header_only(data: bytes) -> bytes:
    return data[: _packets(data)[0][0]]


def _cut_in_a_packet(data: bytes) -> bytes:
    at, length = _packets(data)[-3]
    return data[: at + length // 2]


def _damaged_length(data: bytes) -> bytes:
    at, _ = _packets(data)[-2]
    return data[: at + 4] + struct.pack("<I", 5) + data[at + 8 :]


def _damaged_at_once(data: bytes) -> bytes:
    at, _ = _packets(data)[0]
    return data[: at + 4] + struct.pack("<I", 5) + data[at + 8 :]


def _before_any_tls(data: bytes) -> bytes:
    at, length = _packets(data)[1]
    return data[: at + length]


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str | None]] = {
    "empty": (lambda data: b"", "capture-empty-file"),
    "web-page": (lambda data: b"<!doctype html><title>Log in</title>", "capture-not-a-capture"),
    "picture": (lambda data: b"GIF89a" + bytes(500), "capture-not-a-capture"),
    "one-byte": (lambda data: b"\x0a", "capture-not-a-capture"),
    "header-only": (_header_only, "capture-no-packets"),
    "damaged-at-once": (_damaged_at_once, "capture-no-whole-packet"),
    "no-tls": (_before_any_tls, "capture-no-tls"),
    "cut": (_cut_in_a_packet, None),
    "damaged": (_damaged_length, None),
    "gz-cut": (lambda data: gzip.compress(data, mtime=0)[:-40], None),
}
"""Ten ways to break a capture, and the mistake it is; None where the rest of it is still used."""


@dataclass(slots=True)
class Made:
    """A class on disk, and what is known of it."""

    folder: Path
    whole: dict[str, int]
    """Student to the seconds that their capture was moved by."""
    broken: dict[str, str]
    """Student to the way their capture is broken."""
    duplicates: list[str]
    source: dict[str, Source]


def make_class(
    folder: Path, corpus: list[Source], count: int, broken: int, duplicates: int
) -> Made:
    """`count` captures of as many students, `broken` of them broken, and further ones for some.

    Students are `s00001` and so on; those with an even number hand in a folder, the others a file.
    Key logs lie beside their captures.
    """
    made = Made(folder, {}, {}, [], {})
    ways = itertools.cycle(BROKEN)
    for number in range(1, count + 1):
        source = corpus[number % len(corpus)]
        way = next(ways) if number <= broken else None
        if way == "no-tls" and source.path.name.startswith("quic"):  # its first packet holds TLS
            source = next(s for s in corpus if not s.path.name.startswith("quic"))
        student = f"s{number:05}"
        data = later(source.path.read_bytes(), number)
        name = "capture.pcapng"
        made.source[student] = source
        if way is not None:
            data = BROKEN[way][0](data)
            name += ".gz" if way == "gz-cut" else ""
            made.broken[student] = way
        else:
            made.whole[student] = number
        if number > count - duplicates:
            made.duplicates.append(student)
            del made.whole[student]
            (folder / f"{student} copy.pcapng").write_bytes(later(data, 1))
        _hand_in(folder, student, number, name, data, source.keylog)
    return made


def _hand_in(
    folder: Path, student: str, number: int, name: str, data: bytes, keylog: Path | None
) -> None:
    if number % 2 == 0:
        own = folder / student
        own.mkdir()
        (own / name).write_bytes(data)
        if keylog is not None:
            (own / "sslkeys.log").write_bytes(keylog.read_bytes())
        return
    (folder / name.replace("capture", student)).write_bytes(data)
    if keylog is not None:
        (folder / f"{student}.keylog").write_bytes(keylog.read_bytes())
