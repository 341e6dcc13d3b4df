"""Feedback files in a zip, named so that the LMS gives each to its student."""

import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from report.grading.intake.submission import Layout, Submission
from report.naming import folder_name, unique_folder_names
from report.text import Text

_DATE = (1980, 1, 1, 0, 0, 0)
Content = bytes | Path


@dataclass(frozen=True, slots=True)
class Feedback:
    """What one student gets back: file name (`feedback.pdf`) to content."""

    submission: Submission
    files: Mapping[str, Content]


@dataclass(frozen=True, slots=True)
class FeedbackArchive:
    """What was packed."""

    names: tuple[str, ...]
    """Every path in the archive."""
    skipped: tuple[tuple[str, Text], ...] = ()
    """Keys of submissions that the LMS could not place, and why."""
    notes: tuple[Text, ...] = ()


_NO_ATTACHMENT = Text(
    "该提交没有附件（文本或链接），Canvas 无法从 zip 中认领反馈文件。",
    "This submission has no attachment (text or a link), so Canvas cannot place a file for it.",
)
_CANVAS_NAMES = Text(
    "Canvas 会用学生原文件的名字显示反馈；扩展名与原文件不同的，下载后需要改名。",
    "Canvas shows feedback under the name of the student's own file; where its ending differs, it "
    "has to be renamed after download.",
)


def feedback_archive(entries: Iterable[Feedback], target: Path | BinaryIO) -> FeedbackArchive:
    """Write the zip of all feedback to `target`, in the form the submissions came in.

    Canvas finds a student by the two numbers in the original file's name; Moodle by the folder's
    name (or the flat prefix); others get a folder per student. The same input gives the same bytes.
    """
    entries = sorted(entries, key=lambda entry: entry.submission.key)
    keys = _folder_keys([entry.submission for entry in entries])
    folders = unique_folder_names(keys.values())
    names: list[str] = []
    skipped: list[tuple[str, Text]] = []
    notes: list[Text] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            submission = entry.submission
            if submission.lms.layout is Layout.CANVAS and not canvas_attachments(submission):
                skipped.append((submission.key, _NO_ATTACHMENT))
                continue
            folder = folders[keys[submission.key]]
            for name, content in sorted(entry.files.items()):
                path, is_renamed = _place(submission, folder, name)
                if is_renamed and _CANVAS_NAMES not in notes:
                    notes.append(_CANVAS_NAMES)
                names.append(_unused(path, names))
                _write(archive, names[-1], content)
    return FeedbackArchive(tuple(names), tuple(skipped), tuple(notes))


def _write(archive: zipfile.ZipFile, name: str, content: Content) -> None:
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    archive.writestr(info, content if isinstance(content, bytes) else content.read_bytes())


def _folder_keys(submissions: list[Submission]) -> dict[str, str]:
    """What each submission's folder is named after: the student's id, if only one has it."""
    ids = Counter(submission.id for submission in submissions)
    return {s.key: s.id if s.id and ids[s.id] == 1 else s.key for s in submissions}


def _unused(path: str, names: list[str]) -> str:
    """`path`, or the same with a number where two files of one ending meet."""
    stem, dot, ending = path.rpartition(".")
    number = 2
    while path in names:
        path, number = f"{stem}-{number}{dot}{ending}", number + 1
    return path


def _place(submission: Submission, folder: str, name: str) -> tuple[str, bool]:
    """The path of a feedback file, and whether its ending differs from the student's file."""
    layout, back, safe = submission.lms.layout, submission.lms.back, folder_name(name)
    if layout is Layout.CANVAS:
        return _canvas(submission, safe)
    if layout is Layout.MOODLE:
        return f"{_moodle_folder(back)}/{safe}", False
    if layout is Layout.MOODLE_FLAT:
        return f"{back[0]}{safe}", False
    if layout is Layout.BLACKBOARD:
        return f"{back[0]}_{safe}", False
    return f"{folder}/{safe}", False


def _canvas(submission: Submission, name: str) -> tuple[str, bool]:
    ending = name.rpartition(".")[2].casefold()
    originals = canvas_attachments(submission)
    same = [o for o in originals if o.rpartition(".")[2].casefold() == ending]
    original = (same or originals)[0]
    stem = original.rpartition(".")[0] or original
    return f"{stem}.{ending}", not same


def canvas_attachments(submission: Submission) -> list[str]:
    """The original names with an attachment's number; text and link entries have none."""
    return [
        name
        for name in submission.lms.back
        if not name.endswith(("_text.html", "_link.html")) and _has_two_numbers(name)
    ]


def _has_two_numbers(name: str) -> bool:
    numbers = [t for t in name.split("_") if t.isascii() and t.isdigit()]
    return len(numbers) >= 2 or name.startswith(("anon_", "LATE_anon_"))


def _moodle_folder(back: tuple[str, ...]) -> str:
    """The folder of files, if the student also typed text."""
    return next((name for name in back if "_assignsubmission_file" in name), back[0])
