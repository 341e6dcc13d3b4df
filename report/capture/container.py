"""Reads a capture file's own structure: how many packets it holds, and what it says of itself.

The count is made without any Wireshark code, so that a tshark which stopped early is noticed.
Formats: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng); what counts as damage
is what tshark takes for damage.
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO, Literal

FileKind = Literal["pcap", "pcapng"]

_PCAP_MAGIC = {
    b"\xd4\xc3\xb2\xa1": "<",
    b"\xa1\xb2\xc3\xd4": ">",
    b"\x4d\x3c\xb2\xa1": "<",
    b"\xa1\xb2\x3c\x4d": ">",
}
_PCAP_VERSIONS = frozenset({2, 543})
_SECTION_HEADER = b"\x0a\x0d\x0d\x0a"
_BYTE_ORDER = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
GZIP_MAGIC = b"\x1f\x8b"

_SECTION = 0x0A0D0D0A
_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _NAMES, _STATISTICS = 1, 2, 3, 4, 5
_ENHANCED_PACKET, _SECRETS = 6, 10
_SHORTEST_BLOCK = {
    _SECTION: 28,
    _INTERFACE: 20,
    _OLD_PACKET: 32,
    _SIMPLE_PACKET: 16,
    _NAMES: 16,
    _STATISTICS: 24,
    _ENHANCED_PACKET: 32,
    _SECRETS: 20,
}
"""Every block that tshark knows how to count; it shows some of the others as packets."""
_SECTION_VERSIONS = frozenset({(1, 0), (1, 2)})

_LONGEST_PACKET = 262_144
"""tshark refuses a longer one as damage."""
_CHUNK = 1 << 20
_LONGEST_OPTIONS = 1 << 16
_MOST_DESCRIBED = 64
"""Interfaces, and comments, that are kept of a file with any number of them."""


class TooManyBlocksError(ValueError):
    """The file holds more packets or other blocks than the caller is willing to walk over."""


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface that the packets were recorded on."""

    link_type: int
    """LINKTYPE_ number (tcpdump.org registry)."""
    snap_length: int
    name: str = ""


@dataclass(slots=True)
class Container:
    """What a capture file says of itself."""

    kind: FileKind
    packets: int = 0
    """Packets whose bytes are all there, up to the first damage."""
    end: int = 0
    """Where the last whole packet or block ends, in bytes from the start."""
    whole: bool = True
    """Whether the file ends where a packet or block ends."""
    damaged: bool = False
    """Whether something that is no packet stands where one should, before the end."""
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
    """At most the first 64."""
    cut_packets: int = 0
    """Packets of which the recorder kept fewer bytes than were on the wire."""

    @property
    def unfinished(self) -> bool:
        """Whether dumpcap, which ends every file in interface statistics, was cut off in it."""
        written_by_dumpcap = self.application.startswith("Dumpcap")
        return self.kind == "pcapng" and written_by_dumpcap and self.whole and not self.closed

    @property
    def finished(self) -> bool:
        """Whether nothing tells that packets are missing at its end."""
        return self.whole and not self.damaged and not self.unfinished


def file_kind(head: bytes) -> FileKind | None:
    """Which of the two formats a file's first twelve bytes announce, or None."""
    if head[:4] in _PCAP_MAGIC:
        return "pcap"
    if head[:4] == _SECTION_HEADER and head[8:12] in _BYTE_ORDER:
        return "pcapng"
    return None


def read_container(file: BinaryIO, most: int = 1 << 62) -> Container:
    """The structure of a whole capture; `file` is open, unbuffered or in memory, at any place.

    Damage never raises: reading stops there and `whole` is false. Raises ValueError for a file of
    another kind, TooManyBlocksError after `most` packets or blocks.
    """
    window = _Window(file)
    kind = file_kind(window.take(0, 12))
    if kind is None:
        raise ValueError("neither pcap nor pcapng")
    return _read_pcap(window, most) if kind == "pcap" else _Pcapng(window).read(most)


