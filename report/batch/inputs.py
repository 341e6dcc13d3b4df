"""What lies under the folders that the command named: captures by student, and what goes with them.

A sub-folder is a student; a loose capture is one by its file name without the ending. Beside a
capture may lie key logs, `words.md` and `student.toml`; for loose captures `NAME.words.md` and
`NAME.student.toml`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from report.batch.places import as_text, below, entries, is_folder, is_local
from report.capture.container import GZIP_MAGIC, file_kind
from report.errors import LabsharkError
from report.tls.keylog import parse_keylog

_CAPTURE = re.compile(r"\.(?:pcapng|pcap|cap|ntar)(?:\.gz)?\Z", re.IGNORECASE)
_BESIDE = re.compile(
    r"(?:\.(?:words\.md|student\.toml|keylog|keys?|log|txt))+\Z|\.[^.]{1,8}\Z", re.IGNORECASE
)
_NEVER_KEYS = re.compile(
    r"\.(?:docx?|pdf|png|jpe?g|gif|zip|7z|rar|xlsx?|md|html?|toml|json|csv|py)\Z", re.IGNORECASE
)
_HEAD = 1 << 16
_DEEPEST = 16


@dataclass(slots=True)
class Submitted:
    """What one folder or file name stem stands for."""

    label: str
    captures: list[Path] = field(default_factory=list)
    keylogs: list[Path] = field(default_factory=list)
    """Those in the student's folder, or with the capture's file name stem."""
    words: Path | None = None
    student: Path | None = None
    root: Path = field(default_factory=Path)
    """What the command named; shown paths start below it."""
    folder: Path | None = None
    """The student's own folder, if there is one."""

    @property
    def shown(self) -> tuple[str, ...]:
        """Every input that this is: its captures, else its folder."""
        places = self.captures or ([self.folder] if self.folder else [])
        return tuple(below(path, self.root) for path in places)

    @property
    def name(self) -> str:
        """The label without what is not text (a file name may hold any bytes)."""
        return as_text(self.label)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, in the order in which it was named and then by name."""

    submitted: tuple[Submitted, ...]
    keylogs: tuple[Path, ...]
    """Loose key logs, which belong to whichever capture their contents say."""


def find_inputs(named: Iterable[Path], leave_out: frozenset[Path] = frozenset()) -> Found:
    """Everything under the files and folders that were named, in their order and then by name.

    A file that is named is a capture whatever it is called. Several folders that are named and
    hold one capture each are students' folders themselves. `leave_out` are folders that are not
    walked into (the output may lie among the inputs). Raises LabsharkError `batch-no-input` for a
    path where nothing is, and where no capture was found at all.
    """
    paths = list(named)
    walk = _Walk(leave_out)
    found: list[Submitted] = []
    alone: list[Submitted] = []
    for path in paths:
        if is_folder(path):
            inside = list(walk.folder(path))
            found += inside
            alone += [s for s in inside if len(inside) == 1 and s.folder is None]
        elif _is_there(path):
            found.append(Submitted(stem(path.name), [path], root=path.parent))
        else:
            raise LabsharkError("batch-no-input", path=str(path))
    if len(alone) > 1 and len(alone) == len(paths):
        for one in alone:
            one.label = one.root.name
    if not any(one.captures for one in found):
        raise LabsharkError("batch-no-input", path=", ".join(map(str, paths)))
    return Found(tuple(found), tuple(walk.keylogs))


def find_keylogs(folder: Path) -> list[Path]:
    """Every key log under a folder, told by content. Raises LabsharkError `keylog-missing`."""
    if not is_folder(folder):
        raise LabsharkError("keylog-missing", path=str(folder))
    return [path for path in _files(folder, frozenset()) if _is_keylog(path)]


def stem(name: str) -> str:
    """A capture's name without what says that it is one: `2024001.pcapng.gz` is `2024001`."""
    return _CAPTURE.sub("", name) if _CAPTURE.search(name) else _BESIDE.sub("", name)


def _is_there(path: Path) -> bool:
    # A broken link is an input that failed, not a slip of the keyboard.
    return path.exists() or (is_local(path) and path.is_symlink())


class _Walk:
    def __init__(self, leave_out: frozenset[Path]) -> None:
        self._leave_out = leave_out
        self.keylogs: list[Path] = []

    def folder(self, root: Path) -> Iterator[Submitted]:
        """The students of one folder that was named."""
        loose: dict[str, Submitted] = {}
        logs: list[Path] = []
        for path in entries(root):
            if is_folder(path):
                if not _within(path, self._leave_out):
                    yield self._student(path, root)
            elif _is_capture(path):
                label = stem(path.name)
                # Two captures of one stem are the same student's.
                loose.setdefault(label, Submitted(label, root=root)).captures.append(path)
            elif _is_keylog(path):
                logs.append(path)
        # A log called like a capture is that student's: it must not open what others recorded.
        self.keylogs += [path for path in logs if stem(path.name) not in loose]
        logs_of: dict[str, list[Path]] = {}
        for path in logs:
            logs_of.setdefault(stem(path.name), []).append(path)
        for one in loose.values():
            one.keylogs = logs_of.get(one.label, [])
            one.words = _there(root / f"{one.label}.words.md")
            one.student = _there(root / f"{one.label}.student.toml")
            yield one

    def _student(self, folder: Path, root: Path) -> Submitted:
        one = Submitted(folder.name, root=root, folder=folder)
        for path in _files(folder, self._leave_out):
            name = path.name.lower()
            if _is_capture(path):
                one.captures.append(path)
            elif name == "words.md" or name.endswith(".words.md"):
                one.words = one.words or path
            elif name == "student.toml" or name.endswith(".student.toml"):
                one.student = one.student or path
            elif _is_keylog(path):
                one.keylogs.append(path)
        return one


def _files(folder: Path, leave_out: frozenset[Path], depth: int = 0) -> Iterator[Path]:
    for path in entries(folder):
        if not is_folder(path):
            yield path
        elif depth < _DEEPEST and not _within(path, leave_out):
            yield from _files(path, leave_out, depth + 1)


def _within(path: Path, leave_out: frozenset[Path]) -> bool:
    return is_local(path) and path.absolute() in leave_out


def _there(path: Path) -> Path | None:
    return path if path.is_file() else None


def _is_capture(path: Path) -> bool:
    if _CAPTURE.search(path.name):
        return True
    head = _head(path, 12)
    return head[:2] != GZIP_MAGIC and file_kind(head) is not None


def _is_keylog(path: Path) -> bool:
    """Whether most lines that say something are secrets; a write-up may quote one."""
    if _NEVER_KEYS.search(path.name):
        return False
    head = _head(path, _HEAD)
    if b"\0" in head:
        return False
    log = parse_keylog(head)
    return sum(map(len, log.secrets.values())) + len(log.rsa) > log.skipped


def _head(path: Path, length: int) -> bytes:
    if is_local(path) and (path.is_symlink() or not path.is_file()):
        return b""
    try:
        with path.open("rb") as file:
            return file.read(length)
    except OSError:
        return b""
