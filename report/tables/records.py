"""The records table: every TLS record of the session, bulk data included."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from report.tables.connections import Row, speaks_tls
from report.tables.messages import Record
from report.tables.packets import integers
from report.tables.session import Session
from report.tls.message_types import APPLICATION_DATA


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """One record of the session, whether its frame was dissected or not."""

    frame: int
    """The packet in which the record became complete, where Wireshark shows it."""
    from_client: bool
    number: int
    """Counted from 0 over all records of the session."""
    content_type: int
    """As on the wire; 23 for everything that TLS 1.3 protects."""
    inner_type: int | None
    """Of a decrypted TLS 1.3 record, what it really holds."""
    version: int
    length: int
    """Bytes, without the header."""
    dissected: Record | None = None
    """The record in the dissection of its frame; None for bulk data, which is only counted."""

    @property
    def shown_type(self) -> int:
        """What Wireshark says it holds: the inner type where keys opened the record."""
        return self.content_type if self.inner_type is None else self.inner_type


def session_records(session: Session) -> tuple[RecordFacts, ...]:
    """Every record of the session's TCP connection, in the order Wireshark shows them.

    Frames of bulk data are not dissected; their records come from the columns pass, which is
    enough because such a frame holds records of application data and nothing else. QUIC has no
    records, and a hello in SSLv2 format counts as one although it has no record header.
    """
    if session.connection.transport == "quic" or not session.records:
        return ()
    dissected: dict[int, list[Record]] = {}
    for record in session.records:
        dissected.setdefault(record.frame, []).append(record)
    rows = session.packets[speaks_tls(session.packets)]
    found: list[RecordFacts] = []
    for row in rows.to_dict("records"):
        frame = int(row["frame.number"])
        if frame in dissected:
            found += [_facts(r, n) for n, r in enumerate(dissected[frame], len(found))]
        else:
            found += list(_bulk(row, frame, bool(session.from_client[frame]), len(found)))
    return tuple(found)


def _facts(record: Record, number: int) -> RecordFacts:
    return RecordFacts(
        frame=record.frame,
        from_client=record.from_client,
        number=number,
        content_type=record.content_type,
        inner_type=record.inner_type,
        version=record.version,
        length=record.length,
        dissected=record,
    )


def _bulk(row: Row, frame: int, side: bool, number: int) -> Iterator[RecordFacts]:
    lengths, versions = integers(row["tls.record.length"]), integers(row["tls.record.version"])
    protected = integers(row["tls.record.opaque_type"])
    opened = integers(row["tls.record.content_type"])
    for at, length in enumerate(lengths):
        yield RecordFacts(
            frame=frame,
            from_client=side,
            number=number + at,
            content_type=APPLICATION_DATA,
            inner_type=APPLICATION_DATA if protected and at < len(opened) else None,
            version=versions[at] if at < len(versions) else 0,
            length=length,
        )


def record_numbers(records: tuple[RecordFacts, ...]) -> Mapping[Record, int]:
    """The dissected records' numbers in the records table."""
    return {facts.dissected: facts.number for facts in records if facts.dissected is not None}


_COLUMNS: dict[str, str] = {
    "frame": "int64",
    "from_client": "bool",
    "number": "int64",
    "content_type": "int64",
    "inner_type": "Int64",
    "version": "int64",
    "length": "int64",
}


def records_table(records: tuple[RecordFacts, ...]) -> pd.DataFrame:
    """One row per TLS record of the session, in order.

    `frame` int64 (where it became complete), `from_client` bool, `number` int64, `content_type`
    int64 (as on the wire), `inner_type` Int64 (of decrypted TLS 1.3 records), `version` int64,
    `length` int64 bytes without the header.
    """
    rows: list[dict[str, Any]] = [{n: getattr(r, n) for n in _COLUMNS} for r in records]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
