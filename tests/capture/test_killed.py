"""A tshark that was killed is noticed, whatever killed it and however far it had come."""

import random
import shutil
import sys
from pathlib import Path

import pytest

from report.capture.fields import PACKET_FIELDS
from report.capture.trace import open_trace
from report.errors import LabsharkError
from tests.capture.killing import killed_tshark

PACKETS = 1068
"""Of the textbook trace; the last 64 KiB of output wait in the pipe, so none of the last 300."""
FIELDS = tuple(field.name for field in PACKET_FIELDS)

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("sed") is None, reason="needs GNU sed"
)


def ending_of(capture: Path) -> str:
    try:
        with open_trace(capture) as trace:
            rows = trace.columns(FIELDS).rows
            return f"taken for whole with {rows.count(bytes([10]))} packets"
    except LabsharkError as fault:
        return f"{fault.slug}, exit code {fault.exit_code:d}"


@pytest.mark.parametrize("signal", ["KILL", "TERM", "SEGV", "ABRT"])
def test_killed_at_random_packets(
    signal: str, shared: Path, confinement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three for each signal and confinement; `python -m tests.long killed` has forty."""
    capture = shared / "traces" / "textbook-tls12.pcapng"
    for packet in random_packets(f"{signal} {confinement}", 3):
        tshark = killed_tshark(tmp_path / "program", packet, signal)
        monkeypatch.setenv("LABSHARK_TSHARK", str(tshark))
        assert ending_of(capture) == "tshark-failed, exit code 4", packet


def random_packets(seed: str, count: int) -> list[int]:
    return random.Random(seed).sample(range(1, PACKETS - 300), count)


def test_the_program_itself_does_no_harm(
    shared: Path, confinement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Signal 0 kills nobody: the same program, the same pipe, and the capture is whole.
    tshark = killed_tshark(tmp_path / "none", 300, "0")
    monkeypatch.setenv("LABSHARK_TSHARK", str(tshark))
    capture = shared / "traces" / "textbook-tls12.pcapng"
    assert ending_of(capture) == f"taken for whole with {PACKETS} packets"


def test_fewer_packets_than_there_are_is_noticed_without_a_signal(
    shared: Path, confinement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tshark = killed_tshark(tmp_path / "few", 300, "0")
    tshark.write_text(tshark.read_text().replace("300q", "1d"))
    monkeypatch.setenv("LABSHARK_TSHARK", str(tshark))
    with (
        open_trace(shared / "traces" / "textbook-tls12.pcapng") as trace,
        pytest.raises(LabsharkError, match="1067 / 1068") as raised,
    ):
        trace.columns(FIELDS)
    assert raised.value.slug == "tshark-failed"
