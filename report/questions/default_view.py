"""Says where Wireshark's own default would show a message in another packet.

labshark reads with `tcp.reassemble_out_of_order` on; Wireshark's default is off, and then a flight
whose first segment came late shows nothing, or shows it elsewhere.
"""

from collections.abc import Mapping
from dataclasses import replace

from report.capture.trace import Trace
from report.questions.answer import Answer, Status
from report.tables.packets import occurrences
from report.tables.session import Session
from report.text import Text
from report.tls.registry import shown_name

View = Mapping[int, tuple[str, ...]]
"""Handshake message types by the packet that shows them complete."""


def note_default_view(
    trace: Trace, session: Session, answers: Mapping[str, Answer]
) -> dict[str, Answer]:
    """The answers, with a note on those whose message the default would show elsewhere.

    Costs a run of tshark only where segments of the session came out of order.
    """
    if not session.packets["tcp.analysis.out_of_order"].any():
        return dict(answers)
    default = trace.default_view(session.connection.stream_filter)
    return {name: _noted(answer, session, default) for name, answer in answers.items()}


def _noted(answer: Answer, session: Session, default: View) -> Answer:
    if answer.status is not Status.FOUND:
        return answer
    notes = [
        _note(kind, frame, default)
        for frame in answer.frames
        if frame in session.packets.index
        for kind in occurrences(session.packets.at[frame, "tls.handshake.type"])
        if kind not in default.get(frame, ())
    ]
    for note in notes[:1]:
        reason = answer.reason.plus(note) if answer.reason else note
        return replace(answer, reason=reason)
    return answer


def _note(kind: str, frame: int, default: View) -> Text:
    name = shown_name("handshake_types", int(kind))
    shown = [number for number, kinds in default.items() if kind in kinds]
    where_zh = f"会显示在第 {shown[0]} 号数据包" if shown else "完全不显示"
    where_en = f"shows in packet {shown[0]}" if shown else "does not show at all"
    return Text(
        f"有报文段乱序到达：这里按重组乱序报文段读取。在 Wireshark 的默认设置下 {name} {where_zh}；"
        "打开“首选项→Protocols→TCP→Reassemble out-of-order segments”后显示在第 "
        f"{frame} 号。",
        f"Segments came out of order, and were put back in order here. By Wireshark's default the "
        f"{name} {where_en}; with Preferences, Protocols, TCP, “Reassemble out-of-order segments” "
        f"on it shows in packet {frame}.",
    )
