"""The engine: a lab's questions against one trace, each answered on its own."""

import contextlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

import pandas as pd

from report.capture.trace import Trace
from report.errors import LabsharkError
from report.labs.checking import check_fields, check_queries
from report.labs.model import DeclaredQuery, FilteredQuery, Lab, NamedQuery, Question
from report.questions.answer import Answer, Status
from report.questions.circumstances import NOTHING_SPECIAL, Circumstances
from report.questions.declared import Matching, answer_declared, answer_filtered, cited_frames
from report.questions.default_view import note_default_view
from report.questions.evidence import cite_packet
from report.questions.kinds import kind
from report.questions.queries import QUERIES
from report.questions.registry import Tables
from report.tables.certificates import certificates_table
from report.tables.connections import Connection, connections_table
from report.tables.conversations import open_conversation
from report.tables.messages import messages_table
from report.tables.reading import read_session
from report.tables.records import record_numbers, records_table, session_records
from report.tables.session import Session
from report.text import Text
from report.tls.keylog import parse_keylog

_LOG = logging.getLogger("labshark")
_LOG.addHandler(logging.NullHandler())  # a traceback is for who asks for the log, not for users


@dataclass(frozen=True, slots=True, eq=False)
class LabResult:
    """A lab answered on one trace: what every output is a view of."""

    lab: Lab
    session: Session
    connections: tuple[Connection, ...]
    tables: Tables
    answers: Mapping[str, Answer]
    """By question id, in the lab's order."""


def answer_lab(
    trace: Trace,
    lab: Lab,
    *,
    host: str | None = None,
    stream: int | None = None,
    circumstances: Circumstances = NOTHING_SPECIAL,
) -> LabResult:
    """Answers every question of `lab` on the session that `host`, `stream` or the lab chooses.

    Raises LabsharkError `lab-invalid` for a query that does not exist, and where the capture cannot
    be used at all; a fault in one query is that question's status `failed` and nobody else's.
    """
    check_queries(lab, QUERIES.keys())
    packets, session, connections = _read(trace, lab, host, stream)
    records = session_records(session)
    tables = Tables(
        packets=packets,
        connections=connections_table(connections),
        records=records_table(records),
        messages=messages_table(session.messages, record_numbers(records)),
        certificates=certificates_table(session.messages),
        found=connections,
        whole=trace.whole,
        keys_given=trace.keylog is not None or trace.container.embedded_keys,
        key_log=cache(lambda: parse_keylog(trace.key_material())),
        details=trace.detail,
        circumstances=replace(circumstances, host=host),
    )
    matching = cache(trace.matching)
    trace.detail(_cited_by_rows(lab, tables, session, matching))
    answers = {q.id: _answer(q, tables, session, matching) for q in _ordered(lab.questions)}
    ordered = {question.id: answers[question.id] for question in lab.questions}
    noted = note_default_view(trace, session, ordered)
    return LabResult(lab, session, connections, tables, noted)


def _read(
    trace: Trace, lab: Lab, host: str | None, stream: int | None
) -> tuple[pd.DataFrame, Session, tuple[Connection, ...]]:
    fields = lab.columns()
    try:
        if lab.session == "tls":
            return read_session(trace, fields, host=host, stream=stream, lab_hosts=lab.hosts)
        return open_conversation(
            trace, fields, lab.session, host=host, stream=stream, lab_hosts=lab.hosts
        )
    except LabsharkError as fault:
        if fault.slug == "tshark-lacks-field":
            check_fields(lab)  # says which question it is, where the lab is at fault
        raise


def _cited_by_rows(lab: Lab, tables: Tables, session: Session, matching: Matching) -> Iterator[int]:
    """The packets that declared and filtered queries will cite: one run of tshark for all."""
    for question in lab.questions:
        if isinstance(question.query, DeclaredQuery | FilteredQuery):
            # A faulty query is that question's own failure, which comes to light later.
            with contextlib.suppress(LabsharkError, KeyError):
                yield from cited_frames(question.query, tables, session, matching)


def _ordered(questions: Iterable[Question]) -> list[Question]:
    """Questions after those they depend on; the loader has refused circles."""
    pending = list(questions)
    done: dict[str, Question] = {}
    while pending:
        for question in [q for q in pending if all(n in done for n in q.depends)]:
            done[question.id] = question
        pending = [q for q in pending if q.id not in done]
    return list(done.values())


def _answer(question: Question, tables: Tables, session: Session, matching: Matching) -> Answer:
    try:
        answer = _asked(question, tables, session, matching)
        return _of_kind(question, _worded(question, _with_shown(question, answer, session)))
    except LabsharkError as fault:
        return Answer(Status.FAILED, _FAILED, reason=fault.text)
    except Exception:
        # One faulty query must cost one answer, never the report.
        _LOG.exception("question %s", question.id)
        return Answer(Status.FAILED, _FAILED)


_UNDERSTANDING = Text(
    "这是一道理解题，答案不在抓包里。",
    "This is a question of understanding; its answer does not stand in the capture.",
)
_FAILED = Text(
    "labshark 在回答这个问题时出错；这是程序的问题，不影响学生的得分。",
    "labshark failed on this question; that is the program's fault and costs the student nothing.",
)


def _asked(question: Question, tables: Tables, session: Session, matching: Matching) -> Answer:
    query = question.query
    if isinstance(query, NamedQuery):
        return QUERIES[query.name](tables, session)
    if isinstance(query, DeclaredQuery):
        return answer_declared(question, query, tables, session)
    if isinstance(query, FilteredQuery):
        return answer_filtered(question, query, tables, session, matching)
    assert question.model is not None  # the loader demands a query or a model answer
    return Answer(Status.EXPLAINED, _UNDERSTANDING)


def _with_shown(question: Question, answer: Answer, session: Session) -> Answer:
    """Adds the fields that the lab wants shown beside the cited one."""
    extra = [
        evidence
        for frame in answer.frames[:1]
        for name in question.show
        for evidence in cite_packet(session, frame, name)
    ]
    return replace(answer, evidence=(*answer.evidence, *extra)) if extra else answer


def _of_kind(question: Question, answer: Answer) -> Answer:
    """The answer, if its value is one that the question's kind can show and grading compare."""
    if answer.value is not None:
        try:
            kind(question.kind).format(answer.value)
        except (TypeError, ValueError, LookupError, AttributeError) as fault:
            raise LabsharkError(
                "lab-kind", question=question.id, value=str(answer.value), kind=question.kind
            ) from fault
    return answer


def _worded(question: Question, answer: Answer) -> Answer:
    """Puts the lab's model answer beside what the capture says."""
    sources = tuple(dict.fromkeys([*answer.sources, *question.sources]))
    if question.model is None:
        return replace(answer, sources=sources)
    if question.kind == "text" and answer.status is Status.FOUND:
        answer = replace(answer, status=Status.EXPLAINED, value=None)
    said = question.model.text if answer.status.value in question.model_when else None
    return replace(answer, model=said, sources=sources)
