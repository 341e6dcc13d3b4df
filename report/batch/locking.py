"""One run at a time per output: a lock that its process holds, so that it is never stale."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from report.errors import LabsharkError

LOCK = ".lock"


@contextlib.contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Holds the lock of a local output folder.

    Raises LabsharkError `output-in-use` where another run does, `output-cannot-be-written`.
    """
    lock = FileLock(folder / LOCK, timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout as fault:
        raise LabsharkError("output-in-use", path=str(folder)) from fault
    except OSError as fault:
        detail = fault.strerror or str(fault)
        raise LabsharkError("output-cannot-be-written", path=str(folder), detail=detail) from fault
    try:
        yield
    finally:
        lock.release()
