"""QUIC versions 1 and 2: the TLS messages inside (RFC 9000, 9001, 9369).

Initial packets are opened with the keys that anybody can derive from the client's first
connection id; Handshake, 0-RTT and 1-RTT packets with a key log.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.independent.hello import Bytes, CutError, server_hello, suite_name
from tests.independent.packets import Datagram, Endpoint
from tests.independent.secrets import KeyLog, Suite, expand_label
from tests.independent.session import HANDSHAKE_NAMES, SIDES, Message, Side

SALTS = {
    1: bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
    0x6B3343CF: bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"),
}
INITIAL, EARLY, HANDSHAKE, RETRY, ONE = "initial", "0-rtt", "handshake", "retry", "1-rtt"
TYPES = {1: (INITIAL, EARLY, HANDSHAKE, RETRY), 0x6B3343CF: (RETRY, INITIAL, EARLY, HANDSHAKE)}
LABELS = {EARLY: "EARLY_TRAFFIC_SECRET", HANDSHAKE: "HANDSHAKE_TRAFFIC_SECRET",
          ONE: "TRAFFIC_SECRET_0"}  # fmt: skip
AES128 = Suite("TLS_AES_128_GCM_SHA256")
# How many variable-length integers follow the type of frames that hold nothing else.
PLAIN_FRAMES = {0x00: 0, 0x01: 0, 0x04: 3, 0x05: 2, 0x10: 1, 0x11: 2, 0x12: 1, 0x13: 1, 0x14: 1,
                0x15: 2, 0x16: 1, 0x17: 1, 0x19: 1, 0x1E: 0}  # fmt: skip


@dataclass(slots=True)
class QuicConnection:
    """A QUIC connection: its messages, named as in TLS; "Application Data" is a STREAM frame."""

    stream: int
    client: Endpoint
    server: Endpoint
    messages: list[Message] = field(default_factory=list)
    closed: bool = False


class _Keys:
    def __init__(self, suite: Suite, secret: bytes, version: int) -> None:
        prefix = "quic" if version == 1 else "quicv2"
        self._chacha = "CHACHA20" in suite.name
        hash_name, size = suite.schedule, suite.key_length
        self._aead = suite.aead_with(expand_label(hash_name, secret, f"{prefix} key", size))
        self._iv = expand_label(hash_name, secret, f"{prefix} iv", 12)
        self._mask_key = expand_label(hash_name, secret, f"{prefix} hp", size)

    def open(self, packet: bytes, number_at: int, largest: int) -> tuple[int, bytes]:
        """Packet number and payload; InvalidTag or ValueError when these are not its keys."""
        mask = self._mask(packet[number_at + 4 : number_at + 20])
        first = packet[0] ^ (mask[0] & (0x0F if packet[0] & 0x80 else 0x1F))
        width = (first & 3) + 1
        short = bytes(
            a ^ b for a, b in zip(packet[number_at : number_at + width], mask[1:], strict=False)
        )
        number = _whole_number(int.from_bytes(short, "big"), width * 8, largest)
        header = bytes([first]) + packet[1:number_at] + short
        nonce = (int.from_bytes(self._iv, "big") ^ number).to_bytes(12, "big")
        return number, self._aead.decrypt(nonce, packet[number_at + width :], header)

    def _mask(self, sample: bytes) -> bytes:
        if len(sample) < 16:
            raise ValueError("the packet is too short for a sample")
        if self._chacha:
            cipher = Cipher(algorithms.ChaCha20(self._mask_key, sample), None)
            return cipher.encryptor().update(bytes(5))
        return Cipher(algorithms.AES(self._mask_key), modes.ECB()).encryptor().update(sample)[:5]


def _whole_number(short: int, bits: int, largest: int) -> int:
    """RFC 9000 appendix A.3."""
    expected, window = largest + 1, 1 << bits
    candidate = expected - expected % window + short
    if candidate <= expected - window // 2:
        return candidate + window
    if candidate > expected + window // 2 and candidate >= window:
        return candidate - window
    return candidate


def quic_connections(datagrams: list[Datagram], keylog: KeyLog) -> list[QuicConnection]:
    """The QUIC connections among these datagrams; `stream` is Wireshark's udp.stream."""
    readers: dict[frozenset[Endpoint], _Reader] = {}
    streams: dict[frozenset[Endpoint], int] = {}
    for datagram in datagrams:
        ends = frozenset((datagram.source, datagram.target))
        stream = streams.setdefault(ends, len(streams))
        if ends not in readers and _begins(datagram.payload):
            connection = QuicConnection(stream, datagram.source, datagram.target)
            readers[ends] = _Reader(connection, keylog)
        if ends in readers:
            readers[ends].take(datagram)
    return [reader.connection for reader in readers.values() if reader.connection.messages]


