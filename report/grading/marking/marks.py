"""Marks one answer: a pure function of what was given and what is expected."""

from collections.abc import Callable
from dataclasses import replace

from report.grading.marking.confusions import CONFUSIONS, DEBATABLE, confusion_of
from report.grading.marking.contested import means_another, twice_denied
from report.grading.marking.expected import NO_DECOYS, Decoys, ExpectedAnswer
from report.grading.marking.hedging import in_ranges, offers_a_choice, too_many_names
from report.grading.marking.ideas import named_ideas
from report.grading.marking.marked import MarkedAnswer, Verdict
from report.grading.marking.points import shared
from report.grading.reading.given import GivenAnswer, Stance
from report.labs.model import Question
from report.questions.answer import AnswerValue, Status
from report.questions.kinds import kind
from report.questions.kinds.values import EXACTLY, Comparison
from report.text import Text

SURE = 0.6
"""A value that differs from the expected one is wrong only if it was read this surely."""
AGREES = 0.35
"""A value that is the expected one needs less: agreement speaks for the reading."""

_SAYS_SO = {
    Status.ABSENT: {Stance.ABSENT, Stance.NOT_APPLICABLE},
    Status.NOT_APPLICABLE: {Stance.ABSENT, Stance.NOT_APPLICABLE},
    Status.HIDDEN: {Stance.HIDDEN},
    Status.NOT_CAPTURED: {Stance.NOT_CAPTURED, Stance.ABSENT},
}
_UNNAMED = 0.5


def mark(
    question: Question,
    given: GivenAnswer,
    expected: ExpectedAnswer,
    decoys: Decoys = NO_DECOYS,
) -> MarkedAnswer:
    """The verdict on one answer, with points, the likely confusion and feedback.

    Never wrong: what differs from an `inferred` answer, what was read unsurely, and questions of
    understanding; these go to review. `failed` and `not_captured` cost no points.
    """
    if question.kind == "text" or expected.status is Status.EXPLAINED:
        return _understanding(given, expected)
    if expected.status is Status.FAILED:
        return _outcome(Verdict.NOT_GRADABLE, expected, _TEXTS["failed"])
    if given.empty or given.stance is Stance.UNKNOWN:
        return _nothing(given, expected)
    if _is_yes_or_no(question, expected) and twice_denied(given.text):
        return _outcome(Verdict.REVIEW, expected, _TEXTS["unsure"])
    if expected.status is Status.FOUND:
        marked = _held_against(question, given, expected, decoys)
    else:
        marked = _without_value(question, given, expected, decoys)
    return _left_to_a_person(marked) if question.compare.rule == "manual" else marked


def _is_yes_or_no(question: Question, expected: ExpectedAnswer) -> bool:
    """Whether a denial answers it: a question for yes or no, or for what is not there."""
    return question.kind == "yes_no" or expected.status is Status.ABSENT


def _left_to_a_person(marked: MarkedAnswer) -> MarkedAnswer:
    """As the lab wants it: what the machine thinks of the answer is only proposed."""
    if marked.verdict not in (Verdict.CORRECT, Verdict.PARTIAL, Verdict.WRONG):
        return marked
    feedback = marked.feedback.plus(_TEXTS["person"])
    return replace(marked, verdict=Verdict.REVIEW, feedback=feedback, proposed=True)


def _outcome(
    verdict: Verdict,
    expected: ExpectedAnswer,
    feedback: Text,
    share: float | None = None,
    confusion: str | None = None,
    proposed: bool = False,
) -> MarkedAnswer:
    points = None if share is None else shared(expected.points, share)
    return MarkedAnswer(verdict, points, expected.points, feedback, confusion, proposed)


def _understanding(given: GivenAnswer, expected: ExpectedAnswer) -> MarkedAnswer:
    if given.empty:
        return _nothing(given, expected)
    if not expected.ideas:
        return _outcome(Verdict.REVIEW, expected, _TEXTS["person"], proposed=True)
    named = named_ideas(given.text, expected.ideas)
    share = sum(named) / len(named)
    lacking = [synonyms for synonyms, has in zip(expected.ideas, named, strict=True) if not has]
    if not lacking:
        return _outcome(Verdict.REVIEW, expected, _TEXTS["all_ideas"], share, proposed=True)
    feedback = _TEXTS["ideas"].filled(
        zh="、".join(_in_language(synonyms, chinese=True) for synonyms in lacking),
        en=", ".join(_in_language(synonyms, chinese=False) for synonyms in lacking),
    )
    return _outcome(Verdict.REVIEW, expected, feedback, share, proposed=True)


