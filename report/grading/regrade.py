"""What changed since the last run: for whom, at which question, from what to what."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report.grading.sheets.tables import Column, Value, csv_bytes

_COLUMNS = (
    Column("id"),
    Column("name"),
    Column("question"),
    Column("what"),
    Column("before"),
    Column("now"),
)
_WATCHED = ("verdict", "points", "expected", "max_points", "manual_points")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `question` is empty for a student's total."""

    id: str
    name: str
    question: str
    what: str
    before: str
    now: str


def read_grades(path: Path) -> dict[str, Any] | None:
    """The last run's grades.json; None where there is none, or it is not one."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    known = isinstance(document, dict) and isinstance(document.get("students"), list)
    return document if known else None


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    """Every difference in marks and keys between two grades.json, by student."""
    old = {student.get("folder"): student for student in before["students"]}
    new = {student.get("folder"): student for student in now["students"]}
    found: list[Change] = []
    for folder, student in new.items():
        found += _of_student(old.get(folder), student)
    for folder, student in old.items():
        if folder not in new:
            found += _of_student(student, None)
    return tuple(found)


def _of_student(
    before: Mapping[str, Any] | None, now: Mapping[str, Any] | None
) -> Iterator[Change]:
    known = now or before or {}
    who = (str(known.get("id") or ""), str(known.get("name") or ""))
    if before is None or now is None:
        shown = ["" if one is None else _shown(one.get("points")) for one in (before, now)]
        yield Change(*who, "", "submission", *shown)
        return
    old = {answer.get("id"): answer for answer in before.get("answers", ())}
    for answer in now.get("answers", ()):
        yield from _of_answer(who, old.get(answer.get("id"), {}), answer)
    if before.get("points") != now.get("points"):
        yield Change(*who, "", "total", _shown(before.get("points")), _shown(now.get("points")))


def _of_answer(
    who: tuple[str, str], before: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[Change]:
    for what in _WATCHED:
        if before.get(what) != now.get(what):
            question = str(now.get("id"))
            yield Change(*who, question, what, _shown(before.get(what)), _shown(now.get(what)))
    # A person decided on other words than now stand there.
    decided = all(answer.get("manual_points") is not None for answer in (before, now))
    if decided and before.get("given") != now.get("given"):
        yield Change(*who, str(now.get("id")), "given", *map(_given, (before, now)))


def _given(answer: Mapping[str, Any]) -> str:
    return str(answer.get("given") or "")


def _shown(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def changes_csv(found: Iterable[Change]) -> bytes:
    """The differences as a table."""
    rows: list[list[Value]] = [[c.id, c.name, c.question, c.what, c.before, c.now] for c in found]
    return csv_bytes(_COLUMNS, rows)
