"""Names of TLS numbers, as IANA registers them: one CSV file per registry, read on demand."""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

_DATA = Path(__file__).with_name("data")
_RESERVED = "_RESERVED"

# RFC 8701: both bytes alike, low nibble A.
_GREASE = frozenset((high << 4 | 0x0A) * 0x0101 for high in range(16))
# RFC 8701 section 2: the one-byte values of psk_key_exchange_modes.
_GREASE_PSK_MODES = frozenset(0x0B + 0x1F * step for step in range(8))

_VERSIONS = {
    0x0002: "SSL 2.0",
    0x0300: "SSL 3.0",
    0x0301: "TLS 1.0",
    0x0302: "TLS 1.1",
    0x0303: "TLS 1.2",
    0x0304: "TLS 1.3",
    0xFEFF: "DTLS 1.0",
    0xFEFD: "DTLS 1.2",
    0xFEFC: "DTLS 1.3",
    0x0100: "DTLS 1.0 (OpenSSL before 0.9.8f)",
    0x0101: "TLCP 1.1",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a registry; columns that a registry lacks are empty."""

    value: int
    name: str
    """As registered, without the mark `_RESERVED` that IANA puts on what TLS 1.3 dropped."""
    shown: str = ""
    """Wireshark's words for it; the name where Wireshark shows the name."""
    recommended: str = ""
    """`Y` yes, `N` no statement, `D` discouraged (RFC 9847); empty where there is no column."""
    reference: str = ""
    former: str = ""
    """The name before a renaming, which Wireshark and older texts still use."""
    dtls_ok: str = ""
    tls13: str = ""
    """For extensions: the TLS 1.3 messages that may carry it (`CH, EE`; `-` for none)."""
    registered: bool = True
    """False for numbers that are seen in captures and were never registered."""


@dataclass(frozen=True, slots=True)
class Registry:
    """One registry: its rows by number and by name, the day it stands for, where it came from."""

    by_value: dict[int, Entry]
    by_name: dict[str, Entry]
    date: date
    source: str


@cache
def registry(name: str) -> Registry:
    """The registry kept in `data/{name}.csv`; read once, at the first call.

    Raises `FileNotFoundError` for a name without a file.
    """
    text = (_DATA / f"{name}.csv").read_text(encoding="utf-8")
    lines = text.splitlines()
    head = [line[1:].strip() for line in lines if line.startswith("#")]
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    entries = [_entry(row) for row in rows]
    if name == "cipher_suites":
        entries += _unregistered(registry("cipher_suites_unregistered"))
    return Registry(
        by_value={entry.value: entry for entry in entries},
        by_name=_names(entries),
        date=date.fromisoformat(_noted(head, "date")),
        source=_noted(head, "source"),
    )


def _entry(row: dict[str, str]) -> Entry:
    name = row["name"].removesuffix(_RESERVED)
    recommended = row.get("recommended", "")
    return Entry(
        value=int(row["value"], 0),
        name=name,
        shown=row.get("shown") or name,
        recommended=recommended,
        reference=row.get("reference", ""),
        former=row.get("former", ""),
        dtls_ok=row.get("dtls_ok", ""),
        tls13=row.get("tls13", ""),
        registered="recommended" not in row or bool(recommended),
    )


def _unregistered(suites: Registry) -> list[Entry]:
    return [
        Entry(entry.value, entry.name, entry.name, "", entry.reference, registered=False)
        for entry in suites.by_value.values()
    ]


def _names(entries: list[Entry]) -> dict[str, Entry]:
    former = {entry.former: entry for entry in entries if entry.former}
    return former | {entry.name: entry for entry in entries}


def _noted(head: list[str], key: str) -> str:
    mark = f"{key}: "
    return " ".join(line.removeprefix(mark) for line in head if line.startswith(mark))


def is_grease(value: int) -> bool:
    """Whether a suite, extension, group, scheme or version is a GREASE value (RFC 8701)."""
    return value in _GREASE


def is_grease_psk_mode(value: int) -> bool:
    """Whether a one-byte PSK key exchange mode is a GREASE value (RFC 8701 section 2)."""
    return value in _GREASE_PSK_MODES


def cipher_suite_name(value: int) -> str:
    """`0xC02F` to `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`; also the three-byte kinds of SSL 2.0.

    In an SSL 2.0 format hello a suite of SSL 3.0 or TLS is its number with a zero byte before it.
    """
    if value > 0xFFFF:
        return _name("ssl2_cipher_specs", value, 6)
    return _name("cipher_suites", value, 4)


def suite_code(name: str) -> int:
    """The number of a cipher suite by its registered name. Raises `KeyError` if unknown."""
    return registry("cipher_suites").by_name[name].value


def extension_name(value: int) -> str:
    """`0` to `server_name`."""
    return _name("extensions", value, 4)


def group_name(value: int) -> str:
    """`29` to `x25519`; supported groups, once called named curves."""
    return _name("supported_groups", value, 4)


def signature_scheme_name(value: int) -> str:
    """`0x0804` to `rsa_pss_rsae_sha256`; a pair of TLS 1.2 without a scheme to `rsa_sha224`.

    RFC 5246 section 7.4.1.4.1: the first byte is the hash, the second the signature algorithm.
    """
    scheme = registry("signature_schemes").by_value.get(value)
    if scheme:
        return scheme.name
    hash_row = registry("hash_algorithms").by_value.get(value >> 8)
    signature_row = registry("signature_algorithms").by_value.get(value & 0xFF)
    if hash_row and signature_row:
        return f"{signature_row.name}_{hash_row.name}"
    return _unknown(value, 4)


def alert_name(value: int) -> str:
    """`0` to `close_notify`."""
    return _name("alerts", value, 2)


def handshake_name(value: int) -> str:
    """`2` to `server_hello`."""
    return _name("handshake_types", value, 2)


def content_type_name(value: int) -> str:
    """`22` to `handshake`."""
    return _name("content_types", value, 2)


def shown_name(name: str, value: int) -> str:
    """Wireshark's words for a number of registry `name`: `handshake_types`, 2 to `Server Hello`."""
    entry = registry(name).by_value.get(value)
    return entry.shown if entry else _unknown(value, 2)


def version_name(value: int) -> str:
    """`0x0303` to `TLS 1.2`; SSL, DTLS and the drafts of TLS 1.3 (`0x7F17`) too."""
    if value in _VERSIONS:
        return _VERSIONS[value]
    if value >> 8 == 0x7F:
        return f"TLS 1.3 (draft {value & 0xFF})"
    return _unknown(value, 4)


def _name(name: str, value: int, digits: int) -> str:
    entry = registry(name).by_value.get(value)
    return entry.name if entry else _unknown(value, digits)


def _unknown(value: int, digits: int) -> str:
    kind = "GREASE" if digits == 4 and is_grease(value) else "Unknown"
    return f"{kind} (0x{value:0{digits}X})"
