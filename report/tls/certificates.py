"""X.509 certificates read from DER as plain data; hostile bytes give an unreadable one."""

import ipaddress
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from report.tls.signatures import certificate_signed_by

# What `cryptography` raises for malformed input, lazily: at the first look at a field.
UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,  # cryptography 47 and 48: a string type that ASN.1 does not have
    OverflowError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)

_T = TypeVar("_T")
_E = TypeVar("_E", bound=x509.ExtensionType)

# Names as Wireshark prints them; those it prints as numbers have the name of their RFC.
_SIGNATURE_ALGORITHMS = {
    "1.2.840.113549.1.1.2": "md2WithRSAEncryption",
    "1.2.840.113549.1.1.3": "md4WithRSAEncryption",
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.10": "id-RSASSA-PSS",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.113549.1.1.14": "sha224WithRSAEncryption",
    "1.3.14.3.2.29": "sha-1WithRSAEncryption",
    "1.2.840.10040.4.3": "id-dsa-with-sha1",
    "2.16.840.1.101.3.4.3.1": "id-dsa-with-sha224",
    "2.16.840.1.101.3.4.3.2": "id-dsa-with-sha256",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "1.2.840.10045.4.3.1": "ecdsa-with-SHA224",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "2.16.840.1.101.3.4.3.14": "id-rsassa-pkcs1-v1_5-with-sha3-256",
    "2.16.840.1.101.3.4.3.15": "id-rsassa-pkcs1-v1_5-with-sha3-384",
    "2.16.840.1.101.3.4.3.16": "id-rsassa-pkcs1-v1_5-with-sha3-512",
    "1.3.101.112": "id-Ed25519",  # RFC 8410
    "1.3.101.113": "id-Ed448",
    "2.16.840.1.101.3.4.3.17": "id-ml-dsa-44",  # RFC 9881
    "2.16.840.1.101.3.4.3.18": "id-ml-dsa-65",
    "2.16.840.1.101.3.4.3.19": "id-ml-dsa-87",
    "1.2.156.10197.1.501": "sm2-with-sm3",  # GB/T 32918
}
_KEY_TYPES = {
    "1.2.840.113549.1.1.1": "RSA",
    "1.2.840.113549.1.1.10": "RSA",
    "1.2.840.10045.2.1": "EC",
    "1.2.840.10040.4.1": "DSA",
    "1.2.840.10046.2.1": "DH",
    "1.3.101.110": "X25519",
    "1.3.101.111": "X448",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
    "2.16.840.1.101.3.4.3.17": "ML-DSA-44",
    "2.16.840.1.101.3.4.3.18": "ML-DSA-65",
    "2.16.840.1.101.3.4.3.19": "ML-DSA-87",
}
_KEY_PURPOSES = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    "2.5.29.37.0": "anyExtendedKeyUsage",
    "2.16.840.1.113730.4.1": "nsSGC",
    "1.3.6.1.4.1.311.10.3.3": "msSGC",
}
# RFC 5280 4.2.1.3, in the order of the bits.
_KEY_USAGES = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
    "encipher_only": "encipherOnly",
    "decipher_only": "decipherOnly",
}


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """A subject or issuer; strings exactly as certified, so pass them through `text.visible`."""

    rfc4514: str
    common_name: str | None
    """The last CN, which is the most specific one."""
    organization: str | None

    @property
    def display(self) -> str:
        """The CN, else the O, else the whole name; empty for an empty name."""
        return self.common_name or self.organization or self.rfc4514


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The certified key; numbers as hex digits, lengths in bits."""

    type: str
    """`RSA`, `EC`, `Ed25519`, `DSA`, ...; the OID in digits if unknown."""
    bits: int | None = None
    curve: str | None = None
    """Such as `secp256r1`."""
    modulus: str | None = None
    """RSA: the content of the DER INTEGER, its leading `00` kept."""
    exponent: int | None = None
    point: str | None = None
    """EC: the point as certified (`04…`, or `02…`/`03…` if compressed); EdDSA: the key's bytes."""

    @property
    def first_digits(self) -> str:
        """Hex digits of modulus or point."""
        return self.modulus or self.point or ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate as plain data. Times are UTC. Lists are empty where there is no extension."""

    der: bytes = field(repr=False)
    version: int
    """1 or 3; extensions exist in version 3 only."""
    subject: DistinguishedName
    issuer: DistinguishedName
    serial: str
    """Hex digits, two per byte, with the leading `00` of a positive number if it has one."""
    not_before: datetime
    not_after: datetime
    key: PublicKey
    signature_algorithm: str
    """As Wireshark prints it: `sha256WithRSAEncryption`, `ecdsa-with-SHA256`."""
    signature_hash: str | None
    """Such as `sha256`; None where the algorithm names none (Ed25519) or it is unknown."""
    dns_names: tuple[str, ...]
    ip_addresses: tuple[str, ...]
    other_names: tuple[str, ...]
    """SAN entries that are neither host names nor addresses, as `type:value`."""
    key_usage: tuple[str, ...] | None
    """None without the extension, which allows everything."""
    extended_key_usage: tuple[str, ...] | None
    ca: bool | None
    """Basic constraints' cA; None without the extension."""
    path_length: int | None
    permitted_names: tuple[str, ...]
    """Name constraints (RFC 5280 4.2.1.10) as `dns:…` and `ip:…`; other kinds by their type."""
    excluded_names: tuple[str, ...]
    ocsp_urls: tuple[str, ...]
    ca_issuer_urls: tuple[str, ...]
    crl_urls: tuple[str, ...]
    sct_count: int
    must_staple: bool
    """TLS feature status_request (RFC 7633): the server has to staple an OCSP answer."""
    subject_key_id: str | None
    authority_key_id: str | None
    unknown_critical: tuple[str, ...]
    """OIDs of critical extensions that nothing here understands."""
    sha256: str
    sha1: str
    self_signed: bool
    """Subject and issuer are the same, and its own key made its signature."""
    faults: tuple[str, ...]
    """Extensions that cannot be read."""

    @property
    def self_issued(self) -> bool:
        """Subject and issuer are the same name."""
        return self.subject == self.issuer

    @property
    def display_name(self) -> str:
        """Whom it is for: the CN, else the O, else the first name of the SAN."""
        subject = self.subject
        names = (*self.dns_names, *self.ip_addresses, *self.other_names)
        known = subject.common_name or subject.organization
        return known or (names[0] if names else subject.rfc4514)


