"""Whom to visit: the address as the user wrote it, and where its host is."""

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from report.errors import LabsharkError
from report.naming import folder_name

_HTTPS_PORT = 443
_MOST_ADDRESSES = 16
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")
_WRITTEN_AS_IS = "/%:@!$&'()*+,;=?~-._[]"
_UNWRITABLE = re.compile(r"[\x00-\x20\x7f-\x9f\\]")


@dataclass(frozen=True, slots=True)
class Target:
    """An https address, taken apart."""

    url: str
    """Without fragment, the host in ASCII: what is handed to curl or a browser."""
    host: str
    """A name in lower case and ASCII (RFC 5890's A-labels), or an address without brackets."""
    port: int

    @property
    def is_address(self) -> bool:
        """Whether the host is written as an IP address, so that no name is looked up or sent."""
        return _is_address(self.host)

    @property
    def file_name(self) -> str:
        """A name for the capture, without folder or ending."""
        return folder_name(self.host.rstrip(".").replace(":", "-"))


def parse_target(text: str) -> Target:
    """The target that `text`, an https URL, names.

    Raises LabsharkError `url-not-https`, or `url-invalid` for what no client should be given:
    control characters, a user name or password, a host that is none.
    """
    stripped = text.strip()
    if not stripped.lower().startswith("https://"):
        raise LabsharkError("url-not-https", url=text)
    if _UNWRITABLE.search(stripped):
        raise _invalid(text, "control character, space or backslash")
    try:
        parts = urlsplit(stripped)
        port = parts.port or _HTTPS_PORT
        host = _ascii_host(parts.hostname or "")
    except ValueError as fault:
        raise _invalid(text, str(fault)) from fault
    if parts.username is not None or parts.password is not None:
        raise _invalid(text, "user name or password")
    return Target(_rebuilt(parts, host, port), host, port)


def _ascii_host(host: str) -> str:
    if _is_address(host):
        return str(ipaddress.ip_address(host))
    name = host if host.isascii() else host.encode("idna").decode("ascii")
    if not _NAME.fullmatch(name.lower()) or len(name) > 253:
        raise ValueError("no host name that could be looked up")
    return name.lower()


def _is_address(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return getattr(address, "scope_id", None) is None


def _rebuilt(parts: SplitResult, host: str, port: int) -> str:
    bracketed = f"[{host}]" if ":" in host else host
    place = bracketed if port == _HTTPS_PORT else f"{bracketed}:{port}"
    path = quote(parts.path or "/", safe=_WRITTEN_AS_IS)
    query = f"?{quote(parts.query, safe=_WRITTEN_AS_IS)}" if parts.query else ""
    return f"https://{place}{path}{query}"


def _invalid(text: str, detail: str) -> LabsharkError:
    return LabsharkError("url-invalid", url=text, detail=detail)


def addresses_of(target: Target) -> tuple[str, ...]:
    """The host's addresses in the order this system prefers them (RFC 6724), at most 16.

    Raises LabsharkError `host-unknown`.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as fault:
        raise LabsharkError("host-unknown", host=target.host) from fault
    plain = (str(entry[4][0]).split("%")[0] for entry in found)
    return tuple(dict.fromkeys(plain))[:_MOST_ADDRESSES]


def capture_filter(target: Target, addresses: tuple[str, ...]) -> str:
    """What is recorded (in libpcap's language, pcap-filter(7)).

    The connections to the host's port. Besides, this machine's name lookups (port 53) and plain
    HTTP (TCP port 80): a lab asks whether the client spoke to a certificate authority, and a
    client does that by looking up the authority's name and then by plain HTTP (RFC 6960, A.1;
    RFC 5280, 4.2.1.13). Nothing else of what this machine sends gets into the file.
    """
    hosts = " or ".join(f"host {address}" for address in addresses)
    return f"(({hosts}) and port {target.port}) or port 53 or tcp port 80"
