"""What a file is, told by its content; endings lie."""

import json
import re
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from report.grading.intake.encoding import NotTextError, decode_text
from report.grading.intake.limits import MIB, NestedLimits
from report.grading.intake.zips import RefusedError, opened_zip
from report.tls.keylog import parse_keylog

HEAD = 1 << 16
_SMALL_JSON = 8 * MIB


class Role(StrEnum):
    """What a file is for."""

    CAPTURE = "capture"
    KEYLOG = "keylog"
    WRITEUP = "writeup"
    ANSWERS = "answers"
    """An answers.json that labshark wrote."""
    PICTURE = "picture"
    ARCHIVE = "archive"
    OTHER = "other"


class Kind(StrEnum):
    """The format, as far as a reader needs it."""

    MARKDOWN = "md"
    PLAIN = "txt"
    WORD = "docx"
    PDF = "pdf"
    HTML = "html"
    ZIP = "zip"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Content:
    """A file's role and format; `named` says in words what cannot be read (`RAR`, `Word 97`)."""

    role: Role
    kind: Kind = Kind.NONE
    named: str = ""
    text: bool = False
    """Whether it could be a write-up if nothing better is there (a comment in code)."""


_CAPTURES = (
    b"\x0a\x0d\x0d\x0a",  # pcapng section header
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",  # nanoseconds
    b"\xa1\xb2\x3c\x4d",
    b"\x34\xcd\xb2\xa1",  # modified pcap
    b"\xa1\xb2\xcd\x34",
)
_PICTURES = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
)
_ARCHIVES = (
    (b"Rar!\x1a\x07", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
)
_DOCUMENTS = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Word 97"),
    (b"{\\rtf", "RTF"),
)
_PACKAGES = (
    ("word/document.xml", "", Kind.WORD),
    ("xl/workbook.xml", "Excel", Kind.NONE),
    ("ppt/presentation.xml", "PowerPoint", Kind.NONE),
    ("content.xml", "OpenDocument", Kind.NONE),
    ("Index/Document.iwa", "Pages", Kind.NONE),
)
_CODE = """py ipynb c h cpp cc java js ts go rs sh bat ps1 lua json csv tsv xml yaml yml toml ini
cfg css sql r m tex bib psml pdml"""
_CODE_ENDINGS = frozenset(_CODE.split())
_HTML = re.compile(
    # Possessive: comments in a row may be parted in very many ways, and a stranger wrote them.
    r"\s*+(?:<\?xml[^>]*+>\s*+)?+(?:<!--(?:[^-]|-(?!->))*+-->\s*+)*+"
    r"<(?:!doctype\s{1,9}html|html|head|body)\b",
    re.I,
)
_FRAGMENT = re.compile(r"\s*+<(?:p|div|h[1-6]|ul|ol|table|span|br|meta)\b[^>]*>", re.I)
_MARKDOWN = re.compile(
    r"^(?:#{1,6}\s+\S|```|~~~|\s{0,3}>\s|\|.*\|\s*$|\s{0,3}[*+-]\s+\S|!\[)|\*\*[^*\n]+\*\*|\]\([^)\n]+\)",
    re.M,
)


def content_of(path: Path, name: str) -> Content:
    """The role and format of the file at `path`, which its owner called `name`.

    Only a text's ending counts, and only between Markdown, plain text and program code.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    return (
        _capture(head)
        or _binary(head)
        or _zip(path, head)
        or _text(path, head, name.rsplit(".", 1)[-1].lower() if "." in name else "")
    )


def _capture(head: bytes) -> Content | None:
    if head.startswith(_CAPTURES):
        return Content(Role.CAPTURE)
    if not head.startswith(b"\x1f\x8b"):
        return None
    try:
        inner = zlib.decompressobj(wbits=31).decompress(head, 512)
    except zlib.error:
        inner = b""
    if inner.startswith(_CAPTURES):
        return Content(Role.CAPTURE)
    return Content(Role.ARCHIVE, named="tar.gz" if inner[257:262] == b"ustar" else "gzip")


def _binary(head: bytes) -> Content | None:
    if _is_picture(head):
        return Content(Role.PICTURE)
    if b"%PDF-" in head[:1024]:
        return Content(Role.WRITEUP, Kind.PDF)
    for magic, named in _ARCHIVES:
        if head.startswith(magic):
            return Content(Role.ARCHIVE, named=named)
    for magic, named in _DOCUMENTS:
        if head.startswith(magic):
            return Content(Role.OTHER, named=named)
    if head[257:262] == b"ustar":
        return Content(Role.ARCHIVE, named="tar")
    return None


def _is_picture(head: bytes) -> bool:
    return (
        head.startswith(_PICTURES)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[:2] == b"BM" and head[6:10] == b"\0\0\0\0")
        or head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif")
    )


def _zip(path: Path, head: bytes) -> Content | None:
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    try:
        with opened_zip(path, nested=NestedLimits()) as archive:
            names = {member.name for member in archive.members}
    except RefusedError:
        names = set()
    for part, named, kind in _PACKAGES:
        if part in names:
            role = Role.WRITEUP if kind is Kind.WORD else Role.OTHER
            return Content(role, kind, named)
    return Content(Role.ARCHIVE, Kind.ZIP)


def _text(path: Path, head: bytes, ending: str) -> Content:
    try:
        text = decode_text(head, whole=len(head) < HEAD)[0]
    except NotTextError:
        return Content(Role.OTHER)
    if not text.strip():
        return Content(Role.OTHER)
    if _is_keylog(text):
        return Content(Role.KEYLOG)
    if text.lstrip().startswith("MIME-Version:") and "multipart/related" in text[:2000]:
        return Content(Role.OTHER, named="MHTML")
    if text.lstrip()[:1] in "{[" and _is_answers(path):
        return Content(Role.ANSWERS)
    return _prose(text, ending)


def _prose(text: str, ending: str) -> Content:
    if ending in _CODE_ENDINGS:
        return Content(Role.OTHER, Kind.PLAIN, text=True)
    if _HTML.match(text) or (ending in ("html", "htm") and _FRAGMENT.match(text)):
        return Content(Role.WRITEUP, Kind.HTML, text=True)
    if ending in ("md", "markdown") or (ending != "txt" and len(_MARKDOWN.findall(text)) > 2):
        return Content(Role.WRITEUP, Kind.MARKDOWN, text=True)
    return Content(Role.WRITEUP, Kind.PLAIN, text=True)


def _is_keylog(text: str) -> bool:
    """Whether most lines that say something are secrets; a write-up may quote one."""
    log = parse_keylog(text.encode())
    lines = [s for line in text.splitlines() if (s := line.strip()) and not s.startswith("#")]
    return not log.empty and log.skipped * 2 < len(lines)


def _is_answers(path: Path) -> bool:
    if path.stat().st_size > _SMALL_JSON:
        return False
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and "labshark" in value and "answers" in value
