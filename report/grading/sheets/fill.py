"""Marks into the sheet that the LMS or the registry gave; every other cell stays as it was."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from report.errors import LabsharkError
from report.grading.intake.people import id_key, name_keys
from report.grading.intake.sheetfiles import table_bytes
from report.grading.sheets.delimited import DelimitedSheet, read_delimited
from report.grading.sheets.marks import (
    REASONS,
    FilledRow,
    FillResult,
    Mark,
    SkippedRow,
    grade_text,
    number_in,
    uses_comma,
)
from report.grading.sheets.plans import Plan, Rows, Student, plan
from report.grading.sheets.sheetxml import Value
from report.grading.sheets.workbook import Workbook, read_workbook
from report.text import Text, visible

_LONGEST_FEEDBACK = 30_000


def fill(sheet: Path, marks: Mapping[str, Mark], *, column: str | None = None) -> FillResult:
    """`sheet` with the points of `marks` (by student id) in its grade column.

    The sheet may be Canvas's gradebook, Moodle's offline worksheet, Blackboard's download, or any
    CSV or xlsx with a column of student ids. `column` names the column where there are several.
    Rows are found by any id of a mark, else by a name that only one row and one mark bear.

    Raises LabsharkError `table-…` and `sheet-…`.
    """
    if table_bytes(sheet).startswith(b"PK\x03\x04"):
        return _fill_workbook(read_workbook(sheet), marks, column)
    text = read_delimited(sheet)
    found = plan(text.rows, column, sheet.name)
    if found is None:
        raise LabsharkError("sheet-unknown", path=sheet.name)
    return _fill_text(text, found, marks)


@dataclass(slots=True)
class _Filling:
    """The work on one table."""

    rows: Rows
    plan: Plan
    sheet: str = ""
    filled: list[FilledRow] = field(default_factory=list)
    skipped: list[SkippedRow] = field(default_factory=list)
    placed: dict[str, list[int]] = field(default_factory=dict)
    values: dict[tuple[int, int], Value] = field(default_factory=dict)
    has_feedback: bool = False

    def run(self, marks: Mapping[str, Mark], formulas: set[tuple[int, int]]) -> None:
        """Every student's row to its mark."""
        index = _Index(marks, self.plan.students)
        for student in self.plan.students:
            keys = index.keys_for(student)
            if len(keys) != 1:
                slug = "several-marks" if keys else "no-mark"
                self._skip(student, REASONS[slug].filled(ids=", ".join(keys)))
                continue
            self.placed.setdefault(keys[0], []).append(student.row)
            self._one(student, keys[0], marks[keys[0]], formulas)

    def _one(self, student: Student, key: str, mark: Mark, formulas: set[tuple[int, int]]) -> None:
        row, column = student.row, self.plan.grade
        old = _cell(self.rows[row], column)
        reason = self._reason(row, old, mark, formulas)
        if reason is not None:
            self._skip(student, reason)
        elif mark.points is not None:
            self.values[row, column] = Decimal(grade_text(mark.points))
            new = grade_text(mark.points)
            self.filled.append(FilledRow(row + 1, student.who, key, old, new, self.sheet))
        if mark.feedback and mark.points is not None:
            self._comment(row, mark.feedback, formulas)

    def _reason(
        self, row: int, old: str, mark: Mark, formulas: set[tuple[int, int]]
    ) -> Text | None:
        if mark.points is None:
            return REASONS["review"]
        if (row, self.plan.grade) in formulas:
            return REASONS["formula"]
        return self.plan.judge(self.rows[row], old, mark.points)

    def _comment(self, row: int, feedback: str, formulas: set[tuple[int, int]]) -> None:
        self.has_feedback = True
        column = self.plan.feedback
        if column is None or (row, column) in formulas:
            return
        shown = _feedback(feedback, self.plan.is_html)
        if shown != _cell(self.rows[row], column):
            self.values[row, column] = shown

    def _skip(self, student: Student, reason: Text) -> None:
        self.skipped.append(SkippedRow(student.row + 1, student.who, reason, self.sheet))

    def unplaced(self, marks: Mapping[str, Mark]) -> tuple[tuple[str, Text], ...]:
        """Marks without a row, or with several."""
        missing = [(key, REASONS["no-row"]) for key in marks if key not in self.placed]
        return (*missing, *self.doubled())

    def doubled(self) -> tuple[tuple[str, Text], ...]:
        """Marks that several rows took."""
        return tuple(
            (key, REASONS["same-row"].filled(rows=", ".join(str(r + 1) for r in rows)))
            for key, rows in self.placed.items()
            if len(rows) > 1
        )

    def notes(self) -> tuple[Text, ...]:
        """What else there is to say."""
        no_place = self.has_feedback and self.plan.feedback is None
        return (*self.plan.notes, *((REASONS["no-feedback-column"],) if no_place else ()))


