"""Every lab on TLS on every capture of the corpus: the program and the independent reader agree.

The truth files hold the rows of tls-v8.1 everywhere and those of the other labs on some captures;
here the reader says anew what each lab's answers are, without and with keys, for every session that
a truth file names.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from report.capture.trace import Trace, open_trace
from report.labs.loader import load_lab
from report.questions.engine import answer_lab
from report.rendering.answers_json import answers_document
from tests.corpus.truth import TRACES, Case, Truth, differences, load, truth_files
from tests.corpus.write_truth import ANSWERS
from tests.independent import choose, facts
from tests.independent.reader import Facts

LABS = [lab for lab in ANSWERS if lab != "tls-v8.1"]
READINGS = [
    pytest.param(truth, keylog, id=f"{path.stem.removesuffix('.truth')}{'+keys' if keylog else ''}")
    for path in truth_files()
    for truth in [load(path)]
    for keylog in dict.fromkeys(c.keylog(TRACES) for c in truth.cases if c.lab == "tls-v8.1")
]


@pytest.mark.parametrize(("truth", "keylog"), READINGS)
def test_two_readers_agree_on_every_lab(truth: Truth, keylog: Path | None) -> None:
    found = facts(truth.capture, keylog)
    wrong: list[str] = []
    with open_trace(truth.capture, keylog) as trace:
        for case in truth.cases:
            if case.lab == "tls-v8.1" and case.keylog(TRACES) == keylog:
                wrong += [line for lab in LABS for line in _wrong(trace, lab, case, found)]
    assert not wrong, "\n".join(wrong)


def _wrong(trace: Trace, lab: str, case: Case, found: Facts) -> list[str]:
    given = _answers(trace, lab, case)
    expected = ANSWERS[lab](found, choose(found, case.host, case.stream))
    return [
        f"{lab} {case.label} {question}: {'; '.join(different)}"
        for question, row in expected.items()
        if (different := differences(row, given[question]))
    ]


def _answers(trace: Trace, lab: str, case: Case) -> dict[str, Any]:
    result = answer_lab(trace, load_lab(lab), host=case.host, stream=case.stream)
    document = json.loads(json.dumps(answers_document(trace, result)))
    return {answer["id"]: answer for answer in document["answers"]}
