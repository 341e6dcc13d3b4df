"""Finds its way in one frame's dissection tree: fields, the records and messages, their bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from lxml import etree

from report.capture.fields import names_of
from report.capture.frames import Buffer, FrameDetail

Element = etree._Element


@dataclass(frozen=True, slots=True)
class TreeField:
    """One line of the dissection tree."""

    element: Element

    @property
    def name(self) -> str:
        """The display-filter name; empty where Wireshark has none."""
        return self.element.get("name") or ""

    @property
    def label(self) -> str:
        """The line as Wireshark prints it."""
        return self.element.get("showname") or self.element.get("show") or ""

    @property
    def show(self) -> str:
        """The value as a display filter writes it."""
        return self.element.get("show") or ""

    @property
    def number(self) -> int:
        """The value of a numeric field, written in decimal or hex."""
        return int(self.show, 0)

    @property
    def octets(self) -> bytes | None:
        """The field's own bytes; None for containers and for parts of a byte."""
        text = self.element.get("value") or ""
        return bytes.fromhex(text) if text and len(text) == 2 * self.length else None

    @property
    def offset(self) -> int:
        """Bytes from the start of the buffer that the field lies in."""
        return int(self.element.get("pos") or 0)

    @property
    def length(self) -> int:
        """Bytes that the field takes."""
        return int(self.element.get("size") or 0)

    def first(self, name: str) -> "TreeField | None":
        """The first field of that name, or of its name in another tshark, below this one."""
        for known_as in names_of(name):
            found = next(self.element.iterfind(f".//field[@name='{known_as}']"), None)
            if found is not None:
                return TreeField(found)
        return None

    def all(self, name: str) -> "tuple[TreeField, ...]":
        """Every field of that name, or of its name in another tshark, below this one, in order."""
        found = (self.element.iterfind(f".//*[@name='{known_as}']") for known_as in names_of(name))
        return tuple(map(TreeField, chain.from_iterable(found)))

    def path(self) -> tuple[int, ...]:
        """Child indexes from the frame's `<packet>` element down to here."""
        indexes: list[int] = []
        element = self.element
        while (parent := element.getparent()) is not None:
            indexes.append(parent.index(element))
            element = parent
        return tuple(reversed(indexes))


def layers(detail: FrameDetail, name: str) -> Iterator[TreeField]:
    """The frame's protocol layers of that name, nested ones (TLS in QUIC) included."""
    return (TreeField(found) for found in detail.tree.iterfind(f".//proto[@name='{name}']"))


def first_field(detail: FrameDetail, name: str) -> TreeField | None:
    """The first field of that name anywhere in the frame."""
    return TreeField(detail.tree).first(name)


def buffer_of(detail: FrameDetail, field: TreeField) -> int:
    """Which of the frame's buffers a field's offset counts in (0 is the frame itself).

    PDML does not say, so the buffers are compared with the values of the field and of everything
    below it: the one in which all of them stand where they should. A field without bytes of its
    own or below it is judged by its surroundings.
    """
    element: Element | None = field.element
    while element is not None:
        samples = _own_samples(element) or _samples(element)
        fitting = [
            number
            for number, buffer in enumerate(detail.buffers)
            if samples and _fits(buffer, samples)
        ]
        if fitting:
            return fitting[0]
        if samples:
            break
        element = element.getparent()
    return 0


def header_buffer(detail: FrameDetail, record: TreeField) -> int:
    """Which buffer a record's header lies in; its content may lie in another, decrypted one."""
    header = [
        (field.offset, octets)
        for field in map(TreeField, record.element)
        if field.name.startswith("tls.record.") and (octets := field.octets)
    ]
    fitting = [n for n, buffer in enumerate(detail.buffers) if header and _fits(buffer, header)]
    return fitting[0] if fitting else 0


def _own_samples(element: Element) -> list[tuple[int, bytes]]:
    """The field's bytes, or those right below it; what lies deeper may be in another buffer."""
    for candidates in ([element], list(element)):
        found = [(f.offset, o) for f in map(TreeField, candidates) if (o := f.octets)]
        if found:
            return found
    return []


def _samples(element: Element, most: int = 24) -> list[tuple[int, bytes]]:
    found = []
    for below in element.iter("field"):
        field = TreeField(below)
        octets = field.octets
        if octets:
            found.append((field.offset, octets))
            if len(found) == most:
                break
    return found


def _fits(buffer: Buffer, samples: list[tuple[int, bytes]]) -> bool:
    return all(buffer.data[at : at + len(octets)] == octets for at, octets in samples)


@dataclass(frozen=True, slots=True)
class Segments:
    """A buffer that was put together from several frames."""

    length: int
    pieces: tuple[tuple[int, int, int], ...]
    """Frame, offset in the buffer, length."""

    def frames(self, offset: int, length: int) -> tuple[int, ...]:
        """The frames that carried any of these bytes."""
        end = offset + max(length, 1)
        return tuple(
            sorted({frame for frame, at, size in self.pieces if at < end and offset < at + size})
        )


_REASSEMBLED = (
    "tcp.segments",
    "tls.handshake.fragments",
    "tls.segments",
    "quic.crypto.fragments",
)


def reassembled_segments(detail: FrameDetail) -> tuple[Segments, ...]:
    """What Wireshark says of each `Reassembled …` buffer of the frame, in the buffers' order."""
    found = []
    for name in _REASSEMBLED:
        piece_name = name[:-1]
        for container in detail.tree.iterfind(f".//field[@name='{name}']"):
            field = TreeField(container)
            pieces = tuple(
                (int(piece.show), piece.offset, piece.length) for piece in field.all(piece_name)
            )
            found.append(Segments(field.length, pieces))
    return tuple(found)


def carrying_frames(detail: FrameDetail, buffer: int, offset: int, length: int) -> tuple[int, ...]:
    """Every frame that carried a part of these bytes; the frame itself if it carried them all."""
    chosen = detail.buffers[buffer] if buffer < len(detail.buffers) else None
    if chosen is None or chosen.source != "reassembled":
        return (detail.number,)
    for segments in reassembled_segments(detail):
        if segments.length == len(chosen.data):
            return segments.frames(offset, length) or (detail.number,)
    return (detail.number,)
