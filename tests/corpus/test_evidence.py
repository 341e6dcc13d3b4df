"""Evidence is true: filters select the cited frames, bytes and labels are the file's own."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import dpkt
import pytest

from report.capture.programs import find_program
from report.capture.trace import open_trace
from report.labs.loader import load_lab
from report.questions.engine import answer_lab
from report.rendering.answers_json import answers_document
from tests.corpus.truth import TRACES

OWN = [
    ("demo.pcapng", None, "library.campus.example"),
    ("demo.pcapng", "demo.keylog", "library.campus.example"),
    ("tls12-chain-4.pcapng", None, None),
    ("tls12-client-cert-empty.pcapng", None, None),
    ("tls13-early-data.pcapng", "tls13-early-data.keylog", None),
]
SHARED = [
    ("textbook-tls12.pcapng", None, None),
    ("tls12-clienthello-3-segments.pcap", None, None),
    ("tls13-hello-retry-request.pcapng", None, None),
    ("tls13-pq-offered-grease-keylog.pcapng", "tls13-pq-offered-grease-keylog.keylog", None),
]
CASES = [("own", *case) for case in OWN] + [("shared", *case) for case in SHARED]
cases = pytest.mark.parametrize(("place", "name", "keylog", "host"), CASES)


@pytest.fixture
def folder(place: str, request: pytest.FixtureRequest) -> Path:
    if place == "own":
        return TRACES
    shared: Path = request.getfixturevalue("shared")
    return shared / "traces"


@cache
def _answers(capture: Path, keylog: Path | None, host: str | None) -> tuple[dict[str, Any], ...]:
    lab = load_lab("tls-v8.1")
    with open_trace(capture, keylog) as trace:
        trace.start(lab.columns())
        result = answer_lab(trace, lab, host=host)
        document = json.loads(json.dumps(answers_document(trace, result)))
    return tuple(document["answers"])


def _tshark(capture: Path, keylog: Path | None, *options: str) -> str:
    keys = ["-o", f"tls.keylog_file:{keylog}"] if keylog else []
    run = subprocess.run(
        [find_program("tshark"), "-n", "-2", *keys, "-r", capture, *options],
        capture_output=True,
        check=True,
        timeout=120,
    )
    return run.stdout.decode("utf-8", "replace")


@cases
def test_filters_select_the_cited_frames(
    folder: Path, name: str, keylog: str | None, host: str | None
) -> None:
    capture, keys = folder / name, folder / keylog if keylog else None
    cited = {a["filter"]: a["frames"] for a in _answers(capture, keys, host) if a["filter"]}
    assert cited
    selected = {
        text: list(
            map(
                int,
                _tshark(capture, keys, "-Y", text, "-T", "fields", "-e", "frame.number").split(),
            )
        )
        for text in cited
    }
    assert selected == cited


@cases
def test_labels_are_lines_that_tshark_prints(
    folder: Path, name: str, keylog: str | None, host: str | None
) -> None:
    capture, keys = folder / name, folder / keylog if keylog else None
    evidence = [e for a in _answers(capture, keys, host) for e in a["evidence"]]
    frames = ", ".join(map(str, sorted({e["frame"] for e in evidence})))
    printed = _tshark(capture, keys, "-Y", f"frame.number in {{{frames}}}", "-V")
    lines = {line.strip().strip("[]") for line in printed.splitlines()}
    for item in evidence:
        assert any(_same_line(item["label"], line) for line in lines), item["label"]


def _same_line(label: str, line: str) -> bool:
    """Equal; or the beginning, where `tshark -V` cuts a long line short and says so."""
    if "[truncated]" not in line and not line.endswith("…"):
        return label == line
    shown = line.replace(" [truncated]", "").replace("[truncated]", "").rstrip("…")
    return len(shown) > 40 and label.startswith(shown)


@cases
def test_bytes_in_the_frame_are_those_of_the_file(
    folder: Path, name: str, keylog: str | None, host: str | None
) -> None:
    capture, keys = folder / name, folder / keylog if keylog else None
    packets = _packets(capture)
    evidence = [e for a in _answers(capture, keys, host) for e in a["evidence"]]
    in_frame = [e for e in evidence if e["source"] == "frame" and e["length"] and _plain(e)]
    assert in_frame
    for item in in_frame:
        data = packets[item["frame"] - 1][item["offset"] : item["offset"] + item["length"]]
        assert data.hex() == _plain(item), item


def _packets(capture: Path) -> list[bytes]:
    with capture.open("rb") as file:
        kind = dpkt.pcapng.Reader if capture.suffix == ".pcapng" else dpkt.pcap.Reader
        return [bytes(data) for _, data in kind(file)]


def _plain(item: dict[str, Any]) -> str | None:
    """The field's bytes as hex where its shown value says them in full."""
    value: str = item["value"]
    if ":" in value and len(value.split(":")) == item["length"]:
        return value.replace(":", "").lower()
    if value.startswith("0x") and len(value) == 2 + 2 * item["length"]:
        return value[2:].lower()
    if value.isdecimal() and item["length"] <= 4 and not item["field"].startswith("tcp.flags."):
        return int(value).to_bytes(item["length"], "big").hex()
    return None
