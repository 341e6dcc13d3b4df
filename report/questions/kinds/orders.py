"""Before or after: what came first, the TCP connection or the TLS messages."""

import re
from collections.abc import Iterator

from report.questions.answer import AnswerValue
from report.questions.kinds.characters import is_chinese, readable
from report.questions.kinds.context import choose
from report.questions.kinds.values import Candidate, Kind, Reading, compared
from report.questions.kinds.wordings import any_of, wording
from report.text import Text

_BEFORE = wording(any_of("before"), f"(?P<weak>{any_of('before_weakly')})")
_AFTER = wording(any_of("after"), f"(?P<weak>{any_of('after_weakly')})")
_ASKED = wording(any_of("asked_order"))
_FIRST = wording(any_of("first"))
_TLS = wording(any_of("tls_side"))
_TCP = wording(any_of("tcp_side"))
_SENTENCE_END = re.compile(r"[.;:。；：\n]")
_STANDS_ALONE = re.compile(r"\s*[,，:：、(（]")
_FIRM, _WEAK = 0.9, 0.65


def _orders(text: str) -> Iterator[Candidate]:
    for value, pattern in (("before", _BEFORE), ("after", _AFTER)):
        for found in pattern.finditer(text):
            meant = _meant(text, found, value)
            yield Candidate(meant, *found.span(), _WEAK if found["weak"] else _FIRM)
    for found in _FIRST.finditer(text):
        yield Candidate(_came_first(text, found), *found.span(), _WEAK)


def _came_first(text: str, found: re.Match[str]) -> str:
    """`TCP is set up first`, `TCP 在先`, `先建立 TCP 连接`: the side beside the word came first."""
    if is_chinese(found[0]) and found[0] != "在先":
        side = _side(_SENTENCE_END.split(text[found.end() :])[0], last=False)
    else:
        side = _side(_SENTENCE_END.split(text[: found.start()])[-1], last=True)
    return "after" if side == "tls" else "before"


def _meant(text: str, found: re.Match[str], value: str) -> str:
    """Whether TCP came before or after TLS: `after the TCP handshake` speaks of what came later.

    What the word stands with decides: in English it follows the word, in Chinese it precedes it.
    """
    if is_chinese(found[0]):
        left = _SENTENCE_END.split(text[: found.start()])[-1]
        named = "" if left.rstrip().endswith("是") else left  # `而是之后`: after what was asked
        beside = _side(re.split("[在于]", named)[-1], last=True)
    elif _STANDS_ALONE.match(text, found.end()):
        beside = None
    else:
        beside = _side(_SENTENCE_END.split(text[found.end() :])[0], last=False)
        if beside is None:  # `TLS after that` speaks of TLS itself
            subject = _side(_SENTENCE_END.split(text[: found.start()])[-1], last=True)
            beside = "tcp" if subject == "tls" else None
    turned = {"before": "after", "after": "before"}
    return turned[value] if beside == "tcp" else value


def _side(text: str, *, last: bool) -> str | None:
    """Which of the two a piece of text names first, or last."""
    named = [(found.start(), "tls") for found in _TLS.finditer(text)]
    named += [(found.start(), "tcp") for found in _TCP.finditer(text)]
    return (max(named) if last else min(named))[1] if named else None


def _parse(text: str) -> Reading | None:
    plain = _ASKED.sub(lambda asked: "_" * len(asked[0]), readable(text))
    return choose(plain, _orders(plain))


def _format(value: AnswerValue) -> Text:
    if value == "before":
        return Text("之前", "before")
    if value == "after":
        return Text("之后", "after")
    raise TypeError(f"neither before nor after: {value!r}")


BEFORE_AFTER = Kind("before_after", _parse, _format, compared(lambda a, b: a == b))
