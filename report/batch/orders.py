"""What a worker is told to do for one capture, and the key that says whether it need be done."""

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path

from report.batch.keylogs import fitting_keylogs, joined, read_keylog
from report.batch.places import as_text, is_local
from report.batch.plan import Item
from report.capture.intake import MAX_FILE_BYTES
from report.errors import LabsharkError
from report.student import MAX_BYTES
from report.workers import Message

# O_NONBLOCK: a FIFO must not hang us; O_NOFOLLOW: a link may point at anything, also at what
# another student wrote.
_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_BINARY", "O_NOFOLLOW"):
    _FLAGS |= getattr(os, _name, 0)


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every item of a run."""

    lab: str
    """The lab as JSON."""
    lab_id: str
    language: str = "both"
    host: str | None = None
    with_answers: bool = True
    with_pdf: bool = True
    epoch: str = ""
    """SOURCE_DATE_EPOCH; else a PDF bears the date of its capture."""
    trust: bytes = b""
    """A trust store in PEM; else Mozilla's."""
    trust_name: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 300.0
    """For one capture, PDF included; no part of the key."""

    def digest(self) -> str:
        """A SHA-256 over all that could change an output."""
        parts = [self.lab, self.language, self.host, self.with_answers, self.with_pdf, self.epoch]
        told = json.dumps([*parts, self.trust_name, sorted(self.versions.items())])
        return hashlib.sha256(told.encode() + b"\0" + self.trust).hexdigest()


@dataclass(frozen=True, slots=True)
class Content:
    """The files of one item, read once: what is hashed is what is answered from."""

    sha256: str
    """Of the capture; empty where it cannot be read, which the worker then names."""
    path: Path | None = None
    """The capture, where the worker can open it itself."""
    data: bytes = b""
    """Else its bytes."""
    keylog: bytes = b""
    keylogs: tuple[str, ...] = ()
    words: bytes = b""
    student: bytes = b""


def read_content(item: Item, common: tuple[Path, ...], *, carried: bool) -> Content:
    """What there is of an item with one capture; `carried` when its bytes must travel.

    Raises LabsharkError `capture-…` where a capture that is no local file cannot be had.
    """
    (capture,) = item.captures
    words, student = _small(item.words), _small(item.student)
    if is_local(capture) and not carried:
        sha256, logs = _looked_at(capture, item, common)
        return Content(sha256, capture, b"", *_keys(logs), words, student)
    data = _fetched(capture)
    logs = fitting_keylogs(data, item.keylogs, common)
    digest = hashlib.sha256(data).hexdigest()
    return Content(digest, None, data, *_keys(logs), words, student)


def _keys(logs: tuple[Path, ...]) -> tuple[bytes, tuple[str, ...]]:
    return joined(map(read_keylog, logs)), tuple(as_text(log.name) for log in logs)


def _small(path: Path | None) -> bytes:
    """One byte more than is allowed, so that whoever reads it can say that it is too much."""
    if path is None:
        return b""
    if not is_local(path):
        with contextlib.suppress(OSError), path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
        return b""
    with contextlib.suppress(OSError, ValueError):
        handle = os.open(path, _FLAGS)
        with os.fdopen(handle, "rb", buffering=0) as file:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                return file.read(MAX_BYTES + 1)
    return b""


def _looked_at(capture: Path, item: Item, common: tuple[Path, ...]) -> tuple[str, tuple[Path, ...]]:
    """The SHA-256 of a local capture and its key logs; its bytes stay where they are."""
    try:
        handle = os.open(capture, _FLAGS)
    except (OSError, ValueError):
        return "", ()
    with os.fdopen(handle, "rb", buffering=0) as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
            return "", ()
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if not status.st_size or not (item.keylogs or common):
            return digest, ()
        with mmap(handle, 0, access=ACCESS_READ) as data:
            return digest, fitting_keylogs(data, item.keylogs, common)


def _fetched(capture: Path) -> bytes:
    name = as_text(capture.name)
    try:
        if is_local(capture) and not stat.S_ISREG(capture.lstat().st_mode):
            raise LabsharkError("capture-special-file", path=name)
        with capture.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as fault:
        detail = fault.strerror or str(fault)
        raise LabsharkError("capture-cannot-be-read", path=name, detail=detail) from fault
    if len(data) > MAX_FILE_BYTES:
        raise LabsharkError("capture-too-large", path=name, limit="1 GiB")
    return data


def key_of(item: Item, content: Content | None, terms_digest: str) -> str:
    """A SHA-256 over everything that the item's outcome depends on."""
    told: list[object] = [terms_digest, item.who.model_dump(), item.folder, item.inputs]
    if content is not None:
        told += [content.sha256, content.keylogs]
        told += [_digest(part) for part in (content.keylog, content.words, content.student)]
    return _digest(json.dumps(told).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def order_for(item: Item, content: Content, terms: Terms) -> Message:
    """The order that `report.batch.making` understands."""
    beside = {
        "keylog": content.keylog,
        "words": content.words,
        "student": content.student,
        "trust": terms.trust,
    }
    blobs = {name: data for name, data in beside.items() if data}
    if content.path is None:
        blobs["capture"] = content.data
    values = {
        "name": as_text(item.captures[0].name),
        "path": None if content.path is None else str(content.path.absolute()),
        "who": item.who.model_dump(),
        "lab": terms.lab,
        "language": terms.language,
        "host": terms.host,
        "with_answers": terms.with_answers,
        "with_pdf": terms.with_pdf,
        "epoch": terms.epoch,
        "trust_name": terms.trust_name,
    }
    return Message(values, blobs)
