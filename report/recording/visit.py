"""One visit to a target, by whichever client: what it is told, and what became of it."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from report.recording.children import end, start
from report.recording.target import Target
from report.text import Text

_LOOKS_EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Order:
    """What every client is told."""

    target: Target
    addresses: tuple[str, ...]
    """Where the host is; what is recorded is limited to these."""
    tls_max: str | None
    """`1.2` or `1.3`: the highest version to offer; None leaves it to the client."""
    seconds: int | None
    """How long the visit may take."""
    keys: bool
    """Whether a key log is to be written."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What became of a visit."""

    without_keys: Text
    """What to tell a user who wanted keys and got none from this client."""
    keylog: bytes = b""
    failure: str | None = None
    """What the client said when it was not content; None when it was."""
    round_trip: float = 0.0
    """Seconds that TCP's handshake took; 0 where it is not known."""
    notes: tuple[Text, ...] = ()
    """What the user should know besides."""


def environment(keylog: Path | None) -> dict[str, str]:
    """This process's environment, with the key log's place or without any."""
    inherited = {k: v for k, v in os.environ.items() if k != "SSLKEYLOGFILE"}
    return inherited if keylog is None else {**inherited, "SSLKEYLOGFILE": str(keylog)}


def logged(keylog: Path) -> bytes:
    """What a client wrote into its key log; empty if it wrote none."""
    with contextlib.suppress(OSError):
        return keylog.read_bytes()
    return b""


@contextlib.contextmanager
def client(
    argv: list[str], keylog: Path | None, folder: Path
) -> "Iterator[subprocess.Popen[bytes]]":
    """A client started in `folder`, apart from our terminal's Ctrl-C; ended with the block.

    What it prints is in `folder`, in `client.out` and `client.err`.
    """
    with (folder / "client.out").open("wb") as out, (folder / "client.err").open("wb") as err:
        process = start(argv, folder, environment(keylog), out, err)
    try:
        yield process
    finally:
        end(process)


def await_end(process: "subprocess.Popen[bytes]", over: Callable[[], bool]) -> int | None:
    """Waits until a client ends, and gives its exit code, or until `over` says so, and gives None.

    Polls, because on Windows Ctrl-C does not get through to a process that waits.
    """
    while process.poll() is None and not over():
        time.sleep(_LOOKS_EVERY)
    return process.poll()


def last_words(folder: Path, code: int) -> str:
    """What a client said on standard error of its ending, else its exit code."""
    said = (folder / "client.err").read_text("utf-8", "replace").strip().splitlines()
    own = [line for line in said if line.startswith("curl: (")]
    return (own or said or [f"exit {code}"])[-1]