def _begins(payload: bytes) -> bool:
    version = int.from_bytes(payload[1:5], "big")
    kinds = TYPES.get(version)
    return bool(kinds and payload[0] & 0xC0 == 0xC0 and kinds[payload[0] >> 4 & 3] == INITIAL)


@dataclass(slots=True)
class _Crypto:
    """A CRYPTO stream of one direction and level: bytes by offset, and what is in order."""

    pieces: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    data: bytearray = field(default_factory=bytearray)
    carriers: list[int] = field(default_factory=list)
    taken: int = 0

    def add(self, offset: int, content: bytes, frame: int) -> None:
        self.pieces.setdefault(offset, (content, frame))
        for start, (piece, carrier) in sorted(self.pieces.items()):
            new = piece[len(self.data) - start :] if start <= len(self.data) else b""
            self.data += new
            self.carriers += [carrier] * len(new)

    def complete(self) -> Iterator[tuple[int, bytes, tuple[int, ...]]]:
        """Handshake messages not given before: offset, bytes, carriers."""
        while len(self.data) >= self.taken + 4:
            start = self.taken
            end = start + 4 + int.from_bytes(self.data[start + 1 : start + 4], "big")
            if end > len(self.data):
                return
            self.taken = end
            frames = tuple(dict.fromkeys(self.carriers[start:end]))
            yield start, bytes(self.data[start:end]), frames


