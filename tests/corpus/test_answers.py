"""Every question of every lab on every capture of the corpus, against what is true of it."""

import pytest

from report.capture.trace import open_trace
from report.labs.loader import load_lab
from tests.corpus.answering import TLS_LABS, Reading, answered, cells, merged, readings
from tests.corpus.truth import TRACES, Verdict


def _every_other_now() -> list[object]:
    """Every reading, half of them for `--long`: of a capture with keys, one with or without."""
    return [
        pytest.param(reading, id=reading.name, marks=[pytest.mark.long] if at % 2 else [])
        for at, reading in enumerate(readings())
    ]


@pytest.mark.parametrize("reading", _every_other_now())
def test_answers_agree_with_the_truth(reading: Reading) -> None:
    held = cells(reading)
    assert held
    wrong = [str(cell) for cell in held if cell.verdict is Verdict.WRONG]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["tls12-client-cert.pcapng", "tls13-hello-retry.pcapng"])
def test_labs_answered_together_say_what_each_says_alone(name: str) -> None:
    """What `tests.corpus.answering` does to be quick changes no answer."""
    with open_trace(TRACES / name) as trace:
        together = answered(trace, merged(map(load_lab, TLS_LABS)))
    for lab in TLS_LABS:
        with open_trace(TRACES / name) as trace:
            alone = answered(trace, load_lab(lab))
        for question, answer in alone.items():
            assert together[f"{lab}.{question}"] == answer | {"id": f"{lab}.{question}"}
