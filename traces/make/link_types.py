"""Sessions under different link layers: IPv6, VLAN, PPPoE, Linux cooked, raw IP, loopback."""

import struct
from collections.abc import Callable
from pathlib import Path

from authority import chain
from network import Host, Link, pppoe_wrapped, vlan_tagged
from openssl import FIRST_DATA, Told, ask, serve
from scene import LAPTOP6, SERVER6, Scene, scene
from truth import with_and_without, write_ends

SCRIPT = "make/link_types.py"
HOST = "www.reading.example"
EVERYTHING = ["-f", ""]
NULL_FAMILY = {4: 2, 6: 30}


def main() -> None:
    with scene("links") as here:
        over_ipv6(here)
        on_a_trunk(here)
        cooked(here)
        raw(here)
        loopback(here)


def session(
    here: Scene, name: str, option: str, zh: str, en: str, *, host: Host | None = None,
    interface: str | None = None, program: str = "dumpcap", options: list[str] | None = None,
    asked: Callable[[Path], Told] | None = None, after: Callable[[Path], Path] | None = None,
) -> None:  # fmt: skip
    """Record one session; `asked` makes it, `after` may turn the recording into another file."""
    server = serve(
        here, option, certificates=chain(HOST, 2, key="p256", authority_name="Reading"),
        sessions=1,
    ) if asked is None else None  # fmt: skip
    with here.record(name, host=host, interface=interface, program=program,
                     options=options or []) as capture:  # fmt: skip
        keylog = here.keylog(capture)
        told = asked(keylog) if asked else ask(here, option, keylog=keylog)
    if server:
        server.end()
    if after:
        capture = after(capture)
    known = told.facts(resumed="no", first_data=FIRST_DATA)
    write_ends(
        capture, zh=zh, en=en, script=SCRIPT, facts=known,
        known_from="the command lines, `openssl s_client -trace`",
        cases=with_and_without(keylog, ({}, known)),
    )  # fmt: skip


def serving(
    here: Scene, option: str, *, server: str, local: str, host: Host | None = None,
    at: Host | None = None,
) -> Callable[[Path], Told]:  # fmt: skip
    """A session from `host` to `server`, whose s_server runs `at` another host."""

    def asked(keylog: Path) -> Told:
        running = serve(
            here, option, certificates=chain(HOST, 2, key="p256", authority_name="Reading"),
            host=at, sessions=1,
        )  # fmt: skip
        told = ask(here, option, server=server, local=local, host=host, keylog=keylog)
        running.end()
        return told

    return asked


def over_ipv6(here: Scene) -> None:
    for option, version in (("-tls1_2", "12"), ("-tls1_3", "13")):
        session(
            here, f"tls{version}-ipv6.pcapng", option, f"TLS 1.{version[1]}，IPv6。",
            f"TLS 1.{version[1]} over IPv6.",
            asked=serving(here, option, server=SERVER6, local=LAPTOP6),
        )  # fmt: skip


def on_a_trunk(here: Scene) -> None:
    """Seen from a mirror port that carries tagged frames."""
    double, pppoe = vlan_tagged(3704, 2474), pppoe_wrapped(17)
    rows: list[tuple[str, str, Callable[[bytes], bytes], str, str]] = [
        ("tls12-vlan", "-tls1_2", vlan_tagged(42), "TLS 1.2，带 VLAN 标签（42）。",
         "TLS 1.2 with a VLAN tag (42)."),
        ("tls13-vlan-pppoe", "-tls1_3", lambda frame: double(pppoe(frame)),
         "TLS 1.3，两层 VLAN 标签，里面是 PPPoE。",
         "TLS 1.3 in PPPoE, below two VLAN tags."),
    ]  # fmt: skip
    for number, (name, option, wrap, zh, en) in enumerate(rows):
        mirror = here.network.monitor(f"mirror{number}", here.laptop, wrap)
        session(here, f"{name}.pcapng", option, zh, en, host=mirror, options=EVERYTHING)


