"""What the 24 questions of the lab tls-v8.1 have for answers in a connection.

One function per question, each after the meanings fixed in the design (sections 4 and 8). An
answer is a dict with `status`, and where it has them `value`, `frames` (those that show it),
`parts` (all that carried it) and `inferred`.
"""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.independent.hello import EARLY_DATA, VERSIONS
from tests.independent.reader import TLS13, Connection, Facts
from tests.independent.secrets import HASH_LENGTHS, Suite
from tests.independent.session import Message, Side

Expected = dict[str, Any]

ABSENT: Expected = {"status": "absent"}
HIDDEN: Expected = {"status": "hidden"}
NOT_APPLICABLE: Expected = {"status": "not_applicable"}
NOT_CAPTURED: Expected = {"status": "not_captured"}
EXPLAINED: Expected = {"status": "explained"}
SIGNATURES = {
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.10": "RSASSA-PSS",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
}
CLOSING = "close_notify"
NOT_CLOSING = {"no_renegotiation", "user_canceled", "unrecognized_name", "no_certificate"}


def expected_tls_v8_1(found: Facts, connection: Connection) -> dict[str, Expected]:
    """The expected answers by question id."""
    return {name: question(found, connection) for name, question in QUESTIONS.items()}


def shown(message: Message, value: object = None) -> Expected:
    """Found: the message's frame, or a value that it shows."""
    answer: Expected = {
        "status": "found",
        "value": message.frame if value is None else value,
        "frames": [message.frame],
    }
    if value is None and len(message.parts) > 1:
        answer["parts"] = sorted(message.parts)
    return answer


def missing(connection: Connection, side: Side, until: int | None = None) -> Expected:
    """Why a handshake message of this side is not there: absent, or not captured.

    `until` is the offset in the side's stream before which it would have come; by default that of
    the first thing that side encrypted.
    """
    stream = connection.streams.get(side)
    tls13 = connection.version == TLS13
    passed = next(
        (m for m in connection.messages if m.sender == side and _past(m, tls13=tls13)), None
    )
    if stream is not None:
        late = not stream.from_start and not connection.all(side, "Client Hello", "Server Hello")
        end = until if until is not None else passed.offset if passed else None
        if late or connection.holes(side, 0, end) or (passed is None and stream.ends_early()):
            return NOT_CAPTURED
    if passed or until is not None or _failed(connection) or connection.over:
        return ABSENT
    return NOT_CAPTURED


def _past(message: Message, *, tls13: bool) -> bool:
    """Whether a message says that the sender's part of the handshake in the clear is over."""
    return message.encrypted or (message.name == "Change Cipher Spec" and not tls13)


def _failed(connection: Connection) -> bool:
    """Whether an alert that can be read ended the handshake."""
    alerts = [message.alert() for message in connection.messages]
    return any(alert and (alert[0] == 2 or alert[1] == CLOSING) for alert in alerts)


def q1(found: Facts, connection: Connection) -> Expected:
    if connection.transport == "quic":
        return NOT_APPLICABLE
    if connection.syn is None:
        return NOT_CAPTURED
    return {"status": "found", "value": connection.syn, "frames": [connection.syn]}


def q2(found: Facts, connection: Connection) -> Expected:
    if connection.transport == "quic":
        return NOT_APPLICABLE
    if connection.syn is None:
        return NOT_CAPTURED
    first = min(message.parts[0] for message in connection.messages)
    return {"status": "found", "value": "before" if connection.syn < first else "after"}


def q3(found: Facts, connection: Connection) -> Expected:
    message = connection.first("client", "Client Hello")
    return shown(message) if message else NOT_CAPTURED


def _of_client_hello(
    value: Callable[[Connection], object],
) -> Callable[[Facts, Connection], Expected]:
    def question(found: Facts, connection: Connection) -> Expected:
        message = connection.first("client", "Client Hello")
        known = value(connection) if message else None
        return shown(message, known) if message and known is not None else NOT_CAPTURED

    return question


def _declared_version(connection: Connection) -> str | None:
    hello = connection.client_hello
    return VERSIONS.get(hello.version) if hello and hello.version is not None else None


def _offered(connection: Connection) -> int | None:
    hello = connection.client_hello
    return len(hello.suites) if hello and hello.suites is not None else None


def _random_digits(connection: Connection) -> str | None:
    """The byte after the four of the time; a hello in SSL 2.0's format has no time."""
    hello = connection.client_hello
    at = 0 if hello and hello.sslv2 else 4
    return hello.random[at : at + 1].hex() or None if hello else None


def q7(found: Facts, connection: Connection) -> Expected:
    return EXPLAINED


def q8(found: Facts, connection: Connection) -> Expected:
    message = connection.first("server", "Server Hello")
    return shown(message) if message else missing(connection, "server")


