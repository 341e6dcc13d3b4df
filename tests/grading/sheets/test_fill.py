"""Marks into the sheets of Canvas, Moodle, Blackboard and a registry; the rest stays as it was.

The shapes are those of the platforms' own exporters (gradebook_exporter.rb, gradingtable.php) and
of Blackboard's help; names and numbers are made up.
"""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from report.errors import LabsharkError
from report.grading.sheets.fill import fill
from report.grading.sheets.marks import FillResult, Mark, SheetKind, grade_text, number_in

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Lab 1: TLS (4711),Essay (4712),Current Score\r\n"
    "    Points Possible,,,,,24.00,10.00,(read only)\r\n"
    '"Zhang, San",101,S1,zs1,"CS, 1",,8.00,80.00\r\n'
    '"Li, Si",102,S2,ls2,"CS, 1",20.00,,\r\n'
    '"Wang, Wu",103,S3,ww3,"CS, 1",EX,,\r\n'
    '"Zhao, Liu",104,S4,zl4,"CS, 1",N/A,,\r\n'
    '"Sun, Qi",105,S5,sq5,"CS, 1",,,\r\n'
    '"Student, Test",999,,abcdef,"CS, 1",,,\r\n'
)
MOODLE_EN = (
    '\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum Grade",'
    '"Grade can be changed","Last modified (submission)","Online text","Last modified (grade)",'
    '"Feedback comments"\n'
    '"Participant 31","San Zhang",zs@example.edu,"Submitted for grading",,24.00,Yes,'
    '"Friday, 20 November 2026, 10:00 AM",,-,\n'
    '"Participant 32","Si Li",ls@example.edu,"Submitted for grading",20.00,24.00,Yes,'
    '"Friday, 20 November 2026, 10:01 AM","a, b",-,"Well done"\n'
    '"Participant 33","Wu Wang",ww@example.edu,"No submission",,24.00,No,-,,-,\n'
    '"Participant 34","Liu Zhao",zl@example.edu,"Submitted for grading",,24.00,Yes,-,,-,\n'
)
MOODLE_ZH = (
    "标识符,姓名,电子邮件地址,状态,成绩,最高分,允许更改成绩,上次修改（作业）,上次修改（评分）,反馈评论\n"
    "参与人31,张三,zs@example.edu,已提交,,24.00,是,-,-,\n"
    "参与人32,李四,ls@example.edu,已提交,20.00,24.00,是,-,-,很好\n"
)
MOODLE_DE = (
    "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,"
    "Bewertung kann geändert werden,Zuletzt geändert (Abgabe),Zuletzt geändert (Bewertung),"
    "Feedback als Kommentar\n"
    'Teilnehmer/in31,San Zhang,zs@example.edu,Abgegeben,,"24,00",Ja,-,-,\n'
    'Teilnehmer/in32,Si Li,ls@example.edu,Abgegeben,"20,50","24,00",Ja,-,-,Gut\n'
)
BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Last Access"\t"Availability"\t'
    '"Weighted Total [Total Pts: up to 100 Percentage] |1001"\t'
    '"Lab 1 [Total Pts: 24 Score] |1002"\t"Feedback to Learner"\t"Feedback Format"\n'
    '"Zhang"\t"San"\t"zs1"\t"0012"\t"2026-11-20 10:00:00"\t"Yes"\t""\t""\t""\t""\n'
    '"Li"\t"Si"\t"ls2"\t"0013"\t"2026-11-20 10:00:00"\t"Yes"\t"80"\t"Needs Grading"\t""\t""\n'
)


def written(tmp_path: Path, text: str, encoding: str = "utf-8", name: str = "sheet.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def mark(points: str | None, feedback: str = "", name: str = "", *others: str) -> Mark:
    return Mark(None if points is None else Decimal(points), feedback, name, others)


def rows_of(data: bytes, delimiter: str = ",", encoding: str = "utf-8-sig") -> list[list[str]]:
    text = data.decode(encoding)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def changed(before: bytes, result: FillResult, **how: str) -> dict[tuple[int, int], str]:
    """The cells that differ, by row and column from 1."""
    old, new = rows_of(before, **how), rows_of(result.data, **how)
    assert [len(row) for row in old] == [len(row) for row in new]
    return {
        (r, c): b
        for r, (first, second) in enumerate(zip(old, new, strict=True), 1)
        for c, (a, b) in enumerate(zip(first, second, strict=True), 1)
        if a != b
    }


def skips(result: FillResult) -> list[tuple[int, str]]:
    return [(skipped.row, skipped.reason.en) for skipped in result.skipped]


# ---- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "comma", "text"),
    [
        ("21.5", False, "21.5"),
        ("22.00", False, "22"),
        ("1234.5", False, "1234.5"),
        ("21.125", False, "21.13"),
        ("0", False, "0"),
        ("-0.001", False, "0"),
        ("100", False, "100"),
        ("21.5", True, "21,5"),
        ("1E+2", False, "100"),
    ],
)
def test_points_as_every_platform_reads_them(points: str, comma: bool, text: str) -> None:
    assert grade_text(Decimal(points), comma) == text


