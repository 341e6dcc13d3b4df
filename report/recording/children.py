"""Starting and ending the programs of a recording, alike on every system."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_ENDS_WITHIN = 5.0
_NEW_GROUP = int(getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0))


def start(
    argv: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    out: IO[bytes] | int = subprocess.DEVNULL,
    err: IO[bytes] | int = subprocess.DEVNULL,
) -> "subprocess.Popen[bytes]":
    """A program started in `folder` in a group of its own.

    Ctrl-C on the terminal is for labshark alone, which ends its programs itself, and in order.
    Raises OSError.
    """
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        cwd=folder,
        env=dict(environment),
        start_new_session=sys.platform != "win32",
        creationflags=_NEW_GROUP,
    )


def interrupt(process: "subprocess.Popen[bytes]") -> None:
    """What Ctrl-C would tell one program."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            process.send_signal(signal.SIGINT)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Asks a program and its children to end, and makes them."""
    for ask in (_ask, _make):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            ask(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_ENDS_WITHIN)


def _ask(process: "subprocess.Popen[bytes]") -> None:
    if sys.platform == "win32":
        # Closes the windows of the process and of its children, as a user would.
        taskkill = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "taskkill.exe")
        subprocess.run([taskkill, "/T", "/PID", str(process.pid)], capture_output=True)
    else:
        os.killpg(process.pid, signal.SIGTERM)


def _make(process: "subprocess.Popen[bytes]") -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
