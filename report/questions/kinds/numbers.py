"""Kinds that are whole numbers: packet numbers, counts, plain integers and lengths in bytes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from report.questions.answer import AnswerValue
from report.questions.kinds.characters import folded, wording
from report.questions.kinds.context import alone, clause, leads, standing, stated
from report.questions.kinds.numerals import Numeral, numerals
from report.questions.kinds.values import (
    DIFFERENT,
    EQUAL,
    Candidate,
    Comparison,
    Kind,
    Reading,
    Rule,
    best,
    same_in_both,
)
from report.text import Text

_PLAIN = 0.6
_STATED = 0.8
_LABELLED = 0.85
_BOTH_SIDES = 0.9
_BY_ITSELF = 0.98
_OUT_OF_PLACE = 0.2
_IN_PASSING = 0.35
_LAST_OF_LIST = 0.7
_EARLIER_IN_LIST = 0.4

# A number that is part of something longer: 1.2, 0x16, 10.0.0.1, 3.0154, 12:30, 2025-12-02, SHA256.
_PART_BEFORE = wording(r"(?:\d[.:/]|0x[0-9a-f]*|\d-\d*-?|[A-Za-z]_|_|[^\W\d_]-v|\bv\d*\.?)$")
_PART_AFTER = wording(r"(?:[.:/]\d|[xX][0-9A-Fa-f]|_\w|-\d+-)")
_WORD_BEFORE = wording(r"[A-Za-z]+$")
_WORD_AFTER = wording(r"[A-Za-z]+")
_ORDINAL = frozenset({"st", "nd", "rd", "th"})

_ELSEWHERE_BEFORE = wording(
    r"(?:\bports?|端口号?|\back(?:nowledg\w+)?|\blen(?:gth)?|长度|窗口|\bwin(?:dow)?"
    r"|\bttl|\btime|时间|\bstream|数据?流|\bquestion|问题|\bquiz|图|\bfig(?:ure|\.)?|\btable|表"
    r"|步骤|\bstep"
    r"|\bsection|\bsec\.|节|章|\bchapter|\brfc|版本|\bversion|页|\bpage|\blab|实验|类型|\btype"
    r"|\bmss|大小|\bsize|\bTLS(?:v)?|\bSSL(?:v)?|\bAES|\bSHA|\bRC|\bHTTP/?|\bQ|\bID|\bsee"
    r"|\bsame as|同|见|\b(?:FIN|SYN|ACK|PSH|RST)\b|标志位?|\bflags?)"
    r"\s*[-:=#(_]?\s*(?:第|is\b|was\b|为|是)?\s*$",
)
_SEQUENCE_BEFORE = wording(
    r"(?:\bseq(?:uence)?(?: ?(?:number|no\.?|num))?|序列号)\s*[:=]?\s*(?:is|为|是)?\s*$",
)
_OTHER_UNIT = wording(
    r"\s*(?:%|bytes?\b|B\b|字节|bits?\b|比特|位|ms\b|毫秒|s\b|秒|sec|minutes?|分钟|次\b|题|小题"
    r"|年|月"
    r"|日|班|学时|℃)",
)


@dataclass(frozen=True, slots=True)
class Look:
    """What stands around the numbers of one kind."""

    before: re.Pattern[str]
    after: re.Pattern[str]
    passing_after: re.Pattern[str]
    """A unit of something else that is counted along: `3 packets`."""
    spelled: bool
    """Whether a number in words counts without a label."""


_PACKET = Look(
    before=wording(
        r"(?:\bno\.?|\bnumber(?:ed|s)?|\bpackets?|\bframes?|\bpkts?\.?|\bsegments?|包号?|帧号?|编号"
        r"|序号|号码|分组号?|报文号?|数据报?|消息号?|记录|第|#|№)"
        r"(?:\s*(?:\(?(?:no\.?|number|编号|号码?)\)?|[:=#.(\[\"'`*]|是|为|在|的|即|->|\bis"
        r"|\bwas))*\s*$",
    ),
    after=wording(
        r"[\"'`*]*\s*(?:号|(?:th|st|nd|rd)?\s*(?:packet|frame|pkt)\b|包|帧|条(?:数据包|报文|记录))",
    ),
    passing_after=wording(
        r"\s*(?:个|种|组|条|packets\b|frames\b|records?\b|certificates?\b|suites?\b|cipher\b"
        r"|times\b|connections?\b|segments\b|messages?\b|round)",
    ),
    spelled=False,
)
_COUNTED = Look(
    before=wording(
        r"(?:共(?:计|有)?|总(?:共|计|数)|支持|提供|列出|有|包含|数量|个数|数目|\btotal(?: of)?"
        r"|\bnumber"
        r"|\bcount|\bsupports?|\boffers?|\boffered|\blists?|\badvertises?|\bcontains?"
        r"|\bthere (?:are|is)"
        r"|\bsuites?|套件)(?:\s*(?:[:=(\"'`*]|是|为|有|了|着|共|\bis|\bare|\bof|\bexactly))*\s*$",
    ),
    after=wording(
        r"[\"'`*]*\s*(?:个|种|套|组|条|项|款|different\b|cipher|suites?\b|ciphersuites?\b"
        r"|加密套件|密码套件"
        r"|套件|in total|entries|items)",
    ),
    passing_after=wording(
        r"\s*(?:个?\s*(?:GREASE|保留|占位)|号|grease|bytes?\b|of (?:them|which|these)|(?:are"
        r"|is) grease"
        r"|个(?:是|为)\s*GREASE)",
    ),
    spelled=True,
)
_INTEGER = Look(
    before=wording(r"(?:值|\bvalue)\s*(?:[:=]|是|为|\bis|\bof)?\s*$"),
    after=wording(r"(?!)"),
    passing_after=wording(r"(?!)"),
    spelled=True,
)

_BYTES_UNIT = wording(r"[\"'`*)]*\s*-?\s*(?:bytes?\b|B\b|octets?\b|字节|个字节|Byte)")
_BITS_UNIT = wording(r"[\"'`*)]*\s*-?\s*(?:bits?\b|比特|位)")
_HEX_NUMBER = wording(r"\b0x([0-9a-f]{1,8})\b")
_TOTAL = wording(r"共|总|合计|\btotal|\ball\b|\baltogether")


def _part_of_more(text: str, numeral: Numeral) -> bool:
    if numeral.spelled:
        return False
    before, after = text[max(0, numeral.start - 24) : numeral.start], text[numeral.end :]
    if _PART_BEFORE.search(before) or _PART_AFTER.match(after):
        return True
    word = _WORD_AFTER.match(after)
    glued = _WORD_BEFORE.search(before)
    return bool(
        (word and word[0].lower() in {"a", "b", "c", "d", "e", "f", "v"} and len(word[0]) == 1)
        or (
            glued
            and glued[0].lower() in {"sha", "aes", "rsa", "rc", "md", "x", "secp", "q", "tlsv"}
        )
    )


def _score(text: str, numeral: Numeral, look: Look) -> float:
    before, after = text[: numeral.start], text[numeral.end :]
    near = before[-32:]
    if _part_of_more(text, numeral) or _OTHER_UNIT.match(after):
        return 0.0
    if alone(text, numeral.start, numeral.end):
        return _BY_ITSELF
    labelled = bool(look.before.search(near)), bool(look.after.match(after))
    if numeral.spelled and not (look.spelled or any(labelled)):
        return 0.0
    if _ELSEWHERE_BEFORE.search(near) or _SEQUENCE_BEFORE.search(near):
        return _OUT_OF_PLACE
    if look.passing_after.match(after):
        return _IN_PASSING
    if numeral.spelled and numeral.value <= 1:
        return _OUT_OF_PLACE  # 一组, 一种, `one of`: articles more than numbers
    said = leads(text, numeral.start) or stated(text, numeral.start, numeral.end)
    plain = _STATED if said else _PLAIN
    return (plain, _LABELLED, _BOTH_SIDES)[sum(labelled)]


def _candidates(text: str, look: Look) -> list[Candidate]:
    return [
        Candidate(
            numeral.value,
            numeral.start,
            numeral.end,
            _score(text, numeral, look) * standing(text, numeral.start, numeral.end),
        )
        for numeral in numerals(text)
    ]


_LIST_JOIN = wording(
    r"(?:\s*(?:[,、/&+;~到至和与及-]|and|to|through|以及)\s*)+(?:(?:frames?|packets?|no\.?|第|#"
    r"|号)\s*)*",
)
_WHOLE_IN = wording(r"complete|reassembl|finish|\bends?\b|\blast\b|完整|重组|完成|结束|最后")


def _listed(text: str, candidates: list[Candidate]) -> Iterator[Candidate]:
    """A row of numbers names the frames of one message; it is complete in the last of them."""
    ordered = sorted((c for c in candidates if c.score > 0), key=lambda c: c.start)
    joined = [bool(_LIST_JOIN.fullmatch(text[a.end : b.start])) for a, b in pairwise(ordered)]
    for at, candidate in enumerate(ordered):
        follows = at > 0 and joined[at - 1]
        goes_on = at < len(joined) and joined[at]
        if goes_on:
            yield _with(candidate, min(candidate.score, _EARLIER_IN_LIST))
        elif follows:
            yield _with(candidate, min(candidate.score * 1.15, _LAST_OF_LIST))
        else:
            whole = _WHOLE_IN.search(clause(text, candidate.start, candidate.end)[0])
            yield _with(candidate, candidate.score * (1.15 if whole else 1.0))


def _with(candidate: Candidate, score: float) -> Candidate:
    return Candidate(candidate.value, candidate.start, candidate.end, score)


def _parse_packet_number(text: str) -> Reading | None:
    plain = folded(text)
    return best(_listed(plain, _candidates(plain, _PACKET)))


def _parse_count(text: str) -> Reading | None:
    plain = folded(text)
    return best(_favouring_total(plain, _candidates(plain, _COUNTED)))


def _favouring_total(text: str, candidates: list[Candidate]) -> list[Candidate]:
    return [
        _with(c, min(0.97, c.score + 0.1))
        if _TOTAL.search(text[max(0, c.start - 8) : c.start])
        else c
        for c in candidates
    ]


def _parse_integer(text: str) -> Reading | None:
    plain = folded(text)
    hexadecimal = [
        Candidate(int(found[1], 16), found.start(), found.end(), _IN_PASSING + 0.2)
        for found in _HEX_NUMBER.finditer(plain)
    ]
    return best([*_candidates(plain, _INTEGER), *hexadecimal])


def _parse_byte_count(text: str) -> Reading | None:
    plain = folded(text)
    return best(_byte_candidate(plain, numeral) for numeral in numerals(plain))


def _byte_candidate(text: str, numeral: Numeral) -> Candidate:
    value, after = numeral.value, text[numeral.end :]
    if _part_of_more(text, numeral):
        score = 0.0
    elif _BYTES_UNIT.match(after):
        total = any(map(_TOTAL.search, clause(text, numeral.start, numeral.end)))
        score = _BOTH_SIDES if total else _PLAIN + 0.1
    elif _BITS_UNIT.match(after) and value % 8 == 0:
        value, score = value // 8, _PLAIN
    else:
        score = _score(text, numeral, _INTEGER) * (1 if not numeral.spelled else 0.3)
        score = score if score == _BY_ITSELF else min(score, 0.4)
    return Candidate(
        value, numeral.start, numeral.end, score * standing(text, numeral.start, numeral.end)
    )


def _compare(given: AnswerValue, expected: AnswerValue, rule: Rule) -> Comparison:
    if given == expected:
        return EQUAL
    if given in rule.accept:
        return Comparison(True, why="accepted")
    if not isinstance(given, int) or not isinstance(expected, int):
        return DIFFERENT
    if abs(given - expected) <= rule.tolerance:
        return Comparison(True, why="within_tolerance")
    return DIFFERENT


def _whole(value: AnswerValue) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"not a whole number: {value!r}")
    return value


def _format(value: AnswerValue) -> Text:
    return same_in_both(str(_whole(value)))


def _format_bytes(value: AnswerValue) -> Text:
    number = _whole(value)
    return Text(f"{number} 字节", f"{number} {'byte' if number == 1 else 'bytes'}")


PACKET_NUMBER = Kind("packet_number", _parse_packet_number, _format, _compare)
COUNT = Kind("count", _parse_count, _format, _compare)
INTEGER = Kind("integer", _parse_integer, _format, _compare)
BYTE_COUNT = Kind("byte_count", _parse_byte_count, _format_bytes, _compare)
