"""Runs labshark as its users do: a process of its own, its bytes and its exit code."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import CHECKOUT

_MODULE = ("-m", "report.commands.main")


@dataclass(frozen=True)
class Ended:
    """How a run ended, its output decoded as the UTF-8 that it has to be."""

    code: int
    out: str
    err: str

    @property
    def slugs(self) -> list[str]:
        """Of each error line, its slug."""
        return [line.rsplit("[", 1)[-1].rstrip("]") for line in self.err.splitlines() if line]


def words(*arguments: object) -> list[str]:
    """The command line of `labshark ARGUMENTS`."""
    return [sys.executable, *_MODULE, *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    """This process's environment, in which a child finds the checkout wherever it runs."""
    return {**os.environ, "PYTHONPATH": str(CHECKOUT), **changes}


def run(
    *arguments: object,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    before: tuple[str, ...] = (),
    timeout: float = 300,
) -> Ended:
    """Runs `labshark ARGUMENTS`; `before` are words in front of Python, such as setpriv's."""
    done = subprocess.run(
        [*before, *words(*arguments)],
        cwd=cwd,
        env=environment(**(env or {})),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=timeout,
    )
    return Ended(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))
