"""Certificates judged as of a capture: a validator of the tests' own, for the lab https-handshake.

Plain RFC 5280 on what was sent and the roots of certifi, by hand; where it and the program differ,
one of them is wrong.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PSS, PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from tests.independent.expected import NOT_APPLICABLE, NOT_CAPTURED, Expected, q11, shown
from tests.independent.handshake import method, stapled
from tests.independent.reader import Connection, Facts

Answer = Callable[[Facts, Connection], Expected]


@cache
def roots() -> tuple[x509.Certificate, ...]:
    return tuple(x509.load_pem_x509_certificates(Path(certifi.where()).read_bytes()))


@dataclass(frozen=True)
class Judged:
    """What there is to say of a chain; None where it cannot be said."""

    chain: bool
    signatures: bool | None
    host: bool | None
    dates: bool
    issuers: bool | None
    stapled: bool | None
    purposes: bool

    @property
    def accepted(self) -> bool:
        needed = (self.chain, self.signatures, self.dates, self.purposes)
        return all(needed) and self.host is not False and self.issuers is not False


def judge(found: Facts, connection: Connection) -> Judged | None:
    """None where no certificate can be read."""
    message, sent = connection.certificate_message("server"), connection.certificates("server")
    if message is None or not sent:
        return None
    at = datetime.fromtimestamp(found.frame(message.frame).time / 1e9, UTC)
    path, trusted = _path(sent)
    return Judged(
        chain=trusted,
        signatures=_signatures(path, trusted),
        host=_host(sent[0], connection.server_name),
        dates=all(c.not_valid_before_utc <= at <= c.not_valid_after_utc for c in path),
        issuers=_issuers(path, trusted, connection),
        stapled=_stapled(connection, path, at),
        purposes=all(_serves(c) for c in (path[:-1] if trusted and len(path) > 1 else path)),
    )


def _trusted(certificate: x509.Certificate) -> bool:
    key = _key_bytes(certificate)
    return any(r.subject == certificate.subject and _key_bytes(r) == key for r in roots())


def _key_bytes(certificate: x509.Certificate) -> bytes:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return certificate.public_bytes(Encoding.DER)
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _path(sent: list[x509.Certificate]) -> tuple[list[x509.Certificate], bool]:
    """From the server's certificate up by issuer names, and whether it ends in a root."""
    path = [sent[0]]
    while not _trusted(path[-1]) and path[-1].subject != path[-1].issuer:
        wanted = path[-1].issuer
        pool = [c for c in (*roots(), *sent[1:]) if c.subject == wanted and c not in path]
        if not pool:
            break
        signing = [c for c in pool if _signed(path[-1], c)]
        path.append((signing or pool)[0])
    return path, _trusted(path[-1])


