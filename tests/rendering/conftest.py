"""The reports that the tests of the rendering look at, each made once."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from report.capture.trace import Trace, open_trace
from report.labs.loader import load_lab
from report.questions.engine import LabResult, answer_lab
from report.rendering.report import build_view
from report.rendering.view import ReportView
from report.student import Student
from report.text import Text

TEXTBOOK = "textbook-tls12.pcapng"
WORDS = {
    "q7": "随机数让每次握手都不一样。\n\nThe *random* bytes make every handshake **different**.",
    "conclusion": "文件的长度和目的都一目了然。\n\n- 第一点\n- second `point`\n\n<b>not bold</b>",
}
STUDENT = Student(
    {"id": Text("2024010203", "2024010203"), "name": Text("某同学", "A Student")},
)


@dataclass(frozen=True)
class Answered:
    """A capture with its lab answered, and the tshark runs to hold it against."""

    path: Path
    trace: Trace
    result: LabResult


def tshark(capture: Path, *options: str, keylog: Path | None = None) -> bytes:
    """What tshark itself prints, with the two passes and the preference of labshark's own runs."""
    program = shutil.which("tshark")
    assert program is not None
    keys = ["-o", f"tls.keylog_file:{keylog}"] if keylog else []
    preference = ["-o", "tcp.reassemble_out_of_order:TRUE"]
    command = [program, "-n", "-2", *preference, *keys, "-r", str(capture), *options]
    environment = {
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "HOME": "/nonexistent",
        "PATH": "/usr/bin:/bin",
    }
    run = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert run.returncode in (0, 2), run.stderr  # 2: a capture that ends in the middle of a packet
    return run.stdout


@pytest.fixture(scope="session")
def textbook(shared: Path) -> Iterator[Answered]:
    """The textbook trace, answered."""
    lab = load_lab("tls-v8.1")
    path = shared / "traces" / TEXTBOOK
    with open_trace(path) as trace:
        trace.start(lab.columns())
        yield Answered(path, trace, answer_lab(trace, lab))


@pytest.fixture(scope="session")
def textbook_view(textbook: Answered) -> ReportView:
    """The report on the textbook trace, with some words of a student's."""
    return build_view(textbook.trace, textbook.result, STUDENT, WORDS)
