"""Zip archives from strangers: listed without trust, unpacked by counted bytes, never extracted.

Measured dangers (zip 1028:1, overlapping members, 200,000 entries, links, `..`, encrypted or oddly
packed members) are refused before or while reading; nothing is written under a member's name.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from report.grading.intake.encoding import decode_name
from report.grading.intake.limits import MIB, ArchiveLimits, NestedLimits
from report.grading.intake.problems import Problem, problem

_CHUNK = 1 << 18
_UTF_8_NAME = 0x800
_ENCRYPTED = 0x1
_UNICODE_PATH = 0x7075
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNIX = 3
_IGNORED_NAMES = frozenset({"thumbs.db", "desktop.ini", "icon\r"})
_IGNORED_FOLDERS = frozenset({"__macosx", "$recycle.bin", "system volume information"})

DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # zipfile asks for a password
    OverflowError,
)
"""What reading a damaged zip raises."""


class RefusedError(Exception):
    """An archive is refused as a whole; `slug` is a key of `REFUSALS`, for an error or problem."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


@dataclass(frozen=True, slots=True)
class Member:
    """One regular file of an archive."""

    parts: tuple[str, ...]
    """Its path, decoded; no part is empty, `.` or `..`."""
    info: zipfile.ZipInfo

    @property
    def name(self) -> str:
        """The path with slashes."""
        return "/".join(self.parts)


class Budget:
    """How many bytes may still be unpacked in this intake."""

    def __init__(self, bytes_left: int) -> None:
        self.bytes_left = bytes_left

    def spend(self, count: int) -> None:
        """Count `count` bytes as written; raises RefusedError when there were too many."""
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise RefusedError("too-large")


class Archive:
    """An open zip: its regular, wanted members, and what was wrong with the others."""

    def __init__(self, opened: zipfile.ZipFile, limits: ArchiveLimits) -> None:
        self._zip = opened
        self._limits = limits
        self.skipped: list[tuple[tuple[str, ...], Problem]] = []
        """The paths of members that are not taken, and why."""
        self.members = tuple(self._listed())

    def _listed(self) -> Iterator[Member]:
        infos = self._zip.infolist()
        _refuse_overlap(infos)
        for info in infos:
            parts = member_parts(info)
            name = "/".join(parts)
            if is_ignored(parts) or info.is_dir() or name.endswith("/"):
                continue
            slug = self._fault(info, parts)
            if slug is None:
                yield Member(parts, info)
            else:
                inside = tuple(part for part in parts if part != "..")
                self.skipped.append((inside or ("..",), self._said(slug, name)))

    def _fault(self, info: zipfile.ZipInfo, parts: tuple[str, ...]) -> str | None:
        kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == _UNIX else 0
        if kind and kind != stat.S_IFREG:
            return "file-link" if kind == stat.S_IFLNK else "file-special"
        if ".." in parts:
            return "file-outside"
        if info.flag_bits & _ENCRYPTED:
            return "file-encrypted"
        if info.compress_type not in _METHODS:
            return "file-method"
        return self._size_fault(info.file_size, info.compress_size)

    def _size_fault(self, unpacked: int, packed: int) -> str | None:
        limits = self._limits
        if unpacked > limits.ratio_free_bytes and unpacked > limits.ratio * max(packed, 1):
            return "file-bomb"
        if unpacked > limits.file_bytes:
            return "file-too-large"
        return None

    def copy(self, member: Member, target: BinaryIO, budget: Budget) -> Problem | None:
        """Unpack one member into `target`, counting; the problem that stopped it, or None.

        Raises RefusedError when the intake's budget is spent.
        """
        info, written = member.info, 0
        try:
            with self._zip.open(info) as source:
                while chunk := source.read(_CHUNK):
                    written += len(chunk)
                    slug = self._size_fault(written, info.compress_size)
                    if slug:
                        return self._said(slug, member.name)
                    budget.spend(len(chunk))
                    target.write(chunk)
        except DAMAGE:
            return self._said("file-damaged", member.name)
        return None

    def _said(self, slug: str, name: str) -> Problem:
        limit = shown_bytes(self._limits.file_bytes)
        return problem(slug, name, limit=limit, ratio=self._limits.ratio)

    def read(self, name: str, most: int) -> bytes | None:
        """The content of the member `name`, None if there is none; RefusedError beyond `most`."""
        for member in self.members:
            if member.name == name:
                if member.info.file_size > most:
                    raise RefusedError("too-large")
                with self._zip.open(member.info) as source:
                    return source.read(most)
        return None


