"""Folders, files and LMS archives to submissions; one student's bad file stops nobody else's."""

import os
import time
import zipfile
from pathlib import Path

import pytest

from report.errors import LabsharkError
from report.grading.intake.archives import id_pattern, open_submissions
from report.grading.intake.content import Role
from report.grading.intake.limits import MIB, ArchiveLimits
from report.grading.intake.roster import Person, Roster
from report.grading.intake.submission import Intake, Layout, Submission
from tests.grading.intake.builders import (
    KEYLOG,
    MARKDOWN,
    PCAP,
    PCAPNG,
    PNG,
    make_raw_zip,
    make_tree,
    make_zip,
    measured,
)

IMPORTS = """
import tempfile
from report.errors import LabsharkError
from report.grading.intake.archives import open_submissions
"""
BODY = """
with tempfile.TemporaryDirectory() as spool:
    try:
        for one in open_submissions(path, Path(spool)).submissions:
            said.append([one.key, [f.name for f in one.files], [p.slug for p in one.problems]])
    except LabsharkError as error: said.append(error.slug)
"""


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


def from_zip(tmp_path: Path, spool: Path, files: dict[str, bytes]) -> Intake:
    return open_submissions(make_zip(tmp_path / "class.zip", files), spool)


def by_key(intake: Intake) -> dict[str, Submission]:
    return {submission.key: submission for submission in intake.submissions}


def slugs(submission: Submission) -> list[str]:
    return [problem.slug for problem in submission.problems]


# ---- Canvas: {name}[_LATE]_{user}_{attachment}_{file} -------------------------------------------


def test_canvas(tmp_path: Path, spool: Path) -> None:
    intake = from_zip(
        tmp_path,
        spool,
        {
            "zhangsan_101_9001_report.md": MARKDOWN,
            "zhangsan_101_9002_mine.pcapng": PCAPNG,
            "王小明_LATE_102_9003_报告 v2.md": MARKDOWN,
            "oconnor_103_text.html": b"<html><body>1. 17</body></html>",
            "de_la_cruz_104_9005_a_b_c.md": MARKDOWN,
        },
    )
    assert intake.layout is Layout.CANVAS
    found = by_key(intake)
    assert found.keys() == {"101", "102", "103", "104"}
    assert found["101"].name == "zhangsan"
    assert [f.name for f in found["101"].files] == ["report.md", "mine.pcapng"]
    assert [f.role for f in found["101"].files] == [Role.WRITEUP, Role.CAPTURE]
    assert found["101"].lms.back == (
        "zhangsan_101_9001_report.md",
        "zhangsan_101_9002_mine.pcapng",
    )
    assert found["102"].late
    assert found["102"].name == "王小明"
    assert found["104"].name == "de_la_cruz"
    assert [f.name for f in found["104"].files] == ["a_b_c.md"]
    assert not found["101"].late


def test_canvas_anonymous(tmp_path: Path, spool: Path) -> None:
    intake = from_zip(
        tmp_path,
        spool,
        {"anon_aB3xY_9001_r.md": MARKDOWN, "LATE_anon_Zz9q1_9002_r.md": MARKDOWN},
    )
    assert intake.layout is Layout.CANVAS
    assert {(s.key, s.name, s.late) for s in intake.submissions} == {
        ("aB3xY", None, False),
        ("Zz9q1", None, True),
    }


def test_a_class_that_writes_name_id_class_title_is_not_taken_for_canvas(
    tmp_path: Path, spool: Path
) -> None:
    intake = from_zip(
        tmp_path, spool, {"张三_20240001_2_报告.md": MARKDOWN, "李四_20240002_2_报告.md": MARKDOWN}
    )
    assert intake.layout is Layout.NAMES
    assert [(s.id, s.name) for s in intake.submissions] == [
        ("20240001", "张三"),
        ("20240002", "李四"),
    ]


# ---- Moodle -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["", "_"])
def test_moodle_folders_before_and_since_4_1(tmp_path: Path, spool: Path, ending: str) -> None:
    folder = f"San Zhang_12_assignsubmission_file{ending}"
    intake = from_zip(
        tmp_path,
        spool,
        {
            f"{folder}/report.md": MARKDOWN,
            f"{folder}/caps/mine.pcap": PCAP,
            f"王小明_13_assignsubmission_file{ending}/r.md": MARKDOWN,
        },
    )
    assert intake.layout is Layout.MOODLE
    found = by_key(intake)
    assert found["12"].name == "San Zhang"
    assert [f.name for f in found["12"].files] == ["report.md", "caps/mine.pcap"]
    assert found["12"].lms.back == (folder,)
    assert found["13"].name == "王小明"


