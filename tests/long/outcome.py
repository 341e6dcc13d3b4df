"""What became of one capture: read, answered, rendered, or refused for a reason that has a name."""

import faulthandler
import json
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report.capture.sandbox import Limits
from report.capture.trace import open_trace
from report.errors import ExitCode, LabsharkError
from report.labs.loader import load_lab
from report.questions.engine import answer_lab
from report.rendering.answers_json import answers_document
from report.rendering.output import report_files
from report.student import Student

HANG_SECONDS = 120
STATUSES = frozenset(("found", "absent", "hidden", "not_applicable", "not_captured", "explained"))


@dataclass(frozen=True)
class Outcome:
    """Exactly one status for one file: `answered`, `partial`, a slug, or what was wrong."""

    path: Path
    status: str
    seconds: float
    packets: int = -1
    """That were used; -1 where the capture was refused."""
    failure: str = ""
    """A traceback, or which promise was broken; empty for an outcome as it should be."""


def outcome_of(path: Path, rendered: bool = False) -> Outcome:
    """Answers the standard lab on a capture, and renders the page if asked to."""
    started = time.monotonic()
    faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
    try:
        status, packets, failure = _read(path, rendered)
    except LabsharkError as fault:
        right = fault.exit_code in (ExitCode.CAPTURE, ExitCode.PROGRAM)
        status, packets, failure = fault.slug, -1, "" if right else f"exit code {fault.exit_code}"
        if fault.slug == "tshark-failed":
            failure = str(fault)
    except BaseException:  # whatever it is: that it came this far is the failure
        status, packets, failure = "exception", -1, traceback.format_exc()
    finally:
        faulthandler.cancel_dump_traceback_later()
    return Outcome(path, status, time.monotonic() - started, packets, failure)


def _read(path: Path, rendered: bool) -> tuple[str, int, str]:
    lab = load_lab("tls-v8.1")
    with open_trace(path, limits=Limits(cpu_seconds=30, deadline_seconds=60)) as trace:
        trace.start(lab.columns())
        result = answer_lab(trace, lab)
        document: dict[str, Any] = answers_document(trace, result)
        if rendered:
            report_files(trace, result, Student(), {})
        whole, packets = not trace.warnings, trace.packets
    json.dumps(document, allow_nan=False).encode("utf-8")
    wrong = {each["id"]: each for each in document["answers"] if each["status"] not in STATUSES}
    missing = len(lab.questions) - len(document["answers"])
    failure = f"{missing} answers missing" if missing else json.dumps(wrong) if wrong else ""
    return ("answered" if whole else "partial"), packets, failure


def outcomes(paths: list[Path], *, jobs: int, rendered_every: int) -> Iterator[Outcome]:
    """The outcomes of many captures, in order; a process that dies is the failure of one file."""
    waiting = list(enumerate(paths))
    while waiting:
        with ProcessPoolExecutor(jobs) as pool:
            runs = [
                (index, path, pool.submit(outcome_of, path, index % rendered_every == 0))
                for index, path in waiting
            ]
            for index, path, run in runs:
                try:
                    yield run.result()
                except BrokenProcessPool:
                    # All that wait now fail with it: the first is to blame, or tried alone next.
                    yield Outcome(path, "died or hung", HANG_SECONDS, failure="process ended")
                    waiting = [(i, p) for i, p in waiting if i > index]
                    break
            else:
                waiting = []
