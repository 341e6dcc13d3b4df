"""From an answer's evidence to what the student would screenshot."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from report.capture.frames import Buffer, FrameDetail
from report.questions.answer import Answer, Evidence
from report.rendering.hexview import hex_view
from report.rendering.packetlist import PacketFacts, rows_around
from report.rendering.tree import tree_lines
from report.rendering.view import Exhibit, FieldView, HexView, PacketRow
from report.text import Text, visible

_MOST_BYTE_PANES = 4
_MOST_DETAILS = 6
_BUFFERS_IN_CHINESE = {
    "Frame": "数据包",
    "Reassembled TCP": "重组后的 TCP",
    "Decrypted TLS": "解密后的 TLS",
    "Reassembled TLS": "重组后的 TLS",
    "Decrypted QUIC": "解密后的 QUIC",
    "Decrypted SSL": "解密后的 SSL",
}


@dataclass(frozen=True, slots=True)
class Material:
    """What exhibits are cut from."""

    session: Sequence[PacketFacts]
    """The packets of the session."""
    others: Mapping[int, PacketFacts]
    """Cited packets outside the session, by packet number."""
    detail: Callable[[int], FrameDetail | None]
    """The dissection of a packet, by its number."""


def exhibit(question: str, answer: Answer, material: Material) -> Exhibit | None:
    """The packet list around the cited packets, and each cited frame opened at its fields.

    None where the answer cites no packet.
    """
    evidence = answer.evidence
    frames = tuple(sorted({*answer.frames, *(e.frame for e in evidence)}))
    parts = {p for e in evidence for p in e.parts} | set(answer.parts)
    if not frames:
        return None
    return Exhibit(
        anchor=f"evidence-{question}",
        frames=frames,
        packets=_packets(material, set(frames), parts - set(frames)),
        details=_details(evidence, material.detail),
    )


def _packets(material: Material, frames: set[int], parts: set[int]) -> tuple[PacketRow, ...]:
    inside = rows_around(material.session, frames, parts)
    outside = [material.others[n] for n in sorted(frames | parts) if n in material.others]
    rows = (*inside, *rows_around(outside, frames, parts))
    return tuple(sorted(rows, key=lambda row: row.frame))


def _details(
    evidence: Iterable[Evidence], detail: Callable[[int], FrameDetail | None]
) -> tuple[FieldView, ...]:
    in_order = sorted(evidence, key=lambda e: e.frame)
    by_frame = {frame: list(cited) for frame, cited in groupby(in_order, key=lambda e: e.frame)}
    opened = ((detail(frame), by_frame[frame]) for frame in list(by_frame)[:_MOST_DETAILS])
    return tuple(_field_view(tree, cited) for tree, cited in opened if tree is not None)


def _field_view(detail: FrameDetail, evidence: list[Evidence]) -> FieldView:
    paths = list(dict.fromkeys(e.path for e in evidence if e.path))
    return FieldView(
        frame=detail.number,
        fields=tuple(dict.fromkeys(visible(e.field) for e in evidence if e.field)),
        tree=tree_lines(detail.tree, *paths),
        bytes=tuple(_byte_panes(detail, evidence)),
        parts=tuple(sorted({part for e in evidence for part in e.parts})),
    )


def _byte_panes(detail: FrameDetail, evidence: list[Evidence]) -> Iterable[HexView]:
    places = dict.fromkeys((e.buffer, e.offset, e.length) for e in evidence)
    for number, offset, length in list(places)[:_MOST_BYTE_PANES]:
        buffer = detail.buffers[number] if number < len(detail.buffers) else None
        if buffer is not None and length and offset + length <= len(buffer.data):
            yield hex_view(buffer.data, offset, length, _buffer_name(buffer))


def _buffer_name(buffer: Buffer) -> Text:
    size = len(buffer.data)
    known = _BUFFERS_IN_CHINESE.get(buffer.name, visible(buffer.name))
    return Text(f"{known}（{size} 字节）", f"{visible(buffer.name)} ({size} bytes)")
