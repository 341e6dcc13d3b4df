"""Where answers are looked for, and what becomes of those that are hard to find."""

import pytest

from report.grading.intake.lines import Line, LineKind, Place
from report.grading.reading.given import Stance
from report.grading.reading.reader import read_answers
from report.labs.loader import load_lab
from tests.grading.reading.samples import plain_lines

LAB = load_lab("tls-v8.1")


def test_nothing_in_an_empty_write_up() -> None:
    given = read_answers([], LAB, "empty.txt")
    assert [answer.question for answer in given.values()] == [q.id for q in LAB.questions]
    assert all(answer.empty and answer.value is None for answer in given.values())


def test_text_without_any_answer_leaves_doubt() -> None:
    story = "This report says a good deal about the weather in the mountains. " * 20
    given = read_answers(plain_lines(story), LAB, "story.txt")
    assert all(answer.empty for answer in given.values())
    assert all(answer.confidence < 0.6 for answer in given.values())


def test_an_overview_before_the_answers_is_not_taken_for_them() -> None:
    overview = "\n".join(f"{n}. {q.ask.en}" for n, q in enumerate(LAB.questions, 1))
    answers = "\n".join(f"{n}. {n + 400}" for n in range(1, 25))
    given = read_answers(plain_lines(f"Questions\n{overview}\nMy answers\n{answers}"), LAB, "x")
    assert [given[q].value for q in ("q1", "q3", "q8", "q24")] == [401, 403, 408, 424]


def test_section_numbers_are_not_question_numbers() -> None:
    text = """1. Setting up
2. Looking at the trace
1. Which packet has the first SYN? 71
2. TCP before or after TLS? before
3. The hello of the client
3. Which packet has the Client Hello? 74
4. Which version does it declare? TLS 1.2"""
    given = read_answers(plain_lines(text), LAB, "x")
    assert [given[q].value for q in ("q1", "q2", "q3", "q4")] == [71, "before", 74, "TLS 1.2"]


def test_the_question_repeated_in_either_language_wins_over_a_shifted_number() -> None:
    text = "\n".join(
        f"{int(q.id[1:]) - 1}. {q.ask.zh if int(q.id[1:]) % 2 else q.ask.en} {500 + int(q.id[1:])}"
        for q in LAB.questions
        if q.kind == "packet_number" and q.id not in ("q1", "q16", "q19")
    )
    given = read_answers(plain_lines(text), LAB, "x")
    assert [given[q].value for q in ("q3", "q8", "q11", "q17", "q22")] == [503, 508, 511, 517, 522]


def test_numbers_that_slipped_are_not_sure() -> None:
    """Question 5 left out, all others one number too low: nothing tells but their kinds."""
    answers = ["71", "before", "74", "TLS 1.2", "b7", "keys", "78", "TLS_AES_128_GCM_SHA256"]
    answers += ["yes", "81", "a.example, A CA", "A CA", "sha256WithRSAEncryption", "00c6"]
    text = "\n".join(f"{n}. {answer}" for n, answer in enumerate(answers, 1))
    given = read_answers(plain_lines(text), LAB, "x")
    assert given["q8"].confidence < 0.6 or given["q8"].value == 78


def test_rows_of_the_packet_list_do_not_outweigh_the_statement() -> None:
    text = """3. Which packet has the Client Hello?
27\t3.093922\t192.168.1.245\t128.119.240.84\tTCP\t66
28\t3.094108\t192.168.1.245\t128.119.240.84\tTLSv1.2\t583
31\t3.172310\t128.119.240.84\t192.168.1.245\tTCP\t66
It is 28."""
    answer = read_answers(plain_lines(text), LAB, "x")["q3"]
    assert answer.value == 28
    assert answer.confidence > 0.8
    assert answer.alternatives == ()


def test_a_single_row_is_an_answer_of_less_certainty() -> None:
    text = "3. Client Hello\n28\t3.094108\t192.168.1.245\t128.119.240.84\tTLSv1.2\t583 Client Hello"
    answer = read_answers(plain_lines(text), LAB, "x")["q3"]
    assert answer.value == 28
    assert 0.35 <= answer.confidence < 0.7


def test_a_picture_for_an_answer_is_not_nothing() -> None:
    lines = [
        Line(1, "3. Which packet has the Client Hello?", LineKind.PROSE, Place("line", 1)),
        Line(2, "", LineKind.PICTURE, Place("line", 2)),
        Line(3, "4. Which version does it declare? TLS 1.2", LineKind.PROSE, Place("line", 3)),
    ]
    answer = read_answers(lines, LAB, "x")["q3"]
    assert answer.value is None
    assert answer.confidence < 0.6
    assert answer.where is not None


def test_a_filled_form_says_itself_which_question_it_is() -> None:
    lines = [
        Line(1, "Anything 5", LineKind.PROSE, Place("line", 1), anchor="q3"),
        Line(2, "1. 99", LineKind.PROSE, Place("line", 2), anchor="q8"),
        Line(3, "8. 12", LineKind.PROSE, Place("line", 3)),
    ]
    given = read_answers(lines, LAB, "form.md")
    assert given["q3"].value == 5
    assert given["q8"].value == 99
    assert given["q1"].value is None


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("没有，本机有根证书", Stance.ABSENT),
        ("None, the roots are local.", Stance.ABSENT),
        ("It is encrypted and cannot be seen.", Stance.HIDDEN),
        ("加密了，看不到", Stance.HIDDEN),
        ("TLS 1.3 没有这条消息", Stance.NOT_APPLICABLE),
        ("I don't know", Stance.UNKNOWN),
        ("没抓到", Stance.NOT_CAPTURED),
    ],
)
def test_words_for_a_value(text: str, stance: Stance) -> None:
    answer = read_answers(plain_lines(f"16. {text}\n17. 5"), LAB, "x")["q16"]
    assert answer.value is None
    assert answer.stance is stance


def test_an_answer_that_points_to_another_has_its_value() -> None:
    given = read_answers(plain_lines("11. 84\n17. same as question 11\n18. 同上"), LAB, "x")
    assert given["q17"].value == 84
    assert given["q17"].confidence < given["q11"].confidence
    assert given["q18"].value == 84


def test_yes_is_implied_by_showing_what_was_asked_for() -> None:
    text = "10. Does the Server Hello carry random bytes too, and what for?\nThey go into the keys."
    answer = read_answers(plain_lines(text), LAB, "x")["q10"]
    assert answer.value is True
    assert answer.confidence < 0.9


def test_answers_out_of_order_are_found() -> None:
    text = "1. 71\n3. 74\n2. before\n8. 78\n11. 81\n9. TLS_AES_128_GCM_SHA256"
    given = read_answers(plain_lines(text), LAB, "x")
    assert given["q2"].value == "before"
    assert given["q9"].value == "TLS_AES_128_GCM_SHA256"
    assert given["q11"].value == 81


def test_many_lines_end_in_reasonable_time() -> None:
    lines = plain_lines(
        "\n".join(f"{n % 24 + 1}. packet {n} or {n + 1}, 1=1=1=1" for n in range(3000))
    )
    assert len(read_answers(lines, LAB, "x")) == 24
