"""One capture to its report's files: the work itself, in a process that may be lost.

`report.batch.workshop` is who asks.
"""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from report.batch.results import AnswerFacts, CaptureFacts, Findings, Said, SessionFacts
from report.batch.versions import versions
from report.capture.sandbox import Limits
from report.capture.scratch import private_folder
from report.capture.trace import Trace, open_trace
from report.errors import LabsharkError
from report.labs.model import Lab
from report.questions.circumstances import Circumstances
from report.questions.engine import LabResult, answer_lab
from report.rendering.output import report_files
from report.rendering.pdf import Attachment, Pdf
from report.rendering.pdf_worker import PdfLimits, PdfWorker
from report.student import Student, load_student, load_words
from report.tls.trust import load_trust_store
from report.workers import Message, serve

_FILES = ("capture", "keylog", "words", "student", "trust")
_NAMES = {"words": "words.md", "student": "student.toml"}
"""What messages call them."""


class Maker:
    """Works in the current folder, which is its own, with one PDF process.

    `seconds` is how long an order may take.
    """

    def __init__(self, seconds: float) -> None:
        # So that what hangs is named for what it is, before the whole order's time is over.
        self._tshark = Limits(deadline_seconds=min(Limits().deadline_seconds, 0.6 * seconds))
        pdf = PdfLimits()
        deadline = min(pdf.deadline_seconds, 0.6 * seconds)
        self._pdf = PdfWorker(replace(pdf, deadline_seconds=deadline))

    def __call__(self, order: Message) -> Message:
        """The report's files and what stands in them; `problem` where there can be none."""
        try:
            if "versions" in order.values:
                return Message({"versions": versions(self._pdf if order.values["pdf"] else None)})
            return self._made(order)
        except LabsharkError as fault:
            return Message({"problem": Said.by(fault).model_dump()})

    def _made(self, order: Message) -> Message:
        began = time.monotonic()
        files = self._laid_out(order)
        given = order.values
        lab = _lab(given["lab"])
        capture = files.get("capture") or Path(given["path"])
        with open_trace(capture, files.get("keylog"), self._tshark, given["name"]) as trace:
            trace.start(lab.columns())
            circumstances = _circumstances(files)
            result = answer_lab(trace, lab, host=given["host"], circumstances=circumstances)
            answered = time.monotonic()
            made = self._files(order, files, trace, result)
        took = {"answers": answered - began, "report": time.monotonic() - answered}
        return Message({**made.values, "seconds": took}, made.blobs)

    def _laid_out(self, order: Message) -> dict[str, Path]:
        """The order's files in the scratch folder, those of the last order gone."""
        laid = {}
        names = _NAMES | {"trust": f"trust-{order.values['trust_name']}"}
        for name in _FILES:
            path = Path(names.get(name, name))
            path.unlink(missing_ok=True)
            if name in order.blobs:
                path.write_bytes(order.blobs[name])
                laid[name] = path
        return laid

    def _files(
        self, order: Message, files: Mapping[str, Path], trace: Trace, result: LabResult
    ) -> Message:
        given = order.values
        notes = [Said.of(w.slug, w.text) for w in trace.warnings]
        student = _student(given["who"], files, notes)
        words = _words(files, result, notes)
        maker = _PdfMaker(self._pdf)
        report, trouble = report_files(
            trace,
            result,
            student,
            words,
            language=given["language"],
            with_answers=given["with_answers"],
            created=_date(given["epoch"], result.tables.packets),
            make_pdf=maker if given["with_pdf"] else None,
        )
        if trouble is not None and maker.fault is None:
            notes.append(Said.of("pdf-missing-glyphs", trouble))
        values = {
            "findings": findings(trace, result).model_dump(mode="json"),
            "notes": [note.model_dump() for note in notes],
            "whole": trace.whole,
            "pdf_problem": Said.by(maker.fault).model_dump() if maker.fault else None,
        }
        return Message(values, report)


