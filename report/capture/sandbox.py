"""The only way a Wireshark program is started: bounded, without network, and alone with its files.

Measured (bubblewrap 0.8, tshark 4.0.17): the whole sandbox costs 13 ms a run.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from report.errors import LabsharkError

REQUIRE_VARIABLE = "LABSHARK_REQUIRE_SANDBOX"
"""Set to anything but nothing and 0, no Wireshark program starts outside the sandbox."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use."""

    cpu_seconds: int = 120
    address_space: int = 4 << 30
    """Bytes; below 400 MiB tshark does not start on larger captures."""
    deadline_seconds: float = 180.0
    """Wall time; then the run's whole process group is killed."""
    output_bytes: int = 512 << 20
    """Of standard output; then the run is killed. A packet can be dissected into many times its
    size, and all of it comes to lie in our memory."""
    file_bytes: int = 0
    """Of any file that the program writes: a reader of captures writes none."""


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
    folder: Path
    """The current folder to start it in: not the user's, where anything may lie."""
    limits: Limits
    sandboxed: bool


def invocation(command: Command, configuration: Path) -> Invocation:
    """`command` inside bubblewrap where that works, else with resource limits alone.

    `configuration` is an empty folder: the user's Wireshark preferences, profiles, plugins and
    Lua scripts must not change an answer.

    Raises LabsharkError `sandbox-missing` where there is none and `LABSHARK_REQUIRE_SANDBOX` asks
    for it.
    """
    sandbox = bubblewrap()
    if sandbox is not None:
        return _sandboxed(command, sandbox)
    if os.environ.get(REQUIRE_VARIABLE, "0") not in ("", "0"):
        raise LabsharkError("sandbox-missing")
    return _limited(command, configuration)


def _placed(command: Command, places: Mapping[str, str]) -> tuple[str, ...]:
    if not places:
        return command.arguments
    # All at once: a file may have been given a name that looks like another one's place.
    names = re.compile("{(" + "|".join(map(re.escape, places)) + ")}")
    return tuple(names.sub(lambda name: places[name[1]], each) for each in command.arguments)


def _limited(command: Command, configuration: Path) -> Invocation:
    places = {name: str(path.absolute()) for name, path in command.files.items()}
    argv = (*_end_with_parent(), str(command.program), *_placed(command, places))
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
    limited = (*_resource_limits(command.limits), *argv)
    return Invocation(limited, environment, configuration, command.limits, sandboxed=False)


def _resource_limits(limits: Limits) -> tuple[str, ...]:
    # The soft CPU limit stands below the hard one, so that "too long" (SIGXCPU) can be told
    # from "killed".
    if sys.platform == "win32":
        return ()
    import resource

    hard = _at_most(resource.RLIMIT_CPU, limits.cpu_seconds + 5)
    soft = min(limits.cpu_seconds, hard)
    file_bytes = _at_most(resource.RLIMIT_FSIZE, limits.file_bytes)
    prlimit = shutil.which("prlimit", path="/usr/bin:/bin")
    if prlimit:
        return (
            prlimit,
            f"--cpu={soft}:{hard}",
            f"--as={_at_most(resource.RLIMIT_AS, limits.address_space)}",
            f"--fsize={file_bytes}",
            f"--nofile={_at_most(resource.RLIMIT_NOFILE, 64)}",
            "--core=0",
            "--",
        )
    blocks = -(-file_bytes // 512)
    wanted = ("-c 0", f"-f {blocks}", f"-St {soft}", f"-Ht {hard}")  # one at a time, for dash
    script = "; ".join(f"ulimit {limit}" for limit in wanted) + '; exec "$@"'
    return ("/bin/sh", "-c", script, "sh")


def _at_most(which: int, wanted: int) -> int:
    """`wanted`, or what we are limited to ourselves: nobody may give out more than that."""
    import resource

    most = resource.getrlimit(which)[1]
    return wanted if most == resource.RLIM_INFINITY else min(wanted, most)


@lru_cache
def _end_with_parent() -> tuple[str, ...]:
    """Words that make a program end when labshark is killed, as bubblewrap does by itself."""
    setpriv = shutil.which("setpriv", path="/usr/bin:/bin")
    if setpriv is None:
        return ()
    words = (setpriv, "--pdeathsig", "KILL", "--no-new-privs", "--")
    return words if _works([*words, "/bin/true"]) else ()


def _sandboxed(command: Command, sandbox: Path) -> Invocation:
    program = command.program.resolve()
    places = {name: f"/{name}" for name in command.files}
    mounts: list[str] = []
    for name, path in command.files.items():
        mounts += ["--ro-bind", str(path.absolute()), f"/{name}"]
    argv = (
        *_resource_limits(command.limits),
        str(sandbox),
        *_ISOLATION,
        *_program_mounts(program),
        *mounts,
        *("--remount-ro", "/", "--chdir", "/", "--"),
        str(program),
        *_placed(command, places),
    )
    return Invocation(argv, {"PATH": os.defpath}, Path("/"), command.limits, sandboxed=True)


_ISOLATION: Sequence[str] = (
    *("--unshare-all", "--die-with-parent", "--new-session", "--clearenv"),
    *("--setenv", "PATH", "/usr/bin", "--setenv", "LC_ALL", "C.UTF-8", "--setenv", "TZ", "UTC"),
    *("--setenv", "HOME", "/nonexistent", "--setenv", "WIRESHARK_CONFIG_DIR", "/cfg"),
    *("--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib"),
    *("--symlink", "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin"),
    *("--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--dir", "/cfg"),
    # Without --uid tshark warns that it runs as root, and would be it.
    *("--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"),
)


def _program_mounts(program: Path) -> tuple[str, ...]:
    """What a program outside /usr needs to be seen: its prefix, or only its folder or itself where
    the prefix holds more than programs."""
    if program.is_relative_to("/usr"):
        return ()
    home = Path("~").expanduser()
    shared = {Path("/"), Path("/tmp"), home, *home.parents}
    folder = program.parent
    places = (folder.parent, folder) if folder.name in ("bin", "sbin") else (folder,)
    seen = str(next((place for place in places if place not in shared), program))
    return ("--ro-bind", seen, seen)


_TRYING = threading.Lock()


def bubblewrap() -> Path | None:
    """bubblewrap, if it is installed and this system lets it make a namespace; else None.

    Ubuntu 24.04 and later forbid it to ordinary users unless an AppArmor profile allows it;
    macOS and Windows have none.
    """
    with _TRYING:  # several threads ask at once, and one answer serves them all
        return _working_bubblewrap()


@lru_cache
def _working_bubblewrap() -> Path | None:
    found = shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin")
    if found is None:
        return None
    return Path(found) if _works([found, *_ISOLATION, "--", "/usr/bin/true"]) else None


def _works(argv: Sequence[str]) -> bool:
    try:
        done = subprocess.run(argv, capture_output=True, timeout=10, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
