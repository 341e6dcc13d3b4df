"""Lets a stranger's file in: what it is, whole or not, and a plain file that tshark may read."""

import contextlib
import errno
import hashlib
import os
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from report.capture.container import (
    GZIP_MAGIC,
    Container,
    FileKind,
    TooManyBlocksError,
    file_kind,
    read_container,
)
from report.capture.scratch import private_folder, writing_to_scratch
from report.errors import LabsharkError
from report.tls.keylog import looks_like_keylog

MAX_FILE_BYTES = 1 << 30
MAX_UNPACKED_BYTES = 256 << 20
MAX_PACKETS = 2_000_000
MAX_KEYLOG_BYTES = 256 << 20

_CHUNK = 1 << 20
_GZIP_CHUNK = 1 << 16
_MOST_MEMBERS = 10_000
"""More than 64 KiB of each, as block-compressed files have them, come to more than the limit."""


@dataclass(frozen=True, slots=True)
class CaptureFile:
    """A capture that was let in."""

    shown_name: str
    plain: Path
    """A regular file with the uncompressed capture; lives as long as `let_in`'s context."""
    sha256: str
    """Of the file as the user gave it."""
    size: int
    container: Container


@contextlib.contextmanager
def let_in(path: Path, called: str | None = None) -> Iterator[CaptureFile]:
    """Opens the capture at `path` and checks it before any other program sees it.

    `called` is the name that outputs and messages give it, where that is not the path's.

    What tshark cannot be shown as it stands is copied into a private folder: a gzip-compressed
    capture, unpacked, at most 256 MiB of it; the whole packets of a damaged pcap; a file that only
    root may reach.

    Raises LabsharkError with a `capture-…` slug: missing, folder, no permission, link or device,
    empty, not a capture, too large, no packets, none of them readable, and at the end of the
    context `capture-changed` where another program wrote to the file meanwhile;
    `output-cannot-be-written` where there is no room for the copy.
    """
    shown = called or str(path)
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(_open_regular(path, shown))
        given = _Given(path, file)
        _check_size(given.size, shown)
        with _readable(shown):
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            plain, container = _plain(path, file, stack)
        _refuse_without_packets(container, shown)
        name = os.fsencode(called or path.name).decode("utf-8", "replace")
        with _unchanged(given, shown):
            yield CaptureFile(name, plain, digest, given.size, container)


def _open_regular(path: Path, shown: str) -> FileIO:
    # O_NONBLOCK: a FIFO must not hang us; O_NOFOLLOW: a link may point at anything.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))
    except OSError as fault:
        slug = _open_fault(fault, path)
        detail = fault.strerror or str(fault)
        raise LabsharkError(slug, path=shown, detail=detail) from fault
    except ValueError as fault:  # a NUL byte in the name
        raise LabsharkError("capture-missing", path=shown) from fault
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(handle, "rb", buffering=0)
    os.close(handle)
    slug = "capture-is-folder" if stat.S_ISDIR(mode) else "capture-special-file"
    raise LabsharkError(slug, path=shown)


_OPEN_FAULTS = {
    errno.EACCES: "capture-no-permission",
    errno.EPERM: "capture-no-permission",
    errno.ELOOP: "capture-special-file",
    errno.ENXIO: "capture-special-file",
    errno.ENODEV: "capture-special-file",
    errno.ENOENT: "capture-missing",
    errno.ENOTDIR: "capture-missing",
    errno.ENAMETOOLONG: "capture-missing",
    errno.EINVAL: "capture-missing",
}


def _open_fault(fault: OSError, path: Path) -> str:
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            return "capture-is-folder"
    return _OPEN_FAULTS.get(fault.errno or 0, "capture-cannot-be-read")


def _check_size(size: int, shown: str) -> None:
    if size == 0:
        raise LabsharkError("capture-empty-file", path=shown)
    if size > MAX_FILE_BYTES:
        raise LabsharkError("capture-too-large", path=shown, limit="1 GiB")