class _Reader:
    def __init__(self, connection: QuicConnection, keylog: KeyLog) -> None:
        self.connection = connection
        self._keylog = keylog
        self._keys: dict[tuple[Side, str], _Keys] = {}
        self._crypto: dict[tuple[Side, str], _Crypto] = {}
        self._largest: dict[tuple[Side, str], int] = {}
        self._id_lengths: dict[Side, int] = {}
        self._suite: Suite | None = None
        self._random = b""
        self._version = 1

    def take(self, datagram: Datagram) -> None:
        side = SIDES[datagram.source != self.connection.client]
        payload = datagram.payload
        while payload and payload[0] & 0x40:
            try:
                size = self._packet(side, payload, datagram.frame)
            except (CutError, IndexError):
                return
            payload = payload[size:]

    def _packet(self, side: Side, payload: bytes, frame: int) -> int:
        """Read the first packet of a datagram; its size."""
        if not payload[0] & 0x80:
            other = SIDES[side == "client"]
            number_at = 1 + self._id_lengths.get(other, 0)
            self._open(side, ONE, payload, number_at, frame, self._version)
            return len(payload)
        reader = Bytes(payload, 1)
        version = reader.number(4)
        kinds = TYPES.get(version)
        if kinds is None:
            return len(payload)
        self._version = version
        kind = kinds[payload[0] >> 4 & 3]
        target_id, source_id = reader.vector(1), reader.vector(1)
        self._id_lengths[side] = len(source_id)
        if kind == RETRY:
            self._keys.clear()
            return len(payload)
        if kind == INITIAL:
            reader.take(_varint(reader))
            if (side, INITIAL) not in self._keys and side == "client":
                self._initial_keys(target_id, version)
        size = _varint(reader)
        end = reader.at + size
        self._open(side, kind, payload[:end], reader.at, frame, version)
        return end

    def _initial_keys(self, target_id: bytes, version: int) -> None:
        initial = hmac.digest(SALTS[version], target_id, "sha256")
        for side in SIDES:
            secret = expand_label("sha256", initial, f"{side} in", 32)
            self._keys[side, INITIAL] = _Keys(AES128, secret, version)

    def _logged_keys(self, side: Side, level: str, version: int) -> None:
        secret = self._keylog.get((f"{side.upper()}_{LABELS[level]}", self._random))
        if secret and self._suite:
            self._keys[side, level] = _Keys(self._suite, secret, version)

    def _open(
        self, side: Side, level: str, packet: bytes, number_at: int, frame: int, version: int
    ) -> None:
        key = side, level
        if key not in self._keys and level != INITIAL:
            self._logged_keys(side, level, version)
        try:
            number, payload = self._keys[key].open(packet, number_at, self._largest.get(key, -1))
        except (KeyError, InvalidTag, ValueError):
            if level in (ONE, EARLY):
                self._found(side, "Protected Payload", frame, (frame,), b"", opened=False)
            return
        self._largest[key] = max(number, self._largest.get(key, -1))
        self._frames(side, level, Bytes(payload), frame)

    def _frames(self, side: Side, level: str, reader: Bytes, frame: int) -> None:
        while reader.at < len(reader.data):
            kind = _varint(reader)
            if kind == 0x06:
                offset = _varint(reader)
                content = reader.take(_varint(reader))
                self._crypto_frame(side, level, offset, content, frame)
            elif 0x08 <= kind <= 0x0F:
                content = _stream_content(kind, reader)
                self._found(side, "Application Data", frame, (frame,), content, opened=True)
            elif kind in (0x1C, 0x1D):
                self.connection.closed = True
                return
            else:
                _step_over(kind, reader)

    def _crypto_frame(
        self, side: Side, level: str, offset: int, content: bytes, frame: int
    ) -> None:
        crypto = self._crypto.setdefault((side, level), _Crypto())
        crypto.add(offset, content, frame)
        for start, raw, frames in crypto.complete():
            name = HANDSHAKE_NAMES.get(raw[0], f"Handshake {raw[0]}")
            if name == "Client Hello":
                self._random = raw[6:38]
            elif name == "Server Hello":
                name = self._server_hello(raw[4:])
            opened = level != INITIAL
            self._found(side, name, frame, frames, raw[4:], opened=opened, offset=start)

    def _server_hello(self, body: bytes) -> str:
        hello = server_hello(body)
        if hello.retry:
            return "Hello Retry Request"
        self._suite = Suite(suite_name(hello.suites[0])) if hello.suites else None
        return "Server Hello"

    def _found(
        self,
        side: Side,
        name: str,
        frame: int,
        parts: tuple[int, ...],
        body: bytes,
        *,
        opened: bool,
        offset: int = 0,
    ) -> None:
        encrypted = opened or name == "Protected Payload"
        self.connection.messages.append(
            Message(
                side,
                name,
                frame,
                parts,
                offset,
                offset + len(body),
                body,
                len(body),
                encrypted=encrypted,
                opened=opened,
            )
        )


def _varint(reader: Bytes) -> int:
    first = reader.number(1)
    rest = (1 << (first >> 6)) - 1
    return (first & 0x3F) << (8 * rest) | int.from_bytes(reader.take(rest), "big")


def _stream_content(kind: int, reader: Bytes) -> bytes:
    _varint(reader)
    if kind & 4:
        _varint(reader)
    return reader.take(_varint(reader) if kind & 2 else len(reader.data) - reader.at)


def _step_over(kind: int, reader: Bytes) -> None:
    """Pass over a frame of no interest; `CutError` for one of an unknown kind."""
    if kind in PLAIN_FRAMES:
        for _ in range(PLAIN_FRAMES[kind]):
            _varint(reader)
    elif kind in (0x02, 0x03):
        _acknowledgement(kind, reader)
    elif kind == 0x18:
        _varint(reader), _varint(reader)
        reader.vector(1)
        reader.take(16)
    elif kind in (0x1A, 0x1B):
        reader.take(8)
    elif kind in (0x07, 0x31):
        reader.take(_varint(reader))
    else:
        raise CutError


def _acknowledgement(kind: int, reader: Bytes) -> None:
    numbers = [_varint(reader) for _ in range(4)]
    for _ in range(2 * numbers[2] + (3 if kind == 0x03 else 0)):
        _varint(reader)
