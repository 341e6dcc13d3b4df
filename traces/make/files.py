"""What a script does with a capture once it is recorded: keys, metadata, hash."""

import hashlib
import struct
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

_SECTION_HEADER, _INTERFACE, _ENHANCED_PACKET = 0x0A0D0D0A, 1, 6
_OPT_END, _SHB_HARDWARE, _SHB_OS, _SHB_APPLICATION, _OPT_COMMENT, _IF_OS = 0, 2, 3, 4, 1, 12


def sha256(path: Path) -> str:
    """The file's SHA-256 in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def merge_keylogs(paths: Iterable[Path], out: Path) -> Path:
    """One key log with every distinct line of `paths`, in order."""
    lines = [
        line for path in paths for line in path.read_text().splitlines() if line and line[0] != "#"
    ]
    out.write_text("".join(f"{line}\n" for line in dict.fromkeys(lines)))
    return out


def embed_keys(capture: Path, keylog: Path, out: Path) -> Path:
    """A copy of `capture` with the key log inside, as a decryption secrets block (editcap)."""
    command = ["editcap", "--inject-secrets", f"tls,{keylog}", str(capture), str(out)]
    subprocess.run(command, check=True, capture_output=True)
    return out


def rewrite_section(
    capture: Path,
    *,
    hardware: str | None = None,
    system: str | None = None,
    application: str | None = None,
    comment: str | None = None,
) -> None:
    """Replace what a pcapng file says of the machine and the program that recorded it.

    That is the section header's options and, for `system`, the interfaces' if_os. An option that
    is not given stays; packets and all other blocks are not touched.
    """
    data = capture.read_bytes()
    order = "<" if data[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    given = {
        _OPT_COMMENT: comment,
        _SHB_HARDWARE: hardware,
        _SHB_OS: system,
        _SHB_APPLICATION: application,
    }
    section = {code: text.encode() for code, text in given.items() if text is not None}
    interface = {_IF_OS: system.encode()} if system is not None else {}
    capture.write_bytes(
        b"".join(
            {
                _SECTION_HEADER: lambda block: _with_options(block, 24, section, order),
                _INTERFACE: lambda block: _with_options(block, 16, interface, order),
            }.get(kind, bytes)(block)
            for kind, block in _blocks(data, order)
        )
    )


def keep_packets(capture: Path, keep: Callable[[int, bytes], bool]) -> None:
    """Leave out of a pcapng file the packets that `keep(number, data)` does not want.

    What a capturing machine loses: the other packets and their times stay as they were.
    """
    data = capture.read_bytes()
    order = "<" if data[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    kept, number = [], 0
    for kind, block in _blocks(data, order):
        if kind == _ENHANCED_PACKET:
            number += 1
            size = struct.unpack_from(order + "I", block, 20)[0]
            if not keep(number, block[28 : 28 + size]):
                continue
        kept.append(block)
    capture.write_bytes(b"".join(kept))


def _blocks(data: bytes, order: str) -> Iterable[tuple[int, bytes]]:
    offset = 0
    while offset < len(data):
        kind, length = struct.unpack_from(order + "II", data, offset)
        yield kind, data[offset : offset + length]
        offset += length


def _with_options(block: bytes, fixed: int, given: dict[int, bytes], order: str) -> bytes:
    """The block with these options replaced or added; `fixed` bytes come before its options."""
    options = dict(_options(block[fixed:-4], order)) | given
    body = block[8:fixed] + b"".join(
        struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)
        for code, value in sorted(options.items())
    )
    body += struct.pack(order + "HH", _OPT_END, 0)
    size = struct.pack(order + "I", len(body) + 12)
    return block[:4] + size + body + size


def _options(data: bytes, order: str) -> Iterable[tuple[int, bytes]]:
    offset = 0
    while offset + 4 <= len(data):
        code, length = struct.unpack_from(order + "HH", data, offset)
        if code == _OPT_END:
            return
        yield code, data[offset + 4 : offset + 4 + length]
        offset += 4 + length + (-length % 4)
