"""What a terminal shows: the answers, the connections, what is hidden."""

import io
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text as Cell

from report.questions.answer import Answer
from report.questions.engine import LabResult
from report.questions.kinds import kind
from report.rendering.closing import hidden_things
from report.rendering.labels import STATUS
from report.rendering.session import unfinished
from report.tables.connections import Connection
from report.text import Language, Text, visible

_WIDTH = 110
COLOURS = {
    "found": "green",
    "absent": "yellow",
    "hidden": "magenta",
    "not_applicable": "cyan",
    "not_captured": "red",
    "explained": "blue",
    "failed": "bold red",
}


def answers_table(result: LabResult, languages: Sequence[Language]) -> str:
    """The answers as a table: question, status, value, packets."""
    table = Table(*_heads(_ANSWER_HEADS, languages), expand=False, pad_edge=False)
    for question in result.lab.questions:
        answer = result.answers[question.id]
        table.add_row(
            question.id,
            Cell(
                in_languages(STATUS[answer.status.value], languages), COLOURS[answer.status.value]
            ),
            Cell(_value(question.kind, answer, languages), overflow="fold"),
            Cell(_packets(answer)),
        )
    return rendered([_session_line(result, languages), table])


_ANSWER_HEADS = (
    Text("题号", "question"),
    Text("状态", "status"),
    Text("答案", "answer"),
    Text("数据包", "packets"),
)


def _value(name: str, answer: Answer, languages: Sequence[Language]) -> str:
    if isinstance(answer.value, tuple):
        return "\n".join(map(visible, answer.value))
    if answer.value is not None:
        shown = in_languages(kind(name).format(answer.value), languages)
        return f"{shown} ~" if answer.inferred else shown
    return "\n".join(answer.text.in_(language) for language in languages)


def _packets(answer: Answer) -> str:
    frames = ", ".join(map(str, answer.frames))
    others = [n for n in answer.parts if n not in answer.frames]
    return f"{frames} ({', '.join(map(str, answer.parts))})" if others else frames


def _session_line(result: LabResult, languages: Sequence[Language]) -> Cell:
    connection = result.session.connection
    name = visible(connection.server_name) or connection.server.address
    line = (
        f"{connection.stream_filter}   {connection.client} → {connection.server}   {name}   "
        f"{connection.version or '–'}   {connection.cipher_suite or '–'}"
    )
    return Cell(line, "bold")


def sessions_table(result: LabResult, languages: Sequence[Language]) -> str:
    """Every session of the lab's kind in the capture, and what became of it."""
    if result.lab.session != "tls":
        return _conversations(result, languages)
    table = Table(*_heads(_SESSION_HEADS, languages), expand=False, pad_edge=False)
    for connection in result.connections:
        chosen = connection is result.session.connection
        table.add_row(
            Cell(f"{'▸' if chosen else ' '}{connection.transport} {connection.stream}"),
            str(connection.hello_frame or "–"),
            Cell(str(connection.client)),
            Cell(str(connection.server)),
            Cell(visible(connection.server_name) or "–"),
            Cell(f"{connection.version or '–'}\n{connection.cipher_suite or '–'}"),
            Cell(in_languages(outcome(connection), languages)),
        )
    return rendered([table])


_SESSION_HEADS = (
    Text("流", "stream"),
    Text("Hello", "hello"),
    Text("客户端", "client"),
    Text("服务器", "server"),
    Text("服务器名", "server name"),
    Text("版本、套件", "version, suite"),
    Text("结果", "outcome"),
)


def _conversations(result: LabResult, languages: Sequence[Language]) -> str:
    table = Table(*_heads(_CONVERSATION_HEADS, languages), expand=False, pad_edge=False)
    for connection in result.connections:
        chosen = connection is result.session.connection
        table.add_row(
            Cell(f"{'▸' if chosen else ' '}{connection.transport} {connection.stream}"),
            str(connection.first_frame),
            str(connection.packets),
            Cell(str(connection.client)),
            Cell(str(connection.server)),
            Cell(visible(connection.server_name) or "–"),
            Cell(in_languages(_ending(connection), languages)),
        )
    return rendered([table])


_CONVERSATION_HEADS = (
    Text("流", "stream"),
    Text("首个数据包", "first packet"),
    Text("数据包数", "packets"),
    Text("客户端", "client"),
    Text("服务器", "server"),
    Text("服务器名", "server name"),
    Text("结果", "outcome"),
)


def _ending(connection: Connection) -> Text:
    """What became of a conversation that is not looked at as TLS."""
    if connection.transport != "tcp":
        return Text("–", "–")
    if connection.syn_frame is None:
        return Text("缺少开头", "opening not captured")
    if not connection.complete:
        return Text("没有建立", "not opened")
    return Text("已关闭", "closed") if connection.ended else Text("尚未关闭", "still open")


def outcome(connection: Connection) -> Text:
    """What became of a connection, in a few words."""
    if connection.fatal_alert:
        alert = connection.fatal_alert
        return Text(f"失败：{alert}", f"failed: {alert}")
    if connection.hello_frame is None:
        return Text("缺少开头", "opening not captured")
    if connection.server_hello_frame is None:
        return Text("没有应答", "no answer")
    if not connection.complete:
        return Text("握手未完成", "handshake not finished")
    return Text("已恢复的会话", "resumed") if connection.resumed else Text("完整握手", "complete")


def closing_lines(result: LabResult) -> Iterator[Text]:
    """That another session would have more to show; what is hidden, and how to see it next time."""
    advice = unfinished(result.session, result.connections)
    if advice:
        yield advice
    for thing in hidden_things(result):
        if thing.questions:
            listed = ", ".join(thing.questions)
            opening = Text(f"加密（{listed}）：", f"Encrypted ({listed}):")
            for part in (*thing.what, thing.how):
                opening = opening.plus(part)
            yield opening


def _heads(texts: Iterable[Text], languages: Sequence[Language]) -> list[str]:
    return [in_languages(text, languages) for text in texts]


def in_languages(text: Text, languages: Sequence[Language]) -> str:
    """A text in the languages chosen, one after the other; once where they say the same."""
    return " ".join(dict.fromkeys(text.in_(language) for language in languages))


def rendered(parts: Iterable[Cell | Table]) -> str:
    """As text with colours for a terminal that wants them (`NO_COLOR` is obeyed), else plain."""
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(file=io.StringIO(), width=_WIDTH, markup=False, highlight=False)
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    return captured.get()
