"""What is written into a sheet, and what comes of it."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from report.text import Text

_CENT = Decimal("0.01")


class SheetKind(StrEnum):
    """Whose sheet it is, told by its content."""

    CANVAS = "canvas"
    MOODLE = "moodle"
    BLACKBOARD = "blackboard"
    TABLE = "table"
    """Any table with a column of student ids."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One student's result, as it goes into the sheet."""

    points: Decimal | None
    """None while a person has to decide; the cell then stays as it is."""
    feedback: str = ""
    """Plain text; only sheets with a column for it take it."""
    name: str = ""
    others: tuple[str, ...] = ()
    """Other ids of the student: login, e-mail, the LMS's own number."""


@dataclass(frozen=True, slots=True)
class FilledRow:
    """A row that got its points."""

    row: int
    """From 1, as a spreadsheet program numbers it."""
    who: str
    id: str
    """The key of the mark."""
    old: str
    new: str
    sheet: str = ""
    """The title of its sheet in a workbook."""


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that stays as it was, and why; among them those that the LMS would not take."""

    row: int
    who: str
    reason: Text
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class FillResult:
    """A sheet with its marks."""

    data: bytes
    kind: SheetKind
    column: str
    """The header of the column that was filled."""
    filled: tuple[FilledRow, ...]
    skipped: tuple[SkippedRow, ...]
    unplaced: tuple[tuple[str, Text], ...]
    """Marks that no row of the sheet takes, by their key."""
    notes: tuple[Text, ...] = ()
    """What else the LMS should be told, or does on its own."""


def grade_text(points: Decimal, comma: bool = False) -> str:
    """Points with at most two decimals, half up, without thousands separators: `21.5`, `1234`."""
    rounded = points.quantize(_CENT, ROUND_HALF_UP)
    text = f"{rounded:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text == "-0":
        text = "0"
    return text.replace(".", ",") if comma else text


def number_in(text: str) -> Decimal | None:
    """The number in a cell (decimal point or comma), None where there is none."""
    plain = text.strip().replace(",", ".")
    if not plain or plain.count(".") > 1 or len(plain) > 20:
        return None
    if not plain.lstrip("+-").replace(".", "").isdecimal() or not plain.isascii():
        return None
    return Decimal(plain)


def uses_comma(cells: list[str]) -> bool:
    """Whether the numbers among the cells are written with a decimal comma."""
    numbers = [cell for cell in cells if number_in(cell) is not None]
    return any("," in cell for cell in numbers) and not any("." in cell for cell in numbers)


REASONS = {
    "no-mark": Text("没有这位学生的分数。", "There is no mark for this student."),
    "several-marks": Text("有多份成绩都符合这一行：{ids}。", "Several marks fit this row: {ids}."),
    "review": Text("分数还待人工确认。", "The points await a person's decision."),
    "formula": Text("单元格里是公式，没有改动。", "The cell holds a formula and was left alone."),
    "excused": Text("该生在 Canvas 中免交（EX）。", "The student is excused (EX) in Canvas."),
    "not-assigned": Text(
        "Canvas 没有把这项作业布置给该生（N/A）。",
        "Canvas did not assign this to the student (N/A).",
    ),
    "unchanged": Text(
        "分数没有变化，{lms} 会跳过这一行。",
        "The grade is unchanged; {lms} would skip the row.",
    ),
    "over-maximum": Text(
        "{points} 超过满分 {maximum}，Moodle 会跳过这一行。",
        "{points} is above the maximum of {maximum}; Moodle would skip the row.",
    ),
    "negative": Text(
        "{points} 是负数，Moodle 会跳过这一行。",
        "{points} is negative; Moodle would skip the row.",
    ),
    "locked": Text(
        "这一行的成绩已锁定，Moodle 会跳过它。",
        "This row's grade is locked; Moodle would skip it.",
    ),
    "no-row": Text("表中没有这位学生。", "The sheet has no row for this student."),
    "same-row": Text("表中有多行符合：第 {rows} 行。", "Several rows of the sheet fit: {rows}."),
    "moodle-newer": Text(
        "如果有人在下载这张表之后改过成绩，Moodle 会跳过那些行；需要覆盖时请在上传时勾选相应选项。",
        "Where somebody changed a grade after this sheet was downloaded, Moodle skips the row; to "
        "have it replaced, tick the option to update such records when you upload the sheet.",
    ),
    "recalculate": Text(
        "表中有公式，已让 Excel 在打开时重新计算。",
        "The workbook has formulas; Excel was told to calculate them again when it opens the file.",
    ),
    "no-feedback-column": Text(
        "表中没有评语列，评语没有写入。",
        "The sheet has no column for comments, so none were written.",
    ),
}
