"""Writes outputs whole or not at all, readable by their owner alone."""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from report.errors import LabsharkError

_UNFINISHED = re.compile(r"\.(.+)\.[a-z0-9_]{8}")
"""As `tempfile` names it."""


def make_folder(folder: Path) -> None:
    """Makes a folder for outputs, and those above it, of mode 0700 unless they are there.

    Raises LabsharkError `output-cannot-be-written`.
    """
    try:
        for missing in reversed([each for each in folder.parents if not each.exists()]):
            missing.mkdir(exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True, mode=0o700)
    except OSError as fault:
        raise _cannot(folder, fault) from fault


def refuse_same_folder(out: Path, *inputs: Path) -> None:
    """Outputs are kept apart from what strangers handed in: what lies among the outputs (results,
    a table of decisions) is believed by the next run.

    Raises LabsharkError `output-among-inputs` where `out` is one of `inputs`.
    """
    if _is_one_of(out, inputs):
        raise LabsharkError("output-among-inputs", path=str(out))


def _is_one_of(out: Path, inputs: Iterable[Path]) -> bool:
    for given in inputs:
        with contextlib.suppress(OSError):
            if out.exists() and out.samefile(given):
                return True
    return False


def write_to(path: Path, data: bytes, *inputs: Path) -> None:
    """Writes where the user said: whole, as `write_whole` does, but into a device or a pipe.

    `/dev/stdout` is such a name; putting a file in its place would take it from everybody. Raises
    LabsharkError `output-is-input` where `path` is one of the files that were read, and
    `output-cannot-be-written`.
    """
    if _is_one_of(path, inputs):
        raise LabsharkError("output-is-input", path=str(path))
    if not _is_stream(path):
        write_whole(path, data)
        return
    try:
        with path.open("wb") as stream:
            stream.write(data)
    except BrokenPipeError:
        raise  # whoever reads has seen enough
    except OSError as fault:
        raise _cannot(path, fault) from fault


def _is_stream(path: Path) -> bool:
    with contextlib.suppress(OSError):
        # `/dev/stdout` may lead to an ordinary file, and is still no place to put another.
        if path.is_symlink() and path.parts[1:2] in (("dev",), ("proc",)):
            return True
        return path.is_char_device() or path.is_fifo()
    return False


def write_whole(path: Path, data: bytes) -> None:
    """Puts `data` at `path` in one step: a reader sees the old file or the new one, never half.

    The file has mode 0600: a report holds a person's traffic. Raises LabsharkError
    `output-cannot-be-written`, and leaves nothing behind then.
    """
    with writing_whole(path) as file:
        file.write(data)


@contextlib.contextmanager
def writing_whole(path: Path) -> Iterator[IO[bytes]]:
    """`write_whole` for what is written in pieces; nothing is at `path` before the end."""
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        temporary = None
    except OSError as fault:
        raise _cannot(path, fault) from fault
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def private_opener(path: str, flags: int) -> int:
    """For `open`: a new file is its owner's alone, and no link is followed to another one."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)


def settle_folder(folder: Path) -> None:
    """Makes the names in a folder survive a crash of the machine, as `write_whole` does the bytes.

    Windows needs and has nothing of the kind. Raises LabsharkError `output-cannot-be-written`.
    """
    if sys.platform == "win32":
        return
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as fault:
        raise _cannot(folder, fault) from fault


def sweep_unfinished(folder: Path, ours: Callable[[str], bool]) -> None:
    """Removes what killed runs left in a folder of files that `ours` says are one's own.

    Only for who knows that nobody else writes there now. Raises LabsharkError
    `output-cannot-be-written`.
    """
    try:
        for path in folder.glob(".*"):
            match = _UNFINISHED.fullmatch(path.name)
            if match and ours(match[1]):
                path.unlink(missing_ok=True)
    except OSError as fault:
        raise _cannot(folder, fault) from fault


def write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes several files into a folder, making it if need be; see `write_whole`."""
    make_folder(folder)
    for name, data in files.items():
        write_whole(folder / name, data)


def _cannot(path: Path, fault: OSError) -> LabsharkError:
    detail = fault.strerror or str(fault)
    return LabsharkError("output-cannot-be-written", path=str(path), detail=detail)
