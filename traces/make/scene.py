"""What nearly every capture starts from: a laptop, a server, the router between, a work folder.

    with scene("versions") as here:
        ...
        with here.record("tls12-….pcapng"):
            ...

The laptop is 192.0.2.23 and 2001:db8:2::23, the server 198.51.100.10 and 2001:db8:51::10.
"""

import itertools
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from files import rewrite_section
from network import Host, Link, Network

TRACES = Path(__file__).parent.parent
LAPTOP, LAPTOP6 = "192.0.2.23", "2001:db8:2::23"
SERVER, SERVER6 = "198.51.100.10", "2001:db8:51::10"
HARDWARE, SYSTEM = "Intel(R) Core(TM) i5 (with SSE4.2)", "Debian GNU/Linux 12"


@dataclass(slots=True)
class Scene:
    """The two hosts; `ports` yields the client ports that scripts hand out, each once."""

    network: Network
    work: Path
    laptop: Host
    server: Host
    ports: Iterator[int] = field(default_factory=lambda: itertools.count(49152))

    @contextmanager
    def record(
        self,
        name: str,
        *,
        host: Host | None = None,
        interface: str | None = None,
        program: str = "dumpcap",
        options: Sequence[str] = (),
        settle: float = 0.5,
    ) -> Iterator[Path]:
        """Record to `traces/<name>` what the laptop (or `host`) sees during the block.

        Address resolution is left out unless the `options` have a capture filter of their own.
        In a pcapng file the names of the machine's processor and kernel are replaced.
        """
        path = TRACES / name
        chosen = list(options)
        if program == "dumpcap" and "-f" not in chosen:
            chosen += ["-f", "ip or ip6 proto 6 or ip6 proto 17"]
        where = host or self.laptop
        with where.capture(
            path, interface=interface, program=program, options=chosen, settle=settle
        ):
            yield path
        keylog = path.with_name(path.name.split(".")[0] + ".keylog")
        if keylog.exists():
            keylog.chmod(0o644)
        if program == "dumpcap" and "-P" not in chosen:
            rewrite_section(path, hardware=HARDWARE, system=SYSTEM)

    def keylog(self, capture: Path) -> Path:
        """Where the keys of a capture go: beside it, empty at first."""
        path = capture.with_name(capture.name.split(".")[0] + ".keylog")
        path.unlink(missing_ok=True)
        return path


@contextmanager
def scene(
    name: str, *, near: Link | None = None, far: Link | None = None, mtu: int = 1500, seed: int = 1
) -> Iterator[Scene]:
    """The network of one script; `near` and `far` are the laptop's and the server's links."""
    work = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    try:
        with Network(name[:8], seed) as network:
            laptop = network.host(
                "laptop", f"{LAPTOP}/24", f"{LAPTOP6}/64", link=near or Link(delay=0.001), mtu=mtu
            )
            server = network.host(
                "server", f"{SERVER}/24", f"{SERVER6}/64", link=far or Link(delay=0.006)
            )
            yield Scene(network, work, laptop, server)
    finally:
        shutil.rmtree(work, ignore_errors=True)
