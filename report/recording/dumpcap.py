"""dumpcap under way: started, waited for until it really records, ended in order."""

import contextlib
import os
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from report.capture.programs import find_program, install_remedy
from report.doctor.machine import this_family
from report.doctor.remedies import ALLOW_CAPTURE
from report.errors import LabsharkError
from report.recording.children import interrupt, start
from report.recording.interfaces import known_interfaces

_STARTS_WITHIN = 20.0
_ENDS_WITHIN = 10.0
_MOST_KILOBYTES = 200_000
"""Of one recording; then dumpcap stops by itself."""
_RECORDING = "File: "
"""dumpcap says so once the interface is open, the filter set and the file begun."""

_UNWRITABLE = re.compile(r"file to which the capture would be saved|could not be opened", re.I)
_NO_RIGHTS = re.compile(
    r"permission|not permitted|access is denied|npcap|wpcap|/dev/bpf", re.IGNORECASE
)
_NO_INTERFACE = re.compile(r"no device|no such device|no interface|unknown interface", re.I)
_DROPPED = re.compile(r"dropped on interface .*: \d+/(\d+) ")


@dataclass(frozen=True, slots=True)
class Order:
    """What to record, where to, and for how long at most."""

    dumpcap: Path
    interfaces: tuple[str, ...]
    filter: str
    file: Path
    seconds: int
    """dumpcap ends by itself then: if we are killed, nothing goes on recording for ever."""


class Recording:
    """A dumpcap that records. Made by `recording`."""

    def __init__(self, order: Order, process: "subprocess.Popen[bytes]") -> None:
        self._order = order
        self._process = process
        self._said: list[str] = []
        self._begun = threading.Event()
        self._listener = threading.Thread(target=self._listen, name="dumpcap", daemon=True)
        self._listener.start()

    @property
    def ended(self) -> bool:
        """Whether dumpcap has ended by itself: its time or its share of the disk is used up."""
        return self._process.poll() is not None

    @property
    def dropped(self) -> int:
        """Packets that came too fast to be recorded; known once dumpcap has ended."""
        return dropped_packets(self._said)

    def await_start(self) -> None:
        """Returns once packets are recorded; raises what `recording` raises."""
        begun = self._begun.wait(_STARTS_WITHIN)
        if not begun or _RECORDING not in "".join(self._said):
            self.stop()
            raise refusal("".join(self._said), self._order)

    def stop(self) -> None:
        """Lets dumpcap write what it holds and end."""
        if self._process.poll() is None:
            interrupt(self._process)
        try:
            self._process.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(_ENDS_WITHIN)

    def _listen(self) -> None:
        if self._process.stderr is None:
            return
        with self._process.stderr as lines:
            for octets in lines:
                line = octets.decode("utf-8", "replace")
                self._said.append(line)
                if line.startswith(_RECORDING):
                    self._begun.set()
        self._begun.set()


@contextlib.contextmanager
def recording(order: Order) -> Iterator[Recording]:
    """Records for the length of the block; the file is whole after it.

    Raises LabsharkError `recording-no-rights`, `interface-unknown`, `dumpcap-failed`.
    """
    run = Recording(order, _started(order))
    try:
        run.await_start()
        yield run
    finally:
        run.stop()


def dropped_packets(said: Iterable[str]) -> int:
    """From dumpcap's last words."""
    return sum(int(match[1]) for line in said if (match := _DROPPED.search(line)))


def find_dumpcap() -> Path:
    """The dumpcap that belongs to this system's tshark.

    Raises LabsharkError `recording-no-rights` where it is there but not for this user to start,
    as on Debian; `dumpcap-missing` where it is not; `tshark-missing` where neither is.
    """
    tshark = find_program("tshark")
    try:
        return find_program("dumpcap")
    except LabsharkError as fault:
        if (tshark.parent / "dumpcap").exists():
            raise no_rights() from fault
        raise LabsharkError("dumpcap-missing", remedy=install_remedy()) from fault


def no_rights() -> LabsharkError:
    """The fault of a user who may not record, with this system's remedy."""
    return LabsharkError("recording-no-rights", remedy=ALLOW_CAPTURE[this_family()])


def refusal(said: str, order: Order) -> LabsharkError:
    """Why dumpcap did not begin, from what it said on standard error."""
    if _UNWRITABLE.search(said):
        return LabsharkError("dumpcap-failed", detail=_detail(said))
    if _NO_INTERFACE.search(said):
        names = ", ".join(known_interfaces(order.dumpcap))
        return LabsharkError(
            "interface-unknown", name=", ".join(order.interfaces), names=names or "–"
        )
    if _NO_RIGHTS.search(said):
        return no_rights()
    return LabsharkError("dumpcap-failed", detail=_detail(said))


def _detail(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("Capturing on")]
    return told[0].removeprefix("dumpcap: ") if told else "–"


def _started(order: Order) -> "subprocess.Popen[bytes]":
    try:
        words, speaking_english = _words(order), {**os.environ, "LC_ALL": "C.UTF-8"}
        return start(words, order.file.parent, speaking_english, err=subprocess.PIPE)
    except PermissionError as fault:
        raise no_rights() from fault
    except OSError as fault:
        raise LabsharkError("dumpcap-failed", detail=fault.strerror or str(fault)) from fault


def _words(order: Order) -> Sequence[str]:
    # The filter in front of the first interface is the filter of all.
    chosen = [word for name in order.interfaces for word in ("-i", name)]
    limits = ["-a", f"duration:{order.seconds}", "-a", f"filesize:{_MOST_KILOBYTES}"]
    return [
        *(str(order.dumpcap), "-q", "-p", "-f", order.filter),
        *(*chosen, *limits, "-w", str(order.file)),
    ]
