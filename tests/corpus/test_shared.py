"""The published captures in ../shared: two readers that share no code must agree on them.

Their frame numbers and values come from `tests.independent`, which is itself held against what the
captures' sources assert (`tests/independent/test_published.py`).
"""

import json
from pathlib import Path
from typing import Any

import pytest

from report.capture.trace import open_trace
from report.labs.loader import load_lab
from report.questions.engine import answer_lab
from report.rendering.answers_json import answers_document
from tests.corpus.truth import differences
from tests.independent.expected import expected_tls_v8_1
from tests.independent.reader import choose, facts
from tests.textbook import TEXTBOOK

LAB = "tls-v8.1"
CAPTURES = [
    "illustrated-tls12.pcap",
    "illustrated-tls13.pcap",
    "quic-v1-http3.pcap",
    "textbook-tls12.pcapng",
    "tls10-sslv2hello-id-resume-parallel.pcap",
    "tls11-ecdhe.pcap",
    "tls12-alert-handshake-failure.pcap",
    "tls12-clienthello-3-segments.pcap",
    "tls12-ecdsa-ticket-resume.pcap",
    "tls12-grease-ocsp-staple.pcap",
    "tls12-mtls-ipv6.pcap",
    "tls12-rsa-vlan-qinq-retrans.pcap",
    "tls12-snaplen-gtp-retrans.pcap",
    "tls13-hello-retry-request.pcapng",
    "tls13-pq-offered-grease-keylog.pcapng",
]
WITH_KEYS = [
    "illustrated-tls12.pcap",
    "illustrated-tls13.pcap",
    "tls13-pq-offered-grease-keylog.pcapng",
]


@pytest.mark.parametrize(
    ("name", "with_keys"),
    [(name, False) for name in CAPTURES] + [(name, True) for name in WITH_KEYS],
)
def test_two_readers_agree(shared: Path, name: str, with_keys: bool) -> None:
    capture = shared / "traces" / name
    keylog = capture.with_suffix(".keylog") if with_keys else None
    lab = load_lab(LAB)
    found = facts(capture, keylog)
    wrong: list[str] = []
    with open_trace(capture, keylog) as trace:
        trace.start(lab.columns())
        automatic = answer_lab(trace, lab)
        streams: list[int | None] = [None]
        streams += [c.stream for c in automatic.connections if c.transport == "tcp"][:6]
        for stream in streams:
            result = automatic if stream is None else answer_lab(trace, lab, stream=stream)
            document = json.loads(json.dumps(answers_document(trace, result)))
            wrong += _disagreements(document["answers"], found, stream, lab.hosts[0])
    assert not wrong, "\n".join(wrong)


def _disagreements(
    answers: list[dict[str, Any]], found: Any, stream: int | None, lab_host: str
) -> list[str]:
    connection = choose(found, stream=stream, lab_host=lab_host)
    expected = expected_tls_v8_1(found, connection)
    return [
        f"stream {stream} {answer['id']}: {'; '.join(different)}"
        for answer in answers
        if (different := differences(expected[answer["id"]], answer))
    ]


TEXTBOOK_STATUSES = {"q7": "explained", "q16": "absent", "q19": "absent", "q23": "explained"}
METRICS = {"q1": 478, "q3": 509, "q6": "ea", "q8": 557, "q11": 563, "q18": 565, "q22": 588}


def _answers(capture: Path, host: str | None = None) -> dict[str, dict[str, Any]]:
    lab = load_lab(LAB)
    with open_trace(capture) as trace:
        trace.start(lab.columns())
        document = json.loads(
            json.dumps(answers_document(trace, answer_lab(trace, lab, host=host)))
        )
    return {answer["id"]: answer for answer in document["answers"]}


def test_textbook_trace_as_published(shared: Path) -> None:
    answers = _answers(shared / "traces" / "textbook-tls12.pcapng")
    assert {q: answers[q]["value"] for q in TEXTBOOK} == TEXTBOOK
    assert {q: answers[q]["status"] for q in TEXTBOOK_STATUSES} == TEXTBOOK_STATUSES
    assert {q: answers[q]["status"] for q in TEXTBOOK} == dict.fromkeys(TEXTBOOK, "found")
    assert answers["q11"]["parts"] == [32, 33, 34, 37]
    assert [q for q, a in answers.items() if a["inferred"]] == ["q24"]


def test_another_host_of_the_textbook_trace(shared: Path) -> None:
    capture = shared / "traces" / "textbook-tls12.pcapng"
    answers = _answers(capture, "collector-16060.us.tvsquared.com")
    assert {q: answers[q]["value"] for q in METRICS} == METRICS
    assert answers["q11"]["parts"] == [557, 558, 559, 563]
