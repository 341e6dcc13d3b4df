"""A write-up cut into segments: lines, and parts of lines that number their own answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from report.grading.intake.lines import Line, LineKind
from report.grading.reading.labels import Label, label_at, labels_inside
from report.grading.reading.matter import Matter, matter_of
from report.questions.kinds.wordings import wording

_ANSWER_COLUMN = wording(
    r"^\W*(?:我的)?(?:答案?|回答|作答|解答|结果|answers?|result|value|response|值)\W*$"
)
_QUESTION_COLUMN = wording(r"^\W*(?:问题|题目|题干|内容|questions?|asked|item|what)\W*$")
_NUMBER_CELL = wording(r"^\W*(?:q|第|问题|题)?\s*(?P<n>\d{1,3})\s*(?:题|问)?\W*$")
_FRACTION = wording(r"\d+\s*/\s*\d+")
_UNIT_HEAD = wording(r"^\W*(?:题号|序号|编号|问题|题目|questions?|no\.?|#|q)?\W*$")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of one line: the text behind its label, if it has one."""

    line: Line
    text: str
    label: Label | None
    matter: Matter
    repeats: str | None = None
    """In a table: the question's own cell (empty without one); `text` is the answer's."""

    @property
    def asking(self) -> str:
        """The text that may repeat a question."""
        return self.text if self.repeats is None else self.repeats


def segments_of(lines: Sequence[Line]) -> list[Segment]:
    """Every piece of a write-up in reading order; empty lines and pictures are among them."""
    return list(_segments(lines))


def _segments(lines: Sequence[Line]) -> Iterator[Segment]:
    columns: _Columns | None = None
    skip = -1
    for at, line in enumerate(lines):
        if at <= skip:
            continue
        if line.kind is not LineKind.TABLE:
            columns = None
            yield from _of_line(line)
            continue
        across = _across(line, lines[at + 1] if at + 1 < len(lines) else None)
        if across:
            skip = at + 1
            yield from across
            continue
        head = _columns(line)
        columns = head or columns
        if not head:
            yield _of_row(line, columns)


def _segment(line: Line, text: str, label: Label | None) -> Segment:
    # A number with its answer left out, or below; and `1. 17/28` counts no pages.
    said = label is not None and (not text.strip() or _FRACTION.fullmatch(text.strip()))
    return Segment(line, text, label, Matter.STATEMENT if said else matter_of(line, text))


def _of_line(line: Line) -> Iterator[Segment]:
    whole = _segment(line, line.text, None)
    if whole.matter in (Matter.ROW, Matter.BYTES, Matter.NOTHING):
        yield whole
        return
    inside = labels_inside(line.text)
    if inside:
        ends = [start for start, _ in inside[1:]] + [len(line.text)]
        for (start, label), end in zip(inside, ends, strict=True):
            yield _segment(line, line.text[start + label.end : end].strip(" ;；,，|"), label)
        return
    one = label_at(line.text)
    yield _segment(line, line.text[one.end :].strip(), one) if one else whole


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which cells of a table hold the question and the answer, by its head."""

    answer: int
    question: int | None


def _columns(row: Line) -> _Columns | None:
    """The columns that a row names, if it is a table's head."""
    answers = [at for at, cell in enumerate(row.cells) if _ANSWER_COLUMN.match(cell)]
    asked = [at for at, cell in enumerate(row.cells) if _QUESTION_COLUMN.match(cell)]
    return _Columns(answers[0], asked[-1] if asked else None) if answers else None


def _of_row(row: Line, columns: _Columns | None) -> Segment:
    """A row of a table: its number and answer; all other cells where no column is the answer's."""
    if not row.cells:
        return next(_of_line(row))
    found = _NUMBER_CELL.match(row.cells[0])
    label: Label | None = label_at(row.cells[0])
    if found:
        label = Label(int(found["n"]), "cell", len(row.cells[0]))
    cells = list(row.cells)
    cells[0] = "" if found else cells[0][label.end if label else 0 :]
    if columns is None or columns.answer >= len(cells):
        text = "\t".join(cell for cell in cells if cell)
        return Segment(row, text, label, Matter.STATEMENT)
    repeats = cells[columns.question] if columns.question not in (None, columns.answer) else ""
    return Segment(row, cells[columns.answer], label, Matter.STATEMENT, repeats)


def _across(numbers: Line, answers: Line | None) -> list[Segment]:
    """Two rows of a table that lies on its side: question numbers above, answers below."""
    if answers is None or len(answers.cells) != len(numbers.cells) or len(numbers.cells) < 3:
        return []
    cells = list(zip(numbers.cells, answers.cells, strict=True))
    headed = not _NUMBER_CELL.match(cells[0][0]) and bool(_UNIT_HEAD.match(cells[0][0]))
    cells = cells[headed:]
    found = [_NUMBER_CELL.match(number) for number, _ in cells]
    values = [int(one["n"]) for one in found if one]
    if len(values) < len(cells) or values != sorted(set(values)):
        return []
    if not headed and all(_NUMBER_CELL.match(cell) for cell in answers.cells):
        return []  # two rows of numbers may be anything
    return [
        Segment(answers, text, Label(number, "cell", 0), Matter.STATEMENT, "")
        for number, (_, text) in zip(values, cells, strict=True)
    ]
