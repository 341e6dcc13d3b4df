"""The text file that Blackboard adds to each attempt: who it was, and what was typed in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from report.grading.intake.content import Role
from report.grading.intake.encoding import NotTextError, decode_text
from report.grading.intake.found import Found
from report.grading.intake.patterns import Owner

_MOST_BYTES = 1 << 20
_WHO = re.compile(
    r"[^:：\n]{1,40}[:：]\s*+(?P<name>[^\n()（）]{0,200}?)\s{0,9}"
    r"[(（](?P<user>[^()（）\n]{1,200})[)）]"
)
_FIELD = re.compile(
    r"^(?:Submission Field|提交字段|提交栏)[:：]\s*\n(?P<text>.*?)"
    r"(?=^(?:Comments|Files|评论|备注|文件)[:：]|\Z)",
    re.MULTILINE | re.DOTALL,
)
_NOTHING = ("there is no student submission text data", "没有学生提交文本数据")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the added file says."""

    user: str
    name: str
    has_text: bool
    """Whether the student typed an answer into the submission field."""


def read_manifest(text: str) -> Manifest | None:
    """The manifest in `text`, or None where its first line names nobody."""
    who = _WHO.match(text.lstrip("\ufeff\r\n "))
    if who is None:
        return None
    field = _FIELD.search(text.replace("\r\n", "\n"))
    typed = field["text"].strip().casefold() if field else ""
    return Manifest(
        who["user"].strip(), who["name"], bool(typed) and not typed.startswith(_NOTHING)
    )


def with_manifests(
    found: Sequence[Found], owners: Sequence[Owner | None]
) -> tuple[list[Found], list[Owner | None]]:
    """Files and owners with what the manifests say; a manifest without an answer is no write-up."""
    files = list(found)
    said: dict[str, Manifest] = {}
    for index, (one, owner) in enumerate(zip(found, owners, strict=True)):
        manifest = _manifest(one) if owner and not owner.file else None
        if manifest and owner:
            said[owner.back] = manifest
            if not manifest.has_text:
                content = replace(one.content, role=Role.OTHER, text=False)
                files[index] = replace(one, content=content)
    return files, [_told(owner, said.get(owner.back)) if owner else None for owner in owners]


def _manifest(one: Found) -> Manifest | None:
    if one.path is None or one.size > _MOST_BYTES:
        return None
    try:
        return read_manifest(decode_text(one.path.read_bytes())[0])
    except NotTextError:
        return None


def _told(owner: Owner, manifest: Manifest | None) -> Owner:
    """The manifest's user name, if the file's name ends in it: it may hold underscores."""
    if manifest is None:
        return owner
    if not (owner.label == manifest.user or owner.label.endswith(f"_{manifest.user}")):
        return owner
    return replace(owner, key=manifest.user, id=manifest.user, name=manifest.name or None)
