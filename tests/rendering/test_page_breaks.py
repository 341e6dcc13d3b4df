"""What stands together on a page: heads with answers, packets with their dissection, tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from report.capture.trace import open_trace
from report.labs.loader import load_lab
from report.questions.engine import answer_lab
from report.rendering.report import build_view
from report.rendering.view import QuestionView, ReportView
from report.student import Student
from tests.commands.process import run

CAPTURE = Path("traces") / "tls12-chain-4.pcapng"
"""Four certificates: long dissections, long tables."""


@pytest.fixture(scope="module")
def view(checkout: Path) -> Iterator[ReportView]:
    lab = load_lab("https-handshake")
    with open_trace(checkout / CAPTURE) as trace:
        trace.start(lab.columns())
        yield build_view(trace, answer_lab(trace, lab), Student({}))


@pytest.fixture(scope="module")
def questions(view: ReportView) -> dict[str, QuestionView]:
    return {q.id: q for section in view.sections for q in section.questions}


def test_short_tables_are_kept_whole_and_long_ones_are_not(
    questions: dict[str, QuestionView],
) -> None:
    """Four certificates with 14 lines each; 28 suites; 14 checks with a sentence each."""
    assert [table.short for table in questions["q24"].tables] == [True] * 4
    assert [table.short for table in questions["q11"].tables] == [False]
    assert [table.short for table in questions["q53"].tables] == [False, True]


def test_names_of_suites_are_not_broken(questions: dict[str, QuestionView]) -> None:
    assert questions["q11"].tables[0].words_fit
    assert max(len(str(row.cells[2])) for row in questions["q11"].tables[0].rows) > 40


def test_packets_and_dissection_stay_together_where_a_page_has_room(
    questions: dict[str, QuestionView],
) -> None:
    exhibits = {name: q.exhibit for name, q in questions.items() if q.exhibit is not None}
    assert exhibits["q1"].tight
    assert not exhibits["q32"].tight, "the issuers of four certificates fill a page"


def test_no_page_holds_a_head_alone(checkout: Path, tmp_path: Path) -> None:
    """Where more is kept together than a page holds, its parts come to stand on pages alone."""
    words = ("--lab", "https-handshake", "--out", tmp_path, "-q")
    done = run("report", checkout / CAPTURE, *words)
    assert done.code == 0, done.err
    pages = [" ".join(p.extract_text().split()) for p in PdfReader(tmp_path / "report.pdf").pages]
    assert [text for text in pages[:-1] if len(text) < 400] == []
