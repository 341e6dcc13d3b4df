"""Sessions replayed: openssl's own on loopback, and captures made by others."""

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from report.tls.key_schedule import Sender, extended_master_secret, master_secret
from report.tls.keylog import KeyLog, parse_keylog
from report.tls.registry import registry
from report.tls.replay import Replay, SentRecord, replay
from report.tls.suites import TLS_1_3, key_block, protected_length
from tests.tls.gnutls_session import hold_gnutls_session
from tests.tls.openssl_session import Session, Setup, hold_session
from tests.tls.small_ca import LEAF, chain
from tests.tls.wire import sent_records, tcp_chunks

SENDERS: tuple[Sender, Sender] = ("client", "server")


@dataclass(frozen=True)
class _Case:
    name: str
    suite: str
    version: int
    setup: Setup


def _old(version: str, cipher: str, *server: str, extended: bool = True) -> Setup:
    return Setup(server, (f"-{version}", "-cipher", f"{cipher}:@SECLEVEL=0"), extended)


def _tls13(suite: str, *client: str, server: tuple[str, ...] = ()) -> Setup:
    return Setup(server, ("-tls1_3", "-ciphersuites", suite, *client))


_CASES = [
    _Case("gcm", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0x0303,
          _old("tls1_2", "ECDHE-RSA-AES128-GCM-SHA256")),
    _Case("gcm-sha384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 0x0303,
          _old("tls1_2", "ECDHE-RSA-AES256-GCM-SHA384")),
    _Case("chacha20", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 0x0303,
          _old("tls1_2", "ECDHE-RSA-CHACHA20-POLY1305")),
    _Case("rsa-ccm-8", "TLS_RSA_WITH_AES_128_CCM_8", 0x0303, _old("tls1_2", "AES128-CCM8")),
    _Case("rsa-cbc-etm", "TLS_RSA_WITH_AES_128_CBC_SHA", 0x0303, _old("tls1_2", "AES128-SHA")),
    _Case("rsa-cbc-mte", "TLS_RSA_WITH_AES_256_CBC_SHA256", 0x0303,
          _old("tls1_2", "AES256-SHA256", "-no_etm")),
    _Case("rsa-no-ems", "TLS_RSA_WITH_AES_256_GCM_SHA384", 0x0303,
          _old("tls1_2", "AES256-GCM-SHA384", extended=False)),
    _Case("ecdhe-cbc-sha384", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", 0x0303,
          _old("tls1_2", "ECDHE-RSA-AES256-SHA384", "-no_etm")),
    _Case("camellia", "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA", 0x0303,
          _old("tls1_2", "CAMELLIA128-SHA")),
    _Case("null", "TLS_RSA_WITH_NULL_SHA256", 0x0303, _old("tls1_2", "NULL-SHA256")),
    _Case("tls11-cbc", "TLS_RSA_WITH_AES_128_CBC_SHA", 0x0302,
          _old("tls1_1", "AES128-SHA", "-no_etm")),
    _Case("tls10-cbc", "TLS_RSA_WITH_AES_256_CBC_SHA", 0x0301,
          _old("tls1", "AES256-SHA", "-no_etm")),
    _Case("tls10-cbc-etm", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", 0x0301,
          _old("tls1", "DHE-RSA-AES128-SHA")),
    _Case("tls10-no-ems", "TLS_RSA_WITH_AES_128_CBC_SHA", 0x0301,
          _old("tls1", "AES128-SHA", extended=False)),
    _Case("tls13-gcm", "TLS_AES_128_GCM_SHA256", TLS_1_3, _tls13("TLS_AES_128_GCM_SHA256")),
    _Case("tls13-sha384", "TLS_AES_256_GCM_SHA384", TLS_1_3, _tls13("TLS_AES_256_GCM_SHA384")),
    _Case("tls13-chacha20", "TLS_CHACHA20_POLY1305_SHA256", TLS_1_3,
          _tls13("TLS_CHACHA20_POLY1305_SHA256")),
    _Case("tls13-ccm-8", "TLS_AES_128_CCM_8_SHA256", TLS_1_3,
          _tls13("TLS_AES_128_CCM_8_SHA256",
                 server=("-ciphersuites", "TLS_AES_128_CCM_8_SHA256"))),
    _Case("tls13-retry", "TLS_AES_256_GCM_SHA384", TLS_1_3,
          _tls13("TLS_AES_256_GCM_SHA384", "-groups", "P-256:X25519",
                 server=("-groups", "X25519"))),
    _Case("tls13-mutual", "TLS_AES_128_GCM_SHA256", TLS_1_3,
          _tls13("TLS_AES_128_GCM_SHA256", "-cert", "CLIENT", server=("-Verify", "1"))),
    _Case("mutual", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0x0303,
          Setup(("-Verify", "1"), ("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256",
                                   "-cert", "CLIENT"))),
]  # fmt: skip
_RSA = [case for case in _CASES if case.suite.startswith("TLS_RSA_")]


