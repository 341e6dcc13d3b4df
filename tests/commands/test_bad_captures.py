"""Every fault of a capture through the real command line: one sentence, exit code 3, no trace."""

import gzip
import hashlib
import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.capture.blocks import (
    enhanced,
    interface,
    pcap_header,
    record,
    section,
)
from tests.commands.process import Ended, run

Make = Callable[[Path], Path]


def written(data: bytes) -> Make:
    """A file with these bytes, called as a student would call it."""

    def make(folder: Path) -> Path:
        path = folder / "my capture.pcapng"
        path.write_bytes(data)
        return path

    return make


def link(folder: Path) -> Path:
    (folder / "link.pcapng").symlink_to("/etc/passwd")
    return folder / "link.pcapng"


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "fifo.pcapng")
    return folder / "fifo.pcapng"


PACKETS = section() + interface() + enhanced() * 3
BOMB = gzip.compress(PACKETS + bytes(257 << 20), 9)
HUGE = struct.pack("<II", 6, 0x7FFFFFFF)

REFUSED: dict[str, tuple[Make, str]] = {
    "empty": (written(b""), "capture-empty-file"),
    "GIF": (written(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "capture-not-a-capture"),
    "one byte": (written(b"\n"), "capture-not-a-capture"),
    "text": (written(b"packet 1\n" * 100), "capture-not-a-capture"),
    "html": (written(b"<!doctype html><p>404"), "capture-not-a-capture"),
    "random": (written(hashlib.shake_128(b"x").digest(9000)), "capture-not-a-capture"),
    "pcapng header only": (written(section() + interface()), "capture-no-packets"),
    "pcap header only": (written(pcap_header()), "capture-no-packets"),
    "cut in the first packet": (written(PACKETS[:70]), "capture-no-whole-packet"),
    "damaged length of the first packet": (
        written(section() + interface() + HUGE + bytes(60)),
        "capture-no-whole-packet",
    ),
    "bad interface of the first packet": (
        written(section() + interface() + enhanced(number=9)),
        "capture-no-whole-packet",
    ),
    "huge first packet": (
        written(pcap_header() + record(kept=0x7FFFFFFF)),
        "capture-no-whole-packet",
    ),
    "link type 9999": (written(pcap_header(link_type=9999) + record()), "capture-link-type"),
    "no TLS": (written(PACKETS), "capture-no-tls"),
    "no TLS, unknown link type in pcapng": (
        written(section() + interface(link_type=9999) + enhanced()),
        "capture-no-tls",
    ),
    "folder": (lambda folder: folder, "capture-is-folder"),
    "missing": (lambda folder: folder / "none.pcapng", "capture-missing"),
    "device": (lambda _: Path("/dev/zero"), "capture-special-file"),
    "link": (link, "capture-special-file"),
    "FIFO": (fifo, "capture-special-file"),
    "gzip of gzip": (written(gzip.compress(gzip.compress(PACKETS))), "capture-not-a-capture"),
    "gzip bomb": (written(BOMB), "capture-too-large"),
    "hostile name": (
        lambda folder: folder / "\x1b]0;owned\x07\u202e\u200bcapture.pcapng",
        "capture-missing",
    ),
}


def assert_refused(ended: Ended, slug: str, code: int = 3) -> None:
    assert (ended.code, ended.slugs) == (code, [slug, slug]), ended.err
    chinese, english = ended.err.splitlines()
    assert chinese.startswith("错误：")
    assert english.startswith("error: ")
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert not set(ended.err) & {"\x1b", "\x07", "\u202e", "\u200b"}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path, scratch: dict[str, str]) -> None:
    make, slug = REFUSED[name]
    here = tmp_path / "here"
    here.mkdir()
    path = make(here)
    before = sorted(here.iterdir())
    assert_refused(run("answer", path, cwd=here, env=scratch), slug)
    assert sorted(here.iterdir()) == before


