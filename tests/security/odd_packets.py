"""Captures rewritten packet by packet: cut into IP fragments, or answered by ICMP errors."""

import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

_ETHERNET = 14
_ICMP, _TCP = 1, 6
_MORE_FRAGMENTS = 0x2000


def packets_of(capture: Path, folder: Path) -> Iterator[tuple[bytes, bytes]]:
    """The 8 bytes of time and the bytes of each packet of an Ethernet capture, through editcap."""
    editcap = shutil.which("editcap")
    assert editcap is not None
    plain = folder / f"{capture.stem}-plain.pcap"
    subprocess.run([editcap, "-F", "pcap", str(capture), str(plain)], check=True)
    data, at = plain.read_bytes(), 24
    while at < len(data):
        kept = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at : at + 8], data[at + 16 : at + 16 + kept]
        at += 16 + kept


def written(packets: list[tuple[bytes, bytes]], target: Path) -> Path:
    """A pcap of Ethernet packets."""
    records = [time + struct.pack("<II", len(p), len(p)) + p for time, p in packets]
    target.write_bytes(
        struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1) + b"".join(records)
    )
    return target


def fragmented(packet: bytes, longest: int = 400) -> list[bytes]:
    """An Ethernet packet with IPv4 and TCP as IP fragments; others as they are."""
    if not is_tcp(packet) or len(packet) < _ETHERNET + 20 + longest:
        return [packet]
    head, body = packet[_ETHERNET : _ETHERNET + 20], packet[_ETHERNET + 20 :]
    made = []
    for at in range(0, len(body), longest):
        more = _MORE_FRAGMENTS if at + longest < len(body) else 0
        part = body[at : at + longest]
        made.append(packet[:_ETHERNET] + _ip(head, part, at // 8 | more) + part)
    return made


def unreachable(packet: bytes) -> bytes:
    """The ICMP error that a router sends back for a packet, with its beginning quoted."""
    head = packet[_ETHERNET : _ETHERNET + 20]
    said = bytes((3, 4, 0, 0)) + bytes(4) + packet[_ETHERNET : _ETHERNET + 28]
    said = said[:2] + struct.pack(">H", _checksum(said)) + said[4:]
    back = head[:9] + bytes([_ICMP]) + head[10:12] + head[16:20] + head[12:16]
    return packet[6:12] + packet[:6] + packet[12:_ETHERNET] + _ip(back, said, 0) + said


def is_tcp(packet: bytes) -> bool:
    """IPv4 without options and TCP, on Ethernet, not in fragments."""
    return (
        packet[12:15] == b"\x08\x00\x45"
        and packet[_ETHERNET + 9] == _TCP
        and not struct.unpack_from(">H", packet, _ETHERNET + 6)[0] & 0x3FFF
    )


def ip_header(source: bytes, target: bytes, body: bytes) -> bytes:
    """An IPv4 header for TCP between two addresses of four bytes."""
    plain = b"\x45\0\0\0\0\x01\0\0\x40" + bytes([_TCP, 0, 0]) + source + target
    return _ip(plain, body, 0)


def _ip(head: bytes, body: bytes, offset: int) -> bytes:
    length = struct.pack(">H", 20 + len(body))
    new = head[:2] + length + head[4:6] + struct.pack(">H", offset) + head[8:10] + b"\0\0"
    new += head[12:20]
    return new[:10] + struct.pack(">H", _checksum(new)) + new[12:]


def _checksum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
