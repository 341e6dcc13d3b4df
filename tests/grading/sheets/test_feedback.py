"""Feedback zips: each platform's own code, told here in short, finds the student again."""

import io
import zipfile
from pathlib import Path

import pytest

from report.grading.intake.archives import open_submissions
from report.grading.intake.submission import Submission
from report.grading.sheets.feedback import Feedback, FeedbackArchive, feedback_archive
from tests.grading.intake.builders import MARKDOWN, PCAPNG, make_tree, make_zip

FILES = {"feedback.html": b"<p>", "feedback.pdf": b"%PDF-"}


def submissions(tmp_path: Path, files: dict[str, bytes]) -> tuple[Submission, ...]:
    spool = tmp_path / "spool"
    spool.mkdir()
    return open_submissions(make_zip(tmp_path / "class.zip", files), spool).submissions


def packed(handed_in: tuple[Submission, ...]) -> tuple[FeedbackArchive, dict[str, bytes]]:
    target = io.BytesIO()
    said = feedback_archive([Feedback(s, FILES) for s in handed_in], target)
    with zipfile.ZipFile(target) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    assert list(found) == list(said.names)
    return said, found


def canvas_finds(name: str) -> tuple[str, str]:
    """User and attachment: the first two parts that are digits alone (`grep(/^\\d+$/).take(2)`)."""
    user, attachment = [part for part in name.split("_") if part.isdigit()][:2]
    return user, attachment


def moodle_finds(name: str) -> tuple[str, str] | None:
    """Participant and file: any part of the path like `name_id_type_plugin[_…]`."""
    parts = name.split("/")
    if parts[-1].startswith((".", "~")):
        return None
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) >= 4 and info[1].isdigit():
            rest = info[4] if len(info) > 4 else ""
            return info[1], "/".join([rest, *parts])
    return None


def test_canvas_takes_every_file_back(tmp_path: Path) -> None:
    handed_in = submissions(
        tmp_path,
        {
            "zhangsan_101_9001_report.pdf": b"%PDF-1.7\n",
            "zhangsan_101_9002_mine.pcapng": PCAPNG,
            "王小明_LATE_102_9003_报告.md": MARKDOWN,
            "wangwu_103_text.html": b"<html><body>17</body></html>",
        },
    )
    said, found = packed(handed_in)
    assert list(found) == [
        "zhangsan_101_9001_report.html",
        "zhangsan_101_9001_report.pdf",
        "王小明_LATE_102_9003_报告.html",
        "王小明_LATE_102_9003_报告.pdf",
    ]
    assert [canvas_finds(name) for name in found] == [("101", "9001")] * 2 + [("102", "9003")] * 2
    assert [key for key, _ in said.skipped] == ["103"]
    assert len(said.notes) == 1


@pytest.mark.parametrize("ending", ["", "_"])
def test_moodle_folders_take_every_file_back(tmp_path: Path, ending: str) -> None:
    folders = [
        f"San Zhang_12_assignsubmission_file{ending}",
        f"李四_13_assignsubmission_file{ending}",
    ]
    handed_in = submissions(tmp_path, {f"{folder}/r.md": MARKDOWN for folder in folders})
    _, found = packed(handed_in)
    assert list(found) == [f"{folder}/{name}" for folder in folders for name in FILES]
    assert [moodle_finds(name) for name in found] == [
        (number, f"/{name}") for number in ("12", "13") for name in FILES
    ]


def test_moodle_flat_takes_every_file_back(tmp_path: Path) -> None:
    prefix = "San Zhang_12_assignsubmission_file_"
    _, found = packed(submissions(tmp_path, {f"{prefix}r.md": MARKDOWN}))
    assert [moodle_finds(name) for name in found] == [
        ("12", "feedback.html"),
        ("12", "feedback.pdf"),
    ]


def test_a_student_who_typed_and_uploaded_gets_it_once(tmp_path: Path) -> None:
    handed_in = submissions(
        tmp_path,
        {
            "Si Li_13_assignsubmission_onlinetext/onlinetext.html": b"<p>17</p>",
            "Si Li_13_assignsubmission_file/r.md": MARKDOWN,
        },
    )
    _, found = packed(handed_in)
    assert list(found) == [f"Si Li_13_assignsubmission_file/{name}" for name in FILES]


def test_a_folder_for_each_student_elsewhere(tmp_path: Path) -> None:
    root = make_tree(
        tmp_path / "x",
        {
            "20240001张三/r.md": MARKDOWN,
            "20240002李四/r.md": MARKDOWN,
            "20240002李四 (1)/r.md": MARKDOWN,
        },
    )
    spool = tmp_path / "spool"
    spool.mkdir()
    _, found = packed(open_submissions(root, spool).submissions)
    folders = {name.split("/")[0] for name in found}
    assert folders == {"20240001", "20240002李四", "20240002李四 (1)"}


def test_the_same_feedback_gives_the_same_bytes(tmp_path: Path) -> None:
    handed_in = submissions(tmp_path, {"a_1_2_r.md": MARKDOWN, "b_3_4_r.md": MARKDOWN})
    archives = []
    for order in (handed_in, handed_in[::-1]):
        target = io.BytesIO()
        feedback_archive([Feedback(s, FILES) for s in order], target)
        archives.append(target.getvalue())
    assert archives[0] == archives[1]
