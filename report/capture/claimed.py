"""TLS on a port that another dissector claims: found by its records, then decoded as TLS.

tshark looks for TLS on its own only where no dissector has registered the port; on, say, 5222 a
whole session stays hidden. The beginning of a Client Hello is distinctive enough to count in the
raw file: handshake record, version 3.0 to 3.4, a length, Client Hello, and a length below 2^16.
"""

import re
from pathlib import Path

_HELLO = re.compile(rb"\x16\x03[\x00-\x04]..\x01\x00..\x03[\x00-\x03]", re.DOTALL)
_HELLO_BYTES = 11
_CHUNK = 4 << 20

HELLO_FILTER = (
    "tcp.seq == 1 && tcp.payload[0:2] == 16:03 && tcp.payload[5:2] == 01:00 "
    "&& tcp.payload[9:1] == 03"
)
"""Client Hellos that begin a connection, whatever tshark takes them for. Behind a STARTTLS or a
proxy's CONNECT they come later, and there another dissector is right to claim the port."""


def count_hellos(path: Path) -> int:
    """How often the beginning of a Client Hello stands in a file; sent again counts again."""
    count, kept = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            window = kept + chunk
            count += sum(1 for _ in _HELLO.finditer(window))
            # Too short to hold a whole match, so that none is counted twice.
            kept = window[-(_HELLO_BYTES - 1) :]
    return count
