"""A capture with only one session in it: pcapng blocks rewritten (draft-ietf-opsawg-pcapng).

tshark selects the packets; here each gets a comment with its number in the full capture, keys are
taken out, and put in only where they are asked for.
"""

import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

_SECTION, _ENHANCED_PACKET, _SECRETS, _INTERFACE, _NAMES = 0x0A0D0D0A, 6, 10, 1, 4
_STATISTICS = 5
_KEPT = frozenset({_SECTION, _INTERFACE, _ENHANCED_PACKET, _STATISTICS})
_LITTLE_ENDIAN = b"\x4d\x3c\x2b\x1a"
_TLS_KEY_LOG = 0x544C534B
_COMMENT = 1
_MOST_SECRETS = 64 << 20
_PACKET_HEADER = 28
"""Bytes of an enhanced packet block before the packet: type, length, interface, time, lengths."""


def trimmed(
    capture: bytes, numbers: Iterable[int], keys: bytes = b"", *, finished: bool = False
) -> bytes:
    """The pcapng `capture`, each packet with its number from `numbers` as a comment.

    Blocks of every other kind are left out (secrets, resolved names, a system's journal, what
    vendors add): they tell of more than one session. `keys` is a key log to embed in front of the
    packets; empty for none. What was `finished` ends in interface statistics, as dumpcap's files
    do when they are closed in order. Raises ValueError for what is not a little-endian pcapng with
    as many packets as `numbers`.
    """
    remaining = iter(numbers)
    written: list[bytes] = []
    pending = _secrets_block(keys) if keys else b""
    last = b""
    for kind, block in _blocks(capture):
        if kind not in _KEPT:
            continue
        last = block if kind == _ENHANCED_PACKET else b""
        if kind == _ENHANCED_PACKET:
            written.append(pending)
            pending = b""
            number = next(remaining, None)
            if number is None:
                raise ValueError("more packets than numbers")
            block = _commented(block, f"packet {number} of the full capture")
        written.append(block)
    if next(remaining, None) is not None:
        raise ValueError("fewer packets than numbers")
    if finished and last:
        written.append(_statistics_block(last))
    return b"".join(written)


def with_keys(capture: bytes, keys: bytes) -> bytes:
    """The pcapng `capture` with a key log embedded in front of its packets, all else untouched.

    An end that breaks off does no harm. Raises ValueError for what is not a little-endian pcapng.
    """
    at = 0
    for kind, block in _whole_blocks(capture):
        if kind not in (_SECTION, _INTERFACE, _NAMES, _SECRETS):
            break
        at += len(block)
    return capture[:at] + _secrets_block(keys) + capture[at:]


def embedded_keylog(path: Path) -> bytes:
    """The TLS key logs inside a pcapng, one after the other, at most 64 MiB; empty for none."""
    found, size = [], 0
    with path.open("rb") as file:
        head = file.read(12)
        order = "<" if head[8:12] == _LITTLE_ENDIAN else ">"
        file.seek(0)
        while len(head := file.read(8)) == 8:
            kind, length = struct.unpack(order + "II", head)
            if length < 12 or length % 4:
                break
            if kind == _SECRETS and (size := size + length) <= _MOST_SECRETS:
                found.append(_tls_keys(order, file.read(length - 8)))
            else:
                file.seek(length - 8, os.SEEK_CUR)
    return b"\n".join(found)


def _tls_keys(order: str, block: bytes) -> bytes:
    if len(block) < 12:
        return b""
    kind, length = struct.unpack_from(order + "II", block)
    return block[8 : 8 + length] if kind == _TLS_KEY_LOG else b""


def _blocks(capture: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    for kind, block in _whole_blocks(capture):
        yield kind, block
        at += len(block)
    if at + 12 <= len(capture):
        raise ValueError("a block of impossible length")


def _whole_blocks(capture: bytes) -> Iterator[tuple[int, bytes]]:
    """The blocks up to the first that is cut short or damaged."""
    if capture[8:12] != _LITTLE_ENDIAN:
        raise ValueError("not a little-endian pcapng")
    at = 0
    while at + 12 <= len(capture):
        kind, length = struct.unpack_from("<II", capture, at)
        if length < 12 or length % 4 or at + length > len(capture):
            return
        yield kind, capture[at : at + length]
        at += length


def _statistics_block(packet: bytes) -> bytes:
    """The least that can be said of an interface: its number, and the time of its last packet."""
    return struct.pack("<II", _STATISTICS, 24) + packet[8:20] + struct.pack("<I", 24)


def _commented(block: bytes, comment: str) -> bytes:
    (kept,) = struct.unpack_from("<I", block, 20)
    options_at = _PACKET_HEADER + (kept + 3) // 4 * 4
    option = _option(_COMMENT, comment.encode())
    # An options list ends in an end marker; where there is none, one goes behind ours.
    options = block[options_at:-4] or struct.pack("<HH", 0, 0)
    length = options_at + len(option) + len(options) + 4
    return (
        struct.pack("<II", _ENHANCED_PACKET, length)
        + block[8:options_at]
        + option
        + options
        + struct.pack("<I", length)
    )


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def _secrets_block(keys: bytes) -> bytes:
    padded = keys + b"\0" * (-len(keys) % 4)
    length = 20 + len(padded)
    head = struct.pack("<IIII", _SECRETS, length, _TLS_KEY_LOG, len(keys))
    return head + padded + struct.pack("<I", length)
