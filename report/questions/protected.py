"""What lies behind TLS 1.3's encryption: its Finished, tickets and alerts look like data.

With keys the records say what they are. Without, position and length tell some of them apart
(RFC 8446, 5.2: a record's length is its content, one byte of true type and the AEAD's tag).
"""

from dataclasses import dataclass

from report.questions.gaps import gaps
from report.tables.messages import Message
from report.tables.packets import cut_short
from report.tables.session import Session
from report.text import Text
from report.tls.message_types import (
    CLIENT_HELLO,
    CLIENT_KEY_EXCHANGE,
    FINISHED,
    SERVER_HELLO,
    SERVER_KEY_EXCHANGE,
)
from report.tls.registry import version_name
from report.tls.suites import HASH_LENGTHS, CipherSuite, known_suite

_HANDSHAKE_HEADER, _TRUE_TYPE, _ALERT = 4, 1, 2
_SHORT_TAG = 8
_HEADER, _VERIFY_DATA = 5, 12
_COMMON_ALERT = _ALERT + _TRUE_TYPE + 16
_CHANGE = _HEADER + 1
_EARLY_DATA = 42


@dataclass(frozen=True, slots=True)
class Inference:
    """A message that is what position and length make it, not a field that says so."""

    message: Message
    inferred: bool = False
    reason: Text | None = None


def chosen_suite(session: Session) -> CipherSuite | None:
    """The session's cipher suite taken apart; None without a Server Hello, and where the suite
    that it names is none that a session can use."""
    hello = session.server_hello
    field = hello.first("tls.handshake.ciphersuite") if hello else None
    suite = known_suite(field.number) if field else None
    return None if suite is None or suite.signalling else suite


def sent_protected(session: Session, *, client: bool) -> bool:
    """Whether the capture holds anything that this side protected; of QUIC it always may."""
    if session.connection.transport == "quic":
        return True
    return bool(session.of("application_data", client=client))


def finished_length(suite: CipherSuite) -> int:
    """Bytes of a TLS 1.3 record that holds a Finished and nothing else (RFC 8446, 4.4.4)."""
    verify_data = HASH_LENGTHS[suite.prf_hash]
    return _HANDSHAKE_HEADER + verify_data + _TRUE_TYPE + _tag(suite)


def alert_length(suite: CipherSuite) -> int:
    """Bytes of a TLS 1.3 record that holds an alert: 19 with a tag of 16 bytes."""
    return _ALERT + _TRUE_TYPE + _tag(suite)


def _tag(suite: CipherSuite) -> int:
    return _SHORT_TAG if suite.name.endswith("CCM_8_SHA256") else 16


def first_client_data(session: Session) -> Inference | None:
    """The client's first application data; None if it sent none that the capture holds.

    None, too, where earlier data may have been sent that the capture lacks.
    """
    data = list(session.of("application_data", client=True))
    start = _first_of(session, data)
    if start is None or not _may_be_first(session, start.message):
        return None
    return start


def version_untold(session: Session) -> bool:
    """Whether the capture does not tell TLS 1.3 from what came before it.

    Then records of application data may be its handshake. A record of the type handshake that is
    no hello, readable or not, is none of TLS 1.3 (RFC 8446, 5.2).
    """
    if session.server_hello is not None:
        return False
    hellos = (CLIENT_HELLO, SERVER_HELLO)
    if any(m.protocol == "handshake" and m.type not in hellos for m in session.messages):
        return False
    hello = next(iter(session.of("handshake", CLIENT_HELLO, client=True)), None)
    if hello is None:
        return True
    carried = session.packets.loc[list(hello.parts)]
    offered = [f.number for f in hello.all("tls.handshake.extensions.supported_version")]
    return cut_short(carried) or any(
        version_name(number).startswith("TLS 1.3") for number in offered
    )


def _first_of(session: Session, data: list[Message]) -> Inference | None:
    if version_untold(session):
        return None
    if not session.is_tls13:
        return Inference(data[0]) if data else None
    opened = [m for m in data if m.record.opened]
    early = _early_data(session, data)
    if early is not None and (
        not opened or session.messages.index(early) <= (session.messages.index(opened[0]))
    ):
        return Inference(early, not early.record.opened, None if early.record.opened else _EARLY)
    if opened:
        return Inference(opened[0])
    return _first_after_finished(session, data)


def _may_be_first(session: Session, data: Message) -> bool:
    """Whether nothing before it can have been data, too."""
    if session.is_tls13 and data.record.opened and not _offers_early_data(session):
        return True  # a record of TLS 1.3 opens under its own number alone
    before = [m for m in session.messages[: session.messages.index(data)] if m.from_client]
    if not before:
        return session.connection.hello_frame is not None or session.server_hello is not None
    lost = gaps(session, client=True, after=before[-1].frame, until=data.frame)
    return not lost or only_the_flight_lost(session, before[-1], data)


def only_the_flight_lost(session: Session, last: Message, data: Message) -> bool:
    """Whether the bytes lost between two messages are just the client's end of the handshake.

    That is told by their number: Change Cipher Spec and Finished in TLS 1.3, with a Client Key
    Exchange before them in TLS 1.2, as far as the suite fixes its length.
    """
    lost = gaps(session, client=True, after=last.frame, until=data.frame)
    return len(lost) == 1 and lost[0].length == _flight_length(session)