@pytest.mark.parametrize(
    ("cell", "value"),
    [("21.50", "21.5"), ("21,5", "21.5"), (" 3 ", "3"), ("-", None), ("EX", None), ("1.2.3", None)],
)
def test_numbers_in_cells(cell: str, value: str | None) -> None:
    assert number_in(cell) == (None if value is None else Decimal(value))


# ---- Canvas -------------------------------------------------------------------------------------


def test_canvas(tmp_path: Path) -> None:
    marks = {
        "S1": mark("21.5"),
        "102": mark("20"),
        "S3": mark("24"),
        "zl4": mark("1"),
        "S6": mark("7"),
        "x5": mark(None, "", "Qi Sun"),
    }
    result = fill(written(tmp_path, CANVAS), marks, column="Lab 1: TLS")
    assert result.kind is SheetKind.CANVAS
    assert result.column == "Lab 1: TLS (4711)"
    assert changed(CANVAS.encode(), result) == {(3, 6): "21.5"}
    assert skips(result) == [
        (4, "The grade is unchanged; Canvas would skip the row."),
        (5, "The student is excused (EX) in Canvas."),
        (6, "Canvas did not assign this to the student (N/A)."),
        (7, "The points await a person's decision."),
    ]
    assert [(key, reason.en) for key, reason in result.unplaced] == [
        ("S6", "The sheet has no row for this student.")
    ]
    assert (result.filled[0].id, result.filled[0].old, result.filled[0].new) == ("S1", "", "21.5")


def test_canvas_bytes_around_the_cell_stay(tmp_path: Path) -> None:
    result = fill(written(tmp_path, CANVAS), {"S1": mark("21.5")}, column="4711")
    assert result.data == CANVAS.replace('1",,8.00', '1",21.5,8.00').encode()


def test_canvas_with_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    text = (
        "\ufeffStudent;ID;SIS Login ID;Section;Lab 1 (4711)\n"
        "    Points Possible;;;;24,00\n"
        "Zhang, San;101;zs1;CS 1;\n"
        "Li, Si;102;ls2;CS 1;20,00\n"
    )
    result = fill(written(tmp_path, text), {"zs1": mark("21.5")})
    assert result.data == text.replace("zs1;CS 1;\n", "zs1;CS 1;21,5\n").encode()


def test_canvas_asks_which_of_several_columns(tmp_path: Path) -> None:
    path = written(tmp_path, CANVAS)
    with pytest.raises(LabsharkError) as refused:
        fill(path, {"S1": mark("1")})
    assert refused.value.slug == "sheet-column-unclear"
    assert "Lab 1: TLS (4711) | Essay (4712)" in str(refused.value)


@pytest.mark.parametrize(
    ("column", "slug"),
    [("Current Score", "sheet-column-read-only"), ("Lab 9", "sheet-no-column")],
)
def test_canvas_refuses_a_column_that_it_would_ignore(
    tmp_path: Path, column: str, slug: str
) -> None:
    with pytest.raises(LabsharkError) as refused:
        fill(written(tmp_path, CANVAS), {"S1": mark("1")}, column=column)
    assert refused.value.slug == slug


# ---- Moodle -------------------------------------------------------------------------------------


def test_moodle_in_english(tmp_path: Path) -> None:
    marks = {
        "31": mark("21.5", "Record <version>\n& hello"),
        "ls@example.edu": mark("20", "Better"),
        "33": mark("3"),
        "34": mark("25"),
    }
    result = fill(written(tmp_path, MOODLE_EN), marks)
    assert result.kind is SheetKind.MOODLE
    assert changed(MOODLE_EN.encode(), result) == {
        (2, 5): "21.5",
        (2, 11): "Record &lt;version&gt;<br>&amp; hello",
        (3, 11): "Better",
    }
    assert skips(result) == [
        (3, "The grade is unchanged; Moodle would skip the row."),
        (4, "This row's grade is locked; Moodle would skip it."),
        (5, "25 is above the maximum of 24.00; Moodle would skip the row."),
    ]
    assert any("after this sheet was downloaded" in note.en for note in result.notes)
    assert result.data.startswith(b"\xef\xbb\xbfIdentifier,")