class _Given:
    """The file as it was when it was let in."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        status = os.fstat(file.fileno())
        self.size = status.st_size
        self._state = self._now() if sys.platform == "win32" else _state(status)

    def _now(self) -> tuple[int, ...] | None:
        try:
            return _state(os.stat(self._path, follow_symlinks=False))
        except OSError:
            return None

    def changed(self) -> bool:
        """Whether another file stands at the path now, or this one was written to."""
        return self._now() != self._state


def _state(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@contextlib.contextmanager
def _unchanged(given: _Given, shown: str) -> Iterator[None]:
    """Whatever came of reading a file that changed meanwhile is not to be trusted."""
    try:
        yield
    except LabsharkError as fault:
        if given.changed():
            raise LabsharkError("capture-changed", path=shown) from fault
        raise
    if given.changed():
        raise LabsharkError("capture-changed", path=shown)


@contextlib.contextmanager
def _readable(shown: str) -> Iterator[None]:
    """Names what goes wrong in reading a file that is open."""
    try:
        yield
    except _NotACaptureError as fault:
        raise LabsharkError("capture-not-a-capture", path=shown) from fault
    except _TooLargeError as fault:
        raise LabsharkError("capture-too-large", path=shown, limit="256 MiB") from fault
    except TooManyBlocksError as fault:
        limit = f"{MAX_PACKETS:,} packets"
        raise LabsharkError("capture-too-large", path=shown, limit=limit) from fault
    except OSError as fault:
        detail = fault.strerror or str(fault)
        raise LabsharkError("capture-cannot-be-read", path=shown, detail=detail) from fault


class _NotACaptureError(Exception):
    """Neither pcap nor pcapng, nor one of them compressed."""


class _TooLargeError(Exception):
    """Unpacks to more than is allowed."""


def _plain(path: Path, file: FileIO, stack: contextlib.ExitStack) -> tuple[Path, Container]:
    """A file for tshark, and what it holds."""
    file.seek(0)
    if file.read(2) == GZIP_MAGIC:
        copy = stack.enter_context(private_folder()) / "capture"
        complete = _unpack(file, copy)
        with copy.open("rb", buffering=0) as unpacked:
            container = _container(unpacked)  # of what there is, if it breaks off
        container.whole = container.whole and complete
        if _misleads(container):
            os.truncate(copy, container.end)
        return copy, container
    container = _container(file)
    if not _misleads(container) and _within_reach(path):
        return path.absolute(), container
    copy = stack.enter_context(private_folder()) / "capture"
    length = container.end if _misleads(container) else MAX_FILE_BYTES
    _write(_copied(file, length), copy)
    return copy, container


def _container(file: BinaryIO) -> Container:
    file.seek(0)
    if file_kind(file.read(12)) is None:
        raise _NotACaptureError
    return read_container(file, MAX_PACKETS)


def _misleads(container: Container) -> bool:
    # At an odd length among a pcap's first records tshark takes the file for one of a dozen other
    # dialects and shows packets that are not there.
    return container.kind == "pcap" and not container.whole and container.packets > 0


def _refuse_without_packets(container: Container, shown: str) -> None:
    if container.packets == 0 and container.countable:
        slug = "capture-no-packets" if container.whole else "capture-no-whole-packet"
        raise LabsharkError(slug, path=shown)


def _within_reach(path: Path) -> bool:
    """Whether the sandbox, which even for root has no right of root's, can reach the file."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return True
    whole = path.absolute()
    if not _allows(whole.stat(), stat.S_IROTH):
        return False
    return all(_allows(folder.stat(), stat.S_IXOTH) for folder in whole.parents)


def _allows(status: os.stat_result, right: int) -> bool:
    owners = right << 6 if status.st_uid == 0 else 0
    groups = right << 3 if status.st_gid == 0 and status.st_uid != 0 else 0
    return bool(status.st_mode & (owners | groups or right))


