"""A whole run: from what the command named to the class page."""

import contextlib
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from report.batch.derived import derive
from report.batch.here import Watcher
from report.batch.inputs import find_inputs, find_keylogs
from report.batch.orders import Terms
from report.batch.output import Output
from report.batch.places import is_local, is_url, path_at
from report.batch.plan import Item, Plan, make_plan
from report.batch.progress import Tally
from report.batch.runlog import logging_to
from report.batch.settling import Bench, Settled
from report.batch.versions import refuse_known_bad
from report.batch.workplaces import Workplace, dask_cluster, this_machine
from report.errors import LabsharkError
from report.files import refuse_same_folder
from report.grading.intake.roster import read_roster
from report.labs.model import Lab
from report.rendering.html import ShownLanguage
from report.text import Text


@dataclass(frozen=True, slots=True)
class Request:
    """What the command was told."""

    traces: tuple[str, ...]
    out: str
    lab: Lab
    roster: Path | None = None
    keylogs: str | None = None
    """A folder of key logs (a path or URL)."""
    host: str | None = None
    language: ShownLanguage = "both"
    with_answers: bool = True
    with_pdf: bool = True
    trust_store: Path | None = None
    jobs: int = 1
    scheduler: str | None = None
    fail_fast: bool = False
    seconds: float = 300.0
    accept_known_bad: bool = False

    @property
    def places(self) -> tuple[str, ...]:
        """Everything that may be a URL."""
        return (*self.traces, self.out, *filter(None, [self.keylogs]))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    plan: Plan
    tally: Tally
    complete: bool
    """Whether every item has its result; not so where `--fail-fast` stopped the run."""
    strangers: int
    no_pdf: Text | None
    """Why no PDF was made at all."""


def planned(request: Request) -> tuple[Plan, tuple[Text, ...]]:
    """What there is to do, and what is doubtful about the roster.

    Raises LabsharkError for inputs that are not there, a roster that cannot be read, a key log
    folder that is none, a place that cannot be used.
    """
    for place in request.places:
        if is_url(place) and request.scheduler is None:
            raise LabsharkError("batch-url-needs-scheduler", place=place)
    if not is_url(request.out):
        refuse_same_folder(Path(request.out), *(Path(t) for t in request.traces if not is_url(t)))
    roster = read_roster(request.roster) if request.roster else None
    leave_out = {Path(request.out).absolute()} if not is_url(request.out) else set()
    keylogs: tuple[Path, ...] = ()
    if request.keylogs:
        folder = path_at(request.keylogs)
        keylogs = tuple(find_keylogs(folder))
        leave_out |= {folder.absolute()} if is_local(folder) else set()
    found = find_inputs(map(path_at, request.traces), frozenset(leave_out))
    doubts = tuple(problem.text for problem in roster.problems) if roster else ()
    return make_plan(found, roster, keylogs), doubts


def run(request: Request, plan: Plan, watcher: Watcher) -> Outcome:
    """Settles every item of the plan and derives the class page and the tables.

    Raises LabsharkError for what stops a run; KeyboardInterrupt comes through. What was finished
    is kept either way, and the same request goes on with the rest.
    """
    output = Output(path_at(request.out))
    tally = Tally()
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(_workplace(request, output))
        logged = stack.enter_context(logging_to(output.root, watcher))
        terms, no_pdf = _terms(request, place.versions(request.with_pdf))
        logged.event("run", {"inputs": plan.inputs, "versions": dict(terms.versions)})
        bench = Bench(terms, terms.digest(), plan.keylogs)
        place.run(plan.items, bench, output, _Counting(logged, tally))
        complete = sum(tally.students.values()) == len(plan.items)
        if complete:
            derive(output, plan, request.lab, request.language)
        logged.event("end", {"complete": complete, **_counts(tally)})
    return Outcome(plan, tally, complete, output.strangers(plan.items), no_pdf)


class _Counting:
    def __init__(self, watcher: Watcher, tally: Tally) -> None:
        self._watcher = watcher
        self._tally = tally

    def began(self, item: Item) -> None:
        self._watcher.began(item)

    def settled(self, item: Item, settled: Settled) -> None:
        self._tally.add(settled)
        self._watcher.settled(item, settled)


def _counts(tally: Tally) -> dict[str, int]:
    return {status.value: count for status, count in sorted(tally.students.items())}


def _workplace(request: Request, output: Output) -> AbstractContextManager[Workplace]:
    if request.scheduler is None:
        return this_machine(
            output, jobs=request.jobs, seconds=request.seconds, fail_fast=request.fail_fast
        )
    return dask_cluster(
        output,
        scheduler=request.scheduler,
        place=request.out,
        shared=all(map(is_url, request.places)),
        fail_fast=request.fail_fast,
    )


def _terms(request: Request, versions: dict[str, str]) -> tuple[Terms, Text | None]:
    if not request.accept_known_bad:
        refuse_known_bad(versions)
    no_pdf = None
    if request.with_pdf and not versions["weasyprint"]:
        # Known before anything is made: HTML alone, as if it had been asked for.
        no_pdf = Text(versions["no-pdf-zh"], versions["no-pdf-en"])
    trust = request.trust_store.read_bytes() if request.trust_store else b""
    terms = Terms(
        lab=request.lab.model_dump_json(),
        lab_id=request.lab.id,
        language=request.language,
        host=request.host,
        with_answers=request.with_answers,
        with_pdf=request.with_pdf and no_pdf is None,
        epoch=os.environ.get("SOURCE_DATE_EPOCH", ""),
        trust=trust,
        trust_name=request.trust_store.name if request.trust_store else "",
        versions=versions,
        seconds=request.seconds,
    )
    return terms, no_pdf
