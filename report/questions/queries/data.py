"""Application data (RFC 5246, 10; RFC 8446, 5)."""

from report.questions.absence import (
    absent,
    fatal_alert,
    hidden,
    lacking_part,
    missing_message,
    not_captured,
)
from report.questions.answer import Answer
from report.questions.conditions import Condition, Where, every
from report.questions.evidence import cite_packet, cite_record
from report.questions.finding import found, message_text, packet_text
from report.questions.protected import first_client_data, version_untold
from report.questions.quic_frames import stream_frames, where_stream_data
from report.questions.registry import Tables, query
from report.questions.scope import content, session_scope, side
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text
from report.tls.message_types import APPLICATION_DATA, FINISHED


def client_data_condition(session: Session) -> Condition:
    """The client's packets with records of application data, or that look like them."""
    shown: Condition = content(APPLICATION_DATA)
    if session.is_tls13 and not session.decrypted:
        shown = Where("tls.record.opaque_type", (str(APPLICATION_DATA),))
    return every(session_scope(session), shown, side(session, client=True))


_QUIC_DATA = Text(
    "QUIC 的应用数据装在 STREAM 帧里；这里用密钥解密后可以看到。",
    "QUIC carries data of an application in STREAM frames, which the keys make visible here.",
)


@query("application_data.first_from_client")
def first_from_client(tables: Tables, session: Session) -> Answer:
    """The frame of the client's first application data; TLS 1.3's Finished is not data."""
    if session.connection.transport == "quic":
        return _quic(tables, session, client=True)
    start = first_client_data(session)
    if start is not None:
        message = start.message
        return found(
            tables,
            message.frame,
            message_text(tables, message),
            client_data_condition(session),
            [cite_record(message, "tls.record.content_type")],
            frames=[message.frame],
            parts=message.parts,
            inferred=start.inferred,
            reason=start.reason,
            sources=("RFC 8446, 5.2" if session.is_tls13 else "RFC 5246, 10",),
        )
    return no_client_data(tables, session)


def _quic(tables: Tables, session: Session, *, client: bool) -> Answer:
    """The first packet of a side that is seen to carry data of an application, with keys."""
    shown = stream_frames(session, client=client)
    if shown:
        return found(
            tables,
            shown[0],
            packet_text(tables, shown[0]),
            where_stream_data(session, client=client),
            cite_packet(session, shown[0], "quic.stream.stream_id")
            or cite_packet(session, shown[0], "quic.frame_type"),
            frames=[shown[0]],
            reason=_QUIC_DATA,
            sources=("RFC 9000, 19.8",),
        )
    return hidden(
        tables,
        Text(
            "QUIC 的数据包除 Hello 以外全部加密，看不出哪个最先携带应用数据。",
            "Of QUIC only the hellos can be read; which packet is first to carry application data "
            "is encrypted.",
        ),
    )


def no_client_data(tables: Tables, session: Session) -> Answer:
    """Why there is no application data of the client's: failed, not captured, or never sent."""
    if version_untold(session) and session.of("application_data", client=True):
        return not_captured(_VERSION_UNTOLD)
    if session.server_hello is None or fatal_alert(session) is not None:
        return missing_message(tables, session, FINISHED, client=True)
    lack = lacking_part(tables, session, client=True)
    if lack is not None:
        return not_captured(
            Text(
                f"抓包中没有客户端的应用数据：{lack.zh}",
                f"The client's application data is not in the capture: {lack.en}",
            )
        )
    return absent(
        Text("客户端没有发送应用数据就结束了连接。", "The client closed without sending any data."),
        every(session_scope(session), content(APPLICATION_DATA), side(session, client=True)),
    )


@query("application_data.first_from_server")
def first_from_server(tables: Tables, session: Session) -> Answer:
    """The frame of the server's first application data.

    Without keys TLS 1.3's certificate, Finished and tickets cannot be told from it.
    """
    if session.connection.transport == "quic":
        return _quic(tables, session, client=False)
    scope, own = session_scope(session), side(session, client=False)
    condition = every(scope, content(APPLICATION_DATA), own)
    sealed = session.of("application_data", client=False)
    if sealed and version_untold(session):
        return not_captured(_VERSION_UNTOLD)
    if session.is_tls13 and sealed and not session.handshake_opened:
        return hidden(
            tables,
            Text(
                "看不出：TLS 1.3 的服务器把证书、Finished 和票据也放在同样的加密记录里。",
                "It cannot be seen: a TLS 1.3 server sends its certificate, Finished and tickets "
                "in the same kind of encrypted record.",
            ),
            condition,
        )
    if not sealed or session.connection.hello_frame is None:
        return _no_server_data(tables, session, condition)
    first = sealed[0]
    if _cannot_be_opened(session, first):
        return not_captured(_CUT_RECORD)
    return found(
        tables,
        first.frame,
        message_text(tables, first),
        condition,
        [cite_record(first, "tls.record.content_type")],
        frames=[first.frame],
        parts=first.parts,
        sources=("RFC 8446, 5.2" if session.is_tls13 else "RFC 5246, 10",),
    )


def _cannot_be_opened(session: Session, message: Message) -> bool:
    """Whether keys would say what a TLS 1.3 record holds, had all of it been captured."""
    return (
        session.is_tls13
        and session.handshake_opened
        and not message.record.opened
        and not message.record.fragment()
    )


_CUT_RECORD = Text(
    "看不出来：加密记录只保留了一部分，无法解密，不知道里面是不是应用数据。",
    "The capture does not tell: only a part of an encrypted record was kept, so that it cannot be "
    "opened and may hold data or not.",
)


_VERSION_UNTOLD = Text(
    "抓包中没有 Server Hello，不知道是不是 TLS 1.3：如果是，前几个加密记录属于握手，"
    "而不是应用数据。",
    "The capture has no Server Hello and does not tell whether this is TLS 1.3, where the first "
    "encrypted records belong to the handshake and are no data.",
)


def _no_server_data(tables: Tables, session: Session, condition: Condition) -> Answer:
    if session.server_hello is None or fatal_alert(session) is not None:
        return missing_message(tables, session, FINISHED, client=False)
    lack = lacking_part(tables, session, client=False)
    if lack is not None:
        return not_captured(
            Text(
                f"抓包中没有服务器的应用数据：{lack.zh}",
                f"The server's application data is not in the capture: {lack.en}",
            )
        )
    return absent(
        Text("服务器没有发送应用数据。", "The server sent no application data."), condition
    )
