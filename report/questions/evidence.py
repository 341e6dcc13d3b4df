"""Evidence: the field that proves an answer, with its place in the bytes."""

from report.capture.frames import FrameDetail
from report.questions.answer import Evidence
from report.tables.dissection import (
    TreeField,
    buffer_of,
    carrying_frames,
    first_field,
    header_buffer,
)
from report.tables.messages import Message, Record
from report.tables.session import Session

_RECORD_HEADER, _HANDSHAKE_HEADER = 5, 4


def cite(message: Message, field: TreeField | str | None = None) -> Evidence:
    """A field of a message (the message's own line if it has no such field)."""
    found = message.first(field) if isinstance(field, str) else field
    chosen = found or message.field
    buffer = _buffer(message, chosen)
    return _evidence(message.detail, chosen, buffer, message.parts)


def bytes_of(message: Message, field: TreeField) -> bytes:
    """A field's bytes, read from the message's buffer where PDML does not give them."""
    if field.octets is not None:
        return field.octets
    buffers = message.detail.buffers
    data = buffers[message.buffer].data if message.buffer < len(buffers) else b""
    return data[field.offset : field.offset + field.length]


def _buffer(message: Message, field: TreeField) -> int:
    """The message's own buffer, unless the field's bytes stand elsewhere (decompressed ones)."""
    octets, at = field.octets, field.offset
    buffers = message.detail.buffers
    if octets is None or message.buffer >= len(buffers):
        return message.buffer
    if buffers[message.buffer].data[at : at + len(octets)] == octets:
        return message.buffer
    return buffer_of(message.detail, field)


def kept_bytes(message: Message) -> bytes:
    """A handshake message from its type on, as far as its buffer goes; it may go further."""
    buffers = message.detail.buffers
    data = buffers[message.buffer].data if message.buffer < len(buffers) else b""
    kind = message.first("tls.handshake.type")
    at = kind.offset if kind else message.field.offset + _RECORD_HEADER
    return data[at:]


_RECORD_HEADER = 5


def cite_record(message: Message, name: str) -> Evidence:
    """A field of the header of the record that carries a message.

    Of a decrypted TLS 1.3 record the content type is hidden in the plaintext; what stands in the
    header is the opaque type.
    """
    return cite_header(message.record, name)


def cite_header(record: Record, name: str) -> Evidence:
    """The same, of a record."""
    if name == "tls.record.content_type" and record.content_type != (
        record.inner_type or record.content_type
    ):
        name = "tls.record.opaque_type"
    field = record.field.first(name) or record.field
    buffer = header_buffer(record.detail, record.field)
    parts = carrying_frames(record.detail, buffer, field.offset, record.length)
    return _evidence(record.detail, field, buffer, parts)


def record_bytes(record: Record) -> bytes:
    """A record as it was sent, with its header; empty where the capture lacks a part of it."""
    buffers = record.detail.buffers
    buffer = header_buffer(record.detail, record.field)
    data = buffers[buffer].data if buffer < len(buffers) else b""
    end = record.field.offset + _RECORD_HEADER + record.length
    return data[record.field.offset : end] if end <= len(data) else b""


def message_bytes(message: Message) -> bytes:
    """A handshake message in clear with its 4-byte header; empty where it cannot be read.

    A decrypted message's own line says where its record lies, so its place is that of its first
    field; a hello in SSLv2 format has a header of its own.
    """
    if message.plaintext:
        return message.plaintext
    kind = message.first("tls.handshake.type")
    buffers = message.detail.buffers
    if kind is None or message.buffer >= len(buffers):
        return b""
    data = buffers[message.buffer].data
    length = int.from_bytes(data[kind.offset + 1 : kind.offset + 4])
    end = kind.offset + _HANDSHAKE_HEADER + length
    return data[kind.offset : end] if end <= len(data) else b""


def cite_packet(session: Session, frame: int, name: str) -> tuple[Evidence, ...]:
    """A field of a packet's headers; nothing if the packet lacks it or was not dissected."""
    detail = session.detail(frame)
    field = first_field(detail, name) if detail else None
    return cite_field(session, frame, field) if field is not None else ()


def cite_field(session: Session, frame: int, field: TreeField) -> tuple[Evidence, ...]:
    """A line of a packet's dissection."""
    detail = session.detail(frame)
    if detail is None:
        return ()
    return (_evidence(detail, field, buffer_of(detail, field), (frame,)),)


def _evidence(
    detail: FrameDetail, field: TreeField, buffer: int, parts: tuple[int, ...]
) -> Evidence:
    source = detail.buffers[buffer].source if buffer < len(detail.buffers) else "frame"
    return Evidence(
        frame=detail.number,
        field=field.name,
        label=field.label,
        value=field.show,
        source=source,
        offset=field.offset,
        length=field.length,
        parts=parts,
        path=field.path(),
        buffer=buffer,
    )
