"""Key logs in NSS format, as `SSLKEYLOGFILE` writes them (RFC 9850)."""

import re
from dataclasses import dataclass

# RFC 9850 section 2, and the older forms that Wireshark reads: RSA (eight bytes of the encrypted
# premaster secret) and PMS_CLIENT_RANDOM (a premaster secret by client random).
LABELS = frozenset(
    {
        "RSA",
        "CLIENT_RANDOM",
        "PMS_CLIENT_RANDOM",
        "CLIENT_EARLY_TRAFFIC_SECRET",
        "EARLY_EXPORTER_SECRET",
        "EARLY_EXPORTER_MASTER_SECRET",
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
        "EXPORTER_SECRET",
        "ECH_SECRET",
        "ECH_CONFIG",
    }
)
_LINE = re.compile(rb"^\s*([A-Z][A-Z0-9_]*)[ \t]+([0-9A-Fa-f]+)[ \t]+([0-9A-Fa-f]+)\s*$")
_LATER_SECRET = re.compile(r"^(CLIENT|SERVER)_TRAFFIC_SECRET_(?:\d+|N)$")
"""Of key updates, by number or, as OpenSSL writes them, all by N."""
_CLIENT_RANDOM_BYTES = 32
_LARGEST_SECRET = 256


@dataclass(frozen=True, slots=True)
class KeyLog:
    """Secrets by client random; `skipped` counts lines that are neither secret nor comment."""

    secrets: dict[bytes, dict[str, bytes]]
    """Client random (32 bytes) to label to secret; the last of equal lines counts."""
    rsa: dict[bytes, bytes]
    """First eight bytes of an RSA-encrypted premaster secret to that secret in clear."""
    skipped: int

    def for_session(self, client_random: bytes) -> dict[str, bytes]:
        """The secrets of one session by label; empty if the log has none."""
        return self.secrets.get(client_random, {})

    @property
    def empty(self) -> bool:
        """Whether there is no secret at all."""
        return not self.secrets and not self.rsa


def parse_keylog(data: bytes) -> KeyLog:
    """Read a key log; comments, blank lines, CR LF, a byte order mark and junk lines do no harm."""
    secrets: dict[bytes, dict[str, bytes]] = {}
    rsa: dict[bytes, bytes] = {}
    skipped = 0
    for line in data.removeprefix(b"\xef\xbb\xbf").splitlines():
        if not line.strip() or line.lstrip().startswith(b"#"):
            continue
        parsed = _parsed_line(line)
        if parsed is None:
            skipped += 1
        elif parsed[0] == "RSA":
            rsa[parsed[1]] = parsed[2]
        else:
            secrets.setdefault(parsed[1], {})[parsed[0]] = parsed[2]
    return KeyLog(secrets, rsa, skipped)


def looks_like_keylog(data: bytes) -> bool:
    """Whether at least one line is a secret in NSS format."""
    return not parse_keylog(data).empty


def _parsed_line(line: bytes) -> tuple[str, bytes, bytes] | None:
    match = _LINE.match(line)
    if not match:
        return None
    label = match[1].decode("ascii")
    try:
        key, secret = bytes.fromhex(match[2].decode()), bytes.fromhex(match[3].decode())
    except ValueError:  # an odd number of digits: a line cut short
        return None
    wanted = 8 if label == "RSA" else _CLIENT_RANDOM_BYTES
    known = label in LABELS or _LATER_SECRET.match(label)
    if not known or len(key) != wanted or len(secret) > _LARGEST_SECRET:
        return None
    return label, key, secret