@dataclass(frozen=True, slots=True)
class UnreadableCertificate:
    """Bytes that no certificate can be read from."""

    der: bytes = field(repr=False)
    reason: str


def read_certificate(der: bytes) -> Certificate | UnreadableCertificate:
    """Read one certificate from DER; never raises."""
    try:
        with warnings.catch_warnings():
            # A serial number of zero and the like: a finding for the checks, not for stderr.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return _read(der)
    except UNREADABLE as fault:
        return UnreadableCertificate(der, f"{type(fault).__name__}: {fault}")


def _read(der: bytes) -> Certificate:
    loaded = x509.load_der_x509_certificate(der)
    found = _Extensions(loaded)
    constraints = found.get(x509.BasicConstraints, lambda value: (value.ca, value.path_length))
    alternatives = found.get(x509.SubjectAlternativeName, list) or []
    return Certificate(
        der=der,
        version=loaded.version.value + 1,
        subject=_name(loaded.subject),
        issuer=_name(loaded.issuer),
        serial=_der_integer(loaded.serial_number),
        not_before=loaded.not_valid_before_utc,
        not_after=loaded.not_valid_after_utc,
        key=_key(loaded),
        signature_algorithm=_signature_algorithm(loaded),
        signature_hash=_signature_hash(loaded),
        dns_names=tuple(name.value for name in alternatives if isinstance(name, x509.DNSName)),
        ip_addresses=_addresses(alternatives),
        other_names=_other_names(alternatives),
        key_usage=found.get(x509.KeyUsage, _key_usage),
        extended_key_usage=found.get(x509.ExtendedKeyUsage, _purposes),
        ca=constraints[0] if constraints else None,
        path_length=constraints[1] if constraints else None,
        permitted_names=found.get(
            x509.NameConstraints, lambda value: _constraints(value.permitted_subtrees)
        )
        or (),
        excluded_names=found.get(
            x509.NameConstraints, lambda value: _constraints(value.excluded_subtrees)
        )
        or (),
        ocsp_urls=found.access(AuthorityInformationAccessOID.OCSP),
        ca_issuer_urls=found.access(AuthorityInformationAccessOID.CA_ISSUERS),
        crl_urls=found.get(x509.CRLDistributionPoints, _crl_urls) or (),
        sct_count=found.get(x509.PrecertificateSignedCertificateTimestamps, _count) or 0,
        must_staple=bool(found.get(x509.TLSFeature, _must_staple)),
        subject_key_id=found.get(x509.SubjectKeyIdentifier, lambda value: value.digest.hex()),
        authority_key_id=found.get(x509.AuthorityKeyIdentifier, _authority_key_id),
        unknown_critical=found.unknown_critical(),
        sha256=loaded.fingerprint(hashes.SHA256()).hex(),
        sha1=loaded.fingerprint(hashes.SHA1()).hex(),
        self_signed=loaded.subject == loaded.issuer
        and certificate_signed_by(loaded, loaded) is True,
        faults=tuple(found.faults),
    )


