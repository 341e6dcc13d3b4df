"""`labshark doctor`: what is there, what is missing, and the command that mends it."""

from collections.abc import Iterable, Iterator
from typing import Literal

from report.doctor.checks import CHECKS, Finding, Status
from report.doctor.machine import System, this_system
from report.errors import ExitCode
from report.text import Text

__all__ = ["Finding", "Status", "System", "examine", "exit_code", "lines", "this_system"]

_MARKS: dict[Status, Text] = {
    "ok": Text("[正常]", "[ok]"),
    "warning": Text("[注意]", "[warning]"),
    "missing": Text("[缺少]", "[missing]"),
}
_INDENT = "    "


def examine(system: System | None = None) -> list[Finding]:
    """The findings for a machine, this one if none is given, in the order they matter."""
    looked_at = this_system() if system is None else system
    return [check(looked_at) for check in CHECKS]


def lines(findings: Iterable[Finding], language: Literal["zh", "en", "both"]) -> Iterator[str]:
    """The findings as plain lines: a sentence per language, then the command, indented."""
    for finding in findings:
        mark = _MARKS[finding.status]
        if language in ("zh", "both"):
            yield f"{mark.zh} {finding.text.zh}"
        if language in ("en", "both"):
            yield f"{mark.en} {finding.text.en}"
        if finding.command is not None:
            yield f"{_INDENT}{finding.command}"


def exit_code(findings: Iterable[Finding]) -> ExitCode:
    """DONE, or PROGRAM where something is missing that labshark cannot work without."""
    missing = any(finding.status == "missing" for finding in findings)
    return ExitCode.PROGRAM if missing else ExitCode.DONE
