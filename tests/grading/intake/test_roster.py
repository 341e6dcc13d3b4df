"""Rosters as registries, platforms and teachers write them, and submissions matched to them."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from report.errors import LabsharkError
from report.grading.intake.matching import Match, match_roster
from report.grading.intake.people import id_key, identity, name_keys
from report.grading.intake.roster import Person, Roster, read_roster
from report.grading.intake.submission import Layout, LmsPlace, Submission

SHEET = [
    ["计算机网络 2026 秋", "", ""],
    ["打印日期：2026-11-20", "", ""],
    ["序号", "学号", "姓名", "班级", "专业"],
    ["1", "020240001", "张三", "计科1班", "计算机"],
    ["2", "020240002", "欧阳小明", "计科1班", "计算机"],
    ["", "", "", "", ""],
    ["合计", "", "2", "", ""],
]


def as_csv(rows: list[list[str]], delimiter: str = ",") -> str:
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter).writerows(rows)
    return target.getvalue()


def as_xlsx(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def ids_and_names(roster: Roster) -> list[tuple[str, str]]:
    return [(p.id, p.name) for p in roster.people]


# ---- files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_chinese_csv_with_titles_above_the_header(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    path = written(tmp_path / "名单.csv", as_csv(SHEET, delimiter), encoding)
    roster = read_roster(path)
    assert ids_and_names(roster) == [("020240001", "张三"), ("020240002", "欧阳小明")]
    assert roster.people[0].class_name == "计科1班"
    assert roster.people[0].major == "计算机"


def test_an_xlsx_with_a_class_per_sheet_and_ids_of_every_type(tmp_path: Path) -> None:
    path = as_xlsx(
        tmp_path / "roster.xlsx",
        {
            "1班": [["成绩单"], ["学号", "姓名"], ["0012", "张三"], [20240002, "李四"]],
            "2班": [["姓名", "学号"], ["王五", 20240003.0], ["赵六", "２０２４０００４"]],
            "说明": [["这里没有名单"]],
        },
    )
    roster = read_roster(path)
    assert ids_and_names(roster) == [
        ("0012", "张三"),
        ("20240002", "李四"),
        ("20240003", "王五"),
        ("20240004", "赵六"),
    ]
    assert [p.class_name for p in roster.people] == ["1班", "1班", "2班", "2班"]


def test_zeros_that_only_the_number_format_shows(tmp_path: Path) -> None:
    path = as_xlsx(tmp_path / "r.xlsx", {"a": [["学号", "姓名"], [1234, "张三"]]})
    book = openpyxl.load_workbook(path)
    book["a"]["A2"].number_format = "00000000"
    book.save(path)
    assert read_roster(path).people[0].id == "00001234"


def test_an_id_that_excel_rounded_is_said(tmp_path: Path) -> None:
    rows: list[list[object]] = [["学号", "姓名"], [202400000000012000, "张三"]]
    roster = read_roster(as_xlsx(tmp_path / "r.xlsx", {"a": rows}))
    assert [p.slug for p in roster.problems] == ["roster-id-rounded"]


def test_canvas_gradebook_as_a_roster(tmp_path: Path) -> None:
    text = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Lab 1 (55)\n"
        "    Points Possible,,,,,24\n"
        '"Zhang, San",101,S20240001,zs1,CS 1,\n'
        '"Student, Test",999,,abc,CS 1,\n'
    )
    (person,) = read_roster(written(tmp_path / "g.csv", text)).people
    assert person.id == "S20240001"
    assert {"101", "zs1"} <= set(person.others)


def test_moodle_worksheet_as_a_roster(tmp_path: Path) -> None:
    text = (
        "标识符,姓名,邮箱,状态,成绩,最高分\n"
        "参与人31,张三,zs@example.edu,已提交,,24.00\n"
        "参与人32,李四,ls@example.edu,已提交,,24.00\n"
    )
    roster = read_roster(written(tmp_path / "g.csv", text))
    assert [p.name for p in roster.with_id("31")] == ["张三"]
    assert [p.name for p in roster.with_id("ls@example.edu")] == ["李四"]


def test_first_and_last_name_in_two_columns(tmp_path: Path) -> None:
    text = "Last Name,First Name,Username,Student ID\nGarcía,María,mg7,0042\n"
    (person,) = read_roster(written(tmp_path / "g.csv", text)).people
    assert (person.id, person.name) == ("0042", "María García")
    assert "mg7" in person.others


def test_an_excel_text_trick_and_an_apostrophe(tmp_path: Path) -> None:
    text = '学号,姓名\n"=""0012""",张三\n\'0013,李四\n20240003\t,王五\n'
    roster = read_roster(written(tmp_path / "g.csv", text))
    assert [p.id for p in roster.people] == ["0012", "0013", "20240003"]


def test_html_that_calls_itself_xls(tmp_path: Path) -> None:
    rows = "<tr><th>学号</th><th>姓名</th></tr><tr><td>0012</td><td>张三</td></tr>"
    page = f"<html><table>{rows}</table>"
    roster = read_roster(written(tmp_path / "名单.xls", page, "gbk"))
    assert ids_and_names(roster) == [("0012", "张三")]


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "table-old-excel"),
        (b"a,b\n1,2\n", "roster-no-header"),
        (bytes(range(256)) * 4, "table-unreadable"),
        (b"PK\x03\x04" + bytes(100), "table-unreadable"),
    ],
)
def test_what_is_no_roster_is_refused(tmp_path: Path, content: bytes, slug: str) -> None:
    path = tmp_path / "r.xls"
    path.write_bytes(content)
    with pytest.raises(LabsharkError) as refused:
        read_roster(path)
    assert refused.value.slug == slug


