# mypy: disallow-untyped-calls=False
# distributed has annotations, but not everywhere.
"""Beyond this machine: the same work as tasks of an existing Dask cluster.

Where inputs and output are URLs, workers read and write them; else captures travel with the tasks
and reports come back, and only this machine touches the folders. A bounded number of tasks is
under way at any time. A worker that is lost costs its tasks another try elsewhere.
"""

import contextlib
import itertools
import queue
import threading
import time
import uuid
from asyncio import CancelledError
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import distributed
from distributed.comm.addressing import parse_address, parse_host_port
from distributed.comm.core import CommClosedError

from report.batch.here import Watcher, settle_at_once
from report.batch.orders import Terms, key_of, order_for
from report.batch.output import Output
from report.batch.plan import Item
from report.batch.results import Said
from report.batch.settling import (
    Bench,
    Settled,
    StoppingError,
    contents,
    failed,
    result_of,
    settle,
)
from report.batch.versions import code_digest
from report.batch.workshop import Made, Workshop
from report.errors import LabsharkError
from report.workers import Message

_CONNECTS_WITHIN = 20.0
_VERSIONS_WITHIN = 120.0
_TRIES = 2
"""Further tries of a task that raised; a worker's death does not count, `allowed-failures` does."""
_LOOKS_FOR_ANSWERS_EVERY = 0.2
_LOOKS_UP_EVERY = 2.0
_WITHOUT_WORKERS = 60.0
"""Seconds that a run waits for a worker when all are gone; they may be on their way."""
_TASKS_PER_THREAD = 3
"""Under way at once: one at work, the next at the worker already, one on its way."""
_LOST = (CommClosedError, CancelledError, TimeoutError, OSError)


def _check_address(address: str) -> None:
    """Raises ValueError; a client that finds it out itself complains once more as it is deleted."""
    scheme, place = parse_address(address)
    if scheme in ("tcp", "tls"):
        parse_host_port(place)