@contextmanager
def opened_zip(
    source: Path | BinaryIO,
    limits: ArchiveLimits | None = None,
    nested: NestedLimits | None = None,
) -> Iterator[Archive]:
    """An archive for reading. Raises RefusedError `damaged`, `too-many`, `overlap`."""
    limits = limits or ArchiveLimits()
    bounds = nested or limits
    file: IO[bytes] = source.open("rb") if isinstance(source, Path) else source
    try:
        watched = _Watched(file, bounds.entries, bounds.directory_bytes)
        try:
            opened = zipfile.ZipFile(watched)
        except DAMAGE as error:
            raise RefusedError("damaged") from error
        watched.opening = False
        with opened:
            if len(opened.filelist) > bounds.entries:
                raise RefusedError("too-many")
            yield Archive(opened, limits)
    finally:
        if isinstance(source, Path):
            file.close()


class _Watched(io.BufferedIOBase):
    """The archive's bytes, as zipfile asks for them; stops a directory that is too large.

    zipfile reads the whole central directory at once and then makes an object per entry: 200,000
    take 2.2 s. That read is the place to count.
    """

    def __init__(self, file: IO[bytes], entries: int, directory_bytes: int) -> None:
        self._file, self._entries, self._most = file, entries, directory_bytes
        self.opening = True

    def read(self, size: int | None = -1, /) -> bytes:
        if not self.opening:
            return self._file.read(-1 if size is None else size)
        wanted = self._most + 1 if size is None or size < 0 else size
        if wanted > self._most + 1:
            raise RefusedError("too-many")
        data = self._file.read(wanted)
        if len(data) > self._most or data.count(b"PK\x01\x02") > self._entries:
            raise RefusedError("too-many")
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def _refuse_overlap(infos: list[zipfile.ZipInfo]) -> None:
    """No honest program lets two members share bytes: that is how 58 kB declare 10 GB."""
    end = 0
    for info in sorted(infos, key=lambda i: i.header_offset):
        if info.header_offset < end:
            raise RefusedError("overlap")
        end = info.header_offset + 30 + info.compress_size


def member_parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """The member's path: decoded, back-slashes as slashes, without root, drive and dot parts."""
    name = _member_name(info).replace("\\", "/").split("\0")[0]
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if parts and len(parts[0]) == 2 and parts[0][1] == ":":
        parts = parts[1:]
    return tuple(parts)


def _member_name(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & _UTF_8_NAME:
        return info.orig_filename
    try:
        raw = info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return info.orig_filename
    return _unicode_path(info.extra, raw) or decode_name(raw)


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """The Info-ZIP Unicode Path field (APPNOTE 4.6.9), if it belongs to this name."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and len(field) > 5 and field[0] == 1:
            if struct.unpack_from("<I", field, 1)[0] == zlib.crc32(raw):
                return field[5:].decode("utf-8", errors="replace")
            return None
    return None


def is_ignored(parts: tuple[str, ...]) -> bool:
    """Whether a path is what systems leave behind: `__MACOSX`, `.DS_Store`, `~$x.docx`."""
    if not parts:
        return True
    lowered = [part.lower() for part in parts]
    if any(part in _IGNORED_FOLDERS or _is_hidden(part) for part in lowered[:-1]):
        return True
    name = lowered[-1]
    return name in _IGNORED_NAMES or name.startswith("~$") or _is_hidden(name)


def _is_hidden(part: str) -> bool:
    return part.startswith(".") and part != ".."


def shown_bytes(count: int) -> str:
    """A number of bytes as people write it."""
    for unit, size in (("GiB", MIB << 10), ("MiB", MIB), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:.0f} {unit}"
    return f"{count} B"