def test_moodle_flat(tmp_path: Path, spool: Path) -> None:
    intake = from_zip(
        tmp_path,
        spool,
        {
            "San Zhang_12_assignsubmission_file_my_report.md": MARKDOWN,
            "Si Li_13_assignsubmission_file_r.md": MARKDOWN,
        },
    )
    assert intake.layout is Layout.MOODLE_FLAT
    found = by_key(intake)
    assert [f.name for f in found["12"].files] == ["my_report.md"]
    assert found["12"].lms.back == ("San Zhang_12_assignsubmission_file_",)


@pytest.mark.parametrize("word", ["Participant", "参与人", "Teilnehmer/in".replace("/", "")])
def test_moodle_blind_has_numbers_and_no_names(tmp_path: Path, spool: Path, word: str) -> None:
    files = {f"{word}_{n}_assignsubmission_file/r.md": MARKDOWN for n in (31, 32)}
    intake = from_zip(tmp_path, spool, files)
    assert [(s.id, s.name) for s in intake.submissions] == [("31", None), ("32", None)]


def test_moodle_typed_text_and_files_are_one_submission(tmp_path: Path, spool: Path) -> None:
    intake = from_zip(
        tmp_path,
        spool,
        {
            "Si Li_13_assignsubmission_onlinetext/onlinetext.html": b"<p>1. 17</p>",
            "Si Li_13_assignsubmission_file/mine.pcap": PCAP,
        },
    )
    (only,) = intake.submissions
    assert {f.role for f in only.files} == {Role.WRITEUP, Role.CAPTURE}


# ---- Blackboard ---------------------------------------------------------------------------------

MANIFEST = b"""Name: San Zhang (zs_123)
Assignment: Lab 1
Date Submitted: Friday, 20 November 2026 10:11:12 o'clock CST
Current Grade: Not Graded Yet

Submission Field:
There is no student submission text data for this assignment.

Comments:
There are no student comments for this assignment.

Files:
\tOriginal filename: report.md
\tFilename: Lab 1_zs_123_attempt_2026-11-20-10-11-12_report.md
"""


def test_blackboard(tmp_path: Path, spool: Path) -> None:
    intake = from_zip(
        tmp_path,
        spool,
        {
            "Lab 1_zs_123_attempt_2026-11-20-10-11-12.txt": MANIFEST,
            "Lab 1_zs_123_attempt_2026-11-20-10-11-12_report.md": MARKDOWN,
            "Lab 1_lisi_attempt_2026-11-20-10-11-12_a.md": MARKDOWN,
            "Lab 1_lisi_attempt_2026-11-21-08-00-00_b.md": MARKDOWN,
        },
    )
    assert intake.layout is Layout.BLACKBOARD
    found = by_key(intake)
    assert found.keys() == {"zs_123", "lisi"}
    assert found["zs_123"].name == "San Zhang"
    assert [f.name for f in found["zs_123"].of_role(Role.WRITEUP)] == ["report.md"]
    assert [f.name for f in found["lisi"].files] == ["b.md"]
    assert slugs(found["lisi"]) == ["attempts"]


def test_what_a_student_typed_into_blackboard_is_a_writeup(tmp_path: Path, spool: Path) -> None:
    typed = MANIFEST.replace(
        b"There is no student submission text data for this assignment.", b"1. 17"
    )
    name = "Lab 1_zs_123_attempt_2026-11-20-10-11-12.txt"
    (only,) = from_zip(tmp_path, spool, {name: typed}).submissions
    assert [f.role for f in only.files] == [Role.WRITEUP]


# ---- folders and names --------------------------------------------------------------------------


def test_a_folder_per_student_however_it_is_called(tmp_path: Path, spool: Path) -> None:
    root = make_tree(
        tmp_path / "作业一",
        {
            "20240001张三/报告.md": MARKDOWN,
            "20240001张三/mine.pcapng": PCAPNG,
            "李四-20240002-实验报告/a/b/r.md": MARKDOWN,
            "王五/20240003.md": MARKDOWN,
            "alice/report.md": MARKDOWN,
        },
    )
    intake = open_submissions(root, spool)
    assert intake.layout is Layout.FOLDERS
    assert {(s.id, s.name) for s in intake.submissions} == {
        ("20240001", "张三"),
        ("20240002", "李四"),
        ("20240003", "王五"),
        (None, "alice"),
    }