@contextlib.contextmanager
def connected(address: str) -> Iterator["distributed.Client"]:
    """A client of the scheduler at `address`, with at least one worker there.

    Raises LabsharkError `cluster-unreachable`, `cluster-no-workers`.
    """
    try:
        _check_address(address)
        client = distributed.Client(address, timeout=_CONNECTS_WITHIN, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as fault:
        detail = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        raise LabsharkError("cluster-unreachable", address=address, detail=detail) from fault
    with contextlib.closing(client):
        try:
            client.wait_for_workers(1, timeout=_CONNECTS_WITHIN)
        except TimeoutError as fault:
            raise LabsharkError("cluster-no-workers", address=address) from fault
        yield client


@contextlib.contextmanager
def holding_url(client: "distributed.Client", place: str) -> Iterator[None]:
    """Holds a lock for an output that no file lock can guard: the scheduler keeps it.

    It ends half a minute after whoever holds it does. Raises LabsharkError `output-in-use`.
    """
    lock = distributed.Lock(f"labshark {place}", scheduler_rpc=client.scheduler, loop=client.loop)
    if not lock.acquire(timeout=1):
        raise LabsharkError("output-in-use", path=place)
    try:
        yield
    finally:
        with contextlib.suppress(Exception):  # the scheduler may be gone
            lock.release()


def cluster_versions(client: "distributed.Client", with_pdf: bool) -> dict[str, str]:
    """What outcomes depend on, the same on every worker and, for our own code, here.

    Raises LabsharkError `cluster-versions`, naming what differs, `batch-worker-unusable`,
    `cluster-no-workers` where all are lost meanwhile, `cluster-lost`.
    """
    address = _address(client)
    try:
        everywhere = dict(_everywhere(client, with_pdf))
    except _LOST as fault:
        raise LabsharkError("cluster-lost", address=address) from fault
    if not everywhere:
        raise LabsharkError("cluster-no-workers", address=address)
    first = next(iter(everywhere.values()))
    everywhere["labshark"] = {**first, "code": code_digest()}
    names = list(dict.fromkeys(name for found in everywhere.values() for name in found))
    for name in names:
        values = {found.get(name, "") for found in everywhere.values()}
        if len(values) > 1:
            shown = ", ".join(f"{a}: {f.get(name, '')[:12]}" for a, f in everywhere.items())
            raise LabsharkError("cluster-versions", detail=f"{name}: {shown}")
    return first


def _everywhere(
    client: "distributed.Client", with_pdf: bool
) -> Iterator[tuple[str, dict[str, str]]]:
    """Every worker's address and versions, those aside that go before they have answered."""
    asked = {
        address: client.submit(
            _versions, with_pdf, workers=[address], allow_other_workers=False, pure=False
        )
        for address in sorted(_workers(client))
    }
    for address, future in asked.items():
        # Nobody else may answer for a worker that is gone: its task would wait for ever.
        while (there := address in _workers(client)) and not future.done():
            time.sleep(_LOOKS_FOR_ANSWERS_EVERY)
        if there or future.done():
            yield address, _or_stop(future.result())
        else:
            future.cancel()


def _workers(client: "distributed.Client") -> Iterable[str]:
    """The addresses of the workers that the scheduler has now."""
    threads: dict[str, int] = client.nthreads()
    return threads.keys()


def _address(client: "distributed.Client") -> str:
    return str(client.scheduler.address if client.scheduler else "?")


def _versions(with_pdf: bool) -> dict[str, str] | Said:
    with contextlib.closing(Workshop(_VERSIONS_WITHIN)) as workshop:
        try:
            return workshop.versions(with_pdf)
        except LabsharkError as fault:
            return Said.by(fault)


Given = TypeVar("Given")


def _or_stop(given: Given | Said) -> Given:
    """What a task gave, unless that is why every task would fail."""
    if isinstance(given, Said):
        raise StoppingError(given)
    return given


def run_on_cluster(
    client: "distributed.Client",
    items: Iterable[Item],
    bench: Bench,
    output: Output,
    watcher: Watcher,
    *,
    shared: bool,
    fail_fast: bool = False,
) -> None:
    """Settles every item; see `report.batch.here.run_here`.

    With `shared` the workers themselves read the captures and write the output. Raises
    LabsharkError `cluster-lost` too, and `cluster-no-workers` where all have been gone for long.
    """
    run = _Run(client, bench, output, watcher, shared)
    shift = _Shift(run.token, bench, output if shared else None)
    client.register_plugin(shift, name=run.token)
    try:
        for settled in run.all(items):
            if fail_fast and settled.result.needs_person:
                break
    except _LOST as fault:
        raise LabsharkError("cluster-lost", address=_address(client)) from fault
    finally:
        with contextlib.suppress(Exception):  # there may be nobody left to tell
            run.cancel()
            client.unregister_worker_plugin(run.token)


@dataclass(frozen=True, slots=True)
class _Sent:
    item: Item
    finish: Callable[[Any], Settled]
    """From what the task gave to the settled item."""


class _Run:
    """This machine's side."""

    def __init__(
        self,
        client: "distributed.Client",
        bench: Bench,
        output: Output,
        watcher: Watcher,
        shared: bool,
    ) -> None:
        self.token = f"labshark-{uuid.uuid4().hex}"
        self._client = client
        self._bench = bench
        self._output = output
        self._watcher = watcher
        self._shared = shared
        self._sent: dict[distributed.Future[Any], _Sent] = {}
        self._ended: queue.SimpleQueue[distributed.Future[Any]] = queue.SimpleQueue()

    def all(self, items: Iterable[Item]) -> Iterator[Settled]:
        """Sends items out as others come back."""
        for item in itertools.chain(items, [None]):
            room = 0 if item is None else self._room()
            while len(self._sent) > room:
                yield self._received(self._next())
            if item is not None:
                settled = self._begin(item)
                if settled is not None:
                    yield self._told(item, settled)

    def _room(self) -> int:
        threads = sum(self._client.nthreads().values())
        return int(max(1, threads)) * _TASKS_PER_THREAD - 1

    def _next(self) -> "distributed.Future[Any]":
        """The next task that ended, however; waits for it as long as there are workers."""
        seen = time.monotonic()
        while True:
            with contextlib.suppress(queue.Empty):
                return self._ended.get(timeout=_LOOKS_UP_EVERY)
            if _workers(self._client):
                seen = time.monotonic()
            elif time.monotonic() - seen > _WITHOUT_WORKERS:
                raise LabsharkError("cluster-no-workers", address=_address(self._client))

    def _begin(self, item: Item) -> Settled | None:
        """Sends an item's work out, unless it can be settled without."""
        if (settled := settle_at_once(item, self._bench, self._output)) is not None:
            return settled
        self._watcher.began(item)
        if self._shared:
            self._send(item, lambda settled: settled, _settled_there, item)
            return None
        return self._carried(item)

    def _carried(self, item: Item) -> Settled | None:
        content = contents(item, self._bench, carried=True)
        if isinstance(content, LabsharkError):
            return self._without(item, content)
        key = key_of(item, content, self._bench.terms_digest)
        if (kept := self._output.kept(item.folder, key)) is not None:
            return Settled(kept, kept=True)
        order = order_for(item, content, self._bench.terms)
        known = replace(content, data=b"")  # else every capture under way stays in memory twice

        def finish(made: Made) -> Settled:
            result = result_of(item, known, key, made)
            self._output.keep(result, made.files)
            return Settled(result, False, made.seconds, made.attempts)

        self._send(item, finish, _made_there, order)
        return None

    def _send(
        self,
        item: Item,
        finish: Callable[[Any], Settled],
        task: Callable[..., Any],
        given: object,
    ) -> None:
        key = f"{self.token}-{item.folder}"
        future = self._client.submit(task, self.token, given, key=key, retries=_TRIES)
        self._sent[future] = _Sent(item, finish)
        future.add_done_callback(self._ended.put)

    def _received(self, future: "distributed.Future[Any]") -> Settled:
        sent = self._sent.pop(future)
        try:
            given = _or_stop(future.result())
        except (*_LOST, StoppingError):
            raise
        except Exception as fault:  # whatever a task or the scheduler says
            name = sent.item.inputs[0]
            lost = LabsharkError("cluster-worker-lost", path=name, detail=str(fault)[:200])
            settled = self._without(sent.item, lost)
        else:
            settled = sent.finish(given)
        finally:
            future.release()
        return self._told(sent.item, settled)

    def _without(self, item: Item, fault: LabsharkError) -> Settled:
        result = failed(item, self._bench, fault)
        self._output.keep(result, {})
        return Settled(result)

    def _told(self, item: Item, settled: Settled) -> Settled:
        self._watcher.settled(item, settled)
        return settled

    def cancel(self) -> None:
        """Takes back what is still out."""
        self._client.cancel(list(self._sent))


# --- on the workers ---------------------------------------------------------------------------


_SHIFTS: dict[str, "_Shift"] = {}
"""The runs that this worker works for, by token."""


class _Shift(distributed.WorkerPlugin):
    """A Dask worker's part of one run: what all its tasks share, and their worker processes."""

    def __init__(self, token: str, bench: Bench, output: Output | None) -> None:
        self.token = token
        self.bench = bench
        self.output = output

    def setup(self, worker: object) -> None:
        """Called by Dask on every worker, also on those that come later."""
        self._own = threading.local()
        self._workshops: list[Workshop] = []
        _SHIFTS[self.token] = self

    def teardown(self, worker: object) -> None:
        """Called by Dask when the run is over or the worker closes."""
        _SHIFTS.pop(self.token, None)
        for workshop in self._workshops:
            workshop.kill()

    def workshop(self) -> Workshop:
        """This thread's; its versions are the run's, else every task here raises."""
        known: Workshop | None = getattr(self._own, "workshop", None)
        if known is not None:
            return known
        made = Workshop(self.bench.terms.seconds)
        self._workshops.append(made)
        _check(made.versions(self.bench.terms.with_pdf), self.bench.terms)
        self._own.workshop = made
        return made


def _check(found: dict[str, str], terms: Terms) -> None:
    expected = dict(terms.versions)
    for name in expected:
        if found.get(name) != expected[name]:
            detail = f"{name}: {found.get(name)} / {expected[name]}"
            raise LabsharkError("cluster-versions", detail=detail)


def _made_there(token: str, order: Message) -> Made | Said:
    try:
        return _SHIFTS[token].workshop().make(order)
    except LabsharkError as fault:  # which would not survive the journey
        return Said.by(fault)


def _settled_there(token: str, item: Item) -> Settled | Said:
    shift = _SHIFTS[token]
    assert shift.output is not None  # a run that shares has one
    try:
        return settle(item, shift.bench, shift.output, shift.workshop())
    except LabsharkError as fault:  # which would not survive the journey
        return Said.by(fault)
