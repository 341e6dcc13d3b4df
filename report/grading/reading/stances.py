"""What an answer says in words instead of a value: none, encrypted, not applicable, unknown."""

from report.grading.reading.given import Stance
from report.grading.reading.parsing import parsed
from report.questions.kinds.characters import folded
from report.questions.kinds.wordings import wording

_UNKNOWN = wording(
    r"不知道|不清楚|不会做|不确定|不太懂|没做|未做|未完成|看不懂|不明白|\bdon'?t know\b"
    r"|\bno idea\b|\bnot sure\b"
    r"|\bunsure\b|\bskipp?ed\b|\bcould(?:n't| not) (?:figure|work) out\b|\bTODO\b|^\W*(?:不会|略"
    r"|idk|\?+)\W*$"
)
_HIDDEN = wording(
    r"(?:被|已|都|全|是|经过?)加密(?:的|了|后)?(?=.{0,20}(?:看不|无法|不能|不可见|不可|$|[，,。.]))"
    r"|(?:看不到|看不见|无法(?:看到|查看|读取|得知|确定)|不可见|不能看到).{0,16}(?:加密|密钥)"
    r"|加密.{0,16}(?:看不到|看不见|无法|不可见|不能)|没有密钥|需要密钥|需解密"
    r"|\b(?:is|are|was|were|it'?s|being)\s+(?:all )?(?:encrypted|hidden)\b|\bencrypted,? (?:so"
    r"|and|in|cannot)"
    r"|\b(?:can'?t|cannot|can not|unable to|not possible to) (?:be )?(?:see|seen|read|view|tell"
    r"|decrypt)\w*\b"
    r"|^\W*encrypted\b|[-:,]\s*encrypted\W*$|\bhidden\b|\bnot visible\b"
    r"|\bwithout (?:the )?keys?\b|\bneeds? (?:the )?(?:session )?keys\b"
)
_NOT_APPLICABLE = wording(
    r"TLS ?1\.3.{0,24}(?:没有|不再|取消|不存在|无|已去掉|删除)|(?:没有|不存在).{0,24}TLS ?1\.3"
    r"|不适用|不涉及"
    r"|\bnot applicable\b|^\W*n/?a\b|\b(?:no|not|without|gone|removed|dropped"
    r"|does ?n.t exist)\b.{0,40}TLS ?1\.3"
    r"|TLS ?1\.3.{0,40}\b(?:no|not|doesn'?t|removed|dropped|without|lacks|got rid)\b"
    r"|\bthere is no such (?:message|record)|没有(?:这|该)(?:条|个)?(?:消息|记录|字段)|\b(?:has"
    r"|have) no modulus"
    r"|没有模|\bno modulus\b|elliptic[- ]curve key|EC(?:DSA|C)? ?(?:公钥|密钥|key)"
)
_NOT_CAPTURED = wording(
    r"没(?:有)?(?:抓|捕获|截获|录)(?:到)?|未(?:抓|捕获)(?:到)?|抓包(?:开始得|晚|不全|中没有)"
    r"|\bnot (?:in (?:my|the) (?:capture|trace)"
    r"|captured|recorded)\b|\bcapture (?:started|began) (?:too )?late|\bmissing from (?:my"
    r"|the) (?:trace|capture)"
)
_LEAST_DENIAL = 0.6
_AT_ONCE = 6


def denies(text: str) -> bool:
    """Whether a statement says no, or that there is none."""
    reading = parsed("yes_no", text)
    return reading is not None and reading.value is False and reading.confidence >= _LEAST_DENIAL


def affirms(text: str) -> bool:
    """Whether a statement says yes."""
    reading = parsed("yes_no", text)
    return reading is not None and reading.value is True


def unknowing(text: str) -> bool:
    """Whether a statement begins by saying that the writer does not know."""
    found = _UNKNOWN.search(folded(text))
    return found is not None and found.start() <= _AT_ONCE


def stance_of(text: str) -> Stance | None:
    """What a statement says where it gives no value; None where it says none of these."""
    plain = folded(text)
    for pattern, stance in (
        (_HIDDEN, Stance.HIDDEN),
        (_NOT_APPLICABLE, Stance.NOT_APPLICABLE),
        (_NOT_CAPTURED, Stance.NOT_CAPTURED),
    ):
        if pattern.search(plain):
            return stance
    if _UNKNOWN.search(plain):
        return Stance.UNKNOWN
    return Stance.ABSENT if denies(text) else None
