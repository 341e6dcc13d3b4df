"""Results as a run might leave them, for what is derived from results."""

import random
from collections.abc import Iterator
from typing import Any

from report.batch.results import (
    REPORTED,
    AnswerFacts,
    CaptureFacts,
    FileFacts,
    Findings,
    Result,
    Said,
    SessionFacts,
    Status,
    Who,
)
from report.errors import LabsharkError
from report.labs.model import Lab

SUITES = ("TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")


def findings(lab: Lab, number: int, server_name: str = "www.example") -> Findings:
    """A capture's facts; the session has `number` packets and half a second for each."""
    return Findings(
        capture=CaptureFacts(
            name="mine.pcapng",
            sha256=f"{number:064x}",
            bytes=1000 + number,
            packets=number,
            seconds=float(number),
            started="2026-11-20T08:00:00+00:00",
        ),
        session=SessionFacts(
            transport="tcp",
            stream=0,
            client="192.0.2.1:50000",
            server="198.51.100.7:443",
            server_name=server_name,
            version=("TLS 1.3", "TLS 1.2")[number % 2],
            cipher_suite=SUITES[number % 2],
            resumed=False,
            decrypted=number % 3 == 0,
            chosen="host",
            packets=number,
            seconds=number / 2,
        ),
        answers=tuple(
            AnswerFacts(id=question.id, status="found", value=place)
            for place, question in enumerate(lab.questions)
        ),
    )


def result(lab: Lab, number: int, status: Status = Status.DONE, **changes: Any) -> Result:
    """One student's result; `changes` are fields of `Result`."""
    reported = status in REPORTED
    fault = LabsharkError("capture-empty-file", path="mine.pcapng")
    files = ("report.html", "report.pdf", "answers.json") if reported else ()
    made = Result(
        key=f"{number:064x}",
        final=True,
        status=status,
        who=Who(id=f"2024{number:05}", name=f"学生{number}", class_name="1班"),
        folder=f"2024{number:05}",
        inputs=("mine.pcapng",),
        problem=None if status in (Status.DONE, Status.PARTIAL) else Said.by(fault),
        findings=findings(lab, number) if reported else None,
        files={name: FileFacts(size=number, sha256="0" * 64) for name in files},
    )
    return made.model_copy(update=changes)


def class_of(lab: Lab, count: int) -> Iterator[Result]:
    """A class with every status in it."""
    chance = random.Random(1)
    for number in range(count):
        (status,) = chance.choices(list(Status), [80, 5, 2, 5, 3, 3, 2])
        yield result(lab, number, status)
