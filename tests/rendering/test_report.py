"""The view of the textbook trace: what the header, the session and the exhibits must say."""

import pytest

from report.rendering.report import build_view
from report.rendering.view import ReportView
from report.student import Student
from report.text import Text
from tests.rendering.conftest import Answered


def test_session_card(textbook_view: ReportView) -> None:
    """The figures of the mock-up page, which were read off Wireshark."""
    card = textbook_view.session
    assert (card.client, card.server) == ("192.168.1.245:51146", "128.119.240.84:443")
    assert (card.version, card.server_name) == ("TLS 1.2", "www.cics.umass.edu")
    assert (card.stream, card.packets, card.first_frame, card.last_frame) == (1, 65, 17, 406)
    assert len(card.others) == 28
    assert not card.decrypted


def test_header_block_from_the_capture(textbook_view: ReportView) -> None:
    fields = {field.name: field for field in textbook_view.header}
    hardware, software = fields["hardware"], fields["software"]
    assert hardware.from_capture
    assert hardware.value is not None
    assert "i5-1038NG7" in hardware.value.en
    assert software.value is not None
    assert "Mac OS X 10.15.7" in software.value.en
    assert "Dumpcap (Wireshark) 3.4.9" in software.value.en
    assert fields["class"].value is None
    assert fields["name"].value == Text("某同学", "A Student")
    assert not fields["name"].from_capture
    assert textbook_view.student == "2024010203 某同学"
    assert (textbook_view.capture.packets, textbook_view.capture.duration) == (1068, "6.48 s")


def test_what_the_student_gives_goes_before_the_capture(textbook: Answered) -> None:
    student = Student({"hardware": Text("我的电脑", "my computer")})
    fields = {f.name: f for f in build_view(textbook.trace, textbook.result, student).header}
    assert fields["hardware"].value == Text("我的电脑", "my computer")
    assert not fields["hardware"].from_capture


def test_overview(textbook: Answered, textbook_view: ReportView) -> None:
    overview = textbook_view.overview
    assert len(overview.packets) == 65
    assert overview.of_session.expression == "tcp.stream == 1"
    at_server = textbook.trace.matching(overview.at_server.expression)
    assert overview.at_server.selects == len(at_server)
    assert textbook.trace.matching(overview.of_session.expression) == tuple(
        row.frame for row in overview.packets
    )


def test_every_answer_that_cites_packets_shows_them(
    textbook: Answered, textbook_view: ReportView
) -> None:
    questions = {q.id: q for s in textbook_view.sections for q in s.questions}
    assert list(questions) == [f"q{n}" for n in range(1, 25)]
    for name, answer in textbook.result.answers.items():
        shown = questions[name].exhibit
        assert (shown is None) == (not answer.frames and not answer.evidence)
        if shown is not None:
            marked = {row.frame for row in shown.packets if row.marked}
            assert set(answer.frames) <= marked
            assert set(answer.parts) <= marked | {r.frame for r in shown.packets if r.part}


def test_every_cited_field_is_marked_and_its_bytes_too(
    textbook: Answered, textbook_view: ReportView
) -> None:
    questions = {q.id: q for s in textbook_view.sections for q in s.questions}
    checked = 0
    for name, answer in textbook.result.answers.items():
        shown = questions[name].exhibit
        for evidence in answer.evidence:
            assert shown is not None
            detail = next(d for d in shown.details if d.frame == evidence.frame)
            lines = [line.text.strip("[]") for line in detail.tree if line.marked]
            assert evidence.label.strip("[]") in lines
            if evidence.length:
                places = [(pane.offset, pane.length) for pane in detail.bytes]
                assert (evidence.offset, evidence.length) in places
                checked += 1
    assert checked > 20


def test_the_students_words_replace_the_model_answer(textbook_view: ReportView) -> None:
    questions = {q.id: q for s in textbook_view.sections for q in s.questions}
    assert questions["q7"].own_words
    assert questions["q7"].model_answer is None
    assert questions["q23"].model_answer is not None
    assert not questions["q23"].own_words
    assert textbook_view.conclusion[0].spans[0].text == "文件的长度和目的都一目了然。"


def test_the_report_ends_with_what_is_hidden(textbook_view: ReportView) -> None:
    (hidden,) = textbook_view.hidden
    assert "SSLKEYLOGFILE" in hidden.how.en
    assert "--keylog" in hidden.how.zh


@pytest.mark.parametrize("name", ["q16", "q19"])
def test_an_absence_shows_the_filter_that_finds_nothing(
    textbook: Answered, textbook_view: ReportView, name: str
) -> None:
    question = next(q for s in textbook_view.sections for q in s.questions if q.id == name)
    assert question.status == "absent"
    assert question.filter is not None
    assert question.filter.selects == 0
    assert textbook.trace.matching(question.filter.expression) == ()
