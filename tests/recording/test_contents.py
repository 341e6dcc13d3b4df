"""Keys put into a capture: those of its own sessions, and nothing else changed."""

from pathlib import Path

import pytest

from report.capture.trimming import with_keys
from report.recording.contents import EMPTY, keys_of, read_contents, with_its_keys
from tests.independent.container import read_capture

TRACES = Path(__file__).parents[2] / "traces"
CAPTURE = TRACES / "tls13-aes128-gcm.pcapng"
KEYS = (TRACES / "tls13-aes128-gcm.keylog").read_bytes()
OTHERS = (TRACES / "tls13-chain-4.keylog").read_bytes()


def randoms(keylog: bytes) -> set[bytes]:
    lines = [line.split() for line in keylog.splitlines() if not line.startswith(b"#")]
    return {bytes.fromhex(words[1].decode()) for words in lines if len(words) == 3}


def test_only_keys_of_the_captures_own_sessions_are_embedded(tmp_path: Path) -> None:
    contents = read_contents(CAPTURE)
    data, sessions = with_its_keys(CAPTURE.read_bytes(), OTHERS + KEYS, contents)
    written = tmp_path / "with-keys.pcapng"
    written.write_bytes(data)
    before, after = read_capture(CAPTURE), read_capture(written)
    assert after.frames == before.frames
    (embedded,) = after.keylogs
    assert randoms(embedded.encode()) == randoms(KEYS)
    assert sessions == len(randoms(KEYS))
    assert {line.lower() for line in embedded.encode().splitlines()} == {
        line.lower() for line in KEYS.splitlines() if line and not line.startswith(b"#")
    }


def test_other_sessions_keys_change_nothing() -> None:
    contents = read_contents(CAPTURE)
    assert with_its_keys(CAPTURE.read_bytes(), OTHERS, contents) == (CAPTURE.read_bytes(), 0)
    assert keys_of(OTHERS, contents.randoms) == b""


def test_an_end_that_breaks_off_is_kept_as_it_is(tmp_path: Path) -> None:
    cut = CAPTURE.read_bytes()[:-7]
    written = tmp_path / "cut.pcapng"
    written.write_bytes(with_keys(cut, KEYS))
    assert written.read_bytes().endswith(cut[-1000:])
    assert read_capture(written).frames == read_capture(CAPTURE).frames
    assert read_capture(written).keylogs == [KEYS.decode()]


def test_what_is_no_pcapng_is_refused() -> None:
    with pytest.raises(ValueError, match="pcapng"):
        with_keys(b"\xd4\xc3\xb2\xa1" + b"\0" * 20, KEYS)


def test_a_recording_without_packets_is_no_fault(tmp_path: Path) -> None:
    # The section and the interface alone, as dumpcap leaves them when nothing comes.
    data = CAPTURE.read_bytes()
    end = 0
    for _ in range(2):
        end += int.from_bytes(data[end + 4 : end + 8], "little")
    empty = tmp_path / "empty.pcapng"
    empty.write_bytes(data[:end])
    assert read_contents(empty) == EMPTY
