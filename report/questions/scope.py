"""Conditions that the queries share: the session, one side of it, one kind of message."""

from collections.abc import Iterable

from report.questions.conditions import Condition, Where, either
from report.tables.messages import Message
from report.tables.session import Session
from report.tls.message_types import ALERT, APPLICATION_DATA


def session_scope(session: Session) -> Where:
    """The session's own packets."""
    connection = session.connection
    return Where(connection.stream_field, (str(connection.stream),))


def side(session: Session, *, client: bool) -> Condition:
    """The packets that one side sent.

    By port, which works for IPv4, IPv6, tunnels and loopback alike; by address where both ports
    are the same.
    """
    end = session.client if client else session.server
    if session.client.port != session.server.port:
        field = "tcp.srcport" if session.connection.transport == "tcp" else "udp.srcport"
        return Where(field, (str(end.port),))
    return Where("ipv6.src" if ":" in end.address else "ip.src", (end.address,))


def handshake(kind: int) -> Where:
    """Packets in which a handshake message of that type is complete."""
    return Where("tls.handshake.type", (str(kind),))


def shown_alerts(alerts: Iterable[Message]) -> Condition:
    """Packets in which such alerts are complete, as Wireshark shows them.

    One that our own reading of the keys opened and Wireshark did not still looks like data.
    """
    if any(alert.field.name != "tls.alert_message" for alert in alerts):
        return either(content(ALERT), Where("tls.record.opaque_type", (str(APPLICATION_DATA),)))
    return content(ALERT)


def content(kind: int) -> Where:
    """Packets in which a record of that (inner) content type is complete."""
    return Where("tls.record.content_type", (str(kind),))
