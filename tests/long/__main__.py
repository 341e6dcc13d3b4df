"""Runs the long tests; prints a table of figures, keeps every file that failed, exits 1 then."""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median

from report.capture.programs import find_program
from tests.capture.killing import killed_tshark
from tests.capture.test_killed import ending_of, random_packets
from tests.long.batches import class300, cluster, kills, memory
from tests.long.cost import sandbox_cost
from tests.long.outcome import Outcome, outcomes
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


TESTS = {
    test.__name__: test
    for test in (packets, containers, killed, cost, class300, kills, cluster, memory)
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
