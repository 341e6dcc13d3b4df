"""Where the Wireshark programs are, and which version they say they are."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from report.errors import LabsharkError

Version = tuple[int, int, int]

ENVIRONMENT_VARIABLE = "LABSHARK_TSHARK"
OLDEST_TSHARK: Version = (3, 6, 0)
_KNOWN_BAD = ((4, 6, 0), (4, 6, 4))
"""CVE-2026-5402: heap overflow in the TLS dissector, fixed in 4.6.5."""

_USUAL_FOLDERS = {
    "linux": ("/usr/bin", "/usr/local/bin", "/usr/sbin"),
    "darwin": (
        "/Applications/Wireshark.app/Contents/MacOS",
        "/opt/homebrew/bin",
        "/usr/local/bin",
    ),
    "win32": (r"C:\Program Files\Wireshark", r"C:\Program Files (x86)\Wireshark"),
}


def find_program(name: str) -> Path:
    """The absolute path of a Wireshark program (`tshark`, `dumpcap`, `editcap`, …).

    Looked for beside `LABSHARK_TSHARK`, then on PATH, then in the system's usual folders. A PATH
    entry that is relative, or lies in the current folder, is passed over: a program that came
    with somebody's capture must never run.

    Raises LabsharkError `tshark-missing`.
    """
    for folder in _folders():
        found = shutil.which(name, path=str(folder))
        if found and Path(found).parent == folder:
            return Path(found)
    raise LabsharkError("tshark-missing", program=name, remedy=install_remedy())


def _folders() -> Iterable[Path]:
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        yield Path(named).absolute().parent
        return
    here = Path.cwd()
    for entry in os.environ.get("PATH", "").split(os.pathsep):
        folder = Path(entry)
        if folder.is_absolute() and folder != here and here not in folder.parents:
            yield folder
    yield from map(Path, _USUAL_FOLDERS.get(sys.platform, ()))


def install_remedy() -> str:
    """The command that installs tshark on this system."""
    return {
        "darwin": "brew install wireshark",
        "win32": "winget install WiresharkFoundation.Wireshark",
    }.get(sys.platform, "sudo apt-get install tshark")


@lru_cache
def tshark_version(tshark: Path) -> Version:
    """What `tshark --version` says, as three numbers.

    Raises LabsharkError `tshark-failed` when it says nothing of the kind.
    """
    try:
        said = subprocess.run(
            [str(tshark), "--version"],
            capture_output=True,
            timeout=30,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"},
        ).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise LabsharkError("tshark-failed", program="tshark", detail=str(fault)) from fault
    match = re.search(r"(\d+)\.(\d+)\.(\d+)", said)
    if match is None:
        raise LabsharkError("tshark-failed", program="tshark", detail=said[:80])
    return int(match[1]), int(match[2]), int(match[3])


def known_bad(version: Version) -> bool:
    """Whether this tshark's TLS dissector has a published memory fault (CVE-2026-5402)."""
    return _KNOWN_BAD[0] <= version <= _KNOWN_BAD[1]


def shown_version(version: Version) -> str:
    """`(4, 0, 17)` as `4.0.17`."""
    return ".".join(map(str, version))
