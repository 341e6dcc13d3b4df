"""What a person decides: review.csv and the workbook, written to be edited and read back.

A row is known by its `ref` (folder and question), which no spreadsheet program takes for a number.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from report.errors import LabsharkError
from report.grading.feedback import shown_value
from report.grading.intake.sheetfiles import read_sheets
from report.grading.outcome import AnswerOutcome, Manual, StudentOutcome
from report.grading.sheets.tables import Column, Value, csv_bytes, original
from report.text import visible

Decisions = Mapping[str, Mapping[str, Manual]]
"""Manual marks by folder and question."""

REF, POINTS, NOTE, PROPOSED = "ref", "manual_points", "manual_note", "proposed_points"
COLUMNS: tuple[Column, ...] = (
    Column(REF),
    Column("id"),
    Column("name"),
    Column("question"),
    Column("verdict"),
    Column("given"),
    Column("read_as"),
    Column("may_also_mean"),
    Column("confidence", "number"),
    Column("expected"),
    Column("why_zh"),
    Column("why_en"),
    Column("where"),
    Column(PROPOSED, "number"),
    Column("max_points", "number"),
    Column(POINTS, "number"),
    Column(NOTE),
)
_ACCEPTS = frozenset({"ok", "y", "yes", "√", "✓", "同意", "是"})


def review_csv(outcomes: Iterable[StudentOutcome]) -> bytes:
    """Every answer that awaits a person, and every one that a person has decided."""
    return csv_bytes(COLUMNS, list(review_rows(outcomes, every=False)))


def review_rows(outcomes: Iterable[StudentOutcome], *, every: bool) -> Iterator[list[Value]]:
    """Rows for `COLUMNS`; of every answer, or of those a person has to do with."""
    for outcome in outcomes:
        for answer in outcome.answers:
            if every or answer.needs_review or answer.manual is not None:
                yield _row(outcome, answer)


def _row(outcome: StudentOutcome, answer: AnswerOutcome) -> list[Value]:
    where = f"{answer.where.file}:{answer.where.line}" if answer.where else ""
    return [
        _ref(outcome.folder, answer.id),
        outcome.who.id,
        outcome.who.name,
        answer.id,
        answer.verdict.value,
        answer.given,
        "" if answer.value is None else shown_value(answer.kind, answer.value).en,
        "; ".join(shown_value(answer.kind, other).en for other in answer.alternatives),
        answer.confidence,
        answer.expected.en if answer.expected else "",
        answer.feedback.zh,
        answer.feedback.en,
        where,
        answer.auto_points,
        answer.max_points,
        answer.manual.points if answer.manual else None,
        answer.manual.note if answer.manual else "",
    ]


def _ref(folder: str, question: str) -> str:
    return f"{folder}#{question}"


# ---- reading back -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Read:
    """What one file says."""

    decisions: dict[str, dict[str, Manual]]
    seen: frozenset[tuple[str, str]]
    """The answers that have a row, decided or not."""


def read_decisions(path: Path) -> Read:
    """The manual marks in a review.csv, or in a workbook's sheet of answers.

    `ok` (or √) for points accepts the proposed ones; an empty cell decides nothing. Raises
    LabsharkError `review-invalid` naming row and value, and `table-…` for what is no table.
    """
    decisions: dict[str, dict[str, Manual]] = {}
    seen: set[tuple[str, str]] = set()
    for sheet in read_sheets(path).sheets:
        # Only a table's first row names its columns: further down students' own words stand.
        head = next((n for n, row in enumerate(sheet.rows) if any(row)), None)
        if head is None or not {REF, POINTS} <= set(sheet.rows[head]):
            continue
        places = {name: at for at, name in enumerate(sheet.rows[head])}
        for number, row in enumerate(sheet.rows[head + 1 :], head + 2):
            cells = {n: original(row[at]) if at < len(row) else "" for n, at in places.items()}
            folder, _, question = cells[REF].rpartition("#")
            if not folder:
                continue
            seen.add((folder, question))
            manual = _manual(cells, path.name, number)
            if manual is not None:
                decisions.setdefault(folder, {})[question] = manual
    return Read(decisions, frozenset(seen))


def _manual(cells: Mapping[str, str], file: str, row: int) -> Manual | None:
    written = cells[POINTS].strip()
    if not written:
        return None
    told = cells.get(PROPOSED, "") if written.casefold() in _ACCEPTS else written
    points = _number(told)
    if points is None or not 0 <= points <= (_number(cells.get("max_points", "")) or 1000.0):
        raise LabsharkError("review-invalid", path=file, row=row, value=visible(written))
    return Manual(points=points, note=visible(cells.get(NOTE, ""), 2000))


def _number(text: str) -> float | None:
    plain = text.strip().replace(",", ".")
    if len(plain) > 20 or not plain.isascii():
        return None
    try:
        number = float(plain)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def merged(before: Decisions, files: Sequence[tuple[str, Read]]) -> dict[str, dict[str, Manual]]:
    """The decisions now: what was known, with every cell that a person has changed since.

    Two files that were changed differently for one answer are refused: LabsharkError
    `review-conflict`.
    """
    now: dict[str, dict[str, Manual]] = {folder: dict(own) for folder, own in before.items()}
    changed: dict[tuple[str, str], tuple[str, Manual | None]] = {}
    for name, read in files:
        for folder, question in sorted(read.seen):
            said = read.decisions.get(folder, {}).get(question)
            if said == before.get(folder, {}).get(question):
                continue
            other = changed.get((folder, question))
            if other is not None and other[1] != said:
                ref = _ref(folder, question)
                raise LabsharkError("review-conflict", ref=ref, first=other[0], second=name)
            changed[folder, question] = (name, said)
    for (folder, question), (_, said) in changed.items():
        if said is None:
            now.get(folder, {}).pop(question, None)
        else:
            now.setdefault(folder, {})[question] = said
    return {folder: own for folder, own in now.items() if own}
