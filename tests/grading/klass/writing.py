"""What each student writes, and the verdict that every answer deserves, known beforehand."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report.labs.loader import load_lab
from tests.corpus.truth import TRACES, load
from tests.grading.klass import phrasings
from tests.grading.klass.cast import DENIED, Slip, Student

LAB = load_lab("tls-v8.1")
KINDS = {question.id: question.kind for question in LAB.questions}
_TEXTBOOK_KEY = Path(__file__).parents[1] / "marking" / "tls-key.toml"
Truth = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Deserved:
    """What an answer deserves; points are what counts or, in review, what is proposed."""

    verdict: str
    points: float | None
    confusion: str | None = None


def truth_of(student: Student) -> Truth:
    """What is right for the student's capture, by question id."""
    if student.capture == "textbook":
        return _textbook()
    name = student.capture or "tls12-ipv6"
    for case in load(TRACES / f"{name}.truth.toml").cases:
        if set(case.options) == ({"keylog"} if student.keys else set()):
            return case.answers
    raise AssertionError(f"{name} has no such case")


def _textbook() -> Truth:
    """The published answers."""
    entries = tomllib.loads(_TEXTBOOK_KEY.read_text(encoding="utf-8"))["questions"]
    return {
        name: {"status": entry.get("status", "found"), "value": entry.get("value")}
        | ({"inferred": True} if name == "q24" else {})
        for name, entry in entries.items()
    }


def _facts(student: Student) -> Mapping[str, Any]:
    return load(TRACES / f"{student.capture}.truth.toml").facts


# ---- what they deserve --------------------------------------------------------------------------


def deserved(student: Student) -> dict[str, Deserved]:
    """The verdict of every answer."""
    truth = truth_of(student)
    return {name: _deserved(name, student, truth[name]) for name in KINDS}


def _deserved(name: str, student: Student, right: Mapping[str, Any]) -> Deserved:
    slip = student.slips.get(name)
    if student.role in ("report", "edited-report"):
        return _of_report(name, student)
    if slip is not None and slip.verdict == "missing":
        return Deserved("missing", 0.0)
    if KINDS[name] == "text":
        _, share = _own_words(name, student)
        return Deserved("review", share)
    if student.role in ("broken", "no-capture"):
        return Deserved("not_gradable", None)
    if slip is not None:
        return Deserved(
            slip.verdict, None if slip.verdict == "review" else slip.share, slip.confusion
        )
    return Deserved("correct", 1.0)


def _of_report(name: str, student: Student) -> Deserved:
    """The lab leaves labshark's own answers to a person, and its model answers count nothing."""
    if KINDS[name] == "text":
        return Deserved("missing", 0.0)
    if student.role == "edited-report" and name == "q3":
        return Deserved("review", None)
    return Deserved("review", 1.0)


# ---- what they write ----------------------------------------------------------------------------


def lines_of(student: Student) -> list[str]:
    """The write-up's lines, in the student's own way of numbering."""
    return [*_head(student), *_body(student), *_tail(student)]


def _head(student: Student) -> Iterator[str]:
    if student.language == "zh":
        yield "# TLS 实验报告"
        yield f"学号：{student.id}  姓名：{student.name}"
        yield "我用 Wireshark 抓了自己的包，下面按题号作答。"
    else:
        yield "# TLS lab report"
        yield f"{student.name}, {student.id}"
        yield "Answers below, all from my own capture."
    yield ""


def _tail(student: Student) -> Iterator[str]:
    yield ""
    if student.language == "zh":
        yield "## 总结"
        yield "这次实验让我明白了握手的每一步。"
    else:
        yield "## Conclusion"
        yield "The lab made every step of the handshake clear to me."


def _body(student: Student) -> Iterator[str]:
    if student.style == 5 and student.format == "md":
        yield "| 题号 | 答案 |" if student.language == "zh" else "| Question | Answer |"
        yield "|---|---|"
    for number, name in enumerate(KINDS, 1):
        text = answer_text(name, student)
        if text is not None:
            yield from _styled(number, name, text, student)


def _styled(number: int, name: str, text: str, student: Student) -> Iterator[str]:
    asked = phrasings.ASKED[student.language][name]
    is_zh = student.language == "zh"
    if student.style == 0:
        yield f"{number}. {text}"
    elif student.style == 1:
        yield f"{number}、{asked}" if is_zh else f"{number}. {asked}"
        yield f"答：{text}" if is_zh else f"Answer: {text}"
        yield ""
    elif student.style == 2:
        yield f"Q{number}: {asked}"
        yield ""
        yield text
        yield ""
    elif student.style == 3:
        yield f"### 第{number}题" if is_zh else f"### Question {number}"
        yield ""
        yield text
        yield ""
    elif student.style == 4:
        yield f"（{number}）{text}" if is_zh else f"({number}) {text}"
        yield ""
    elif student.format == "md":
        yield f"| {number} | {text} |"
    else:
        yield f"问题{number}：{text}" if is_zh else f"Question {number}: {text}"


def answer_text(name: str, student: Student) -> str | None:
    """What the student writes to one question; None where they leave it out."""
    slip = student.slips.get(name)
    if slip is not None and slip.value is None:
        return None
    if KINDS[name] == "text":
        return _own_words(name, student)[0]
    right = truth_of(student)[name]
    if slip is not None:
        return _slipped(name, student, slip)
    if right["status"] != "found":
        return _without_value(name, student, str(right["status"]))
    return _stated(name, student, right["value"])


def _slipped(name: str, student: Student, slip: Slip) -> str:
    if slip.value is DENIED:
        return _pick(phrasings.NONE, name, student)
    if slip.value == "__random__":
        return _stated(name, student, str(_facts(student)["client_random"])[:2])
    return _stated(name, student, slip.value)


def _stated(name: str, student: Student, value: object) -> str:
    kind = KINDS[name]
    if kind == "before_after":
        return _pick(phrasings.ORDER, name, student)
    if kind == "yes_no":
        return _pick(phrasings.YES_RANDOM, name, student)
    if isinstance(value, list | tuple):
        value = ("、" if student.language == "zh" else ", ").join(value)
    return _pick(phrasings.VALUES[kind], name, student).format(v=value)


def _without_value(name: str, student: Student, status: str) -> str:
    if status == "absent":
        phrases = phrasings.NO_CERTIFICATE if name == "q19" else phrasings.NONE
    elif status == "hidden":
        phrases = phrasings.HIDDEN
    elif status == "not_captured":
        phrases = phrasings.NOT_CAPTURED
    else:
        phrases = phrasings.NO_MODULUS if name == "q15" else phrasings.NOT_APPLICABLE
    return _pick(phrases, name, student)


def _pick(phrases: phrasings.Phrases, name: str, student: Student) -> str:
    choices = phrases[student.language]
    return choices[(student.number * 7 + int(name[1:]) * 3) % len(choices)]


def _own_words(name: str, student: Student) -> tuple[str, float]:
    table = phrasings.RANDOM_PURPOSE if name == "q7" else phrasings.FIRST_DATA
    choices = table[student.language]
    return choices[student.number % len(choices)]
