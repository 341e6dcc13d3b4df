"""A visit while dumpcap records."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from report.recording.dumpcap import Order, recording
from report.recording.visit import Visit

_SHORTEST_WAIT, _LONGEST_WAIT = 1.0, 5.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a recording."""

    visit: Visit
    dropped: int
    """Packets that came too fast to be recorded."""
    ended_early: bool
    """The recording reached its limit of time or size before the visit was over."""


def record(order: Order, visit: Callable[[Callable[[], bool]], Visit]) -> Recorded:
    """Records while `visit` visits; the file of `order` is whole afterwards.

    `visit` is given a question to ask: has the recording ended by itself? When it is done the
    recording goes on for some round trips, so that the end of the connections is in it.

    Raises what `recording` raises.
    """
    with recording(order) as run:
        visited = visit(lambda: run.ended)
        ended_early = run.ended
        if not ended_early:
            time.sleep(max(_SHORTEST_WAIT, min(_LONGEST_WAIT, 4 * visited.round_trip)))
    return Recorded(visited, run.dropped, ended_early)