class _Extensions:
    """A certificate's extensions; a broken one is noted and counts as missing."""

    def __init__(self, certificate: x509.Certificate) -> None:
        self.faults: list[str] = []
        try:
            self._all: Iterable[x509.Extension[x509.ExtensionType]] = certificate.extensions
        except UNREADABLE as fault:
            self._all = ()
            self.faults.append(f"{type(fault).__name__}: {fault}")

    def get(self, kind: type[_E], read: Callable[[_E], _T]) -> _T | None:
        for extension in self._all:
            if isinstance(extension.value, kind):
                try:
                    return read(extension.value)
                except UNREADABLE as fault:
                    self.faults.append(f"{kind.__name__}: {fault}")
        return None

    def access(self, method: x509.ObjectIdentifier) -> tuple[str, ...]:
        def urls(value: x509.AuthorityInformationAccess) -> tuple[str, ...]:
            places = [entry.access_location for entry in value if entry.access_method == method]
            return tuple(
                place.value for place in places if isinstance(place, x509.UniformResourceIdentifier)
            )

        return self.get(x509.AuthorityInformationAccess, urls) or ()

    def unknown_critical(self) -> tuple[str, ...]:
        return tuple(
            extension.oid.dotted_string
            for extension in self._all
            if extension.critical and isinstance(extension.value, x509.UnrecognizedExtension)
        )


def _name(name: x509.Name) -> DistinguishedName:
    return DistinguishedName(
        rfc4514=name.rfc4514_string(),
        common_name=_last(name, NameOID.COMMON_NAME),
        organization=_last(name, NameOID.ORGANIZATION_NAME),
    )


def _last(name: x509.Name, oid: x509.ObjectIdentifier) -> str | None:
    values = [attribute.value for attribute in name.get_attributes_for_oid(oid)]
    texts = [value for value in values if isinstance(value, str)]
    return texts[-1] if texts else None


