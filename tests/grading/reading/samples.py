"""The write-ups beside the tests and what their writers wrote; see writeups/README.md."""

from dataclasses import dataclass
from pathlib import Path

from report.grading.intake.content import Kind
from report.grading.intake.lines import Line, LineKind, Place
from report.grading.intake.reading import read_document
from report.grading.reading.given import GivenAnswer

WRITEUPS = Path(__file__).parent / "writeups"
_KINDS = {".md": Kind.MARKDOWN, ".txt": Kind.PLAIN}


@dataclass(frozen=True, slots=True)
class Sample:
    """One write-up with its truth table: question id to what is written."""

    path: Path
    lab: str
    truth: dict[str, str]

    def lines(self) -> tuple[Line, ...]:
        """The lines as the intake reads them."""
        return read_document(self.path, _KINDS[self.path.suffix]).lines


def samples(folder: str) -> list[Sample]:
    """The write-ups of one folder, by name."""
    tables = sorted((WRITEUPS / folder).glob("*.tsv"))
    return [_sample(table) for table in tables]


def _sample(table: Path) -> Sample:
    truth = dict(row.split("\t") for row in table.read_text("utf-8").split("\n")[:-1])
    return Sample(_beside(table), truth.pop("lab", "tls-v8.1"), truth)


def _beside(table: Path) -> Path:
    return next(p for p in table.parent.glob(f"{table.stem}.*") if p.suffix in _KINDS)


def as_written(given: GivenAnswer, truth: str) -> bool:
    """Whether what was read is what the truth table says was written."""
    if truth.startswith("~"):
        return truth[1:] in given.text
    if truth == "=missing":
        return given.empty and given.value is None
    if truth.startswith("="):
        return given.value is None and given.stance == truth[1:]
    if truth in ("yes", "no"):
        return given.value is (truth == "yes")
    if isinstance(given.value, tuple):
        return sorted(given.value) == sorted(truth.split(" | "))
    return str(given.value) == truth


def plain_lines(text: str) -> list[Line]:
    """A text as lines of prose, as a plain file gives them."""
    return [
        Line(number, line, LineKind.PROSE, Place("line", number))
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip()
    ]