def test_a_missing_roster(tmp_path: Path) -> None:
    with pytest.raises(LabsharkError) as refused:
        read_roster(tmp_path / "none.csv")
    assert refused.value.slug == "table-missing"


def test_duplicate_ids_and_names_are_said(tmp_path: Path) -> None:
    text = "学号,姓名\n1001,张三\n1001,李四\n1002,王伟\n1003,王伟\n,赵六\n"
    roster = read_roster(written(tmp_path / "g.csv", text))
    assert sorted(p.slug for p in roster.problems) == [
        "roster-duplicate-id",
        "roster-no-id",
        "roster-same-name",
    ]


# ---- ids and names ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"), [("0012 ", "００１２"), ("u2024a", "U2024A"), ("2024 001", "2024001")]
)
def test_spellings_of_one_id(first: str, second: str) -> None:
    assert id_key(first) == id_key(second)


def test_leading_zeros_are_part_of_an_id() -> None:
    assert id_key("0012") != id_key("12")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Zhang, San", "San Zhang"),
        ("San Zhang", "zhangsan"),
        ("欧阳 小明", "欧阳小明"),
        ("Ｍａｒｉａ Garcia", "maria garcia"),
        ("Jean-Luc Picard", "Picard, Jean-Luc"),
        ("阿依古丽·买买提", "阿依古丽•买买提"),
    ],
)
def test_spellings_of_one_name(first: str, second: str) -> None:
    assert name_keys(first) & name_keys(second)


def test_different_names_share_no_key() -> None:
    assert not name_keys("San Zhang") & name_keys("San Li")
    assert not name_keys("张三") & name_keys("张三丰")


@pytest.mark.parametrize(
    ("label", "student_id", "name"),
    [
        ("李四实验三.docx", None, "李四"),
        ("20251120_20240017_张三.md", "20240017", "张三"),
        ("U202012345-陈晨-lab", "U202012345", "陈晨"),
        ("report final (2).pdf", None, None),
        ("maria garcia tls lab.docx", None, "maria garcia"),
    ],
)
def test_who_a_label_speaks_of(label: str, student_id: str | None, name: str | None) -> None:
    found = identity(label.rsplit(".", 1)[0])
    assert (found.id, found.name) == (student_id, name)


# ---- matching -----------------------------------------------------------------------------------

CLASS = Roster(
    (
        Person("020240001", "张三"),
        Person("020240002", "李四"),
        Person("020240003", "王伟"),
        Person("020240004", "王伟"),
        Person("020240005", "San Zhang", others=("zs5", "105")),
    )
)


def handed_in(
    student_id: str | None = None,
    name: str | None = None,
    label: str = "",
    layout: Layout = Layout.NAMES,
) -> Submission:
    shown = label or f"{student_id}{name}"
    return Submission(shown, student_id, name, (), LmsPlace(layout, shown))


def matched(submission: Submission) -> Match:
    return match_roster([submission], CLASS).matches[0]


def outcome(match: Match) -> tuple[str | None, str, list[str]]:
    return (
        match.person.id if match.person else None,
        match.by,
        [problem.slug for problem in match.problems],
    )


@pytest.mark.parametrize(
    ("student_id", "name", "expected"),
    [
        ("020240001", "张三", ("020240001", "both", [])),
        ("020240001", None, ("020240001", "id", [])),
        (None, "李四", ("020240002", "name", [])),
        ("zs5", None, ("020240005", "id", [])),
        ("020240001", "张珊", ("020240001", "id", ["match-other-name"])),
        ("020240001", "李四", (None, "", ["match-conflict"])),
        ("99999999", "李四", ("020240002", "name", ["match-by-name"])),
        ("20240001", None, ("020240001", "id", ["match-zeros"])),
        (None, "王伟", (None, "", ["match-ambiguous"])),
        ("020240004", "王伟", ("020240004", "both", [])),
        ("99999999", "赵六", (None, "", ["match-none"])),
    ],
)
def test_by_id_by_name_by_both_and_never_by_guess(
    student_id: str | None, name: str | None, expected: tuple[str | None, str, list[str]]
) -> None:
    assert outcome(matched(handed_in(student_id, name))) == expected


def test_a_number_of_the_lms_is_no_unknown_id() -> None:
    submission = handed_in("777", "zhangsan", layout=Layout.CANVAS)
    assert outcome(matched(submission)) == ("020240005", "name", [])


def test_a_name_in_the_label_is_found() -> None:
    assert outcome(matched(handed_in(label="第三次作业 李四 最终"))) == ("020240002", "name", [])


def test_missing_duplicate_and_unmatched_are_all_reported() -> None:
    twice = [handed_in("020240001", label="a"), handed_in("020240001", label="b")]
    stranger = handed_in("5", "nobody")
    matching = match_roster([*twice, stranger], CLASS)
    assert [p.id for p in matching.missing] == [
        "020240002",
        "020240003",
        "020240004",
        "020240005",
    ]
    ((person, submissions),) = matching.duplicates
    assert person.id == "020240001"
    assert [s.lms.label for s in submissions] == ["a", "b"]
    assert matching.unmatched == (stranger,)
    assert [len(m.problems) for m in matching.matches] == [1, 1, 1]
