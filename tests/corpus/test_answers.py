"""Every question of every lab on every capture of the corpus, against its truth row."""

import json
from pathlib import Path
from typing import Any

import pytest

from report.capture.trace import Trace, open_trace
from report.labs.loader import load_lab
from report.questions.engine import answer_lab
from report.rendering.answers_json import answers_document
from tests.corpus.truth import TRACES, Case, Truth, differences, load, truth_files

READINGS = [
    pytest.param(truth, keylog, id=f"{path.stem.removesuffix('.truth')}{'+keys' if keylog else ''}")
    for path in truth_files()
    for truth in [load(path)]
    for keylog in dict.fromkeys(case.keylog(TRACES) for case in truth.cases)
]
"""Each capture without and with its key log: opened once for all cases on it."""

_CAREFUL = {
    # tshark 4.0 to 4.4 cannot follow the client's records after a Finished of authentication after
    # the handshake, so the closing alert is known by its length alone, and said to be inferred.
    ("tls13-client-cert-after-handshake", True): ("q24",),
    # Without the client's Finished tshark does not change to the client's later keys either.
    ("tls13-client-finished-not-captured", True): ("q24",),
}
"""Right values that are held with more care than the keys would need, by capture and keys."""


@pytest.mark.parametrize(("truth", "keylog"), READINGS)
def test_answers_agree_with_the_truth(truth: Truth, keylog: Path | None) -> None:
    wrong: list[str] = []
    with open_trace(truth.capture, keylog) as trace:
        for case in truth.cases:
            if case.keylog(TRACES) == keylog:
                wrong += _wrong(trace, truth, case)
    assert not wrong, "\n".join(wrong)


def _wrong(trace: Trace, truth: Truth, case: Case) -> list[str]:
    lab = load_lab(case.lab)
    trace.start(lab.columns())
    result = answer_lab(trace, lab, host=case.host, stream=case.stream)
    document = json.loads(json.dumps(answers_document(trace, result)))
    given: dict[str, Any] = {answer["id"]: answer for answer in document["answers"]}
    careful = _CAREFUL.get((truth.capture.stem, "keylog" in case.options), ())
    return [
        f"[{case.lab},{case.label}] {question}: {'; '.join(found)}"
        for question, expected in case.answers.items()
        if (found := differences(expected, given[question]))
        and not (question in careful and found == ["inferred True"])
    ]