def _der_integer(number: int) -> str:
    """The content bytes of a DER INTEGER: two's complement, as short as can be."""
    return number.to_bytes(number.bit_length() // 8 + 1, signed=True).hex()


def _key(certificate: x509.Certificate) -> PublicKey:
    oid = certificate.public_key_algorithm_oid.dotted_string
    kind = _KEY_TYPES.get(oid, oid)
    try:
        key = certificate.public_key()
    except UNREADABLE:
        return PublicKey(kind)
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        modulus = _der_integer(numbers.n)
        return PublicKey(kind, key.key_size, modulus=modulus, exponent=numbers.e)
    if isinstance(key, ec.EllipticCurvePublicKey):
        der = certificate.public_bytes(serialization.Encoding.DER)
        return PublicKey(kind, key.key_size, curve=key.curve.name, point=_point(key, der))
    if isinstance(key, ed25519.Ed25519PublicKey):
        return PublicKey(kind, 256, point=key.public_bytes_raw().hex())
    if isinstance(key, ed448.Ed448PublicKey):
        return PublicKey(kind, 456, point=key.public_bytes_raw().hex())
    if isinstance(key, dsa.DSAPublicKey):
        return PublicKey(kind, key.key_size)
    return PublicKey(kind)


def _point(key: ec.EllipticCurvePublicKey, der: bytes) -> str:
    """The point in the form that the certificate has it in."""
    encoding = serialization.Encoding.X962
    whole = key.public_bytes(encoding, serialization.PublicFormat.UncompressedPoint)
    short = key.public_bytes(encoding, serialization.PublicFormat.CompressedPoint)
    return (whole if whole in der else short).hex()


def _signature_algorithm(certificate: x509.Certificate) -> str:
    oid = certificate.signature_algorithm_oid.dotted_string
    return _SIGNATURE_ALGORITHMS.get(oid, oid)


def _signature_hash(certificate: x509.Certificate) -> str | None:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UNREADABLE:
        return None
    return algorithm.name if algorithm else None


def _addresses(names: list[x509.GeneralName]) -> tuple[str, ...]:
    addresses = (ipaddress.IPv4Address, ipaddress.IPv6Address)
    return tuple(
        str(name.value)
        for name in names
        if isinstance(name, x509.IPAddress) and isinstance(name.value, addresses)
    )


def _other_names(names: list[x509.GeneralName]) -> tuple[str, ...]:
    found = []
    for name in names:
        if isinstance(name, x509.UniformResourceIdentifier):
            found.append(f"URI:{name.value}")
        elif isinstance(name, x509.RFC822Name):
            found.append(f"email:{name.value}")
        elif isinstance(name, x509.DirectoryName):
            found.append(f"directory:{name.value.rfc4514_string()}")
    return tuple(found)


def _constraints(names: Iterable[x509.GeneralName] | None) -> tuple[str, ...]:
    return tuple(_constraint(name) for name in names or ())


def _constraint(name: x509.GeneralName) -> str:
    if isinstance(name, x509.DNSName):
        return f"dns:{name.value}"
    if isinstance(name, x509.IPAddress):
        return f"ip:{name.value}"
    return type(name).__name__


def _key_usage(value: x509.KeyUsage) -> tuple[str, ...]:
    skipped = () if value.key_agreement else ("encipher_only", "decipher_only")
    return tuple(
        shown for bit, shown in _KEY_USAGES.items() if bit not in skipped and getattr(value, bit)
    )


def _purposes(value: x509.ExtendedKeyUsage) -> tuple[str, ...]:
    oids = [purpose.dotted_string for purpose in value]
    return tuple(_KEY_PURPOSES.get(oid, oid) for oid in oids)


def _crl_urls(value: x509.CRLDistributionPoints) -> tuple[str, ...]:
    names = [name for point in value for name in point.full_name or ()]
    return tuple(name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))


def _count(value: x509.PrecertificateSignedCertificateTimestamps) -> int:
    return len(value)


def _must_staple(value: x509.TLSFeature) -> bool:
    return x509.TLSFeatureType.status_request in value


def _authority_key_id(value: x509.AuthorityKeyIdentifier) -> str | None:
    return value.key_identifier.hex() if value.key_identifier else None
