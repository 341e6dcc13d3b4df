"""The certificates table: every certificate that either side of the session sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import pandas as pd
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from report.tables.dissection import TreeField
from report.tables.messages import Message


@dataclass(frozen=True, slots=True, eq=False)
class SentCertificate:
    """One certificate of a Certificate message, with its place in the dissection."""

    field: TreeField
    der: bytes
    subject_name: str
    issuer_name: str
    signature_algorithm: str
    modulus: bytes | None
    point: bytes | None
    key_bits: int
    key_name: str
    ca_hosts: tuple[str, ...]

    def part(self, name: str) -> TreeField:
        """A field of the certificate's own tree; the certificate's line if it has none."""
        return self.field.first(name) or self.field


def sent_certificates(message: Message) -> tuple[SentCertificate, ...]:
    """The certificates of a Certificate message, in the order they were sent."""
    return tuple(_read(f) for f in message.all("tls.handshake.certificate") if f.octets)


def _name(name: x509.Name) -> str:
    for oid in (x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME):
        for a in name.get_attributes_for_oid(oid):
            return str(a.value)
    return name.rfc4514_string()


def _read(field: TreeField) -> SentCertificate:
    der = field.octets or b""
    c = x509.load_der_x509_certificate(der)
    k = c.public_key()
    modulus = point = None
    bits = getattr(k, "key_size", 0)
    if isinstance(k, rsa.RSAPublicKey):
        n = k.public_numbers().n
        modulus = n.to_bytes(n.bit_length() // 8 + 1, "big")
        name = "RSA"
    elif isinstance(k, ec.EllipticCurvePublicKey):
        point = k.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        name = "EC"
    else:
        name = type(k).__name__
        if isinstance(k, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            point = k.public_bytes_raw()
    hosts = []
    for e in c.extensions:
        v = e.value
        if isinstance(v, x509.AuthorityInformationAccess):
            hosts += [urlsplit(d.access_location.value).hostname for d in v]
        if isinstance(v, x509.CRLDistributionPoints):
            hosts += [urlsplit(u.value).hostname for p in v for u in p.full_name or ()]
    alg = {"1.2.840.113549.1.1.11": "sha256WithRSAEncryption"}.get(
        c.signature_algorithm_oid.dotted_string, c.signature_algorithm_oid._name
    )
    return SentCertificate(
        field,
        der,
        _name(c.subject),
        _name(c.issuer),
        alg,
        modulus,
        point,
        bits,
        name,
        tuple(h for h in hosts if h),
    )


def certificates_table(messages: Iterable[Message]) -> pd.DataFrame:
    rows = [
        {"frame": m.frame, "from_client": m.from_client, "subject": c.subject_name}
        for m in messages
        if m.protocol == "handshake" and m.type == 11
        for c in sent_certificates(m)
    ]
    return pd.DataFrame(rows, columns=["frame", "from_client", "subject"])
