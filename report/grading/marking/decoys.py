"""Other facts of a capture that a student may take for the answer, by question and confusion."""

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from report.grading.marking.expected import Decoys
from report.grading.marking.published import published_for
from report.labs.model import NamedQuery, Question
from report.questions.answer import Answer, AnswerValue
from report.questions.engine import LabResult
from report.tables.certificates import sent_certificates
from report.tables.connections import Connection
from report.tables.messages import Message
from report.tables.packets import integers
from report.tables.session import Session
from report.tls.certificates import Certificate
from report.tls.registry import cipher_suite_name, version_name

_FIN, _SYN = 0x01, 0x02
_TIME_BYTES = 4
_CLIENT_HELLO, _CERTIFICATE, _FINISHED = 1, 11, 20

Found = Iterator[tuple[str, AnswerValue]]


def decoys_of(result: LabResult) -> dict[str, Decoys]:
    """For each question of an answered lab the values that known confusions give, by their slug.

    The published answers of a textbook's trace are among them, unless the capture is that trace.
    A value that is right is in no list.
    """
    frames = _Frames(result)
    published = _published(result)
    return {
        question.id: _collected(
            _found(question, result, frames, published), result.answers.get(question.id)
        )
        for question in result.lab.questions
    }


def _published(result: LabResult) -> Mapping[str, AnswerValue]:
    known = published_for(result.lab.id)
    hello = _hello(result.session)
    field = hello.first("tls.handshake.random") if hello else None
    octets = field.octets if field else None
    if known is None or (octets is not None and octets.hex() == known.client_random):
        return {}
    return known.answers


def _collected(found: Found, answer: Answer | None) -> Decoys:
    values: dict[str, list[AnswerValue]] = {}
    for slug, value in found:
        if answer is None or value != answer.value:
            values.setdefault(slug, []).append(value)
    return {slug: tuple(dict.fromkeys(given)) for slug, given in values.items()}


def _found(
    question: Question,
    result: LabResult,
    frames: "_Frames",
    published: Mapping[str, AnswerValue],
) -> Found:
    if question.id in published:
        yield "textbook_answer", published[question.id]
    if question.kind == "packet_number":
        yield from frames.taken_for(result.answers.get(question.id))
    query = question.query.name if isinstance(question.query, NamedQuery) else ""
    if query in _BY_QUERY:
        yield from _BY_QUERY[query](result.session)


class _Frames:
    """Packet numbers of other connections, and the sequence numbers of the session's own."""

    def __init__(self, result: LabResult) -> None:
        self._session = result.session
        self._others = tuple(
            ("wrong_connection", number)
            for connection in result.connections
            if connection.stream != result.session.connection.stream
            for number in _telling(connection, result.tables.packets)
        )

    def taken_for(self, answer: Answer | None) -> Found:
        """What may be given instead of the packet number that `answer` holds."""
        yield from self._others
        for frame in answer.frames if answer else ():
            if frame in self._session.packets.index:
                cell = str(self._session.packets.at[frame, "tcp.seq"])
                yield from (("sequence_number", number) for number in integers(cell))


def _telling(connection: Connection, packets: pd.DataFrame) -> list[int]:
    """The packets of another connection that open or close it, or complete a TLS message."""
    column = {"tcp": "tcp.stream", "quic": "quic.connection.number"}[connection.transport]
    own = packets[packets[column] == str(connection.stream)]
    opens = own["tcp.flags"].map(lambda cell: any(n & (_SYN | _FIN) for n in integers(cell)))
    says = (own["tls.handshake.type"] != "") | (own["tls.record.content_type"] != "")
    return [int(number) for number in own.index[opens.astype(bool) | says]]


def _hello(session: Session) -> Message | None:
    return next(iter(session.of("handshake", _CLIENT_HELLO, client=True)), None)


