"""What the 55 questions of the lab https-handshake have for answers in a connection."""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID

from tests.independent import expected as first_lab
from tests.independent import handshake, judging, session_facts, tcp_opening
from tests.independent.expected import NOT_APPLICABLE, NOT_CAPTURED, Expected, q11, shown
from tests.independent.handshake import Answer
from tests.independent.reader import Connection, Facts

USAGES = {
    "digital_signature": "digitalSignature", "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment", "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement", "key_cert_sign": "keyCertSign", "crl_sign": "cRLSign",
}  # fmt: skip


def expected_https_handshake(found: Facts, connection: Connection) -> dict[str, Expected]:
    """The expected answers by question id."""
    return {name: question(found, connection) for name, question in QUESTIONS.items()}


def _certificate(value) -> Answer:  # type: ignore[no-untyped-def]
    """A fact of the server's own certificate; None for what it lacks."""

    def answer(found: Facts, connection: Connection) -> Expected:
        message, sent = connection.certificate_message("server"), connection.certificates("server")
        if message is None:
            return q11(found, connection)
        if not sent:
            return NOT_CAPTURED
        known = value(sent[0])
        return NOT_APPLICABLE if known is None else shown(message, known)

    return answer


def _count(found: Facts, connection: Connection) -> Expected:
    message, sent = connection.certificate_message("server"), connection.certificates("server")
    if message is None or not sent:
        return q11(found, connection) if message is None else NOT_CAPTURED
    return shown(message, len(sent))


def _serial(certificate: x509.Certificate) -> str:
    number = certificate.serial_number
    return number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True).hex()


def _days(certificate: x509.Certificate) -> int:
    span = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return round(span.total_seconds() / 86400)


def _bits(certificate: x509.Certificate) -> int | None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return key.key_size
    if isinstance(key, ed25519.Ed25519PublicKey):
        return 256
    return 456 if isinstance(key, ed448.Ed448PublicKey) else None


def _names(certificate: x509.Certificate) -> list[str] | None:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    hosts = names.get_values_for_type(x509.DNSName)
    return [*hosts, *map(str, names.get_values_for_type(x509.IPAddress))] or None


def _usage(certificate: x509.Certificate) -> list[str] | None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return [shown_as for bit, shown_as in USAGES.items() if getattr(usage, bit)] or None


def _urls(certificate: x509.Certificate) -> list[str] | None:
    found: list[str] = []
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
        found += [
            str(item.access_location.value)
            for item in access.value
            if item.access_method == AuthorityInformationAccessOID.OCSP
        ]
    except x509.ExtensionNotFound:
        pass
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints)
        found += [str(n.value) for point in points.value for n in point.full_name or []]
    except x509.ExtensionNotFound:
        pass
    return found or None


QUESTIONS: dict[str, Answer] = {
    "q1": first_lab.q1,
    "q2": tcp_opening.syn_ack,
    "q3": tcp_opening.ack,
    "q4": tcp_opening.client_mss,
    "q5": tcp_opening.client_window_scale,
    "q6": tcp_opening.time,
    "q7": first_lab.QUESTIONS["q4"],
    "q8": handshake.client_hello_time,
    "q9": first_lab.QUESTIONS["q6"],
    "q10": handshake.client_hello_session_id,
    "q11": handshake.client_hello_suites,
    "q12": handshake.client_hello_first_suite,
    "q13": handshake.client_hello_compression,
    "q14": handshake.client_hello_extensions,
    "q15": handshake.client_hello_server_name,
    "q16": handshake.server_hello_version,
    "q17": handshake.server_hello_random_start,
    "q18": handshake.server_hello_session_id,
    "q19": first_lab.QUESTIONS["q9"],
    "q20": handshake.suite_parts,
    "q21": handshake.suite_forward_secrecy,
    "q22": handshake.server_hello_compression,
    "q23": handshake.server_hello_extensions,
    "q24": _count,
    "q25": _certificate(_serial),
    "q26": _certificate(_days),
    "q27": _certificate(_bits),
    "q28": first_lab.QUESTIONS["q14"],
    "q29": _certificate(_names),
    "q30": _certificate(_usage),
    "q31": _certificate(_urls),
    "q32": session_facts.chain,
    "q33": handshake.server_hello_done_length,
    "q34": handshake.client_key_exchange_length,
    "q35": handshake.premaster_version,
    "q36": handshake.change_frame("client"),
    "q37": handshake.finished_frame("client"),
    "q38": handshake.finished_length,
    "q39": handshake.change_frame("server"),
    "q40": handshake.finished_frame("server"),
    "q41": handshake.finished_order,
    "q42": first_lab.q22,
    "q43": session_facts.first_from_server,
    "q44": handshake.resumed,
    "q45": handshake.round_trips,
    "q46": session_facts.handshake_size,
    "q47": judging.chain,
    "q48": judging.signatures,
    "q49": judging.host,
    "q50": judging.dates,
    "q51": judging.issuers,
    "q52": judging.revocation,
    "q53": judging.accepted,
    "q54": judging.explained,
    "q55": judging.explained,
}
