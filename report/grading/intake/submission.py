"""What one student handed in, as plain data."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from report.grading.intake.content import Content, Role
from report.grading.intake.problems import Problem


class Layout(StrEnum):
    """Who arranged the files."""

    CANVAS = "canvas"
    MOODLE = "moodle"
    MOODLE_FLAT = "moodle_flat"
    BLACKBOARD = "blackboard"
    FOLDERS = "folders"
    NAMES = "names"
    PATTERN = "pattern"
    SINGLE = "single"

    @property
    def is_lms(self) -> bool:
        """Whether ids in the names are the LMS's own numbers, which no roster need have."""
        return self in (Layout.CANVAS, Layout.MOODLE, Layout.MOODLE_FLAT, Layout.BLACKBOARD)


@dataclass(frozen=True, slots=True)
class SubmittedFile:
    """One file of a submission; its bytes lie at `path`, under a name of ours if unpacked."""

    name: str
    """As the student named it (without what the LMS put before it)."""
    origin: str
    """Its path in what the instructor gave, with slashes; inside a student's own archive the
    archive's name is one of the parts."""
    path: Path
    size: int
    content: Content

    @property
    def role(self) -> Role:
        """What the file is for, by its content."""
        return self.content.role


@dataclass(frozen=True, slots=True)
class LmsPlace:
    """Where feedback must be put so that the LMS finds the student again."""

    layout: Layout
    label: str
    """The folder's or file's name that the submission was found under."""
    back: tuple[str, ...] = ()
    """Canvas, Blackboard: the original file names; Moodle: the folder's name or the prefix."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What one student (or group) handed in."""

    key: str
    """Unique in the intake, and the same on every run over the same files."""
    id: str | None
    """The student id in the file names; with an LMS its own number for the student."""
    name: str | None
    files: tuple[SubmittedFile, ...]
    lms: LmsPlace
    late: bool = False
    problems: tuple[Problem, ...] = ()

    def of_role(self, role: Role) -> tuple[SubmittedFile, ...]:
        """The files of one role, in their order."""
        return tuple(file for file in self.files if file.role is role)

    def with_problem(self, *problems: Problem) -> "Submission":
        """The same, with more to say."""
        return replace(self, problems=(*self.problems, *problems))


@dataclass(frozen=True, slots=True)
class Intake:
    """Everything that was handed in."""

    layout: Layout
    submissions: tuple[Submission, ...]
    problems: tuple[Problem, ...] = field(default=())
    """What concerns no single student."""
