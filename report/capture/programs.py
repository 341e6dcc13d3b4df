"""Where the Wireshark programs are, and which version they say they are."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from report.errors import LabsharkError
from report.search_path import named_tshark, trusted_folders

Version = tuple[int, int, int]

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

    `LABSHARK_TSHARK` names the very tshark to run, or the folder that it is in; the other programs
    are looked for beside it first. Then come PATH, as far as `trusted_folders` goes, and the
    system's usual folders: a program that came with somebody's capture must never run.

    Raises LabsharkError `tshark-missing`, also where `LABSHARK_TSHARK` names no program.
    """
    named = named_tshark()
    if named is not None and name == "tshark" and not named.is_dir():
        found = shutil.which(named)
    elif named is not None and name == "tshark":
        found = _in_folders(name, (named,))
    else:
        beside = () if named is None else (named if named.is_dir() else named.parent,)
        found = _in_folders(name, (*beside, *_folders()))
    if found is None:
        raise LabsharkError("tshark-missing", program=name, remedy=install_remedy())
    return Path(found)


def all_found(name: str, folders: Iterable[Path] = ()) -> Iterator[Path]:
    """Every program called `name`, Wireshark's or not: in `folders`, then where `find_program`
    looks, and passing over what it passes over."""
    for folder in (*folders, *_folders()):
        if found := _in_folders(name, (folder,)):
            yield Path(found)


def _in_folders(name: str, folders: Iterable[Path]) -> str | None:
    for folder in folders:
        found = shutil.which(name, path=str(folder))
        # On Windows the current folder is searched unasked.
        if found and Path(found).parent == folder:
            return found
    return None


def _folders() -> Iterable[Path]:
    yield from trusted_folders()
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
            cwd=tshark.parent,  # not the current folder, where anything may lie
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
