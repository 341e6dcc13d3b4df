"""One question of one student: what was given against what is right, under the lab's terms."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from report.grading.decoys import decoys
from report.grading.generated import is_copied
from report.grading.handed import Handed
from report.grading.key import Key, KeyEntry
from report.grading.marking.expected import ExpectedAnswer, expected_answer
from report.grading.marking.marked import MarkedAnswer, Verdict
from report.grading.marking.marks import mark
from report.grading.outcome import (
    AnswerOutcome,
    JsonValue,
    KeyUsed,
    Manual,
    Said,
    Source,
    WhereFound,
    plain_value,
)
from report.grading.reading.given import GivenAnswer
from report.labs.model import Lab, Question
from report.questions.answer import Answer, AnswerValue, Status
from report.questions.engine import LabResult
from report.questions.kinds import kind
from report.text import Text, visible

_LONGEST_GIVEN, _LONGEST_WORDS = 240, 4000


@dataclass(frozen=True, slots=True)
class Basis:
    """What answers are judged by."""

    lab: Lab
    result: LabResult | None
    """The lab answered on the student's own capture; None without a capture that can be used."""
    key: Key | None = None
    key_wins: bool = False
    """Whether the key's values count even where there is a capture."""
    unread: bool = False
    """Something was handed in that could not be read."""
    captured: bool = False
    """A capture was handed in, usable or not."""

    @property
    def used(self) -> KeyUsed | None:
        """Which of the two says what is right."""
        if self.result is None:
            return "key" if self.key is not None else None
        return "both" if self.key is not None else "capture"


def judge(basis: Basis, handed: Handed, manual: Mapping[str, Manual]) -> tuple[AnswerOutcome, ...]:
    """Every question of the lab, in its order."""
    return tuple(
        _outcome(question, basis, handed, manual.get(question.id))
        for question in basis.lab.questions
    )


def _outcome(
    question: Question, basis: Basis, handed: Handed, manual: Manual | None
) -> AnswerOutcome:
    given = handed.given[question.id]
    source = handed.sources[question.id]
    expected = _expected(question, basis)
    marked = _marked(question, given, source, expected, basis, handed)
    right = shown_expected(question, expected)
    longest = _LONGEST_WORDS if question.kind == "text" else _LONGEST_GIVEN
    return AnswerOutcome(
        id=question.id,
        kind=question.kind,
        verdict=marked.verdict,
        auto_points=marked.points,
        max_points=marked.max_points,
        proposed=marked.proposed,
        confusion=marked.confusion,
        given=_lines_shown(given.text, longest),
        value=None if question.kind == "text" else _safe_value(given.value),
        alternatives=tuple(map(_safe_value, given.alternatives)),
        confidence=given.confidence,
        where=WhereFound(file=given.where.file, line=given.where.line) if given.where else None,
        source=source,
        expected=Said.of(right) if right else None,
        expected_value=plain_value(expected.value),
        status=expected.status.value,
        inferred=expected.inferred,
        feedback=Said.of(marked.feedback),
        manual=manual,
    )