def test_class_folders_around_the_students(tmp_path: Path, spool: Path) -> None:
    root = make_tree(
        tmp_path / "all",
        {
            "计科202401班/20240001张三.md": MARKDOWN,
            "计科202401班/20240002李四.md": MARKDOWN,
            "计科202402班/20240003王五/r.md": MARKDOWN,
            "计科202402班/20240004赵六/r.md": MARKDOWN,
        },
    )
    ids = {s.id for s in open_submissions(root, spool).submissions}
    assert ids == {"20240001", "20240002", "20240003", "20240004"}


@pytest.mark.parametrize(
    "name",
    [
        "20240017王小明.md",
        "20240017_王小明_实验报告.md",
        "王小明-20240017-TLS实验.md",
        "计科2班王小明20240017（最终版）.md",
        "实验三 学号20240017 姓名王小明.md",
        "２０２４００１７　王小明.md",
        "网络工程+20240017+王小明+Wireshark.md",
    ],
)
def test_id_and_name_in_the_usual_disorder(tmp_path: Path, spool: Path, name: str) -> None:
    root = make_tree(tmp_path / "x", {name: MARKDOWN, "20249999李四.md": MARKDOWN})
    intake = open_submissions(root, spool)
    assert ("20240017", "王小明") in {(s.id, s.name) for s in intake.submissions}


def test_files_of_one_student_under_id_and_name(tmp_path: Path, spool: Path) -> None:
    root = make_tree(
        tmp_path / "x",
        {
            "20240001张三.md": MARKDOWN,
            "张三.pcapng": PCAPNG,
            "20240001.log": KEYLOG,
            "20240002李四.md": MARKDOWN,
        },
    )
    found = {s.id: s for s in open_submissions(root, spool).submissions}
    roles = {f.role for f in found["20240001"].files}
    assert roles == {Role.WRITEUP, Role.CAPTURE, Role.KEYLOG}


def test_with_a_roster_names_alone_are_enough(tmp_path: Path, spool: Path) -> None:
    roster = Roster((Person("A1", "欧阳小明"), Person("A2", "Maria Garcia")))
    root = make_tree(
        tmp_path / "x",
        {"作业欧阳小明.md": MARKDOWN, "garcia, maria lab.md": MARKDOWN, "maria_garcia.pcap": PCAP},
    )
    found = {s.id: s for s in open_submissions(root, spool, roster=roster).submissions}
    assert found.keys() == {"A1", "A2"}
    assert len(found["A2"].files) == 2


def test_one_students_folder_under_any_names(tmp_path: Path, spool: Path) -> None:
    root = make_tree(
        tmp_path / "20240017王小明",
        {"report.md": MARKDOWN, "mine.pcapng": PCAPNG, "Figure/1.png": PNG, "keys.txt": KEYLOG},
    )
    (only,) = open_submissions(root, spool).submissions
    assert (only.id, only.name) == ("20240017", "王小明")
    assert [f.role for f in only.files] == [
        Role.KEYLOG,
        Role.CAPTURE,
        Role.WRITEUP,
        Role.PICTURE,
    ]


def test_numbered_write_ups_are_different_students(tmp_path: Path, spool: Path) -> None:
    """And a language in a name is no name; what lies beside them is nobody's."""
    names = ("00-zh.md", "01-zh.md", "03-en.md", "03.pcapng", "README.md", "marks.tsv")
    files = {name: PCAPNG if name.endswith("ng") else MARKDOWN for name in names}
    intake = open_submissions(make_tree(tmp_path / "class", files), spool)
    assert {key: [f.name for f in one.files] for key, one in by_key(intake).items()} == {
        "00": ["00-zh.md"],
        "01": ["01-zh.md"],
        "03": ["03-en.md", "03.pcapng"],
    }
    assert {p.file for p in intake.problems} >= {"README.md", "marks.tsv"}


def test_one_report_in_two_languages_is_one_students(tmp_path: Path, spool: Path) -> None:
    files = {"report-zh.md": MARKDOWN, "report-en.md": MARKDOWN, "capture.pcapng": PCAPNG}
    (one,) = open_submissions(make_tree(tmp_path / "mine", files), spool).submissions
    assert len(one.files) == 3


