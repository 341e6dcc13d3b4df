"""Statuses where a capture lacks something: the demo trace with frames left out or cut.

Frame numbers come from the demo's truth file; what follows from leaving them out is reasoned.
"""

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.corpus.truth import TRACES, load
from tests.independent import Expected, choose, expected_tls_v8_1, facts
from tests.independent.container import Frame, read_capture

DEMO = TRACES / "demo.pcapng"
LIBRARY = next(c for c in load(TRACES / "demo.truth.toml").cases if c.host and "lib" in c.host)
SYN, HELLO, ANSWER, CERTIFICATE, EXCHANGE, DATA, CLOSING = (
    LIBRARY.answers[name]["value"] for name in ("q1", "q3", "q8", "q11", "q18", "q22", "q24")
)
SERVER = "198.51.100.84"


def _answers(
    folder: Path, change: Callable[[list[Frame]], list[Frame]], host: str = SERVER
) -> dict[str, Expected]:
    """The answers on the demo trace after `change`, which may drop and cut frames."""
    path = folder / "changed.pcap"
    data = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)
    for frame in change(read_capture(DEMO).frames):
        seconds, rest = divmod(frame.time, 1_000_000_000)
        data += struct.pack("<IIII", seconds, rest, len(frame.data), frame.length) + frame.data
    path.write_bytes(data)
    found = facts(path)
    return expected_tls_v8_1(found, choose(found, host))


def _with_status(answers: dict[str, Expected], status: str) -> set[int]:
    return {int(name[1:]) for name, answer in answers.items() if answer["status"] == status}


def _without(number: int) -> Callable[[list[Frame]], list[Frame]]:
    return lambda frames: [frame for frame in frames if frame.number != number]


def test_nothing_changed(tmp_path: Path) -> None:
    assert _answers(tmp_path, list) == LIBRARY.answers


def test_began_after_the_client_hello(tmp_path: Path) -> None:
    answers = _answers(tmp_path, lambda frames: frames[HELLO:])
    # Absent where it can be known: no contact to an authority, no certificate of the client, as
    # the server's whole flight does not ask for one.
    assert _with_status(answers, "not_captured") == {1, 2, 3, 4, 5, 6}
    assert _with_status(answers, "absent") == {16, 19}
    assert answers["q8"]["value"] == ANSWER - HELLO
    assert answers["q11"]["value"] == CERTIFICATE - HELLO
    assert answers["q24"]["value"] == CLOSING - HELLO


def test_ended_before_the_certificate_was_whole(tmp_path: Path) -> None:
    answers = _answers(tmp_path, lambda frames: frames[: CERTIFICATE - 1])
    assert _with_status(answers, "not_captured") == {
        11, 12, 13, 14, 15, 17, 18, 19, 22, 23, 24,
    }  # fmt: skip
    assert answers["q9"] == LIBRARY.answers["q9"]


def test_ended_before_the_connection_did(tmp_path: Path) -> None:
    answers = _answers(tmp_path, lambda frames: frames[: CLOSING - 1])
    assert _with_status(answers, "not_captured") == {24}


@pytest.mark.parametrize(
    ("lost", "missing"),
    [
        (SYN, {1, 2}),
        (ANSWER, {8, 9, 10, 11, 12, 13, 14, 15, 20, 21}),
        (DATA, {22, 23}),
    ],
)
def test_a_frame_that_was_not_captured(tmp_path: Path, lost: int, missing: set[int]) -> None:
    answers = _answers(tmp_path, _without(lost))
    assert _with_status(answers, "not_captured") >= missing
    assert answers["q24"]["value"] == CLOSING - 1


def test_closing_alert_not_captured(tmp_path: Path) -> None:
    """The FIN's sequence number tells that something before it is missing."""
    assert _answers(tmp_path, _without(CLOSING))["q24"] == {"status": "not_captured"}


def test_snap_length_96(tmp_path: Path) -> None:
    """30 bytes of TLS per segment: type, version and 19 bytes of the random, no more."""
    answers = _answers(
        tmp_path, lambda frames: [replace(frame, data=frame.data[:96]) for frame in frames]
    )
    whole = LIBRARY.answers
    for name in ("q1", "q2", "q3", "q4", "q6", "q8", "q10", "q21", "q22", "q24"):
        assert answers[name] == whole[name]
    assert answers["q18"]["value"] == EXCHANGE
    assert _with_status(answers, "not_captured") == {5, 9, 11, 12, 13, 14, 15, 17, 20}


def test_tls13_without_its_end(tmp_path: Path) -> None:
    """The last 19 bytes are taken for an alert only ahead of the connection's end."""
    closing = 39
    answers = _answers(tmp_path, lambda frames: frames[:closing], "news.campus.example")
    assert answers["q24"] == {"status": "not_captured"}
    assert answers["q11"] == {"status": "hidden"}
