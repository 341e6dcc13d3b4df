"""What TCP and the record layer do to messages: late, doubled, lost, small and missing segments."""

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from authority import chain
from files import keep_packets
from network import Host, Link
from openssl import FIRST_DATA, Told, ask, identity, serve
from scene import Scene, scene
from truth import Value, with_and_without, write_ends

SCRIPT = "make/segments.py"
HOST = "www.reading.example"
Copies = Iterable[tuple[float, bytes]]
Tamper = Callable[[str, bytes], Copies]
SERVER_PORT = 443


@dataclass(frozen=True, slots=True)
class Tcp:
    """The TCP segment in an Ethernet frame with IPv4."""

    frame: bytes

    @property
    def start(self) -> int:
        return 14 + (self.frame[14] & 15) * 4

    @property
    def ports(self) -> tuple[int, int]:
        source, target = struct.unpack_from("!HH", self.frame, self.start)
        return source, target

    @property
    def flags(self) -> int:
        return self.frame[self.start + 13]

    @property
    def payload(self) -> bytes:
        end = 14 + int.from_bytes(self.frame[16:18], "big")
        return self.frame[self.start + (self.frame[self.start + 12] >> 4) * 4 : end]

    @property
    def from_server(self) -> bool:
        return self.ports[0] == SERVER_PORT


def tcp(frame: bytes) -> Tcp | None:
    return Tcp(frame) if frame[12:14] == b"\x08\x00" and frame[23] == 6 else None


@dataclass(slots=True)
class Nth:
    """Does something to the n-th frames of a kind, counted from 1; the others pass."""

    wanted: Callable[[str, Tcp], bool]
    act: dict[int, Callable[[bytes], Copies]]
    seen: int = 0

    def __call__(self, direction: str, frame: bytes) -> Copies:
        segment = tcp(frame)
        if segment is None or not self.wanted(direction, segment):
            return [(0.0, frame)]
        self.seen += 1
        return self.act.get(self.seen, late(0.0))(frame)


def late(by: float) -> Callable[[bytes], Copies]:
    return lambda frame: [(by, frame)]


def lost(frame: bytes) -> Copies:
    return []


def server_data(direction: str, segment: Tcp) -> bool:
    return direction == "in" and segment.from_server and len(segment.payload) > 0


def client_data(direction: str, segment: Tcp) -> bool:
    return direction == "out" and not segment.from_server and len(segment.payload) > 0


def syn(direction: str, segment: Tcp) -> bool:
    return direction == "out" and segment.flags & 0x3F == 2


@dataclass(slots=True)
class Renumbering:
    """A middlebox that gives the server's bytes other sequence numbers, which then wrap around."""

    first: int
    shift: int | None = None

    def __call__(self, direction: str, frame: bytes) -> Copies:
        segment = tcp(frame)
        if segment is None:
            return [(0.0, frame)]
        changed, start = bytearray(frame), segment.start
        at, sign = (start + 4, 1) if segment.from_server else (start + 8, -1)
        number = struct.unpack_from("!I", frame, at)[0]
        if self.shift is None and segment.from_server and segment.flags & 2:
            self.shift = self.first - number
        if self.shift is None:
            return [(0.0, frame)]
        struct.pack_into("!I", changed, at, (number + sign * self.shift) % (1 << 32))
        struct.pack_into("!H", changed, start + 16, 0)
        pseudo = frame[26:34] + struct.pack("!HH", 6, len(frame) - start)
        struct.pack_into("!H", changed, start + 16, checksum(pseudo + bytes(changed[start:])))
        return [(0.0, bytes(changed))]


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total: int = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@dataclass(frozen=True, slots=True)
class Row:
    """One capture; `tamper` is made anew for it, `keep` says which packets were captured."""

    name: str
    zh: str
    en: str
    option: str = "-tls1_2"
    tamper: Callable[[], Tamper] | None = None
    link: Link = field(default_factory=Link)
    keep: Callable[[], Callable[[int, bytes], bool]] | None = None
    serving: Sequence[str] = ()
    asking: Sequence[str] = ()
    at_server: bool = False
    length: int = 3


def main() -> None:
    with scene("segments") as here:
        own = chain("reader-17.reading.example", 3, authority_name="Readers", client=True)
        for row in [*late_ones(), *lost_ones(), *missing_ones(), *fragments(here, own)]:
            record(here, row)
        small_segments(here)


