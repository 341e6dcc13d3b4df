"""Which interface the traffic to an address passes: the system's own routing decides."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from report.capture.programs import all_found

_SECONDS = 30
_SYSTEM_FOLDERS = {
    "linux": ("/usr/sbin", "/sbin", "/usr/bin", "/bin"),
    "darwin": ("/sbin",),
    "win32": (os.environ.get("SYSTEMROOT", r"C:\Windows") + r"\System32\WindowsPowerShell\v1.0",),
}
WINDOWS_LOOPBACK = r"\Device\NPF_Loopback"
"""Npcap's name for the loopback adapter."""

# Index 1 is the loopback adapter, which Get-NetAdapter does not list.
_POWERSHELL = (
    "$i = (Find-NetRoute -RemoteIPAddress '{address}' -ErrorAction Stop"
    " | Select-Object -First 1).InterfaceIndex; "
    "if ($i -eq 1) {{ 'loopback' }} else {{ "
    "(Get-NetAdapter -IncludeHidden -InterfaceIndex $i -ErrorAction Stop).InterfaceGuid }}"
)


def interfaces_to(addresses: Iterable[str]) -> tuple[str, ...]:
    """The interfaces by which this system reaches the addresses, each once, by dumpcap's names.

    Empty where there is no route, or no telling.
    """
    found = (interface_to(address) for address in addresses)
    return tuple(dict.fromkeys(name for name in found if name is not None))


def interface_to(address: str) -> str | None:
    """The interface by which this system reaches an address; None without a route."""
    asking = _ASKING.get(sys.platform)
    if asking is None:
        return None
    program, words, read = asking
    folders = map(Path, _SYSTEM_FOLDERS[sys.platform])
    found = next(all_found(program, folders), None)
    if found is None:
        return None
    return read(_output([str(found), *words(address)]))


def linux_words(address: str) -> list[str]:
    """Arguments of iproute2's ip."""
    return ["-oneline", "route", "get", address]


def linux_interface(output: str) -> str | None:
    """From `1.1.1.1 via 192.0.2.1 dev eth0 src 192.0.2.2 …`."""
    return _first(r"\bdev (\S+)", output)


def macos_words(address: str) -> list[str]:
    """Arguments of route(8)."""
    return ["-n", "get", "-inet6" if ":" in address else "-inet", address]


def macos_interface(output: str) -> str | None:
    """From the line `  interface: en0`."""
    return _first(r"^\s*interface:\s*(\S+)", output)


def windows_words(address: str) -> list[str]:
    """Arguments of Windows PowerShell."""
    script = _POWERSHELL.format(address=address)
    return ["-NoProfile", "-NonInteractive", "-Command", script]


def windows_interface(output: str) -> str | None:
    """From an adapter's GUID, `{0C1B…}`; Npcap's devices are named after it."""
    if output.strip() == "loopback":
        return WINDOWS_LOOPBACK
    guid = _first(r"^(\{[0-9A-Fa-f-]{36}\})\s*$", output)
    return None if guid is None else rf"\Device\NPF_{guid}"


_ASKING: Mapping[str, tuple[str, Callable[[str], list[str]], Callable[[str], str | None]]] = {
    "linux": ("ip", linux_words, linux_interface),
    "darwin": ("route", macos_words, macos_interface),
    "win32": ("powershell", windows_words, windows_interface),
}


def known_interfaces(dumpcap: Path) -> tuple[str, ...]:
    """The names that `--interface` takes, as dumpcap lists them."""
    listed = _output([str(dumpcap), "-D"])
    return tuple(re.findall(r"^\d+\. (\S+)", listed, re.MULTILINE))


def _first(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1] if match else None


def _output(argv: list[str]) -> str:
    try:
        done = subprocess.run(
            argv,
            capture_output=True,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