def _of_server_hello(
    value: Callable[[Connection], object],
) -> Callable[[Facts, Connection], Expected]:
    def question(found: Facts, connection: Connection) -> Expected:
        message = connection.first("server", "Server Hello")
        if message is None:
            return missing(connection, "server")
        known = value(connection)
        return NOT_CAPTURED if known is None else shown(message, known)

    return question


def _symmetric(connection: Connection) -> str | None:
    return Suite(connection.suite).cipher if connection.suite else None


def q11(found: Facts, connection: Connection) -> Expected:
    if connection.server_hello is None:
        return missing(connection, "server")
    message = connection.certificate_message("server")
    if message:
        return shown(message)
    if _without_certificate(connection):
        return NOT_APPLICABLE
    if connection.version == TLS13:
        return _in_tls13(connection, "server")
    return missing(connection, "server")


def _without_certificate(connection: Connection) -> bool:
    """Whether the server sends none in such a session: resumed, or a suite without."""
    words = (connection.suite or "").split("_WITH_")[0].split("_")
    plain_psk = "PSK" in words and "RSA" not in words
    return connection.resumed in ("id", "ticket", "psk") or plain_psk or "anon" in words


def _in_tls13(connection: Connection, side: Side) -> Expected:
    """A message that TLS 1.3 encrypts was not found: hidden, unless keys opened this side's."""
    sealed = [m for m in connection.messages if m.sender == side and m.encrypted and not m.opened]
    if connection.transport == "quic":
        return HIDDEN if not connection.opened else missing(connection, side)
    if not connection.opened:
        return HIDDEN if sealed else missing(connection, side)
    finished = connection.first(side, "Finished")
    if finished:
        return missing(connection, side, finished.offset)
    if connection.holes(side) or connection.streams[side].ends_early():
        return NOT_CAPTURED
    if sealed:
        return HIDDEN
    return ABSENT if connection.over or _failed(connection) else NOT_CAPTURED


def _of_certificates(
    value: Callable[[list[x509.Certificate]], object],
) -> Callable[[Facts, Connection], Expected]:
    def question(found: Facts, connection: Connection) -> Expected:
        message = connection.certificate_message("server")
        if message is None:
            return q11(found, connection)
        sent = connection.certificates("server")
        if not sent:
            return NOT_CAPTURED
        known = value(sent)
        return NOT_APPLICABLE if known is None else shown(message, known)

    return question


def common_name(name: x509.Name) -> str:
    """The common name, or what comes closest to one."""
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME):
        found = name.get_attributes_for_oid(kind)
        if found:
            return str(found[0].value)
    return name.rfc4514_string()


def subject_name(certificate: x509.Certificate) -> str:
    """Who a certificate is for: its subject; when that is empty its first alternative name."""
    if certificate.subject.rdns:
        return common_name(certificate.subject)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ""
    return next((str(name.value) for name in names.value), "")


def signature_name(certificate: x509.Certificate) -> str:
    """The signature algorithm on a certificate, as RFC 3279, 4055, 5758 or 8410 name it."""
    oid = certificate.signature_algorithm_oid.dotted_string
    return SIGNATURES.get(oid, oid)