def late_ones() -> list[Row]:
    return [
        Row("tls12-server-flight-out-of-order", "TLS 1.2，服务器第一个数据段（Server Hello）晚到。",
            "TLS 1.2, the server's first segment (Server Hello) arrives after the next ones.",
            tamper=lambda: Nth(server_data, {1: late(0.008)})),
        Row("tls12-certificate-out-of-order", "TLS 1.2，证书中间的段晚到。",
            "TLS 1.2, a segment amid the Certificate arrives late.",
            tamper=lambda: Nth(server_data, {2: late(0.008)})),
        Row("tls13-server-flight-out-of-order", "TLS 1.3，服务器第一个数据段晚到。",
            "TLS 1.3, the server's first segment arrives after the next ones.", "-tls1_3",
            tamper=lambda: Nth(server_data, {1: late(0.008)})),
        Row("tls12-segments-doubled", "TLS 1.2，每个包都到两次。",
            "TLS 1.2, every packet arrives twice.", link=Link(delay=0.001, duplicate=1.0)),
        Row("tls13-many-out-of-order", "TLS 1.3，许多包乱序。",
            "TLS 1.3, many packets out of order.", "-tls1_3",
            link=Link(delay=0.001, reorder=0.5, reorder_delay=0.004), length=4),
        Row("tls12-sequence-numbers-wrap", "TLS 1.2，服务器的 TCP 序号在证书中间回绕到 0。",
            "TLS 1.2, the server's TCP sequence numbers wrap around amid the Certificate.",
            tamper=lambda: Renumbering((1 << 32) - 1500)),
    ]  # fmt: skip


def lost_ones() -> list[Row]:
    return [
        Row("tls12-syn-lost", "TLS 1.2，第一个 SYN 丢了，重发。",
            "TLS 1.2, the first SYN is lost and sent again.",
            tamper=lambda: Nth(syn, {1: lost}), length=2),
        Row("tls12-client-hello-lost", "TLS 1.2，Client Hello 丢了，重发：抓包里有两份。",
            "TLS 1.2, the Client Hello is lost and sent again: the capture has it twice.",
            tamper=lambda: Nth(client_data, {1: lost}), length=2),
        Row("tls13-client-flight-lost", "TLS 1.3，客户端的 Finished 丢了，重发。",
            "TLS 1.3, the client's Finished is lost and sent again.", "-tls1_3",
            tamper=lambda: Nth(client_data, {2: lost}), length=2),
        Row("tls12-certificate-segment-lost", "TLS 1.2，证书的一段在路上丢了，服务器重发。",
            "TLS 1.2, a segment of the Certificate is lost on its way and sent again.",
            tamper=lambda: Nth(server_data, {2: lost}), length=4),
        Row("tls12-lossy-at-server", "TLS 1.2，在服务器一侧抓的包，线路丢包：重发的和原来的都在。",
            "TLS 1.2, captured at the server of a lossy line: segments are there twice.",
            tamper=lambda: Nth(server_data, {1: lost, 3: lost}), at_server=True, length=4),
    ]  # fmt: skip


def missing_ones() -> list[Row]:
    """The ends got everything; the capturing machine did not keep up."""
    return [
        Row("tls12-syn-not-captured", "TLS 1.2，抓包缺 SYN。",
            "TLS 1.2, the SYN was not captured.",
            keep=lambda: without(lambda s: s.flags & 0x3F == 2)),
        Row("tls12-client-hello-not-captured", "TLS 1.2，抓包缺 Client Hello。",
            "TLS 1.2, the Client Hello was not captured.",
            keep=lambda: without(payload_of("client", 1)), length=2),
        Row("tls12-server-hello-not-captured", "TLS 1.2，抓包缺服务器的第一段。",
            "TLS 1.2, the server's first segment was not captured.",
            keep=lambda: without(payload_of("server", 1)), length=4),
        Row("tls12-certificate-segment-not-captured", "TLS 1.2，抓包缺证书的一段。",
            "TLS 1.2, a segment of the Certificate was not captured.",
            keep=lambda: without(payload_of("server", 2)), length=4),
        Row("tls12-key-exchange-not-captured", "TLS 1.2，抓包缺 Client Key Exchange 那一段。",
            "TLS 1.2, the segment with the Client Key Exchange was not captured.",
            keep=lambda: without(payload_of("client", 2)), length=2),
        Row("tls12-request-not-captured", "TLS 1.2，抓包缺客户端的请求。",
            "TLS 1.2, the client's request was not captured.",
            keep=lambda: without(payload_of("client", 3)), length=2),
        Row("tls13-server-flight-segment-not-captured", "TLS 1.3，抓包缺加密证书的一段。",
            "TLS 1.3, a segment of the encrypted Certificate was not captured.", "-tls1_3",
            keep=lambda: without(payload_of("server", 2)), length=4),
        Row("tls13-client-finished-not-captured", "TLS 1.3，抓包缺客户端的 Finished。",
            "TLS 1.3, the client's Finished was not captured.", "-tls1_3",
            keep=lambda: without(payload_of("client", 2)), length=2),
        Row("tls12-one-direction", "TLS 1.2，只抓到服务器发出的包。",
            "TLS 1.2, only what the server sends was captured.",
            keep=lambda: without(lambda s: not s.from_server), length=2),
    ]  # fmt: skip


