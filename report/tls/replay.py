"""A session's records replayed with a key log: records opened, Finished recomputed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from report.tls.hello import Hello, client_hello, server_hello
from report.tls.key_schedule import (
    Sender,
    SessionKeys,
    extended_master_secret,
    finished_verify_data,
    master_secret,
    next_traffic_secret,
    session_keys,
    traffic_keys,
    verify_data,
)
from report.tls.keylog import KeyLog
from report.tls.message_types import (
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    CLIENT_HELLO,
    CLIENT_KEY_EXCHANGE,
    FINISHED,
    HANDSHAKE,
    HELLO_REQUEST,
    KEY_UPDATE,
    NEW_SESSION_TICKET,
    SERVER_HELLO,
)
from report.tls.records import (
    RecordProtectionError,
    RecordReader,
    record_reader,
)
from report.tls.suites import HASH_LENGTHS, SSL_3_0, TLS_1_3, CipherSuite, known_suite

_ENCRYPT_THEN_MAC, _EXTENDED_MASTER_SECRET = 22, 23


@dataclass(frozen=True, slots=True)
class SentRecord:
    """One record as it was sent; `fragment` is what follows the 5-byte header."""

    sender: Sender
    content_type: int
    version: int
    fragment: bytes


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """A record after the replay."""

    record: SentRecord
    protected: bool
    content_type: int
    """The true content type; of a protected TLS 1.3 record known only if it was opened."""
    plaintext: bytes | None
    """None if the record is protected and no key opened it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One handshake message in clear, with its 4-byte header."""

    sender: Sender
    data: bytes
    record: int
    """Index of the record that completes it."""

    @property
    def kind(self) -> int:
        """Its handshake type."""
        return self.data[0]


@dataclass(frozen=True, slots=True)
class FinishedCheck:
    """The verify_data that a Finished carried, and the one recomputed from what came before."""

    sender: Sender
    record: int
    sent: bytes
    expected: bytes

    @property
    def matches(self) -> bool:
        """Whether nobody changed a message on the way."""
        return self.sent == self.expected


@dataclass(slots=True)
class Replay:
    """What a replay found out; every part stays empty where the keys for it are missing."""

    version: int = 0
    suite: CipherSuite | None = None
    client_random: bytes = b""
    server_random: bytes = b""
    encrypt_then_mac: bool = False
    extended_master_secret: bool = False
    keys: SessionKeys | None = None
    """TLS 1.2 and earlier: the key block, cut."""
    records: list[OpenedRecord] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    finished: list[FinishedCheck] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Why records stayed closed although there were keys for them."""


def replay(records: Iterable[SentRecord], keylog: KeyLog) -> Replay:
    """Replay one connection's records, both directions, in the order they were sent.

    Never raises for what the records hold: what cannot be read or opened stays closed, `faults`
    says why. A second handshake on the connection (renegotiation) replaces suite and keys.
    """
    state = _State(keylog)
    for record in records:
        state.record(record)
    return state.found


