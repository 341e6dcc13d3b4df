"""Whose a file is, by the rules of an LMS or by the instructor's own regular expression."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from report.errors import LabsharkError
from report.grading.intake.confined import ChildFailedError, confined
from report.grading.intake.limits import ChildLimits

LONGEST_NAME = 1024
_GROUPS = frozenset({"id", "student_id", "name", "file", "late"})
_PATTERN_SECONDS = 5.0

_MOODLE = re.compile(r"([^_]+(?:_[^_]+)?)_(\d+)_(assignsubmission_[a-z]+)(?:_(.*))?", re.DOTALL)
_BLACKBOARD = re.compile(r"(.+?)_attempt_(\d{4}(?:-\d\d){5})(?:_(.+)|\.txt)", re.DOTALL)
_BLIND = frozenset({"participant", "参与人", "参与者", "參與者", "hiddenuser"})
_LATE = re.compile(r"(?:^|[^a-z])late(?:[^a-z]|$)|迟交|补交", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Owner:
    """What a file's path says about whose it is."""

    key: str
    """The same for all files of one student."""
    id: str | None
    name: str | None
    label: str
    file: str
    """The name that the student gave."""
    back: str
    """What the LMS needs to find the student again."""
    late: bool = False
    serial: str = ""
    """Canvas: the attachment's id; Blackboard: the attempt's time."""


Reader = Callable[[Sequence[str]], Owner | None]


def canvas_owner(parts: Sequence[str]) -> Owner | None:
    """`name[_LATE]_userid_attachmentid_file`, `…_userid_text.html`, `anon_x_attachmentid_file`.

    Canvas itself finds its numbers as the first two all-digit tokens (content_zipper.rb and
    `infer_comment_context_from_filename`), so this does too.
    """
    name = parts[-1]
    tokens = name.split("_")
    if tokens[0].casefold() == "anon" or tokens[:2] == ["LATE", "anon"]:
        return _anonymous(name, tokens)
    first = next((i for i, token in enumerate(tokens) if i and _digits(token)), None)
    if first is None or first + 1 >= len(tokens):
        return None
    after = tokens[first + 1]
    is_entry = after in ("text.html", "link.html") and first + 2 == len(tokens)
    if not is_entry and not (_digits(after) and first + 2 < len(tokens)):
        return None
    who = tokens[:first]
    late = who[-1] in ("LATE", "late") and len(who) > 1
    user = tokens[first]
    shown = "_".join(who[:-1] if late else who)
    file = after if is_entry else "_".join(tokens[first + 2 :])
    serial = "" if is_entry else after
    return Owner(user, user, shown, "_".join(tokens[: first + 1]), file, name, late, serial)


def _anonymous(name: str, tokens: list[str]) -> Owner | None:
    late = "LATE" in tokens[:3]
    rest = [t for t in tokens if t != "LATE"]
    if len(rest) < 4 or not rest[1].isalnum() or not _digits(rest[2]):
        return None
    label, file = "_".join(rest[:2]), "_".join(rest[3:])
    return Owner(rest[1], rest[1], None, label, file, name, late, rest[2])


def moodle_owner(parts: Sequence[str]) -> Owner | None:
    """`Full name_id_assignsubmission_file[_]/file`, or flat with the file's name after it.

    Moodle looks for it in every part of a path (importziplib.php), so this does too.
    """
    for index, part in enumerate(parts):
        match = _MOODLE.fullmatch(part[:LONGEST_NAME])
        if not match:
            continue
        name, number, plugin, rest = match[1], match[2], match[3], match[4] or ""
        is_flat = index == len(parts) - 1
        if is_flat and not rest:
            continue
        file = "/".join(([rest] if rest else []) + list(parts[index + 1 :]))
        back = f"{name}_{number}_{plugin}_" if is_flat else part
        shown = None if name.casefold() in _BLIND else name
        return Owner(number, number, shown, f"{name}_{number}", file, back)
    return None


def blackboard_owner(parts: Sequence[str]) -> Owner | None:
    """`assignment_username_attempt_2026-11-20-10-11-12[_file]`; the `.txt` is Blackboard's own."""
    name = parts[-1]
    match = _BLACKBOARD.fullmatch(name[:LONGEST_NAME])
    if not match:
        return None
    user = match[1].rsplit("_", 1)[-1]
    stem = f"{match[1]}_attempt_{match[2]}"
    return Owner(user, user, None, match[1], match[3] or "", stem, serial=match[2])


def is_late(label: str) -> bool:
    """Whether a name says that it was handed in late."""
    return bool(_LATE.search(label[:LONGEST_NAME]))


def _digits(token: str) -> bool:
    return token.isascii() and token.isdigit()


PRESETS = ("canvas", "moodle", "blackboard", "cn")
"""Layouts that can be named instead of found out; `cn` is 学号 and 姓名 in the names."""


@dataclass(frozen=True, slots=True)
class IdPattern:
    """An instructor's regular expression over a file's path, with named groups.

    Groups: `id` (or `student_id`), `name`, `file`, `late`; one of the first two at least.
    """

    expression: str

    @classmethod
    def parse(cls, given: str) -> "IdPattern":
        """The pattern, checked. Raises LabsharkError `id-pattern-invalid`."""
        try:
            groups = set(re.compile(given).groupindex)
        except (re.error, OverflowError, RecursionError) as error:
            raise LabsharkError("id-pattern-invalid", detail=str(error)) from error
        if not groups & {"id", "student_id", "name"} or groups - _GROUPS:
            named = ", ".join(sorted(groups)) or "-"
            raise LabsharkError("id-pattern-invalid", detail=f"(?P<…>): {named}")
        return cls(given)

    def owners(self, paths: Sequence[Sequence[str]]) -> list[Owner | None]:
        """Whose each path is; None where the pattern does not match.

        Python's expressions can take exponential time on a name made for it, so they run in a
        child with a deadline. Raises LabsharkError `id-pattern-too-slow`.
        """
        names = ["/".join(parts)[:LONGEST_NAME] for parts in paths]
        argument = json.dumps([self.expression, names]).encode()
        try:
            found = json.loads(confined(_TASK, argument, ChildLimits(seconds=_PATTERN_SECONDS)))
        except ChildFailedError as error:
            raise LabsharkError("id-pattern-too-slow", seconds=int(_PATTERN_SECONDS)) from error
        return [_owner(groups, parts) for groups, parts in zip(found, paths, strict=True)]


_TASK = "report.grading.intake.patterns:search_all"


def search_all(argument: bytes) -> bytes:
    """The child's part: JSON `[expression, names]` to the named groups of each first match."""
    expression, names = json.loads(argument)
    pattern = re.compile(expression)
    matches = (pattern.search(name) for name in names)
    return json.dumps([match.groupdict() if match else None for match in matches]).encode()


def _owner(groups: dict[str, str | None] | None, parts: Sequence[str]) -> Owner | None:
    if groups is None:
        return None
    student_id = groups.get("id") or groups.get("student_id")
    name = groups.get("name")
    if not (student_id or name):
        return None
    file = groups.get("file") or parts[-1]
    label = student_id or name or ""
    return Owner(label, student_id, name, label, file, "/".join(parts), bool(groups.get("late")))