def _in_language(synonyms: tuple[str, ...], *, chinese: bool) -> str:
    """The first synonym in that language, else the first."""
    return next((one for one in synonyms if one.isascii() is not chinese), synonyms[0])


def _nothing(given: GivenAnswer, expected: ExpectedAnswer) -> MarkedAnswer:
    if expected.status is Status.NOT_CAPTURED:
        return _outcome(Verdict.NOT_GRADABLE, expected, _TEXTS["not_captured"])
    if given.confidence < SURE:
        return _outcome(Verdict.REVIEW, expected, _TEXTS["unfound"])
    slug = "missing" if given.empty else "unknown"
    return _outcome(Verdict.MISSING, expected, _TEXTS[slug], 0.0)


def _without_value(
    question: Question, given: GivenAnswer, expected: ExpectedAnswer, decoys: Decoys
) -> MarkedAnswer:
    """Nothing was to be found: it is right to say so."""
    if given.stance in _SAYS_SO[expected.status]:
        return _sure_enough(given, expected, AGREES, Verdict.CORRECT, _TEXTS["right"], 1.0)
    if expected.status is Status.NOT_CAPTURED:
        return _outcome(Verdict.NOT_GRADABLE, expected, _TEXTS["not_captured"])
    if given.value is None or expected.status is Status.HIDDEN:
        return _review(question, given, expected)
    confusion = confusion_of(question.kind, given.value, expected, decoys)
    if expected.status is Status.NOT_APPLICABLE and confusion is None:
        return _review(question, given, expected)
    return _wrong(question, given, expected, confusion)


def _held_against(
    question: Question, given: GivenAnswer, expected: ExpectedAnswer, decoys: Decoys
) -> MarkedAnswer:
    if given.value is None:
        return _in_words(question, given, expected)
    compared = _compared(question, given.value, expected)
    if compared.equal:
        if _hedged(question, given, expected):
            return _outcome(Verdict.REVIEW, expected, _TEXTS["choice"])
        return _explained_too(question, given, expected)
    others = (*given.alternatives, *given.rivals, *_range_ends(question, given))
    if any(_compared(question, other, expected).equal for other in others):
        return _review(question, given, expected)
    confusion = confusion_of(question.kind, given.value, expected, decoys)
    if confusion == "short_name":
        return _review(question, given, expected, confusion)
    if compared.partial is not None:
        return _partial(given, expected, compared.partial, compared.why)
    share = expected.rule.partial.get(confusion or "")
    if share and not expected.inferred:
        return _partial(given, expected, share, confusion)
    return _wrong(question, given, expected, confusion)


def _range_ends(question: Question, given: GivenAnswer) -> list[AnswerValue]:
    return [end for ends in in_ranges(question.kind, given.text) for end in ends]


def _hedged(question: Question, given: GivenAnswer, expected: ExpectedAnswer) -> bool:
    """Whether a wrong value stands beside the right one as if it were one to choose from."""

    def is_right(value: AnswerValue) -> bool:
        if question.kind == "packet_number" and value in expected.parts:
            return True
        return _compared(question, value, expected).equal

    if question.kind == "names" and isinstance(expected.value, tuple):
        return too_many_names(given.value, _among(expected), len(expected.value))
    if not all(map(is_right, given.rivals)):
        return True
    return offers_a_choice(question.kind, given.text, is_right) or means_another(
        question.kind, given.text, is_right
    )


def _among(expected: ExpectedAnswer) -> Callable[[AnswerValue], bool]:
    """Whether a name is one of those expected, or of those accepted as well."""
    compare = kind("name").compare
    lists = (expected.value, *expected.rule.accept)
    known = [name for each in lists for name in (each if isinstance(each, tuple) else (each,))]
    return lambda given: any(compare(given, n, EXACTLY).equal for n in known if n is not None)


def _compared(question: Question, value: AnswerValue, expected: ExpectedAnswer) -> Comparison:
    assert expected.value is not None  # the status is found
    return kind(question.kind).compare(value, expected.value, expected.rule)


def _in_words(question: Question, given: GivenAnswer, expected: ExpectedAnswer) -> MarkedAnswer:
    """There was something to find, and the answer has words but no value."""
    denied = given.stance in (Stance.ABSENT, Stance.NOT_APPLICABLE)
    if question.kind == "names" and denied:
        return _partial(given, expected, expected.rule.share("unnamed", _UNNAMED), "unnamed")
    if denied:
        return _wrong(question, given, expected, None)
    return _review(question, given, expected)


