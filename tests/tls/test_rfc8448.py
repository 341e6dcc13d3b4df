"""Every trace of RFC 8448 replayed: keys derived, records opened, Finished recomputed."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519

from report.tls.key_schedule import (
    Sender,
    Tls13Secrets,
    derive_secret,
    finished_verify_data,
    hkdf_expand_label,
    tls13_secrets,
    traffic_keys,
    transcript_hash,
)
from report.tls.records import RecordReader, record_reader
from report.tls.registry import content_type_name, handshake_name
from report.tls.suites import TLS_1_3, cipher_suite

_TRACES = tomllib.loads(Path(__file__).with_name("vectors").joinpath("rfc8448.toml").read_text())
_SUITE = cipher_suite(0x1301)
_HASH = "SHA256"
_LABELS = {
    "client_early": b"c e traffic",
    "client_handshake": b"c hs traffic",
    "server_handshake": b"s hs traffic",
    "client_application": b"c ap traffic",
    "server_application": b"s ap traffic",
}


def _shared_secret(trace: dict[str, Any]) -> bytes:
    private, public = trace["client_private"], bytes.fromhex(trace["server_public"])
    if trace["group"] == "x25519":
        key = x25519.X25519PrivateKey.from_private_bytes(bytes.fromhex(private))
        return key.exchange(x25519.X25519PublicKey.from_public_bytes(public))
    curve = ec.SECP256R1()
    peer = ec.EllipticCurvePublicKey.from_encoded_point(curve, public)
    return ec.derive_private_key(int(private, 16), curve).exchange(ec.ECDH(), peer)


def _split(flight: bytes) -> Iterator[bytes]:
    while flight:
        end = 4 + int.from_bytes(flight[1:4])
        yield flight[:end]
        flight = flight[end:]


@dataclass
class _Replay:
    """One trace, replayed; `secrets` and `contents` are what it led to."""

    trace: dict[str, Any]
    schedule: Tls13Secrets = field(init=False)
    messages: list[bytes] = field(default_factory=list)
    secrets: dict[str, bytes] = field(default_factory=dict)
    readers: dict[str, RecordReader] = field(default_factory=dict)
    contents: list[tuple[str, str]] = field(default_factory=list)
    finished: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    data: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        psk = bytes.fromhex(self.trace.get("psk", ""))
        self.schedule = tls13_secrets(_HASH, _shared_secret(self.trace), psk)
        for sender, stage, _, record in self.trace["records"]:
            self._record(sender, stage, bytes.fromhex(record))

    def _record(self, sender: Sender, stage: str, record: bytes) -> None:
        content_type, content = record[0], record[5:]
        if stage != "plain":
            opened = self._reader(f"{sender}_{stage}").open(record[0], content)
            content_type, content = opened.content_type, opened.plaintext
        kind = content_type_name(content_type)
        if kind == "handshake":
            for message in _split(content):
                self._message(sender, message)
        elif kind == "application_data":
            self.contents.append((sender, "data"))
            self.data.append(content)
        else:
            self.contents.append((sender, kind))

    def _message(self, sender: Sender, message: bytes) -> None:
        name = handshake_name(message[0])
        self.contents.append((sender, name))
        if name == "finished":
            secret = self.secrets[f"{sender}_handshake"]
            expected = finished_verify_data(_HASH, secret, self.messages)
            self.finished[sender] = (message[4:], expected)
        if name == "new_session_ticket":
            return  # RFC 8446 4.4.1: not part of the handshake's transcript
        self.messages.append(message)
        self._derive(sender, name)

    def _derive(self, sender: Sender, name: str) -> None:
        stages = {
            ("client", "client_hello"): (self.schedule.early, ["client_early"]),
            ("server", "server_hello"): (
                self.schedule.handshake,
                ["client_handshake", "server_handshake"],
            ),
            ("server", "finished"): (
                self.schedule.master,
                ["client_application", "server_application"],
            ),
        }
        secret, names = stages.get((sender, name), (b"", []))
        for derived in names:
            self.secrets[derived] = derive_secret(_HASH, secret, _LABELS[derived], self.messages)
        if (sender, name) == ("server", "finished"):
            self._keep("exporter", b"exp master")
        if (sender, name) == ("client", "finished"):
            self._keep("resumption", b"res master")
        if (sender, name) == ("server", "server_hello"):
            self.secrets["hello_hash"] = transcript_hash(_HASH, self.messages)

    def _keep(self, name: str, label: bytes) -> None:
        self.secrets[name] = derive_secret(_HASH, self.schedule.master, label, self.messages)

    def _reader(self, keys: str) -> RecordReader:
        if keys not in self.readers:
            derived = traffic_keys(_SUITE, TLS_1_3, self.secrets[keys])
            self.readers[keys] = record_reader(_SUITE, TLS_1_3, derived)
        return self.readers[keys]


@pytest.fixture(
    scope="module", params=_TRACES["trace"], ids=lambda trace: f"section-{trace['section']}"
)
def replay(request: pytest.FixtureRequest) -> _Replay:
    return _Replay(request.param)


def test_secrets_are_those_printed(replay: _Replay) -> None:
    printed = dict(replay.trace["secrets"])
    for extra in ("shared", "binder", "binder_key", "binder_hash", "early_exporter"):
        printed.pop(extra, None)
    derived = replay.secrets | {
        "early": replay.schedule.early,
        "handshake": replay.schedule.handshake,
        "master": replay.schedule.master,
    }
    assert {name: derived[name].hex() for name in printed} == printed


@pytest.mark.parametrize("section", [3, 5])
def test_shared_secret_is_the_one_printed(section: int) -> None:
    trace = next(trace for trace in _TRACES["trace"] if trace["section"] == section)
    assert _shared_secret(trace).hex() == trace["secrets"]["shared"]


def test_keys_and_ivs_are_those_printed(replay: _Replay) -> None:
    for name, (key, iv) in replay.trace["keys"].items():
        keys = traffic_keys(_SUITE, TLS_1_3, replay.secrets[name])
        assert (keys.key.hex(), keys.iv.hex()) == (key, iv), name


def test_records_open_to_what_the_trace_says(replay: _Replay) -> None:
    said = [
        (sender, name) for sender, _, names, _ in replay.trace["records"] for name in names.split()
    ]
    assert replay.contents == said


def test_finished_of_both_sides(replay: _Replay) -> None:
    assert set(replay.finished) == {"client", "server"}
    for sent, expected in replay.finished.values():
        assert sent == expected


def test_finished_of_section_3_is_the_one_printed() -> None:
    sent, _ = _Replay(_TRACES["trace"][0]).finished["server"]
    assert sent.hex() == "9b9b141d906337fbd2cbdce71df4deda4ab42c309572cb7fffee5454b78f0718"


def test_application_data_of_section_3() -> None:
    """The document sends the bytes 0 to 49 in both directions."""
    assert _Replay(_TRACES["trace"][0]).data == [bytes(range(50)), bytes(range(50))]


def test_ticket_of_section_3_is_the_psk_of_section_4() -> None:
    resumption = bytes.fromhex(_TRACES["trace"][0]["secrets"]["resumption"])
    psk = hkdf_expand_label(_HASH, resumption, b"resumption", b"\0\0", 32)
    assert psk.hex() == _TRACES["trace"][1]["psk"]


def test_psk_binder_of_section_4() -> None:
    trace = _TRACES["trace"][1]
    printed = trace["secrets"]
    hello = bytes.fromhex(trace["records"][0][3])[5:]
    without_binders = hello[: -(2 + 1 + 32)]
    early = tls13_secrets(_HASH, b"", bytes.fromhex(trace["psk"])).early
    binder_key = derive_secret(_HASH, early, b"res binder", [])
    assert binder_key.hex() == printed["binder_key"]
    assert transcript_hash(_HASH, [without_binders]).hex() == printed["binder_hash"]
    binder = finished_verify_data(_HASH, binder_key, [without_binders])
    assert binder.hex() == printed["binder"] == hello[-32:].hex()
    exporter = derive_secret(_HASH, early, b"e exp master", [hello])
    assert exporter.hex() == printed["early_exporter"]
