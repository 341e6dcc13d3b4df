"""A small laboratory network on one Linux machine: hosts, a router, links with latency, captures.

Every host is a network namespace of its own with one TAP (or TUN) interface; the other ends of
all interfaces are held by this process, which carries the frames. Latency, loss, duplicates and
reordering therefore need no kernel module, and a script may decide about single frames
(`Link.tamper`). A router joins the subnets, so that a capture shows its address, not the
server's, as the neighbour. Needs root, iproute2 and /dev/net/tun; for captures dumpcap or
tcpdump.

    with Network("demo") as network:
        laptop = network.host("laptop", "192.0.2.23/24", link=Link(delay=0.002))
        server = network.host("server", "198.51.100.10/24", link=Link(delay=0.018))
        server.start(["nginx", "-c", str(configuration)], ports=[443])
        with laptop.capture(Path("out.pcapng")):
            laptop.run(["curl", "https://198.51.100.10/"])

Namespaces and processes are removed at the end of the block, also after an error.
"""

import ctypes
import fcntl
import heapq
import ipaddress
import itertools
import os
import random
import select
import shutil
import signal
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

IpInterface = ipaddress.IPv4Interface | ipaddress.IPv6Interface
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_TAP, _IFF_NO_PI = 0x0001, 0x0002, 0x1000
_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(slots=True)
class Link:
    """What happens to frames between a host and its switch, alike in both directions.

    `delay`, `jitter` and `reorder_delay` are seconds, one way; `rate` is in bits per second;
    `loss`, `duplicate` and `reorder` are probabilities per frame (a reordered frame is held back
    by `reorder_delay`). `tamper(direction, frame)`, direction "out" (from the host) or "in" (to
    it), gives `(extra delay, frame)` for every copy to deliver: none to lose it, two to double it.
    A capture on the host sees "out" frames before, "in" frames after all this.
    """

    delay: float = 0.0
    jitter: float = 0.0
    rate: float | None = None
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    reorder_delay: float = 0.005
    tamper: Callable[[str, bytes], Iterable[tuple[float, bytes]]] | None = None
    _free_at: dict[str, float] = field(default_factory=dict)

    def copies(
        self, direction: str, frame: bytes, start: float, chance: random.Random
    ) -> list[tuple[float, bytes]]:
        """When (monotonic seconds) which bytes come out at the other end of this link."""
        if self.loss and chance.random() < self.loss:
            return []
        arrival = start + self.delay + (chance.random() * self.jitter if self.jitter else 0.0)
        if self.rate:
            begin = max(start, self._free_at.get(direction + "rate", 0.0))
            self._free_at[direction + "rate"] = begin + len(frame) * 8 / self.rate
            arrival = self._free_at[direction + "rate"] + self.delay
        if self.reorder and chance.random() < self.reorder:
            arrival += self.reorder_delay
        else:
            arrival = max(arrival, self._free_at.get(direction, 0.0))
            self._free_at[direction] = arrival
        result = [(arrival, frame)]
        if self.duplicate and chance.random() < self.duplicate:
            result.append((arrival + 0.0005, frame))
        if self.tamper is None:
            return result
        return [
            (when + extra, copy)
            for when, sent in result
            for extra, copy in self.tamper(direction, sent)
        ]


@dataclass(eq=False, slots=True)
class _Port:
    """One interface's far end: the file descriptor that carries its frames, and its link."""

    descriptor: int
    mac: bytes
    link: Link
    raw: bool
    gateway_mac: bytes = b""
    mirrors: list[tuple[int, Callable[[bytes], bytes]]] = field(default_factory=list)

    def from_host(self, frame: bytes) -> bytes:
        """A frame as the switch handles it: a raw host's packet gets an Ethernet header."""
        if not self.raw:
            return frame
        kind = b"\x86\xdd" if frame[0] >> 4 == 6 else b"\x08\x00"
        return self.gateway_mac + self.mac + kind + frame

    def mirror(self, frame: bytes) -> None:
        for descriptor, wrap in self.mirrors:
            os.write(descriptor, wrap(frame))

    def deliver(self, frame: bytes) -> None:
        self.mirror(frame)
        if not self.raw:
            os.write(self.descriptor, frame)
        elif frame[12:14] in (b"\x08\x00", b"\x86\xdd"):
            os.write(self.descriptor, frame[14:])


