"""Reads a capture file's own structure: how many packets it holds, and what it says of itself.

The count is made without any Wireshark code, so that a tshark which stopped early is noticed.
Formats: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng).
"""

import struct
from dataclasses import dataclass, replace
from typing import Literal

FileKind = Literal["pcap", "pcapng"]

_PCAP_MAGIC = {
    b"\xd4\xc3\xb2\xa1": "<",
    b"\xa1\xb2\xc3\xd4": ">",
    b"\x4d\x3c\xb2\xa1": "<",
    b"\xa1\xb2\x3c\x4d": ">",
}
_SECTION_HEADER = b"\x0a\x0d\x0d\x0a"
_BYTE_ORDER = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
GZIP_MAGIC = b"\x1f\x8b"

_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _STATISTICS, _ENHANCED_PACKET, _SECRETS = 1, 2, 3, 5, 6, 10
_PACKETS = frozenset({_OLD_PACKET, _SIMPLE_PACKET, _ENHANCED_PACKET})
_SECTION = 0x0A0D0D0A
_PLAIN_BLOCKS = _PACKETS | {_SECTION, _INTERFACE, 4, _STATISTICS, _SECRETS, 0xBAD, 0x40000BAD}
_LONGEST_PACKET = 262_144
"""tshark refuses a longer one as damage."""


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface that the packets were recorded on."""

    link_type: int
    """LINKTYPE_ number (tcpdump.org registry)."""
    snap_length: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """What a capture file says of itself."""

    kind: FileKind
    packets: int = 0
    """Packets whose bytes are all there."""
    whole: bool = True
    """Whether the file ends where a packet or block ends."""
    countable: bool = True
    """False where blocks occur that tshark may or may not count as packets."""
    closed: bool = False
    """A pcapng that its recorder finished (it ends in interface statistics)."""
    embedded_keys: bool = False
    hardware: str = ""
    system: str = ""
    application: str = ""
    comments: tuple[str, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    cut_packets: int = 0
    """Packets of which the recorder kept fewer bytes than were on the wire."""


def file_kind(head: bytes) -> FileKind | None:
    """Which of the two formats a file's first bytes announce, or None."""
    if head[:4] in _PCAP_MAGIC:
        return "pcap"
    if head[:4] == _SECTION_HEADER and head[8:12] in _BYTE_ORDER:
        return "pcapng"
    return None


def read_container(data: memoryview | bytes) -> Container:
    """The structure of a whole file held in `data` (a memory map will do).

    Never raises for damaged bytes: reading stops there and `whole` is false.
    """
    view = memoryview(data)
    kind = file_kind(bytes(view[:12]))
    if kind is None:
        raise ValueError("neither pcap nor pcapng")
    return _read_pcap(view) if kind == "pcap" else _Pcapng(view).read()


def _read_pcap(view: memoryview) -> Container:
    order = _PCAP_MAGIC[bytes(view[:4])]
    end = len(view)
    if end < 24:
        return Container("pcap", whole=False)
    snap_length, link_type = struct.unpack_from(order + "II", view, 16)
    interface = Interface(link_type & 0x0FFFFFFF, snap_length)
    lengths = struct.Struct(order + "II").unpack_from
    at, packets, cut = 24, 0, 0
    while at + 16 <= end:
        kept, original = lengths(view, at + 8)
        if kept > _LONGEST_PACKET or at + 16 + kept > end:
            break
        at += 16 + kept
        packets += 1
        cut += kept < original
    return Container("pcap", packets, whole=at == end, interfaces=(interface,), cut_packets=cut)


class _Pcapng:
    """One walk over the blocks of a pcapng file."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._order = "<"
        self._found = Container("pcapng")
        self._snap_lengths: list[int] = []

    def read(self) -> Container:
        view, end = self._view, len(self._view)
        at, packets, cut, last_block, countable = 0, 0, 0, 0, True
        while at + 12 <= end:
            if bytes(view[at : at + 4]) == _SECTION_HEADER:
                order = _BYTE_ORDER.get(bytes(view[at + 8 : at + 12]))
                if order is None:
                    break
                self._order = order
            block, length = struct.unpack_from(self._order + "II", view, at)
            if length < 12 or length % 4 or at + length > end or not self._closes(at, length):
                break
            if block in _PACKETS:
                packets += 1
                cut += self._is_cut(block, at)
            else:
                self._note(block, at, length)
            countable = countable and block in _PLAIN_BLOCKS
            last_block = block
            at += length
        return replace(
            self._found,
            packets=packets,
            whole=at == end,
            countable=countable,
            closed=at == end and last_block == _STATISTICS,
            cut_packets=cut,
        )

    def _closes(self, at: int, length: int) -> bool:
        (trailer,) = struct.unpack_from(self._order + "I", self._view, at + length - 4)
        return bool(trailer == length)

    def _is_cut(self, block: int, at: int) -> bool:
        if block == _SIMPLE_PACKET:
            (original,) = struct.unpack_from(self._order + "I", self._view, at + 8)
            return bool(self._snap_lengths and 0 < self._snap_lengths[0] < original)
        kept, original = struct.unpack_from(self._order + "II", self._view, at + 20)
        return bool(kept < original)

    def _note(self, block: int, at: int, length: int) -> None:
        if block == _SECRETS:
            self._found = replace(self._found, embedded_keys=True)
        elif block == _SECTION:
            self._snap_lengths.clear()
            self._note_section(self._options(at + 24, at + length - 4))
        elif block == _INTERFACE and length >= 20:
            link_type, snap_length = struct.unpack_from(self._order + "HxxI", self._view, at + 8)
            self._snap_lengths.append(snap_length)
            name = self._options(at + 16, at + length - 4).get(2, [""])[0]
            interface = Interface(link_type, snap_length, name)
            self._found = replace(self._found, interfaces=(*self._found.interfaces, interface))

    def _note_section(self, options: dict[int, list[str]]) -> None:
        def first(code: int, known: str) -> str:
            return known or options.get(code, [""])[0]

        found = self._found
        self._found = replace(
            found,
            comments=found.comments + tuple(options.get(1, ())),
            hardware=first(2, found.hardware),
            system=first(3, found.system),
            application=first(4, found.application),
        )

    def _options(self, at: int, end: int) -> dict[int, list[str]]:
        options: dict[int, list[str]] = {}
        while at + 4 <= end:
            code, length = struct.unpack_from(self._order + "HH", self._view, at)
            if code == 0 or at + 4 + length > end:
                break
            text = bytes(self._view[at + 4 : at + 4 + length]).decode("utf-8", "replace")
            options.setdefault(code, []).append(text)
            at += 4 + (length + 3) // 4 * 4
        return options
