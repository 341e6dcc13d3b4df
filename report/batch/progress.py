"""What a run shows while it goes: a live line on a terminal, else a line per item."""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from typing import IO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from report.batch.here import Watcher
from report.batch.labels import STATUS_NAMES
from report.batch.plan import Item
from report.batch.results import NEEDS_PERSON, Status
from report.batch.settling import Settled
from report.text import Language, Text, visible

_NAMES_SHOWN = 4
_FAILED = Text("未完成", "not done")
_LEFT = Text("剩余", "left")
_PER_MINUTE = Text("份/分", "per min")


class Tally:
    """How many items ended how."""

    def __init__(self) -> None:
        self.students: Counter[Status] = Counter()
        self.inputs: Counter[Status] = Counter()
        self.kept = 0
        """Inputs whose outcome is an earlier run's."""
        self.made = 0

    def add(self, settled: Settled) -> None:
        """Counts one item."""
        result = settled.result
        self.students[result.status] += 1
        self.inputs[result.status] += len(result.inputs)
        self.kept += len(result.inputs) if settled.kept else 0
        self.made += not settled.kept

    @property
    def needs_person(self) -> bool:
        """Whether any item is not done."""
        return any(self.students[status] for status in NEEDS_PERSON)


class Lines:
    """A line per item: what a log file or another program wants."""

    def __init__(self, total: int, languages: tuple[Language, ...], target: IO[str]) -> None:
        self._total = total
        self._languages = languages
        self._target = target
        self._done = 0

    def began(self, item: Item) -> None:
        """Nothing is said of it."""

    def settled(self, item: Item, settled: Settled) -> None:
        """Says how it ended."""
        self._done += 1
        result = settled.result
        status = _said(STATUS_NAMES[result.status], self._languages)
        line = f"{self._done}/{self._total} {visible(item.who.id)}: {status}"
        if result.problem is not None:
            line += f" [{result.problem.slug}]"
        print(line, file=self._target, flush=True)


class Live:
    """One live line: done, failed, rate, time left, the current names."""

    def __init__(self, progress: Progress, total: int, languages: tuple[Language, ...]) -> None:
        self._progress = progress
        self._languages = languages
        self._task = progress.add_task("", total=total, told="", names="")
        self._current: dict[str, None] = {}
        self._done = self._failed = self._made = 0
        self._total = total
        self._since = time.monotonic()

    def began(self, item: Item) -> None:
        """Shows its name."""
        self._current[item.who.id] = None
        self._show()

    def settled(self, item: Item, settled: Settled) -> None:
        """Counts it."""
        self._current.pop(item.who.id, None)
        self._done += 1
        self._made += not settled.kept
        self._failed += settled.result.needs_person
        self._show()

    def _show(self) -> None:
        names = [visible(name, 24) for name in list(self._current)[:_NAMES_SHOWN]]
        self._progress.update(
            self._task,
            completed=self._done,
            told=escape(self._told()),
            names=escape("  ".join(names)),
        )

    def _told(self) -> str:
        """How many failed, how fast, how long yet; the rate is that of the work of this run."""
        told = [f"{_said(_FAILED, self._languages)} {self._failed}"]
        elapsed = time.monotonic() - self._since
        if self._made and elapsed > 1:
            rate = self._made / elapsed
            left = int((self._total - self._done) / rate)
            told.append(f"{rate * 60:.0f} {_said(_PER_MINUTE, self._languages)}")
            clock = f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}"
            told.append(f"{_said(_LEFT, self._languages)} {clock}")
        return " · ".join(told)


class Quiet:
    """Says nothing."""

    def began(self, item: Item) -> None:
        """Nothing."""

    def settled(self, item: Item, settled: Settled) -> None:
        """Nothing."""


@contextlib.contextmanager
def showing(
    total: int, languages: tuple[Language, ...], target: IO[str], *, quiet: bool
) -> Iterator[Watcher]:
    """The watcher that suits `target`, a standard stream."""
    console = Console(file=target)
    if quiet:
        yield Quiet()
    elif not console.is_terminal:
        yield Lines(total, languages, target)
    else:
        columns = (
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
            TextColumn("{task.fields[names]}", style="dim"),
        )
        with Progress(*columns, console=console, transient=True) as progress:
            yield Live(progress, total, languages)


def _said(text: Text, languages: tuple[Language, ...]) -> str:
    return " ".join(text.in_(language) for language in languages)
