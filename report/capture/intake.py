"""Lets a stranger's file in: what it is, whole or not, and a plain file that tshark may read."""

import contextlib
import errno
import hashlib
import mmap
import os
import shutil
import stat
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from report.capture.container import GZIP_MAGIC, Container, FileKind, file_kind, read_container
from report.errors import LabsharkError

MAX_FILE_BYTES = 1 << 30
MAX_UNPACKED_BYTES = 256 << 20
MAX_PACKETS = 2_000_000


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
def let_in(path: Path) -> Iterator[CaptureFile]:
    """Opens the capture at `path` and checks it before any other program sees it.

    A gzip-compressed capture is unpacked into a private folder, at most 256 MiB of it.

    Raises LabsharkError with a `capture-…` slug: missing, folder, no permission, link or device,
    empty, not a capture, too large, no packets.
    """
    shown = str(path)
    with contextlib.ExitStack() as stack:
        handle = _open_regular(path, shown)
        stack.callback(os.close, handle)
        size = os.fstat(handle).st_size
        _check_size(size, shown)
        with mmap.mmap(handle, 0, access=mmap.ACCESS_READ) as data:
            digest = hashlib.sha256(data).hexdigest()
            plain = path.absolute()
            if data[:2] == GZIP_MAGIC:
                plain = _private_folder(stack) / "capture"
                _unpack(data, plain, shown)
            elif _needs_copy(os.fstat(handle)):
                plain = _private_folder(stack) / "capture"
                plain.write_bytes(data)
        container = _container(plain, shown)
        yield CaptureFile(path.name, plain, digest, size, container)


def _open_regular(path: Path, shown: str) -> int:
    # O_NONBLOCK: a FIFO must not hang us; O_NOFOLLOW: a link may point at anything.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))
    except OSError as fault:
        raise LabsharkError(_open_fault(fault, path), path=shown) from fault
    except ValueError as fault:  # a NUL byte in the name
        raise LabsharkError("capture-missing", path=shown) from fault
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return handle
    os.close(handle)
    slug = "capture-is-folder" if stat.S_ISDIR(mode) else "capture-special-file"
    raise LabsharkError(slug, path=shown)


def _open_fault(fault: OSError, path: Path) -> str:
    if path.is_dir() and not path.is_symlink():
        return "capture-is-folder"
    if fault.errno in (errno.EACCES, errno.EPERM):
        return "capture-no-permission"
    if fault.errno in (errno.ELOOP, errno.ENXIO, errno.ENODEV):
        return "capture-special-file"
    return "capture-missing"


def _check_size(size: int, shown: str) -> None:
    if size == 0:
        raise LabsharkError("capture-empty-file", path=shown)
    if size > MAX_FILE_BYTES:
        raise LabsharkError("capture-too-large", path=shown, limit="1 GiB")


def _private_folder(stack: contextlib.ExitStack) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="labshark-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _needs_copy(status: os.stat_result) -> bool:
    # Inside the sandbox even root has no right to another user's private file.
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    return status.st_uid != 0 and not status.st_mode & stat.S_IROTH


def _unpack(data: mmap.mmap, target: Path, shown: str) -> None:
    unpacker = zlib.decompressobj(wbits=31)
    written, chunk = 0, 1 << 20
    with target.open("wb") as file:
        for at in range(0, len(data), chunk):
            pending = data[at : at + chunk]
            while pending:
                try:
                    plain = unpacker.decompress(pending, chunk)
                except zlib.error as fault:
                    if written:
                        return  # what came before the damage is used as a capture cut short
                    raise LabsharkError("capture-not-a-capture", path=shown) from fault
                written += len(plain)
                if written > MAX_UNPACKED_BYTES:
                    raise LabsharkError("capture-too-large", path=shown, limit="256 MiB")
                file.write(plain)
                pending = unpacker.unconsumed_tail
            if unpacker.eof:
                return


def _container(plain: Path, shown: str) -> Container:
    if plain.stat().st_size == 0:
        raise LabsharkError("capture-empty-file", path=shown)
    with plain.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if file_kind(data[:12]) is None:
            raise LabsharkError("capture-not-a-capture", path=shown)
        with memoryview(data) as view:
            container = read_container(view)
    if container.packets > MAX_PACKETS:
        raise LabsharkError("capture-too-large", path=shown, limit=f"{MAX_PACKETS:,} packets")
    if container.packets == 0 and container.whole:
        raise LabsharkError("capture-no-packets", path=shown)
    return container


READ_FORMATS: dict[FileKind, str] = {
    "pcapng": "Wireshark/... - pcapng",
    "pcap": "Wireshark/tcpdump/... - pcap",
}
"""tshark's own names for its two readers: naming one keeps its other file parsers shut."""
