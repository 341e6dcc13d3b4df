"""The packet list: rows in Wireshark's columns and in the colours of its default rules."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, NotRequired, TypedDict

from report.rendering.shown import shown
from report.rendering.view import PacketColour, PacketRow
from report.text import visible

COLUMNS = ("No.", "Time", "Source", "Destination", "Protocol", "Length", "Info")
"""Wireshark's own column titles; it shows them in English in every language."""

_LONGEST_INFO = 160
_LONGEST_ADDRESS = 26


class PacketFacts(TypedDict):
    """One packet, in Wireshark's columns.

    The optional keys are what the colouring rules look at; without them the Info column is read.
    """

    frame: int
    time: float
    """Seconds since the first packet of the capture."""
    source: str
    destination: str
    protocol: str
    length: int
    info: str
    tcp_flags: NotRequired[int | None]
    """The flag bits of the TCP header; None where there is none."""
    analysed: NotRequired[bool]
    """Whether Wireshark set one of `tcp.analysis.flags` that its Bad TCP rule counts."""
    ports: NotRequired[tuple[int, int] | None]
    """TCP ports, source and destination."""


_ANALYSIS = re.compile(r"\[TCP (?!Window Update|Keep-Alive|segment of a reassembled)")
_FLAGS = re.compile(r"\[((?:FIN|SYN|RST|PSH|ACK|URG|ECE|ECN|CWR|NS|AE)(?:, \w+)*)\]")
_PORTS = re.compile(r"(\d{1,5}) → (\d{1,5})\b")
_FLAG_BITS = {"FIN": 0x01, "SYN": 0x02, "RST": 0x04}
_ICMP_ERROR = re.compile(
    r"Destination unreachable|Source quench|Redirect|Time-to-live exceeded|Time Exceeded"
    r"|Packet Too Big|Parameter Problem",
    re.IGNORECASE,
)
_ROUTING = frozenset({"HSRP", "EIGRP", "OSPF", "BGP", "CDP", "VRRP", "CARP", "GVRP", "ISMP"})


def _is_bad_tcp(packet: PacketFacts) -> bool:
    return packet.get("analysed", _ANALYSIS.search(packet["info"]) is not None)


def _flags(packet: PacketFacts) -> int | None:
    if "tcp_flags" in packet:
        return packet["tcp_flags"]
    found = _FLAGS.search(packet["info"])
    if found is None:
        return 0 if _innermost(packet) in ("TCP", "TLS", "SSL", "HTTP") else None
    return sum(_FLAG_BITS.get(name, 0) for name in found[1].split(", "))


def _innermost(packet: PacketFacts) -> str:
    """The protocol without its version and outside its tunnel: `GTP <TLSv1.2>` is `TLS`."""
    name = packet["protocol"].rsplit("<", 1)[-1].rstrip(">").upper()
    return re.sub(r"(?<=TLS|SSL)V[\d.]+|/[\d.]+$", "", name)


def _is_http(packet: PacketFacts) -> bool:
    if _innermost(packet) in ("HTTP", "HTTP2"):
        return True
    ports = packet.get("ports") or (0, 0)
    if "ports" not in packet and (found := _PORTS.search(packet["info"])):
        ports = (int(found[1]), int(found[2]))
    return 80 in ports and _flags(packet) is not None


def _has_flag(*names: str) -> Callable[[PacketFacts], bool]:
    bits = sum(_FLAG_BITS[name] for name in names)
    return lambda packet: bool((_flags(packet) or 0) & bits)


def _is_icmp(packet: PacketFacts) -> bool:
    return _innermost(packet) in ("ICMP", "ICMPV6")


_RULES: tuple[tuple[PacketColour, Callable[[PacketFacts], bool]], ...] = (
    ("bad-tcp", _is_bad_tcp),
    ("icmp-error", lambda p: _is_icmp(p) and _ICMP_ERROR.search(p["info"]) is not None),
    ("arp", lambda p: _innermost(p) == "ARP"),
    ("icmp", _is_icmp),
    ("rst", _has_flag("RST")),
    ("http", _is_http),
    ("routing", lambda p: _innermost(p) in _ROUTING or _innermost(p).startswith("IGMP")),
    ("syn-fin", _has_flag("SYN", "FIN")),
    ("tcp", lambda p: _flags(p) is not None),
    ("udp", lambda p: True),
)
"""In the order of Wireshark's own list (its file `colorfilters`): the first that holds colours."""


def packet_colour(packet: PacketFacts) -> PacketColour:
    """The colour of a packet in Wireshark's default rules, of the packets that a TLS lab meets."""
    return next(colour for colour, holds in _RULES if holds(packet))


