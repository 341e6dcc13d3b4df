"""What a class costs: CPU per report against its bare necessities, a whole class, two workers.

    python -m tests.benchmarks.batch [cost] [scaling] [class] [--sample 24] [--files 300]

`cost` (target: at most 1.2): CPU of `labshark batch`, all its processes and the time that a run
takes to start included or not, per report, against what nobody can do without, measured alone on
the same files: the tshark passes that the report takes, run again as they were, and WeasyPrint's
making of the PDF from the report's HTML, in one warm process. `scaling` (at least 1.8): wall time
of one worker on one core and of two workers on two, in turn; beside it one worker that has both
cores, since its tshark runs beside it. `class`: wall time, CPU and the runner's memory of a whole
class, as HTML and JSON and with PDFs. Captures are those of traces/, moved in time so that no two
have the same bytes. CPU seconds suffer less from a busy machine than wall time does, yet they do:
run it again, on a quiet one, and compare the ratios.
"""

import argparse
import contextlib
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from unittest import mock

from report.capture import trace as capture_trace
from report.capture.passes import TsharkPass
from report.capture.sandbox import Invocation
from report.capture.trace import open_trace
from report.labs.loader import load_lab
from report.labs.model import Lab
from report.questions.engine import answer_lab
from report.rendering.output import report_files
from report.rendering.pdf import Attachment, Pdf, import_weasyprint, render_pdf
from report.student import Student
from tests.batch.classes import Source, later, sources
from tests.conftest import CHECKOUT

_BECOME_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, prctl(2)
_WARM_UP = 2


@dataclass(frozen=True, slots=True)
class Spent:
    """What a command and all that it started took."""

    cpu: float
    wall: float
    runner_mib: float


def spent(command: Sequence[str], *, one_core: bool = False) -> Spent:
    """Runs a command; its processes' CPU is counted even where they outlive their parents."""
    before, began = _children_cpu(), time.perf_counter()
    peak = 0.0
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    devnull = subprocess.DEVNULL
    with subprocess.Popen(
        command,
        env=environment,
        stdin=devnull,
        stdout=devnull,
        stderr=devnull,
        preexec_fn=_hold_to_one_core if one_core else None,
    ) as process:
        while process.poll() is None:
            peak = max(peak, _held(process.pid))
            time.sleep(0.1)
    wall = time.perf_counter() - began
    _reap()
    return Spent(_children_cpu() - before, wall, peak)


def _hold_to_one_core() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _reap() -> None:
    """Waits for processes that outlived their parents (the sandbox's do), which are ours now."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _held(pid: int) -> float:
    with contextlib.suppress(OSError, IndexError):
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    return 0.0


def make_files(folder: Path, count: int) -> list[Path]:
    """So many captures of all kinds with their key logs, no two with the same bytes."""
    folder.mkdir()
    corpus = sources(CHECKOUT)
    chosen = [corpus[number * len(corpus) // count] for number in range(count)]
    if count > len(corpus):
        chosen = [corpus[number % len(corpus)] for number in range(count)]
    return [_one(folder, number, source) for number, source in enumerate(chosen)]


def _one(folder: Path, number: int, source: Source) -> Path:
    path = folder / f"s{number:05}.pcapng"
    path.write_bytes(later(source.path.read_bytes(), number))
    if source.keylog is not None:
        path.with_suffix(".keylog").write_bytes(source.keylog.read_bytes())
    return path


def batch(inputs: Path, out: Path, *options: object) -> list[str]:
    """The command, with this Python."""
    words = ("batch", inputs, "--out", out, "-q", *options)
    return [sys.executable, "-m", "report.commands.main", *map(str, words)]


# --- cost -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Needed:
    """CPU seconds that one report cannot do without."""

    tshark: float
    layout: float
    pdf: float
    """Layout and writing."""


def needed(path: Path, lab: Lab) -> Needed:
    """What one capture's report needs."""
    calls: list[Invocation] = []
    pages: list[tuple[str, Sequence[Attachment], datetime]] = []

    class Recorded(TsharkPass):
        def __init__(self, capture: Path, call: Invocation) -> None:
            calls.append(call)
            super().__init__(capture, call)

    def kept(html: str, attachments: Sequence[Attachment], created: datetime) -> Pdf:
        pages.append((html, attachments, created))
        return Pdf(b"")

    keylog = path.with_suffix(".keylog")
    with (
        mock.patch.object(capture_trace, "TsharkPass", Recorded),
        open_trace(path, keylog if keylog.exists() else None) as trace,
    ):
        trace.start(lab.columns())
        result = answer_lab(trace, lab)
        report_files(
            *(trace, result, Student(), {}), created=datetime.fromtimestamp(0, UTC), make_pdf=kept
        )
        tshark = sum(_alone(call) for call in calls)
    ((html, attachments, created),) = pages
    return Needed(tshark, _layout(html), _cpu(lambda: render_pdf(html, attachments, created)))


def _alone(call: Invocation) -> float:
    """CPU of one run as it was."""
    devnull = subprocess.DEVNULL
    before = _children_cpu()
    subprocess.run(
        call.argv,
        env=call.environment,
        cwd=call.folder,
        stdin=devnull,
        stdout=devnull,
        stderr=devnull,
    )
    _reap()
    return _children_cpu() - before


