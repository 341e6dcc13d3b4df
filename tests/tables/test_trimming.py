"""A trimmed capture answers as the full one does, with its packets renumbered."""

from pathlib import Path
from typing import Any

import dpkt
import pytest

from report.capture.trace import open_trace
from report.capture.trimming import embedded_keylog, trimmed
from report.labs.loader import load_lab
from report.questions.engine import LabResult, answer_lab
from report.tables.trimming import trimmed_session

TRACES = Path(__file__).parents[2] / "traces"
DEMO, KEYLOG, HOST = TRACES / "demo.pcapng", TRACES / "demo.keylog", "library.campus.example"
PACKET_NUMBERS = ("q1", "q3", "q8", "q11", "q17", "q18", "q22", "q24")


def _answered(capture: Path, keylog: Path | None = None, host: str | None = None) -> LabResult:
    lab = load_lab("tls-v8.1")
    with open_trace(capture, keylog) as trace:
        return answer_lab(trace, lab, host=host)


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """The demo's library session on its own, without and with its keys."""
    folder, lab = tmp_path_factory.mktemp("trimmed"), load_lab("tls-v8.1")
    written = {}
    with open_trace(DEMO, KEYLOG) as trace:
        session = answer_lab(trace, lab, host=HOST).session
        for with_keys in (False, True):
            data, packets, has_keys = trimmed_session(trace, session, with_keys=with_keys)
            assert (packets, has_keys) == (len(session.packets), with_keys)
            written[with_keys] = folder / f"keys-{with_keys}.pcapng"
            written[with_keys].write_bytes(data)
    return written


def test_only_the_session_is_left(cut: dict[bool, Path]) -> None:
    full = _answered(DEMO, host=HOST)
    with DEMO.open("rb") as file:
        every = [bytes(data) for _, data in dpkt.pcapng.Reader(file)]
    with cut[False].open("rb") as file:
        kept = [bytes(data) for _, data in dpkt.pcapng.Reader(file)]
    assert kept == [every[number - 1] for number in full.session.packets.index]


def _warnings(capture: Path) -> list[str]:
    with open_trace(capture) as trace:
        trace.columns(["frame.number"])
        return [warning.slug for warning in trace.warnings]


def test_what_is_known_of_the_end_stays_known(cut: dict[bool, Path], tmp_path: Path) -> None:
    assert _warnings(cut[False]) == []
    stopped = tmp_path / "stopped.pcapng"
    statistics_length = int.from_bytes(DEMO.read_bytes()[-4:], "little")
    stopped.write_bytes(DEMO.read_bytes()[:-statistics_length])
    assert _warnings(stopped) == ["capture-unfinished"]
    with open_trace(stopped) as trace:
        session = answer_lab(trace, load_lab("tls-v8.1"), host=HOST).session
        data, _, _ = trimmed_session(trace, session)
    (tmp_path / "cut.pcapng").write_bytes(data)
    assert _warnings(tmp_path / "cut.pcapng") == ["capture-unfinished"]


def test_answers_are_the_same_but_for_numbers(cut: dict[bool, Path]) -> None:
    full, small = _answered(DEMO, host=HOST), _answered(cut[False])
    numbers = list(full.session.packets.index)
    for name, answer in full.answers.items():
        expected: Any = answer.value
        if name in PACKET_NUMBERS:
            expected = numbers.index(expected) + 1
        assert (name, small.answers[name].status) == (name, answer.status)
        assert (name, small.answers[name].value) == (name, expected)


def test_keys_only_on_request_and_only_the_sessions(cut: dict[bool, Path]) -> None:
    assert embedded_keylog(cut[False]) == b""
    random = _answered(DEMO, host=HOST).session.of("handshake", 1)[0].first("tls.handshake.random")
    assert random is not None
    assert random.octets is not None
    lines = embedded_keylog(cut[True]).splitlines()
    assert lines
    assert {line.split()[1] for line in lines} == {random.octets.hex().encode()}
    assert _answered(cut[True]).session.decrypted


def test_what_is_no_pcapng_is_refused() -> None:
    with pytest.raises(ValueError, match="pcapng"):
        trimmed(b"\xd4\xc3\xb2\xa1" + b"\0" * 20, [1])
