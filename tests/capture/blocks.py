"""Capture files built byte by byte, whole and broken (draft-ietf-opsawg-pcap, -pcapng)."""

import struct
import subprocess
from pathlib import Path

SECTION = 0x0A0D0D0A
PACKET = bytes(60)
READ_PCAPNG, READ_PCAP = "Wireshark/... - pcapng", "Wireshark/tcpdump/... - pcap"


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = 12 + len(body)
    return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size)


def section(order: str = "<", version: tuple[int, int] = (1, 0), options: bytes = b"") -> bytes:
    body = struct.pack(order + "IHHq", 0x1A2B3C4D, *version, -1)
    return block(SECTION, body + options, order)


def interface(
    order: str = "<", link_type: int = 1, snap_length: int = 0, options: bytes = b""
) -> bytes:
    return block(1, struct.pack(order + "HHI", link_type, 0, snap_length) + options, order)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def enhanced(
    data: bytes = PACKET,
    number: int = 0,
    order: str = "<",
    kept: int | None = None,
    original: int | None = None,
) -> bytes:
    """An Enhanced Packet Block; `kept` and `original` may lie."""
    lengths = (len(data) if kept is None else kept, len(data) if original is None else original)
    return block(6, struct.pack(order + "5I", number, 0, 0, *lengths) + data, order)


def simple(data: bytes, original: int) -> bytes:
    return block(3, struct.pack("<I", original) + data)


def old(data: bytes = PACKET, number: int = 0) -> bytes:
    return block(2, struct.pack("<HHIIII", number, 0, 0, 0, len(data), len(data)) + data)


def statistics() -> bytes:
    return block(5, struct.pack("<III", 0, 0, 0))


def secrets(text: bytes, length: int | None = None) -> bytes:
    size = len(text) if length is None else length
    return block(10, struct.pack("<II", 0x544C534B, size) + text)


def pcap_header(
    order: str = "<",
    magic: int = 0xA1B2C3D4,
    version: tuple[int, int] = (2, 4),
    snap_length: int = 262_144,
    link_type: int = 1,
) -> bytes:
    return struct.pack(order + "IHHiIII", magic, *version, 0, 0, snap_length, link_type)


def record(
    data: bytes = PACKET, order: str = "<", kept: int | None = None, original: int | None = None
) -> bytes:
    """A pcap record; `kept` and `original` may lie."""
    lengths = (len(data) if kept is None else kept, len(data) if original is None else original)
    return struct.pack(order + "4I", 1, 2, *lengths) + data


def tshark_count(path: Path, read_format: str) -> tuple[int, int]:
    """tshark's exit status, and how many packets it shows."""
    argv = ["tshark", "-n", "-2", "-X", f"read_format:{read_format}", "-r", str(path)]
    done = subprocess.run(
        [*argv, "-T", "fields", "-e", "frame.number"],
        capture_output=True,
        env={"PATH": "/usr/bin:/usr/local/bin:/opt/homebrew/bin", "HOME": "/nonexistent"},
    )
    return done.returncode, done.stdout.count(b"\n")
