"""Kinds with few values: yes or no, before or after, the name of a handshake message."""

import re
from collections.abc import Iterator

from report.questions.answer import AnswerValue
from report.questions.kinds.characters import folded, wording
from report.questions.kinds.context import standing
from report.questions.kinds.values import (
    DIFFERENT,
    EQUAL,
    Candidate,
    Comparison,
    Kind,
    Reading,
    Rule,
    best,
    compared,
    same_in_both,
)
from report.text import Text

_NO = wording(
    r"(?:^|(?<=[\s,.;:。，；：!！(（\"'*>|]))(?P<word>no|nope|none|false|nothing|never)"
    r"(?![\w#])(?!\s*[.:#]?\s*\d)",
    r"(?P<zh>没(?!错|关系|问题|了)|否|不是|不存在|不包含|不含|不需要|不会|不曾|不用|不必|不提供|不发送",
    r"未(?=发现|见|找到|看到|提供|发送|包含|出现|使用|捕获|联系|与|曾)|并未|从未",
    r"无(?=此|该|相关|这|客户|，|,|。|$))",
    r"(?P<verb>\b(?:do(?:es)?|did|is|are|was|were|has|have|had|can|could|will|would)(?:n't| not)\b",
    r"\bcannot\b|\bthere (?:is|are|was|were) no(?:t|ne)?\b|\bdon't\b|\bwithout\b|\bneither\b",
    r"\bno (?:such|message|certificate|packet|contact|client|frame|communication|connection",
    r"traffic|ocsp|query|request))",
)
_YES = wording(
    r"(?:^|(?<=[\s,.;:。，；：!！(（\"'*>|]))(?P<word>yes|yeah|yep|true|correct|indeed|it does"
    r"|it did)(?!\w|n't| not)"
    r"|(?P<zh>(?<![没是])(?:有的|是的|对的|会的|包含|含有|存在|看到了|有(?!没有|无|关|限|利|助|效"
    r"|什么|多少|哪)|的确|确实|同样)"
    r"|^是(?!否))"
    r"|(?P<verb>\b(?:does|did|do)(?=\s+(?:contain|include|have|send|carry|provide))|\b(?:contains"
    r"|includes"
    r"|carries|has|is present|are present|is included|provides|sent)\b)",
)
_ASKED = wording(r"有没有|有无|是否|是不是|能否|会不会|\bwhether or not\b")
_AT_START = 0.97
_WORD = 0.85
_VERB = 0.7


def _polar(text: str) -> Iterator[Candidate]:
    for value, pattern in ((False, _NO), (True, _YES)):
        for found in pattern.finditer(text):
            leads = not re.search(r"\w", text[: found.start()])
            score = _VERB if found["verb"] else _WORD
            if leads and not found["verb"]:
                score = _AT_START
            elif re.search(r"[。.!?！？;；\n]", text[: found.start()].strip()):
                score -= 0.3  # a later sentence explains; the first one answers
            yield Candidate(value, *found.span(), score)


def _denied(candidate: Candidate, found: list[Candidate]) -> bool:
    """`包含` right after `不` is no yes; a verb after `not` neither."""
    return candidate.value is True and any(
        other.value is False and other.start <= candidate.start <= other.end + 3 for other in found
    )


def _parse_yes_no(text: str) -> Reading | None:
    found = list(_polar(_ASKED.sub(lambda asked: "_" * len(asked[0]), folded(text))))
    return best(candidate for candidate in found if not _denied(candidate, found))


def _format_yes_no(value: AnswerValue) -> Text:
    if not isinstance(value, bool):
        raise TypeError(f"neither yes nor no: {value!r}")
    return Text("是", "Yes") if value else Text("否", "No")


_BEFORE = wording(
    r"之?前|先于|早于|先(?!后)(?=建立|完成|进行|有|是|做|握手)|事先|\bbefore\b|\bprior\b|\bearlier\b"
    r"|\bprecede\w*|\bahead of\b"
    r"|\balready\b|\bfirst\b",
)
_AFTER = wording(
    r"(?<!先)之?后(?!来|面|续|再|才|,|，)|晚于|\bafter\b|\blater than\b|\bfollow(?:s|ing|ed)\b"
    r"|\bsubsequent",
)
_TLS = wording(r"TLS|SSL|Client ?Hello|客户端 ?Hello|客户端问候")
_TCP = wording(r"TCP|三次握手|SYN|连接|three-way|3-way|handshake|connection|握手")


def _order_score(text: str, found: re.Match[str]) -> float:
    weak = found[0].lower() in {
        "already",
        "first",
        "先",
        "前",
        "后",
        "follows",
        "following",
        "followed",
    }
    return 0.6 if weak else 0.9


def _turned(text: str, found: re.Match[str]) -> bool:
    """`the Client Hello comes after the handshake` speaks of TLS: TCP is set up before it."""
    left, right = _sides(text, found)
    subject, other = _first(left), _first(right)
    if "之" in found[0] or re.match(r"[\u4e00-\u9fff]", found[0]):
        return bool(_TCP.search(left)) and not _TLS.search(left) and bool(_TLS.search(right))
    return subject == "tls" and other == "tcp"


def _sides(text: str, found: re.Match[str]) -> tuple[str, str]:
    left = re.split(r"[.;。；\n]", text[: found.start()])[-1]
    right = re.split(r"[.;。；\n]", text[found.end() :])[0]
    return left, right


def _first(text: str) -> str | None:
    tls, tcp = _TLS.search(text), _TCP.search(text)
    if tls and (not tcp or tls.start() < tcp.start()):
        return "tls"
    return "tcp" if tcp else None