def _modulus(sent: list[x509.Certificate]) -> str | None:
    """The first four hex digits of the modulus as an ASN.1 integer, None without a modulus."""
    key = sent[0].public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return None
    modulus = key.public_numbers().n
    return modulus.to_bytes(modulus.bit_length() // 8 + 1, "big").hex()[:4]


def q16(found: Facts, connection: Connection) -> Expected:
    hosts = authority_hosts(connection.certificates("server") or [])
    for contact in found.contacts_of(connection):
        if contact.ocsp or contact.host.lower().rstrip(".") in hosts:
            return {"status": "found", "value": contact.frame, "frames": [contact.frame]}
    return NOT_CAPTURED if found.capture.cut_short else ABSENT


def authority_hosts(sent: Iterable[x509.Certificate]) -> set[str]:
    """The OCSP, issuer and CRL hosts that certificates name."""
    return {
        (urlsplit(url).hostname or "").lower()
        for certificate in sent
        for url in (*_access_urls(certificate), *_crl_urls(certificate))
    } - {""}


def _access_urls(certificate: x509.Certificate) -> list[str]:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except x509.ExtensionNotFound:
        return []
    places = [item.access_location for item in access.value]
    return [place.value for place in places if isinstance(place, x509.UniformResourceIdentifier)]


def _crl_urls(certificate: x509.Certificate) -> list[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints)
    except x509.ExtensionNotFound:
        return []
    places = [place for point in points.value for place in point.full_name or []]
    return [place.value for place in places if isinstance(place, x509.UniformResourceIdentifier)]


def _unlike_full_tls12(connection: Connection) -> bool:
    """Whether this handshake has neither Server Hello Done nor Client Key Exchange."""
    return connection.version == TLS13 or connection.resumed in ("id", "ticket", "psk")


def q17(found: Facts, connection: Connection) -> Expected:
    message = connection.first("server", "Server Hello Done")
    if message:
        return shown(message)
    return NOT_APPLICABLE if _unlike_full_tls12(connection) else missing(connection, "server")


def q18(found: Facts, connection: Connection) -> Expected:
    exchange = connection.first("client", "Client Key Exchange")
    if exchange is None:
        unlike = _unlike_full_tls12(connection)
        return NOT_APPLICABLE if unlike else missing(connection, "client")
    change = connection.first("client", "Change Cipher Spec")
    finished = connection.first("client", "Finished", "Encrypted Handshake Message")
    frames = {frame for m in (exchange, change, finished) if m for frame in m.parts}
    answer = shown(exchange)
    if len(frames) > 1:
        answer["parts"] = sorted(frames)
    return answer


def q19(found: Facts, connection: Connection) -> Expected:
    names = ("Certificate", "Compressed Certificate")
    sent = [m for m in connection.all("client", *names) if not _empty(connection, m)]
    if sent:
        return shown(sent[0])
    empty = connection.certificate_message("client")
    if empty:
        return {**ABSENT, "frames": [empty.frame]}
    if connection.version == TLS13:
        return ABSENT if connection.resumed == "psk" else _certificate_in_tls13(connection)
    if len(connection.all("client", "Encrypted Handshake Message")) > 1:
        return HIDDEN
    exchange = connection.first("client", "Client Key Exchange")
    if none_asked(connection, "Server Hello Done"):
        return ABSENT
    return missing(connection, "client", exchange.offset if exchange else None)


def _certificate_in_tls13(connection: Connection) -> Expected:
    if connection.first("client", "Finished") or none_asked(connection, "Finished"):
        return ABSENT
    return _in_tls13(connection, "client")


def none_asked(connection: Connection, last: str) -> bool:
    """Whether the server's flight, read whole up to its `last` message, asks for no certificate.

    Then the client may not send one (RFC 5246 section 7.4.6, RFC 8446 section 4.4.2).
    """
    end = connection.first("server", last)
    if end is None or connection.transport == "quic" or connection.holes("server", 0, end.offset):
        return False
    return connection.first("server", "Certificate Request") is None


def _empty(connection: Connection, message: Message) -> bool:
    """Whether a Certificate message has no certificate in it."""
    return not message.cut and len(message.body) <= 4 + (connection.version == TLS13)


def q22(found: Facts, connection: Connection) -> Expected:
    if connection.server_hello is None and _failed(connection):
        return ABSENT
    data = connection.all("client", "Application Data")
    if connection.transport == "quic":
        sealed = connection.all("client", "Protected Payload")
        return shown(data[0]) if data else HIDDEN if sealed else missing(connection, "client")
    inferred = connection.version == TLS13 and any(not message.opened for message in data)
    if inferred:
        data = _data_by_position(connection, data)
    if not data:
        return _no_data(connection)
    if _beginning_lost(connection, data[0]):
        return NOT_CAPTURED
    return {**shown(data[0]), **({"inferred": True} if inferred else {})}


def _data_by_position(connection: Connection, sealed: list[Message]) -> list[Message]:
    """TLS 1.3 without keys: the client's records that are neither handshake nor closing alert.

    Those before the Server Hello are early data. After it comes the client's flight, which its
    Finished ends: a record as long as a Finished alone, or else the first one.
    """
    hello = connection.first("server", "Server Hello")
    first = hello.frame if hello else 0
    early = [message for message in sealed if message.frame < first]
    if early:
        return early
    closing = _sealed_alert(connection)
    after = [message for message in sealed if message is not closing]
    if connection.first("client", "Finished"):
        return after
    ends = [at for at, message in enumerate(after) if message.length == _finished_size(connection)]
    sent = connection.all("client", "Client Hello")
    if (
        not ends
        and after
        and sent
        and _flight_alone_lost(connection, sent[-1].end, after[0].offset)
    ):
        return after
    return after[(ends[0] if ends else 0) + 1 :]


def _finished_size(connection: Connection) -> int:
    """The length of a TLS 1.3 record that holds a Finished alone, without padding."""
    suite = Suite(connection.suite or "")
    return HASH_LENGTHS[suite.schedule] + 4 + 1 + suite.tag_length


def _beginning_lost(connection: Connection, data: Message) -> bool:
    """Whether earlier application data may have been missed.

    In TLS 1.3 a record opens only under its number, so the first of a key that opens is the first.
    """
    stream = connection.streams["client"]
    hello = connection.client_hello
    if connection.version == TLS13 and data.opened and hello and EARLY_DATA not in hello.extensions:
        return False
    before = [m for m in connection.messages if m.sender == "client" and m.offset < data.offset]
    if not before or not stream.lost(before[-1].offset, data.offset):
        return not before
    return not _flight_alone_lost(connection, before[-1].end, data.offset)


def _flight_alone_lost(connection: Connection, start: int, end: int) -> bool:
    """Whether the missing bytes are just as many as the client's last handshake flight takes."""
    missing = connection.streams["client"].carrier[start:end]
    return not any(missing) and len(missing) == _flight_size(connection)


def _flight_size(connection: Connection) -> int | None:
    """The bytes of the client's flight that ends its handshake, when none of it was captured.

    TLS 1.3: Change Cipher Spec and Finished. TLS 1.2 with ECDHE and AEAD: Client Key Exchange,
    Change Cipher Spec, Finished. None when some of it was captured, or its size is not known.
    """
    if connection.first("client", "Change Cipher Spec", "Client Key Exchange"):
        return None
    if connection.version == TLS13:
        compatible = bool(connection.client_hello and connection.client_hello.session_id)
        return 5 + _finished_size(connection) + 6 * compatible
    exchange = connection.first("server", "Server Key Exchange")
    suite = Suite(connection.suite or "")
    if exchange is None or "ECDHE" not in suite.name or not suite.aead:
        return None
    explicit = 0 if "CHACHA20" in suite.cipher else 8
    # The client's point is on the server's curve, and as long as the server's.
    return (5 + 4 + 1 + exchange.body[3]) + 6 + (5 + explicit + 4 + 12 + suite.tag_length)


def _no_data(connection: Connection) -> Expected:
    stream = connection.streams["client"]
    if stream.lost() or stream.ends_early() or (not stream.from_start and not len(stream)):
        return NOT_CAPTURED
    return ABSENT if connection.over or _failed(connection) else NOT_CAPTURED


def q23(found: Facts, connection: Connection) -> Expected:
    status = q22(found, connection)
    return EXPLAINED if status["status"] in ("found", "hidden") else status


def q24(found: Facts, connection: Connection) -> Expected:
    if connection.transport == "quic":
        return NOT_APPLICABLE
    named = [message for message in connection.all("client", "Alert") if _closes(message)]
    if named:
        return shown(named[-1])
    guessed = _sealed_alert(connection)
    if guessed:
        return {**shown(guessed), "inferred": True}
    stream = connection.streams["client"]
    if not connection.over or stream.ends_early() or stream.lost():
        return NOT_CAPTURED
    return HIDDEN if _lengths_tell_nothing(connection) else ABSENT


def _lengths_tell_nothing(connection: Connection) -> bool:
    """TLS 1.3 without keys, where not even a Finished's length is seen: records may be padded."""
    sealed = connection.all("client", "Application Data")
    if connection.version != TLS13 or not sealed or sealed[-1].opened:
        return False
    return all(message.length != _finished_size(connection) for message in sealed)


def _closes(message: Message) -> bool:
    alert = message.alert()
    return alert is not None and alert[1] not in NOT_CLOSING


def _sealed_alert(connection: Connection) -> Message | None:
    """The client's last message, if it is an alert that cannot be read.

    In TLS 1.3 that is a record of an alert's size ahead of the connection's end.
    """
    sent = [m for m in connection.messages if m.sender == "client"]
    last = sent[-1] if sent else None
    if last is None or last.opened:
        return None
    if last.name == "Encrypted Alert":
        return last
    size = 3 + Suite(connection.suite or "").tag_length
    sealed = last.name == "Application Data" and last.length == size
    # Without a Server Hello the version is not known; only TLS 1.3 has such a short record.
    tls13 = connection.version == TLS13 or connection.server_hello is None
    return last if tls13 and sealed and connection.over else None


QUESTIONS: dict[str, Callable[[Facts, Connection], Expected]] = {
    "q1": q1,
    "q2": q2,
    "q3": q3,
    "q4": _of_client_hello(_declared_version),
    "q5": _of_client_hello(_offered),
    "q6": _of_client_hello(_random_digits),
    "q7": q7,
    "q8": q8,
    "q9": _of_server_hello(lambda connection: connection.suite),
    "q10": _of_server_hello(lambda connection: True),
    "q11": q11,
    "q12": _of_certificates(lambda sent: [subject_name(item) for item in sent]),
    "q13": _of_certificates(lambda sent: common_name(sent[0].issuer)),
    "q14": _of_certificates(lambda sent: signature_name(sent[0])),
    "q15": _of_certificates(_modulus),
    "q16": q16,
    "q17": q17,
    "q18": q18,
    "q19": q19,
    "q20": _of_server_hello(_symmetric),
    "q21": _of_server_hello(lambda connection: "Server Hello"),
    "q22": q22,
    "q23": q23,
    "q24": q24,
}
