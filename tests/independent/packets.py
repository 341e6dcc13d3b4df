"""From a frame down to its TCP segment or UDP datagram, through whatever lies around it.

Ethernet with any number of VLAN tags, PPPoE, Linux cooked (both versions), raw IP, BSD loopback;
IPv4 and IPv6; IP in IP, GTP-U and GRE tunnels (the innermost addresses count).
"""

import ipaddress
import struct
from dataclasses import dataclass

import dpkt

from tests.independent.container import Frame

ETHER_IP = {dpkt.ethernet.ETH_TYPE_IP, dpkt.ethernet.ETH_TYPE_IP6}
ETHER_VLAN = {0x8100, 0x88A8, 0x9100, 0x9200}
ETHER_PPPOE = 0x8864
LINK_NULL, LINK_ETHERNET, LINK_PPP, LINK_LOOP, LINK_SLL, LINK_SLL2 = 0, 1, 9, 108, 113, 276
LINK_RAW = {12, 14, 101, 228, 229}
GTP_PORT = 2152

Endpoint = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Segment:
    """A TCP segment: `payload` is what was kept of `length` bytes on the wire."""

    frame: int
    source: Endpoint
    target: Endpoint
    sequence: int
    acknowledgement: int
    flags: int
    payload: bytes
    length: int

    @property
    def syn(self) -> bool:
        return bool(self.flags & dpkt.tcp.TH_SYN)

    @property
    def ack(self) -> bool:
        return bool(self.flags & dpkt.tcp.TH_ACK)

    @property
    def fin(self) -> bool:
        return bool(self.flags & dpkt.tcp.TH_FIN)

    @property
    def rst(self) -> bool:
        return bool(self.flags & dpkt.tcp.TH_RST)


@dataclass(frozen=True, slots=True)
class Datagram:
    """A UDP datagram."""

    frame: int
    source: Endpoint
    target: Endpoint
    payload: bytes


@dataclass(frozen=True, slots=True)
class _Packet:
    """What a header holds: the bytes kept, and how many there were (`room`) on the wire."""

    data: bytes
    room: int

    def after(self, header: int, room: int | None = None) -> "_Packet":
        """What follows a header, which may say how long that is."""
        left = max(self.room - header, 0)
        inside = left if room is None else min(left, room)
        return _Packet(self.data[header : header + inside], inside)


def transport(frame: Frame) -> Segment | Datagram | None:
    """The TCP segment or UDP datagram in a frame, or None when there is none (or not enough)."""
    packet = _network_packet(frame.link_type, _Packet(frame.data, frame.length))
    return _inside_ip(frame.number, packet) if packet else None


def link_source(frame: Frame) -> bytes | None:
    """The sender's Ethernet address, None where the link layer has none."""
    if frame.link_type == LINK_ETHERNET and len(frame.data) >= 14:
        return frame.data[6:12]
    return None


def _network_packet(link_type: int, packet: _Packet) -> _Packet | None:
    if link_type in LINK_RAW:
        return packet
    if link_type in (LINK_NULL, LINK_LOOP):
        return packet.after(4)
    if link_type == LINK_PPP:
        return packet.after(4 if packet.data[:2] == b"\xff\x03" else 2)
    where = {LINK_ETHERNET: (12, 14), LINK_SLL: (14, 16), LINK_SLL2: (0, 20)}.get(link_type)
    if where is None or len(packet.data) < where[1]:
        return None
    kind = struct.unpack_from("!H", packet.data, where[0])[0]
    return _after_ether_type(kind, packet.after(where[1]))


def _after_ether_type(kind: int, packet: _Packet) -> _Packet | None:
    while kind in ETHER_VLAN and len(packet.data) >= 4:
        kind, packet = struct.unpack_from("!H", packet.data, 2)[0], packet.after(4)
    if kind == ETHER_PPPOE:
        if packet.data[6:8] not in (b"\x00\x21", b"\x00\x57"):
            return None
        return packet.after(8, struct.unpack_from("!H", packet.data, 4)[0] - 2)
    return packet if kind in ETHER_IP else None


def _inside_ip(frame: int, packet: _Packet) -> Segment | Datagram | None:
    parsed = _ip(packet)
    if parsed is None:
        return None
    protocol, source, target, body = parsed
    if protocol in (dpkt.ip.IP_PROTO_IP, dpkt.ip.IP_PROTO_IP6):
        return _inside_ip(frame, body)
    if protocol == dpkt.ip.IP_PROTO_GRE and len(body.data) >= 4:
        return _inside_ip(frame, body.after(4))
    if protocol == dpkt.ip.IP_PROTO_TCP and len(body.data) >= 20:
        return _segment(frame, source, target, body)
    if protocol == dpkt.ip.IP_PROTO_UDP and len(body.data) >= 8:
        return _datagram(frame, source, target, body)
    return None


def _ip(packet: _Packet) -> tuple[int, str, str, _Packet] | None:
    """Protocol, addresses and payload."""
    data = packet.data
    if len(data) >= 20 and data[0] >> 4 == 4:
        header = (data[0] & 15) * 4
        total = struct.unpack_from("!H", data, 2)[0] or packet.room
        if struct.unpack_from("!H", data, 6)[0] & 0x1FFF:
            return None
        ends = [str(ipaddress.IPv4Address(data[at : at + 4])) for at in (12, 16)]
        return data[9], ends[0], ends[1], packet.after(header, total - header)
    if len(data) >= 40 and data[0] >> 4 == 6:
        return _ip6(packet)
    return None


def _ip6(packet: _Packet) -> tuple[int, str, str, _Packet]:
    length, following = struct.unpack_from("!HB", packet.data, 4)
    body = packet.after(40, length or None)
    while following in (0, 43, 60) and len(body.data) >= 8:
        following, body = body.data[0], body.after((body.data[1] + 1) * 8)
    ends = [str(ipaddress.IPv6Address(packet.data[at : at + 16])) for at in (8, 24)]
    return following, ends[0], ends[1], body


def _segment(frame: int, source: str, target: str, body: _Packet) -> Segment:
    header = dpkt.tcp.TCP(body.data[:20])
    payload = body.after((body.data[12] >> 4) * 4)
    return Segment(
        frame,
        (source, header.sport),
        (target, header.dport),
        header.seq,
        header.ack,
        header.flags,
        payload.data,
        payload.room,
    )


def _datagram(frame: int, source: str, target: str, body: _Packet) -> Segment | Datagram | None:
    header = dpkt.udp.UDP(body.data[:8])
    payload = body.after(8, max(header.ulen - 8, 0))
    if GTP_PORT in (header.sport, header.dport) and payload.data[1:2] == b"\xff":
        return _inside_ip(frame, payload.after(12 if payload.data[0] & 7 else 8))
    return Datagram(frame, (source, header.sport), (target, header.dport), payload.data)
