"""Which column of a table is what: header cells in Chinese and English, anywhere in the sheet."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from report.grading.intake.people import plain

_SEARCHED_ROWS = 60

ID, NAME, FAMILY, GIVEN, CLASS, MAJOR, LOGIN, EMAIL, LMS_ID, STATUS, GRADE = (
    "id",
    "name",
    "family_name",
    "given_name",
    "class",
    "major",
    "login",
    "email",
    "lms_id",
    "status",
    "grade",
)

# Written in lower case without spaces; each line from the surest to the vaguest.
_WORDS = {
    ID: """学号 学生学号 学号/工号 学生编号 学生号 学籍号 学员编号 考号 准考证号 學號 studentid
        studentnumber studentno sisuserid idnumber matriculationnumber matrikelnummer
        matriculationno universityid campusid""",
    NAME: """姓名 学生姓名 真实姓名 名字 学员姓名 中文姓名 全名 學生姓名 fullname studentname name
        student displayname""",
    FAMILY: "姓 姓氏 lastname surname familyname",
    GIVEN: "名 firstname givenname",
    CLASS: """班级 行政班级 行政班 班级名称 教学班 教学班级 专业班级 所在班级 班 班別 班級 class
        classname section group""",
    MAJOR: "专业 专业名称 所学专业 系 major programme program department",
    LOGIN: "用户名 登录名 账号 帐号 username sisloginid login loginid userid netid",
    EMAIL: "邮箱 电子邮箱 电子邮件 邮件地址 email e-mail emailaddress",
    LMS_ID: "标识符 識別碼 identifier id 编号",
    STATUS: "状态 狀態 status",
    GRADE: "成绩 成績 分数 分數 得分 总分 grade score points mark",
}
FIELDS: Mapping[str, Sequence[str]] = {field: words.split() for field, words in _WORDS.items()}
_MEANING = {word: field for field, words in FIELDS.items() for word in words}


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header row is, and which column holds what."""

    row: int
    """Index in the sheet's rows."""
    columns: Mapping[str, int]
    """Field of `FIELDS` to column index."""
    titles: tuple[str, ...]


def header_word(cell: str) -> str:
    """A header cell as it is compared: NFKC, lower case, no spaces, marks or notes in brackets."""
    text = re.sub(r"\([^)]*\)|\[[^\]]*\]", "", plain(cell)).casefold()
    return re.sub(r"[\s:：*.#_]+", "", text)


def find_header(rows: Sequence[Sequence[str]]) -> Header | None:
    """The row among the first 60 that names most fields, an id or a name among them."""
    best: Header | None = None
    for index, row in enumerate(rows[:_SEARCHED_ROWS]):
        columns = _columns(row)
        if not _is_header(columns):
            continue
        if best is None or len(columns) > len(best.columns):
            best = Header(index, columns, tuple(row))
    return best


def _columns(row: Sequence[str]) -> dict[str, int]:
    """The surest column of each field."""
    found: dict[str, tuple[int, int]] = {}
    for index, cell in enumerate(row):
        word = header_word(cell)
        field = _MEANING.get(word)
        if field is None:
            continue
        rank = FIELDS[field].index(word)
        found[field] = min(found.get(field, (rank, index)), (rank, index))
    return {field: index for field, (_, index) in found.items()}


def _is_header(columns: Mapping[str, int]) -> bool:
    if ID in columns:
        return True
    others = {NAME, FAMILY, LOGIN, LMS_ID, EMAIL} & columns.keys()
    return len(others) >= 2 or (len(others) == 1 and len(columns) >= 2)
