"""One answer's verdict: a table of what a person would say of it."""

import dataclasses

import pytest

from report.grading.key import KeyEntry
from report.grading.marking.confusions import CONFUSIONS
from report.grading.marking.expected import Decoys, ExpectedAnswer, expected_answer
from report.grading.marking.marks import mark
from report.grading.reading.given import GivenAnswer, Stance
from report.grading.wordings import CONFUSION
from report.labs.loader import load_lab
from report.labs.model import Question
from report.questions.answer import AnswerValue

LAB = {question.id: question for question in load_lab("tls-v8.1").questions}
NAMES = ("www.cs.umass.edu", "InCommon RSA Server CA", "USERTrust RSA Certification Authority")
PARTS = [32, 33, 34, 37]
HALF = {"first_fragment": 0.5}


def entry(value: object, **changes: object) -> KeyEntry:
    return KeyEntry.model_validate({"value": value, **changes})


def judged(
    question: Question,
    expected: ExpectedAnswer,
    value: AnswerValue | None,
    *,
    confidence: float = 0.95,
    decoys: Decoys | None = None,
    **changes: object,
) -> tuple[str, str | None, float | None]:
    given = GivenAnswer(question.id, "as written", value, confidence, None)
    given = dataclasses.replace(given, **changes)  # type: ignore[arg-type]
    marked = mark(question, given, expected, decoys or {})
    return marked.verdict.value, marked.confusion, marked.points


@pytest.mark.parametrize(
    ("question", "key", "value", "verdict", "confusion"),
    [
        ("q1", entry(17), 17, "correct", None),
        ("q1", entry(17), 71, "wrong", "digits_turned"),
        ("q1", entry(17), 18, "wrong", None),
        ("q1", entry(17, accept=[18]), 18, "correct", None),
        ("q2", entry("before"), "before", "correct", None),
        ("q2", entry("before"), "after", "wrong", None),
        ("q6", entry("4b"), "b4", "wrong", "digits_turned"),
        ("q11", entry(37, parts=PARTS), 32, "wrong", "first_fragment"),
        ("q11", entry(37, parts=PARTS, partial=HALF), 33, "partial", "first_fragment"),
        # The instructor edited the value: the parts of the old one say nothing of it.
        ("q11", entry(40, parts=PARTS), 32, "wrong", None),
        ("q12", entry(list(NAMES)), NAMES[::-1], "correct", None),
        ("q12", entry(list(NAMES)), NAMES[:2], "partial", "some_names"),
        ("q12", entry(list(NAMES)), (NAMES[0], "InCommon", "USERTrust"), "review", "short_name"),
        ("q12", entry(list(NAMES)), ("Let's Encrypt",), "wrong", None),
        ("q13", entry(NAMES[1]), "incommon rsa server ca", "correct", None),
        ("q13", entry(NAMES[1]), "InCommon", "review", "short_name"),
        ("q13", entry(NAMES[1]), NAMES[2], "wrong", None),
        ("q20", entry("AES_128_GCM"), "AES", "partial", "incomplete"),
        ("q21", entry("Server Hello", accept=[32]), 32, "correct", None),
        ("q21", entry("Server Hello", accept=[32]), 28, "wrong", None),
        ("q24", entry(358, inferred=True), 358, "correct", None),
        ("q24", entry(358, inferred=True), 503, "review", None),
    ],
)  # fmt: skip
def test_a_value_held_against_a_key(
    question: str, key: KeyEntry, value: AnswerValue, verdict: str, confusion: str | None
) -> None:
    asked = LAB[question]
    said, why, points = judged(asked, expected_answer(asked, None, key), value)
    assert (said, why) == (verdict, confusion)
    whole = asked.points
    if verdict == "partial":
        assert points is not None
        assert 0 < points < whole
    else:
        assert points == {"correct": whole, "wrong": 0.0, "review": None}[verdict]


def test_what_was_read_unsurely_is_a_persons() -> None:
    asked = LAB["q1"]
    expected = expected_answer(asked, None, entry(17))
    assert judged(asked, expected, 18, confidence=0.5)[0] == "review"
    assert judged(asked, expected, 17, confidence=0.5)[0] == "correct"
    assert judged(asked, expected, 17, confidence=0.2)[0] == "review"
    assert judged(asked, expected, 18, alternatives=(17,))[0] == "review"


def test_where_nothing_was_to_be_found_it_is_right_to_say_so() -> None:
    asked = LAB["q19"]
    absent = expected_answer(asked, None, KeyEntry(status="absent"))
    assert judged(asked, absent, None, stance=Stance.ABSENT)[0] == "correct"
    assert judged(asked, absent, 39)[0] == "wrong"
    hidden = expected_answer(asked, None, KeyEntry(status="hidden"))
    assert judged(asked, hidden, None, stance=Stance.HIDDEN)[0] == "correct"
    assert judged(asked, hidden, 39)[0] == "review", "they may have had keys"


def test_without_a_capture_and_a_key_nobody_loses_points() -> None:
    asked = LAB["q1"]
    assert judged(asked, expected_answer(asked, None, None), 17) == ("not_gradable", None, None)


def test_understanding_is_never_marked_wrong() -> None:
    asked = LAB["q7"]
    expected = expected_answer(asked, None, KeyEntry(status="explained"))
    marked = mark(asked, GivenAnswer("q7", "no idea what this is", None, 0.9, None), expected)
    assert (marked.verdict.value, marked.proposed) == ("review", True)


def test_a_decoy_names_the_confusion() -> None:
    asked = LAB["q4"]
    expected = expected_answer(asked, None, entry("TLS 1.2"))
    decoys = {"record_version": ("TLS 1.0",), "textbook_answer": ("TLS 1.0",)}
    assert judged(asked, expected, "TLS 1.0", decoys=decoys)[:2] == ("wrong", "record_version")


def test_every_confusion_has_a_short_name_for_the_class_page() -> None:
    assert set(CONFUSION) == set(CONFUSIONS)


# --- what a lab's compare rule says -----------------------------------------------------------


def asked(kind: str, **compare: object) -> Question:
    return Question.model_validate(
        {
            "id": "q1",
            "section": "one",
            "ask": {"zh": "问题", "en": "Question"},
            "kind": kind,
            "query": {"show": "dns.a", "pick": "all" if kind == "names" else "first"},
            "compare": compare,
        }
    )


@pytest.mark.parametrize(
    ("rule", "given", "verdict"),
    [
        ({"rule": "set"}, ("b.example", "a.example"), "correct"),
        ({"rule": "set"}, ("b.example",), "partial"),
        ({}, ("b.example",), "partial"),
        ({"rule": "one_of"}, ("b.example",), "correct"),
        ({"rule": "one_of"}, ("c.example",), "wrong"),
        ({"may_omit": 1}, ("b.example",), "correct"),
        ({"may_omit": 1}, ("a.example",), "wrong"),
    ],
)
def test_lists_of_names(rule: dict[str, object], given: tuple[str, ...], verdict: str) -> None:
    question = asked("names", **rule)
    expected = expected_answer(question, None, entry(["a.example", "b.example"]))
    assert judged(question, expected, given)[0] == verdict


@pytest.mark.parametrize(("value", "points"), [(7, 1.0), (8, 0.0)])
def test_a_question_left_to_a_person_gets_proposals_only(value: int, points: float) -> None:
    question = asked("integer", rule="manual")
    given = GivenAnswer("q1", str(value), value, 0.95, None)
    marked = mark(question, given, expected_answer(question, None, entry(7)))
    assert (marked.verdict.value, marked.proposed, marked.points) == ("review", True, points)
