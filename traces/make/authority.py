"""A certificate authority for the captures: chains of any length and key type.

Names and dates depend on the arguments alone; keys and serial numbers are new in each run, which
is why the captures are kept and not only their scripts. Everything is valid from 2026 to 2036.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

Key = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)

NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2036, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: Key

    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def new_key(kind: str) -> Key:
    """A private key: "rsa2048" (any size), "p256", "p384", "p521", "ed25519" or "ed448"."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[3:]))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "ed448":
        return ed448.Ed448PrivateKey.generate()
    curves: dict[str, ec.EllipticCurve] = {
        "p256": ec.SECP256R1(),
        "p384": ec.SECP384R1(),
        "p521": ec.SECP521R1(),
    }
    return ec.generate_private_key(curves[kind])


def issue(
    common_name: str,
    *,
    issuer: Issued | None = None,
    key: str = "rsa2048",
    hosts: Sequence[str] = (),
    organization: str = "Campus Example",
    country: str = "CN",
    authority: bool = False,
    client: bool = False,
    digest: str = "sha256",
    pss: bool = False,
    ocsp: str | None = None,
    ca_issuers: str | None = None,
    crl: str | None = None,
    not_before: datetime = NOT_BEFORE,
    not_after: datetime = NOT_AFTER,
) -> Issued:
    """Issue one certificate; without `issuer` it signs itself.

    `hosts` become subject alternative names; `ocsp`, `ca_issuers` and `crl` are URLs written into
    it; `digest` names the hash of an RSA or ECDSA signature by the issuer ("sha256", "sha384",
    "sha512", "sha1"), `pss` asks for RSASSA-PSS. With an empty `common_name` the whole subject
    stays empty, and the alternative names say who it is for (RFC 5280 section 4.1.2.6).
    """
    private = new_key(key)
    parts = (
        (NameOID.COUNTRY_NAME, country),
        (NameOID.ORGANIZATION_NAME, organization),
        (NameOID.COMMON_NAME, common_name),
    )
    subject = x509.Name([x509.NameAttribute(*part) for part in parts if common_name])
    signer = issuer.key if issuer else private
    public = private.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .add_extension(_key_usage(authority=authority), critical=True)
    )
    if not authority:
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=not common_name)
    builder = _with_addresses(builder, ocsp, ca_issuers, crl)
    edwards = isinstance(signer, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    algorithm = None if edwards else getattr(hashes, digest.upper())()
    scheme = None
    if pss and algorithm:
        scheme = padding.PSS(padding.MGF1(algorithm), padding.PSS.DIGEST_LENGTH)
    return Issued(builder.sign(signer, algorithm, rsa_padding=scheme), private)


def chain(
    common_name: str,
    length: int,
    *,
    key: str = "rsa2048",
    authority_key: str | None = None,
    hosts: Sequence[str] | None = None,
    authority_name: str = "Campus Example",
    digest: str = "sha256",
    ocsp: str | None = None,
    ca_issuers: str | None = None,
    crl: str | None = None,
    client: bool = False,
) -> list[Issued]:
    """A chain of `length` certificates, the server's first, the self-signed root last.

    Length 1 is a self-signed server certificate. Authorities are called "<authority_name> Root CA",
    "<authority_name> Server CA 1", …; `hosts` is the common name alone when not given.
    """
    names = list(hosts) if hosts is not None else [common_name]
    signer: Issued | None = None
    authorities: list[Issued] = []
    for number in range(length - 1):
        title = (
            f"{authority_name} Root CA" if number == 0 else f"{authority_name} Server CA {number}"
        )
        signer = issue(
            title, issuer=signer, key=authority_key or key, authority=True, digest=digest
        )
        authorities.insert(0, signer)
    leaf = issue(
        common_name,
        issuer=signer,
        key=key,
        hosts=names,
        digest=digest,
        ocsp=ocsp,
        ca_issuers=ca_issuers,
        crl=crl,
        client=client,
    )
    return [leaf, *authorities]


def write_server_files(
    folder: Path, stem: str, certificates: Sequence[Issued], send: int | None = None
) -> tuple[Path, Path]:
    """Write `<stem>.crt` (the first `send` certificates, all by default) and `<stem>.key`."""
    sent = certificates if send is None else certificates[:send]
    (folder / f"{stem}.crt").write_bytes(b"".join(item.certificate_pem() for item in sent))
    (folder / f"{stem}.key").write_bytes(certificates[0].key_pem())
    return folder / f"{stem}.crt", folder / f"{stem}.key"


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_encipherment=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _with_addresses(
    builder: x509.CertificateBuilder, ocsp: str | None, ca_issuers: str | None, crl: str | None
) -> x509.CertificateBuilder:
    access = [
        x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
        for method, url in (
            (AuthorityInformationAccessOID.OCSP, ocsp),
            (AuthorityInformationAccessOID.CA_ISSUERS, ca_issuers),
        )
        if url
    ]
    if access:
        builder = builder.add_extension(x509.AuthorityInformationAccess(access), critical=False)
    if crl:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    return builder