@cache
def _held(folder: Path, case: _Case) -> Session:
    client = [
        str(folder / "server.pem") if part == "CLIENT" else part for part in case.setup.client
    ]
    setup = Setup(case.setup.server, client, case.setup.extended_master_secret)
    return hold_session(folder, setup)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    made = chain()
    path = tmp_path_factory.mktemp("openssl")
    (path / "server.pem").write_bytes(made.leaf.pem + made.leaf.key_pem)
    return path


@pytest.fixture(params=_CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> _Case:
    found: _Case = request.param
    return found


@pytest.fixture
def session(folder: Path, case: _Case) -> Session:
    return _held(folder, case)


@pytest.fixture
def found(session: Session) -> Replay:
    return replay(sent_records(session.chunks), session.keylog)


def _data(found: Replay, sender: str) -> bytes:
    return b"".join(
        record.plaintext
        for record in found.records
        if record.record.sender == sender and record.content_type == 23 and record.plaintext
    )


def test_suite_and_version(case: _Case, found: Replay) -> None:
    assert found.suite
    assert (found.suite.name, found.version) == (case.suite, case.version)
    assert found.faults == []


def test_everything_opens_to_what_was_said(found: Replay) -> None:
    """The client says ping; the server (-rev) answers with it reversed; both say close_notify."""
    assert all(record.plaintext is not None for record in found.records)
    assert _data(found, "client") == b"ping\n"
    assert _data(found, "server") == b"gnip\n"
    last = [record for record in found.records if record.record.sender == "client"][-1]
    assert (last.content_type, last.plaintext) == (21, b"\x01\x00")


def test_messages_are_those_openssl_printed(session: Session, found: Replay) -> None:
    printed = sorted(session.printed)
    assert len(printed) >= 8
    assert sorted((message.sender, message.data) for message in found.messages) == printed


def test_verify_data_is_what_openssl_computed(session: Session, found: Replay) -> None:
    printed = {sender: data[4:] for sender, data in session.printed if data[0] == 20}
    assert {check.sender: check.expected for check in found.finished} == printed
    assert all(check.matches for check in found.finished)
    assert len(found.finished) == 2


@pytest.mark.parametrize("case", _RSA, indirect=True, ids=lambda case: case.name)
def test_master_secret_from_the_premaster(case: _Case, session: Session, found: Replay) -> None:
    """RSA key exchange: the server's key opens the premaster; RFC 7627 or the plain formula."""
    assert found.suite
    messages = [message.data for message in found.messages]
    at = next(index for index, message in enumerate(messages) if message[0] == 16)
    key = LEAF.key
    assert isinstance(key, rsa.RSAPrivateKey)
    premaster = key.decrypt(messages[at][6:], padding.PKCS1v15())
    randoms = (found.client_random, found.server_random)
    suite_hash = found.suite.prf_hash
    if case.setup.extended_master_secret:
        assert found.extended_master_secret
        ours = extended_master_secret(found.version, suite_hash, premaster, messages[: at + 1])
    else:
        assert not found.extended_master_secret
        ours = master_secret(found.version, suite_hash, premaster, *randoms)
    assert ours == session.keylog.for_session(found.client_random)["CLIENT_RANDOM"]


@pytest.mark.parametrize("case", _RSA, indirect=True, ids=lambda case: case.name)
@pytest.mark.parametrize("form", ["RSA", "PMS_CLIENT_RANDOM"])
def test_a_premaster_secret_in_the_log_is_enough(
    session: Session, found: Replay, form: str
) -> None:
    exchange = next(message.data for message in found.messages if message.kind == 16)
    key = LEAF.key
    assert isinstance(key, rsa.RSAPrivateKey)
    premaster = key.decrypt(exchange[6:], padding.PKCS1v15()).hex()
    name = exchange[6:14].hex() if form == "RSA" else found.client_random.hex()
    keylog = parse_keylog(f"{form} {name} {premaster}\n".encode())
    again = replay(sent_records(session.chunks), keylog)
    assert again.faults == []
    assert (_data(again, "client"), _data(again, "server")) == (b"ping\n", b"gnip\n")
    assert [check.matches for check in again.finished] == [True, True]


def test_lengths_on_the_wire_are_those_computed(case: _Case, found: Replay) -> None:
    """Each protected record is as long as suite and version say; OpenSSL pads the least."""
    assert found.suite
    for record in found.records:
        if not record.protected or record.plaintext is None:
            continue
        expected = protected_length(
            found.suite,
            found.version,
            len(record.plaintext),
            encrypt_then_mac=found.encrypt_then_mac,
        )
        assert len(record.record.fragment) == expected
    if found.keys:
        lengths = key_block(found.suite, case.version)
        assert len(found.keys.client.key) == len(found.keys.server.key) == lengths.key


def test_without_keys_nothing_protected_opens(session: Session) -> None:
    found = replay(sent_records(session.chunks), KeyLog({}, {}, 0))
    protected = [record for record in found.records if record.protected]
    assert protected
    assert all(record.plaintext is None for record in protected)
    assert found.finished == []
    assert found.suite


def test_a_changed_secret_opens_nothing_and_says_so(session: Session) -> None:
    wrong = {
        random: {label: bytes([secret[0] ^ 1]) + secret[1:] for label, secret in labels.items()}
        for random, labels in session.keylog.secrets.items()
    }
    found = replay(sent_records(session.chunks), KeyLog(wrong, {}, 0))
    assert _data(found, "client") == b"" or (found.suite and found.suite.symmetric == "NULL")
    assert found.faults
    assert not any(check.matches for check in found.finished)


def test_a_changed_message_is_noticed(folder: Path) -> None:
    """One bit of the Client Hello's random changed on the way, keys found all the same."""
    session = _held(folder, _CASES[0])
    records = list(sent_records(session.chunks))
    messages = replay(records, session.keylog)
    assert messages.suite
    at = next(i for i, message in enumerate(messages.messages) if message.kind == 11)
    changed = [
        type(record)(
            record.sender,
            record.content_type,
            record.version,
            record.fragment[:-1] + bytes([record.fragment[-1] ^ 1])
            if index == messages.messages[at].record
            else record.fragment,
        )
        for index, record in enumerate(records)
    ]
    found = replay(changed, session.keylog)
    assert [check.matches for check in found.finished] == [False, False]


@pytest.mark.parametrize("bits", range(0, 4000, 97))
def test_damaged_records_raise_nothing(folder: Path, bits: int) -> None:
    session = _held(folder, _CASES[bits % 2 * 14])
    stream = b"".join(data for _, data in session.chunks)
    at = bits % (len(stream) * 8)
    chunks = []
    for sender, data in session.chunks:
        if 0 <= at < len(data) * 8:
            data = data[: at // 8] + bytes([data[at // 8] ^ 1 << at % 8]) + data[at // 8 + 1 :]
        at -= len(data) * 8
        chunks.append((sender, data))
    replay(sent_records(chunks), session.keylog)


def _hello(kind: int, version: int, suite: int, *, tls13: bool) -> bytes:
    suites = suite.to_bytes(2) + (b"\0" if kind == 2 else b"\x01\0")
    if kind == 1:
        suites = b"\0\x02" + suites
    selected = b"\x03\x04" if kind == 2 else b"\x02\x03\x04"
    extension = b"\0\x2b" + len(selected).to_bytes(2) + selected if tls13 else b""
    body = version.to_bytes(2) + bytes([kind]) * 32 + b"\0" + suites
    body += len(extension).to_bytes(2) + extension
    return bytes([kind]) + len(body).to_bytes(3) + body


@pytest.mark.parametrize("version", [0x0300, 0x0301, 0x0302, 0x0303, TLS_1_3])
def test_every_suite_in_every_version_raises_nothing(version: int) -> None:
    """Keys for all of them, records that none of them made."""
    labels = ["CLIENT_RANDOM", "CLIENT_EARLY_TRAFFIC_SECRET"]
    labels += [f"{side}_HANDSHAKE_TRAFFIC_SECRET" for side in ("CLIENT", "SERVER")]
    keylog = KeyLog({b"\x01" * 32: {label: b"s" * 48 for label in labels}}, {}, 0)
    tls13 = version == TLS_1_3
    legacy = min(version, 0x0303)
    finished = b"\x14\0\0\x0c" + b"f" * 12
    for code in registry("cipher_suites").by_value:
        hellos = [
            SentRecord("client", 22, legacy, _hello(1, legacy, code, tls13=tls13)),
            SentRecord("server", 22, legacy, _hello(2, legacy, code, tls13=tls13)),
        ]
        rest = [
            SentRecord(sender, kind, legacy, content)
            for sender in SENDERS
            for kind, content in ((22, finished), (20, b"\x01"), (22, b"r" * 64), (23, b"r" * 80))
        ]
        found = replay(hellos + rest, keylog)
        assert found.suite
        assert (found.suite.code, found.version) == (code, version)
        assert len(found.records) == len(hellos + rest)


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([20, 21, 22, 23, 0]), st.binary(max_size=80)),
        max_size=12,
    )
)
def test_random_records_raise_nothing(records: list[tuple[bool, int, bytes]]) -> None:
    sent = [SentRecord(SENDERS[side], kind, 0x0303, data) for side, kind, data in records]
    assert len(replay(sent, KeyLog({}, {}, 0)).records) == len(sent)


