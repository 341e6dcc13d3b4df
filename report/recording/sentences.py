"""What `labshark capture` says of a recording."""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from report.recording.contents import Contents
from report.recording.session import Recorded
from report.recording.visit import Order
from report.tables.connections import Connection
from report.tables.session import choose, whole_instead
from report.text import Text


def told(contents: Contents, order: Order, opened: int) -> Iterator[Text]:
    """What was recorded, for a user who wants to know; `opened` sessions have their keys."""
    yield Text(
        "录到 {packets} 个数据包；与 {host} 的 TLS 连接：{count} 个。",
        "{packets} packets are recorded; TLS connections with {host}: {count}.",
    ).filled(packets=contents.packets, host=order.target.host, count=len(contents.connections))
    if contents.connections:
        yield _shown(_subject(order, contents))
    if opened:
        yield Text(
            "文件内含 {count} 个会话的密钥，拿到文件的人都能读出内容；加 --no-keys 则不记录。",
            "The file holds keys (sessions: {count}), so whoever has it can read what was said; "
            "--no-keys leaves them out.",
        ).filled(count=opened)


def _by_name(order: Order, contents: Contents) -> Connection:
    """The connection that `--host` finds."""
    return choose(contents.connections, "", _host(order, contents), None, ())[0]


def _subject(order: Order, contents: Contents) -> Connection:
    """The connection that a report should be about: one with a whole handshake, if there is one."""
    by_name = _by_name(order, contents)
    return whole_instead(by_name, contents.connections) or by_name


def _shown(connection: Connection) -> Text:
    number = connection.stream_filter
    if connection.fatal_alert:
        text = Text("{number}：握手失败（{alert}）。", "{number}: the handshake failed ({alert}).")
        return text.filled(number=number, alert=connection.fatal_alert)
    if not connection.complete:
        text = Text("{number}：握手没有完成。", "{number}: the handshake was not finished.")
        return text.filled(number=number)
    text = Text("{number}：{version}，{suite}。", "{number}: {version}, {suite}.")
    return text.filled(number=number, version=connection.version, suite=connection.cipher_suite)


def warned(recorded: Recorded, order: Order, contents: Contents, opened: int) -> Iterator[Text]:
    """What the user should know even if they want to hear nothing else."""
    visit = recorded.visit
    yield from visit.notes
    if visit.failure is not None:
        yield _FAILURE.filled(detail=visit.failure)
    if order.keys and not opened and any(c.complete for c in contents.connections):
        yield visit.without_keys
    if recorded.dropped:
        yield _DROPPED.filled(count=recorded.dropped)
    if recorded.ended_early:
        yield _ENDED_EARLY


_FAILURE = Text(
    "访问没有正常完成（{detail}）；到此为止的会话已录下。",
    "The visit did not end well ({detail}); the session up to there is recorded.",
)
_DROPPED = Text(
    "有 {count} 个数据包来得太快而没有录到，答案可能不全：请重新录制。",
    "{count} packets came too fast to be recorded, so answers may be missing: record again.",
)
_ENDED_EARLY = Text(
    "录制已达到时间或大小上限，提前结束；之后的数据包不在文件中。",
    "The recording reached its limit of time or size and ended; what came later is not in it.",
)


def next_command(file: Path, order: Order, contents: Contents) -> Text:
    """How to go on."""
    words = ["labshark", "report", str(file), *_session_words(order, contents)]
    line = subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
    return Text(f"下一步：{line}", f"Next: {line}")


def _session_words(order: Order, contents: Contents) -> tuple[str, str]:
    """The option that finds the session: by its server, if that is enough."""
    if contents.connections:
        subject = _subject(order, contents)
        if subject != _by_name(order, contents):
            return "--stream", str(subject.stream)
    return "--host", _host(order, contents)


def _host(order: Order, contents: Contents) -> str:
    """The name or address by which `--host` finds the session."""
    host = order.target.host.rstrip(".")
    named = any(c.server_name.rstrip(".").lower() == host for c in contents.connections)
    if named or not contents.connections:
        return host
    return contents.connections[0].server.address