def _orders(text: str) -> Iterator[Candidate]:
    for value, other, pattern in (("before", "after", _BEFORE), ("after", "before", _AFTER)):
        for found in pattern.finditer(text):
            score = _order_score(text, found) * standing(text, *found.span())
            meant = other if _turned(text, found) else value
            yield Candidate(meant, *found.span(), score)


def _parse_order(text: str) -> Reading | None:
    return best(_orders(folded(text)))


def _format_order(value: AnswerValue) -> Text:
    if value == "before":
        return Text("之前", "before")
    if value == "after":
        return Text("之后", "after")
    raise TypeError(f"neither before nor after: {value!r}")


_CLIENT, _SERVER = r"(?:客户端|客户机|客户)", r"(?:服务器端?|服务端)"
_HELLO = r"\s*(?:的)?\s*[\"'`]?\s*(?:hello|问候|你好|握手问候|招呼)"
_NAMES: dict[str, re.Pattern[str]] = {
    "Hello Retry Request": wording(r"hello[\s_-]*retry[\s_-]*request|\bHRR\b|重试请求"),
    "Server Hello Done": wording(
        rf"server[\s_-]*hello[\s_-]*done|{_SERVER}\s*hello\s*done|问候(?:结束|完成)"
    ),
    "Client Hello": wording(rf"client[\s_-]*hello|{_CLIENT}{_HELLO}"),
    "Server Hello": wording(
        r"server[\s_-]*hello(?![\s_-]*done)", rf"{_SERVER}{_HELLO}(?!\s*(?:done|结束|完成))"
    ),
    "Encrypted Extensions": wording(r"encrypted[\s_-]*extensions?|加密扩展"),
    "Certificate Request": wording(r"certificate[\s_-]*request|证书请求"),
    "Certificate Verify": wording(r"certificate[\s_-]*verify|证书验证"),
    "Certificate Status": wording(r"certificate[\s_-]*status|证书状态"),
    "Certificate": wording(
        r"\bcertificate(?![\s_-]*(?:request|verify|status))", r"证书(?!请求|验证|状态)"
    ),
    "Server Key Exchange": wording(rf"server[\s_-]*key[\s_-]*exchange|{_SERVER}\s*密钥交换"),
    "Client Key Exchange": wording(rf"client[\s_-]*key[\s_-]*exchange|{_CLIENT}\s*密钥交换"),
    "New Session Ticket": wording(r"new[\s_-]*session[\s_-]*ticket|会话票据"),
    "Change Cipher Spec": wording(
        r"change[\s_-]*cipher[\s_-]*spec|更改密码规[范格]|密码变更|\bCCS\b"
    ),
    "Encrypted Handshake Message": wording(
        r"encrypted[\s_-]*handshake(?:[\s_-]*message)?|加密(?:的)?握手消息"
    ),
    "Finished": wording(r"\bfinished\b"),
    "Application Data": wording(r"application[\s_-]*data|应用(?:程序)?数据"),
    "Encrypted Alert": wording(r"encrypted[\s_-]*alert|加密(?:的)?(?:警报|告警)"),
    "Alert": wording(r"(?<!encrypted )\balert\b|警报|告警"),
}
_FRAME = wording(
    r"(?:编号|包号|\bpacket|\bframe|\bno\.?|#|第|包|帧)(?:\s|为|是|number|no\.?"
    r"|[:#.])*(?P<one>\d{1,7})(?![\d.])"
    r"|(?<![\d.])(?P<two>\d{1,7})\s*(?:号|th packet)"
    r"|^\W*(?P<three>\d{1,7})\W*$",
)
_NAMED = 0.9
_BY_NUMBER = 0.55


def _messages(text: str) -> Iterator[Candidate]:
    for name, spelled in _NAMES.items():
        for found in spelled.finditer(text):
            yield Candidate(name, *found.span(), _NAMED * standing(text, *found.span()))
    for found in _FRAME.finditer(text):
        number = found["one"] or found["two"] or found["three"]
        score = _BY_NUMBER + (0.35 if found["three"] else 0)
        yield Candidate(int(number), *found.span(), score * standing(text, *found.span()))


def _parse_message(text: str) -> Reading | None:
    """The message by name; where a text only gives its packet number, that number."""
    found = list(_messages(folded(text)))
    named = [candidate for candidate in found if isinstance(candidate.value, str)]
    reading = best(named or found)
    if reading is None or named:
        return reading
    return Reading(
        reading.value,
        max(reading.confidence, 0.75),
        reading.start,
        reading.end,
        reading.alternatives,
    )


def _compare_message(given: AnswerValue, expected: AnswerValue, rule: Rule) -> Comparison:
    """By name; `rule.accept` holds the packet numbers that name the message as well."""
    if str(given).casefold() == str(expected).casefold():
        return EQUAL
    if given in rule.accept:
        return Comparison(True, why="by_packet_number" if isinstance(given, int) else "accepted")
    return DIFFERENT


def _format_message(value: AnswerValue) -> Text:
    if not isinstance(value, str):
        raise TypeError(f"not a message: {value!r}")
    return same_in_both(value)


YES_NO = Kind("yes_no", _parse_yes_no, _format_yes_no, compared(lambda a, b: a is b))
BEFORE_AFTER = Kind("before_after", _parse_order, _format_order, compared(lambda a, b: a == b))
MESSAGE_NAME = Kind("message_name", _parse_message, _format_message, _compare_message)
