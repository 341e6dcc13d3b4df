"""The sequence diagram: a session's messages as arrows between two lifelines.

Each arrow is a drawing of its own, a strip as wide as the diagram. Strips stand on each other
without a gap, so the lifelines run through; a page can end after any of them, and each can be a
link, which WeasyPrint does not know inside a drawing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from report.rendering.spacing import spaced
from report.rendering.view import Diagram, DiagramLabel, DiagramStep, StepKind
from report.text import Text, visible

_LINE = 14.5
_ABOVE = 4.5
_BELOW = 8.0
_MOST_RUNS_OF_DATA = 4
_RUNS_SHOWN_BEFORE_SUMMARY = 2
_RANGE = "–"


@dataclass(frozen=True, slots=True)
class Message:
    """One TLS message, or one TCP segment that opens or closes the connection."""

    frame: int
    time: float
    """Seconds since the first packet of the capture."""
    to_server: bool
    name: Text
    """As Wireshark calls it; data in a row share the name of the first."""
    kind: StepKind
    parts: tuple[int, ...] = ()
    """The frames that carried it, where there are several."""


class _Run(NamedTuple):
    """Messages that share one arrow."""

    messages: tuple[Message, ...]
    both_ways: bool = False

    @property
    def kind(self) -> StepKind:
        """Clear where anything of TLS in the frame can be read; TCP's own where it has no TLS."""
        kinds = [m.kind for m in self.messages]
        of_tls = [kind for kind in kinds if kind != "tcp"] or kinds
        return next((kind for kind in of_tls if kind != "encrypted"), of_tls[0])


def build_diagram(
    client: str, server: str, messages: Sequence[Message], anchors: Mapping[int, str]
) -> Diagram:
    """The diagram of a session; `messages` in the order of the capture.

    Messages of one frame share an arrow; so do resets in a row, and application data sent in one
    direction in a row. Where data go back and forth often, all but the first runs become one arrow
    with two heads. `anchors` says for a frame where on the page it is shown.
    """
    steps = tuple(_step(run, anchors) for run in _runs(messages))
    return Diagram(visible(client), visible(server), steps)


def _runs(messages: Sequence[Message]) -> Iterator[_Run]:
    for is_data, phase in groupby(messages, key=lambda m: m.kind == "data"):
        if is_data:
            yield from _runs_of_data(list(phase))
        else:
            for _, together in groupby(phase, key=_arrow_of):
                yield _Run(tuple(together))


def _arrow_of(message: Message) -> tuple[object, ...]:
    """What two neighbouring messages must share to share an arrow."""
    if message.kind == "reset":
        return ("reset", message.to_server)
    return (message.frame, message.to_server)


def _runs_of_data(data: list[Message]) -> Iterator[_Run]:
    runs = [_Run(tuple(run)) for _, run in groupby(data, key=lambda m: m.to_server)]
    if len(runs) <= _MOST_RUNS_OF_DATA:
        yield from runs
        return
    yield from runs[:_RUNS_SHOWN_BEFORE_SUMMARY]
    rest = runs[_RUNS_SHOWN_BEFORE_SUMMARY:]
    yield _Run(tuple(m for run in rest for m in run.messages), both_ways=True)


def _step(run: _Run, anchors: Mapping[int, str]) -> DiagramStep:
    labels = _labels(run)
    first = run.messages[0]
    frames = _frames(run)
    arrow_y = _ABOVE + _LINE * len(labels) + 1.5
    return DiagramStep(
        kind=run.kind,
        to_server=first.to_server,
        both_ways=run.both_ways,
        frames=frames,
        time=f"{first.time:.6f}",
        labels=tuple(
            DiagramLabel(spaced(text.zh), text.en, _both(text), _ABOVE + _LINE * (i + 0.72), kind)
            for i, (text, kind) in enumerate(labels)
        ),
        height=arrow_y + _BELOW,
        arrow_y=arrow_y,
        anchor=next((anchors[m.frame] for m in run.messages if m.frame in anchors), None),
        spoken=_spoken(run, frames, [text for text, _ in labels]),
    )


def _labels(run: _Run) -> list[tuple[Text, StepKind]]:
    if run.kind in ("data", "reset"):
        return [(_counted(run.messages[0].name, len(run.messages)), run.kind)]
    return [(_with_parts(m), m.kind) for m in run.messages]


def _counted(name: Text, count: int) -> Text:
    return name if count == 1 else Text(f"{name.zh} × {count}", f"{name.en} × {count}")


def _with_parts(message: Message) -> Text:
    name = Text(visible(message.name.zh), visible(message.name.en))
    if len(message.parts) < 2:
        return name
    parts = ", ".join(map(str, message.parts))
    return Text(f"{name.zh} ({parts})", f"{name.en} ({parts})")


def _both(text: Text) -> str:
    if text.zh == text.en:
        return text.en
    # `应用数据 × 3` and `Application Data × 3` share their count.
    zh, times, count = text.zh.partition(" × ")
    return spaced(
        f"{zh} {text.en}" if times and text.en.endswith(times + count) else f"{text.zh} {text.en}"
    )


def _frames(run: _Run) -> str:
    first, last = run.messages[0].frame, run.messages[-1].frame
    return str(first) if first == last else f"{first}{_RANGE}{last}"


def _spoken(run: _Run, frames: str, labels: list[Text]) -> Text:
    zh_way, en_way = _way(run)
    return Text(
        f"{zh_way}，第 {frames} 号数据包：{'、'.join(text.zh for text in labels)}",
        f"{en_way}, packet {frames}: {', '.join(text.en for text in labels)}",
    )


def _way(run: _Run) -> tuple[str, str]:
    if run.both_ways:
        return "双向", "Both ways"
    if run.messages[0].to_server:
        return "客户端到服务器", "Client to server"
    return "服务器到客户端", "Server to client"
