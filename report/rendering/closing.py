"""The end of the report: what the capture holds but does not show, and how to see it."""

from collections.abc import Iterator

from report.questions.answer import Answer, Status
from report.questions.engine import LabResult
from report.rendering.view import HiddenThing
from report.text import Text

HOW_TO_RECORD_KEYS = Text(
    "下次抓包前关闭浏览器，设置环境变量 SSLKEYLOGFILE，再从同一终端启动浏览器"
    "（或用 labshark capture）；之后用 --keylog 提供该文件。",
    "Next time, close the browser before recording, set the environment variable SSLKEYLOGFILE and "
    "start the browser from the same terminal (or use labshark capture); then give that file with "
    "--keylog.",
)
_DATA = Text(
    "应用数据和握手末尾的 Finished 是加密的：能看到它们的编号、方向和长度，看不到内容。",
    "Application data and the Finished messages of the handshake are encrypted: their packets, "
    "directions and lengths can be seen, what they say cannot.",
)


def hidden_things(result: LabResult) -> tuple[HiddenThing, ...]:
    """Answers that stay hidden, those with one remedy together, and the data if no key opens it."""
    return (*_hidden_answers(result), *_hidden_data(result))


def _hidden_answers(result: LabResult) -> Iterator[HiddenThing]:
    by_remedy: dict[Text, list[tuple[str, Answer]]] = {}
    for name, answer in result.answers.items():
        if answer.status is Status.HIDDEN:
            remedy = answer.reason or HOW_TO_RECORD_KEYS
            by_remedy.setdefault(remedy, []).append((name, answer))
    for remedy, hidden in by_remedy.items():
        what = tuple(dict.fromkeys(_thing(answer.text) for _, answer in hidden))
        yield HiddenThing(what, remedy, tuple(name for name, _ in hidden))


_OPENINGS = ("看不到：", "看不出：", "It cannot be seen: ", "It cannot be told: ")


def _thing(text: Text) -> Text:
    """What is hidden without the words that say so: under this heading that goes without saying."""
    return Text(_unopened(text.zh), _unopened(text.en))


def _unopened(text: str) -> str:
    for opening in _OPENINGS:
        if text.startswith(opening):
            rest = text.removeprefix(opening)
            return rest[0].upper() + rest[1:]
    return text


def _hidden_data(result: LabResult) -> Iterator[HiddenThing]:
    protected = [m for m in result.session.messages if m.encrypted]
    if protected and not result.session.decrypted:
        yield HiddenThing((_DATA,), HOW_TO_RECORD_KEYS, ())