def test_a_single_file(tmp_path: Path, spool: Path) -> None:
    path = tmp_path / "20240017王小明.md"
    path.write_bytes(MARKDOWN)
    (only,) = open_submissions(path, spool).submissions
    assert only.id == "20240017"
    assert only.files[0].path == path


def test_what_belongs_to_nobody_is_said(tmp_path: Path, spool: Path) -> None:
    root = make_tree(
        tmp_path / "x", {"20240001张三.md": MARKDOWN, "20240002李四.md": MARKDOWN, "说明.md": b"hi"}
    )
    intake = open_submissions(root, spool)
    assert [(p.slug, p.file) for p in intake.problems] == [("files-unassigned", "说明.md")]


def test_two_submissions_of_one_id_are_both_kept_and_said(tmp_path: Path, spool: Path) -> None:
    root = make_tree(
        tmp_path / "x", {"20240001张三/a.md": MARKDOWN, "20240001张三(1)/a.md": MARKDOWN}
    )
    intake = open_submissions(root, spool)
    assert len(intake.submissions) == 2
    assert all(slugs(s) == ["same-id"] for s in intake.submissions)


# ---- what is in it ------------------------------------------------------------------------------


def test_roles_come_from_content_and_not_from_endings(tmp_path: Path, spool: Path) -> None:
    root = make_tree(
        tmp_path / "20240001张三",
        {
            "a.txt": PCAPNG,
            "b.docx": MARKDOWN,
            "c.pcapng": KEYLOG,
            "d.md": PNG,
            "e.json": b'{"format": 1, "labshark": "0.1.0", "answers": []}',
        },
    )
    (only,) = open_submissions(root, spool).submissions
    assert {f.name: f.role for f in only.files} == {
        "a.txt": Role.CAPTURE,
        "b.docx": Role.WRITEUP,
        "c.pcapng": Role.KEYLOG,
        "d.md": Role.PICTURE,
        "e.json": Role.ANSWERS,
    }


def test_program_code_is_a_writeup_only_where_there_is_no_other(
    tmp_path: Path, spool: Path
) -> None:
    root = make_tree(
        tmp_path / "x",
        {
            "20240001/a.py": b"# 1. 17\n",
            "20240002/a.py": b"import os\n",
            "20240002/report.md": MARKDOWN,
        },
    )
    found = {s.id: s for s in open_submissions(root, spool).submissions}
    assert [f.name for f in found["20240001"].of_role(Role.WRITEUP)] == ["a.py"]
    assert [f.name for f in found["20240002"].of_role(Role.WRITEUP)] == ["report.md"]


def test_a_students_own_zip_is_opened_and_one_inside_it_is_not(tmp_path: Path, spool: Path) -> None:
    inner = make_zip(tmp_path / "inner.zip", {"deep.md": MARKDOWN}).read_bytes()
    own = make_zip(
        tmp_path / "own.zip", {"报告/r.md": MARKDOWN, "mine.pcap": PCAP, "more.zip": inner}
    ).read_bytes()
    intake = from_zip(tmp_path, spool, {"20240001张三.zip": own, "20240002李四.md": MARKDOWN})
    found = {s.id: s for s in intake.submissions}
    assert [f.role for f in found["20240001"].files] == [Role.WRITEUP, Role.CAPTURE]
    assert slugs(found["20240001"]) == ["nested-archive"]
    assert found["20240001"].files[0].origin == "20240001张三.zip/报告/r.md"


def test_a_class_packed_twice_is_the_class(tmp_path: Path, spool: Path) -> None:
    inner = make_zip(
        tmp_path / "inner.zip", {"20240001张三.md": MARKDOWN, "20240002李四.md": MARKDOWN}
    ).read_bytes()
    intake = from_zip(tmp_path, spool, {"作业.zip": inner})
    assert {s.id for s in intake.submissions} == {"20240001", "20240002"}


@pytest.mark.parametrize(
    ("magic", "kind"), [(b"Rar!\x1a\x07\x01\0", "RAR"), (b"7z\xbc\xaf\x27\x1c\0\x04", "7z")]
)
def test_a_students_rar_is_said_and_an_instructors_refused(
    tmp_path: Path, spool: Path, magic: bytes, kind: str
) -> None:
    intake = from_zip(tmp_path, spool, {"20240001张三/a.rar": magic, "20240002李四/r.md": MARKDOWN})
    found = {s.id: s for s in intake.submissions}
    assert slugs(found["20240001"]) == ["archive-kind"]
    assert kind in found["20240001"].problems[0].text.zh
    path = tmp_path / "class.rar"
    path.write_bytes(magic)
    with pytest.raises(LabsharkError) as refused:
        open_submissions(path, spool)
    assert refused.value.slug == "submissions-archive-kind"


