"""What `labshark doctor` looks at: the machine as plain data, and the looking itself."""

import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from report.assets import asset
from report.capture.programs import Version, find_program, tshark_version
from report.capture.sandbox import bubblewrap
from report.errors import LabsharkError

Family = Literal["debian", "ubuntu", "fedora", "linux", "macos", "windows"]

WIRESHARK_PROGRAMS = ("tshark", "capinfos", "dumpcap", "editcap", "mergecap")
FONTS = (
    "Inter-Regular.ttf",
    "Inter-SemiBold.ttf",
    "Inter-Bold.ttf",
    "NotoSansSC-Regular.ttf",
    "NotoSansSC-Bold.ttf",
    "NotoSansSCPunctuation-Regular.ttf",
    "NotoSansSCPunctuation-Bold.ttf",
    "JetBrainsMonoNL-Regular.ttf",
    "JetBrainsMonoNL-Bold.ttf",
)
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class System:
    """A machine, as far as labshark depends on it."""

    family: Family
    python: Version
    programs: Mapping[str, Path] = field(default_factory=dict)
    """The Wireshark programs that were found, by name."""
    tshark: Version | None = None
    """None where tshark is missing or does not say its version."""
    bubblewrap: Literal["works", "blocked", "missing"] = "missing"
    pdf_fault: str | None = None
    """Why WeasyPrint cannot be used; None where it can."""
    fonts_missing: tuple[str, ...] = ()
    """Names of bundled fonts that this installation lacks."""
    capture: Literal["granted", "denied", "unknown"] = "unknown"
    """Whether this user may record packets; unknown without dumpcap."""


def this_system() -> System:
    """The machine that this runs on. Starts Wireshark's programs and a Python: takes a second."""
    programs = {name: path for name in WIRESHARK_PROGRAMS if (path := _program(name))}
    return System(
        family=this_family(),
        python=(sys.version_info.major, sys.version_info.minor, sys.version_info.micro),
        programs=programs,
        tshark=_version(programs.get("tshark")),
        bubblewrap=_bubblewrap(),
        pdf_fault=_pdf_fault(),
        fonts_missing=tuple(name for name in FONTS if not _bundled(name)),
        capture=_capture(programs),
    )


def family(system: str, os_release: Mapping[str, str]) -> Family:
    """Which kind of system, from `sys.platform` and the fields of /etc/os-release."""
    if system == "darwin":
        return "macos"
    if system == "win32":
        return "windows"
    names = [os_release.get("ID", ""), *os_release.get("ID_LIKE", "").split()]
    known: tuple[Family, ...] = ("ubuntu", "debian", "fedora")
    return next((name for name in known if name in names), "linux")


def this_family() -> Family:
    """Which kind of system this is."""
    return family(sys.platform, _os_release())


def _os_release() -> Mapping[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def _program(name: str) -> Path | None:
    try:
        return find_program(name)
    except LabsharkError:
        return None


def _version(tshark: Path | None) -> Version | None:
    try:
        return tshark_version(tshark) if tshark else None
    except LabsharkError:
        return None


def _bubblewrap() -> Literal["works", "blocked", "missing"]:
    if bubblewrap() is not None:
        return "works"
    return "blocked" if shutil.which("bwrap") else "missing"


def _pdf_fault() -> str | None:
    # In a Python of its own: where Pango is missing, WeasyPrint writes to standard output.
    done = _output([sys.executable, "-P", "-c", "import weasyprint"])
    if done is None:
        return "WeasyPrint did not start"
    if done.returncode == 0:
        return None
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "WeasyPrint did not start"


def _bundled(font: str) -> bool:
    try:
        return asset("templates", "fonts", font).is_file()
    except FileNotFoundError:
        return False


def _capture(programs: Mapping[str, Path]) -> Literal["granted", "denied", "unknown"]:
    dumpcap = programs.get("dumpcap")
    if dumpcap is None:
        # Debian lets only the group wireshark start it, so others do not find it.
        tshark = programs.get("tshark")
        return "denied" if tshark and (tshark.parent / "dumpcap").exists() else "unknown"
    # Every user may list the interfaces; to ask for an interface's link types opens it.
    done = _output([str(dumpcap), "-i", "1", "-L"])
    return "granted" if done and done.returncode == 0 else "denied"


def _output(argv: list[str]) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(
            argv,
            capture_output=True,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
