"""What an extension of a hello says, in a few words that need no translation."""

from collections.abc import Callable

from report.tls.hello import Reader
from report.tls.registry import (
    extension_name,
    group_name,
    is_grease,
    registry,
    signature_scheme_name,
    version_name,
)

_MOST_LISTED = 6


def extension_content(kind: int, content: bytes, *, client: bool) -> str:
    """`www.example.com`, `x25519, secp256r1, …`; empty where there is nothing to say.

    `content` is the extension's data, `client` whether it stands in a Client Hello. What is
    malformed or unknown is described by its length alone. Names are as sent: pass the result
    through `text.visible`.
    """
    describe = _CLIENT.get(kind) if client else _SERVER.get(kind)
    if describe is None or not content:
        return ""
    try:
        return describe(content)
    except (ValueError, UnicodeDecodeError):
        return ""


def shown_extension(kind: int) -> str:
    """`server_name (0)`, `GREASE (0x1A1A)`; renamed ones by the name that Wireshark shows."""
    if is_grease(kind):
        return extension_name(kind)
    entry = registry("extensions").by_value.get(kind)
    if entry is None:
        return f"{extension_name(kind)} ({kind})"
    return f"{entry.former if kind in _SHOWN_AS_BEFORE else entry.name} ({kind})"


_SHOWN_AS_BEFORE = (23, 34)
"""Wireshark goes on with extended_master_secret and delegated_credentials."""


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_MOST_LISTED])
    more = len(names) - _MOST_LISTED
    return f"{shown}, … (+{more})" if more > 0 else shown


def _numbers(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 2]) for at in range(0, len(data) - 1, 2)]


def _server_names(content: bytes) -> str:
    reader, names = Reader(Reader(content).vector(2)), []
    while not reader.at_end:
        reader.number(1)
        names.append(reader.vector(2).decode("utf-8", "backslashreplace"))
    return _listed(names)


def _alpn(content: bytes) -> str:
    reader, names = Reader(Reader(content).vector(2)), []
    while not reader.at_end:
        names.append(reader.vector(1).decode("ascii", "backslashreplace"))
    return _listed(names)


def _named(name: Callable[[int], str], size: int) -> Callable[[bytes], str]:
    def describe(content: bytes) -> str:
        return _listed([name(number) for number in _numbers(Reader(content).vector(size))])

    return describe


def _one(name: Callable[[int], str]) -> Callable[[bytes], str]:
    return lambda content: name(Reader(content).number(2))


def _key_shares(content: bytes) -> str:
    reader, names = Reader(Reader(content).vector(2)), []
    while not reader.at_end:
        group = group_name(reader.number(2))
        names.append(f"{group} [{len(reader.vector(2))}]")
    return _listed(names)


def _key_share(content: bytes) -> str:
    reader = Reader(content)
    group = group_name(reader.number(2))
    return group if reader.at_end else f"{group} [{len(reader.vector(2))}]"


def _ticket(content: bytes) -> str:
    return f"[{len(content)}]"


_CLIENT: dict[int, Callable[[bytes], str]] = {
    0: _server_names,
    10: _named(group_name, 2),
    13: _named(signature_scheme_name, 2),
    16: _alpn,
    35: _ticket,
    43: _named(version_name, 1),
    50: _named(signature_scheme_name, 2),
    51: _key_shares,
}
_SERVER: dict[int, Callable[[bytes], str]] = {
    16: _alpn,
    41: lambda content: f"#{Reader(content).number(2)}",
    43: _one(version_name),
    51: _key_share,
}


def grease_count(kinds: list[int]) -> int:
    """How many of some numbers are GREASE values (RFC 8701)."""
    return sum(map(is_grease, kinds))