def test_an_old_word_file_is_said(tmp_path: Path, spool: Path) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    intake = from_zip(tmp_path, spool, {"20240001张三/a.doc": ole, "20240002李四/r.md": MARKDOWN})
    assert slugs({s.id: s for s in intake.submissions}["20240001"]) == ["document-kind"]


def test_names_that_stand_twice_are_kept_and_said(tmp_path: Path, spool: Path) -> None:
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("20240001张三/r.md", "1. 17")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("20240001张三/r.md", "1. 28")
    (only,) = open_submissions(path, spool).submissions
    assert len(only.files) == 2
    assert {f.path.read_bytes() for f in only.files} == {b"1. 17", b"1. 28"}
    assert slugs(only) == ["file-duplicate"]


def test_names_in_gbk_without_the_flag(tmp_path: Path, spool: Path) -> None:
    names = {
        "20240001张三/报告.md".encode("gbk"): MARKDOWN,
        "20240002李四/a.md".encode("gbk"): b"x",
    }
    intake = open_submissions(make_raw_zip(tmp_path / "class.zip", names), spool)
    assert {(s.id, s.name) for s in intake.submissions} == {
        ("20240001", "张三"),
        ("20240002", "李四"),
    }


# ---- hostile ------------------------------------------------------------------------------------


def test_nothing_is_written_under_a_members_name(tmp_path: Path, spool: Path) -> None:
    files = {
        "20240001张三/../../../evil.md": b"x",
        "/etc/cron.d/20240002李四.md": MARKDOWN,
        "20240003王五/CON": MARKDOWN,
        "20240003王五/" + "x" * 300 + ".md": MARKDOWN,
        "20240003王五/a\nb.md": MARKDOWN,
    }
    before = {p for p in tmp_path.rglob("*")}
    from_zip(tmp_path, spool, files)
    new = {p for p in tmp_path.rglob("*")} - before - {tmp_path / "class.zip"}
    assert all(p.is_relative_to(spool) for p in new)
    written = [p for p in new if p.is_file()]
    assert len(written) == 4
    assert all(len(p.name.encode()) < 144 for p in written)
    assert all(p.parent.parent == spool for p in written)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_in_a_folder_are_not_followed(tmp_path: Path, spool: Path) -> None:
    root = make_tree(tmp_path / "x", {"20240001张三/r.md": MARKDOWN, "20240002李四/a.md": b"x"})
    (root / "20240001张三" / "passwd.md").symlink_to("/etc/passwd")
    (root / "20240001张三" / "all").symlink_to("/etc")
    os.mkfifo(root / "20240001张三" / "pipe.md")
    found = {s.id: s for s in open_submissions(root, spool).submissions}
    assert [f.name for f in found["20240001"].files] == ["r.md"]
    assert sorted(slugs(found["20240001"])) == ["file-link", "file-link", "file-special"]


def test_a_student_whose_only_file_is_a_bomb_is_still_there(tmp_path: Path) -> None:
    path = make_zip(
        tmp_path / "class.zip",
        {"20240001张三/bomb.md": bytes(300 * MIB), "20240002李四/r.md": MARKDOWN},
    )
    outcome = measured(IMPORTS, BODY, path)
    assert outcome.said == [
        ["20240001张三", [], ["file-bomb"]],
        ["20240002李四", ["r.md"], []],
    ]
    assert outcome.seconds < 2
    assert outcome.rss_mib < 300


def test_a_students_zip_full_of_bombs_stops_only_that_student(tmp_path: Path) -> None:
    bomb = make_zip(tmp_path / "b.zip", {f"{n}.md": bytes(300 * MIB) for n in range(2)})
    many = make_raw_zip(tmp_path / "m.zip", {f"{n:05d}".encode(): b"" for n in range(5000)})
    path = make_zip(
        tmp_path / "class.zip",
        {
            "20240001张三.zip": bomb.read_bytes(),
            "20240002李四.zip": many.read_bytes(),
            "20240003王五.md": MARKDOWN,
        },
    )
    outcome = measured(IMPORTS, BODY, path)
    assert outcome.said == [
        ["20240001", [], ["file-bomb", "file-bomb"]],
        ["20240002", [], ["nested-refused"]],
        ["20240003", ["20240003王五.md"], []],
    ]
    assert outcome.seconds < 2
    assert outcome.rss_mib < 300


