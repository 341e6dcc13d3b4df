"""Every question of every lab on every capture of the corpus, against its truth row."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from report.capture.trace import open_trace
from report.labs.loader import load_lab
from report.questions.engine import answer_lab
from report.rendering.answers_json import answers_document
from tests.corpus.truth import TRACES, Case, Truth, differences, load, truth_files

CASES = [
    pytest.param(truth, case, id=f"{path.stem.removesuffix('.truth')}[{case.lab},{case.label}]")
    for path in truth_files()
    for truth in [load(path)]
    for case in truth.cases
]


_CAREFUL = {
    # tshark 4.0 to 4.4 cannot follow the client's records after a Finished of authentication after
    # the handshake, so the closing alert is known by its length alone, and said to be inferred.
    ("tls13-client-cert-after-handshake", True): ("q24",),
}
"""Right values that are held with more care than the keys would need, by capture and keys."""


@cache
def _answers(
    capture: Path, lab: str, host: str | None, stream: int | None, keylog: Path | None
) -> dict[str, dict[str, Any]]:
    found = load_lab(lab)
    with open_trace(capture, keylog) as trace:
        trace.start(found.columns())
        result = answer_lab(trace, found, host=host, stream=stream)
        document = json.loads(json.dumps(answers_document(trace, result)))
    return {answer["id"]: answer for answer in document["answers"]}


@pytest.mark.parametrize(("truth", "case"), CASES)
def test_answers_agree_with_the_truth(truth: Truth, case: Case) -> None:
    given = _answers(truth.capture, case.lab, case.host, case.stream, case.keylog(TRACES))
    careful = _CAREFUL.get((truth.capture.stem, case.options.get("keylog") is not None), ())
    wrong = {
        question: found
        for question, expected in case.answers.items()
        if (found := differences(expected, given[question]))
        and not (question in careful and found == ["inferred True"])
    }
    assert not wrong, "\n".join(f"{q}: {'; '.join(found)}" for q, found in wrong.items())
