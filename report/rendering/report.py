"""From a lab answered on a trace to the report: what the templates get, and the files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import pandas as pd

import report
from report.capture.programs import shown_version
from report.capture.trace import Trace
from report.labs.model import Lab, Question, Section
from report.questions.answer import Answer, AnswerTable, Cell, Status
from report.questions.engine import LabResult
from report.questions.kinds import kind
from report.rendering.answers_json import answers_document
from report.rendering.closing import hidden_things
from report.rendering.diagram import build_diagram
from report.rendering.exhibits import Material, exhibit
from report.rendering.labels import HEADER
from report.rendering.prose import read_markdown
from report.rendering.session import arrows, overview, packet_facts, session_card
from report.rendering.shown import shown_lines
from report.rendering.view import (
    Block,
    CaptureFacts,
    FilterView,
    HeaderField,
    PacketRow,
    QuestionView,
    ReportView,
    SectionView,
    Span,
    TableColumnView,
    TableRowView,
    TableView,
)
from report.student import Student
from report.text import Text, visible

_MOST_TABLE_ROWS = 200
NOBODY = Student()


def build_view(
    trace: Trace,
    result: LabResult,
    student: Student = NOBODY,
    words: Mapping[str, str] | None = None,
    *,
    with_answers: bool = True,
) -> ReportView:
    """The report on `trace`.

    `words` holds the student's own texts in Markdown, by question id, `steps` and `conclusion`;
    they stand in place of model answers. Without `with_answers` the evidence stays and the answers
    are left to write.
    """
    own = {name: read_markdown(text) for name, text in (words or {}).items()}
    material = _material(result)
    questions = {
        question.id: _question(number, question, result, material, own, with_answers)
        for number, question in enumerate(result.lab.questions, start=1)
    }
    listed = overview(result.session, result.tables.packets)
    diagram = build_diagram(
        str(result.session.client),
        str(result.session.server),
        arrows(result.session),
        _anchors(questions.values(), listed.packets),
    )
    return ReportView(
        lab=result.lab.id,
        title=result.lab.title.text,
        intro=result.lab.intro.text,
        header=tuple(_header(result.lab, student, trace)),
        student=_running(student),
        capture=_capture(trace, result.tables.packets),
        session=session_card(result.session, result.connections),
        overview=listed,
        diagram=diagram,
        sections=tuple(_sections(result.lab, questions)),
        hidden=hidden_things(result),
        footnotes=tuple(_footnotes(trace, result)),
        procedure=_own(student, "steps") or (result.lab.steps.text if result.lab.steps else None),
        steps=own.get("steps", ()),
        conclusion=own.get("conclusion") or _prose(_own(student, "conclusion")),
        logo=result.lab.logo,
        answers=answers_document(trace, result) if with_answers else {},
    )


def _prose(text: Text | None) -> tuple[Block, ...]:
    """A field of `student.toml` as paragraphs, each language once; it is not Markdown."""
    said = () if text is None else dict.fromkeys((text.zh, text.en))
    return tuple(Block("paragraph", (Span(paragraph),)) for paragraph in said)


# --- questions --------------------------------------------------------------------------------


def _material(result: LabResult) -> Material:
    session, packets = result.session, result.tables.packets
    cited = {
        frame
        for answer in result.answers.values()
        for frame in (*answer.frames, *(e.frame for e in answer.evidence))
    }
    outside = sorted(frame for frame in cited if frame not in session.packets.index)
    others = {facts["frame"]: facts for facts in packet_facts(packets.loc[outside])}
    return Material(packet_facts(session.packets), others, session.detail)


def _question(
    number: int,
    question: Question,
    result: LabResult,
    material: Material,
    own: Mapping[str, tuple[Block, ...]],
    with_answers: bool,
) -> QuestionView:
    answer = result.answers[question.id]
    own_words = own.get(question.id, ())
    bare = QuestionView(
        id=question.id,
        number=_number(question.id, number),
        ask=question.ask.text,
        points=f"{question.points:g}",
        status=None,
        own_words=own_words,
        exhibit=exhibit(question.id, answer, material),
        filter=_filter(question.id, answer),
        to_write=not with_answers and not own_words,
        hints=(question.hint.text,) if question.hint is not None else (),
    )
    return _answered(bare, question, answer) if with_answers else bare


def _number(identifier: str, position: int) -> str:
    """`q12` is 12; a question with another kind of id is numbered by its place."""
    digits = identifier.lstrip("q")
    return digits if digits.isdigit() else str(position)


def _answered(bare: QuestionView, question: Question, answer: Answer) -> QuestionView:
    headline = _headline(question, answer)
    repeated = headline and _plain(answer.text.zh) == "; ".join(line.zh for line in headline)
    said = None if repeated else answer.text
    return QuestionView(
        id=bare.id,
        number=bare.number,
        ask=bare.ask,
        points=bare.points,
        status=answer.status.value,
        headline=headline,
        statement=said,
        inferred=answer.inferred,
        reason=answer.reason,
        own_words=bare.own_words,
        model_answer=None if bare.own_words else answer.model,
        sources=tuple(map(visible, answer.sources)),
        hints=_hints(question, answer),
        tables=tuple(map(_table, answer.tables)),
        exhibit=bare.exhibit,
        filter=bare.filter,
    )


def _plain(text: str) -> str:
    return text.replace("；", "; ").replace("、", "; ")


def _headline(question: Question, answer: Answer) -> tuple[Text, ...]:
    """The value in large type; a list of names has a line for each."""
    if answer.value is None:
        return ()
    if isinstance(answer.value, tuple):
        return tuple(Text(shown, shown) for shown in map(visible, answer.value))
    return (kind(question.kind).format(answer.value),)


def _hints(question: Question, answer: Answer) -> tuple[Text, ...]:
    if question.hint is None or answer.status is Status.FOUND:
        return ()
    return (question.hint.text,)


def _filter(name: str, answer: Answer) -> FilterView | None:
    if answer.filter is None:
        return None
    return FilterView(f"filter-{name}", answer.filter, len(answer.frames))


def _table(table: AnswerTable) -> TableView:
    rows = tuple(
        TableRowView(tuple(map(_cell, cells)), f"packet-{frame}" if frame else None)
        for cells, frame in _rows_with_frames(table)
    )
    return TableView(
        columns=tuple(TableColumnView(c.title, c.numeric) for c in table.columns),
        rows=rows[:_MOST_TABLE_ROWS],
        caption=table.caption,
        omitted=max(0, len(rows) - _MOST_TABLE_ROWS),
        words_fit=_words_fit(row.cells for row in rows),
        short=sum(_height(row.cells) for row in rows) <= _SHORT_TABLE,
    )


def _words_fit(rows: Iterable[tuple[Cell, ...]]) -> bool:
    """Whether the longest word of each column, side by side, are no wider than a page."""
    columns = zip(*rows, strict=True)
    return sum(max(map(_longest_word, column)) for column in columns) <= _WIDEST_WORDS


def _height(cells: tuple[Cell, ...]) -> int:
    """About how many lines a row of a table takes."""
    wide = _CHARACTERS_OF_A_LINE // len(cells)
    texts = [cell if isinstance(cell, str) else f"{cell.zh}{cell.zh}{cell.en}" for cell in cells]
    return max(1 + len(text) // wide for text in texts)


_CHARACTERS_OF_A_LINE = 120
_SHORT_TABLE = 18
_WIDEST_WORDS = 80
"""Characters of a table's print that a page has room for, the gaps between columns aside."""


