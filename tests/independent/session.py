"""The messages of one TLS session over TCP, each with the frames that carried it.

The records of both directions are taken in the order in which they became complete. Without keys
an encrypted one is a message called what Wireshark calls it; with keys it is opened first.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from tests.independent.hello import (
    ALERTS,
    ENCRYPT_THEN_MAC,
    Hello,
    client_hello,
    server_hello,
    sslv2_client_hello,
    suite_name,
)
from tests.independent.records import (
    ALERT,
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    HANDSHAKE,
    SSL2_HELLO,
    Record,
)
from tests.independent.secrets import KeyLog, Opener, Suite, Tls13Opener, UnopenedError, openers
from tests.independent.streams import ByteStream

Side = Literal["client", "server"]
SIDES: tuple[Side, Side] = ("client", "server")

HANDSHAKE_NAMES = {
    0: "Hello Request", 1: "Client Hello", 2: "Server Hello", 4: "New Session Ticket",
    5: "End of Early Data", 8: "Encrypted Extensions", 11: "Certificate",
    12: "Server Key Exchange", 13: "Certificate Request", 14: "Server Hello Done",
    15: "Certificate Verify", 16: "Client Key Exchange", 20: "Finished", 21: "Certificate URL",
    22: "Certificate Status", 23: "Supplemental Data", 24: "Key Update",
    25: "Compressed Certificate", 67: "Next Protocol",
}  # fmt: skip
ENCRYPTED_NAMES = {
    CHANGE_CIPHER_SPEC: "Change Cipher Spec",
    HANDSHAKE: "Encrypted Handshake Message",
    ALERT: "Encrypted Alert",
    APPLICATION_DATA: "Application Data",
}
TRAFFIC_LABELS: dict[Side, tuple[str, ...]] = {
    "client": (
        "CLIENT_EARLY_TRAFFIC_SECRET",
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
    ),
    "server": ("SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"),
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message: a handshake message, a Change Cipher Spec, an alert, a piece of data.

    `frame` is where Wireshark shows it, `parts` the frames that carried it, `offset` and `end` are
    where it (its record, when encrypted) lies in the sender's byte stream. `body` is its content
    without the handshake header, as far as it was captured (`cut`) and could be read: ciphertext
    for an `encrypted` message that was not `opened`. `length` is its record's.
    """

    sender: Side
    name: str
    frame: int
    parts: tuple[int, ...]
    offset: int
    end: int
    body: bytes
    length: int
    cut: bool = False
    encrypted: bool = False
    opened: bool = False

    def alert(self) -> tuple[int, str] | None:
        """Level and description of an alert that can be read."""
        if self.name != "Alert" or len(self.body) != 2:
            return None
        return self.body[0], ALERTS.get(self.body[1], str(self.body[1]))


def messages(
    streams: dict[Side, ByteStream], cut: dict[Side, list[Record]], keylog: KeyLog
) -> list[Message]:
    """All messages of a session, in the order in which they became complete."""
    session = _Session(streams, keylog)
    order: list[tuple[int, Side, Record]] = [
        (record.frame, side, record) for side in SIDES for record in cut[side] if record.frame
    ]
    order.sort(key=lambda item: (item[0], item[2].offset))
    session.foresee((side, record) for _, side, record in order)
    for _, side, record in order:
        session.take(side, record)
    return session.found


@dataclass(slots=True)
class _Half:
    """What is known of one direction so far."""

    ciphered: bool = False
    opener: Opener | None = None
    later: list[Tls13Opener] = field(default_factory=list)
    handshake: bytearray = field(default_factory=bytearray)
    origins: list[tuple[Record, int]] = field(default_factory=list)


