"""The batch over whole classes, killed again and again, on clusters, and by its memory."""

import contextlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import psutil

from tests.batch.classes import BROKEN, Made, Source, make_class, sources
from tests.batch.clusters import at_work, by_hand, local_cluster, object_store
from tests.batch.runs import (
    Code,
    check_not_torn,
    kill_runner,
    results,
    statuses,
    stopping_at_end,
    tree,
    wait_gone,
)
from tests.conftest import CHECKOUT
from tests.corpus.truth import Truth, differences, load

Failures = list[str]
_SMALL = 60_000
"""Bytes: captures no larger are used where many runs count, and not many packets."""


@dataclass(frozen=True, slots=True)
class _Place:
    folder: Path
    code: Code

    def made(self, corpus: list[Source], count: int, broken: int, duplicates: int) -> Made:
        folder = self.folder / "class"
        folder.mkdir()
        return make_class(folder, corpus, count, broken, duplicates)


@contextlib.contextmanager
def _place() -> Iterator[_Place]:
    """A folder, with a copy of the code that does not change while the test runs."""
    with tempfile.TemporaryDirectory(prefix="labshark-long-") as name:
        root = Path(name) / "code"
        for folder in ("report", "templates"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(CHECKOUT / folder, root / folder, ignore=ignored)
        yield _Place(Path(name), Code(root))


def _small(seed: int) -> list[Source]:
    """Small captures of the corpus, in the seed's order."""
    small = [s for s in sources(CHECKOUT) if s.path.stat().st_size <= _SMALL]
    random.Random(seed).shuffle(small)
    return small


def _differing(one: Path, other: Path) -> Failures:
    """The files that are not the same in two outputs."""
    first, second = tree(one), tree(other)
    return sorted(n for n in {*first, *second} if first.get(n) != second.get(n))


# --- the runner killed ------------------------------------------------------------------------


@dataclass(slots=True)
class _Tally:
    kills: int = 0
    rounds: int = 0
    kept: int = 0
    under_way: Counter[str] = field(default_factory=Counter)
    failures: Failures = field(default_factory=list)


def kills(options: Namespace) -> Failures:
    """Goal 11: the runner killed 100 times; nothing lost, torn or done twice, outputs the same."""
    runs, chance, tally = options.runs or 100, random.Random(options.seed), _Tally()
    with _place() as place:
        made = place.made(_small(options.seed), count=8, broken=1, duplicates=1)
        undisturbed: dict[str, tuple[Path, float]] = {}
        while tally.kills < runs:
            pdf = "--pdf" if tally.rounds % 4 == 3 else "--no-pdf"
            if pdf not in undisturbed:
                undisturbed[pdf] = _undisturbed(place, made, pdf)
            _round(place, made, pdf, undisturbed[pdf], chance, tally, runs)
            print(f"{tally.kills} kills in {tally.rounds} rounds", file=sys.stderr, flush=True)
    print(
        f"{tally.kills} kills in {tally.rounds} classes of 8 (every fourth with PDFs), "
        f"{tally.kept} results already there when killed; at the time: "
        f"{', '.join(f'{count} x {what}' for what, count in tally.under_way.most_common())}"
    )
    return tally.failures


def _undisturbed(place: _Place, made: Made, pdf: str) -> tuple[Path, float]:
    out = place.folder / f"undisturbed{pdf}"
    began = time.monotonic()
    run = place.code.run("batch", made.folder, "--out", out, pdf, "-q")
    assert run.returncode == 1, run.stderr
    return out, time.monotonic() - began


def _round(
    place: _Place,
    made: Made,
    pdf: str,
    undisturbed: tuple[Path, float],
    chance: random.Random,
    tally: _Tally,
    runs: int,
) -> None:
    """One class, its runner killed until it has got to the end."""
    whole, seconds = undisturbed
    out = place.folder / f"round-{tally.rounds}"
    done: dict[str, tuple[int, int]] = {}
    while tally.kills < runs and not (out / "index.html").exists():
        process = place.code.started("batch", made.folder, "--out", out, pdf, "--jobs", 2)
        with stopping_at_end(process):
            _wait_at_random(process, out, chance, seconds, len(done))
            over = process.poll() is not None
            tally.under_way[_doing(process.pid)] += not over
            left = kill_runner(process)
        tally.kills += not over
        now = check_not_torn(out)
        if not over:
            tally.kept += len(now)
        if left:
            tally.failures.append(f"{out.name}: {len(left)} processes outlived the runner")
        if {name: now.get(name) for name in done} != done:
            tally.failures.append(f"{out.name}: a result changed or was lost")
        done = now
    run = place.code.run("batch", made.folder, "--out", out, pdf)
    if run.returncode != 1:
        tally.failures.append(f"{out.name}: exit code {run.returncode}: {run.stderr[-300:]}")
    tally.failures += [f"{out.name}: {name} differs" for name in _differing(out, whole)]
    tally.failures += [f"{out.name}: {name} was made twice" for name in _made_twice(out)]
    tally.rounds += 1
    shutil.rmtree(out)


def _wait_at_random(
    process: "subprocess.Popen[str]", out: Path, chance: random.Random, seconds: float, done: int
) -> None:
    """Either any moment from the start on, or just after the next result, when files are written.

    The latter gets further than the run before, so that every part of a class has its turn.
    """
    if chance.random() < 0.5:
        time.sleep(chance.uniform(0, 0.4 * seconds))
        return
    folder = out / "results"
    while process.poll() is None and _count(folder) <= done:
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.2))


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.glob("*")) if folder.exists() else 0


