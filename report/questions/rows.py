"""Rows that a declared query finds: of the packets table by a mask, of the others by their columns.

A row knows its packet, its cells by name, and what proves a cell.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from report.questions.answer import Evidence
from report.questions.evidence import cite, cite_header, cite_packet
from report.questions.registry import Tables
from report.tables.certificates import sent_certificates
from report.tables.dissection import TreeField
from report.tables.messages import Message
from report.tables.packets import occurrences
from report.tables.records import session_records
from report.tables.session import Session
from report.tls.message_types import CERTIFICATE

Cite = Callable[[str], tuple[Evidence, ...]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row found."""

    frame: int
    cells: Mapping[Any, Any]
    cite: Cite
    """Evidence for a cell, by its name; nothing where tshark has no such field in the packet."""
    fields: Callable[[str], tuple[TreeField, ...]] = lambda _: ()
    """Every line of the packet's dissection with that name."""

    def values(self, name: str) -> tuple[str, ...]:
        """A cell's values as text, in the packet's order; none where it is empty."""
        value = self.cells.get(name)
        if value is None or value is pd.NA:
            return ()
        if isinstance(value, float):
            return (_seconds(value),)
        if not isinstance(value, str):
            return (str(value),)
        # tshark writes the line end of a header's line, which belongs to no value, as an escape.
        return tuple(each.removesuffix("\\r\\n") for each in occurrences(value))

    def fields_or_values(self, name: str) -> tuple[object, ...]:
        """One for each time that the packet holds the field."""
        return self.values(name) or self.fields(name)

    def shown(self, name: str) -> str:
        """A cell for a table: all its values, the same one once."""
        return ", ".join(dict.fromkeys(self.values(name)))


def _seconds(value: float) -> str:
    """A time with its decimals as tshark writes them, as far as a double holds them."""
    return f"{value:.9f}" if value < _SINCE_1970 else f"{value:.6f}"


_SINCE_1970 = 1e8


def packet_rows(tables: Tables, session: Session, frames: tuple[int, ...]) -> list[Row]:
    """Rows of the packets table."""
    found = tables.packets.loc[list(frames)].to_dict("records")
    return [
        Row(frame, cells, _of_packet(session, frame), _lines(session, frame))
        for frame, cells in zip(frames, found, strict=True)
    ]


def _lines(session: Session, frame: int) -> Callable[[str], tuple[TreeField, ...]]:
    def lines(name: str) -> tuple[TreeField, ...]:
        detail = session.detail(frame)
        return TreeField(detail.tree).all(name) if detail is not None else ()

    return lines


def _of_packet(session: Session, frame: int) -> Cite:
    return lambda name: cite_packet(session, frame, name)


def table_rows(
    tables: Tables,
    session: Session,
    table: str,
    where: Mapping[str, object],
    sender: Literal["client", "server"] | None = None,
) -> list[Row]:
    """Rows of another table whose cells have the values asked for, of one sender or of both.

    Raises KeyError for a column that the table lacks.
    """
    frame: pd.DataFrame = getattr(tables, table)
    mask = pd.Series(True, index=frame.index)
    if sender is not None:
        mask &= frame["from_client"] == (sender == "client")
    for name, wanted in where.items():
        values = {str(v) for v in (wanted if isinstance(wanted, list) else [wanted])}
        mask &= frame[name].astype("str").isin(values)
    number = "frame" if "frame" in frame else "first_frame"
    cells = frame.to_dict("records")
    cited = list(_CITED[table](session, cells))
    return [
        Row(int(row[number]), {**row, "frame.number": int(row[number])}, cited[at])
        for at, row in enumerate(cells)
        if bool(mask.iloc[at])
    ]


# --- what proves a cell of each table ---------------------------------------------------------


def _of_records(session: Session, cells: list[dict[Any, Any]]) -> Iterator[Cite]:
    fields = {
        "content_type": "tls.record.content_type",
        "version": "tls.record.version",
        "length": "tls.record.length",
    }
    for facts in session_records(session):
        if facts.dissected is None:
            yield _of_packet_field(session, facts.frame, fields)
        else:
            record = facts.dissected
            yield lambda name, record=record: (  # type: ignore[misc]
                cite_header(record, fields.get(name, "tls.record.content_type")),
            )


def _of_messages(session: Session, cells: list[dict[Any, Any]]) -> Iterator[Cite]:
    for message in session.messages:
        yield _of_message(message)


def _of_message(message: Message) -> Cite:
    fields = {"type": "tls.handshake.type", "length": "tls.handshake.length"}
    return lambda name: (cite(message, fields.get(name)),)


def _of_certificates(session: Session, cells: list[dict[Any, Any]]) -> Iterator[Cite]:
    fields = {
        "subject": "x509af.subject",
        "issuer": "x509af.issuer",
        "serial": "x509af.serialNumber",
        "not_before": "x509af.notBefore",
        "not_after": "x509af.notAfter",
        "key": "x509af.subjectPublicKeyInfo_element",
        "key_bits": "x509af.subjectPublicKeyInfo_element",
        "signature_algorithm": "x509af.algorithmIdentifier_element",
    }
    for message in session.of("handshake", CERTIFICATE):
        for sent in sent_certificates(message):
            yield lambda name, message=message, sent=sent: (  # type: ignore[misc]
                cite(message, sent.part(fields.get(name, ""))),
            )


def _of_connections(session: Session, cells: list[dict[Any, Any]]) -> Iterator[Cite]:
    fields = {
        "server_name": "tls.handshake.extensions_server_name",
        "client": "ip.src",
        "server": "ip.dst",
    }
    for row in cells:
        yield _of_packet_field(session, int(row["first_frame"]), fields)


def _of_packet_field(session: Session, frame: int, fields: Mapping[str, str]) -> Cite:
    return lambda name: cite_packet(session, frame, fields.get(name, "frame.number"))


_CITED: Mapping[str, Callable[[Session, list[dict[Any, Any]]], Iterator[Cite]]] = {
    "records": _of_records,
    "messages": _of_messages,
    "certificates": _of_certificates,
    "connections": _of_connections,
}
