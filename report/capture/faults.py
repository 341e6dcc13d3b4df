"""What tshark's exit status and stderr mean (measured: security notes, tshark 3.6 to 4.4).

Exit status 2 means almost everything and 0 does not mean that all is well, so both are read
together, and the packets are counted by somebody else (`container`).
"""

import re
import signal
from dataclasses import dataclass
from enum import Enum, auto

from report.capture.passes import Ending


class Outcome(Enum):
    """How far tshark read a capture."""

    WHOLE = auto()
    CUT_SHORT = auto()
    DAMAGED = auto()
    LINK_TYPE = auto()
    NOT_A_CAPTURE = auto()
    TOO_SLOW = auto()
    TOO_MUCH = auto()
    """It printed more than may lie in our memory."""
    STOPPED = auto()
    """By a signal, or for a reason that tshark did not say."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one run."""

    outcome: Outcome
    detail: str = ""
    dissector_bug: bool = False


_STEMS = (
    ("appears to have been cut short", Outcome.CUT_SHORT),
    ("appears to be damaged or corrupt", Outcome.DAMAGED),
    ("contains record data that", Outcome.LINK_TYPE),
    ("network type that", Outcome.LINK_TYPE),
    ("isn't a capture file in a format", Outcome.NOT_A_CAPTURE),
)
_TIMED_OUT_SIGNALS = frozenset({getattr(signal, "SIGXCPU", 24)})
_HARMLESS = re.compile(r"Running as user|^\s*$|Dissector bug|\*\* \(|WARNING|GLib")
_LONGEST_DETAIL = 200


def judge(ending: Ending) -> Judgement:
    """Reads an ending as one of the outcomes; `detail` quotes tshark's own words."""
    bug = "Dissector bug" in ending.stderr
    if ending.too_much:
        return Judgement(Outcome.TOO_MUCH, "output", bug)
    if ending.returncode is None:
        return Judgement(Outcome.TOO_SLOW, "deadline", bug)
    number = _signal(ending.returncode)
    if number is not None:
        outcome = Outcome.TOO_SLOW if number in _TIMED_OUT_SIGNALS else Outcome.STOPPED
        return Judgement(outcome, f"signal {number}", bug)
    if ending.returncode == 0:
        return Judgement(Outcome.WHOLE, "", bug)
    complaint = _complaint(ending.stderr)
    for stem, outcome in _STEMS:
        if stem in complaint:
            return Judgement(outcome, complaint[:_LONGEST_DETAIL], bug)
    detail = complaint[:_LONGEST_DETAIL] or f"exit status {ending.returncode}"
    return Judgement(Outcome.STOPPED, detail, bug)


def _signal(returncode: int) -> int | None:
    # A child of bubblewrap that a signal ended shows as 128 + signal.
    if returncode < 0:
        return -returncode
    return returncode - 128 if returncode > 128 else None


def _complaint(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if not _HARMLESS.search(line)]
    return re.sub(r"^tshark: ", "", " ".join(lines))
