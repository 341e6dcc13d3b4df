"""The session replayed with its key log: keys derived, records opened, Finished recomputed."""

from collections.abc import Iterator
from functools import lru_cache

from report.questions.evidence import record_bytes
from report.questions.registry import Tables
from report.tables.messages import Record, read_records
from report.tables.records import session_records
from report.tables.session import Session
from report.tls.replay import Replay, SentRecord, replay

_RECORD_HEADER = 5
_MOST_FRAMES = 400
"""A handshake ends long before; more frames than that are bulk data in front of a Finished."""


@lru_cache(maxsize=1)
def replayed(tables: Tables, session: Session) -> Replay:
    """What the key log tells of this session; the latest one is kept, as several questions ask.

    Records up to the last one that is known to be of the handshake are replayed; frames that were
    not dissected (early data) are read for that.
    """
    return replay(_sent(tables, session), tables.key_log())


def _sent(tables: Tables, session: Session) -> Iterator[SentRecord]:
    for record in _records(tables, session):
        octets = record_bytes(record)
        if record.has_header and octets:
            yield SentRecord(
                sender="client" if record.from_client else "server",
                content_type=record.content_type,
                version=record.version,
                fragment=octets[_RECORD_HEADER:],
            )


def _records(tables: Tables, session: Session) -> Iterator[Record]:
    facts = session_records(session)
    needed = [
        f.number for f in facts if f.dissected is not None and _of_handshake(session, f.dissected)
    ]
    wanted = facts[: max(needed, default=-1) + 1]
    missing = list(dict.fromkeys(f.frame for f in wanted if f.dissected is None))
    details = tables.details(missing[:_MOST_FRAMES])
    further, _ = read_records(details.values(), lambda n: bool(session.from_client[n]))
    by_frame: dict[int, list[Record]] = {}
    for record in further:
        by_frame.setdefault(record.frame, []).append(record)
    for fact in wanted:
        if fact.dissected is not None:
            yield fact.dissected
        else:
            yield from by_frame.pop(fact.frame, ())


def _of_handshake(session: Session, record: Record) -> bool:
    return any(m.record is record and m.protocol == "handshake" for m in session.messages)