class _Session:
    def __init__(self, streams: dict[Side, ByteStream], keylog: KeyLog) -> None:
        self.found: list[Message] = []
        self._streams, self._keylog = streams, keylog
        self._halves: dict[Side, _Half] = {side: _Half() for side in SIDES}
        self._client: Hello | None = None
        self._server: Hello | None = None
        self._tls13 = False

    def foresee(self, records: Iterable[tuple[Side, Record]]) -> None:
        """Learn from the hellos in the clear whether this is TLS 1.3, and its keys.

        Early data comes before the Server Hello that names the suite it was encrypted with.
        """
        hellos = {"client": b"", "server": b""}
        for side, record in records:
            if record.type != HANDSHAKE or (self._server and side == "server"):
                continue
            hellos[side] += record.body
            if side == "server":
                self._server = self._server_hello_in(hellos[side])
        if self._server is None or self._server.chosen_version() != 0x0304:
            self._server = None
            return
        self._tls13 = True
        suite = Suite(suite_name(self._server.suites[0])) if self._server.suites else None
        for side in SIDES:
            random = hellos["client"][6:38]
            secrets = [self._keylog.get((label, random)) for label in TRAFFIC_LABELS[side]]
            if suite:
                self._halves[side].later = [Tls13Opener(suite, s) for s in secrets if s]

    def _server_hello_in(self, handshake: bytes) -> Hello | None:
        while len(handshake) >= 38:
            size = 4 + int.from_bytes(handshake[1:4], "big")
            if handshake[0] == 2:
                hello = server_hello(handshake[4:size])
                if not hello.retry:
                    return hello
            handshake = handshake[size:]
        return None

    def take(self, side: Side, record: Record) -> None:
        half = self._halves[side]
        if record.type == SSL2_HELLO:
            self._client = sslv2_client_hello(record.body)
            self._found(side, "Client Hello", record, record.body)
        elif record.type == CHANGE_CIPHER_SPEC and not half.ciphered:
            self._change_cipher(side, record)
        elif half.ciphered or self._looks_encrypted(half, record):
            self._take_encrypted(side, record)
        else:
            self._take_content(side, record, record.type, record.body, opened=False)

    def _looks_encrypted(self, half: _Half, record: Record) -> bool:
        """Whether this is ciphertext though no Change Cipher Spec was seen: captured too late."""
        if record.type == APPLICATION_DATA:
            return True
        if record.type == ALERT:
            return record.length != 2
        if record.type != HANDSHAKE or half.handshake:
            return False
        size = int.from_bytes(record.body[1:4], "big")
        return record.body[:1] != b"" and (
            record.body[0] not in HANDSHAKE_NAMES or size > 1 << 18 or len(record.body) < 4
        )

    def _change_cipher(self, side: Side, record: Record) -> None:
        self._found(side, "Change Cipher Spec", record, record.body)
        if not self._tls13:
            half = self._halves[side]
            half.ciphered = True
            half.opener = self._next_opener(side)

    def _next_opener(self, side: Side) -> Opener | None:
        """TLS 1.0 to 1.2: the opener under the keys of the latest two hellos."""
        client, server = self._client, self._server
        if client is None or server is None or not server.suites or server.version is None:
            return None
        random = client.random.rjust(32, b"\0")
        master = self._keylog.get(("CLIENT_RANDOM", random))
        suite = Suite(suite_name(server.suites[0]))
        if master is None or not suite.name.startswith("TLS_"):
            return None
        mac_last = ENCRYPT_THEN_MAC in server.extensions
        pair = openers(suite, server.version, master, random, server.random, mac_last=mac_last)
        return pair[SIDES.index(side)]

    def _take_encrypted(self, side: Side, record: Record) -> None:
        opened = None if record.cut else self._opened(self._halves[side], record)
        if opened is None:
            name = ENCRYPTED_NAMES.get(record.type, "Encrypted Record")
            self._found(side, name, record, record.body, encrypted=True)
        elif opened[0] == CHANGE_CIPHER_SPEC:
            self._change_cipher(side, record)
        else:
            self._take_content(side, record, *opened, opened=True)

    def _opened(self, half: _Half, record: Record) -> tuple[int, bytes] | None:
        """The record's content under the present keys, or under the next that open it."""
        candidates = [half.opener] if half.opener else []
        for opener in [*candidates, *half.later]:
            try:
                content = opener.open(record.type, record.version, record.body)
            except UnopenedError:
                continue
            if isinstance(opener, Tls13Opener) and opener in half.later:
                half.later = half.later[half.later.index(opener) + 1 :]
            half.opener = opener
            return content
        return None

    def _take_content(
        self, side: Side, record: Record, kind: int, content: bytes, *, opened: bool
    ) -> None:
        if kind == HANDSHAKE:
            half = self._halves[side]
            half.handshake += content
            half.origins += [
                (record, -1 if opened else record.start + i) for i in range(len(content))
            ]
            self._take_handshake(side, half, opened=opened)
            if record.cut:
                half.handshake.clear()
                half.origins.clear()
        elif kind == ALERT:
            self._found(side, "Alert", record, content, encrypted=opened, opened=opened)
        elif kind == APPLICATION_DATA:
            self._found(side, "Application Data", record, content, encrypted=opened, opened=opened)
        else:
            self._found(side, f"Record {kind}", record, content, encrypted=opened, opened=opened)

    def _take_handshake(self, side: Side, half: _Half, *, opened: bool) -> None:
        """CutError the handshake messages that are complete off the buffer."""
        while half.handshake:
            size = 4 + int.from_bytes(half.handshake[1:4], "big")
            record = half.origins[-1][0]
            cut = len(half.handshake) < max(size, 4)
            if cut and not (record.cut and half.handshake):
                return
            origins = half.origins[:size]
            self._handshake_message(side, bytes(half.handshake[:size]), origins, cut, opened)
            del half.handshake[:size], half.origins[:size]

    def _handshake_message(
        self, side: Side, raw: bytes, origins: list[tuple[Record, int]], cut: bool, opened: bool
    ) -> None:
        name = HANDSHAKE_NAMES.get(raw[0], f"Handshake {raw[0]}")
        body = raw[4:]
        if name == "Client Hello":
            self._client = client_hello(body)
        elif name == "Server Hello":
            hello = server_hello(body)
            if hello.retry:
                name = "Hello Retry Request"
            else:
                self._server = hello
        first, last = origins[0], origins[-1]
        end = last[0].start + last[0].length
        if first[1] >= 0 and len(raw) >= 4:
            end = min(end, last[1] + 1 + 4 + int.from_bytes(raw[1:4], "big") - len(raw))
        self.found.append(
            Message(
                side,
                name,
                last[0].frame,
                self._carriers(side, origins),
                first[0].offset if first[1] < 0 else first[1],
                end,
                body,
                last[0].length,
                cut,
                encrypted=opened,
                opened=opened,
            )
        )
        opener = self._halves[side].opener
        if name == "Key Update" and isinstance(opener, Tls13Opener):
            self._halves[side].opener = opener.next_generation()

    def _carriers(self, side: Side, origins: list[tuple[Record, int]]) -> tuple[int, ...]:
        frames: dict[int, None] = {}
        for record, offset in origins:
            if offset < 0:
                frames.update(dict.fromkeys(record.parts))
            else:
                frames[self._streams[side].carrier[offset]] = None
        return tuple(frames)

    def _found(
        self,
        side: Side,
        name: str,
        record: Record,
        body: bytes,
        *,
        encrypted: bool = False,
        opened: bool = False,
    ) -> None:
        self.found.append(
            Message(
                side,
                name,
                record.frame,
                record.parts,
                record.offset,
                record.start + record.length,
                body,
                record.length,
                record.cut,
                encrypted,
                opened,
            )
        )
