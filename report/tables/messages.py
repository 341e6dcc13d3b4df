"""The session's TLS records and messages, read from Wireshark's dissection of its frames."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from report.capture.frames import FrameDetail
from report.tables.dissection import (
    TreeField,
    buffer_of,
    carrying_frames,
    header_buffer,
    layers,
)
from report.tls.message_types import HANDSHAKE
from report.tls.registry import shown_name

Protocol = Literal["handshake", "change_cipher_spec", "alert", "application_data"]

_PROTOCOLS: dict[str, Protocol] = {
    "tls.handshake": "handshake",
    "tls.change_cipher_spec": "change_cipher_spec",
    "tls.alert_message": "alert",
    "tls.app_data": "application_data",
}
_PLAIN_NAMES = {
    "change_cipher_spec": "Change Cipher Spec",
    "application_data": "Application Data",
}


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One TLS record (RFC 8446, 5.1); for QUIC, whose messages have none, a stand-in."""

    frame: int
    """The packet in which the record became complete, where Wireshark shows it."""
    from_client: bool
    number: int
    """Counted from 0 over the session's records that were dissected."""
    content_type: int
    """As on the wire; 23 for everything that TLS 1.3 protects."""
    inner_type: int | None
    """Of a decrypted TLS 1.3 record, what it really holds."""
    version: int
    length: int
    """Bytes, without the header."""
    field: TreeField
    detail: FrameDetail
    has_header: bool = True
    """False for SSLv2-format hellos and for QUIC."""

    @property
    def opened(self) -> bool:
        """Whether keys opened a TLS 1.3 record."""
        return self.inner_type is not None

    def fragment(self) -> bytes:
        """What follows the header, as it was sent; empty where the capture lacks a part of it."""
        buffer = header_buffer(self.detail, self.field)
        data = self.detail.buffers[buffer].data if buffer < len(self.detail.buffers) else b""
        start = self.field.offset + _RECORD_HEADER
        end = start + self.length
        return data[start:end] if self.has_header and end <= len(data) else b""


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """One message of the TLS protocols, complete in `frame`."""

    protocol: Protocol
    type: int | None
    """Handshake message type, or alert description; None where it is encrypted, and for others."""
    frame: int
    parts: tuple[int, ...]
    """Every frame that carried a part of it."""
    from_client: bool
    record: Record
    field: TreeField
    detail: FrameDetail
    buffer: int
    """Which of the frame's byte buffers holds it."""
    level: int | None = None
    """Of an alert that can be read: 1 warning, 2 fatal."""
    plaintext: bytes = b""
    """A handshake message's bytes where tshark left its record closed and the keys opened it."""

    @property
    def name(self) -> str:
        """Its name as Wireshark writes it: `Client Hello`, `Encrypted Handshake Message`."""
        if self.protocol == "handshake":
            encrypted = "Encrypted Handshake Message"
            return encrypted if self.type is None else shown_name("handshake_types", self.type)
        if self.protocol == "alert":
            return "Encrypted Alert" if self.type is None else "Alert"
        return _PLAIN_NAMES[self.protocol]

    @property
    def encrypted(self) -> bool:
        """Whether what it says cannot be read."""
        if self.protocol in ("handshake", "alert"):
            return self.type is None
        return self.protocol == "application_data" and not self.decrypted

    @property
    def decrypted(self) -> bool:
        """Whether it was encrypted on the wire and keys opened it."""
        return self.source == "decrypted" or self.record.opened

    @property
    def source(self) -> str:
        """The kind of buffer that holds it."""
        buffers = self.detail.buffers
        return buffers[self.buffer].source if self.buffer < len(buffers) else "frame"

    def first(self, name: str) -> TreeField | None:
        """The first field of that name in the message."""
        return self.field.first(name)

    def all(self, name: str) -> tuple[TreeField, ...]:
        """Every field of that name in the message."""
        return self.field.all(name)


def read_records(
    details: Iterable[FrameDetail], from_client: Callable[[int], bool]
) -> tuple[tuple[Record, ...], tuple[Message, ...]]:
    """The records and messages in the dissected frames, in the order Wireshark shows them."""
    records: list[Record] = []
    messages: list[Message] = []
    for detail in details:
        side = from_client(detail.number)
        for layer in layers(detail, "tls"):
            for record_field in _record_fields(layer):
                record = _record(record_field, detail, side, len(records))
                records.append(record)
                messages.extend(_messages(record))
    return tuple(records), tuple(messages)


def _record_fields(layer: TreeField) -> Iterator[TreeField]:
    records = [TreeField(e) for e in layer.element if e.get("name") == "tls.record"]
    # QUIC carries handshake messages without records: the layer stands for one.
    yield from records or [layer]