@pytest.mark.parametrize(
    ("priority", "suite", "version"),
    [
        ("VERS-TLS1.0:+3DES-CBC:+RSA:+SHA1:%NO_ETM", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", 0x0301),
        ("VERS-TLS1.1:+ARCFOUR-128:+RSA:+MD5", "TLS_RSA_WITH_RC4_128_MD5", 0x0302),
        ("VERS-TLS1.2:+ARCFOUR-128:+RSA:+SHA1", "TLS_RSA_WITH_RC4_128_SHA", 0x0303),
    ],
)
def test_suites_that_only_gnutls_still_has(
    folder: Path, priority: str, suite: str, version: int
) -> None:
    chunks, keylog = hold_gnutls_session(folder, f"NONE:+COMP-NULL:+SIGN-ALL:+{priority}")
    found = replay(sent_records(chunks), keylog)
    assert found.suite
    assert (found.suite.name, found.version, found.faults) == (suite, version, [])
    assert (_data(found, "client"), _data(found, "server")) == (b"ping\n", b"ping\n")
    assert [check.matches for check in found.finished] == [True, True]


def test_a_cipher_without_implementation_stays_closed_and_says_so(folder: Path) -> None:
    chunks, keylog = hold_gnutls_session(
        folder, "NONE:+COMP-NULL:+SIGN-ALL:+VERS-TLS1.2:+CAMELLIA-128-GCM:+RSA:+AEAD"
    )
    found = replay(sent_records(chunks), keylog)
    assert found.suite
    assert found.suite.name == "TLS_RSA_WITH_CAMELLIA_128_GCM_SHA256"
    assert found.keys
    assert found.faults == [f"{found.suite.name} has no implementation here"] * 2
    assert all(record.plaintext is None for record in found.records if record.protected)


@pytest.mark.parametrize(
    ("name", "suite", "version"),
    [
        ("illustrated-tls12", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", 0x0303),
        ("illustrated-tls13", "TLS_AES_256_GCM_SHA384", TLS_1_3),
    ],
)
def test_illustrated_captures(shared: Path, name: str, suite: str, version: int) -> None:
    """Every byte of them is explained by their author: ping, pong, and a close_notify."""
    keylog = parse_keylog((shared / "traces" / f"{name}.keylog").read_bytes())
    chunks = tcp_chunks(shared / "traces" / f"{name}.pcap")
    found = replay(sent_records(chunks), keylog)
    assert found.suite
    assert (found.suite.name, found.version, found.faults) == (suite, version, [])
    assert (_data(found, "client"), _data(found, "server")) == (b"ping", b"pong")
    assert [check.matches for check in found.finished] == [True, True]


def test_capture_with_keys_of_two_connections(shared: Path) -> None:
    """Frame 23 of it is `GET / HTTP/1.1`, frame 29 the answer; its first connection an alert."""
    keylog = parse_keylog(
        (shared / "traces" / "tls13-pq-offered-grease-keylog.keylog").read_bytes()
    )
    path = shared / "traces" / "tls13-pq-offered-grease-keylog.pcapng"
    first = replay(sent_records(tcp_chunks(path)), keylog)
    alert = [record for record in first.records if record.content_type == 21]
    assert [record.plaintext for record in alert] == [b"\x02\x2e"]  # fatal, certificate_unknown
