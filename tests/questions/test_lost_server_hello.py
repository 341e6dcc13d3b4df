"""TLS 1.3 whose Server Hello was not recorded: its handshake looks like data, and nothing tells."""

import subprocess
from pathlib import Path

import pytest

from report.capture.programs import find_program
from report.capture.trace import open_trace
from report.labs.loader import load_lab
from report.questions.answer import Answer, Status
from report.questions.engine import answer_lab

NAMES = ("tls13-curl-nginx-http2", "tls13-client-cert", "tls13-hello-retry-client-cert")
UP_TO_THE_SERVER = (
    *("q8", "q9", "q10", "q11", "q12", "q13", "q14", "q15", "q17"),
    *("q18", "q19", "q20", "q21", "q22", "q23"),
)
"""What cannot be told without the Server Hello, and what it decides."""


def _answers(path: Path) -> dict[str, Answer]:
    with open_trace(path) as trace:
        return dict(answer_lab(trace, load_lab("tls-v8.1")).answers)


def _tshark_written(source: Path, target: Path, display_filter: str) -> Path:
    words = ["-r", str(source), "-Y", display_filter, "-w", str(target)]
    subprocess.run([str(find_program("tshark")), *words], check=True, capture_output=True)
    return target


@pytest.mark.parametrize("name", NAMES)
def test_without_the_packet_of_the_server_hello(name: str, checkout: Path, tmp_path: Path) -> None:
    source = checkout / "traces" / f"{name}.pcapng"
    whole = _answers(source)
    assert whole["q8"].status is Status.FOUND
    lacking = _tshark_written(source, tmp_path / "a.pcapng", f"frame.number != {whole['q8'].value}")
    answers = _answers(lacking)
    assert answers["q3"].status is Status.FOUND
    assert {answers[q].status for q in UP_TO_THE_SERVER} == {Status.NOT_CAPTURED}


@pytest.mark.parametrize("name", NAMES)
def test_of_the_client_alone(name: str, checkout: Path, tmp_path: Path) -> None:
    source = checkout / "traces" / f"{name}.pcapng"
    answers = _answers(_tshark_written(source, tmp_path / "a.pcapng", "tcp.dstport == 443"))
    assert answers["q3"].status is Status.FOUND
    assert {answers[q].status for q in UP_TO_THE_SERVER} == {Status.NOT_CAPTURED}


@pytest.mark.parametrize("name", NAMES)
def test_begun_after_the_server_hello(name: str, checkout: Path, tmp_path: Path) -> None:
    source = checkout / "traces" / f"{name}.pcapng"
    later = f"frame.number > {_answers(source)['q8'].value}"
    answers = _answers(_tshark_written(source, tmp_path / "a.pcapng", later))
    assert {answers[q].status for q in UP_TO_THE_SERVER} == {Status.NOT_CAPTURED}
