"""A class graded, for the tests to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report.grading.run import ClassGraded, Options, grade_class
from report.text import Text
from tests.grading.klass.archives import PLATFORMS, Files, Platform
from tests.grading.klass.cast import Student
from tests.grading.klass.writing import LAB


@dataclass(frozen=True)
class Graded:
    """One run over one platform's archive."""

    platform: Platform
    out: Path
    students: tuple[Student, ...]
    result: ClassGraded

    def options(self, **changed: Any) -> Options:
        """The run's options, for another one."""
        return options(self.platform, self.out, **changed)


def options(platform: Platform, out: Path, **changed: Any) -> Options:
    """What an instructor with the platform's archive and sheet asks for."""
    asked: dict[str, Any] = {
        "submissions": platform.archive,
        "out": out,
        "lab": LAB,
        "roster": platform.sheet,
        "sheet": platform.sheet,
        "jobs": 2,
        "with_pdf": False,
        "accept_proposed": True,
    }
    return Options(**(asked | changed))


def graded(name: str, students: Sequence[Student], works: dict[str, Files], folder: Path) -> Graded:
    """The students' works as the platform packs them, graded."""
    platform = PLATFORMS[name](folder, students, works)
    out = folder / f"{name}-out"
    result = grade_class(options(platform, out), quiet)
    return Graded(platform, out, tuple(students), result)


def quiet(_: Text) -> None:
    """Says nothing."""