def test_moodle_in_chinese(tmp_path: Path) -> None:
    marks = {"2024001": mark("21.5", "见第 4 题", "张三"), "32": mark("21")}
    result = fill(written(tmp_path, MOODLE_ZH), marks)
    assert result.kind is SheetKind.MOODLE
    assert changed(MOODLE_ZH.encode(), result) == {
        (2, 5): "21.5",
        (2, 10): "见第 4 题",
        (3, 5): "21",
    }
    assert skips(result) == []


def test_moodle_in_a_language_that_is_not_known(tmp_path: Path) -> None:
    """Found by its cells: participant numbers, a constant maximum, the grade before it."""
    result = fill(written(tmp_path, MOODLE_DE), {"31": mark("21.5")})
    assert result.kind is SheetKind.MOODLE
    assert result.column == "Bewertung"
    assert changed(MOODLE_DE.encode(), result) == {(2, 5): "21,5"}


def test_moodle_with_a_scale_is_refused(tmp_path: Path) -> None:
    text = "Identifier,Full name,Status,Grade,Scale\nParticipant 31,San,x,,Good\n"
    with pytest.raises(LabsharkError) as refused:
        fill(written(tmp_path, text), {"31": mark("1")})
    assert refused.value.slug == "sheet-scale"


# ---- Blackboard ---------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_blackboard_tab_separated(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, BLACKBOARD, encoding, "gc_lab.xls")
    result = fill(path, {"zs1": mark("21.5", "see\nq4"), "0013": mark("20")})
    assert result.kind is SheetKind.BLACKBOARD
    found = changed(path.read_bytes(), result, delimiter="\t", encoding=encoding)
    assert found == {(2, 8): "21.5", (2, 9): "see q4", (3, 8): "20"}
    assert result.data[:2] == path.read_bytes()[:2]


def test_blackboard_csv(tmp_path: Path) -> None:
    text = BLACKBOARD.replace("\t", ",")
    result = fill(written(tmp_path, text), {"zs1": mark("21.5")})
    assert changed(text.encode(), result) == {(2, 8): "21.5"}
    assert '"21.5"' in result.data.decode()


# ---- other tables -------------------------------------------------------------------------------

REGISTRY = (
    "2026 秋季学期成绩登记表,,,\r\n"
    "序号,学号,姓名,成绩\r\n"
    "1,0012,张三,\r\n"
    "2,0013,李四,60\r\n"
    "3,0014,王伟,\r\n"
    "4,0015,王伟,\r\n"
)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_a_registrys_csv(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, REGISTRY, encoding)
    marks = {"0012": mark("21.5"), "999": mark("20", "", "李四"), "998": mark("1", "", "王伟")}
    result = fill(path, marks)
    assert result.kind is SheetKind.TABLE
    expected = REGISTRY.replace("张三,", "张三,21.5").replace("李四,60", "李四,20")
    assert result.data == expected.encode(encoding)
    assert skips(result) == [
        (5, "There is no mark for this student."),
        (6, "There is no mark for this student."),
    ]
    assert [key for key, _ in result.unplaced] == ["998"]


def test_leading_zeros_tell_students_apart(tmp_path: Path) -> None:
    text = "学号,成绩\n0012,\n12,\n"
    result = fill(written(tmp_path, text), {"12": mark("1"), "0012": mark("2")})
    assert result.data == b"".join(["学号,成绩\n0012,2\n12,1\n".encode()])


def test_a_student_in_two_rows_is_said(tmp_path: Path) -> None:
    result = fill(written(tmp_path, "学号,成绩\n1,\n1,\n"), {"1": mark("5")})
    assert [(key, reason.en) for key, reason in result.unplaced] == [
        ("1", "Several rows of the sheet fit: 2, 3.")
    ]


def test_marks_that_share_an_id_are_left_to_a_person(tmp_path: Path) -> None:
    marks = {"a": mark("5", "", "", "zs1"), "b": mark("6", "", "", "zs1")}
    result = fill(written(tmp_path, "用户名,学号,成绩\nzs1,1,\n"), marks)
    assert skips(result) == [(2, "Several marks fit this row: a, b.")]


def test_feedback_that_is_a_formula_becomes_text(tmp_path: Path) -> None:
    text = "学号,成绩,评语\n1,,\n"
    result = fill(written(tmp_path, text), {"1": mark("5", "=cmd|'/C calc'!A0")})
    assert rows_of(result.data)[1] == ["1", "5", "'=cmd|'/C calc'!A0"]


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "just a line\n"])
def test_what_is_no_sheet_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(LabsharkError) as refused:
        fill(written(tmp_path, text), {"1": mark("1")})
    assert refused.value.slug == "sheet-unknown"


def test_an_old_xls_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "成绩.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(LabsharkError) as refused:
        fill(path, {"1": mark("1")})
    assert refused.value.slug == "table-old-excel"
    assert "xlsx" in refused.value.text.zh