def _versions(session: Session) -> Found:
    hello = _hello(session)
    if hello is None:
        return
    if hello.record.has_header:
        yield "record_version", version_name(hello.record.version)
    for field in hello.all("tls.handshake.extensions.supported_version"):
        yield "extension_version", version_name(field.number)


def _random(session: Session) -> Found:
    """The whole field begins with the time; the server's random bytes are the other side's."""
    for hello, slug in ((_hello(session), "whole_random"), (session.server_hello, "other_side")):
        field = hello.first("tls.handshake.random") if hello else None
        octets = field.octets if field else None
        if octets:
            start = 0 if slug == "whole_random" else _TIME_BYTES
            yield slug, octets[start : start + 1].hex()


def _suites(session: Session) -> Found:
    hello = _hello(session)
    fields = hello.all("tls.handshake.ciphersuite") if hello else ()
    for field in fields:
        yield "offered_for_chosen", cipher_suite_name(field.number)


def _symmetric(session: Session) -> Found:
    for name in ("RSA", "ECDSA", "ECDHE", "DHE", "SHA", "SHA1", "SHA256", "SHA384"):
        yield "signature_for_symmetric", name
    for name in ("sha256WithRSAEncryption", "ecdsa-with-SHA256", "ecdsa-with-SHA384"):
        yield "signature_for_symmetric", name


def _certificates(session: Session) -> list[Certificate]:
    messages = session.of("handshake", _CERTIFICATE, client=False)
    sent = sent_certificates(messages[0]) if messages else ()
    return [one.read for one in sent if one.readable]


def _issuers(session: Session) -> Found:
    chain = _certificates(session)
    for certificate in chain[1:]:
        yield "root_for_issuer", certificate.issuer.display
    for certificate in chain[:1]:
        if certificate.issuer.organization:
            yield "organization_for_name", certificate.issuer.organization
        yield "subject_for_issuer", certificate.subject.display


def _signatures(session: Session) -> Found:
    for certificate in _certificates(session)[1:]:
        yield "other_certificate", certificate.signature_algorithm


def _modulus(session: Session) -> Found:
    """An uncompressed point begins with 04 (SEC 1, 2.3.3), a DER sequence of a key with 3082."""
    chain = _certificates(session)
    if chain and chain[0].key.point:
        yield "ec_point_as_modulus", chain[0].key.point[:4]
    if chain:
        yield "modulus_as_encoded", "3082"
    for certificate in chain[1:]:
        if certificate.key.modulus:
            yield "other_certificate", certificate.key.modulus[:4]


def _retry(session: Session) -> Found:
    if session.retry is not None:
        yield "retry_for_server_hello", session.retry.frame


def _second_hello(session: Session) -> Found:
    for message in session.of("handshake", _CLIENT_HELLO, client=True)[1:]:
        yield "second_hello", message.frame


def _first_data(session: Session) -> Found:
    finished = session.of("handshake", _FINISHED, client=True)
    unread = [m for m in session.messages if m.from_client and m.protocol == "application_data"]
    for message in (*finished, *(unread[:1] if session.is_tls13 else ())):
        yield "finished_for_data", message.frame


def _closing(session: Session) -> Found:
    client = session.packets[session.from_client.to_numpy()]
    for frame, cell in client["tcp.flags"].items():
        if any(number & _FIN for number in integers(str(cell))):
            yield "fin_for_alert", int(str(frame))


_BY_QUERY: Mapping[str, Callable[[Session], Found]] = {
    "client_hello.frame": _second_hello,
    "client_hello.version": _versions,
    "client_hello.random_bytes": _random,
    "server_hello.frame": _retry,
    "server_hello.cipher_suite": _suites,
    "server_hello.symmetric_algorithm": _symmetric,
    "certificate.issuer": _issuers,
    "certificate.signature_algorithm": _signatures,
    "certificate.modulus": _modulus,
    "application_data.first_from_client": _first_data,
    "closing.client_message": _closing,
}