def _longest_word(cell: Cell) -> int:
    words = cell.split() if isinstance(cell, str) else cell.en.split()
    return max(map(len, words), default=0)


def _cell(cell: Cell) -> Cell:
    # What the capture says comes as a string; a Text is made of words whose names were passed.
    return cell if isinstance(cell, Text) else visible(cell)


def _rows_with_frames(table: AnswerTable) -> Iterator[tuple[tuple[Cell, ...], int | None]]:
    frames: Sequence[int | None] = table.frames or (None,) * len(table.rows)
    return zip(table.rows, frames, strict=True)


def _anchors(questions: Iterable[QuestionView], listed: Iterable[PacketRow]) -> dict[int, str]:
    """Where on the page a packet is shown: the exhibit that cites it and least else, else the
    overview."""
    exhibits = [q.exhibit for q in questions if q.exhibit]
    anchors = {row.frame: f"packet-{row.frame}" for row in listed}
    # The best comes last and wins; of equally good ones the first question's.
    for shown in sorted(reversed(exhibits), key=lambda e: len(e.frames), reverse=True):
        anchors.update(dict.fromkeys(shown.frames, shown.anchor))
    return anchors


def _sections(lab: Lab, questions: Mapping[str, QuestionView]) -> Iterator[SectionView]:
    for section in lab.sections:
        own = [questions[q.id] for q in lab.questions if q.section == section.id]
        if own:
            yield _section(section, own)