class _Window:
    """A file's bytes at any place, read in large pieces.

    Not a memory map: a file that another program makes shorter meanwhile is then read short, where
    a map would end the whole process with SIGBUS.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.first = 0
        """Where `data` begins in the file."""
        self.data = b""

    def reach(self, at: int, length: int) -> int:
        """Brings file[at : at + length] into `data`, as far as the file goes; gives its index."""
        index = at - self.first
        if index < 0 or index + length > len(self.data):
            self._file.seek(at)
            self.data = self._file.read(max(length, _CHUNK))
            self.first = at
            return 0
        return index

    def holds(self, at: int, length: int) -> bool:
        """Whether the file goes as far as at + length."""
        index = self.reach(at, length)
        return len(self.data) - index >= length

    def take(self, at: int, length: int) -> bytes:
        """file[at : at + length], shorter at the file's end."""
        index = self.reach(at, length)
        return self.data[index : index + length]


def _read_pcap(window: _Window, most: int) -> Container:
    head = window.take(0, 24)
    order = _PCAP_MAGIC[head[:4]]
    found = Container("pcap", end=len(head), whole=len(head) == 24)
    if not found.whole:
        return found
    (version,) = struct.unpack_from(order + "H", head, 4)
    snap_length, link_type = struct.unpack_from(order + "II", head, 16)
    found.interfaces = (Interface(link_type & 0x0FFFFFFF, snap_length),)
    if version not in _PCAP_VERSIONS:
        found.whole, found.damaged = False, True
        return found
    found.end = _walk_records(window, order, found, most)
    return found


def _walk_records(window: _Window, order: str, found: Container, most: int) -> int:
    lengths = struct.Struct(order + "8xII").unpack_from
    at, packets, cut = 24, 0, 0
    while packets <= most:
        index = window.reach(at, 16)
        data = window.data
        last = len(data) - 16
        if index > last:
            found.whole = index == len(data)
            break
        kept, original = lengths(data, index)
        if kept > _LONGEST_PACKET:
            found.whole, found.damaged = False, True
            break
        if index + kept > last and not window.holds(at, 16 + kept):
            found.whole = False
            break
        at += 16 + kept
        packets += 1
        cut += kept < original
    else:
        raise TooManyBlocksError
    found.packets, found.cut_packets = packets, cut
    return at


class _Section:
    """What a section's blocks are read with: its byte order, and the interfaces met so far."""

    def __init__(self, order: str = "<") -> None:
        self.order = order
        self.word = struct.Struct(order + "I")
        self.block = struct.Struct(order + "II")
        self.packet = struct.Struct(order + "III8xII")
        self.old_packet = struct.Struct(order + "IIH10xII")
        self.snap_lengths: list[int] = []