def _doing(pid: int) -> str:
    """What the runner's workers are at."""
    names = []
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                names.append(child.name())
    if "tshark" in names or "bwrap" in names:
        return "tshark at work"
    return "workers there" if names else "no worker yet"


def _made_twice(out: Path) -> list[str]:
    lines = (out / "log.jsonl").read_text("utf-8", "replace").splitlines()
    events = [json.loads(line) for line in lines if line.endswith("}")]
    made = Counter(event["folder"] for event in events if event["event"] == "item")
    return [name for name, count in made.items() if count > 1]


# --- a whole class ----------------------------------------------------------------------------


def class300(options: Namespace) -> Failures:
    """Goal 10: 300 captures, 30 broken in ten ways, 3 ids twice; every input accounted for once."""
    count = options.runs or 300
    with _place() as place:
        corpus = sources(CHECKOUT)
        made = place.made(corpus, count, broken=count // 10, duplicates=3)
        out = place.folder / "out"
        began = time.monotonic()
        run = place.code.run(
            *("batch", made.folder, "--out", out, "--no-pdf", "--jobs", options.jobs)
        )
        seconds = time.monotonic() - began
        print(next(line for line in run.stderr.splitlines() if " inputs: " in line))
        print(f"{count + 3} captures of {count} students in {seconds:.0f} s of wall time")
        return [*_accounted(run.stderr, out, made, count), *_own_answers(out, made)]


def _accounted(said: str, out: Path, made: Made, count: int) -> Iterator[str]:
    found = results(out)
    inputs = [name for result in found.values() for name in result["inputs"]]
    if len(inputs) != count + 3 or len(set(inputs)) != count + 3:
        yield f"{len(inputs)} inputs in the results, {len(set(inputs))} different ones"
    if f"{count + 3} inputs: " not in said:
        yield "the summary counts otherwise"
    for student, status in statuses(out).items():
        way = made.broken.get(student)
        if status not in _expected_statuses(made, student):
            yield f"{student} ({way or made.source[student].path.name}): {status}"
        problem = found[student]["problem"]
        if way and student not in made.duplicates and (problem or {}).get("slug") != BROKEN[way][1]:
            yield f"{student} ({way}): {problem}"


def _expected_statuses(made: Made, student: str) -> tuple[str, ...]:
    if student in made.duplicates:
        return ("duplicate",)
    if student in made.broken:
        return ("failed",) if BROKEN[made.broken[student]][1] else ("partial",)
    return ("done", "partial")


def _own_answers(out: Path, made: Made) -> Iterator[str]:
    """Whether each whole capture was answered from its own bytes, and as the truth has it."""
    agreeing = asked = 0
    for student in made.whole:
        answers = out / student / "answers.json"
        if not answers.exists():
            yield f"{student} ({made.source[student].path.name}): no answers"
            continue
        document = json.loads(answers.read_bytes())
        (capture,) = (
            *made.folder.glob(f"{student}.pcapng"),
            *(made.folder / student).glob("*.pcapng"),
        )
        if document["trace"]["sha256"] != sha256(capture.read_bytes()).hexdigest():
            yield f"{student}: answered from another capture"
        expected = _expected(made.source[student])
        given = {answer["id"]: answer for answer in document["answers"]}
        for question, truth in expected.items():
            asked += 1
            found = differences(truth, given[question])
            agreeing += found in ([], ["inferred True"])
            if found not in ([], ["inferred True"]):
                yield f"{student} ({made.source[student].path.name}) {question}: {found}"
    print(f"{agreeing} of {asked} answers agree with the truth files")


def _expected(source: Source) -> dict[str, dict[str, object]]:
    """What the truth file says of the lab's own session, with the keys that were handed in."""
    path = source.path.with_suffix(".truth.toml")
    if not path.exists():
        return {}
    truth: Truth = load(path)
    for case in truth.cases:
        given = {name for name in case.options if name != "keylog"}
        keyed = "keylog" in case.options
        if case.lab == "tls-v8.1" and not given and keyed == (source.keylog is not None):
            return case.answers
    return {}


# --- clusters ---------------------------------------------------------------------------------


def cluster(options: Namespace) -> Failures:
    """A LocalCluster, two workers by hand with one killed, S3: every byte as on one machine."""
    count = options.runs or 24
    chance = random.Random(options.seed)
    with _place() as place:
        made = place.made(_small(options.seed), count, broken=max(1, count // 8), duplicates=1)
        alone = place.folder / "alone"
        place.code.run("batch", made.folder, "--out", alone, "--no-pdf", "-q")
        print(f"{count} students, {len(tree(alone))} files from this machine alone")
        ways: dict[str, Callable[[], Failures]] = {
            "LocalCluster": lambda: _on_local_cluster(place, made, alone),
            "two workers, one killed": lambda: _one_killed(place, made, alone, chance),
            "object store": lambda: _on_object_store(place, made, alone),
        }
        failures = []
        for name, way in ways.items():
            if name == "object store" and not (find_spec("moto") and find_spec("s3fs")):
                print(f"{name}: skipped, needs moto[server] and s3fs")
                continue
            differing = way()
            print(f"{name}: {len(differing)} files differ")
            failures += [f"{name}: {each}" for each in differing]
        return failures


def _on_local_cluster(place: _Place, made: Made, alone: Path) -> Failures:
    out = place.folder / "local"
    with local_cluster(place.code, place.folder) as address:
        place.code.run("batch", made.folder, "--out", out, "--no-pdf", "--scheduler", address)
    return _differing(out, alone)


def _one_killed(place: _Place, made: Made, alone: Path, chance: random.Random) -> Failures:
    out, half = place.folder / "by-hand", len(made.source) // 2
    with by_hand(place.code, place.folder / "cluster", 2) as cluster:
        process = place.code.started(
            *("batch", made.folder, "--out", out, "--no-pdf", "--scheduler", cluster.address)
        )
        with stopping_at_end(process):
            victim = psutil.Process(cluster.processes[1 + chance.randrange(2)].pid)
            while process.poll() is None and not (
                _count(out / "results") >= half and at_work(victim)
            ):
                time.sleep(0.02)
            there, children = _count(out / "results"), victim.children(recursive=True)
            victim.kill()
            process.communicate()
            left = wait_gone(children, 5)
        print(f"killed a worker at work, {there} of {len(made.source)} results there")
    return _differing(out, alone) + [f"process {each.pid} outlived its worker" for each in left]


def _on_object_store(place: _Place, made: Made, alone: Path) -> Failures:
    copy = place.folder / "from-store"
    with object_store() as store:
        store.put(made.folder, "bucket/class/")
        with by_hand(place.code, place.folder / "beside", 2, **store.environment) as cluster:
            place.code.run(
                *("batch", "s3://bucket/class", "--out", "s3://bucket/out", "--no-pdf"),
                *("--scheduler", cluster.address),
                **store.environment,
            )
        store.get("bucket/out/", copy)
    return _differing(copy, alone)


# --- memory -----------------------------------------------------------------------------------


def memory(options: Namespace) -> Failures:
    """The runner's memory at 3,000 items and at 300; at most a tenth more."""
    count = options.runs or 3000
    peaks = {}
    for items in (count // 10, count):
        with _place() as place:
            made = _mostly_refused(place, items)
            peaks[items] = _peak(place, made, options.jobs)
            print(f"{items} items: the runner held at most {peaks[items]:.1f} MiB", flush=True)
    few, many = peaks.values()
    print(f"{many / few:.3f} x")
    return [] if many <= 1.1 * few else [f"{many:.1f} MiB against {few:.1f} MiB"]


def _mostly_refused(place: _Place, items: int) -> Path:
    """A class in which one student in thirty has a capture and the others what is none.

    The runner does the same for both: reads, asks, writes, counts.
    """
    whole = max(1, items // 30)
    made = place.made(_small(1)[:20], whole, broken=0, duplicates=0)
    for number in range(items - whole):
        path = made.folder / f"t{number:05}.pcapng"
        path.write_bytes(number.to_bytes(4, "big"))
    return made.folder


def _peak(place: _Place, inputs: Path, jobs: int) -> float:
    process = place.code.started(
        *("batch", inputs, "--out", place.folder / "out", "--no-pdf", "--jobs", jobs, "-q")
    )
    samples: list[float] = []
    with stopping_at_end(process):
        while process.poll() is None:
            with contextlib.suppress(OSError, IndexError):
                status = Path(f"/proc/{process.pid}/status").read_text()
                samples.append(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
            time.sleep(0.2)
        process.communicate()
    assert len(results(place.folder / "out")) == len({*_students(inputs)}), "items are missing"
    print(f"  median of the peaks so far {median(samples):.1f} MiB, last {samples[-1]:.1f} MiB")
    return samples[-1]


def _students(inputs: Path) -> Iterator[str]:
    for path in inputs.iterdir():
        if path.is_dir() or path.suffix == ".pcapng":
            yield path.name.partition(".")[0]