def _signed(certificate: x509.Certificate, issuer: x509.Certificate) -> bool | None:
    key, hash_algorithm = issuer.public_key(), certificate.signature_hash_algorithm
    signature, data = certificate.signature, certificate.tbs_certificate_bytes
    try:
        if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, data)
        elif isinstance(key, rsa.RSAPublicKey) and hash_algorithm:
            given = certificate.signature_algorithm_parameters
            padding = given if isinstance(given, PSS) else PKCS1v15()
            key.verify(signature, data, padding, hash_algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and hash_algorithm:
            key.verify(signature, data, ec.ECDSA(hash_algorithm))
        else:
            return None
    except InvalidSignature:
        return False
    return True


def _signatures(path: list[x509.Certificate], trusted: bool) -> bool | None:
    pairs = list(pairwise(path))
    if not trusted and path[-1].subject == path[-1].issuer:
        pairs.append((path[-1], path[-1]))
    if not pairs:
        return True if trusted else None
    results = [_signed(certificate, issuer) for certificate, issuer in pairs]
    return False if False in results else None if None in results else True


def _host(leaf: x509.Certificate, name: str | None) -> bool | None:
    if not name:
        return None
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return any(_covers(each, name) for each in names.get_values_for_type(x509.DNSName))
    return address in names.get_values_for_type(x509.IPAddress)


def _covers(pattern: str, name: str) -> bool:
    mine, theirs = pattern.lower().split("."), name.lower().rstrip(".").split(".")
    if mine[0] == "*" and len(mine) > 2:
        mine, theirs = mine[1:], theirs[1:]
    return mine == theirs


def _issuers(path: list[x509.Certificate], trusted: bool, connection: Connection) -> bool | None:
    wanted = "key_encipherment" if method(connection) in ("RSA", "RSA_PSK") else None
    usage = _extension(path[0], x509.KeyUsage)
    if usage and not getattr(usage, wanted or "digital_signature"):
        return False
    for place, issuer in enumerate(path[1:], start=1):
        constraints = _extension(issuer, x509.BasicConstraints)
        excused = constraints is None and trusted and issuer is path[-1]
        if not excused and not (constraints and constraints.ca):
            return False
        below = sum(c.subject != c.issuer for c in path[1:place])
        limit = constraints.path_length if constraints else None
        if limit is not None and below > limit:
            return False
        signing = _extension(issuer, x509.KeyUsage)
        if signing and not signing.key_cert_sign:
            return False
    return True if len(path) > 1 else None


T = TypeVar("T", bound=x509.ExtensionType)


def _extension(certificate: x509.Certificate, kind: type[T]) -> T | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _serves(certificate: x509.Certificate) -> bool:
    purposes = _extension(certificate, x509.ExtendedKeyUsage)
    if purposes is None:
        return True
    oids = {purpose.dotted_string for purpose in purposes}
    return bool(oids & {"1.3.6.1.5.5.7.3.1", "2.5.29.37.0", "2.16.840.1.113730.4.1"})


def _stapled(connection: Connection, path: list[x509.Certificate], at: datetime) -> bool | None:
    answer = stapled(connection)
    if answer is None:
        return False if _must_staple(path[0]) else None
    read = ocsp.load_der_ocsp_response(answer[1])
    if read.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return False
    if len(path) < 2:
        return None
    single = next((r for r in read.responses if r.serial_number == path[0].serial_number), None)
    if single is None or not _answered_by(read, path[1], at):
        return False
    until = single.next_update_utc
    timely = single.this_update_utc <= at and (until is None or at <= until)
    return timely and single.certificate_status is ocsp.OCSPCertStatus.GOOD


def _answered_by(read: ocsp.OCSPResponse, issuer: x509.Certificate, at: datetime) -> bool:
    """Whether the issuer made the answer, or a responder that it empowered for that."""
    candidates = [issuer]
    for responder in read.certificates:
        purposes = _extension(responder, x509.ExtendedKeyUsage) or ()
        empowered = "1.3.6.1.5.5.7.3.9" in {p.dotted_string for p in purposes}
        valid = responder.not_valid_before_utc <= at <= responder.not_valid_after_utc
        if empowered and valid and _signed(responder, issuer):
            candidates.append(responder)
    for signer in candidates:
        key, hash_algorithm = signer.public_key(), read.signature_hash_algorithm
        try:
            if isinstance(key, rsa.RSAPublicKey) and hash_algorithm:
                key.verify(read.signature, read.tbs_response_bytes, PKCS1v15(), hash_algorithm)
                return True
            if isinstance(key, ec.EllipticCurvePublicKey) and hash_algorithm:
                key.verify(read.signature, read.tbs_response_bytes, ec.ECDSA(hash_algorithm))
                return True
        except InvalidSignature:
            continue
    return False


def _must_staple(leaf: x509.Certificate) -> bool:
    feature = _extension(leaf, x509.TLSFeature)
    return feature is not None and x509.TLSFeatureType.status_request in feature


def verdict(value: Callable[[Judged], bool | None], unknown: Expected = NOT_APPLICABLE) -> Answer:
    """An expected answer about one check."""

    def answer(found: Facts, connection: Connection) -> Expected:
        judged = judge(found, connection)
        message = connection.certificate_message("server")
        if judged is None or message is None:
            return q11(found, connection) if message is None else NOT_CAPTURED
        known = value(judged)
        return unknown if known is None else shown(message, known)

    return answer


def explained(found: Facts, connection: Connection) -> Expected:
    known = verdict(lambda judged: True)(found, connection)
    return {"status": "explained"} if known["status"] == "found" else known


chain = verdict(lambda judged: judged.chain)
signatures = verdict(lambda judged: judged.signatures, NOT_CAPTURED)
host = verdict(lambda judged: judged.host)
dates = verdict(lambda judged: judged.dates)
issuers = verdict(lambda judged: judged.issuers)
revocation = verdict(lambda judged: judged.stapled)
accepted = verdict(lambda judged: judged.accepted)
