"""What the sandbox costs: the same run of tshark inside and outside, by turns."""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from unittest import mock

from report.capture import sandbox
from report.capture.fields import PACKET_FIELDS
from report.capture.trace import open_trace

FIELDS = tuple(field.name for field in PACKET_FIELDS)


@dataclass(frozen=True)
class Cost:
    """Medians over all pairs."""

    inside: float
    outside: float
    difference: float
    pairs: int

    @property
    def milliseconds(self) -> float:
        """Of the median difference."""
        return self.difference * 1000

    @property
    def share(self) -> float:
        """Of the run without the sandbox."""
        return self.difference / self.outside

    def __str__(self) -> str:
        return (
            f"{self.pairs} pairs: {self.inside * 1000:.0f} ms inside, {self.outside * 1000:.0f} ms "
            f"outside, median difference {self.milliseconds:.0f} ms ({self.share:.0%})"
        )


def sandbox_cost(path: Path, pairs: int) -> Cost:
    """Seconds that one columns pass takes more for the sandbox; there has to be one."""
    if sandbox.bubblewrap() is None:
        raise RuntimeError("bubblewrap does not work here")
    inside, outside = [], []
    for turn in range(2 * pairs):
        if turn % 2:
            with mock.patch.object(sandbox, "bubblewrap", return_value=None):
                outside.append(_seconds(path))
        else:
            inside.append(_seconds(path))
    differences = [a - b for a, b in zip(inside, outside, strict=True)]
    return Cost(median(inside), median(outside), median(differences), pairs)


def _seconds(path: Path) -> float:
    with open_trace(path) as trace:
        started = time.perf_counter()
        trace.columns(FIELDS)
        return time.perf_counter() - started
