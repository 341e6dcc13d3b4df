"""log.jsonl: what took how long, one line of JSON per event, appended run after run.

The only output that differs from run to run.
"""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from report.batch.here import Watcher
from report.batch.places import is_local
from report.batch.plan import Item
from report.batch.settling import Settled
from report.errors import LabsharkError
from report.files import private_opener

LOG = "log.jsonl"


class Logged:
    """Passes everything on to another watcher, and writes what took how long."""

    def __init__(self, target: IO[str], watcher: Watcher) -> None:
        self._target = target
        self._watcher = watcher
        self._began: dict[str, float] = {}

    def began(self, item: Item) -> None:
        """Remembers when."""
        self._began[item.folder] = time.monotonic()
        self._watcher.began(item)

    def settled(self, item: Item, settled: Settled) -> None:
        """Writes a line, unless nothing was done."""
        began = self._began.pop(item.folder, None)
        if not settled.kept:
            result = settled.result
            line: dict[str, Any] = {
                "folder": item.folder,
                "status": result.status.value,
                "reason": result.problem.slug if result.problem else None,
                "attempts": settled.attempts,
                "seconds": {name: round(spent, 3) for name, spent in settled.seconds.items()},
            }
            if began is not None:
                line["wall"] = round(time.monotonic() - began, 3)
            self.event("item", line)
        self._watcher.settled(item, settled)

    def event(self, what: str, told: Mapping[str, Any]) -> None:
        """Writes one line."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": now, "event": what, **told}, ensure_ascii=False)
        with contextlib.suppress(OSError):  # a full disk is told where the reports are written
            self._target.write(f"{line}\n")
            self._target.flush()


@contextlib.contextmanager
def logging_to(root: Path, watcher: Watcher) -> Iterator[Logged]:
    """A log in the output folder; an output behind a URL has none, as nothing can be appended."""
    with contextlib.ExitStack() as stack:
        if is_local(root):
            path = root / LOG
            target = stack.enter_context(_closing_quietly(_appending(path)))
        else:
            target = stack.enter_context(open_null())
        yield Logged(target, watcher)


def _appending(path: Path) -> IO[str]:
    try:
        return open(path, "a", encoding="utf-8", opener=private_opener)
    except OSError as fault:
        detail = fault.strerror or str(fault)
        raise LabsharkError("output-cannot-be-written", path=str(path), detail=detail) from fault


@contextlib.contextmanager
def _closing_quietly(file: IO[str]) -> Iterator[IO[str]]:
    try:
        yield file
    finally:
        with contextlib.suppress(OSError):
            file.close()


def open_null() -> IO[str]:
    """A file that forgets what is written to it."""
    import os

    return open(os.devnull, "w", encoding="utf-8")
