"""A capture holds a person's traffic: what leaves it, and who can read what was made of it."""

import os
import stat
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from report.capture.trace import open_trace
from report.capture.trimming import trimmed
from report.commands.main import run as labshark
from report.labs.loader import load_lab
from report.questions.engine import answer_lab
from report.tables.trimming import trimmed_session
from tests.capture.blocks import block, enhanced, interface, section
from tests.security.odd_packets import fragmented, is_tcp, packets_of, unreachable, written

TRACES = Path(__file__).parents[2] / "traces"
DEMO, KEYLOG = TRACES / "demo.pcapng", TRACES / "demo.keylog"
HOST, OTHER = "library.campus.example", "news.campus.example"
WRITE_UP = "学号 20260001 姓名 林晓雨\n1. 17\n2. before\n3. 28\n4. TLS 1.2\n5. 17\n"


def started(*arguments: object) -> int:
    """Runs labshark here and now, so that the umask set by a test holds."""
    import sys

    before, sys.argv = sys.argv, ["labshark", *map(str, arguments)]
    try:
        labshark()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.argv = before
    return 0


@pytest.fixture
def open_to_all() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


COMMANDS: dict[str, tuple[object, ...]] = {
    "report": ("report", DEMO, "--host", HOST, "-o", "a/b/report"),
    "answer": ("answer", DEMO, "--host", HOST, "-o", "answers.txt"),
    "json": ("answer", DEMO, "--host", HOST, "--json", "-o", "answers.json"),
    "trim": ("trim", DEMO, "--host", HOST, "-o", "c/trimmed.pcapng"),
    "key": ("key", DEMO, "--host", HOST, "-o", "key.toml"),
    "form": ("form", "tls-v8.1", "-o", "form.docx"),
    "batch": ("batch", "class", "-o", "d/e/out", "--jobs", "1", "--host", HOST, "--no-pdf"),
    "grade": ("grade", "class", "-o", "f/g/out", "--jobs", "1", "--host", HOST, "--no-pdf"),
}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
@pytest.mark.parametrize("command", COMMANDS)
def test_outputs_are_their_owners_alone_whatever_the_umask(
    command: str, open_to_all: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    student = tmp_path / "class" / "20260001 林晓雨"
    student.mkdir(parents=True)
    (student / "mine.pcapng").write_bytes(DEMO.read_bytes())
    (student / "report.md").write_text(WRITE_UP, encoding="utf-8")
    given = {path for path in tmp_path.rglob("*")}
    assert started(*COMMANDS[command]) in (0, 1)
    made = [path for path in tmp_path.rglob("*") if path not in given]
    assert made
    open_ones = {
        str(path.relative_to(tmp_path)): oct(stat.S_IMODE(path.stat().st_mode))
        for path in made
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    }
    assert open_ones == {}


def test_a_report_is_not_written_through_a_link_that_came_with_the_capture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.pcapng").write_bytes(DEMO.read_bytes())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "mine-report").symlink_to(elsewhere)
    assert started("report", "mine.pcapng", "--host", HOST, "--no-pdf") == 5
    assert list(elsewhere.iterdir()) == []
    target = tmp_path / "precious"
    target.write_text("as it was")
    (tmp_path / "mine-trimmed.pcapng").symlink_to(target)
    assert started("trim", "mine.pcapng", "--host", HOST) == 0
    assert target.read_text() == "as it was"


# ---- what a trimmed capture still holds


def test_only_blocks_of_the_session_are_left() -> None:
    """Names, keys, a system's journal and what vendors add may tell of everything else."""
    secret = b"what the other sessions were about"
    padded = secret + bytes(-len(secret) % 4)
    others = [
        block(4, struct.pack("<HH", 1, len(secret)) + padded + bytes(4)),  # resolved names
        block(9, padded),  # a journal's entry
        block(10, struct.pack("<II", 0x544C534B, len(secret)) + padded),  # keys
        block(0x0BAD, struct.pack("<I", 4711) + padded),  # a vendor's, to be copied
        block(0x40000BAD, struct.pack("<I", 4711) + padded),  # and not to be
        block(0x7FFFFFFE, padded),  # nobody's
    ]
    capture = section() + interface() + b"".join(others) + enhanced() + others[0] + enhanced()
    left = trimmed(capture, [3, 9])
    assert secret in capture
    assert secret not in left
    assert left.count(b"of the full capture") == 2


def test_nothing_of_another_session_is_in_a_trimmed_capture(tmp_path: Path) -> None:
    with open_trace(DEMO, KEYLOG) as trace:
        result = answer_lab(trace, load_lab("tls-v8.1"), host=HOST)
        data, packets, _ = trimmed_session(trace, result.session, with_keys=True)
        numbers = trace.matching(result.session.connection.stream_filter)
    assert packets == len(numbers)
    assert OTHER.encode() in DEMO.read_bytes()
    assert OTHER.encode() not in data
    for number in numbers:
        assert f"packet {number} of the full capture".encode() in data


@pytest.mark.parametrize("way", ["fragments", "unreachable"])
def test_sessions_with_odd_packets_can_be_trimmed(way: str, shared: Path, tmp_path: Path) -> None:
    """IP fragments belong to the session although no filter on it shows them."""
    source = packets_of(shared / "traces" / "textbook-tls12.pcapng", tmp_path)
    odd = [
        (time, piece)
        for time, packet in source
        for piece in (
            fragmented(packet)
            if way == "fragments"
            else [packet, unreachable(packet)]
            if is_tcp(packet) and len(packet) > 600
            else [packet]
        )
    ]
    capture = written(odd, tmp_path / "odd.pcap")
    lab = load_lab("tls-v8.1")
    with open_trace(capture) as trace:
        result = answer_lab(trace, lab)
        data, packets, _ = trimmed_session(trace, result.session)
    small = tmp_path / "small.pcapng"
    small.write_bytes(data)
    assert data.count(b"of the full capture") == packets
    with open_trace(small) as trace:
        again = answer_lab(trace, lab)
    for name in ("q4", "q5", "q6", "q9", "q12", "q13", "q15", "q20"):
        # The textbook's own answers do not change by the way its packets travelled.
        assert again.answers[name].value == result.answers[name].value is not None
    assert again.answers["q6"].value == "4b"
    assert again.answers["q15"].value == "00b3"


def test_the_trimmed_capture_is_one_that_wireshark_reads(tmp_path: Path) -> None:
    target = tmp_path / "trimmed.pcapng"
    assert started("trim", DEMO, "--host", HOST, "-o", target, "--keylog", KEYLOG) == 0
    told = subprocess.run(["capinfos", "-T", str(target)], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert b"CLIENT_RANDOM" not in target.read_bytes()
    assert b"SERVER_HANDSHAKE_TRAFFIC_SECRET" not in target.read_bytes()
