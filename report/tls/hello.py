"""Client and Server Hello read from their bytes, as far as keys depend on them."""

from dataclasses import dataclass

from report.tls.key_schedule import HELLO_RETRY_RANDOM

_SUPPORTED_VERSIONS = 43


class Reader:
    """Bytes of a message read from front to back (RFC 8446 section 3).

    Every read raises `ValueError` if the bytes are not there.
    """

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def at_end(self) -> bool:
        """Whether everything has been read."""
        return self._at >= len(self._data)

    def take(self, length: int) -> bytes:
        """The next `length` bytes."""
        if self._at + length > len(self._data):
            raise ValueError("the message ends before its fields do")
        self._at += length
        return self._data[self._at - length : self._at]

    def number(self, length: int) -> int:
        """The next number of `length` bytes."""
        return int.from_bytes(self.take(length))

    def vector(self, length: int) -> bytes:
        """The next vector, whose own length takes `length` bytes."""
        return self.take(self.number(length))


@dataclass(frozen=True, slots=True)
class Hello:
    """One hello: RFC 5246 section 7.4.1, RFC 8446 sections 4.1.2 and 4.1.3."""

    legacy_version: int
    random: bytes
    session_id: bytes
    suites: tuple[int, ...]
    """What a client offers; of a Server Hello the one chosen."""
    extensions: dict[int, bytes]

    @property
    def retry(self) -> bool:
        """Whether a Server Hello is a Hello Retry Request."""
        return self.random == HELLO_RETRY_RANDOM

    @property
    def selected_version(self) -> int:
        """The version a Server Hello chooses, from `supported_versions` if it is there."""
        selected = self.extensions.get(_SUPPORTED_VERSIONS, b"")
        return int.from_bytes(selected) if len(selected) == 2 else self.legacy_version


def client_hello(message: bytes) -> Hello:
    """Read a Client Hello with its 4-byte header. Raises `ValueError` if it is cut or malformed."""
    reader = Reader(message[4:])
    version, random, session_id = reader.number(2), reader.take(32), reader.vector(1)
    suites = reader.vector(2)
    reader.vector(1)
    numbers = tuple(
        int.from_bytes(suites[at : at + 2]) for at in range(0, len(suites) - len(suites) % 2, 2)
    )
    return Hello(version, random, session_id, numbers, _extensions(reader))


def server_hello(message: bytes) -> Hello:
    """Read a Server Hello with its 4-byte header. Raises `ValueError` if it is cut or malformed."""
    reader = Reader(message[4:])
    version, random, session_id = reader.number(2), reader.take(32), reader.vector(1)
    suite = reader.number(2)
    reader.number(1)
    return Hello(version, random, session_id, (suite,), _extensions(reader))


def _extensions(reader: Reader) -> dict[int, bytes]:
    if reader.at_end:  # SSL 3.0 to TLS 1.2 may leave the whole block out
        return {}
    block = Reader(reader.vector(2))
    found: dict[int, bytes] = {}
    while not block.at_end:
        kind = block.number(2)
        found[kind] = block.vector(2)
    return found