def cooked(here: Scene) -> None:
    """On the pseudo interface "any" of Linux; on a router it sees every packet twice."""
    session(here, "tls12-linux-cooked.pcap", "-tls1_2", "TLS 1.2，在 any 接口上抓包（cooked v1）。",
            "TLS 1.2, captured on the interface any (Linux cooked v1).", interface="any",
            program="tcpdump", options=["-y", "LINUX_SLL", "tcp"])  # fmt: skip
    session(here, "tls13-linux-cooked-v2.pcap", "-tls1_3",
            "TLS 1.3，在 any 接口上抓包（Linux cooked v2）。",
            "TLS 1.3, captured on the interface any (Linux cooked v2).", interface="any",
            program="tcpdump", options=["-y", "LINUX_SLL2", "tcp"])  # fmt: skip
    router = Host(here.network, "router", "any", b"")
    session(here, "tls12-every-packet-twice.pcap", "-tls1_2",
            "TLS 1.2，在路由器的 any 接口上抓包：每个包都出现两次。",
            "TLS 1.2, captured on a router's interface any: every packet is there twice.",
            host=router, program="tcpdump", options=["-y", "LINUX_SLL2", "tcp"])  # fmt: skip


def raw(here: Scene) -> None:
    """A laptop behind a tunnel interface, whose packets have no link layer."""
    tunnel = here.network.host("tunnel", "192.0.2.130/25", "2001:db8:9::30/64", interface="tun0",
                               raw=True, link=Link(delay=0.004))  # fmt: skip
    asked = serving(here, "-tls1_2", server="198.51.100.10", local="192.0.2.130", host=tunnel)
    session(here, "tls12-raw-ip.pcapng", "-tls1_2", "TLS 1.2，隧道接口，没有链路层（raw IP）。",
            "TLS 1.2 on a tunnel interface, without a link layer (raw IP).", host=tunnel,
            asked=asked)  # fmt: skip
    for option, version, server, local in (
        ("-tls1_2", 4, "198.51.100.10", "192.0.2.130"),
        ("-tls1_3", 6, SERVER6, "2001:db8:9::30"),
    ):
        name = f"tls1{option[-1]}-null-loopback{'' if version == 4 else '-ipv6'}.pcap"
        session(
            here, name, option,
            f"TLS 1.{option[-1]}，链路类型 BSD loopback（NULL），由 raw IP 的抓包改写。",
            f"TLS 1.{option[-1]}, link type BSD loopback (NULL), made of a raw IP capture.",
            host=tunnel, program="tcpdump", options=["tcp"],
            asked=serving(here, option, server=server, local=local, host=tunnel),
            after=as_null,
        )  # fmt: skip


def as_null(capture: Path) -> Path:
    """Put macOS's header of lo0 (the address family) before every packet of a raw IP capture."""
    data = capture.read_bytes()
    out, offset = data[:20] + struct.pack("<I", 0), 24
    while offset < len(data):
        seconds, fraction, kept, length = struct.unpack_from("<IIII", data, offset)
        packet = data[offset + 16 : offset + 16 + kept]
        family = struct.pack("<I", NULL_FAMILY[packet[0] >> 4])
        out += struct.pack("<IIII", seconds, fraction, kept + 4, length + 4) + family + packet
        offset += 16 + kept
    capture.write_bytes(out)
    return capture


def loopback(here: Scene) -> None:
    """Client and server on one host: interface lo, with segments as long as records."""
    for name, option, address, zh, en in (
        ("tls12-loopback", "-tls1_2", "127.0.0.1", "TLS 1.2，客户端和服务器在同一台机器上（lo）。",
         "TLS 1.2, client and server on one host (lo)."),
        ("tls13-loopback-ipv6", "-tls1_3", "::1", "TLS 1.3，同一台机器，IPv6 的 ::1。",
         "TLS 1.3 on one host, ::1."),
    ):  # fmt: skip
        session(
            here, f"{name}.pcapng", option, zh, en, interface="lo",
            asked=serving(here, option, server=address, local=address, at=here.laptop),
        )  # fmt: skip


if __name__ == "__main__":
    main()
