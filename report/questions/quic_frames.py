"""QUIC's frames, as far as they can be read: data is in STREAM frames (RFC 9000, 19)."""

from report.questions.conditions import Condition, Where, every, frames_where
from report.questions.scope import session_scope, side
from report.tables.session import Session

_STREAM = tuple(map(str, range(0x08, 0x10)))
_CONNECTION_CLOSE = (str(0x1C), str(0x1D))


def where_stream_data(session: Session, *, client: bool) -> Condition:
    """One side's packets with a STREAM frame that keys opened."""
    return every(
        session_scope(session), Where("quic.frame_type", _STREAM), side(session, client=client)
    )


def stream_frames(session: Session, *, client: bool) -> tuple[int, ...]:
    """Those packets' numbers."""
    return frames_where(session.packets, where_stream_data(session, client=client))


def where_close(session: Session) -> Condition:
    """The packets with a CONNECTION_CLOSE frame, by which QUIC ends and reports errors."""
    return every(session_scope(session), Where("quic.frame_type", _CONNECTION_CLOSE))


def is_closed(session: Session) -> bool:
    """Whether the capture shows the connection's end."""
    if session.connection.transport != "quic":
        return False
    return bool(frames_where(session.packets, where_close(session)))
