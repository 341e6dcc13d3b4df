"""Real write-ups with marks given by hand, from file to verdict.

`written.tsv` says what each of them writes to the questions that ask for a value, read by a person;
`../shared/submissions/marks.tsv` what a person made of it.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from report.grading.grader import FileOrder, Order, grade
from report.grading.intake.archives import open_submissions
from report.grading.outcome import AnswerOutcome, StudentOutcome, Who
from report.labs.loader import load_lab
from report.questions.kinds import kind
from report.questions.kinds.values import EXACTLY

HERE = Path(__file__).parent
# Composite questions (several things asked at once) are a person's to mark: no value is right.
SSL_KEY = """
lab = "ssl-v7"
[questions]
q1 = { status = "explained" }
q2 = { status = "explained" }
q3 = { value = 22 }
q4 = { value = "66df784c048cd60435dc448989469909" }
q5 = { value = ["RSA", "RC4", "MD5"] }
q6 = { value = ["RSA", "RC4", "MD5"] }
q7 = { status = "explained" }
q8 = { status = "explained" }
q9 = { status = "explained" }
q10 = { value = 128 }
q11 = { value = 6, accept = [1] }
q12 = { status = "explained" }
q13 = { status = "explained" }
q14 = { value = "RC4", accept = ["RC4_128"] }
"""
LABS = {"00-zh": "tls-v8.1", "01-zh": "tls-v8.1", "03-en": "tls-v8.1"} | {
    "10-zh": "ssl-v7",
    "14-en": "ssl-v7",
}


@dataclass(frozen=True)
class Judged:
    """One answer: what a person and what the machine made of it."""

    submission: str
    question: str
    written: object
    """As a person reads it; None for `no` and its like."""
    mark: str
    answer: AnswerOutcome

    @property
    def is_read(self) -> bool:
        """Whether the value read is the value written."""
        read = self.answer.value
        if self.written is None or read is None:
            return read is None and self.written is None
        given = tuple(read) if isinstance(read, list) else read
        wanted = tuple(self.written) if isinstance(self.written, list) else self.written
        if isinstance(wanted, tuple) and isinstance(given, tuple):
            return {n.casefold() for n in wanted} <= {n.casefold() for n in given}
        if isinstance(wanted, int) or isinstance(given, int):
            return type(wanted) is type(given) and wanted == given
        return kind(self.answer.kind).compare(given, wanted, EXACTLY).equal  # type: ignore[arg-type]


def _graded(path: Path, spool: Path) -> StudentOutcome:
    stem = path.stem
    lab = load_lab(LABS[stem])
    folder = spool / stem
    folder.mkdir()
    (folder / path.name).write_bytes(path.read_bytes())
    if lab.id == "tls-v8.1":
        trace = path.parent.parent / "traces" / "textbook-tls12.pcapng"
        (folder / trace.name).write_bytes(trace.read_bytes())
    unpacked = spool / f"{stem}-spool"
    unpacked.mkdir()
    (submission,) = open_submissions(folder, unpacked).submissions
    order = Order(
        submission=stem,
        label=stem,
        folder=stem,
        who=Who(id=stem),
        files=tuple(map(FileOrder.of, submission.files)),
        lab=lab.model_dump_json(by_alias=True),
        key_toml=SSL_KEY if lab.id == "ssl-v7" else None,
        with_pdf=False,
    )
    return grade(order).outcome


@pytest.fixture(scope="module")
def judged(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    spool = tmp_path_factory.mktemp("writeups")
    folder = shared / "submissions"
    outcomes = {name: _graded(folder / f"{name}.md", spool) for name in LABS}
    marks = {
        (row["submission"], row["question"]): row["mark"]
        for row in _rows(folder / "marks.tsv", quoting=csv.QUOTE_NONE)
    }
    return [
        Judged(
            row["submission"],
            row["question"],
            json.loads(row["value"]),
            marks[row["submission"], row["question"]],
            next(a for a in outcomes[row["submission"]].answers if a.id == row["question"]),
        )
        for row in _rows(HERE / "written.tsv", quoting=csv.QUOTE_NONE)
    ]


def _rows(path: Path, quoting: Literal[0, 3]) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=quoting)


def test_values_are_read_as_written(judged: list[Judged]) -> None:
    unread = [(j.submission, j.question, j.answer.value) for j in judged if not j.is_read]
    share = 1 - len(unread) / len(judged)
    print(f"read as written: {len(judged) - len(unread)} of {len(judged)} ({share:.1%})")
    assert share >= 0.98, unread


def test_verdicts_agree_with_the_marks_given_by_hand(judged: list[Judged]) -> None:
    decided = [j for j in judged if j.answer.verdict.value not in ("review", "not_gradable")]
    differing = [
        (j.submission, j.question, j.answer.verdict.value, j.mark)
        for j in decided
        if j.answer.verdict.value != j.mark
    ]
    share = 1 - len(differing) / len(decided)
    print(f"verdicts agree: {len(decided) - len(differing)} of {len(decided)} ({share:.1%})")
    assert share >= 0.99, differing


def test_few_values_are_left_to_review(judged: list[Judged]) -> None:
    review = [(j.submission, j.question) for j in judged if j.answer.verdict.value == "review"]
    share = len(review) / len(judged)
    print(f"left to review: {len(review)} of {len(judged)} ({share:.1%})")
    assert share <= 0.10, review


def test_missing_answers_are_missing(shared: Path, tmp_path: Path) -> None:
    outcome = _graded(shared / "submissions" / "10-zh.md", tmp_path)
    verdicts = {a.id: a.verdict.value for a in outcome.answers}
    assert verdicts["q14"] == "missing"