@pytest.mark.parametrize("command", ["report", "trim"])
def test_nothing_is_written(command: str, tmp_path: Path, scratch: dict[str, str]) -> None:
    path = written(PACKETS)(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert_refused(run(command, path, cwd=tmp_path, env=scratch), "capture-no-tls")
    out = tmp_path / "out"
    assert_refused(run(command, path, "-o", out, cwd=tmp_path, env=scratch), "capture-no-tls")
    assert sorted(tmp_path.iterdir()) == before


def test_no_permission(nobody: tuple[Path, tuple[str, ...]], demo: Path) -> None:
    folder, before = nobody
    path = folder / "a.pcapng"
    path.write_bytes(demo.read_bytes())
    path.chmod(0o600)
    ended = run("answer", path, cwd=folder, before=before, env={"HOME": str(folder)})
    assert_refused(ended, "capture-no-permission")


def test_no_hello_for_the_host_asked_for_lists_those_there_are(
    demo: Path, scratch: dict[str, str]
) -> None:
    ended = run("answer", demo, "--host", "www.cics.umass.edu", env=scratch)
    assert_refused(ended, "capture-no-such-host")
    for line in ended.err.splitlines():
        assert "www.cics.umass.edu" in line
        assert "library.campus.example" in line
        assert "--host" in line


def test_no_such_stream(demo: Path, scratch: dict[str, str]) -> None:
    assert_refused(run("answer", demo, "--stream", 999, env=scratch), "capture-no-such-stream")


def test_one_language_when_one_is_asked_for(tmp_path: Path) -> None:
    for language, opening in (("zh", "错误："), ("en", "error: ")):
        ended = run("answer", tmp_path / "none.pcapng", "--lang", language)
        (line,) = ended.err.splitlines()
        assert line.startswith(opening)


# ---- used as far as they go


def textbook_cut(data: bytes, packets: int, extra: int = 0) -> bytes:
    """The beginning of a pcapng with so many packets, and some bytes of the next block."""
    at = 0
    while packets:
        kind, size = struct.unpack_from("<II", data, at)
        at += size
        packets -= kind == 6
    return data[: at + extra]


def spoilt(data: bytes, packets: int, replacement: bytes) -> bytes:
    """The pcapng with `replacement` over the beginning of the block behind so many packets."""
    at = len(textbook_cut(data, packets))
    return data[:at] + replacement + data[at + len(replacement) :]


DAMAGED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut in a packet": (lambda data: textbook_cut(data, 498, 50), "capture-cut-short"),
    "cut in a block header": (lambda data: textbook_cut(data, 498, 5), "capture-cut-short"),
    "cut between blocks": (lambda data: textbook_cut(data, 498), "capture-unfinished"),
    "length huge": (
        lambda data: spoilt(data, 498, struct.pack("<II", 6, 0x7FFFFFF0)),
        "capture-damaged",
    ),
    "length 5": (lambda data: spoilt(data, 498, struct.pack("<II", 6, 5)), "capture-damaged"),
    "length 0": (lambda data: spoilt(data, 498, struct.pack("<II", 6, 0)), "capture-damaged"),
    "random bytes": (
        lambda data: spoilt(data, 498, hashlib.shake_128(b"2").digest(2000)),
        "capture-damaged",
    ),
    "interface that is not there": (
        lambda data: textbook_cut(data, 498) + enhanced(number=77) + enhanced() * 50,
        "capture-damaged",
    ),
    "packet longer than its block": (
        lambda data: textbook_cut(data, 498) + enhanced(kept=0x7FFFFFFF) + enhanced() * 50,
        "capture-damaged",
    ),
    "gzip cut short": (
        lambda data: gzip.compress(textbook_cut(data, 498, 50), 0)[:-8],
        "capture-cut-short",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_used_as_far_as_it_goes(
    name: str, shared: Path, tmp_path: Path, scratch: dict[str, str]
) -> None:
    spoil, slug = DAMAGED[name]
    path = tmp_path / "a.pcapng"
    path.write_bytes(spoil((shared / "traces" / "textbook-tls12.pcapng").read_bytes()))
    ended = run("answer", path, "--json", env=scratch)
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert document["trace"]["packets"] == 498
    assert [warning["slug"] for warning in document["trace"]["warnings"]] == [slug]
    assert len(ended.err.splitlines()) == 2, "the warning, once in each language"
    answers = {answer["id"]: answer for answer in document["answers"]}
    # All but the close are in the first 498 packets: the table of the textbook's answers.
    for question, value in (("q1", 17), ("q3", 28), ("q8", 32), ("q11", 37), ("q22", 41)):
        assert (answers[question]["status"], answers[question]["value"]) == ("found", value)


def test_cut_before_the_close_says_so(
    shared: Path, tmp_path: Path, scratch: dict[str, str]
) -> None:
    path = tmp_path / "a.pcapng"
    path.write_bytes(
        textbook_cut((shared / "traces" / "textbook-tls12.pcapng").read_bytes(), 100, 30)
    )
    document = json.loads(run("answer", path, "--json", env=scratch).out)
    assert document["trace"]["packets"] == 100
    (close,) = (answer for answer in document["answers"] if answer["id"] == "q24")
    assert (close["status"], close["value"]) == ("not_captured", None)


def test_packets_cut_by_a_snap_length_are_said(shared: Path, scratch: dict[str, str]) -> None:
    path = shared / "traces" / "tls12-snaplen-gtp-retrans.pcap"
    document = json.loads(run("answer", path, "--json", env=scratch).out)
    (warning,) = document["trace"]["warnings"]
    assert warning["slug"] == "capture-snap-length"
    assert "13" in warning["text"]["en"]


def test_a_damaged_pcap_shows_no_packets_that_are_not_there(
    tmp_path: Path, scratch: dict[str, str]
) -> None:
    # tshark alone takes such a file for another dialect of pcap and shows 10,924 packets.
    data = pcap_header(snap_length=65_535) + record() + record(bytes(262_145)) + record()
    ended = run("answer", written(data)(tmp_path), "--lang", "en", env=scratch)
    assert ended.slugs == ["capture-no-tls"]
    assert "None of the 1 packets" in ended.err


def test_a_finished_capture_has_no_warning(demo: Path) -> None:
    document = json.loads(run("answer", demo, "--json").out)
    assert document["trace"]["warnings"] == []
