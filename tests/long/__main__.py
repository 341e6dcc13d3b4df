"""Runs the long tests; prints a table of figures, keeps every file that failed, exits 1 then."""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from statistics import median

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from report.capture.programs import find_program
from tests.capture.killing import killed_tshark
from tests.capture.test_killed import ending_of, random_packets
from tests.long.batches import class300, cluster, kills, memory
from tests.long.closed import suite
from tests.long.cost import sandbox_cost
from tests.long.outcome import Outcome, outcomes
from tests.long.properties import PROPERTIES
from tests.long.readers import READERS, Reader, mutated
from tests.long.sources import RATES, damaged_file, fuzzed_packets, sources

Options = argparse.Namespace
Failures = list[str]


def packets(options: Options) -> Failures:
    """Goal 1: packets fuzzed by editcap; no traceback, no hang, each file exactly one status."""
    return _broken_captures(options, options.runs or 1000, _fuzz)


def containers(options: Options) -> Failures:
    """Goal 2: files damaged; every readable packet used, each file exactly one status."""
    return _broken_captures(options, options.runs or 400, _damage)


def _fuzz(number: int, seed: int, folder: Path) -> Path:
    found = sources()
    source = found[number % len(found)]
    rate = RATES[number // len(found) % len(RATES)]
    return fuzzed_packets(source, rate, seed * 100_000 + number, folder)


def _damage(number: int, seed: int, folder: Path) -> Path:
    found = sources()
    return damaged_file(found[number % len(found)], seed * 100_000 + number, folder)


def _broken_captures(
    options: Options, runs: int, make: Callable[[int, int, Path], Path]
) -> Failures:
    failures: Failures = []
    done: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="labshark-long-") as folder:
        paths = [make(number, options.seed, Path(folder)) for number in range(runs)]
        for outcome in outcomes(paths, jobs=options.jobs, rendered_every=5):
            done.append(outcome)
            if make is _damage and not outcome.failure:
                outcome = _all_used(outcome)
            if outcome.failure:
                failures.append(_kept(outcome, options.keep))
            if len(done) % 50 == 0:
                print(f"{len(done)} of {runs}, {len(failures)} failed", file=sys.stderr)
    times = [outcome.seconds for outcome in done]
    print(
        f"{len(done)} files, {len(failures)} failed; seconds: median {median(times):.2f}, "
        f"longest {max(times):.2f}"
    )
    for status, count in Counter(outcome.status for outcome in done).most_common():
        print(f"  {count:5} {status}")
    return failures


def _all_used(outcome: Outcome) -> Outcome:
    """What was used, held against what `capinfos` counts before it meets the damage."""
    capinfos = find_program("capinfos")
    argv = [str(capinfos), "-T", "-M", "-c", str(outcome.path)]
    said = subprocess.run(argv, capture_output=True, text=True, errors="replace")
    # What follows quotes other numbers: of the block that is damaged.
    after = re.findall(r"after reading (\d+) packets", said.stderr)
    rows = [line.split("\t") for line in said.stdout.splitlines()[1:]]
    counted = int(rows[0][-1]) if rows else int(after[0]) if after else 0
    if outcome.packets in (-1, counted):
        return outcome
    failure = f"used {outcome.packets} packets, capinfos counts {counted}"
    return Outcome(outcome.path, outcome.status, outcome.seconds, outcome.packets, failure)


def _kept(outcome: Outcome, keep: Path) -> str:
    keep.mkdir(parents=True, exist_ok=True)
    kept = keep / outcome.path.name
    shutil.copyfile(outcome.path, kept)
    kept.with_suffix(kept.suffix + ".txt").write_text(
        f"{outcome.status} after {outcome.seconds:.1f} s\n{outcome.failure}\n", encoding="utf-8"
    )
    first = outcome.failure.strip().splitlines()[-1]
    return f"{kept}: {outcome.status}: {first}"