class _Switch(threading.Thread):
    """Carries frames between the ports of each segment, when their links say so."""

    def __init__(self, seed: int) -> None:
        super().__init__(daemon=True)
        self.segments: list[list[_Port]] = []
        self._chance = random.Random(seed)
        self._queue: list[tuple[float, int, _Port, bytes]] = []
        self._order = itertools.count()
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.is_set():
            ports = {
                port.descriptor: (segment, port) for segment in self.segments for port in segment
            }
            wait = 0.02
            if self._queue:
                wait = min(wait, max(0.0, self._queue[0][0] - time.monotonic()))
            readable, _, _ = select.select(list(ports), [], [], wait)
            now = time.monotonic()
            for descriptor in readable:
                self._accept(*ports[descriptor], os.read(descriptor, 65536), now)
            self._deliver_due(time.monotonic())

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def _accept(self, segment: list[_Port], source: _Port, packet: bytes, now: float) -> None:
        frame = source.from_host(packet)
        source.mirror(frame)
        group = bool(frame[0] & 1)
        for target in segment:
            if target is source or not (group or target.mac == frame[:6]):
                continue
            for half, sent in source.link.copies("out", frame, now, self._chance):
                for when, copy in target.link.copies("in", sent, half, self._chance):
                    heapq.heappush(self._queue, (when, next(self._order), target, copy))

    def _deliver_due(self, now: float) -> None:
        while self._queue and self._queue[0][0] <= now:
            _, _, port, frame = heapq.heappop(self._queue)
            port.deliver(frame)


class Host:
    """A network namespace with one interface. Made by `Network.host` and `Network.monitor`."""

    def __init__(self, network: "Network", name: str, interface: str, mac: bytes) -> None:
        self.network = network
        self.name = name
        self.namespace = network.prefix + name
        self.interface = interface
        self.mac = mac
        self.addresses: list[IpInterface] = []
        self.port: _Port | None = None

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Sockets that this thread makes inside the block belong to this host."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        inside = os.open(f"/run/netns/{self.namespace}", os.O_RDONLY)
        try:
            _set_namespace(inside)
            yield
        finally:
            _set_namespace(before)
            os.close(inside)
            os.close(before)

    def run(
        self,
        command: Sequence[str],
        *,
        check: bool = True,
        env: Mapping[str, str] | None = None,
        stdin: bytes | None = None,
        timeout: float = 60.0,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a program on this host to its end; `env` is added to the environment."""
        return subprocess.run(
            self._inside(command),
            check=check,
            env={**os.environ, **(env or {})},
            input=b"" if stdin is None else stdin,
            capture_output=True,
            timeout=timeout,
        )

    def start(
        self,
        command: Sequence[str],
        *,
        ports: Iterable[int] = (),
        env: Mapping[str, str] | None = None,
        log: Path | None = None,
        stdin: int | None = subprocess.DEVNULL,
        timeout: float = 20.0,
    ) -> subprocess.Popen[bytes]:
        """Start a program on this host and wait until it listens on the TCP `ports`.

        Its output goes to `log` (or nowhere); it is ended, by its process group, with the network.
        """
        with log.open("wb") if log else open(os.devnull, "wb") as out:
            process = subprocess.Popen(
                self._inside(command),
                stdin=stdin,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        self.network.processes.append(process)
        wanted = set(ports)
        deadline = time.monotonic() + timeout
        while not wanted <= self.listening():
            if process.poll() is not None or time.monotonic() > deadline:
                text = log.read_text(errors="replace") if log else ""
                raise RuntimeError(
                    f"{command[0]} on {self.name} does not listen on {wanted}: {text}"
                )
            time.sleep(0.02)
        return process

    def listening(self) -> set[int]:
        """The TCP ports on which something listens here."""
        ports = set()
        with self.entered():
            for table in ("tcp", "tcp6"):
                lines = Path(f"/proc/thread-self/net/{table}").read_text().splitlines()[1:]
                rows = [line.split() for line in lines]
                ports |= {int(row[1].rsplit(":", 1)[1], 16) for row in rows if row[3] == "0A"}
        return ports

    @contextmanager
    def capture(
        self,
        path: Path,
        *,
        interface: str | None = None,
        program: str = "dumpcap",
        options: Sequence[str] = (),
        settle: float = 0.6,
    ) -> Iterator[None]:
        """Record this host's interface (or "lo", "any") to `path` for the length of the block.

        `program` is "dumpcap" (pcapng) or "tcpdump" (pcap); `options` are added to its command
        line: `-s 96`, `-f "port 443"`, `-y LINUX_SLL2`. The block starts once the kernel hands
        packets to the program; after it, `settle` seconds pass, so that the last ones get in.
        """
        path.unlink(missing_ok=True)
        where = interface or self.interface
        if program == "dumpcap":
            command = ["dumpcap", "-q", "-i", where, "-w", str(path), *options]
        else:
            command = ["tcpdump", "--immediate-mode", "-U", "-n", "-Z", "root", "-i", where,
                       "-w", str(path), *options]  # fmt: skip
        process = subprocess.Popen(
            self._inside(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.network.processes.append(process)
        self._await_capture(process, path)
        try:
            yield
            time.sleep(settle)
        finally:
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=20)[1].decode(errors="replace")
        if process.returncode != 0:
            raise RuntimeError(f"{program} ended with {process.returncode}: {said}")
        path.chmod(0o644)

    def _await_capture(self, process: subprocess.Popen[bytes], path: Path) -> None:
        """Wait until the output file has its header and a packet socket is open in here."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and process.poll() is None:
            with self.entered():
                sockets = Path("/proc/thread-self/net/packet").read_text().splitlines()[1:]
            if sockets and path.exists() and path.stat().st_size >= 24:
                time.sleep(0.2)
                return
            time.sleep(0.02)
        said = (
            process.communicate()[1].decode(errors="replace") if process.poll() is not None else ""
        )
        raise RuntimeError(f"the capture on {self.name} did not start: {said}")

    def names(self, nameserver: str) -> None:
        """Let programs on this host ask `nameserver` for names."""
        folder = Path("/etc/netns") / self.namespace
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "resolv.conf").write_text(f"nameserver {nameserver}\n")

    def setting(self, name: str, value: str) -> None:
        """A kernel setting of this host alone: `host.setting("net.ipv4.tcp_sack", "0")`."""
        with self.entered():
            Path("/proc/sys", *name.split(".")).write_text(value)

    def _inside(self, command: Sequence[str]) -> list[str]:
        return ["ip", "netns", "exec", self.namespace, *command]


