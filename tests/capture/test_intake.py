"""What is let in, and what is refused before any other program sees it."""

import gzip
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from report.capture import intake
from report.capture.intake import let_in, let_in_keylog
from report.errors import ExitCode, LabsharkError
from tests.capture.blocks import enhanced, interface, pcap_header, record, section

PCAP = pcap_header() + b"".join(record(bytes([n]) * 60) for n in range(10))
PCAPNG = section() + interface() + enhanced() * 10
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """TMPDIR for the test, looked through for what was left behind."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def slug_of(path: Path) -> str:
    with pytest.raises(LabsharkError) as raised, let_in(path):
        pytest.fail(f"{path} was let in")
    assert raised.value.exit_code is ExitCode.CAPTURE
    if len(str(path)) < 256 and "\0" not in str(path):
        assert str(path) in raised.value.text.en
        assert str(path) in raised.value.text.zh
    return raised.value.slug


def test_a_capture_is_let_in_where_it_lies(tmp_path: Path, scratch: Path) -> None:
    for name, data in (("a.pcap", PCAP), ("b.pcapng", PCAPNG)):
        path = write(tmp_path / name, data)
        with let_in(path) as file:
            assert list(scratch.iterdir()) == []
            assert file.plain == path
            assert (file.shown_name, file.size) == (name, len(data))
            assert file.sha256 == hashlib.sha256(data).hexdigest()
            assert file.container.packets == 10


def nothing_at_all(folder: Path) -> Path:
    return folder / "missing.pcap"


def under_a_file(folder: Path) -> Path:
    return write(folder / "file", PCAP) / "a.pcap"


def too_long_a_name(folder: Path) -> Path:
    return folder / ("x" * 300)


def a_nul_in_the_name(folder: Path) -> Path:
    return folder / "a\0b.pcap"


def link_to_a_capture(folder: Path) -> Path:
    (folder / "link.pcap").symlink_to(write(folder / "a.pcap", PCAP))
    return folder / "link.pcap"


def link_to_passwords(folder: Path) -> Path:
    (folder / "link.pcap").symlink_to("/etc/passwd")
    return folder / "link.pcap"


def link_to_nothing(folder: Path) -> Path:
    (folder / "link.pcap").symlink_to(folder / "nothing")
    return folder / "link.pcap"


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "fifo.pcap")
    return folder / "fifo.pcap"


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (nothing_at_all, "capture-missing"),
    "under a file": (under_a_file, "capture-missing"),
    "too long a name": (too_long_a_name, "capture-missing"),
    "NUL in the name": (a_nul_in_the_name, "capture-missing"),
    "folder": (lambda folder: folder, "capture-is-folder"),
    "link to a capture": (link_to_a_capture, "capture-special-file"),
    "link to /etc/passwd": (link_to_passwords, "capture-special-file"),
    "link to nothing": (link_to_nothing, "capture-special-file"),
    "FIFO": (fifo, "capture-special-file"),
    "device": (lambda _: Path("/dev/zero"), "capture-special-file"),
    "terminal": (lambda _: Path("/dev/null"), "capture-special-file"),
    "empty": (lambda folder: write(folder / "a", b""), "capture-empty-file"),
}
NO_CAPTURES = {
    "one byte": b"\n",
    "GIF": b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
    "text": b"frame 1\nframe 2\n" * 40,
    "html": b"<!doctype html><title>capture.pcapng</title>",
    "random": hashlib.shake_128(b"seed").digest(4096),
    "zeros": bytes(4096),
    "zip": b"PK\x03\x04" + bytes(40),
    "section header without byte order": b"\x0a\x0d\x0d\x0a\x1c\0\0\0" + bytes(20),
    "gzip of text": gzip.compress(b"text" * 1000),
    "gzip of gzip": gzip.compress(gzip.compress(PCAP)),
    "gzip of nothing": gzip.compress(b""),
    "gzip, head only": gzip.compress(PCAP)[:10],
    "gzip, damaged at once": gzip.compress(PCAP)[:10] + b"\xff" * 40,
}
WITHOUT_PACKETS = {
    "pcap, header only": pcap_header(),
    "pcapng, section only": section(),
    "pcapng, no packets": section() + interface(),
    "gzip of a header": gzip.compress(pcap_header()),
}
WITHOUT_A_WHOLE_PACKET = {
    "pcap, half a header": pcap_header()[:23],
    "pcap, cut in the first packet": PCAP[:60],
    "pcap, version 1": pcap_header(version=(1, 4)) + record(),
    "pcap, huge first packet": pcap_header() + record(kept=0x7FFFFFFF),
    "pcapng, cut in the first packet": PCAPNG[: len(section() + interface()) + 20],
    "pcapng, no interface": section() + enhanced(),
}
CONTENTS = {
    **{name: (data, "capture-not-a-capture") for name, data in NO_CAPTURES.items()},
    **{name: (data, "capture-no-packets") for name, data in WITHOUT_PACKETS.items()},
    **{name: (data, "capture-no-whole-packet") for name, data in WITHOUT_A_WHOLE_PACKET.items()},
}


@pytest.mark.parametrize("name", CONTENTS)
def test_contents_refused(name: str, tmp_path: Path, scratch: Path) -> None:
    data, slug = CONTENTS[name]
    assert slug_of(write(tmp_path / "a", data)) == slug


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path, scratch: Path) -> None:
    make, slug = REFUSED[name]
    assert slug_of(make(tmp_path)) == slug


@pytest.mark.skipif(
    ROOT, reason="root may read everything; the tests of commands do this as nobody"
)
def test_no_permission(tmp_path: Path, scratch: Path) -> None:
    path = write(tmp_path / "a.pcap", PCAP)
    path.chmod(0)
    assert slug_of(path) == "capture-no-permission"


def test_limits_of_size_and_count(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MAX_PACKETS", 9)
    assert slug_of(write(tmp_path / "a.pcap", PCAP)) == "capture-too-large"
    monkeypatch.setattr(intake, "MAX_PACKETS", 10)
    with let_in(tmp_path / "a.pcap"):
        pass
    monkeypatch.setattr(intake, "MAX_FILE_BYTES", len(PCAP) - 1)
    assert slug_of(tmp_path / "a.pcap") == "capture-too-large"


def test_a_sparse_file_of_terabytes_is_refused_at_once(tmp_path: Path, scratch: Path) -> None:
    path = write(tmp_path / "a.pcap", PCAP)
    os.truncate(path, 1 << 40)
    assert slug_of(path) == "capture-too-large"


def test_gzip_is_unpacked_into_a_private_folder(tmp_path: Path, scratch: Path) -> None:
    path = write(tmp_path / "a.pcap.gz", gzip.compress(PCAP))
    with let_in(path) as file:
        assert file.plain.read_bytes() == PCAP
        assert file.plain.is_relative_to(scratch)
        assert stat.S_IMODE(file.plain.parent.stat().st_mode) == 0o700
        assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert (file.container.packets, file.container.whole) == (10, True)


def test_gzip_members_one_behind_the_other(tmp_path: Path, scratch: Path) -> None:
    whole = b"".join(gzip.compress(PCAP[at : at + 100]) for at in range(0, len(PCAP), 100))
    for padding in (b"", bytes(512)):
        with let_in(write(tmp_path / "a.gz", whole + padding)) as file:
            assert file.plain.read_bytes() == PCAP
            assert file.container.whole


@pytest.mark.parametrize("data", [PCAP, PCAPNG], ids=["pcap", "pcapng"])
def test_gzip_cut_short_is_used_as_far_as_it_goes(
    data: bytes, tmp_path: Path, scratch: Path
) -> None:
    # Stored, not compressed, so that it is known how far it goes.
    packer = zlib.compressobj(level=0, wbits=31)
    stored = packer.compress(data) + packer.flush()
    for missing in (1, 9, 100, 400):
        with let_in(write(tmp_path / "a.gz", stored[:-missing])) as file:
            assert not file.container.whole
            kept = max(0, missing - 8)  # without the trailer
            size = len(PCAP) - 24 if data is PCAP else 10 * len(enhanced())
            assert file.container.packets == (size - kept) * 10 // size


@pytest.mark.parametrize("place", [2_000, 40_000, 79_000])
def test_gzip_damaged_in_the_middle_is_used_up_to_there(
    place: int, tmp_path: Path, scratch: Path
) -> None:
    noise = b"".join(record(hashlib.shake_128(bytes([n])).digest(800)) for n in range(100))
    packer = zlib.compressobj(level=0, wbits=31)
    packed = bytearray(packer.compress(pcap_header() + noise) + packer.flush(zlib.Z_FULL_FLUSH))
    stored = len(packed)
    packed += b"\xff" * 100  # no block of deflate begins so
    with let_in(write(tmp_path / "a.gz", bytes(packed))) as file:
        assert (file.container.packets, file.container.whole) == (100, False)
    del packed[place:stored]
    with let_in(write(tmp_path / "b.gz", bytes(packed))) as file:
        assert not file.container.whole
        assert (place - 200) // 816 <= file.container.packets <= place // 816 + 1


def test_gzip_with_a_wrong_checksum_is_not_whole(tmp_path: Path, scratch: Path) -> None:
    packed = bytearray(gzip.compress(PCAP))
    packed[-6] ^= 1
    with let_in(write(tmp_path / "a.gz", bytes(packed))) as file:
        assert (file.container.packets, file.container.whole) == (10, False)


def test_gzip_bomb_is_stopped_at_its_limit(tmp_path: Path, scratch: Path) -> None:
    packer = zlib.compressobj(level=1, wbits=31)
    path = tmp_path / "bomb.gz"
    with path.open("wb") as file:
        file.write(packer.compress(PCAPNG))
        for _ in range(260):
            file.write(packer.compress(bytes(1 << 20)))
        file.write(packer.flush())
    assert path.stat().st_size < 4 << 20
    assert slug_of(path) == "capture-too-large"


def test_gzip_of_very_many_packets_is_stopped_at_the_limit(tmp_path: Path, scratch: Path) -> None:
    # 200 MiB of empty packets in less than a megabyte.
    packer = zlib.compressobj(level=9, wbits=31)
    path = tmp_path / "bomb.gz"
    with path.open("wb") as file:
        file.write(packer.compress(pcap_header()))
        for _ in range(200):
            file.write(packer.compress(record(b"", original=60) * (1 << 16)))
        file.write(packer.flush())
    assert path.stat().st_size < 1 << 20
    assert slug_of(path) == "capture-too-large"


def test_gzip_of_very_many_members_is_not_unpacked_for_ever(tmp_path: Path, scratch: Path) -> None:
    path = write(tmp_path / "a.gz", gzip.compress(PCAP) + gzip.compress(b"") * 100_000)
    with let_in(path) as file:
        assert (file.container.packets, file.container.whole) == (10, False)


def test_only_the_whole_packets_of_a_damaged_pcap_are_shown_to_tshark(
    tmp_path: Path, scratch: Path
) -> None:
    damaged = pcap_header() + record() * 2 + record(kept=0x7FFFFFFF) + record() * 5
    with let_in(write(tmp_path / "a.pcap", damaged)) as file:
        assert (file.container.packets, file.container.damaged) == (2, True)
        assert file.plain.read_bytes() == pcap_header() + record() * 2
        assert file.plain.is_relative_to(scratch)
    with let_in(write(tmp_path / "b.gz", gzip.compress(damaged))) as file:
        assert file.plain.read_bytes() == pcap_header() + record() * 2


def test_a_capture_that_grows_meanwhile_is_refused_in_the_end(
    tmp_path: Path, scratch: Path
) -> None:
    path = write(tmp_path / "a.pcap", PCAP)
    with pytest.raises(LabsharkError) as raised, let_in(path), path.open("ab") as recording:
        recording.write(record())
    assert raised.value.slug == "capture-changed"


def fails_after(change: Callable[[Path], object], path: Path) -> str:
    """The slug that a failure to read ends in, when the file was changed before it."""
    with let_in(path):
        change(path)
        raise LabsharkError("tshark-failed", program="tshark", detail="2 / 10 packets")


def test_whatever_goes_wrong_with_a_capture_that_changed_the_change_is_named(
    tmp_path: Path, scratch: Path
) -> None:
    changes: dict[str, Callable[[Path], object]] = {
        "capture-changed": lambda path: os.truncate(path, 100),
        "tshark-failed": Path.stat,
    }
    for slug, change in changes.items():
        with pytest.raises(LabsharkError) as raised:
            fails_after(change, write(tmp_path / "a.pcap", PCAP))
        assert raised.value.slug == slug


def put_another_in_its_place(path: Path) -> None:
    status = path.stat()
    other = write(path.with_name("other"), PCAP.replace(b"\x05", b"\x06"))
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [put_another_in_its_place, Path.unlink])
def test_another_file_in_its_place_is_noticed(
    change: Callable[[Path], object], tmp_path: Path, scratch: Path
) -> None:
    path = write(tmp_path / "a.pcap", PCAP)
    with pytest.raises(LabsharkError) as raised, let_in(path):
        change(path)
    assert raised.value.slug == "capture-changed"


def test_a_name_that_is_not_utf8_can_be_shown(tmp_path: Path, scratch: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff\xd7\xa5.pcap")
    try:
        path.write_bytes(PCAP)
    except (OSError, UnicodeError):
        pytest.skip("this file system takes only names in UTF-8")
    with let_in(path) as file:
        assert file.shown_name.encode("utf-8").endswith(b".pcap")


@pytest.mark.skipif(not ROOT, reason="only root reaches what others may not")
def test_a_file_that_only_root_reaches_is_copied(tmp_path: Path, scratch: Path) -> None:
    private = tmp_path / "home"
    private.mkdir(mode=0o700)
    path = write(private / "a.pcap", PCAP)
    os.chown(path, 1000, 1000)
    path.chmod(0o600)
    with let_in(path) as file:
        assert file.plain.is_relative_to(scratch)
        assert file.plain.read_bytes() == PCAP
    path.chmod(0o644)
    with let_in(path) as file:
        assert file.plain == path  # in a folder of root's own
    os.chown(private, 1000, 1000)
    with let_in(path) as file:
        assert file.plain.is_relative_to(scratch)


def full_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "labshark-test", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("may not mount a small file system here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


small_disk = pytest.fixture(full_disk, name="small_disk")


def test_no_room_to_unpack_is_a_fault_of_the_disk(
    tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    path = write(tmp_path / "a.gz", gzip.compress(PCAP + record(bytes(100_000))))
    with pytest.raises(LabsharkError) as raised, let_in(path):
        pytest.fail("was let in")
    assert raised.value.slug == "output-cannot-be-written"
    assert str(small_disk) in raised.value.text.en
    assert list(small_disk.iterdir()) == []


def test_no_scratch_folder_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    path = write(tmp_path / "a.gz", gzip.compress(PCAP))
    with pytest.raises(LabsharkError) as raised, let_in(path):
        pytest.fail("was let in")
    assert raised.value.slug == "output-cannot-be-written"


SECRET = b"CLIENT_RANDOM " + b"ab" * 32 + b" " + b"cd" * 48 + b"\n"


def test_a_key_log_is_copied(tmp_path: Path, scratch: Path) -> None:
    path = write(tmp_path / "keys.log", b"# comment\r\n\r\nnonsense\n" + SECRET)
    with let_in_keylog(path) as copy:
        assert copy.read_bytes() == path.read_bytes()
        assert copy.is_relative_to(scratch)
    link = tmp_path / "link.log"
    link.symlink_to(path)
    with let_in_keylog(link) as copy:
        assert copy.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("make", "slug"),
    [
        (nothing_at_all, "keylog-missing"),
        (a_nul_in_the_name, "keylog-missing"),
        (under_a_file, "keylog-missing"),
        (lambda folder: folder, "keylog-unreadable"),
        (fifo, "keylog-unreadable"),
        (lambda _: Path("/dev/zero"), "keylog-unreadable"),
        (lambda folder: write(folder / "k", PCAP), "keylog-not-a-keylog"),
        (lambda folder: write(folder / "k", b"CLIENT_RANDOM 00\n"), "keylog-not-a-keylog"),
    ],
)
def test_key_logs_refused(
    make: Callable[[Path], Path], slug: str, tmp_path: Path, scratch: Path
) -> None:
    with pytest.raises(LabsharkError) as raised, let_in_keylog(make(tmp_path)):
        pytest.fail("was let in")
    assert (raised.value.slug, raised.value.exit_code) == (slug, ExitCode.USAGE)


@pytest.mark.parametrize("data", [b"", b"# SSL/TLS secrets log file\n"])
def test_a_key_log_in_which_nothing_was_written_is_let_in(
    data: bytes, tmp_path: Path, scratch: Path
) -> None:
    """A browser makes the file when it starts, and writes when it first shakes hands."""
    with let_in_keylog(write(tmp_path / "k", data)) as file:
        assert file.read_bytes() == data


KILLED = """
import os, signal, sys
import tempfile
from pathlib import Path
from report.capture.intake import let_in
tempfile.tempdir = sys.argv[2]
with let_in(Path(sys.argv[1])) as file:
    print(file.plain, flush=True)
    if sys.argv[3] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_what_a_killed_run_left_is_swept_away_by_the_next(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (scratch / "labshark-run-somebody-elses").mkdir()  # without a lock: whose is it?
    path = write(tmp_path / "a.gz", gzip.compress(PCAP))

    def run(how: str) -> "subprocess.Popen[str]":
        argv = [sys.executable, "-c", KILLED, str(path), str(scratch), how]
        return subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
        )

    with run("live") as living:
        assert living.stdout is not None
        kept = Path(living.stdout.readline().strip())
        with run("die") as dying:
            assert dying.stdout is not None
            left = Path(dying.stdout.readline().strip())
        assert kept.exists()
        assert left.exists()
        with run("live") as third:
            assert third.stdout is not None
            third.stdout.readline()
            assert kept.exists()
            assert not left.parent.parent.exists()
            third.communicate("")
        living.communicate("")
    assert [each.name for each in scratch.iterdir()] == ["labshark-run-somebody-elses"]


def test_limits_that_are_told_are_those_that_hold() -> None:
    assert intake.MAX_FILE_BYTES == 1 << 30
    assert intake.MAX_UNPACKED_BYTES == 256 << 20
    with pytest.raises(LabsharkError) as raised, intake._readable("x"):
        raise intake._TooLargeError
    assert re.search(r"256 MiB", raised.value.text.zh)
    assert shutil.which("gzip") is None or zlib.decompress(gzip.compress(b"x"), 31) == b"x"
