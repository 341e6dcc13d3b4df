"""The packet list: rows in Wireshark's columns and in the colours of its default rules."""

import re
from collections.abc import Callable, Collection, Sequence
from typing import NotRequired, TypedDict

from report.rendering.view import PacketColour, PacketRow
from report.text import visible

_LONGEST_INFO = 160


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


_ANALYSIS = re.compile(r"\[TCP (?!Window Update|Keep-Alive)")
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


def packet_row(packet: PacketFacts, marked: bool = False, skipped: int = 0) -> PacketRow:
    """One packet as a row; its strings made safe to show."""
    return PacketRow(
        frame=packet["frame"],
        time=f"{packet['time']:.6f}",
        source=visible(packet["source"]),
        destination=visible(packet["destination"]),
        protocol=visible(packet["protocol"]),
        length=str(packet["length"]),
        info=visible(packet["info"], _LONGEST_INFO),
        colour=packet_colour(packet),
        marked=marked,
        skipped=skipped,
    )


def rows_around(
    packets: Sequence[PacketFacts], frames: Collection[int], before: int = 2, after: int = 2
) -> tuple[PacketRow, ...]:
    """The rows of `frames` marked, with their neighbours among `packets` (the session's).

    What is left out between two shown rows is counted in the later row's `skipped`; a single row
    is never left out. A frame that is not among `packets` is not shown.
    """
    cited = [i for i, packet in enumerate(packets) if packet["frame"] in frames]
    near = {i for c in cited for i in range(c - before, c + after + 1)}
    return _rows(packets, sorted(near & set(range(len(packets)))), frames)


def overview_rows(
    packets: Sequence[PacketFacts], most: int = 80, start: int = 45, end: int = 15
) -> tuple[PacketRow, ...]:
    """All rows of a small session; of one with more than `most`, its start and its end."""
    count = len(packets)
    shown = range(count) if count <= most else [*range(start), *range(count - end, count)]
    return _rows(packets, shown, ())


def _rows(
    packets: Sequence[PacketFacts], shown: Sequence[int], frames: Collection[int]
) -> tuple[PacketRow, ...]:
    shown = _without_single_gaps(shown)
    previous = [shown[0] - 1, *shown] if shown else []
    return tuple(
        packet_row(packets[i], packets[i]["frame"] in frames, i - p - 1)
        for p, i in zip(previous, shown, strict=False)
    )


def _without_single_gaps(shown: Sequence[int]) -> list[int]:
    filled: list[int] = []
    for i in shown:
        if filled and i - filled[-1] == 2:
            filled.append(i - 1)
        filled.append(i)
    return filled