def _copied(file: BinaryIO, length: int) -> Iterator[bytes]:
    file.seek(0)
    while length > 0 and (piece := file.read(min(length, _CHUNK))):
        yield piece
        length -= len(piece)


def _write(pieces: Iterable[bytes], target: Path) -> None:
    with writing_to_scratch():
        copy = target.open("xb")
    with copy:
        for piece in pieces:
            with writing_to_scratch():
                copy.write(piece)
        with writing_to_scratch():
            copy.flush()


def _unpack(file: BinaryIO, target: Path) -> bool:
    """Unpacks a gzip file; false where it breaks off or is damaged after some of it."""
    try:
        _write(_bounded(_unpacked(file)), target)
    except (zlib.error, EOFError):
        return False
    return True


def _bounded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_UNPACKED_BYTES:
            raise _TooLargeError
        yield piece


def _unpacked(file: BinaryIO) -> Iterator[bytes]:
    """The content of all members of a gzip file, in pieces of at most 1 MiB.

    Raises EOFError where the last member is not whole, zlib.error where one is damaged.
    """
    file.seek(0)
    pending = file.read(_GZIP_CHUNK)
    for _ in range(_MOST_MEMBERS):
        if pending[:2] != GZIP_MAGIC:
            return  # the end, or padding behind it
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            if not pending:
                raise EOFError
            before = member.copy()
            try:
                yield member.decompress(pending, _CHUNK)
            except zlib.error:
                yield from _salvaged(before, pending)
                raise
            pending = member.unconsumed_tail or (b"" if member.eof else file.read(_GZIP_CHUNK))
        pending = member.unused_data + file.read(_GZIP_CHUNK - len(member.unused_data))
    raise EOFError


def _salvaged(member: "zlib._Decompress", pending: bytes) -> Iterator[bytes]:
    """What came before the damage: zlib keeps to itself what it had unpacked when it met it."""
    at, step = 0, 256
    while step and at < len(pending):
        before = member.copy()
        try:
            yield member.decompress(pending[at : at + step])
        except zlib.error:
            member, step = before, step // 16
        else:
            at += step


@contextlib.contextmanager
def let_in_keylog(path: Path) -> Iterator[Path]:
    """A private copy of an NSS key log, for tshark to read.

    Raises LabsharkError `keylog-missing`, `keylog-unreadable`, `keylog-not-a-keylog`.
    """
    with contextlib.ExitStack() as stack:
        data = _keylog_bytes(path)
        # A log that holds only OpenSSL's heading is one all the same: no handshake got that far.
        if not looks_like_keylog(data) and _has_content(data):
            raise LabsharkError("keylog-not-a-keylog", path=str(path))
        copy = stack.enter_context(private_folder()) / "keylog"
        with writing_to_scratch():
            copy.write_bytes(data)
        yield copy


def _has_content(data: bytes) -> bool:
    return any(line.strip() and not line.lstrip().startswith(b"#") for line in data.splitlines())


def _keylog_bytes(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise LabsharkError("keylog-unreadable", path=str(path), detail="not a file")
            data = file.read(MAX_KEYLOG_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError, ValueError) as fault:
        raise LabsharkError("keylog-missing", path=str(path)) from fault
    except OSError as fault:
        detail = fault.strerror or str(fault)
        raise LabsharkError("keylog-unreadable", path=str(path), detail=detail) from fault
    if len(data) > MAX_KEYLOG_BYTES:
        raise LabsharkError("keylog-unreadable", path=str(path), detail="> 256 MiB")
    return data


READ_FORMATS: dict[FileKind, str] = {
    "pcapng": "Wireshark/... - pcapng",
    "pcap": "Wireshark/tcpdump/... - pcap",
}
"""tshark's own names for its two readers: naming one keeps its other file parsers shut."""