class _Pcapng:
    """One walk over the blocks of a pcapng file."""

    def __init__(self, window: _Window) -> None:
        self._window = window
        self._section = _Section()
        self._found = Container("pcapng")
        self._interfaces: list[Interface] = []
        self._comments: list[str] = []

    def read(self, most: int) -> Container:
        found, blocks = self._found, 0
        while (block := self._next_block(found.end)) is not None:
            found.closed = block == _STATISTICS
            blocks += 1
            self._pass_packets()
            if max(blocks, found.packets) > most:
                raise TooManyBlocksError
        found.closed = found.closed and found.whole
        found.interfaces = tuple(self._interfaces)
        found.comments = tuple(self._comments)
        return found

    def _pass_packets(self) -> None:
        """Takes in the sound enhanced packets that follow in the window.

        Nearly every block is one, so they are taken here at three times the speed of
        `_next_block`, which takes whatever this leaves.
        """
        found, section, data = self._found, self._section, self._window.data
        index, held = found.end - self._window.first, len(data)
        unpack, word = section.packet.unpack_from, section.word.unpack_from
        interfaces = len(section.snap_lengths)
        packets = cut = 0
        while 0 <= index <= held - 32:
            block, length, interface, kept, original = unpack(data, index)
            end = index + length
            if block != _ENHANCED_PACKET or length & 3 or end > held:
                break
            if kept > length - 32 or kept > _LONGEST_PACKET or interface >= interfaces:
                break
            if word(data, end - 4)[0] != length:
                break
            index = end
            packets += 1
            cut += kept < original
        if packets:
            found.packets += packets
            found.cut_packets += cut
            found.end = self._window.first + index
            found.closed = False

    def _next_block(self, at: int) -> int | None:
        """Takes in the block at `at`, moving `end` behind it; None where there is no other."""
        index = self._window.reach(at, 32)
        head = self._window.data[index : index + 32]
        if not head:
            return None
        if len(head) < 12:
            return self._stop(damaged=False)
        if head[:4] == _SECTION_HEADER and not self._enter_section(head):
            return self._stop(damaged=True)
        block: int
        block, length = self._section.block.unpack_from(head)
        size = (length + 3) & ~3
        if size < _SHORTEST_BLOCK.get(block, 12):
            return self._stop(damaged=True)
        trailer = self._window.take(at + size - 4, 4)
        if len(trailer) < 4:
            return self._stop(damaged=False)
        if trailer not in (head[4:8], struct.pack(self._section.order + "I", size)):
            return self._stop(damaged=True)
        if not self._take_in(block, at, size, head):
            return self._stop(damaged=True)
        self._found.end = at + size
        return block

    def _stop(self, *, damaged: bool) -> int | None:
        self._found.whole, self._found.damaged = False, damaged
        return None

    def _enter_section(self, head: bytes) -> bool:
        order = _BYTE_ORDER.get(head[8:12])
        if order is None or len(head) < 16:
            return False
        self._section = _Section(order)
        return struct.unpack_from(order + "HH", head, 12) in _SECTION_VERSIONS

    def _take_in(self, block: int, at: int, size: int, head: bytes) -> bool:
        """Whether the block is as it should be."""
        section = self._section
        if block in (_ENHANCED_PACKET, _OLD_PACKET):
            layout = section.packet if block == _ENHANCED_PACKET else section.old_packet
            _, _, interface, kept, original = layout.unpack_from(head)
            return self._packet(interface, kept, original, size - 32)
        if block == _SIMPLE_PACKET:
            (original,) = struct.unpack_from(section.order + "I", head, 8)
            snap_length = section.snap_lengths[0] if section.snap_lengths else 0
            kept = min(original, snap_length or original)
            return self._packet(0, kept, original, size - 16)
        self._found.countable = self._found.countable and block in _SHORTEST_BLOCK
        return self._note(block, at, size, head)

    def _packet(self, interface: int, kept: int, original: int, room: int) -> bool:
        if kept > room or kept > _LONGEST_PACKET or interface >= len(self._section.snap_lengths):
            return False
        self._found.packets += 1
        self._found.cut_packets += kept < original
        return True

    def _note(self, block: int, at: int, size: int, head: bytes) -> bool:
        if block == _SECRETS:
            (length,) = struct.unpack_from(self._section.order + "I", head, 12)
            self._found.embedded_keys = True
            return bool(length <= size - 20)
        if block == _SECTION:
            self._note_section(self._options(at + 24, at + size - 4))
        elif block == _INTERFACE:
            link_type, snap_length = struct.unpack_from(self._section.order + "HxxI", head, 8)
            self._section.snap_lengths.append(snap_length)
            if len(self._interfaces) < _MOST_DESCRIBED:
                name = self._options(at + 16, at + size - 4).get(2, [""])[0]
                self._interfaces.append(Interface(link_type, snap_length, name))
        return True

    def _note_section(self, options: dict[int, list[str]]) -> None:
        def first(code: int, known: str) -> str:
            return known or options.get(code, [""])[0]

        found = self._found
        found.hardware = first(2, found.hardware)
        found.system = first(3, found.system)
        found.application = first(4, found.application)
        room = _MOST_DESCRIBED - len(self._comments)
        self._comments += options.get(1, [])[:room]

    def _options(self, at: int, end: int) -> dict[int, list[str]]:
        data = self._window.take(at, min(end - at, _LONGEST_OPTIONS))
        options: dict[int, list[str]] = {}
        place, seen = 0, 0
        while place + 4 <= len(data) and seen < _MOST_DESCRIBED:
            code, length = struct.unpack_from(self._section.order + "HH", data, place)
            if code == 0 or place + 4 + length > len(data):
                break
            text = data[place + 4 : place + 4 + length].decode("utf-8", "replace")
            options.setdefault(code, []).append(text)
            place += 4 + (length + 3) // 4 * 4
            seen += 1
        return options
