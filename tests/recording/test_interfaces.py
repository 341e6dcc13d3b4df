"""The interface to record on, from what each system says of its routes."""

import subprocess
import sys

import pytest

from report.capture.programs import find_program
from report.errors import LabsharkError
from report.recording.interfaces import (
    interface_to,
    interfaces_to,
    known_interfaces,
    linux_interface,
    macos_interface,
    macos_words,
    windows_interface,
    windows_words,
)


# iproute2 6.1 on Debian 12.
@pytest.mark.parametrize(
    ("output", "interface"),
    [
        (r"203.0.113.9 via 192.0.2.1 dev eth0 src 192.0.2.2 uid 0 \    cache", "eth0"),
        (r"local 127.0.0.1 dev lo src 127.0.0.1 uid 0 \    cache <local>", "lo"),
        ("local ::1 from :: dev lo table local proto kernel src ::1 metric 0 pref medium", "lo"),
        (
            "2001:db8::1 from :: via fd00::1 dev wlp3s0 src fd00::2 metric 1024 pref medium",
            "wlp3s0",
        ),
        ("203.0.113.9 dev tun0 src 10.8.0.6 uid 1000", "tun0"),
        ("", None),
    ],
)
def test_linux(output: str, interface: str | None) -> None:
    assert linux_interface(output) == interface


MACOS = """   route to: 203.0.113.9
destination: default
       mask: default
    gateway: 192.0.2.1
  interface: en0
      flags: <UP,GATEWAY,DONE,STATIC,PRCLONING,GLOBAL>
 recvpipe  sendpipe  ssthresh  rtt,msec    rttvar  hopcount      mtu     expire
       0         0         0         0         0         0      1500         0
"""


def test_macos() -> None:
    assert macos_interface(MACOS) == "en0"
    assert macos_interface("route: writing to routing socket: not in table\n") is None
    assert "-inet6" in macos_words("2001:db8::1")
    assert "-inet" in macos_words("203.0.113.9")


def test_windows() -> None:
    guid = "{3A539854-6A70-11DB-887C-806E6F6E6963}"
    assert windows_interface(f"{guid}\r\n") == rf"\Device\NPF_{guid}"
    assert windows_interface("loopback\r\n") == r"\Device\NPF_Loopback"
    assert windows_interface("") is None
    assert windows_interface("Find-NetRoute : The network location cannot be reached.") is None
    (script,) = [word for word in windows_words("203.0.113.9") if "Find-NetRoute" in word]
    assert "'203.0.113.9'" in script
    assert script.count("{") == script.count("}") == 2


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux's own routes")
def test_this_system_knows_its_loopback() -> None:
    if subprocess.run(["ip", "-V"], capture_output=True).returncode != 0:
        pytest.skip("needs iproute2")
    assert interfaces_to(["127.0.0.1", "127.0.0.2"]) == ("lo",)
    assert interface_to("not-an-address") is None


def test_dumpcap_lists_what_there_is() -> None:
    try:
        dumpcap = find_program("dumpcap")
    except LabsharkError:
        pytest.skip("needs dumpcap")
    names = known_interfaces(dumpcap)
    if not names:
        pytest.skip("needs a user who may list the interfaces")
    assert {"lo", "lo0", r"\Device\NPF_Loopback"} & set(names)
