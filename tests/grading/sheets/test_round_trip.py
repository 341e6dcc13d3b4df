"""From each platform's archive to its own sheet: the sheet is the roster, and every mark lands."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from report.grading.intake.archives import open_submissions
from report.grading.intake.matching import match_roster
from report.grading.intake.roster import read_roster
from report.grading.sheets.fill import fill
from report.grading.sheets.marks import FillResult, Mark
from tests.grading.intake.builders import MARKDOWN, PCAPNG, make_zip

NAMES = [("Zhang", "San"), ("Li", "Si"), ("García", "María"), ("欧阳", "小明"), ("O'Connor", "Ann")]


def canvas(tmp_path: Path) -> tuple[Path, Path]:
    files: dict[str, bytes] = {}
    sheet = "Student,ID,SIS User ID,SIS Login ID,Section,Lab 1 (77)\r\n"
    sheet += "    Points Possible,,,,,24.00\r\n"
    for number, (family, given) in enumerate(NAMES):
        squeezed = "".join(filter(str.isalnum, f"{family}{given}".lower()))
        files[f"{squeezed}_{100 + number}_{9000 + number}_r.md"] = MARKDOWN
        files[f"{squeezed}_{100 + number}_{9500 + number}_c.pcapng"] = PCAPNG
        sheet += f'"{family}, {given}",{100 + number},S{number},login{number},CS,\r\n'
    return make_zip(tmp_path / "class.zip", files), written(tmp_path / "sheet.csv", sheet)


def moodle(tmp_path: Path, blind: bool = False) -> tuple[Path, Path]:
    files: dict[str, bytes] = {}
    who = "" if blind else "姓名,电子邮件地址,"
    after = "最高分,允许更改成绩,上次修改（作业）,上次修改（评分）,反馈评论"
    sheet = f"标识符,{who}状态,成绩,{after}\n"
    for number, (family, given) in enumerate(NAMES):
        shown = "参与人" if blind else f"{given} {family}"
        files[f"{shown}_{30 + number}_assignsubmission_file/r.md"] = MARKDOWN
        who = "" if blind else f"{given} {family},u{number}@example.edu,"
        sheet += f"参与人{30 + number},{who}已提交,,24.00,是,-,-,\n"
    return make_zip(tmp_path / "class.zip", files), written(tmp_path / "sheet.csv", sheet)


def moodle_blind(tmp_path: Path) -> tuple[Path, Path]:
    return moodle(tmp_path, blind=True)


def blackboard(tmp_path: Path) -> tuple[Path, Path]:
    files: dict[str, bytes] = {}
    sheet = (
        '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Lab 1 [Total Pts: 24 Score] |1002"\n'
    )
    for number, (family, given) in enumerate(NAMES):
        files[f"Lab 1_user_{number}_attempt_2026-11-20-10-11-1{number}_r.md"] = MARKDOWN
        sheet += f'"{family}"\t"{given}"\t"user_{number}"\t"00{number}"\t""\n'
    path = written(tmp_path / "sheet.xls", sheet, "utf-16")
    return make_zip(tmp_path / "class.zip", files), path


def registry(tmp_path: Path) -> tuple[Path, Path]:
    files: dict[str, bytes] = {}
    sheet = "成绩登记表,,\r\n学号,姓名,成绩\r\n"
    for number, (family, given) in enumerate(NAMES):
        files[f"作业/00{number}2024{family}{given}.md"] = MARKDOWN
        files[f"作业/00{number}2024.pcapng"] = PCAPNG
        name = f"{given} {family}" if family.isascii() else family + given
        sheet += f"00{number}2024,{name},\r\n"
    path = written(tmp_path / "sheet.csv", sheet, "gb18030" if sheet.isascii() else "utf-8-sig")
    return make_zip(tmp_path / "class.zip", files), path


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def rows_of(data: bytes, delimiter: str) -> list[list[str]]:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return list(csv.reader(io.StringIO(data.decode(encoding)), delimiter=delimiter))


@pytest.mark.parametrize("platform", [canvas, moodle, moodle_blind, blackboard, registry])
def test_every_student_gets_their_own_mark(tmp_path: Path, platform: object) -> None:
    assert callable(platform)
    archive, sheet = platform(tmp_path)
    spool = tmp_path / "spool"
    spool.mkdir()
    roster = read_roster(sheet)
    intake = open_submissions(archive, spool, roster=roster)
    assert len(intake.submissions) == len(NAMES)
    matching = match_roster(intake.submissions, roster)
    assert not matching.missing
    assert not matching.duplicates
    assert not matching.unmatched
    marks = {}
    for number, match in enumerate(matching.matches):
        assert match.person is not None
        points = Decimal(number) + Decimal("0.5")
        others = (match.submission.id or "", *match.person.others)
        marks[match.person.id] = Mark(points, "", match.person.name, others)
    result = fill(sheet, marks)
    assert not result.unplaced
    assert not result.skipped
    check_cells(sheet, result, marks)


def check_cells(sheet: Path, result: FillResult, marks: dict[str, Mark]) -> None:
    """Only the grade column changed, and each row's points are those of the row's student."""
    delimiter = "\t" if sheet.suffix == ".xls" else ","
    old, new = rows_of(sheet.read_bytes(), delimiter), rows_of(result.data, delimiter)
    header = next(row for row in old if result.column in row)
    column = header.index(result.column)
    for before, after in zip(old, new, strict=True):
        assert [*before[:column], *before[column + 1 :]] == [*after[:column], *after[column + 1 :]]
    assert sorted(Decimal(row.new) for row in result.filled) == sorted(
        mark.points for mark in marks.values() if mark.points is not None
    )
    for row in result.filled:
        assert Decimal(new[row.row - 1][column]) == marks[row.id].points