class Network:
    """Subnets joined by one router; see the module's first lines.

    `name` becomes part of the namespaces' names, which carry this process's id besides. `seed`
    makes loss and reordering repeat as far as timing allows.
    """

    def __init__(self, name: str, seed: int = 1) -> None:
        self.prefix = f"{name}-{os.getpid()}-"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.hosts: list[Host] = []
        self._switch = _Switch(seed)
        self._segments: list[tuple[set[IpNetwork], list[_Port], Host]] = []
        self._descriptors: list[int] = []
        self._router: str | None = None

    def __enter__(self) -> "Network":
        signal.signal(signal.SIGTERM, _leave)
        self._router = self._namespace("router")
        _ip("-n", self._router, "link", "set", "lo", "up")
        with Host(self, "router", "", b"").entered():
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
            Path("/proc/sys/net/ipv4/conf/all/send_redirects").write_text("0")
            Path("/proc/sys/net/ipv6/conf/all/forwarding").write_text("1")
        self._switch.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for process in reversed(self.processes):
                _end(process)
            self._switch.stop()
        finally:
            for namespace in ["router", *(host.name for host in self.hosts)]:
                subprocess.run(["ip", "netns", "del", self.prefix + namespace], check=False)
                shutil.rmtree(Path("/etc/netns") / (self.prefix + namespace), ignore_errors=True)
            for descriptor in self._descriptors:
                os.close(descriptor)

    def host(
        self,
        name: str,
        *addresses: str,
        interface: str = "eth0",
        mac: str | None = None,
        link: Link | None = None,
        mtu: int = 1500,
        raw: bool = False,
    ) -> Host:
        """A new host with `addresses` such as "192.0.2.23/24" or "2001:db8:2::23/64".

        The router takes the first address of each subnet. `raw` gives it a TUN interface: frames
        without a link layer (link type raw IP).
        """
        host = self._new_host(name, interface, mac)
        host.addresses = [ipaddress.ip_interface(text) for text in addresses]
        ports, gateway = self._segment(host.addresses)
        host.port = _Port(
            self._device(host, raw=raw), host.mac, link or Link(), raw, gateway_mac=gateway.mac
        )
        self._configure(host, mtu, raw=raw)
        for address in host.addresses:
            route = (
                ["default", "dev", interface]
                if raw
                else ["default", "via", str(address.network[1])]
            )
            _ip("-n", host.namespace, f"-{address.version}", "route", "add", *route)
            if raw:
                _ip(
                    "-n",
                    gateway.namespace,
                    "neigh",
                    "replace",
                    str(address.ip),
                    "lladdr",
                    host.mac.hex(":"),
                    "dev",
                    gateway.interface,
                    "nud",
                    "permanent",
                )
        ports.append(host.port)
        return host

    def monitor(
        self, name: str, watched: Host, wrap: Callable[[bytes], bytes] = bytes, mtu: int = 1600
    ) -> Host:
        """A host on a mirror port: it sees every frame of `watched`, after `wrap`; it is silent.

        With `wrap=vlan_tagged(3704, 2474)` or `pppoe_wrapped(…)` it is the mirror of a trunk.
        """
        if watched.port is None:
            raise ValueError(f"{watched.name} has no port to mirror")
        host = self._new_host(name, "eth0", None)
        descriptor = self._device(host, raw=False)
        self._configure(host, mtu, raw=False)
        watched.port.mirrors.append((descriptor, wrap))
        return host

    def _new_host(self, name: str, interface: str, mac: str | None) -> Host:
        number = len(self.hosts) + 1
        chosen = (
            bytes.fromhex(mac.replace(":", "")) if mac else bytes([2, 0, 0x5E, 0, 0x53, number])
        )
        self._namespace(name)
        host = Host(self, name, interface, chosen)
        self.hosts.append(host)
        _ip("-n", host.namespace, "link", "set", "lo", "up")
        return host

    def _namespace(self, name: str) -> str:
        _ip("netns", "add", self.prefix + name)
        return self.prefix + name

    def _segment(self, addresses: list[IpInterface]) -> tuple[list[_Port], Host]:
        """The ports of the subnet of these addresses and the router's interface on it."""
        networks: set[IpNetwork] = {address.network for address in addresses}
        for known, ports, gateway in self._segments:
            if known & networks:
                self._gateway_addresses(gateway, networks - known)
                known |= networks
                return ports, gateway
        number = len(self._segments) + 1
        gateway = Host(self, "router", f"eth{number}", bytes([2, 0, 0x5E, 0, 0x54, number]))
        port = _Port(self._device(gateway, raw=False), gateway.mac, Link(), raw=False)
        self._configure(gateway, 1500, raw=False)
        self._gateway_addresses(gateway, networks)
        ports = [port]
        self._segments.append((networks, ports, gateway))
        self._switch.segments.append(ports)
        return ports, gateway

    def _gateway_addresses(self, gateway: Host, networks: Iterable[IpNetwork]) -> None:
        for network in networks:
            extra = ["nodad"] if network.version == 6 else []
            _ip(
                "-n",
                gateway.namespace,
                "address",
                "add",
                f"{network[1]}/{network.prefixlen}",
                "dev",
                gateway.interface,
                *extra,
            )

    def _device(self, host: Host, *, raw: bool) -> int:
        """Open the far end of a new TAP or TUN interface in the host's namespace."""
        with host.entered():
            descriptor = os.open("/dev/net/tun", os.O_RDWR)
            kind = (_IFF_TUN if raw else _IFF_TAP) | _IFF_NO_PI
            fcntl.ioctl(
                descriptor, _TUNSETIFF, struct.pack("16sH22x", host.interface.encode(), kind)
            )
        self._descriptors.append(descriptor)
        return descriptor

    def _configure(self, host: Host, mtu: int, *, raw: bool) -> None:
        """Address, MTU and silence: no router solicitations, no duplicate address detection."""
        with host.entered():
            quiet = Path("/proc/sys/net/ipv6/conf", host.interface)
            (quiet / "router_solicitations").write_text("0")
            (quiet / "accept_dad").write_text("0")
            if (
                not any(address.version == 6 for address in host.addresses)
                and host.name != "router"
            ):
                (quiet / "disable_ipv6").write_text("1")
        inside = ["-n", host.namespace]
        if not raw:
            _ip(*inside, "link", "set", host.interface, "address", host.mac.hex(":"))
        _ip(*inside, "link", "set", host.interface, "mtu", str(mtu), "up")
        for address in host.addresses:
            extra = ["nodad"] if address.version == 6 else []
            _ip(*inside, "address", "add", str(address), "dev", host.interface, *extra)


def vlan_tagged(*identifiers: int) -> Callable[[bytes], bytes]:
    """Put IEEE 802.1Q tags on a frame, the outermost first (802.1ad when there are several)."""
    kinds = [0x88A8] * (len(identifiers) - 1) + [0x8100]
    tags = b"".join(
        struct.pack("!HH", kind, number) for kind, number in zip(kinds, identifiers, strict=True)
    )
    return lambda frame: frame[:12] + tags + frame[12:]


def pppoe_wrapped(session: int) -> Callable[[bytes], bytes]:
    """Put a frame's IP packet into a PPPoE session (RFC 2516); other frames stay as they are."""

    def wrap(frame: bytes) -> bytes:
        protocol = {b"\x08\x00": 0x0021, b"\x86\xdd": 0x0057}.get(frame[12:14])
        if protocol is None:
            return frame
        header = struct.pack("!HBBHHH", 0x8864, 0x11, 0, session, len(frame) - 12, protocol)
        return frame[:12] + header + frame[14:]

    return wrap


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def _set_namespace(descriptor: int) -> None:
    if _LIBC.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process group that we started: politely, then for good."""
    for number, patience in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, number)
            process.wait(patience)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def _leave(*_: object) -> None:
    raise SystemExit(143)
