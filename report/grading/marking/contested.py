"""Answers that name the right value and mean another: `37之后的39`, `41 is still handshake, so 42`.

They cannot be marked right for the value that is in them; a person reads them.
"""

from collections.abc import Iterable

from report.grading.marking.hedging import IsRight
from report.grading.reading.parsing import parsed
from report.questions.kinds.characters import readable
from report.questions.kinds.context import bracketed, clause, leads
from report.questions.kinds.values import Candidate
from report.questions.kinds.wordings import wording

_NEVER = frozenset({"names", "name", "text", "yes_no", "before_after"})
_ALGORITHMS = frozenset({"cipher_suite", "algorithm", "version"})
_LED_BY = frozenset({"cipher_suite", "algorithm"})
"""Of these the first one named is the answer; a version may be held against the record's."""
_UNIT = r"\s*号?\s*(?:数据)?[包帧]?\s*"
_JUST_BEYOND = wording(
    r"\b(?:after|before|following|preceding|follows|precedes|prior to|past|next to)\s+"
    r"(?:the\s+)?(?:packet|frame|number|no\.?|#)?\s*$"
)
_BEYOND_IT = wording(
    rf"{_UNIT}(?:之后|之前|以后|以前|后面|前面)的?(?:第|那|一|下|是|\d)|{_UNIT}的?[上下前后]一"
)
_CONCLUDES = wording(
    r"(?:\bso|\bhence|\bthus|\btherefore|所以|因此|故而?|即|应[为是]|应[该当][为是]|改为|而是|其实是|实际上?是|实为|"
    r"\bfirst\b[^.\d]{0,24}\b(?:is|was)|第一个[^\d。；;]{0,8}[是为])"
    r"(?:\s|[:：,，]|是|为|在|第|\bit'?s|\bit is|\bthe answer is|\bpacket|\bframe|\bno\.?|#)*$"
)
_IS_THE_ONE = wording(
    rf"{_UNIT}(?:才是|才对|才算|\b(?:ends|closes)\b"
    r"|\b(?:is|was) (?:the )?(?:right|real|actual|correct|first|last|one|answer)\b)"
)
_SET_ASIDE_BEFORE = wording(
    r"\b(?:as opposed to|unlike|instead of|rather than|other than)|而不是|不同于|区别于|有别于"
)
_SET_ASIDE_AFTER = wording(
    r"(?:\bnot|n't|\bnever) (?:been )?(?:chosen|selected|used|picked|agreed)",
    r"(?:没有?|未)(?:被)?(?:选|采用|使用)",
)
_TWICE_DENIED = wording(
    r"(?:不是|并非|并不是|不能说|不等于)说?\s*(?:没|无|不)",
    r"没有?(?:拒绝|缺少|缺失|省略)",
    r"(?:\b(?:not|never|untrue|false)\b|n't\b|\bno(?= lack))[^.,;:]{0,40}"
    r"\b(?:no|none|nothing|never|without|refus\w+|declin\w+|fail\w*|lack\w*|omit\w*|absent|missing)\b",
)
_SENTENCE = 80


def means_another(kind_name: str, text: str, is_right: IsRight) -> bool:
    """Whether `text`, in which a right value stands, concludes with or points at a wrong one."""
    if kind_name in _NEVER:
        return False
    plain = readable(text)
    reading = parsed(kind_name, plain)
    if reading is None:
        return False
    right = [one for one in reading.named if is_right(one.value)]
    wrong = [one for one in reading.named if not is_right(one.value)]
    if kind_name == "packet_number" and right and all(_is_a_landmark(plain, one) for one in right):
        return True
    if kind_name in _ALGORITHMS and wrong and any(_is_set_aside(plain, one) for one in right):
        return True
    if kind_name in _LED_BY and any(leads(plain, one.start) for one in wrong):
        return True
    return _is_concluded(plain, wrong)


def _is_a_landmark(text: str, one: Candidate) -> bool:
    """`the packet after 28`, `39之前的37`."""
    return bool(_JUST_BEYOND.search(text[: one.start]) or _BEYOND_IT.match(text, one.end))


def _is_set_aside(text: str, one: Candidate) -> bool:
    before, _ = clause(text, one.start, one.end)
    after = text[one.end : one.end + _SENTENCE]
    return bool(_SET_ASIDE_BEFORE.search(before) or _SET_ASIDE_AFTER.search(after))


def _is_concluded(text: str, wrong: Iterable[Candidate]) -> bool:
    return any(
        _CONCLUDES.search(text[: one.start]) or _IS_THE_ONE.match(text, one.end)
        for one in wrong
        if not bracketed(text, one.start)
    )


def twice_denied(text: str) -> bool:
    """Whether one denial may undo another: `不是没有`, `the client did not refuse`."""
    return bool(_TWICE_DENIED.search(readable(text)))
