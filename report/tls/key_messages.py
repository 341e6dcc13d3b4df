"""The handshake messages that exchange keys and prove who holds one, read from their bytes.

Every reader takes a message with its 4-byte header and raises `ValueError` if it is cut or
malformed. Lengths are bytes.
"""

from dataclasses import dataclass

from cryptography import x509

from report.tls.hello import Reader
from report.tls.registry import group_name, signature_scheme_name
from report.tls.suites import SSL_3_0, TLS_1_2, TLS_1_3, CipherSuite

_NAMED_CURVE = 3
_ECDHE, _DHE = ("ECDHE", "ECDH_anon", "ECDHE_PSK"), ("DHE", "DH_anon", "DHE_PSK")
_WITH_HINT = ("PSK", "RSA_PSK", "DHE_PSK", "ECDHE_PSK")
_UNSIGNED = ("anon", "PSK", "none")
_HEADER = 4


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature in a message; before TLS 1.2 its algorithm is not written down."""

    scheme: int | None
    length: int

    @property
    def name(self) -> str | None:
        """The algorithm's registered name, `rsa_pss_rsae_sha256`."""
        return None if self.scheme is None else signature_scheme_name(self.scheme)


@dataclass(frozen=True, slots=True)
class ServerKeyExchange:
    """RFC 5246 7.4.3, RFC 8422 5.4, RFC 4279 2 to 4: the server's side of the key exchange."""

    group: str | None
    """The curve's name, or `DH-2048` by the size of the prime."""
    public: bytes
    signature: Signature | None
    hint: bytes | None = None


@dataclass(frozen=True, slots=True)
class ClientKeyExchange:
    """RFC 5246 7.4.7, RFC 8422 5.7, RFC 4279: what the client contributes."""

    value: bytes
    """The encrypted premaster secret, or the client's public value; empty with a plain PSK."""
    encrypted: bool
    identity: bytes | None = None
    """Which shared key it uses."""


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """RFC 5246 7.4.4, RFC 8446 4.3.2: what kind of certificate the server would take."""

    types: tuple[int, ...]
    """TLS 1.2 and earlier."""
    schemes: tuple[int, ...]
    authorities: tuple[bytes, ...]
    """Distinguished names in DER."""


@dataclass(frozen=True, slots=True)
class SessionTicket:
    """RFC 5077 3.3, RFC 8446 4.6.1."""

    lifetime: int
    """Seconds; 0 in TLS 1.2 says nothing."""
    ticket: bytes


def server_key_exchange(
    message: bytes, suite: CipherSuite, version: int
) -> ServerKeyExchange | None:
    """None for key exchanges whose parameters are not read here (SRP, GOST and the like)."""
    reader = Reader(message[_HEADER:])
    method = suite.key_exchange
    hint = reader.vector(2) if method in _WITH_HINT else None
    if method in _ECDHE:
        group, public = _elliptic(reader)
    elif method in _DHE:
        group, public = _finite_field(reader)
    elif hint is not None:
        return ServerKeyExchange(None, b"", None, hint)
    else:
        return None
    unsigned = suite.authentication in _UNSIGNED
    signature = None if unsigned else _signature(reader, version)
    return ServerKeyExchange(group, public, signature, hint)


def _elliptic(reader: Reader) -> tuple[str, bytes]:
    if reader.number(1) != _NAMED_CURVE:
        raise ValueError("the curve is described, not named")
    return group_name(reader.number(2)), reader.vector(1)


def _finite_field(reader: Reader) -> tuple[str, bytes]:
    prime = reader.vector(2)
    reader.vector(2)  # generator
    return f"DH-{int.from_bytes(prime).bit_length()}", reader.vector(2)


def _signature(reader: Reader, version: int) -> Signature:
    scheme = reader.number(2) if version >= TLS_1_2 else None
    return Signature(scheme, len(reader.vector(2)))


def client_key_exchange(
    message: bytes, suite: CipherSuite, version: int
) -> ClientKeyExchange | None:
    """None for key exchanges that are not read here."""
    reader = Reader(message[_HEADER:])
    method = suite.key_exchange
    identity = reader.vector(2) if method in _WITH_HINT else None
    if method in ("RSA", "RSA_EXPORT", "RSA_PSK"):
        # SSL 3.0 writes the ciphertext without a length before it (RFC 6101 5.6.7.1).
        bare = version == SSL_3_0 and identity is None
        return ClientKeyExchange(message[_HEADER:] if bare else reader.vector(2), True, identity)
    if method in (*_ECDHE, "ECDH"):
        return ClientKeyExchange(reader.vector(1), False, identity)
    if method in (*_DHE, "DH"):
        return ClientKeyExchange(reader.vector(2), False, identity)
    return None if identity is None else ClientKeyExchange(b"", False, identity)


def certificate_request(message: bytes, version: int) -> CertificateRequest:
    """The request of any version; TLS 1.3 says everything in extensions."""
    reader = Reader(message[_HEADER:])
    if version >= TLS_1_3:
        return _tls13_request(reader)
    types = tuple(reader.vector(1))
    schemes = _numbers(reader.vector(2)) if version >= TLS_1_2 else ()
    return CertificateRequest(types, schemes, _names(reader.vector(2)))


def _tls13_request(reader: Reader) -> CertificateRequest:
    reader.vector(1)  # certificate_request_context
    schemes: tuple[int, ...] = ()
    authorities: tuple[bytes, ...] = ()
    extensions = Reader(reader.vector(2))
    while not extensions.at_end:
        kind, content = extensions.number(2), Reader(extensions.vector(2))
        if kind == 13:  # signature_algorithms
            schemes = _numbers(content.vector(2))
        elif kind == 47:  # certificate_authorities
            authorities = _names(content.vector(2))
    return CertificateRequest((), schemes, authorities)


def _names(data: bytes) -> tuple[bytes, ...]:
    reader, found = Reader(data), []
    while not reader.at_end:
        found.append(reader.vector(2))
    return tuple(found)


def _numbers(data: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(data[at : at + 2]) for at in range(0, len(data) - 1, 2))


def distinguished_name(der: bytes) -> str:
    """A distinguished name in DER as RFC 4514 writes it; its hex digits if it is none."""
    try:
        return x509.Name.from_bytes(der).rfc4514_string()
    except ValueError:
        return der.hex()


def certificate_verify(message: bytes, version: int) -> Signature:
    """RFC 5246 7.4.8, RFC 8446 4.4.3."""
    return _signature(Reader(message[_HEADER:]), version)


def session_ticket(message: bytes, version: int) -> SessionTicket:
    """RFC 5077 3.3; RFC 8446 4.6.1 puts an age and a nonce before the ticket."""
    reader = Reader(message[_HEADER:])
    lifetime = reader.number(4)
    if version >= TLS_1_3:
        reader.take(4)
        reader.vector(1)
    return SessionTicket(lifetime, reader.vector(2))
