"""Capture files: the same frames, however they are wrapped."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.independent.container import read_capture

FRAMES = [(1_700_000_000_123_456_000, b"first frame"), (1_700_000_001_000_001_000, b"2nd")]
LINK = 113


def _pcap(order: str, nanoseconds: bool) -> bytes:
    unit = 1 if nanoseconds else 1000
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    data = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, LINK)
    for time, frame in FRAMES:
        seconds, rest = divmod(time, 1_000_000_000)
        data += struct.pack(order + "IIII", seconds, rest // unit, len(frame), 60) + frame
    return data


def _block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def _pcapng(order: str) -> bytes:
    """Two interfaces, the second with ns; a key log; a block of an unknown kind; a comment."""
    section = _block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    plain = _block(order, 1, struct.pack(order + "HHI", LINK, 0, 0))
    resolution = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0)
    fine = _block(order, 1, struct.pack(order + "HHI", LINK, 0, 0) + resolution)
    keys = b"CLIENT_RANDOM 00 11\n"
    secrets = _block(order, 10, struct.pack(order + "II", 0x544C534B, len(keys)) + keys)
    data = section + plain + fine + secrets + _block(order, 0x0BAD, b"what is this")
    for interface, (time, frame) in enumerate(FRAMES):
        ticks = time // (1000 if interface == 0 else 1)
        head = struct.pack(
            order + "IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), 60
        )
        comment = struct.pack(order + "HH8sHH", 1, 5, b"hello", 0, 0)
        data += _block(order, 6, head + frame + bytes(-len(frame) % 4) + comment)
    return data


@pytest.mark.parametrize(
    "data",
    [
        _pcap("<", False), _pcap(">", False), _pcap("<", True), _pcap(">", True),
        _pcapng("<"), _pcapng(">"), gzip.compress(_pcapng("<"), mtime=0),
    ],
)  # fmt: skip
def test_every_format_gives_the_same_frames(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    capture = read_capture(path)
    assert [(f.number, f.time, f.data) for f in capture.frames] == [
        (number, *frame) for number, frame in enumerate(FRAMES, 1)
    ]
    assert {(f.link_type, f.length) for f in capture.frames} == {(LINK, 60)}
    assert not capture.cut_short


def test_keys_inside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(_pcapng(">"))
    assert read_capture(path).keylogs == ["CLIENT_RANDOM 00 11\n"]


def _cut_gzip(data: bytes) -> bytes:
    """Gzip data without its trailer, as a full disk leaves it."""
    return gzip.compress(data)[:-8]


@pytest.mark.parametrize("data", [_pcap("<", False), _pcapng("<")])
@pytest.mark.parametrize("wrapped", [bytes, _cut_gzip])
def test_a_file_cut_short_gives_its_beginning(
    tmp_path: Path, data: bytes, wrapped: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "x"
    path.write_bytes(wrapped(data[:-1]))
    capture = read_capture(path)
    assert [frame.data for frame in capture.frames] == [FRAMES[0][1]]
    assert capture.cut_short


def test_anything_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"GIF89a and so on")
    with pytest.raises(ValueError, match="neither"):
        read_capture(path)
