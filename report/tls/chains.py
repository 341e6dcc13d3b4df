"""Paths from a server's certificate up to a root, out of what was sent and what is trusted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from report.tls.certificates import Certificate, read_certificate
from report.tls.trust import TrustStore

# A hostile server may send many certificates with the same names.
_LONGEST_PATH = 10
_MOST_PATHS = 50
_MOST_SENT = 30


@dataclass(frozen=True, slots=True)
class Link:
    """One certificate of a path."""

    certificate: Certificate
    loaded: x509.Certificate = field(repr=False)
    sent: int | None
    """Its place in the Certificate message, from 0; None if it comes from the trust store."""
    trusted: bool
    """It is in the trust store, or a root there has its name and key."""

    @property
    def name(self) -> str:
        """Whom it is for, as certified: pass it through `text.visible`."""
        return self.certificate.display_name


CertificationPath = tuple[Link, ...]


def sent_links(ders: Sequence[bytes], store: TrustStore) -> list[Link]:
    """The readable certificates of a Certificate message, in its order."""
    found = []
    for index, der in enumerate(ders[:_MOST_SENT]):
        certificate = read_certificate(der)
        if isinstance(certificate, Certificate):
            loaded = x509.load_der_x509_certificate(der)
            found.append(Link(certificate, loaded, index, store.holds(loaded)))
    return found


def paths(leaf: Link, sent: Sequence[Link], store: TrustStore) -> list[CertificationPath]:
    """Every path from the leaf: to a trusted certificate, or as far up as the names lead.

    Issuers are found by name only, so that a wrong signature is seen as what it is. Order does
    not matter, and superfluous certificates do no harm.
    """
    found = []
    for path in _extended((leaf,), sent, store):
        found.append(path)
        if len(found) >= _MOST_PATHS:
            break
    return found


def _extended(
    path: CertificationPath, sent: Sequence[Link], store: TrustStore
) -> Iterator[CertificationPath]:
    top = path[-1]
    issuers = [] if top.trusted or len(path) >= _LONGEST_PATH else _issuers(path, sent, store)
    if not issuers:
        yield path
    for issuer in issuers:
        yield from _extended((*path, issuer), sent, store)


def _issuers(path: CertificationPath, sent: Sequence[Link], store: TrustStore) -> list[Link]:
    top = path[-1]
    if top.certificate.self_issued:
        return []
    wanted = top.loaded.issuer
    used = {link.certificate.der for link in path}
    roots = [link for link in map(_root, store.named(wanted)) if link]
    others = [link for link in sent if link.loaded.subject == wanted]
    return [link for link in roots + others if link.certificate.der not in used]


def _root(root: x509.Certificate) -> Link | None:
    certificate = read_certificate(root.public_bytes(Encoding.DER))
    return Link(certificate, root, None, True) if isinstance(certificate, Certificate) else None
