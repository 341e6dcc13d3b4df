"""Capture files: pcap and pcapng, plain or gzip-compressed, down to numbered frames."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PCAP_MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
SECTION, INTERFACE, OLD_PACKET, SIMPLE, ENHANCED, SECRETS = 0x0A0D0D0A, 1, 2, 3, 6, 10
TLS_KEY_LOG = 0x544C534B


@dataclass(frozen=True, slots=True)
class Frame:
    """One captured frame: Wireshark's number, time in ns since 1970, the bytes that were kept."""

    number: int
    time: int
    link_type: int
    data: bytes
    length: int


@dataclass(slots=True)
class Capture:
    """Frames in file order, key logs found inside the file, and whether it ends mid-block."""

    frames: list[Frame] = field(default_factory=list)
    keylogs: list[str] = field(default_factory=list)
    cut_short: bool = False


@dataclass(frozen=True, slots=True)
class _Interface:
    link_type: int
    ticks: int
    offset: int
    snap: int


def read_capture(path: Path) -> Capture:
    """Read a pcap or pcapng file (gzip is seen by its magic). ValueError for anything else."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = _gunzip(data)
    if data[:4] in PCAP_MAGIC:
        return _read_pcap(data)
    if data[:4] == struct.pack("<I", SECTION):
        return _read_pcapng(data)
    raise ValueError(f"{path.name} is neither pcap nor pcapng")


def _gunzip(data: bytes) -> bytes:
    """As much as gzip data yields: when cut short, its beginning."""
    out = b""
    while data:
        member = zlib.decompressobj(wbits=31)
        try:
            out += member.decompress(data)
        except zlib.error:
            return out
        data = member.unused_data
    return out


def _read_pcap(data: bytes) -> Capture:
    order, unit = PCAP_MAGIC[data[:4]]
    link_type = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    capture, offset = Capture(), 24
    while offset < len(data):
        if offset + 16 > len(data):
            capture.cut_short = True
            break
        seconds, fraction, kept, length = struct.unpack_from(order + "IIII", data, offset)
        offset += 16
        if offset + kept > len(data):
            capture.cut_short = True
            break
        time = seconds * 1_000_000_000 + fraction * unit
        kept_bytes = data[offset : offset + kept]
        capture.frames.append(Frame(len(capture.frames) + 1, time, link_type, kept_bytes, length))
        offset += kept
    return capture


def _read_pcapng(data: bytes) -> Capture:
    capture, order = Capture(), "<"
    interfaces: list[_Interface] = []
    offset = 0
    while offset < len(data):
        if offset + 12 > len(data):
            capture.cut_short = True
            break
        if data[offset : offset + 4] == struct.pack("<I", SECTION):
            order = "<" if data[offset + 8 : offset + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        kind, size = struct.unpack_from(order + "II", data, offset)
        if size < 12 or offset + size > len(data):
            capture.cut_short = True
            break
        body = data[offset + 8 : offset + size - 4]
        if kind == INTERFACE:
            interfaces.append(_interface(body, order))
        elif kind == SECRETS and struct.unpack_from(order + "I", body)[0] == TLS_KEY_LOG:
            length = struct.unpack_from(order + "I", body, 4)[0]
            capture.keylogs.append(body[8 : 8 + length].decode("ascii", "replace"))
        elif kind in (ENHANCED, OLD_PACKET, SIMPLE):
            capture.frames.append(
                _packet(kind, body, order, interfaces, number=len(capture.frames) + 1)
            )
        offset += size
    return capture


def _packet(kind: int, body: bytes, order: str, interfaces: list[_Interface], number: int) -> Frame:
    if kind == SIMPLE:
        length = struct.unpack_from(order + "I", body)[0]
        kept = min(length, interfaces[0].snap or length)
        return Frame(number, 0, interfaces[0].link_type, body[4 : 4 + kept], length)
    layout = "IIIII" if kind == ENHANCED else "HHIIII"
    fields = struct.unpack_from(order + layout, body)
    interface = interfaces[fields[0]]
    high, low, kept, length = fields[-4:]
    ticks = high << 32 | low
    time = ticks * 1_000_000_000 // interface.ticks + interface.offset * 1_000_000_000
    return Frame(number, time, interface.link_type, body[20 : 20 + kept], length)


def _interface(body: bytes, order: str) -> _Interface:
    link_type, _, snap = struct.unpack_from(order + "HHI", body)
    ticks, offset = 1_000_000, 0
    for code, value in _options(body[8:], order):
        if code == 9:
            ticks = 2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
        elif code == 14:
            offset = struct.unpack(order + "q", value)[0]
    return _Interface(link_type, ticks, offset, snap)


def _options(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset + 4 <= len(data):
        code, length = struct.unpack_from(order + "HH", data, offset)
        if code == 0:
            return
        yield code, data[offset + 4 : offset + 4 + length]
        offset += 4 + length + (-length % 4)