def _safe_value(value: AnswerValue | None) -> JsonValue:
    """A value read from a stranger's text, as JSON can hold and people can see it."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, tuple):
        return [visible(one) for one in value]
    return value


def _lines_shown(text: str, longest: int) -> str:
    shown = "\n".join(visible(line, longest) for line in text.splitlines())
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def shown_expected(question: Question, expected: ExpectedAnswer) -> Text | None:
    """What is right, as people read it; None where nothing is known."""
    if expected.value is not None:
        return kind(question.kind).format(expected.value)
    return _STATUS_TEXTS.get(expected.status)


_STATUS_TEXTS = {
    Status.ABSENT: Text("没有", "none"),
    Status.HIDDEN: Text("已加密，看不到", "encrypted, cannot be seen"),
    Status.NOT_APPLICABLE: Text("此会话没有该项", "this session has no such thing"),
    Status.NOT_CAPTURED: Text("抓包中没有", "not in the capture"),
}


def _expected(question: Question, basis: Basis) -> ExpectedAnswer:
    answer = basis.result.answers[question.id] if basis.result else None
    entry = basis.key.questions.get(question.id) if basis.key else None
    if entry is not None and answer is not None and not basis.key_wins:
        entry = _beside_capture(entry)
    return expected_answer(question, answer, entry)


def _beside_capture(entry: KeyEntry) -> KeyEntry:
    """Packet numbers differ from capture to capture: of the key its terms hold, not its values."""
    return entry.model_copy(update={"value": None, "status": None})


def _marked(
    question: Question,
    given: GivenAnswer,
    source: Source,
    expected: ExpectedAnswer,
    basis: Basis,
    handed: Handed,
) -> MarkedAnswer:
    if expected.status is Status.FAILED:
        return _without_key(given, expected, basis)
    marked = _against(question, given, expected, basis)
    if given.empty and marked.verdict is Verdict.MISSING:
        return _empty(question, marked, basis, handed)
    if source == "generated":
        return _generated(marked, basis.lab, question, given, handed)
    if question.kind == "text" and is_copied(given.text, question, _answer(question, basis)):
        text = _TEXTS["model_copied"]
        return replace(marked, verdict=Verdict.REVIEW, points=0.0, feedback=text, proposed=True)
    if question.id in handed.conflicting:
        return _to_review(marked, _TEXTS["conflicting"], proposed=False)
    return marked


def _answer(question: Question, basis: Basis) -> Answer | None:
    return basis.result.answers[question.id] if basis.result else None


def _against(
    question: Question, given: GivenAnswer, expected: ExpectedAnswer, basis: Basis
) -> MarkedAnswer:
    if basis.result is None or given.value is None:
        return mark(question, given, expected)
    answer = basis.result.answers[question.id]
    found = decoys(question, answer, basis.result, given.value)
    return mark(question, given, expected, found)


def _without_key(given: GivenAnswer, expected: ExpectedAnswer, basis: Basis) -> MarkedAnswer:
    if basis.result is None and given.empty and not basis.unread:
        return MarkedAnswer(Verdict.MISSING, 0.0, expected.points, _TEXTS["missing"])
    slug = "failed" if basis.result else "bad_capture" if basis.captured else "no_capture"
    return MarkedAnswer(Verdict.NOT_GRADABLE, None, expected.points, _TEXTS[slug])


def _empty(question: Question, marked: MarkedAnswer, basis: Basis, handed: Handed) -> MarkedAnswer:
    """Nothing was read; whether nothing was written is another matter."""
    if question.id in handed.pictured:
        return _to_review(marked, _TEXTS["picture"], proposed=False)
    if basis.unread:
        return _to_review(marked, _TEXTS["unread"], proposed=False)
    return marked


def _generated(
    marked: MarkedAnswer, lab: Lab, question: Question, given: GivenAnswer, handed: Handed
) -> MarkedAnswer:
    """An answer that labshark gave, under the lab's terms."""
    edited = any(question.id in report.edited for report in handed.reports)
    if lab.generated == "own-words-only":
        return MarkedAnswer(Verdict.MISSING, 0.0, marked.max_points, _TEXTS["only_own_words"])
    if edited:
        return _to_review(marked, _TEXTS["edited"], proposed=False)
    if lab.generated == "review":
        return _to_review(marked, _TEXTS["generated"], proposed=True)
    return marked


def _to_review(marked: MarkedAnswer, why: Text, *, proposed: bool) -> MarkedAnswer:
    return replace(
        marked,
        verdict=Verdict.REVIEW,
        points=marked.points if proposed else None,
        feedback=why if not proposed else why.plus(marked.feedback),
        proposed=proposed,
    )


_TEXTS: dict[str, Text] = {
    "missing": Text("没有找到这一题的回答。", "No answer to this question was found."),
    "no_capture": Text(
        "没有提交抓包，也没有给定标准答案，这一题无法评分。",
        "No capture was handed in and no key was given, so this cannot be graded.",
    ),
    "bad_capture": Text(
        "提交的抓包无法使用，因此这一题没有可比的标准答案；不扣分，由教师决定。",
        "The capture that was handed in cannot be used, so there is nothing to compare with; this "
        "costs nothing, the instructor decides.",
    ),
    "failed": Text(
        "这一题没能从抓包中得出答案，问题不在学生，不扣分。",
        "The expected answer could not be computed; that is not the student's fault and costs "
        "nothing.",
    ),
    "picture": Text(
        "这一题下面只有图片，程序读不出其中的内容，由教师评阅。",
        "There is only a picture under this question, which cannot be read; the instructor "
        "decides.",
    ),
    "unread": Text(
        "没有找到这一题的回答，但提交的文件有一部分无法读取，由教师评阅。",
        "No answer was found, but a part of what was handed in could not be read; the instructor "
        "decides.",
    ),
    "conflicting": Text(
        "提交的几份文档对这一题的回答不同，由教师评阅。",
        "The documents that were handed in answer this differently; the instructor decides.",
    ),
    "model_copied": Text(
        "这段文字是 labshark 的参考解释，不算学生自己的话；由教师评阅。",
        "This text is labshark's model answer and does not count as the student's own words; the "
        "instructor decides.",
    ),
    "generated": Text(
        "这个答案出自 labshark 生成的报告，由教师决定是否计分。",
        "This answer stands in a report made by labshark; the instructor decides whether it "
        "counts.",
    ),
    "edited": Text(
        "报告页面上的答案与报告内嵌的数据不同（生成后被改动），由教师评阅。",
        "The answer on the report's page is not the one in its own data (it was edited "
        "afterwards); the instructor decides.",
    ),
    "only_own_words": Text(
        "这个答案出自 labshark 生成的报告；本实验只计学生自己写的内容。",
        "This answer stands in a report made by labshark; this lab counts only what students "
        "write themselves.",
    ),
}