def _record(found: TreeField, detail: FrameDetail, side: bool, number: int) -> Record:
    def own(name: str) -> TreeField | None:
        child = next((e for e in found.element if e.get("name") == name), None)
        return None if child is None else TreeField(child)

    opaque, content = own("tls.record.opaque_type"), own("tls.record.content_type")
    version, length = own("tls.record.version"), own("tls.record.length")
    outer = opaque or content
    return Record(
        frame=detail.number,
        from_client=side,
        number=number,
        content_type=outer.number if outer else HANDSHAKE,
        inner_type=content.number if opaque and content else None,
        version=version.number if version else 0,
        length=length.number if length else found.length,
        field=found,
        detail=detail,
        has_header=outer is not None,
    )


def _messages(record: Record) -> Iterator[Message]:
    if not record.has_header and record.field.name == "tls.record":
        # An SSLv2-format Client Hello: its fields stand in the record itself.
        yield _message("handshake", record.field, record)
        return
    shown = [TreeField(e) for e in record.field.element if e.get("name") in _PROTOCOLS]
    if not shown and record.has_header:
        yield from _cut_message(record)
    for found in shown:
        if not _is_fragment(found):
            yield _message(_PROTOCOLS[found.name], found, record)


def _cut_message(record: Record) -> Iterator[Message]:
    """What the kept bytes of a record still tell where tshark shows its header alone.

    Of a packet cut by a snap length tshark dissects nothing behind the first missing field; the
    content type, and the handshake type behind the header, may well be among the kept bytes.
    """
    protocol = _BY_CONTENT_TYPE.get(record.content_type)
    if protocol is None or record.opened:
        return
    buffer = header_buffer(record.detail, record.field)
    at = record.field.offset + _RECORD_HEADER
    kept = record.detail.buffers[buffer].data[at:] if record.detail.buffers else b""
    kind = kept[0] if protocol == "handshake" and kept[:1] in _HELLO_TYPES else None
    yield Message(
        protocol=protocol,
        type=kind,
        frame=record.frame,
        parts=(record.frame,),
        from_client=record.from_client,
        record=record,
        field=record.field,
        detail=record.detail,
        buffer=buffer,
    )


_RECORD_HEADER = 5
_BY_CONTENT_TYPE: dict[int, Protocol] = {
    20: "change_cipher_spec",
    21: "alert",
    22: "handshake",
    23: "application_data",
}
_HELLO_TYPES = (b"\x01", b"\x02")
"""Only hellos are told by their first byte: behind a Change Cipher Spec it may be anything."""


def _is_fragment(found: TreeField) -> bool:
    return found.name == "tls.handshake" and found.label.endswith("fragment)")


def _message(protocol: Protocol, found: TreeField, record: Record) -> Message:
    kind = {
        "handshake": found.first("tls.handshake.type"),
        "alert": found.first("tls.alert_message.desc"),
    }.get(protocol)
    level = found.first("tls.alert_message.level")
    detail = record.detail
    buffer = buffer_of(detail, found)
    return Message(
        protocol=protocol,
        type=kind.number if kind else None,
        frame=detail.number,
        parts=_parts(detail, found, record, buffer),
        from_client=record.from_client,
        record=record,
        field=found,
        detail=detail,
        buffer=buffer,
        level=level.number if level else None,
    )


def _parts(detail: FrameDetail, found: TreeField, record: Record, buffer: int) -> tuple[int, ...]:
    offset = found.offset if buffer == 0 or found.octets else _first_offset(found)
    parts = set(carrying_frames(detail, buffer, offset, found.length))
    if detail.buffers and buffer and detail.buffers[buffer].source == "decrypted":
        # The record that was decrypted may itself have come in several segments.
        outer = header_buffer(detail, record.field)
        parts |= set(carrying_frames(detail, outer, record.field.offset, record.length))
    return tuple(sorted(parts))


def _first_offset(found: TreeField) -> int:
    return next((f.offset for f in map(TreeField, found.element) if f.octets), found.offset)


def messages_table(messages: Iterable[Message], numbers: Mapping[Record, int]) -> pd.DataFrame:
    """One row per message of the session, in order; `numbers` are those of the records table.

    `frame` int64 (where it became complete), `parts` text (frames, comma-separated), `from_client`
    bool, `protocol` text, `type` Int64, `name` text, `length` int64 bytes, `encrypted`,
    `decrypted` bool, `record` int64 (`number` in the records table).
    """
    rows = [
        {
            "frame": m.frame,
            "parts": ",".join(map(str, m.parts)),
            "from_client": m.from_client,
            "protocol": m.protocol,
            "type": m.type,
            "name": m.name,
            "length": m.field.length,
            "encrypted": m.encrypted,
            "decrypted": m.decrypted,
            "record": numbers.get(m.record, m.record.number),
        }
        for m in messages
    ]
    names = [
        "frame",
        "parts",
        "from_client",
        "protocol",
        "type",
        "name",
        "length",
        "encrypted",
        "decrypted",
        "record",
    ]
    return pd.DataFrame(rows, columns=names).astype({"type": "Int64"})
