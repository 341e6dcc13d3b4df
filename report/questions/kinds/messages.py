"""The name of a TLS message, as Wireshark shows it; a packet number where a text names none."""

from collections.abc import Iterator
from dataclasses import replace

from report.questions.answer import AnswerValue
from report.questions.kinds.characters import readable
from report.questions.kinds.context import choose, clause
from report.questions.kinds.values import (
    DIFFERENT,
    EQUAL,
    Candidate,
    Comparison,
    Kind,
    Reading,
    Rule,
    same_in_both,
)
from report.questions.kinds.wordings import Wording, any_of, wording
from report.text import Text

_CLIENT, _SERVER = r"(?:客户端|客户机|客户)", r"(?:服务器端?|服务端)"
_HELLO = r"\s*(?:的)?\s*[\"'`]?\s*(?:hello|问候|你好|握手问候|招呼)"
_NAMES: dict[str, Wording] = {
    "Hello Retry Request": wording(r"hello[\s_-]*retry[\s_-]*request|\bHRR\b|重试请求"),
    "Server Hello Done": wording(
        rf"server[\s_-]*hello[\s_-]*done|{_SERVER}\s*hello\s*done|问候(?:结束|完成)"
    ),
    "Client Hello": wording(rf"client[\s_-]*hello|{_CLIENT}{_HELLO}"),
    "Server Hello": wording(
        r"server[\s_-]*hello(?![\s_-]*done)",
        rf"{_SERVER}(?:.{{0,6}}的)?{_HELLO}(?!\s*(?:done|结束|完成))",
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
    r"(?:编号|包号|\bpacket|\bframe|\bno\.?|#|第|包|帧)(?:\s|为|是|number|no|[:#.])*"
    r"(?P<one>\d{1,7})(?![\d.])",
    r"(?<![\d.])(?P<two>\d{1,7})\s*(?:号|th packet)",
    r"^\W*(?P<three>\d{1,7})\W*$",
)
_ALSO_THINGS = frozenset({"Application Data", "Certificate"})
"""Messages whose names are as often those of what they carry."""
_MESSAGE = wording(r"[\s\"'`]*(?:消息|报文|记录|message|record|packet|包)")
_ONLY_OFFERS = wording(any_of("only_offering"))
_NAMED = 0.9
_OFFERING = 0.6
_BY_NUMBER = 0.75


def _named(text: str) -> Iterator[Candidate]:
    for name, spelled in _NAMES.items():
        for found in spelled.finditer(text):
            score = _NAMED
            if any(map(_ONLY_OFFERS.search, clause(text, *found.span()))):
                score *= _OFFERING
            if name in _ALSO_THINGS and not _MESSAGE.match(text, found.end()):
                score *= _OFFERING
            yield Candidate(name, *found.span(), score)


def _numbered(text: str) -> Iterator[Candidate]:
    for found in _FRAME.finditer(text):
        number = found["one"] or found["two"] or found["three"]
        yield Candidate(int(number), *found.span(), _BY_NUMBER + (0.2 if found["three"] else 0))


def _parse(text: str) -> Reading | None:
    """The message by name; where a text only gives its packet number, that number."""
    plain = readable(text)
    named = list(_named(plain))
    reading = choose(plain, named or _numbered(plain))
    return replace(reading, confidence=min(reading.confidence, 0.99)) if reading else None


def _compare(given: AnswerValue, expected: AnswerValue, rule: Rule) -> Comparison:
    """By name; `rule.accept` holds the packet numbers that name the message as well."""
    if str(given).casefold() == str(expected).casefold():
        return EQUAL
    if given in rule.accept:
        return Comparison(True, why="by_packet_number" if isinstance(given, int) else "accepted")
    return DIFFERENT


def _format(value: AnswerValue) -> Text:
    if not isinstance(value, str):
        raise TypeError(f"not a message: {value!r}")
    return same_in_both(value)


MESSAGE_NAME = Kind("message_name", _parse, _format, _compare)
