"""Folders for one run's own files: private, and swept away by the next run after a crash."""

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from report.errors import LabsharkError

if sys.platform != "win32":
    import fcntl

_PREFIX = "labshark-run-"
_LOCK = "lock"


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """A new empty folder of mode 0700 under TMPDIR; gone, with what is in it, at the end.

    A run that was killed cannot take its folder away: the next one finds the folder's lock free
    and does. Raises LabsharkError `output-cannot-be-written` where no folder can be made.
    """
    with contextlib.ExitStack() as stack:
        with writing_to_scratch():
            sweep_abandoned()
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            lock = _hold(folder)
            inside = folder / "files"
            inside.mkdir(mode=0o700)
        if lock is not None:
            stack.callback(os.close, lock)
        yield inside


@contextlib.contextmanager
def writing_to_scratch() -> Iterator[None]:
    """Names a full disk, or a TMPDIR that is not there, as the fault that it is."""
    try:
        yield
    except OSError as fault:
        place = tempfile.tempdir or os.environ.get("TMPDIR") or "TMPDIR"
        detail = fault.strerror or str(fault)
        raise LabsharkError("output-cannot-be-written", path=place, detail=detail) from fault


def _hold(folder: Path) -> int | None:
    """Locks the folder as ours for as long as this process lives."""
    if sys.platform == "win32":
        return None
    new = folder / f"{_LOCK}.new"
    handle = os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    # Under its final name only once it is locked: an unlocked one means that nobody lives there.
    new.rename(folder / _LOCK)
    return handle


def sweep_abandoned() -> None:
    """Takes away what processes that were killed have left."""
    if sys.platform == "win32":
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            status = folder.lstat()
            if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
                _remove_if_abandoned(folder)


def _remove_if_abandoned(folder: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)