def without(dropped: Callable[[Tcp], bool]) -> Callable[[int, bytes], bool]:
    def keep(number: int, frame: bytes) -> bool:
        segment = tcp(frame)
        return segment is None or not dropped(segment)

    return keep


def payload_of(side: str, number: int) -> Callable[[Tcp], bool]:
    """The n-th segment with payload of one side."""
    seen = 0

    def wanted(segment: Tcp) -> bool:
        nonlocal seen
        if segment.from_server != (side == "server") or not segment.payload:
            return False
        seen += 1
        return seen == number

    return wanted


def fragments(here: Scene, own: Sequence[object]) -> list[Row]:
    reader = identity(here.work, "reader", own)  # type: ignore[arg-type]
    small = ["-max_send_frag", "512"]
    return [
        Row("tls12-handshake-in-many-records", "TLS 1.2，每个记录最多 512 字节。",
            "TLS 1.2, records of at most 512 bytes: the Certificate takes many.",
            serving=small, asking=small),
        Row("tls13-handshake-in-many-records", "TLS 1.3，每个记录最多 512 字节，双方都有证书。",
            "TLS 1.3, records of at most 512 bytes, certificates on both sides.", "-tls1_3",
            serving=[*small, "-Verify", "5"], asking=[*small, *reader]),
        Row("tls12-client-cert-in-many-records", "TLS 1.2，客户端证书分在许多记录里。",
            "TLS 1.2, the client's certificates take many records.",
            serving=[*small, "-Verify", "5"], asking=[*small, *reader], length=2),
        Row("tls12-maximum-fragment-length", "TLS 1.2，客户端用扩展要求记录不超过 512 字节。",
            "TLS 1.2, the client asks by extension for records of at most 512 bytes.",
            asking=["-maxfraglen", "512"]),
    ]  # fmt: skip


def record(here: Scene, row: Row) -> None:
    assert here.laptop.port
    certificates = chain(HOST, row.length, authority_name="Reading")
    server = serve(here, row.option, *row.serving, certificates=certificates, sessions=1)
    usual = here.laptop.port.link
    link = Link(row.link.delay or usual.delay, duplicate=row.link.duplicate,
                reorder=row.link.reorder, reorder_delay=row.link.reorder_delay)  # fmt: skip
    link.tamper = row.tamper() if row.tamper else None
    here.laptop.port.link = link
    where = here.server if row.at_server else here.laptop
    # What opens after a gap in TLS 1.2 depends on who reads on; such captures have no key log.
    keys = row.keep is None or row.option == "-tls1_3"
    with here.record(f"{row.name}.pcapng", host=where) as capture:
        keylog = here.keylog(capture) if keys else None
        told = ask(here, row.option, *row.asking, keylog=keylog)
    here.laptop.port.link = usual
    server.end()
    if row.keep:
        keep_packets(capture, row.keep())
    _write(capture, keylog, told, row.zh, row.en)


def small_segments(here: Scene) -> None:
    """A path with a small MTU: everything takes many segments, the Client Hello too."""
    for option, version in (("-tls1_2", "1.2"), ("-tls1_3", "1.3")):
        certificates = chain(HOST, 3, authority_name="Reading", key="p256")
        server = serve(here, option, certificates=certificates, sessions=1)
        host = narrow(here, f"narrow{version[2]}")
        with here.record(f"tls{version.replace('.', '')}-small-segments.pcapng", host=host) as at:
            keylog = here.keylog(at)
            told = ask(here, option, host=host, local=str(host.addresses[0].ip), keylog=keylog)
        server.end()
        _write(at, keylog, told, f"TLS {version}，线路的 MTU 是 200：Client Hello 也分几段。",
               f"TLS {version} on a line with an MTU of 200: the Client Hello takes several"
               " segments, too.")  # fmt: skip


def narrow(here: Scene, name: str) -> Host:
    number = 40 + len(here.network.hosts)
    return here.network.host(name, f"192.0.2.{number}/24", link=Link(delay=0.001), mtu=200)


def _write(capture: Path, keylog: Path | None, told: Told, zh: str, en: str) -> None:
    known: dict[str, Value] = told.facts(resumed="no", first_data=FIRST_DATA)
    write_ends(
        capture, zh=zh, en=en, script=SCRIPT, facts=known,
        known_from="the command lines, `openssl s_client -trace`",
        cases=with_and_without(keylog, ({}, known)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
