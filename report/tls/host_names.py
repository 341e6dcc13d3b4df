"""Does a certificate name this host? RFC 9525, with nothing that it forbids."""

import ipaddress
from collections.abc import Iterable

from report.tls.certificates import Certificate

_LONGEST_NAME = 253


def names_host(certificate: Certificate, host: str) -> bool:
    """Whether a certificate's subject alternative names cover a host name or an IP address.

    RFC 9525 section 6: names are compared with dNSName entries and addresses with iPAddress
    entries; the common name of the subject counts for nothing.
    """
    address = ip_address(host)
    if address is not None:
        return address in certificate.ip_addresses
    return any(matches(pattern, host) for pattern in certificate.dns_names)


def ip_address(host: str) -> str | None:
    """The host in the canonical form of an IP address; None if it is a name. `[…]` is allowed."""
    bare = host.removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return None


def matches(pattern: str, host: str) -> bool:
    """Whether a dNSName entry covers a host name (RFC 9525 section 6.3).

    `*` stands for exactly one label, only as the whole leftmost label, and never for the only
    label before a top-level domain's dot.
    """
    wanted, labels = _labels(host), _labels(pattern)
    if not wanted or len(wanted) != len(labels):
        return False
    first, *rest = labels
    if rest != wanted[1:] or any("*" in label for label in rest):
        return False
    if first == "*":
        return len(rest) >= 2
    return "*" not in first and first == wanted[0]


def matched_names(certificate: Certificate, host: str) -> tuple[str, ...]:
    """The entries of the certificate that cover the host."""
    address = ip_address(host)
    if address is not None:
        return tuple(name for name in certificate.ip_addresses if name == address)
    return tuple(name for name in certificate.dns_names if matches(name, host))


def within(name: str, constraints: Iterable[str]) -> bool:
    """Whether a dNSName lies in one of the subtrees `dns:…` of a name constraint (RFC 5280)."""
    labels = _labels(name)
    for constraint in constraints:
        base = [part for part in _labels(constraint.removeprefix("dns:")) if part]
        if not base or labels[-len(base) :] == base:
            return True
    return False


def _labels(name: str) -> list[str]:
    """A name's labels in lower case, as A-labels; empty if it cannot be a host name."""
    bare = name.rstrip(".").lower()
    if not bare.isascii():
        try:
            bare = bare.encode("idna").decode("ascii")
        except UnicodeError:
            return []
    return bare.split(".") if bare and len(bare) <= _LONGEST_NAME else []