def packet_row(
    packet: PacketFacts, marked: bool = False, part: bool = False, skipped: int = 0
) -> PacketRow:
    """One packet as a row; its strings made safe to show."""
    return PacketRow(
        frame=packet["frame"],
        time=f"{packet['time']:.6f}",
        source=visible(packet["source"]),
        destination=visible(packet["destination"]),
        protocol=visible(packet["protocol"]),
        length=str(packet["length"]),
        info=shown(packet["info"][:_LONGEST_INFO]),
        colour=packet_colour(packet),
        marked=marked,
        part=part,
        skipped=skipped,
    )


def rows_around(
    packets: Sequence[PacketFacts],
    frames: Collection[int],
    parts: Collection[int] = (),
    before: int = 2,
    after: int = 2,
) -> tuple[PacketRow, ...]:
    """The rows of `frames` marked and those of `parts`, with neighbours among `packets`.

    What is left out between two shown rows is counted in the later row's `skipped`; a single row
    is never left out. A frame that is not among `packets` is not shown.
    """
    cited = {i for i, p in enumerate(packets) if p["frame"] in frames or p["frame"] in parts}
    near = {i for c in cited for i in range(c - before, c + after + 1)}
    shown_rows = _without_single_gaps(sorted(near & set(range(len(packets)))))
    return tuple(
        packet_row(packets[i], packets[i]["frame"] in frames, packets[i]["frame"] in parts, gap)
        for i, gap in _with_gaps(shown_rows, first=shown_rows[0] if shown_rows else 0)
    )


def overview_rows(
    start: Sequence[PacketFacts], end: Sequence[PacketFacts] = (), left_out: int = 0
) -> tuple[PacketRow, ...]:
    """The rows of a session from its start, and those of its end after `left_out` others."""
    gaps = [0] * len(start) + [left_out] + [0] * len(end)
    return tuple(packet_row(p, skipped=gap) for p, gap in zip((*start, *end), gaps, strict=False))


def _with_gaps(rows: Sequence[int], first: int) -> Iterator[tuple[int, int]]:
    """Each row with how many are left out before it; `first` is where counting starts."""
    expected = first
    for i in rows:
        yield i, i - expected
        expected = i + 1


def _without_single_gaps(rows: Sequence[int]) -> list[int]:
    filled: list[int] = []
    for i in rows:
        if filled and i - filled[-1] == 2:
            filled.append(i - 1)
        filled.append(i)
    return filled


class Lines(NamedTuple):
    """Neighbouring rows of one look, as text: what the PDF sets instead of a table.

    WeasyPrint lays out a line of text some ten times as fast as the seven cells of a row.
    """

    colour: PacketColour
    marked: bool
    part: bool
    skipped: int
    """Packets left out before these."""
    text: str


def as_lines(rows: Sequence[PacketRow], width: int) -> tuple[Lines, ...]:
    """The rows as preformatted lines of at most `width` characters, columns under `heading`."""
    places = _places(rows)
    groups = []
    for _, group in groupby(enumerate(rows), key=lambda pair: _look(*pair)):
        alike = [row for _, row in group]
        text = "\n".join(_line(row, places, width) for row in alike)
        first = alike[0]
        groups.append(Lines(first.colour, first.marked, first.part, first.skipped, text))
    return tuple(groups)


def heading(rows: Sequence[PacketRow]) -> str:
    """The column titles over the lines of `rows`."""
    return _joined(COLUMNS, _places(rows)).rstrip()


def _look(position: int, row: PacketRow) -> tuple[object, ...]:
    """Rows that share it are set as one; a row after a gap begins anew."""
    return (row.colour, row.marked, row.part, position if row.skipped else 0)


def _places(rows: Sequence[PacketRow]) -> tuple[int, ...]:
    """The width of each column but the last; negative for those set flush right."""

    def longest(name: str, at_least: int, at_most: int = 99) -> int:
        found = max((len(str(getattr(row, name))) for row in rows), default=0)
        return min(max(found, at_least), at_most)

    address = max(longest("source", 11), longest("destination", 11))
    address = min(address, _LONGEST_ADDRESS)
    return (
        -longest("frame", 3),
        -longest("time", 8),
        address,
        address,
        longest("protocol", 8, 12),
        -longest("length", 6),
    )


def _line(row: PacketRow, places: tuple[int, ...], width: int) -> str:
    frame, length = str(row.frame), row.length
    cells = (frame, row.time, row.source, row.destination, row.protocol, length, row.info)
    return cut(_joined(cells, places), width)


def _joined(cells: Sequence[str], places: tuple[int, ...]) -> str:
    padded = [
        cell.rjust(-place) if place < 0 else cut(cell, place).ljust(place)
        for cell, place in zip(cells, places, strict=False)
    ]
    return "  ".join([*padded, cells[-1]])


def cut(text: str, width: int) -> str:
    """`text` in at most `width` characters, the last of them `…` where something is left out."""
    return text if len(text) <= width else text[: width - 1] + "…"
