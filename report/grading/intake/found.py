"""One file that was found, before it is known whose it is."""

from dataclasses import dataclass
from pathlib import Path

from report.grading.intake.content import Content, Role
from report.grading.intake.problems import Problem

_UNKNOWN = Content(Role.OTHER)


@dataclass(frozen=True, slots=True)
class Found:
    """A file in the folder or archive; one that had to be skipped has a problem and no path.

    A skipped file still says that its student handed something in.
    """

    parts: tuple[str, ...]
    """Its path in what the instructor gave."""
    inner: tuple[str, ...] = ()
    """Its path in the archive that a student handed in, if it was in one."""
    path: Path | None = None
    size: int = 0
    content: Content = _UNKNOWN
    problem: Problem | None = None

    @property
    def origin(self) -> str:
        """The whole path with slashes."""
        return "/".join((*self.parts, *self.inner))

    @property
    def is_work(self) -> bool:
        """Whether it is something that can be marked, or was skipped before that was known."""
        return self.path is None or self.content.role in (
            Role.CAPTURE,
            Role.WRITEUP,
            Role.ANSWERS,
            Role.KEYLOG,
            Role.ARCHIVE,
        )