def _flight_length(session: Session) -> int | None:
    suite = chosen_suite(session)
    seen = session.of("change_cipher_spec", client=True) or session.of(
        "handshake", CLIENT_KEY_EXCHANGE, client=True
    )
    if suite is None or seen:
        return None
    if session.is_tls13:
        hello = next(iter(session.of("handshake", CLIENT_HELLO, client=True)), None)
        own = hello.first("tls.handshake.session_id_length") if hello else None
        compatible = own is not None and own.number > 0
        return _HEADER + finished_length(suite) + _CHANGE * compatible
    exchange = next(iter(session.of("handshake", SERVER_KEY_EXCHANGE, client=False)), None)
    point = exchange.first("tls.handshake.server_point_len") if exchange else None
    if point is None or not suite.aead:
        return None
    # The client's point is on the server's curve, and as long as the server's.
    protected = suite.bulk.explicit_nonce + _HANDSHAKE_HEADER + _VERIFY_DATA + _tag(suite)
    return (_HEADER + _HANDSHAKE_HEADER + 1 + point.number) + _CHANGE + _HEADER + protected


_EARLY = Text(
    "客户端提供了 early_data，并且在 Server Hello 之前就发出了加密记录：那是 0-RTT 数据。",
    "The client offered early_data and sent an encrypted record before the Server Hello: 0-RTT "
    "data.",
)


def _early_data(session: Session, data: list[Message]) -> Message | None:
    hello = session.server_hello
    if hello is None or not data:
        return None
    first = data[0]
    is_early = session.messages.index(first) < session.messages.index(hello)
    return first if is_early and _offers_early_data(session) else None


def _offers_early_data(session: Session) -> bool:
    return any(
        f.number == _EARLY_DATA
        for m in session.of("handshake", CLIENT_HELLO, client=True)
        for f in m.all("tls.handshake.extension.type")
    )


def _first_after_finished(session: Session, data: list[Message]) -> Inference | None:
    suite = chosen_suite(session)
    hello = session.server_hello
    if suite is None or hello is None:
        return None
    if session.of("handshake", FINISHED, client=True):
        # With the handshake in the clear, whatever stays encrypted after it is data.
        return Inference(data[0]) if data else None
    start = session.messages.index(hello)
    protected = [m for m in data if session.messages.index(m) > start]
    lengths = [m.record.length for m in protected]
    if not protected:
        return None
    expected = finished_length(suite)
    greeting = session.of("handshake", CLIENT_HELLO, client=True)
    if expected not in lengths and greeting:
        first = protected[0]
        if not _is_last_alert(session, first, suite) and only_the_flight_lost(
            session, greeting[-1], first
        ):
            return Inference(first, True, _FLIGHT_LOST)
    at = lengths.index(expected) if expected in lengths else 0
    after = [m for m in protected[at + 1 :] if not _is_last_alert(session, m, suite)]
    if not after:
        return None
    return Inference(after[0], True, _after_finished_reason(protected[at], expected, lengths))


_FLIGHT_LOST = Text(
    "客户端的 Change Cipher Spec 和 Finished 没有被抓到：缺的字节数正好是它们的长度，"
    "所以之后的第一个加密记录就是应用数据。",
    "The client's Change Cipher Spec and Finished were not captured: just as many bytes are "
    "missing as they take, so the first encrypted record after the gap is data.",
)


def _after_finished_reason(finished: Message, expected: int, lengths: list[int]) -> Text:
    if expected in lengths:
        return Text(
            f"没有密钥，按位置推断：第 {finished.frame} 号中长 {expected} 字节的加密记录正好是"
            "客户端 Finished 的长度，它之后的才是应用数据。",
            f"Without keys this goes by position: the encrypted record of {expected} bytes in "
            f"{finished.frame} has exactly the length of the client's Finished; data comes after.",
        )
    return Text(
        f"没有密钥，按位置推断：客户端的第一个加密记录（第 {finished.frame} 号）结束握手，"
        "它之后的才是应用数据。",
        f"Without keys this goes by position: the client's first encrypted record, in "
        f"{finished.frame}, ends its handshake; data comes after.",
    )


def _is_last_alert(session: Session, message: Message, suite: CipherSuite) -> bool:
    own = [m for m in session.messages if m.from_client]
    return message is own[-1] and message.record.length == alert_length(suite)


def lengths_tell_nothing(session: Session) -> bool:
    """TLS 1.3 without keys, where not even a Finished has its length: records may be padded."""
    suite = chosen_suite(session)
    sealed = session.of("application_data", client=True)
    if suite is None or not session.is_tls13 or not sealed or sealed[-1].record.opened:
        return False
    return all(m.record.length != finished_length(suite) for m in sealed)


def looks_like_alert(session: Session, message: Message) -> bool:
    """Whether an unread TLS 1.3 record has the length of an alert."""
    suite = chosen_suite(session)
    if suite is None:
        # Without a Server Hello the version is unknown; only TLS 1.3 has such short records.
        return session.server_hello is None and message.record.length == _COMMON_ALERT
    return session.is_tls13 and message.record.length == alert_length(suite)
