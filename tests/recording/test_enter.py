"""Enter, the end of standard input, and the time that is over."""

import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX's standard input")

SCRIPT = """
import sys, time
from report.recording import enter
enter.UNATTENDED_SECONDS = 0.5
attention = enter.Attention({seconds})
begun = time.monotonic()
while not attention.over():
    time.sleep(0.01)
print(time.monotonic() - begun)
"""


def lasted(seconds: int | None, typed: bytes, close: bool) -> float:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(seconds=seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin as stdin, process.stdout as stdout:
        stdin.write(typed)
        stdin.flush()
        if close:
            stdin.close()
        said = stdout.readline()
    process.wait(20)
    return float(said)


def test_enter_ends_it() -> None:
    assert lasted(None, b"\n", close=False) < 20
    assert lasted(60, b"well, done\n", close=False) < 30


def test_without_anybody_it_ends_by_itself() -> None:
    assert 0.5 <= lasted(None, b"", close=True) < 20
    assert lasted(1, b"", close=True) >= 1


def test_time_ends_it_though_somebody_is_there() -> None:
    begun = time.monotonic()
    assert lasted(1, b"no newline", close=False) >= 1
    assert time.monotonic() - begun < 20
