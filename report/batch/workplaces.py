"""Where a run's work is done: on this machine, or on a cluster."""

import contextlib
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any, Protocol

from report.batch.here import Watcher, run_here
from report.batch.locking import holding
from report.batch.output import Output
from report.batch.places import is_local
from report.batch.plan import Item
from report.batch.settling import Bench
from report.batch.workshop import Workshop
from report.capture.programs import find_program
from report.errors import LabsharkError


class Workplace(Protocol):
    """Somewhere that items can be settled."""

    def versions(self, with_pdf: bool) -> dict[str, str]:
        """What outcomes depend on there; see `report.batch.versions`."""

    def run(self, items: Iterable[Item], bench: Bench, output: Output, watcher: Watcher) -> None:
        """Settles every item; see `report.batch.here.run_here`."""


class _Here:
    def __init__(self, jobs: int, seconds: float, fail_fast: bool) -> None:
        find_program("tshark")  # names what is missing before anything is begun
        self._jobs = jobs
        self._fail_fast = fail_fast
        self._first = Workshop(seconds)

    def versions(self, with_pdf: bool) -> dict[str, str]:
        return self._first.versions(with_pdf)

    def run(self, items: Iterable[Item], bench: Bench, output: Output, watcher: Watcher) -> None:
        run_here(
            items,
            bench,
            output,
            watcher,
            jobs=self._jobs,
            fail_fast=self._fail_fast,
            first=self._first,
        )

    def close(self) -> None:
        self._first.kill()


class _Cluster:
    def __init__(self, cluster: ModuleType, client: Any, shared: bool, fail_fast: bool) -> None:
        self._cluster = cluster
        self._client = client
        self._shared = shared
        self._fail_fast = fail_fast

    def versions(self, with_pdf: bool) -> dict[str, str]:
        found: dict[str, str] = self._cluster.cluster_versions(self._client, with_pdf)
        return found

    def run(self, items: Iterable[Item], bench: Bench, output: Output, watcher: Watcher) -> None:
        self._cluster.run_on_cluster(
            self._client,
            items,
            bench,
            output,
            watcher,
            shared=self._shared,
            fail_fast=self._fail_fast,
        )


@contextlib.contextmanager
def this_machine(
    output: Output, *, jobs: int, seconds: float, fail_fast: bool
) -> Iterator[Workplace]:
    """This machine, with the output locked.

    Raises LabsharkError `output-in-use`, `output-cannot-be-written`, `tshark-missing`.
    """
    output.prepare()
    with holding(output.root):
        output.sweep()
        with contextlib.closing(_Here(jobs, seconds, fail_fast)) as here:
            yield here


@contextlib.contextmanager
def dask_cluster(
    output: Output, *, scheduler: str, place: str, shared: bool, fail_fast: bool
) -> Iterator[Workplace]:
    """The cluster at `scheduler`, with the output, which the user calls `place`, locked.

    Raises LabsharkError `cluster-missing`, `cluster-unreachable`, `cluster-no-workers`,
    `output-in-use`, `output-cannot-be-written`.
    """
    try:
        from report.batch import cluster
    except ImportError as fault:
        raise LabsharkError("cluster-missing", detail=str(fault)) from fault
    with cluster.connected(scheduler) as client:
        output.prepare()
        local = is_local(output.root)
        with holding(output.root) if local else cluster.holding_url(client, place):
            output.sweep()
            yield _Cluster(cluster, client, shared, fail_fast)