def test_more_than_the_disk_or_the_limit_holds_is_refused(tmp_path: Path, spool: Path) -> None:
    path = make_zip(tmp_path / "class.zip", {"20240001张三/r.md": os.urandom(5000)})
    with pytest.raises(LabsharkError) as refused:
        open_submissions(path, spool, limits=ArchiveLimits(total_bytes=4000))
    assert refused.value.slug == "submissions-too-large"


def test_a_thousand_students_with_three_files_each(tmp_path: Path, spool: Path) -> None:
    files = {}
    for number in range(1000):
        stem = f"name{chr(97 + number % 26)}_{1000 + number}_{{}}_"
        files[stem.format(9000 + 3 * number) + "report.md"] = MARKDOWN
        files[stem.format(9001 + 3 * number) + "mine.pcapng"] = PCAPNG + os.urandom(200)
        files[stem.format(9002 + 3 * number) + "keys.log"] = KEYLOG
    path = make_zip(tmp_path / "class.zip", files)
    started = time.monotonic()
    intake = open_submissions(path, spool)
    assert time.monotonic() - started < 20
    assert len(intake.submissions) == 1000
    assert all(len(s.files) == 3 and not s.problems for s in intake.submissions)


@pytest.mark.parametrize(
    ("content", "slug"),
    [(b"PK\x03\x04" + bytes(50), "submissions-damaged"), (None, "submissions-missing")],
)
def test_what_cannot_be_opened_at_all(
    tmp_path: Path, spool: Path, content: bytes | None, slug: str
) -> None:
    path = tmp_path / "class.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LabsharkError) as refused:
        open_submissions(path, spool)
    assert refused.value.slug == slug


def test_an_empty_folder(tmp_path: Path, spool: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(LabsharkError) as refused:
        open_submissions(tmp_path / "x", spool)
    assert refused.value.slug == "submissions-empty"


# ---- --id-pattern -------------------------------------------------------------------------------


def test_an_instructors_own_pattern(tmp_path: Path, spool: Path) -> None:
    root = make_tree(
        tmp_path / "x",
        {
            "lab3=s77=report.md": MARKDOWN,
            "lab3=s77=cap.pcap": PCAP,
            "lab3=s78=r.md": MARKDOWN,
            "x.md": b"?",
        },
    )
    pattern = id_pattern(r"lab\d=(?P<id>s\d+)=(?P<file>.+)")
    intake = open_submissions(root, spool, pattern=pattern)
    assert intake.layout is Layout.PATTERN
    found = by_key(intake)
    assert [f.name for f in found["s77"].files] == ["cap.pcap", "report.md"]
    assert found.keys() == {"s77", "s78"}
    assert [p.slug for p in intake.problems] == ["pattern-no-match"]


@pytest.mark.parametrize("given", ["(?P<id>", r"\d+", "(?P<id>.)(?P<colour>.)", "(?P<file>.+)"])
def test_a_pattern_that_cannot_serve_is_refused(given: str) -> None:
    with pytest.raises(LabsharkError) as refused:
        id_pattern(given)
    assert refused.value.slug == "id-pattern-invalid"


def test_a_pattern_that_takes_exponential_time_is_stopped(tmp_path: Path, spool: Path) -> None:
    root = make_tree(tmp_path / "x", {"a" * 60 + "!.md": MARKDOWN})
    started = time.monotonic()
    with pytest.raises(LabsharkError) as refused:
        open_submissions(root, spool, pattern=id_pattern(r"^(?P<id>(a+)+)$"))
    assert refused.value.slug == "id-pattern-too-slow"
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("given", ["canvas", "moodle", "blackboard", "cn"])
def test_presets_are_their_names(given: str) -> None:
    assert id_pattern(given) == given


def test_the_preset_cn_reads_ids_where_canvas_would_be_found(tmp_path: Path, spool: Path) -> None:
    root = make_tree(
        tmp_path / "x", {"张三_20240001_7_报告.md": MARKDOWN, "李四_20240002_8_a.md": b"x"}
    )
    assert open_submissions(root, spool).layout is Layout.CANVAS
    assert open_submissions(root, spool, pattern="cn").layout is Layout.NAMES
