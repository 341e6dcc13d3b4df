"""A small certificate authority of the tests' own."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
"""The moment that the tests' captures were made at."""
DAY = timedelta(days=1)


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """An RSA key; the same for the same name within a test run."""
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    """A P-256 key; the same for the same name within a test run."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def ed25519_key(name: str) -> ed25519.Ed25519PrivateKey:
    """An Ed25519 key; the same for the same name within a test run."""
    return ed25519.Ed25519PrivateKey.generate()


@dataclass(frozen=True)
class Wanted:
    """What a certificate shall say; change single points with `replace`."""

    subject: str
    key: CertificateIssuerPrivateKeyTypes
    names: Sequence[str] = ()
    ips: Sequence[str] = ()
    ca: bool = False
    path_length: int | None = None
    not_before: datetime = NOW - 30 * DAY
    not_after: datetime = NOW + 60 * DAY
    key_usage: bool = True
    ekus: Sequence[x509.ObjectIdentifier] = ()
    basic_constraints: bool = True
    permitted: Sequence[str] = ()
    serial: int = 0
    organization: str = ""
    extra: Sequence[x509.ExtensionType] = ()


@dataclass(frozen=True)
class Issued:
    """A certificate with the key that belongs to it."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes

    @property
    def der(self) -> bytes:
        """The certificate as it travels in a Certificate message."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate for openssl."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key for openssl."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def issue(wanted: Wanted, issuer: Issued | None = None) -> Issued:
    """Sign a certificate; without an issuer it signs itself."""
    signer = issuer.key if issuer else wanted.key
    subject = _name(wanted.subject, wanted.organization)
    issuer_name = issuer.certificate.subject if issuer else subject
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(wanted.key.public_key())
        .serial_number(wanted.serial or x509.random_serial_number())
        .not_valid_before(wanted.not_before)
        .not_valid_after(wanted.not_after)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(wanted.key.public_key()), critical=False
        )
    )
    if issuer:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    for extension, critical in _extensions(wanted):
        builder = builder.add_extension(extension, critical=critical)
    algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Issued(builder.sign(signer, algorithm), wanted.key)


def _extensions(wanted: Wanted) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = []
    if wanted.basic_constraints:
        constraints = x509.BasicConstraints(wanted.ca, wanted.path_length)
        found.append((constraints, True))
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in wanted.names]
    names += [x509.IPAddress(ip_address(ip)) for ip in wanted.ips]
    if names:
        found.append((x509.SubjectAlternativeName(names), False))
    if wanted.key_usage:
        found.append((_key_usage(wanted.ca), True))
    if wanted.ekus:
        found.append((x509.ExtendedKeyUsage(wanted.ekus), False))
    if wanted.permitted:
        trees = [x509.DNSName(name) for name in wanted.permitted]
        found.append((x509.NameConstraints(trees, None), True))
    found += [(extension, False) for extension in wanted.extra]
    return found


def _key_usage(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=not ca,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str, organization: str) -> x509.Name:
    parts = ((NameOID.ORGANIZATION_NAME, organization), (NameOID.COMMON_NAME, common_name))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


ROOT = Wanted("Test Root CA", rsa_key("root"), ca=True, not_after=NOW + 3650 * DAY)
INTERMEDIATE = Wanted("Test Issuing CA", rsa_key("intermediate"), ca=True, path_length=0)
LEAF = Wanted(
    "www.example.test",
    rsa_key("leaf"),
    names=("www.example.test", "example.test"),
    ekus=(ExtendedKeyUsageOID.SERVER_AUTH,),
)


@dataclass(frozen=True)
class Chain:
    """Root, intermediate and leaf."""

    root: Issued
    intermediate: Issued
    leaf: Issued

    @property
    def sent(self) -> tuple[bytes, ...]:
        """What a server sends: leaf and intermediate."""
        return (self.leaf.der, self.intermediate.der)


def chain(leaf: Wanted = LEAF, intermediate: Wanted = INTERMEDIATE, root: Wanted = ROOT) -> Chain:
    """A chain of three; `replace(LEAF, …)` changes one point of it."""
    top = issue(root)
    middle = issue(intermediate, top)
    return Chain(top, middle, issue(leaf, middle))


@dataclass(frozen=True)
class Stapled:
    """What an OCSP answer shall say; without a responder the issuer signs it."""

    about: Issued
    issuer: Issued
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD
    this_update: datetime = NOW - DAY
    next_update: datetime | None = NOW + 6 * DAY
    responder: Issued | None = None
    with_certificate: bool = True
    hash: hashes.HashAlgorithm = field(default_factory=hashes.SHA1)


def ocsp_answer(wanted: Stapled) -> bytes:
    """An OCSP answer in DER."""
    revoked = wanted.status is ocsp.OCSPCertStatus.REVOKED
    signer = wanted.responder or wanted.issuer
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=wanted.about.certificate,
            issuer=wanted.issuer.certificate,
            algorithm=wanted.hash,
            cert_status=wanted.status,
            this_update=wanted.this_update,
            next_update=wanted.next_update,
            revocation_time=NOW - 10 * DAY if revoked else None,
            revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
    )
    if wanted.responder and wanted.with_certificate:
        builder = builder.certificates([wanted.responder.certificate])
    algorithm = None if isinstance(signer.key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    answer = builder.sign(signer.key, algorithm)
    return answer.public_bytes(serialization.Encoding.DER)


__all__ = [
    "DAY",
    "INTERMEDIATE",
    "LEAF",
    "NOW",
    "ROOT",
    "Chain",
    "Issued",
    "Stapled",
    "Wanted",
    "chain",
    "ec_key",
    "ed25519_key",
    "issue",
    "ocsp_answer",
    "replace",
    "rsa_key",
]
