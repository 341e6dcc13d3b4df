"""Fails on a test that was skipped for want of something that is here.

    python3 .ci/skips.py JUNIT_XML

A test says in its reason what it lacks; `../shared` and bubblewrap are looked for here.
"""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def present(checkout: Path = CHECKOUT) -> frozenset[str]:
    """Which of the things that a skip may name are here."""
    here = set()
    if (checkout.parent / "shared" / "traces").is_dir():
        here.add("../shared")
    probe = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "true"]
    try:
        subprocess.run(probe, check=True, capture_output=True, timeout=60)
        here.add("bubblewrap")
    except (OSError, subprocess.SubprocessError):
        pass
    return frozenset(here)


def unjustified(results: Path, here: frozenset[str]) -> Iterator[str]:
    """A line for each skipped test whose reason names something that is in `here`."""
    for case in ElementTree.parse(results).iter("testcase"):
        for skipped in case.iter("skipped"):
            reason = f"{skipped.get('message')} {skipped.text}"
            named = sorted(thing for thing in here if thing in reason.lower())
            if named:
                test = f"{case.get('classname')}::{case.get('name')}"
                yield f"{test} was skipped, but {' and '.join(named)} is here: {reason.strip()}"


def main(results: Path) -> int:
    """The exit code: 1 with the reasons on standard error where a skip is not justified."""
    if not results.is_file():
        print("The tests left no results.", file=sys.stderr)
        return 1
    lines = list(unjustified(results, present()))
    print(*lines, sep="\n", end="\n" if lines else "", file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
