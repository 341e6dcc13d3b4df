"""The answers as JSON: the stable format of `labshark answer --json` (additions only)."""

from collections.abc import Iterator, Mapping

import report
from report.capture.programs import shown_version
from report.capture.trace import Trace
from report.questions.answer import Answer, Evidence
from report.questions.engine import LabResult
from report.text import Text

FORMAT = 1

Document = dict[str, object]


def answers_document(trace: Trace, result: LabResult) -> Document:
    """Everything that the answers of one trace say, of plain values that JSON knows."""
    kinds = {question.id: question.kind for question in result.lab.questions}
    return {
        "format": FORMAT,
        "labshark": report.__version__,
        "tshark": shown_version(trace.tshark_version),
        "lab": result.lab.id,
        "trace": {
            "name": trace.name,
            "sha256": trace.sha256,
            "packets": trace.packets,
            "warnings": [{"slug": w.slug, "text": _both(w.text)} for w in trace.warnings],
        },
        "session": _session(result),
        "answers": list(_answers(result.answers, kinds)),
    }


def sessions_document(trace: Trace, result: LabResult) -> Document:
    """Every TLS connection of the capture, and which of them is the lab's session."""
    return {
        "format": FORMAT,
        "trace": {"name": trace.name, "sha256": trace.sha256, "packets": trace.packets},
        "sessions": [
            {
                "transport": c.transport,
                "stream": c.stream,
                "client": str(c.client),
                "server": str(c.server),
                "server_name": c.server_name or None,
                "version": c.version or None,
                "cipher_suite": c.cipher_suite or None,
                "hello_frame": c.hello_frame,
                "server_hello_frame": c.server_hello_frame,
                "first_frame": c.first_frame,
                "last_frame": c.last_frame,
                "packets": c.packets,
                "resumed": c.resumed,
                "complete": c.complete,
                "fatal_alert": c.fatal_alert or None,
                "chosen": c is result.session.connection,
            }
            for c in result.connections
        ],
    }


def _session(result: LabResult) -> Document:
    session, connection = result.session, result.session.connection
    return {
        "transport": connection.transport,
        "stream": connection.stream,
        "client": str(session.client),
        "server": str(session.server),
        "server_name": connection.server_name or None,
        "version": connection.version or None,
        "resumed": connection.resumed,
        "decrypted": session.decrypted,
        "chosen": session.chosen,
    }


def _answers(answers: Mapping[str, Answer], kinds: Mapping[str, str]) -> Iterator[Document]:
    for name, answer in answers.items():
        value = answer.value
        yield {
            "id": name,
            "kind": kinds[name],
            "status": answer.status.value,
            "value": list(value) if isinstance(value, tuple) else value,
            "frames": list(answer.frames),
            "parts": list(answer.parts),
            "inferred": answer.inferred,
            "filter": answer.filter,
            "text": _both(answer.statement),
            "reason": _both(answer.reason) if answer.reason else None,
            "sources": list(answer.sources),
            "evidence": [_evidence(e) for e in answer.evidence],
        }


def _evidence(evidence: Evidence) -> Document:
    return {
        "frame": evidence.frame,
        "field": evidence.field,
        "label": evidence.label,
        "value": evidence.value,
        "source": evidence.source,
        "offset": evidence.offset,
        "length": evidence.length,
        "parts": list(evidence.parts),
    }


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