def _layout(html: str) -> float:
    """WeasyPrint's layout alone: what `render_pdf` does before it writes."""
    weasyprint = import_weasyprint()
    done: list[float] = []
    began = time.process_time()

    def stop(*_: object, **__: object) -> bytes:
        done.append(time.process_time() - began)
        return b""

    with mock.patch.object(weasyprint.document.Document, "write_pdf", stop):
        render_pdf(html, (), datetime.fromtimestamp(0, UTC))
    return done[0]


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def cost(options: argparse.Namespace, folder: Path) -> None:
    """CPU per report against its bare necessities."""
    lab = load_lab("tls-v8.1")
    paths = make_files(folder / "sample", options.sample)
    few = folder / "few"
    few.mkdir()
    for path in (*paths[:2], *(p.with_suffix(".keylog") for p in paths[:2])):
        if path.exists():
            (few / path.name).write_bytes(path.read_bytes())
    for path in paths[:_WARM_UP]:
        needed(path, lab)
    turns = [_cost_turn(folder, paths, lab, turn) for turn in range(options.turns)]
    for name in turns[0]:
        values = [each[name] for each in turns]
        print(f"{name:<58} {median(values):7.3f}   {', '.join(f'{v:.3f}' for v in values)}")


def _cost_turn(folder: Path, paths: list[Path], lab: Lab, turn: int) -> dict[str, float]:
    alone = [needed(path, lab) for path in paths]
    tshark, layout, pdf = (
        sum(getattr(each, name) for each in alone) / len(paths)
        for name in ("tshark", "layout", "pdf")
    )
    told = {"tshark's passes alone, CPU s": tshark, "WeasyPrint alone, layout": layout,
            "WeasyPrint alone, layout and writing": pdf}  # fmt: skip
    for name, options, least in (
        ("HTML, JSON and PDF", (), tshark + pdf),
        ("HTML and JSON", ("--no-pdf",), tshark),
    ):
        out = folder / f"out-{turn}-{len(told)}"
        whole = spent(batch(folder / "sample", out, "--jobs", 1, *options))
        start = spent(batch(folder / "few", out.with_suffix(".few"), "--jobs", 1, *options))
        _check(out, len(paths))
        each = (whole.cpu - start.cpu) / (len(paths) - 2)
        told[f"{name}: batch, CPU s per report"] = each
        told[f"{name}: batch / alone"] = each / least
        told[f"{name}: batch with its start / alone"] = whole.cpu / len(paths) / least
        if not options:
            told[f"{name}: batch / (tshark + layout only)"] = each / (tshark + layout)
    return told


def _check(out: Path, count: int) -> None:
    """Every file was reported on: nothing is fast by being left out."""
    found = [json.loads(path.read_bytes()) for path in (out / "results").glob("*.json")]
    assert len(found) == count, f"{len(found)} results of {count}"
    assert len({r["findings"]["capture"]["sha256"] for r in found if r["findings"]}) == sum(
        1 for r in found if r["findings"]
    ), "two captures with the same bytes"
    without = [r["folder"] for r in found if r["status"] not in ("done", "partial")]
    if without:
        print(f"no report for {', '.join(without)}")


# --- scaling and a class ----------------------------------------------------------------------


def scaling(options: argparse.Namespace, folder: Path) -> None:
    """Wall time of one worker with a core of its own, one with both cores, and two, in turn."""
    make_files(folder / "scaled", options.sample)
    ratios: list[tuple[float, float]] = []
    for turn in range(options.turns):
        held, free, both = (
            spent(batch(folder / "scaled", folder / f"{turn}-{n}", "--jobs", jobs), one_core=one)
            for n, (jobs, one) in enumerate(((1, True), (1, False), (2, False)))
        )
        ratios.append((held.wall / both.wall, free.wall / both.wall))
        print(
            f"1 worker on 1 core {held.wall:.1f} s, on 2 {free.wall:.1f} s ({_busy(free)}), "
            f"2 workers {both.wall:.1f} s ({_busy(both)}): {ratios[-1][0]:.2f} x and "
            f"{ratios[-1][1]:.2f} x",
            flush=True,
        )
    by_core, by_worker = (median(each) for each in zip(*ratios, strict=True))
    print(f"median: two cores {by_core:.2f} x one (target: at least 1.8 on idle cores),")
    print(f"two workers {by_worker:.2f} x one that has both cores for its tshark and its PDF")


def _busy(took: Spent) -> str:
    return f"{took.cpu / took.wall:.2f} cores busy"


def whole_class(options: argparse.Namespace, folder: Path) -> None:
    """A class of files that all differ, on two workers."""
    make_files(folder / "class", options.files)
    for name, extra in (("HTML and JSON", ["--no-pdf"]), ("with PDF", [])):
        out = folder / f"class-{len(extra)}"
        took = spent(batch(folder / "class", out, "--jobs", 2, *extra))
        _check(out, options.files)
        print(
            f"{options.files} files, {name}: {took.wall:.0f} s of wall time, {took.cpu:.0f} s of "
            f"CPU ({took.cpu / options.files:.2f} a file), runner at most {took.runner_mib:.0f} MiB"
        )


PARTS = {"cost": cost, "scaling": scaling, "class": whole_class}


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.batch", description=__doc__)
    options.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; none: all")
    options.add_argument("--sample", type=int, default=24, help="files for cost and scaling")
    options.add_argument("--files", type=int, default=300, help="files for class")
    options.add_argument("--turns", type=int, default=3)
    chosen = options.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        options.error(f"no such part: {', '.join(sorted(unknown))}")
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_BECOME_SUBREAPER, 1, 0, 0, 0)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    for name in chosen.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="labshark-bench-") as folder:
            print(f"== {name}", flush=True)
            PARTS[name](chosen, Path(folder))


if __name__ == "__main__":
    main()