def _explained_too(
    question: Question, given: GivenAnswer, expected: ExpectedAnswer
) -> MarkedAnswer:
    """A right value; the explanation that a key asks for beside it is a person's to judge."""
    if question.kind == "yes_no" and expected.ideas:
        named = named_ideas(given.text, expected.ideas)
        if not all(named):
            share = (1 + sum(named)) / (1 + len(named))
            return _outcome(Verdict.REVIEW, expected, _TEXTS["person"], share, proposed=True)
    return _sure_enough(given, expected, AGREES, Verdict.CORRECT, _TEXTS["right"], 1.0)


def _partial(
    given: GivenAnswer, expected: ExpectedAnswer, share: float, why: str | None
) -> MarkedAnswer:
    feedback = CONFUSIONS.get(why or "", _TEXTS["partial"])
    return _sure_enough(given, expected, SURE, Verdict.PARTIAL, feedback, share, why)


def _wrong(
    question: Question, given: GivenAnswer, expected: ExpectedAnswer, confusion: str | None
) -> MarkedAnswer:
    if expected.inferred or confusion in DEBATABLE:
        return _review(question, given, expected, confusion)
    feedback = _differs(question, given, expected)
    if confusion:
        feedback = feedback.plus(CONFUSIONS[confusion])
    return _sure_enough(given, expected, SURE, Verdict.WRONG, feedback, 0.0, confusion)


def _sure_enough(
    given: GivenAnswer,
    expected: ExpectedAnswer,
    least: float,
    verdict: Verdict,
    feedback: Text,
    share: float,
    confusion: str | None = None,
) -> MarkedAnswer:
    if given.confidence < least:
        return _outcome(Verdict.REVIEW, expected, _TEXTS["unsure"], confusion=confusion)
    return _outcome(verdict, expected, feedback, share, confusion)


def _review(
    question: Question,
    given: GivenAnswer,
    expected: ExpectedAnswer,
    confusion: str | None = None,
) -> MarkedAnswer:
    feedback = _differs(question, given, expected) if given.value is not None else _TEXTS["unsure"]
    if confusion:
        feedback = feedback.plus(CONFUSIONS[confusion])
    if expected.inferred:
        feedback = feedback.plus(_TEXTS["inferred"])
    return _outcome(Verdict.REVIEW, expected, feedback, confusion=confusion)


def _differs(question: Question, given: GivenAnswer, expected: ExpectedAnswer) -> Text:
    read = _shown(question, given.value) if given.value is not None else None
    right = _shown(question, expected.value) if expected.value is not None else _TEXTS["none"]
    if read is None:
        return Text(f"应为：{right.zh}。", f"Expected: {right.en}.")
    return Text(f"读到的是 {read.zh}，应为：{right.zh}。", f"Read {read.en}; expected: {right.en}.")


def _shown(question: Question, value: AnswerValue) -> Text:
    if question.kind == "message_name" and isinstance(value, int):
        return Text(str(value), str(value))
    return kind(question.kind).format(value)


_TEXTS: dict[str, Text] = {
    "right": Text("正确。", "Correct."),
    "partial": Text("部分正确。", "Partly right."),
    "none": Text("没有可填的值", "no value"),
    "missing": Text("没有找到这一题的回答。", "No answer to this question was found."),
    "unfound": Text(
        "没有读到这一题的回答，但它可能在图片或别处，由教师查看。",
        "No answer was read, but it may be in a picture or elsewhere; the instructor looks.",
    ),
    "unknown": Text("写的是不知道。", "The answer says that it is not known."),
    "choice": Text(
        "回答中写了几个不同的值，不能自动判对，由教师评阅。",
        "The answer names several different values, so it is not marked right by machine; the "
        "instructor decides.",
    ),
    "unsure": Text(
        "自动读取没有把握，由教师评阅。",
        "The answer could not be read surely; the instructor decides.",
    ),
    "inferred": Text(
        "标准答案是根据位置或长度推断的，因此不自动判错。",
        "The expected answer was inferred from position or length, so this is not marked wrong.",
    ),
    "person": Text("由教师评阅。", "The instructor decides."),
    "all_ideas": Text(
        "要点都提到了；建议的分数由教师确认。",
        "All the ideas are named; the instructor confirms the proposed points.",
    ),
    "ideas": Text(
        "没有找到这些要点：{zh}；建议的分数由教师确认。",
        "These ideas were not found: {en}; the instructor confirms the proposed points.",
    ),
    "failed": Text(
        "这一题没能从抓包中得出答案，问题不在学生，不扣分。",
        "The expected answer could not be computed; that is not the student's fault and costs "
        "nothing.",
    ),
    "not_captured": Text(
        "抓包里没有这一部分，无法评分，不扣分。",
        "The capture does not hold this part, so it cannot be graded and costs nothing.",
    ),
}
