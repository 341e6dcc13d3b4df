"""A stapled OCSP answer: read, and judged as of the time of the capture (RFC 6960)."""

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from report.tls.certificates import UNREADABLE
from report.tls.signatures import certificate_signed_by, signature_valid

_OCSP_STATUS_TYPE = 1


class Revocation(StrEnum):
    """What a responder says of a certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SingleAnswer:
    """What an OCSP answer says of one certificate. Times are UTC."""

    status: Revocation
    serial: int
    hash_name: str
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    this_update: datetime
    next_update: datetime | None
    """None: newer information is always available."""
    revoked_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class OcspAnswer:
    """An OCSP answer as plain data."""

    der: bytes = field(repr=False)
    response_status: str
    """`SUCCESSFUL`, or why there is no answer (`TRY_LATER`, `UNAUTHORIZED`, …)."""
    responder_name: str | None = None
    """The responder by its name (RFC 4514) …"""
    responder_key_hash: str | None = None
    """… or by the SHA-1 of its key, in hex digits."""
    produced_at: datetime | None = None
    answers: tuple[SingleAnswer, ...] = ()
    certificates: tuple[bytes, ...] = field(default=(), repr=False)
    """DER certificates that came with the answer, for a delegated responder."""


@dataclass(frozen=True, slots=True)
class UnreadableOcsp:
    """Bytes that no OCSP answer can be read from."""

    der: bytes = field(repr=False)
    reason: str


@dataclass(frozen=True, slots=True)
class OcspVerdict:
    """A stapled answer held against the certificate it came with, as of a time.

    None stands for "could not be checked", because what comes before it already failed.
    """

    answer: SingleAnswer | None
    """The part about this certificate; None if the answer is about others."""
    signed: bool | None
    """By the issuer, or by a responder that the issuer empowered."""
    delegated: bool
    """Signed by a responder's own certificate."""
    timely: bool | None
    """The time lies between this update and next update."""

    @property
    def usable(self) -> bool:
        """Whether the answer counts: about this certificate, signed, and timely."""
        return self.answer is not None and self.signed is True and self.timely is True

    @property
    def status(self) -> Revocation | None:
        """What a usable answer says; None if it does not count."""
        return self.answer.status if self.usable and self.answer else None


def stapled_answer(certificate_status: bytes) -> bytes | None:
    """The OCSP answer in a CertificateStatus (RFC 6066 section 8), without a handshake header.

    The same structure is in the `status_request` extension of a TLS 1.3 Certificate entry. None
    if it is of another type, cut, or empty.
    """
    if len(certificate_status) < 4 or certificate_status[0] != _OCSP_STATUS_TYPE:
        return None
    length = int.from_bytes(certificate_status[1:4])
    answer = certificate_status[4 : 4 + length]
    return answer if answer and len(answer) == length else None


def read_ocsp(der: bytes) -> OcspAnswer | UnreadableOcsp:
    """Read an OCSP answer from DER; never raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return _read(der)
    except UNREADABLE as fault:
        return UnreadableOcsp(der, f"{type(fault).__name__}: {fault}")


def _read(der: bytes) -> OcspAnswer:
    loaded = ocsp.load_der_ocsp_response(der)
    status = loaded.response_status
    if status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return OcspAnswer(der, status.name)
    key_hash, name = loaded.responder_key_hash, loaded.responder_name
    return OcspAnswer(
        der=der,
        response_status=status.name,
        responder_name=name.rfc4514_string() if name else None,
        responder_key_hash=key_hash.hex() if key_hash else None,
        produced_at=loaded.produced_at_utc,
        answers=tuple(_single(answer) for answer in loaded.responses),
        certificates=tuple(
            certificate.public_bytes(serialization.Encoding.DER)
            for certificate in loaded.certificates
        ),
    )


def _single(answer: ocsp.OCSPSingleResponse) -> SingleAnswer:
    reason = answer.revocation_reason
    return SingleAnswer(
        status=Revocation(answer.certificate_status.name.lower()),
        serial=answer.serial_number,
        hash_name=answer.hash_algorithm.name,
        issuer_name_hash=answer.issuer_name_hash,
        issuer_key_hash=answer.issuer_key_hash,
        this_update=answer.this_update_utc,
        next_update=answer.next_update_utc,
        revoked_at=answer.revocation_time_utc,
        reason=reason.value if reason else None,
    )


def judge_ocsp(
    answer: OcspAnswer, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
) -> OcspVerdict:
    """Hold an answer against the certificate, its issuer and a time (UTC, aware)."""
    about = next((a for a in answer.answers if _is_about(a, certificate, issuer)), None)
    signed, delegated = _signed(answer, issuer, at)
    timely = None if about is None else _timely(about, at)
    return OcspVerdict(about, signed, delegated, timely)


def _is_about(
    answer: SingleAnswer, certificate: x509.Certificate, issuer: x509.Certificate
) -> bool:
    """RFC 6960 section 4.1.1: serial number, and hashes of the issuer's name and key."""
    if answer.serial != certificate.serial_number:
        return False
    try:
        name_hash = hashlib.new(answer.hash_name, issuer.subject.public_bytes()).digest()
        key_hash = hashlib.new(answer.hash_name, _key_bits(issuer)).digest()
    except UNREADABLE:
        return False
    return (name_hash, key_hash) == (answer.issuer_name_hash, answer.issuer_key_hash)


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The content of the BIT STRING that holds the public key, without its count of unused bits."""
    spki = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    inside = _content(spki, 0)[0]
    algorithm_end = _content(spki, inside)[1]
    start, end = _content(spki, algorithm_end)
    return spki[start + 1 : end]


def _content(der: bytes, at: int) -> tuple[int, int]:
    """Start and end of the content of the DER element at `at`."""
    length, start = der[at + 1], at + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[at + 2 : start])
    return start, start + length


def _timely(answer: SingleAnswer, at: datetime) -> bool:
    return answer.this_update <= at and (answer.next_update is None or at <= answer.next_update)


def _signed(answer: OcspAnswer, issuer: x509.Certificate, at: datetime) -> tuple[bool | None, bool]:
    """Whether the issuer, or a responder it empowered, signed; and whether it was a responder."""
    try:
        loaded = ocsp.load_der_ocsp_response(answer.der)
        if _made_by(loaded, issuer):
            return True, False
        responders = [x509.load_der_x509_certificate(der) for der in answer.certificates]
        return _signed_by_responder(loaded, responders, issuer, at), True
    except UNREADABLE:
        return None, False


def _signed_by_responder(
    loaded: ocsp.OCSPResponse,
    responders: Sequence[x509.Certificate],
    issuer: x509.Certificate,
    at: datetime,
) -> bool:
    return any(
        _empowered(responder, issuer, at) and _made_by(loaded, responder)
        for responder in responders
    )


def _empowered(responder: x509.Certificate, issuer: x509.Certificate, at: datetime) -> bool:
    """RFC 6960 section 4.2.2.2: issued by the CA itself, for OCSPSigning, and valid now."""
    if responder.issuer != issuer.subject or not certificate_signed_by(responder, issuer):
        return False
    if not responder.not_valid_before_utc <= at <= responder.not_valid_after_utc:
        return False
    try:
        purposes = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in purposes


def _made_by(loaded: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    return (
        signature_valid(
            signer.public_key(),
            loaded.signature,
            loaded.tbs_response_bytes,
            loaded.signature_hash_algorithm,
        )
        is True
    )
