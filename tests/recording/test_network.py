"""`labshark capture` on a laptop behind a router: the interface, the filter, and dead ends."""

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.independent.container import read_capture
from tests.independent.packets import Segment, transport
from tests.recording.conftest import environment
from traces.make.network import Host, Link, Network

LAPTOP, SERVER = "192.0.2.23", "198.51.100.10"


@pytest.fixture(scope="module")
def laptop(certificate: Path) -> Iterator[Host]:
    """A host with a wireless interface; www.lab.example is two links away, and has a server."""
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists() or shutil.which("ip") is None:
        pytest.skip("needs root, iproute2 and /dev/net/tun, to make network namespaces")
    with Network("capture") as network:
        host = network.host("laptop", f"{LAPTOP}/24", interface="wlan0", link=Link(delay=0.004))
        server = network.host("server", f"{SERVER}/24", link=Link(delay=0.02))
        words = ["-cert", "leaf.pem", "-key", "key.pem", "-www"]
        paths = [str(certificate / word) if word.endswith(".pem") else word for word in words]
        server.start(["openssl", "s_server", "-accept", "443", *paths], ports=[443])
        names = Path("/etc/netns") / host.namespace / "hosts"
        names.parent.mkdir(parents=True, exist_ok=True)
        # With its own name, which curl looks up: no name server answers here.
        names.write_text(f"127.0.0.1 localhost {socket.gethostname()}\n{SERVER} www.lab.example\n")
        yield host


def run(laptop: Host, folder: Path, *words: str, authority: Path) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "report.commands.main", "capture", "--lang", "en", *words]
    inside = ["env", f"--chdir={folder}", *command]
    done = laptop.run(
        inside, check=False, env={**environment(None), "CURL_CA_BUNDLE": str(authority)}
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_the_route_chooses_the_interface(laptop: Host, certificate: Path, tmp_path: Path) -> None:
    code, out, err = run(
        laptop, tmp_path, f"https://{SERVER}/", "--no-keys", authority=certificate / "ca.pem"
    )
    assert err.startswith("Recording on wlan0: ")
    # The certificate is localhost's: the visit is recorded, up to where curl turns away.
    assert (code, out) == (1, f"{SERVER}.pcapng\n")
    assert "curl: (60)" in err
    assert f"--host {SERVER}" in err
    recorded = [transport(f) for f in read_capture(tmp_path / f"{SERVER}.pcapng").frames]
    ends = {p.source[0] for p in recorded if isinstance(p, Segment)}
    assert ends == {LAPTOP, SERVER}
    assert any(isinstance(p, Segment) and p.syn and p.source[0] == LAPTOP for p in recorded)


def test_dead_ends_are_named(laptop: Host, certificate: Path, tmp_path: Path) -> None:
    authority = certificate / "ca.pem"
    for url, slug in (
        (f"https://{SERVER}:444/", "recording-refused"),
        ("https://198.51.100.99/", "recording-no-route"),  # the router finds nobody there
        ("https://[2001:db8::1]/", "recording-no-route"),  # the laptop has no IPv6
    ):
        code, out, err = run(laptop, tmp_path, url, "--seconds", "5", authority=authority)
        assert (code, out) == (3, "")
        assert f"[{slug}]" in err, err