def _section(section: Section, questions: Sequence[QuestionView]) -> SectionView:
    return SectionView(
        id=f"section-{section.id}",
        title=section.title.text,
        questions=tuple(questions),
        intro=section.intro.text if section.intro else None,
    )


# --- around the questions ---------------------------------------------------------------------


def _header(lab: Lab, student: Student, trace: Trace) -> Iterator[HeaderField]:
    container = trace.container
    from_capture = {
        "hardware": container.hardware,
        "software": ", ".join(filter(None, (container.system, container.application))),
    }
    from_lab = {"title": lab.title.text, "purpose": lab.purpose.text if lab.purpose else None}
    for name, label in HEADER.items():
        recorded = visible(from_capture.get(name, ""))
        if (given := _own(student, name) or from_lab.get(name)) is not None:
            yield HeaderField(name, label, given)
        elif recorded:
            yield HeaderField(name, label, Text(recorded, recorded), from_capture=True)
        else:
            yield HeaderField(name, label)
    for further in lab.header_fields:
        yield HeaderField(further.id, further.label.text, _own(student, further.id))


def _own(student: Student, name: str) -> Text | None:
    given = student.get(name)
    return None if given is None else Text(shown_lines(given.zh), shown_lines(given.en))


def _running(student: Student) -> str:
    """Student ID and name for the running header."""
    known = [_own(student, name) for name in ("id", "name")]
    return " ".join(text.zh for text in known if text is not None)


def _capture(trace: Trace, packets: pd.DataFrame) -> CaptureFacts:
    times = packets["frame.time_relative"]
    first = packets["frame.time_epoch"].min()
    return CaptureFacts(
        name=trace.name,
        sha256=trace.sha256,
        packets=trace.packets,
        duration=f"{float(times.max() - times.min()):.2f} s",
        size=_size(trace.size),
        started=None if pd.isna(first) else f"{datetime.fromtimestamp(first, UTC):%F %T} UTC",
        warnings=tuple(warning.text for warning in trace.warnings),
    )


def _size(count: int) -> str:
    for unit, power in (("MB", 1e6), ("kB", 1e3)):
        if count >= power:
            return f"{count / power:.1f} {unit}"
    return f"{count} B"


def _footnotes(trace: Trace, result: LabResult) -> Iterator[Text]:
    ours, theirs = report.__version__, shown_version(trace.tshark_version)
    yield Text(
        f"由 labshark {ours} 用 tshark {theirs} 生成，实验 {result.lab.id}。"
        "时间以抓包中第一个数据包为零点，数据包编号即 Wireshark 的 No. 列。",
        f"Made by labshark {ours} with tshark {theirs}, lab {result.lab.id}. Times count from the "
        "capture's first packet; packet numbers are Wireshark's No. column.",
    )
    yield Text(
        "数据包、解析树和字节都来自 tshark，没有改动；只有超出页宽的行在显示时被截短。"
        "读取时已打开 TCP 乱序重组（tcp.reassemble_out_of_order）。",
        "Packets, dissection trees and bytes are tshark's, unchanged; only lines wider than the "
        "page are cut for display. Reassembly of out-of-order TCP segments "
        "(tcp.reassemble_out_of_order) was on.",
    )
