"""The detail of single frames: Wireshark's dissection tree, and the byte buffers beside it."""

import re
from dataclasses import dataclass
from typing import Literal

from lxml import etree

ByteSource = Literal["frame", "reassembled", "decrypted"]
"""What kind of buffer an offset counts in, as the tabs of Wireshark's byte pane."""

_NUMBER_LINE = re.compile(r"(?m)^ *(\d+)\n\n")
_HEADING = re.compile(r"^(.+) \(\d+ bytes?\):$")
_HEX_ROW = re.compile(r"^[0-9a-f]{4,8}  ((?:[0-9a-f]{2} ){1,16})")


@dataclass(frozen=True, slots=True)
class Buffer:
    """One tab of Wireshark's byte pane."""

    name: str
    """In Wireshark's words: `Frame`, `Reassembled TCP`, `Decrypted TLS`."""
    source: ByteSource
    data: bytes


@dataclass(frozen=True, slots=True)
class FrameDetail:
    """One frame as Wireshark dissects it."""

    number: int
    tree: etree._Element
    """The `<packet>` element of PDML: `proto` and `field` elements, nested as Wireshark shows
    them, with name, showname, show, value, pos and size."""
    buffers: tuple[Buffer, ...]


def frame_number(tree: etree._Element) -> int:
    """The packet number that a `<packet>` element is about."""
    number = tree.find("proto[@name='geninfo']/field[@name='num']")
    if number is None:
        raise ValueError("a packet without its number")
    return int(number.get("show", ""))


def split_dumps(output: str) -> dict[int, str]:
    """`tshark -P -x` output, with the number as the only column, parted by packet number."""
    pieces = _NUMBER_LINE.split(output)
    return {int(number): dump for number, dump in zip(pieces[1::2], pieces[2::2], strict=True)}


def parse_dump(dump: str) -> tuple[Buffer, ...]:
    """The buffers of one packet; where there is only one, tshark prints no heading for it."""
    named: list[tuple[str, bytearray]] = []
    for line in dump.splitlines():
        row = _HEX_ROW.match(line)
        if row:
            if not named:
                named.append(("Frame", bytearray()))
            named[-1][1].extend(bytes.fromhex(row[1]))
        elif heading := _HEADING.match(line):
            named.append((heading[1], bytearray()))
    return tuple(Buffer(name, _source(name), bytes(data)) for name, data in named)


def _source(name: str) -> ByteSource:
    if name == "Frame":
        return "frame"
    return "decrypted" if name.startswith("Decrypted") else "reassembled"
