"""Writes outputs whole or not at all, readable by their owner alone."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from report.errors import LabsharkError


def make_folder(folder: Path) -> None:
    """Makes a folder for outputs (mode 0700) unless it is there.

    Raises LabsharkError `output-cannot-be-written`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as fault:
        raise _cannot(folder, fault) from fault


def write_whole(path: Path, data: bytes) -> None:
    """Puts `data` at `path` in one step: a reader sees the old file or the new one, never half.

    The file has mode 0600: a report holds a person's traffic. Raises LabsharkError
    `output-cannot-be-written`, and leaves nothing behind then.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        temporary = None
    except OSError as fault:
        raise _cannot(path, fault) from fault
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes several files into a folder, making it if need be; see `write_whole`."""
    make_folder(folder)
    for name, data in files.items():
        write_whole(folder / name, data)


def _cannot(path: Path, fault: OSError) -> LabsharkError:
    detail = fault.strerror or str(fault)
    return LabsharkError("output-cannot-be-written", path=str(path), detail=detail)
