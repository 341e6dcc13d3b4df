"""On this machine: a thread per core, each with worker processes of its own."""

import os
import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from report.batch.output import Output
from report.batch.plan import Item
from report.batch.settling import Bench, Settled, settle, settle_without_work
from report.batch.workshop import Workshop
from report.capture.scratch import sweep_abandoned

_LOOKS_UP_EVERY = 0.5
"""Seconds; only so that Ctrl-C is noticed at once on Windows too."""


class Watcher(Protocol):
    """Who is told how the run goes; called from the main thread only."""

    def began(self, item: Item) -> None:
        """Work on an item has begun."""

    def settled(self, item: Item, settled: Settled) -> None:
        """An item has its result."""


@dataclass(frozen=True, slots=True)
class _Began:
    item: Item


@dataclass(frozen=True, slots=True)
class _Ended:
    item: Item
    settled: Settled


@dataclass(frozen=True, slots=True)
class _Broke:
    fault: BaseException


_News = _Began | _Ended | _Broke | None


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def settle_at_once(item: Item, bench: Bench, output: Output) -> Settled | None:
    """Settles an item that there is nothing to do for; None for the others."""
    if (result := settle_without_work(item, bench)) is None:
        return None
    kept = output.kept(item.folder, result.key) is not None
    if not kept:
        output.keep(result, {})
    return Settled(result, kept)


def run_here(
    items: Iterable[Item],
    bench: Bench,
    output: Output,
    watcher: Watcher,
    *,
    jobs: int,
    fail_fast: bool = False,
    first: Workshop | None = None,
) -> None:
    """Settles every item, `jobs` at a time; with `fail_fast` none after the first that failed.

    `first` is a workshop that is warm already. Raises what stops a run: LabsharkError where the
    output cannot be written, KeyboardInterrupt. Then nothing goes on in the background, and what
    was finished is kept.
    """
    run = _Run(items, bench, output)
    further = jobs - 1 if first else jobs
    workshops = [Workshop(bench.terms.seconds) for _ in range(further)]
    workshops += [first] if first else []
    threads = [threading.Thread(target=run.work, args=(w,), daemon=True) for w in workshops]
    for thread in threads:
        thread.start()
    try:
        for news in run.news(len(threads)):
            if isinstance(news, _Began):
                watcher.began(news.item)
                continue
            watcher.settled(news.item, news.settled)
            if fail_fast and news.settled.result.needs_person:
                break
    finally:
        # Whoever is still at work is needed no more: there was an error, or Ctrl-C.
        run.stop()
        for workshop in workshops:
            workshop.kill()
        for thread in threads:
            thread.join()
        for workshop in workshops:
            workshop.close()
        sweep_abandoned()


class _Run:
    def __init__(self, items: Iterable[Item], bench: Bench, output: Output) -> None:
        self._items = iter(items)
        self._lock = threading.Lock()
        self._bench = bench
        self._output = output
        self._news: queue.SimpleQueue[_News] = queue.SimpleQueue()
        self._stopped = threading.Event()

    def work(self, workshop: Workshop) -> None:
        """A thread's life."""
        try:
            while (item := self._next()) is not None:
                self._news.put(_Began(item))
                settled = settle_at_once(item, self._bench, self._output) or settle(
                    item, self._bench, self._output, workshop
                )
                self._news.put(_Ended(item, settled))
        except BaseException as fault:
            self._news.put(_Broke(fault))
        finally:
            self._news.put(None)

    def _next(self) -> Item | None:
        with self._lock:
            return None if self._stopped.is_set() else next(self._items, None)

    def stop(self) -> None:
        """No item is begun after this."""
        self._stopped.set()

    def news(self, threads: int) -> Iterator[_Began | _Ended]:
        """What happens, until every thread is done; raises what broke one."""
        while threads:
            try:
                news = self._news.get(timeout=_LOOKS_UP_EVERY)
            except queue.Empty:
                continue
            if isinstance(news, _Broke):
                raise news.fault
            if news is None:
                threads -= 1
            else:
                yield news
