"""Found answers: a value, its words, and the condition that proves it."""

from collections.abc import Iterable

from report.questions.answer import Answer, AnswerTable, AnswerValue, Evidence, Status
from report.questions.conditions import Condition, proving_filter
from report.questions.registry import Tables
from report.tables.messages import Message
from report.text import Text


def found(
    tables: Tables,
    value: AnswerValue,
    text: Text,
    condition: Condition,
    evidence: Iterable[Evidence],
    *,
    frames: Iterable[int] | None = None,
    parts: Iterable[int] = (),
    reason: Text | None = None,
    inferred: bool = False,
    sources: tuple[str, ...] = (),
    answer_tables: tuple[AnswerTable, ...] = (),
) -> Answer:
    """A found answer; `frames` are those of its evidence unless given.

    Raises ValueError without any evidence: what is not proven is not found.
    """
    proof = tuple(evidence)
    if not proof:
        raise ValueError(f"found {value!r} without evidence")
    cited = tuple(sorted(set(frames))) if frames is not None else _frames(proof)
    return Answer(
        status=Status.FOUND,
        text=text,
        value=value,
        frames=cited,
        parts=tuple(sorted(set(parts))) or _parts(proof),
        inferred=inferred,
        filter=proving_filter(tables.packets, condition, cited),
        reason=reason,
        evidence=proof,
        tables=answer_tables,
        sources=sources,
    )


def _frames(evidence: tuple[Evidence, ...]) -> tuple[int, ...]:
    return tuple(sorted({e.frame for e in evidence}))


def _parts(evidence: tuple[Evidence, ...]) -> tuple[int, ...]:
    return tuple(sorted({part for e in evidence for part in e.parts}))


def packet_text(tables: Tables, frame: int, parts: Iterable[int] = ()) -> Text:
    """`第 37 号数据包（3.174259 秒），由 32、33、34、37 重组` in both languages."""
    seconds = float(str(tables.packets.at[frame, "frame.time_relative"]))
    pieces = sorted(set(parts))
    zh, en = f"第 {frame} 号数据包（{seconds:.6f} 秒）", f"packet {frame} ({seconds:.6f} s)"
    if len(pieces) > 1:
        zh += f"，由第 {'、'.join(map(str, pieces))} 号重组而成"
        en += f", put together from {', '.join(map(str, pieces))}"
    return Text(zh, en)


def message_text(tables: Tables, message: Message) -> Text:
    """Where a message is, in words."""
    return packet_text(tables, message.frame, message.parts)