class _State:
    def __init__(self, keylog: KeyLog) -> None:
        self.found = Replay()
        self._keylog = keylog
        self._secrets: dict[str, bytes] = {}
        self._derived_master = b""
        self._transcript: list[bytes] = []
        self._partial: dict[Sender, bytes] = {"client": b"", "server": b""}
        # TLS 1.3 clients may send early data and then handshake records: keys in the order tried.
        self._readers: dict[Sender, list[RecordReader]] = {"client": [], "server": []}
        self._protected: dict[Sender, bool] = {"client": False, "server": False}
        self._traffic: dict[Sender, bytes] = {"client": b"", "server": b""}

    def record(self, record: SentRecord) -> None:
        protected = self._is_protected(record)
        clear = (record.content_type, record.fragment)
        opened = self._opened(record) if protected else clear
        if opened is None:
            self.found.records.append(OpenedRecord(record, True, record.content_type, None))
            return
        self.found.records.append(OpenedRecord(record, protected, *opened))
        if opened[0] == HANDSHAKE:
            self._handshake(record.sender, opened[1])
        elif opened[0] == CHANGE_CIPHER_SPEC and 0 < self.found.version < TLS_1_3:
            # Ahead of the Server Hello it is TLS 1.3's, in front of early data, and says nothing.
            self._change_cipher_spec(record.sender)

    def _is_protected(self, record: SentRecord) -> bool:
        if self.found.version >= TLS_1_3:
            return record.content_type == APPLICATION_DATA
        # Early data comes before the Server Hello that says which version it is.
        return self._protected[record.sender] or record.content_type == APPLICATION_DATA

    def _opened(self, record: SentRecord) -> tuple[int, bytes] | None:
        readers = self._readers[record.sender]
        fault = ""
        for at, reader in enumerate(readers):
            try:
                opened = reader.open(record.content_type, record.fragment)
            except RecordProtectionError as error:
                fault = fault or str(error)
                continue
            del readers[:at]
            return opened.content_type, opened.plaintext
        if fault:
            self.found.faults.append(f"record {len(self.found.records)}: {fault}")
        return None

    def _handshake(self, sender: Sender, content: bytes) -> None:
        data = self._partial[sender] + content
        while len(data) >= 4 and len(data) >= 4 + int.from_bytes(data[1:4]):
            end = 4 + int.from_bytes(data[1:4])
            self._message(sender, data[:end])
            data = data[end:]
        self._partial[sender] = data

    def _message(self, sender: Sender, data: bytes) -> None:
        self.found.messages.append(Message(sender, data, len(self.found.records) - 1))
        if data[0] == CLIENT_HELLO:
            self._client_hello(data)
        elif data[0] == FINISHED:
            self._check_finished(sender, data)
        if data[0] != HELLO_REQUEST and not self._after_handshake(data[0]):
            self._transcript.append(data)
        if data[0] == SERVER_HELLO:
            self._server_hello(data)
        elif data[0] == CLIENT_KEY_EXCHANGE:
            self._client_key_exchange(data)
        elif self.found.version >= TLS_1_3 and data[0] in (FINISHED, KEY_UPDATE):
            self._next_traffic_keys(sender, data[0])

    def _after_handshake(self, kind: int) -> bool:
        tls13 = self.found.version >= TLS_1_3
        return tls13 and kind in (NEW_SESSION_TICKET, KEY_UPDATE)

    def _client_hello(self, data: bytes) -> None:
        hello = _read(client_hello, data)
        if hello is None:
            self.found.faults.append("the Client Hello cannot be read")
            return
        if not self._awaits_second_hello():
            self._transcript = []
        self.found.client_random = hello.random
        self._secrets = self._keylog.for_session(hello.random)
        self._derived_master = b""
        early = self._secrets.get("CLIENT_EARLY_TRAFFIC_SECRET")
        if early and not self.found.suite:
            self._early_keys(hello, early)

    def _awaits_second_hello(self) -> bool:
        if len(self._transcript) != 2 or self._transcript[1][0] != SERVER_HELLO:
            return False
        hello = _read(server_hello, self._transcript[1])
        return hello is not None and hello.retry

    def _early_keys(self, hello: Hello, secret: bytes) -> None:
        """Early data uses the PSK's suite: taken for the first offered with a hash that long."""
        for code in hello.suites:
            suite = known_suite(code)
            if suite and suite.tls13 and len(secret) == HASH_LENGTHS[suite.prf_hash]:
                self._readers["client"] = self._tls13_reader(suite, secret)
                return

    def _server_hello(self, data: bytes) -> None:
        hello = _read(server_hello, data)
        suite = known_suite(hello.suites[0]) if hello else None
        if hello is None or suite is None:
            self.found.faults.append("the Server Hello cannot be read, or names an unknown suite")
            return
        found = self.found
        found.version = hello.selected_version
        if hello.retry:
            return
        found.suite = suite
        found.server_random = hello.random
        found.encrypt_then_mac = _ENCRYPT_THEN_MAC in hello.extensions and suite.bulk.block > 0
        found.extended_master_secret = _EXTENDED_MASTER_SECRET in hello.extensions
        if found.version >= TLS_1_3:
            self._tls13_keys("client", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", keep_earlier=True)
            self._tls13_keys("server", "SERVER_HANDSHAKE_TRAFFIC_SECRET")

    def _change_cipher_spec(self, sender: Sender) -> None:
        """TLS 1.2 and earlier: from here on, `sender`'s records are protected with the new keys."""
        self._protected[sender] = True
        self._readers[sender] = []
        found, suite = self.found, self.found.suite
        try:
            master = self._master()
            if not master or not suite:
                return
            found.keys = session_keys(
                suite, found.version, master, found.client_random, found.server_random
            )
            direction = found.keys.client if sender == "client" else found.keys.server
            reader = record_reader(
                suite, found.version, direction, encrypt_then_mac=found.encrypt_then_mac
            )
        except ValueError as fault:
            found.faults.append(str(fault))
            return
        self._readers[sender] = [reader]

    def _master(self) -> bytes:
        return self._secrets.get("CLIENT_RANDOM") or self._derived_master

    def _client_key_exchange(self, data: bytes) -> None:
        """A premaster secret in the log leads to the master secret (RFC 5246 8.1, RFC 7627 4)."""
        found = self.found
        if found.suite is None:
            return
        encrypted = data[4:] if found.version == SSL_3_0 else data[6:]
        premaster = self._secrets.get("PMS_CLIENT_RANDOM") or self._keylog.rsa.get(encrypted[:8])
        if not premaster:
            return
        version, prf_hash = found.version, found.suite.prf_hash
        try:
            if found.extended_master_secret:
                self._derived_master = extended_master_secret(
                    version, prf_hash, premaster, self._transcript
                )
            else:
                self._derived_master = master_secret(
                    version, prf_hash, premaster, found.client_random, found.server_random
                )
        except ValueError as fault:
            found.faults.append(str(fault))

    def _tls13_keys(self, sender: Sender, label: str, *, keep_earlier: bool = False) -> None:
        secret, suite = self._secrets.get(label, b""), self.found.suite
        self._traffic[sender] = secret
        readers = self._tls13_reader(suite, secret) if suite and secret else []
        self._readers[sender] = (self._readers[sender] if keep_earlier else []) + readers

    def _tls13_reader(self, suite: CipherSuite, secret: bytes) -> list[RecordReader]:
        try:
            return [record_reader(suite, TLS_1_3, traffic_keys(suite, TLS_1_3, secret))]
        except ValueError as fault:
            self.found.faults.append(str(fault))
            return []

    def _next_traffic_keys(self, sender: Sender, kind: int) -> None:
        if kind == FINISHED:
            self._tls13_keys(sender, f"{sender.upper()}_TRAFFIC_SECRET_0")
        elif self._traffic[sender] and self.found.suite:
            suite = self.found.suite
            self._traffic[sender] = next_traffic_secret(suite.prf_hash, self._traffic[sender])
            self._readers[sender] = self._tls13_reader(suite, self._traffic[sender])

    def _check_finished(self, sender: Sender, data: bytes) -> None:
        try:
            expected = self._expected_finished(sender)
        except ValueError as fault:
            self.found.faults.append(str(fault))
            return
        if expected:
            record = len(self.found.records) - 1
            self.found.finished.append(FinishedCheck(sender, record, data[4:], expected))

    def _expected_finished(self, sender: Sender) -> bytes:
        found = self.found
        if found.suite is None:
            return b""
        if found.version >= TLS_1_3:
            secret = self._secrets.get(f"{sender.upper()}_HANDSHAKE_TRAFFIC_SECRET", b"")
            hash_name = found.suite.prf_hash
            return secret and finished_verify_data(hash_name, secret, self._transcript)
        master = self._master()
        if not master or found.version < SSL_3_0:
            return b""
        return verify_data(found.suite, found.version, master, sender, self._transcript)


def _read(parse: Callable[[bytes], Hello], data: bytes) -> Hello | None:
    try:
        return parse(data)
    except ValueError:
        return None