def killed(options: Options) -> Failures:
    """Goal 4: tshark killed at 20 random packets by 4 signals; none taken for whole."""
    failures, runs = [], 0
    capture = sources()[0]
    with tempfile.TemporaryDirectory(prefix="labshark-long-") as folder:
        for name in ("KILL", "TERM", "SEGV", "ABRT"):
            for packet in random_packets(f"{options.seed} {name}", options.runs or 20):
                tshark = killed_tshark(Path(folder), packet, name)
                os.environ["LABSHARK_TSHARK"] = str(tshark)
                ending = ending_of(capture)
                runs += 1
                if ending != "tshark-failed, exit code 4":
                    failures.append(f"SIG{name} at packet {packet}: {ending}")
        del os.environ["LABSHARK_TSHARK"]
    print(f"{runs} runs, {runs - len(failures)} noticed")
    return failures


def cost(options: Options) -> Failures:
    """Goal 7: what the sandbox costs; at most 30 ms and 15 % for a capture."""
    found = sandbox_cost(sources()[0], options.runs or 30)
    print(found)
    return [] if found.milliseconds <= 30 and found.share <= 0.15 else [str(found)]


def readers(options: Options) -> Failures:
    """Our own readers of captures, keys, records, messages, documents: fuzzed, none surprised."""
    failures: Failures = []
    signal.signal(signal.SIGALRM, _too_slow)
    for name, reader in READERS.items():
        chance, seeds = random.Random(f"{options.seed} {name}"), reader.seeds()
        runs, longest = options.runs or 3000, 0.0
        for number in range(runs):
            data = mutated(seeds, chance)
            began = time.monotonic()
            fault = _surprise(reader, data)
            longest = max(longest, time.monotonic() - began)
            if fault:
                kept = options.keep / f"{name}-{options.seed}-{number}"
                options.keep.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(data)
                kept.with_name(kept.name + ".txt").write_text(fault, encoding="utf-8")
                failures.append(f"{kept}: {fault.strip().splitlines()[-1]}")
        print(f"  {runs:6} {name}, longest {longest:.2f} s", flush=True)
    return failures


def _surprise(reader: Reader, data: bytes) -> str:
    """What a reader raised that it does not promise; `too slow` after 20 seconds."""
    signal.setitimer(signal.ITIMER_REAL, 20)
    try:
        reader.read(data)
    except reader.refuses:
        return ""
    except Exception:
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return ""


def _too_slow(*_: object) -> None:
    raise TimeoutError("too slow")


def parsers(options: Options) -> Failures:
    """Generated answers, write-ups, labs, keys, rosters and names: what must hold, holds."""
    failures: Failures = []
    for name, (holds, generated) in PROPERTIES.items():
        runs = options.runs or 3000
        settled = settings(
            max_examples=runs,
            deadline=timedelta(seconds=20),
            database=DirectoryBasedExampleDatabase(options.keep / "examples"),
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        )
        try:
            seed(options.seed)(settled(given(generated)(holds)))()
        except Exception:
            options.keep.mkdir(parents=True, exist_ok=True)
            kept = options.keep / f"{name.replace(' ', '-')}.txt"
            kept.write_text(traceback.format_exc(), encoding="utf-8", errors="backslashreplace")
            last = traceback.format_exc().strip().splitlines()[-1]
            failures.append(f"{kept}: {last.encode('ascii', 'backslashreplace').decode()}")
        print(f"  {runs:6} {name}", flush=True)
    return failures


TESTS = {
    test.__name__: test
    for test in (
        *(packets, containers, killed, readers, parsers, cost),
        *(class300, kills, cluster, memory, suite),
    )
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.long", description=__doc__)
    parser.add_argument("tests", nargs="*", metavar="TEST", help=f"{', '.join(TESTS)}; none: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, help="how many, instead of each test's own number")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path("out/long"), help="for failing files")
    options = parser.parse_args()
    unknown = set(options.tests) - set(TESTS)
    if unknown:
        parser.error(f"no such test: {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    failures = list(_failures(options.tests or TESTS, options))
    sys.exit(1 if failures else 0)


def _failures(names: Iterable[str], options: Options) -> Iterable[str]:
    for name in names:
        print(f"== {name}, seed {options.seed}: {TESTS[name].__doc__}")
        for failure in TESTS[name](options):
            print(f"FAILED {failure}")
            yield failure


if __name__ == "__main__":
    main()