class _Index:
    """Marks by everything a row may call a student."""

    def __init__(self, marks: Mapping[str, Mark], students: Sequence[Student]) -> None:
        self._by_id: dict[str, list[str]] = {}
        self._by_name: dict[str, list[str]] = {}
        for key, mark in marks.items():
            for student_id in dict.fromkeys(id_key(i) for i in (key, *mark.others) if i):
                self._by_id.setdefault(student_id, []).append(key)
            for name in name_keys(mark.name):
                self._by_name.setdefault(name, []).append(key)
        self._rows_of: dict[str, int] = {}
        for student in students:
            for name in name_keys(student.name):
                self._rows_of[name] = self._rows_of.get(name, 0) + 1

    def keys_for(self, student: Student) -> list[str]:
        """The marks that fit a row: by its first id that any mark has, else by its name."""
        for student_id in student.ids:
            keys = self._by_id.get(id_key(student_id))
            if keys:
                return keys
        names = [n for n in name_keys(student.name) if self._rows_of.get(n) == 1]
        return list(dict.fromkeys(key for n in names for key in self._by_name.get(n, ())))


def _fill_text(text: DelimitedSheet, found: Plan, marks: Mapping[str, Mark]) -> FillResult:
    work = _Filling(text.rows, found)
    work.run(marks, set())
    cells = [_cell(row, found.grade) for row in text.rows[1:]]
    comma = uses_comma(cells) or (not any(map(number_in, cells)) and _sheet_uses_comma(text))
    edits = {
        place: grade_text(value, comma) if isinstance(value, Decimal) else _one_line(value, text)
        for place, value in work.values.items()
    }
    return FillResult(
        text.edited(edits),
        found.kind,
        found.title,
        tuple(work.filled),
        tuple(work.skipped),
        work.unplaced(marks),
        work.notes(),
    )


def _sheet_uses_comma(text: DelimitedSheet) -> bool:
    """A sheet cut by semicolons whose other numbers have a decimal comma."""
    return text.delimiter != "," and uses_comma([cell for row in text.rows for cell in row])


def _one_line(value: str, text: DelimitedSheet) -> str:
    """Tab-separated sheets know no line breaks in a cell."""
    return " ".join(value.split()) if text.delimiter == "\t" else value


def _fill_workbook(book: Workbook, marks: Mapping[str, Mark], column: str | None) -> FillResult:
    """Every sheet of the workbook that has a place for marks."""
    plans = _plans(book, column)
    targets = {
        title: {(s.row, c) for s in p.students for c in (p.grade, p.feedback) if c is not None}
        for title, (_, p) in plans.items()
    }
    formulas = book.formula_cells(targets)
    works = {}
    for title, (rows, found) in plans.items():
        works[title] = work = _Filling(rows, found, title)
        work.run(marks, {(row, c) for t, row, c in formulas if t == title})
    data, recalculated = book.edited({t: w.values for t, w in works.items() if w.values})
    return _workbook_result(data, list(works.values()), marks, recalculated)


def _plans(book: Workbook, column: str | None) -> dict[str, tuple[Rows, Plan]]:
    """The sheets that take marks; one that does not only matters when all do not."""
    plans: dict[str, tuple[Rows, Plan]] = {}
    refusal: LabsharkError | None = None
    for sheet in book.sheets:
        try:
            found = plan(sheet.rows, column, book.name)
        except LabsharkError as error:
            refusal = refusal or error
            continue
        if found is not None:
            plans[sheet.title] = (sheet.rows, found)
    if not plans:
        raise refusal or LabsharkError("sheet-unknown", path=book.name)
    return plans


def _workbook_result(
    data: bytes, works: list[_Filling], marks: Mapping[str, Mark], recalculated: bool
) -> FillResult:
    placed = {key for work in works for key in work.placed}
    missing = [(key, REASONS["no-row"]) for key in marks if key not in placed]
    doubled = [pair for work in works for pair in work.doubled()]
    notes = dict.fromkeys(note for work in works for note in work.notes())
    return FillResult(
        data,
        works[0].plan.kind,
        works[0].plan.title,
        tuple(row for work in works for row in work.filled),
        tuple(row for work in works for row in work.skipped),
        (*missing, *doubled),
        (*notes, *((REASONS["recalculate"],) if recalculated else ())),
    )


def _cell(row: Sequence[str], column: int) -> str:
    return row[column] if column < len(row) else ""


def _feedback(text: str, is_html: bool) -> str:
    """Plain text as the cell wants it; nothing in it can become markup or a formula."""
    lines = [visible(line, len(line) + 1) for line in text[:_LONGEST_FEEDBACK].splitlines()]
    if is_html:
        return "<br>".join(html.escape(line, quote=False) for line in lines)
    shown = "\n".join(lines)
    return f"'{shown}" if shown[:1] in "=+-@＝＋－＠" else shown
