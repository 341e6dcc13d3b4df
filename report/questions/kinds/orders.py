"""Before or after: what came first, the TCP connection or the TLS messages."""

import re
from collections.abc import Iterator

from report.questions.answer import AnswerValue
from report.questions.kinds.characters import folded, is_chinese
from report.questions.kinds.context import choose
from report.questions.kinds.values import Candidate, Kind, Reading, compared
from report.questions.kinds.wordings import any_of, wording
from report.text import Text

_BEFORE = wording(any_of("before"), f"(?P<weak>{any_of('before_weakly')})")
_AFTER = wording(any_of("after"), f"(?P<weak>{any_of('after_weakly')})")
_TLS = wording(any_of("tls_side"))
_TCP = wording(any_of("tcp_side"))
_SENTENCE_END = re.compile(r"[.;。；\n]")
_FIRM, _WEAK = 0.9, 0.65


def _orders(text: str) -> Iterator[Candidate]:
    for value, other, pattern in (("before", "after", _BEFORE), ("after", "before", _AFTER)):
        for found in pattern.finditer(text):
            meant = other if _turned(text, found) else value
            yield Candidate(meant, *found.span(), _WEAK if found["weak"] else _FIRM)


def _turned(text: str, found: re.Match[str]) -> bool:
    """`the Client Hello comes after the handshake` speaks of TLS: TCP is set up before it."""
    left = _SENTENCE_END.split(text[: found.start()])[-1]
    right = _SENTENCE_END.split(text[found.end() :])[0]
    if is_chinese(found[0]):  # the word follows what it is before: TCP 之后 … TLS
        return bool(_TCP.search(left)) and not _TLS.search(left) and bool(_TLS.search(right))
    return _side(left) == "tls" and _side(right) == "tcp"


def _side(text: str) -> str | None:
    """Which of the two a piece of text names first."""
    tls, tcp = _TLS.search(text), _TCP.search(text)
    if tls and (not tcp or tls.start() < tcp.start()):
        return "tls"
    return "tcp" if tcp else None


def _parse(text: str) -> Reading | None:
    plain = folded(text)
    return choose(plain, _orders(plain))


def _format(value: AnswerValue) -> Text:
    if value == "before":
        return Text("之前", "before")
    if value == "after":
        return Text("之后", "after")
    raise TypeError(f"neither before nor after: {value!r}")


BEFORE_AFTER = Kind("before_after", _parse, _format, compared(lambda a, b: a == b))
