"""Where inputs lie and outputs go: paths of this machine, or URLs that fsspec knows (`s3://…`)."""

import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import cast
from urllib.parse import urlsplit
from urllib.request import url2pathname

from report.errors import LabsharkError

_HIDDEN_NAMES = frozenset({"__macosx", "thumbs.db", "desktop.ini"})


def is_url(place: str) -> bool:
    """Whether every machine finds the same thing at `place`, and not only this one."""
    return "://" in place


def path_at(place: str) -> Path:
    """`place` as a path: pathlib's on this machine and for `file://`, else universal-pathlib's.

    The latter has the methods of `Path` that are used here. Raises LabsharkError
    `cluster-missing` where that is not installed, `batch-place-unknown` for a protocol that fsspec
    does not know or has no client for.
    """
    if not is_url(place):
        return Path(place)
    parts = urlsplit(place)
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    try:
        from upath import UPath
    except ImportError as fault:
        raise LabsharkError("cluster-missing", detail=str(fault)) from fault
    try:
        return cast(Path, UPath(place))
    except (ValueError, ImportError) as fault:
        raise LabsharkError("batch-place-unknown", place=place, detail=str(fault)) from fault


def is_local(path: object) -> bool:
    """Whether a path that `path_at` gave is pathlib's own."""
    return isinstance(path, Path)


def entries(folder: Path) -> Iterator[Path]:
    """What lies in a folder, by name, without what is hidden or the system's own."""
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if not hidden(path.name):
            yield path


def hidden(name: str) -> bool:
    """Whether a name is one that its owner does not see."""
    return name.startswith((".", "~$")) or name.lower() in _HIDDEN_NAMES


def is_folder(path: Path) -> bool:
    """Whether to walk into it; links to folders are not followed."""
    if is_local(path):
        try:
            return stat.S_ISDIR(path.lstat().st_mode)
        except OSError:
            return False
    return path.is_dir()


def below(path: Path, root: Path) -> str:
    """`path` as people name it: its parts under `root`, with slashes on every system."""
    parts = path.parts[len(root.parts) :]
    return as_text(str(PurePosixPath(*parts)) if parts else path.name)


def as_text(name: str) -> str:
    r"""A file name as text: bytes that are no UTF-8 as `\udcff`, each name differently."""
    return name.encode("utf-8", "backslashreplace").decode()
