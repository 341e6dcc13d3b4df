"""Which rows and columns of a sheet take the marks, for each kind of sheet."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from report.errors import LabsharkError
from report.grading.intake.headers import (
    EMAIL,
    FAMILY,
    GIVEN,
    ID,
    LMS_ID,
    LOGIN,
    NAME,
    find_header,
    header_word,
)
from report.grading.intake.people import full_name, plain
from report.grading.sheets.marks import REASONS, SheetKind, number_in
from report.text import Text

Rows = Sequence[Sequence[str]]
Judge = Callable[[Sequence[str], str, Decimal], Text | None]
"""Row, old value, points: why the LMS would skip the row, or None."""

_COLUMN_ID = re.compile(r"\(\d+\)\s*\Z")
_BLACKBOARD_ID = re.compile(r"\|\s*\d+\s*\Z")
_TOTALS = re.compile(r"(?:weighted )?total\b|running|加权总计|总计", re.IGNORECASE)
_READ_ONLY = re.compile(r"read[ -]?only|只读", re.IGNORECASE)
_POINTS = re.compile(r"\s*(?:points possible|满分)", re.IGNORECASE)
_NOT_STUDENTS = frozenset(("student, test", "test student", "测试学生"))
_FEEDBACK_WORDS = """评语 批语 评价 评论 反馈 反馈评论 教师评语 feedback comment comments remarks
feedbackcomments feedbacktolearner 给学习者的反馈 反馈意见 回饋 評語"""
_FEEDBACK = frozenset(_FEEDBACK_WORDS.split())
_GRADE_WORDS = """成绩 成績 分数 分數 得分 总分 總分 总成绩 实验成绩 作业成绩 grade score points
mark marks total finalgrade"""
_GRADES = tuple(_GRADE_WORDS.split())
_MOODLE_MAXIMUM = frozenset(
    ("maximumgrade", "最高分", "最高分數", "最高成绩", "maximalebewertung", "notemaximale")
)
_MOODLE_SCALE = frozenset(("scale", "量表", "等级", "等第"))
_MOODLE_MODIFIED = re.compile(r"last modified.*grade|修改.*(?:评分|教师|老師|成绩)", re.IGNORECASE)
_PARTICIPANT = re.compile(r"(\D*)(\d+)\Z")
_NO = frozenset(("no", "否", "nein", "non"))


@dataclass(frozen=True, slots=True)
class Student:
    """One row of a sheet that belongs to a student."""

    row: int
    ids: tuple[str, ...]
    name: str

    @property
    def who(self) -> str:
        """The row's student, for messages."""
        return " ".join(filter(None, (self.ids[0] if self.ids else "", self.name)))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be filled in."""

    kind: SheetKind
    students: tuple[Student, ...]
    grade: int
    """Column of the points."""
    feedback: int | None
    title: str
    judge: Judge = field(default=lambda row, old, points: None)
    is_html: bool = False
    """Whether the feedback cell is HTML."""
    notes: tuple[Text, ...] = ()


def plan(rows: Rows, column: str | None, path: str) -> Plan | None:
    """Where the marks go; None where the rows are no grade sheet.

    `column` names the column (its header, or an LMS's id of it). Raises LabsharkError
    `sheet-no-column`, `sheet-column-unclear`, `sheet-column-read-only`, `sheet-scale`.
    """
    for reader in (_canvas, _moodle, _blackboard, _table):
        found = reader(rows, column, path)
        if found is not None:
            return found
    return None


# ---- which column -------------------------------------------------------------------------------


def _chosen(titles: Sequence[str], candidates: Sequence[int], column: str | None, path: str) -> int:
    """The one column to fill. A name given by the user may be any of the titles."""
    if column is not None:
        named = [i for i in range(len(titles)) if _is_named(titles[i], column)]
        exact = [i for i in named if titles[i].strip() == column.strip()] or named
        if len(exact) != 1:
            slug = "sheet-column-unclear" if exact else "sheet-no-column"
            shown = [titles[i] for i in (exact or candidates)]
            raise LabsharkError(slug, path=path, column=column, columns=_listed(shown))
        return exact[0]
    if len(candidates) != 1:
        slug = "sheet-column-unclear" if candidates else "sheet-no-column"
        shown = [titles[i] for i in candidates] or [t for t in titles if t.strip()]
        raise LabsharkError(slug, path=path, column="成绩 / Grade", columns=_listed(shown))
    return candidates[0]


def _listed(titles: Sequence[str]) -> str:
    return " | ".join(titles)[:240]


def _is_named(title: str, column: str) -> bool:
    """By the whole header, the header without its id, or the id."""
    wanted = column.strip().casefold()
    bare = _BLACKBOARD_ID.sub("", _COLUMN_ID.sub("", title))
    without_points = re.sub(r"\[[^\]]*\]", "", bare)
    number = re.search(r"(\d+)\)?\s*\Z", title)
    names = {title, bare, without_points, number[1] if number else title}
    return wanted in {name.strip().casefold() for name in names}


def _cell(row: Sequence[str], column: int | None) -> str:
    return row[column] if column is not None and column < len(row) else ""


# ---- Canvas -------------------------------------------------------------------------------------


def _canvas(rows: Rows, column: str | None, path: str) -> Plan | None:
    """`Student, ID, [SIS …], Section, …, Title (id)`; gradebook_importer.rb has the rules."""
    header = rows[0] if rows else ()
    words = [header_word(cell) for cell in header]
    section = words.index("section") if "section" in words else -1
    first_two = words[:2]
    split_name = words[:3] == ["lastname", "firstname", "id"]
    if section < 2 or not (first_two == ["student", "id"] or split_name):
        return None
    candidates = [i for i in range(section + 1, len(header)) if _COLUMN_ID.search(header[i])]
    points = next((row for row in rows[1:4] if row and _POINTS.match(row[0])), ())
    open_ones = [i for i in candidates if not _READ_ONLY.search(_cell(points, i))]
    grade = _chosen(header, open_ones, column, path)
    if _READ_ONLY.search(_cell(points, grade)):
        raise LabsharkError("sheet-column-read-only", path=path, column=header[grade])
    id_columns = range(2 if split_name else 1, section)
    students = tuple(
        Student(index, _ids(row, id_columns), _canvas_name(row, split_name))
        for index, row in enumerate(rows[1:], 1)
        if _is_canvas_student(row, 2 if split_name else 1)
    )
    return Plan(SheetKind.CANVAS, students, grade, None, header[grade], _canvas_judge)


def _is_canvas_student(row: Sequence[str], id_column: int) -> bool:
    name = _cell(row, 0).strip()
    return bool(
        name
        and not _POINTS.match(name)
        and name.casefold() not in _NOT_STUDENTS
        and _cell(row, id_column).strip()
    )


def _canvas_name(row: Sequence[str], split_name: bool) -> str:
    return f"{_cell(row, 0)}, {_cell(row, 1)}" if split_name else _cell(row, 0)


def _canvas_judge(row: Sequence[str], old: str, points: Decimal) -> Text | None:
    if old.strip().casefold() == "ex":
        return REASONS["excused"]
    if old.strip().casefold() == "n/a":
        return REASONS["not-assigned"]
    return _unchanged(old, points, "Canvas")


def _unchanged(old: str, points: Decimal, lms: str) -> Text | None:
    before = number_in(old)
    if before is not None and before == round(points, 2):
        return REASONS["unchanged"].filled(lms=lms)
    return None


def _ids(row: Sequence[str], columns: Sequence[int]) -> tuple[str, ...]:
    return tuple(plain(_cell(row, i)) for i in columns if _cell(row, i).strip())


# ---- Moodle -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _MoodleColumns:
    grade: int
    maximum: int
    locked: int | None
    modified: int | None


def _moodle(rows: Rows, column: str | None, path: str) -> Plan | None:
    """The offline worksheet, in any language: participant number, grade, maximum, may change.

    Its headers are in the site's language (importgradeslib.php), so the cells decide: the first
    column is a word with a number, one column is the same maximum in every row, and the grade
    stands right before it (gradingtable.php).
    """
    if len(rows) < 2 or not _are_participants(rows):
        return None
    columns = _moodle_columns(rows, path)
    if columns is None:
        return None
    header = rows[0]
    grade = columns.grade if column is None else _chosen(header, [columns.grade], column, path)
    students = tuple(
        Student(index, _moodle_ids(row, columns.grade), _moodle_name(header, row))
        for index, row in enumerate(rows[1:], 1)
        if _cell(row, 0).strip()
    )
    return Plan(
        SheetKind.MOODLE,
        students,
        grade,
        _moodle_feedback(header, columns),
        header[grade],
        _moodle_judge(columns),
        is_html=True,
        notes=(REASONS["moodle-newer"],),
    )


def _are_participants(rows: Rows) -> bool:
    found = [_PARTICIPANT.match(_cell(row, 0).strip()) for row in rows[1:] if any(row)]
    words = {match[1] for match in found if match}
    return bool(found) and all(found) and len(words) == 1 and words != {""}


def _moodle_columns(rows: Rows, path: str) -> _MoodleColumns | None:
    words = [header_word(cell) for cell in rows[0]]
    if any(word in _MOODLE_SCALE for word in words):
        raise LabsharkError("sheet-scale", path=path)
    maximum = next((i for i, word in enumerate(words) if word in _MOODLE_MAXIMUM), None)
    if maximum is None:
        maximum = next((i for i in range(2, len(words)) if _is_maximum(rows, i)), None)
    if maximum is None or maximum < 2:
        return None
    after = range(maximum + 1, min(maximum + 3, len(words)))
    locked = next((i for i in after if _is_yes_no(rows, i)), None)
    modified = next((i for i, t in enumerate(rows[0]) if _MOODLE_MODIFIED.search(t)), None)
    return _MoodleColumns(maximum - 1, maximum, locked, modified)


def _is_maximum(rows: Rows, column: int) -> bool:
    """The same positive number in every row, and only grades up to it on its left."""
    values = {_cell(row, column).strip() for row in rows[1:] if any(row)}
    maximum = number_in(next(iter(values))) if len(values) == 1 else None
    if maximum is None or maximum <= 0:
        return False
    grades = {_cell(row, column - 1).strip() for row in rows[1:]} - {"", "-"}
    numbers = [number_in(grade) for grade in grades]
    return all(number is not None and 0 <= number <= maximum for number in numbers)


def _is_yes_no(rows: Rows, column: int) -> bool:
    values = {_cell(row, column).strip() for row in rows[1:] if any(row)} - {""}
    return 0 < len(values) <= 2 and all(len(v) <= 5 and not v.isdigit() for v in values)


def _moodle_feedback(header: Sequence[str], columns: _MoodleColumns) -> int | None:
    named = [i for i, title in enumerate(header) if header_word(title) in _FEEDBACK]
    if len(named) == 1:
        return named[0]
    if columns.modified is not None and columns.modified == len(header) - 2:
        return len(header) - 1
    return None


def _moodle_ids(row: Sequence[str], grade: int) -> tuple[str, ...]:
    """The participant's number, and what identity fields the site shows."""
    match = _PARTICIPANT.match(_cell(row, 0).strip())
    ids = [match[2]] if match else []
    return (*ids, *_ids(row, range(2, grade)))


def _moodle_name(header: Sequence[str], row: Sequence[str]) -> str:
    """The second column is the full name, unless marking is blind and it is the status."""
    return _cell(row, 1) if header_word(_cell(header, 1)) not in ("status", "状态", "狀態") else ""


def _moodle_judge(columns: _MoodleColumns) -> Judge:
    def judge(row: Sequence[str], old: str, points: Decimal) -> Text | None:
        maximum = number_in(_cell(row, columns.maximum))
        if _cell(row, columns.locked).strip().casefold() in _NO:
            return REASONS["locked"]
        if points < 0:
            return REASONS["negative"].filled(points=points)
        if maximum is not None and points > maximum:
            return REASONS["over-maximum"].filled(points=points, maximum=maximum)
        return _unchanged(old, points, "Moodle")

    return judge


# ---- Blackboard ---------------------------------------------------------------------------------


def _blackboard(rows: Rows, column: str | None, path: str) -> Plan | None:
    """`Last Name, First Name, Username, …, Title [Total Pts: 24 Score] |123456`."""
    header = rows[0] if rows else ()
    with_id = [i for i, title in enumerate(header) if _BLACKBOARD_ID.search(title)]
    if not with_id:
        return None
    found = find_header(rows[:1])
    if found is None:
        return None
    candidates = [i for i in with_id if not _TOTALS.match(header[i].strip())]
    grade = _chosen(header, candidates, column, path)
    feedback = [i for i, title in enumerate(header) if header_word(title) in _FEEDBACK]
    id_columns = [found.columns[key] for key in (LOGIN, ID, EMAIL) if key in found.columns]
    students = tuple(
        Student(index, _ids(row, id_columns), _joined(row, found.columns))
        for index, row in enumerate(rows[1:], 1)
        if _ids(row, id_columns)
    )
    return Plan(SheetKind.BLACKBOARD, students, grade, _only(feedback), header[grade], _never)


def _only(columns: Sequence[int]) -> int | None:
    return columns[0] if len(columns) == 1 else None


def _never(row: Sequence[str], old: str, points: Decimal) -> Text | None:
    return None


def _joined(row: Sequence[str], columns: Mapping[str, int]) -> str:
    if NAME in columns:
        return _cell(row, columns[NAME])
    return full_name(_cell(row, columns.get(FAMILY)), _cell(row, columns.get(GIVEN)))


# ---- any table ----------------------------------------------------------------------------------


def _table(rows: Rows, column: str | None, path: str) -> Plan | None:
    """A table with 学号 (or another id) in a header row anywhere."""
    found = find_header(rows)
    if found is None or not {ID, LOGIN, LMS_ID, NAME} & found.columns.keys():
        return None
    titles = found.titles
    words = [header_word(title) for title in titles]
    candidates = [i for i, word in enumerate(words) if word in _GRADES]
    grade = _chosen(titles, candidates, column, path)
    feedback = [i for i, word in enumerate(words) if word in _FEEDBACK]
    id_columns = [found.columns[k] for k in (ID, LOGIN, EMAIL, LMS_ID) if k in found.columns]
    students = tuple(
        Student(index, _ids(row, id_columns), _joined(row, found.columns))
        for index, row in enumerate(rows[found.row + 1 :], found.row + 1)
        if _ids(row, id_columns) or _joined(row, found.columns)
    )
    return Plan(SheetKind.TABLE, students, grade, _only(feedback), titles[grade], _never)