class _PdfMaker:
    """The PDF, a second time where its process died; keeps why there is none."""

    def __init__(self, worker: PdfWorker) -> None:
        self._worker = worker
        self.fault: LabsharkError | None = None

    def __call__(self, html: str, attachments: Sequence[Attachment], created: datetime) -> Pdf:
        for again in (True, False):
            try:
                return self._worker.render(html, attachments, created)
            except LabsharkError as fault:
                if not again or fault.slug != "pdf-failed":
                    self.fault = fault
                    raise
        raise AssertionError("unreachable")


@lru_cache(maxsize=2)
def _lab(text: str) -> Lab:
    return Lab.model_validate_json(text)


def _circumstances(files: Mapping[str, Path]) -> Circumstances:
    if "trust" not in files:
        return Circumstances()
    return Circumstances(trust=load_trust_store(files["trust"]))


def _student(who: Mapping[str, Any], files: Mapping[str, Path], notes: list[Said]) -> Student:
    """The header block: the roster's word before the student's, theirs before a file name's."""
    known = Student().with_fields(id=who["id"], name=who["name"], **{"class": who["class_name"]})
    if "student" not in files:
        return known
    try:
        own = load_student(files["student"])
    except LabsharkError as fault:
        notes.append(Said.by(fault))
        return known
    first, second = (own, known) if who["on_roster"] else (known, own)
    return Student({**first.fields, **second.fields})


def _words(files: Mapping[str, Path], result: LabResult, notes: list[Said]) -> dict[str, str]:
    if "words" not in files:
        return {}
    try:
        return load_words(files["words"], frozenset(result.answers))
    except LabsharkError as fault:
        notes.append(Said.by(fault))
        return {}


def _date(epoch: str, packets: pd.DataFrame) -> datetime:
    """The PDF's date: SOURCE_DATE_EPOCH, else the capture's, so that it is the same every time."""
    if epoch.isdigit():
        return datetime.fromtimestamp(int(epoch), UTC)
    return _started(packets) or datetime.fromtimestamp(0, UTC)


def _started(packets: pd.DataFrame) -> datetime | None:
    first = packets["frame.time_epoch"].min()
    if pd.isna(first):
        return None
    with contextlib.suppress(OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(float(first), UTC)
    return None


def findings(trace: Trace, result: LabResult) -> Findings:
    """What the class page and the tables say of one capture."""
    session, connection = result.session, result.session.connection
    started = _started(result.tables.packets)
    return Findings(
        capture=CaptureFacts(
            name=trace.name,
            sha256=trace.sha256,
            bytes=trace.size,
            packets=trace.packets,
            seconds=_seconds(result.tables.packets),
            started=started.isoformat(timespec="seconds") if started else None,
        ),
        session=SessionFacts(
            transport=connection.transport,
            stream=connection.stream,
            client=str(session.client),
            server=str(session.server),
            server_name=connection.server_name or None,
            version=connection.version or None,
            cipher_suite=connection.cipher_suite or None,
            resumed=connection.resumed,
            decrypted=session.decrypted,
            chosen=session.chosen,
            packets=connection.packets,
            seconds=_seconds(session.packets),
        ),
        answers=tuple(_answers(result)),
    )


def _answers(result: LabResult) -> Iterator[AnswerFacts]:
    for name, answer in result.answers.items():
        value = answer.value
        plain = list(value) if isinstance(value, tuple) else value
        yield AnswerFacts(
            id=name, status=answer.status.value, value=plain, inferred=answer.inferred
        )


def _seconds(packets: pd.DataFrame) -> float:
    times = packets["frame.time_relative"]
    span = times.max() - times.min()
    return 0.0 if pd.isna(span) else round(float(span), 6)


def main(arguments: list[str]) -> None:
    """The worker process; its argument is how many seconds an order may take."""
    with private_folder() as scratch:
        # Relative names say nothing of this machine in messages, and nothing strange lies here.
        os.chdir(scratch)
        serve(Maker(float(arguments[0])))
