"""A student's write-up as lines, whatever it was written with; read by a child with limits."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report.grading.intake.answersjson import parse_answers
from report.grading.intake.confined import ChildFailedError, confined
from report.grading.intake.content import Content, Kind, Role, content_of
from report.grading.intake.limits import ChildLimits
from report.grading.intake.lines import Line
from report.grading.intake.problems import Problem, problem
from report.grading.intake.reading import TASK, reading_of
from report.grading.intake.submission import SubmittedFile
from report.text import Language


@dataclass(frozen=True, slots=True)
class WriteUp:
    """What a student wrote."""

    name: str
    """The file, as the student named it."""
    kind: Kind
    lines: tuple[Line, ...]
    language: Language | None
    """What it is mostly written in; None without prose."""
    marks: tuple[str, ...] = ()
    """Signs of labshark: `answers` (an answers.json inside), `generator` (the program named in
    the file), `form` (the filled form)."""
    answers: dict[str, Any] | None = None
    """The answers.json inside, unverified: the student may have edited it."""
    problems: tuple[Problem, ...] = ()

    @property
    def is_generated(self) -> bool:
        """Whether it is, or was made from, a report by labshark."""
        return "answers" in self.marks or "generator" in self.marks

    @property
    def text(self) -> str:
        """All lines, for search."""
        return "\n".join(line.text for line in self.lines)


def read_writeup(file: SubmittedFile, limits: ChildLimits | None = None) -> WriteUp:
    """The write-up in `file` (role `writeup` or `answers`); never raises for what is in it.

    What cannot be read comes back without lines and with a problem that says why.
    """
    if file.role is Role.ANSWERS:
        return _bare_answers(file)
    limits = limits or ChildLimits()
    argument = json.dumps([str(file.path.resolve()), file.content.kind.value]).encode()
    try:
        value = json.loads(confined(TASK, argument, limits))
    except ChildFailedError as error:
        return _unread(file, _failure(file, error, limits))
    if "fault" in value:
        detail = value["detail"]
        return _unread(file, problem(value["fault"], file.name, detail=detail, limit=detail))
    reading = reading_of(value)
    problems = tuple(problem(slug, file.name, **values) for slug, values in reading.problems)
    return WriteUp(
        file.name,
        file.content.kind,
        reading.lines,
        reading.language,
        reading.marks,
        reading.answers,
        problems,
    )


def read_writeup_at(path: Path, limits: ChildLimits | None = None) -> WriteUp:
    """The write-up in a file on disk, its format told by its content."""
    content = content_of(path, path.name)
    if content.role is not Role.ANSWERS:
        content = Content(Role.WRITEUP, content.kind)
    file = SubmittedFile(path.name, path.name, path, path.stat().st_size, content)
    return read_writeup(file, limits)


def _unread(file: SubmittedFile, *problems: Problem) -> WriteUp:
    return WriteUp(file.name, file.content.kind, (), None, problems=problems)


def _failure(file: SubmittedFile, error: ChildFailedError, limits: ChildLimits) -> Problem:
    slug = f"writeup-{error.slug}"
    return problem(slug, file.name, seconds=round(limits.seconds), detail=error.detail)


def _bare_answers(file: SubmittedFile) -> WriteUp:
    try:
        answers = parse_answers(file.path.read_bytes())
    except ValueError as error:
        said = problem("writeup-answers-damaged", file.name, detail=str(error))
        return _unread(file, said)
    return WriteUp(file.name, Kind.NONE, (), None, ("answers",), answers)
