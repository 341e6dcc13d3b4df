"""The program's answers to every lab on one reading of a capture.

A reading is a capture without or with its key log. The labs on TLS are put as one lab, so that
tshark reads the capture once and the session is opened once for all of them; that this changes no
answer is tested on its own (`test_answers.py`).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from report.capture.trace import Trace, open_trace
from report.labs.loader import load_lab
from report.labs.model import Lab, Question
from report.questions.engine import answer_lab
from report.rendering.answers_json import answers_document
from tests.corpus.truth import (
    TRACES,
    Case,
    Truth,
    Verdict,
    differences,
    load,
    truth_files,
    verdict,
)
from tests.corpus.write_truth import ANSWERS
from tests.independent import choose, facts
from tests.independent.expected_tcp import expected_tcp
from tests.independent.reader import Facts

TLS_LABS = tuple(ANSWERS)
Given = Mapping[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Reading:
    """One capture without or with keys, and the sessions asked for on it."""

    truth: Truth
    keylog: Path | None

    @property
    def name(self) -> str:
        return f"{self.truth.path.name.removesuffix('.truth.toml')}{'+keys' if self.keylog else ''}"

    def cases(self) -> list[Case]:
        return [case for case in self.truth.cases if case.keylog(TRACES) == self.keylog]


@dataclass(frozen=True, slots=True)
class Cell:
    """One question on one session of one reading: what is true of it and what was answered."""

    reading: str
    lab: str
    options: str
    question: str
    verdict: Verdict
    different: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.lab} [{self.options}] {self.question}: {'; '.join(self.different)}"


def readings() -> list[Reading]:
    """Every reading of the corpus, by the captures' names."""
    return [
        Reading(truth, keylog)
        for truth in map(load, truth_files())
        for keylog in dict.fromkeys(case.keylog(TRACES) for case in truth.cases)
    ]


def cells(reading: Reading) -> list[Cell]:
    """Every question of every lab on every session that the truth file names.

    Rows of the truth file come first; of labs that it has no rows for, the independent reader says
    what is true.
    """
    found = facts(reading.truth.capture, reading.keylog)
    held: list[Cell] = []
    with open_trace(reading.truth.capture, reading.keylog) as trace:
        for options in dict.fromkeys((case.host, case.stream) for case in reading.cases()):
            own = [c for c in reading.cases() if (c.host, c.stream) == options]
            for lab, row in _expected(own, found).items():
                given = _answers(trace, lab, *options)
                label = own[0].label
                held += [_cell(reading, lab, label, q, row[q], given[q]) for q in row]
    return held


def _expected(cases: list[Case], found: Facts) -> dict[str, Mapping[str, Mapping[str, Any]]]:
    """By lab, what is true of the session that these cases are about."""
    expected: dict[str, Mapping[str, Mapping[str, Any]]] = {c.lab: c.answers for c in cases}
    if expected.keys() <= {"tcp"}:
        return expected or {"tcp": expected_tcp(found)}
    connection = choose(found, cases[0].host, cases[0].stream)
    for lab, answers in ANSWERS.items():
        if lab not in expected:
            expected[lab] = answers(found, connection)
    return expected


def _cell(
    reading: Reading,
    lab: str,
    options: str,
    question: str,
    row: Mapping[str, Any],
    given: dict[str, Any],
) -> Cell:
    different = tuple(differences(row, given))
    return Cell(reading.name, lab, options, question, verdict(row, given), different)


def _answers(trace: Trace, lab: str, host: str | None, stream: int | None) -> Given:
    if lab not in TLS_LABS:
        return answered(trace, load_lab(lab), host, stream)
    every = _all_labs(trace, host, stream)
    prefix = f"{lab}."
    return {
        name.removeprefix(prefix): answer
        for name, answer in every.items()
        if name.startswith(prefix)
    }


@lru_cache(maxsize=1)
def _all_labs(trace: Trace, host: str | None, stream: int | None) -> Given:
    return answered(trace, merged(map(load_lab, TLS_LABS)), host, stream)


def answered(trace: Trace, lab: Lab, host: str | None = None, stream: int | None = None) -> Given:
    """A lab's answers by question id, as `labshark answer --json` gives them."""
    trace.start(lab.columns())
    result = answer_lab(trace, lab, host=host, stream=stream)
    document = json.loads(json.dumps(answers_document(trace, result)))
    return {answer["id"]: answer for answer in document["answers"]}


def merged(labs: Iterable[Lab]) -> Lab:
    """Several labs as one, with the lab's id before each question's."""
    whole = list(labs)
    questions = [_renamed(question, lab.id) for lab in whole for question in lab.questions]
    return whole[0].model_copy(update={"questions": questions, "hosts": []})


def _renamed(question: Question, lab: str) -> Question:
    depends = [f"{lab}.{other}" for other in question.depends]
    return question.model_copy(update={"id": f"{lab}.{question.id}", "depends": depends})
