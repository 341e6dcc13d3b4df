"""The reader opens what OpenSSL sealed: sessions made in memory, one per cipher and version."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.independent.packets import Segment
from tests.independent.records import records
from tests.independent.secrets import read_keylog
from tests.independent.session import SIDES, Message, Side, messages
from tests.independent.streams import ByteStream, reassembled
from traces.make.authority import chain, write_server_files

REQUEST, REPLY = b"GET /shelf HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n" + bytes(3000)
NO_ENCRYPT_THEN_MAC = 1 << 19
TLS12 = ["AES128-SHA", "AES256-SHA256", "ECDHE-RSA-AES256-SHA384", "CAMELLIA128-SHA",
         "ECDHE-RSA-AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-CCM", "AES256-CCM8",
         "ECDHE-RSA-CHACHA20-POLY1305", "NULL-SHA256"]  # fmt: skip
CASES = [
    *((suite, ssl.TLSVersion.TLSv1_2, 0) for suite in TLS12),
    ("AES128-SHA", ssl.TLSVersion.TLSv1_2, NO_ENCRYPT_THEN_MAC),
    ("AES128-SHA", ssl.TLSVersion.TLSv1_1, 0),
    ("AES256-SHA", ssl.TLSVersion.TLSv1, 0),
    ("AES256-SHA", ssl.TLSVersion.TLSv1, NO_ENCRYPT_THEN_MAC),
    ("ALL", ssl.TLSVersion.TLSv1_3, 0),
]


@pytest.fixture(scope="module")
def server_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("server")
    return write_server_files(folder, "server", chain("in-memory.example", 1))


def _session(
    suite: str, version: ssl.TLSVersion, options: int, files: tuple[Path, Path], keylog: Path
) -> dict[Side, ByteStream]:
    """A whole session between two OpenSSL ends: request, reply, the client's closing."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*files)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    client.keylog_filename = str(keylog)
    for context in (server, client):
        context.set_ciphers(f"{suite}:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        context.options |= options
    into: dict[Side, ssl.MemoryBIO] = {side: ssl.MemoryBIO() for side in SIDES}
    out: dict[Side, ssl.MemoryBIO] = {side: ssl.MemoryBIO() for side in SIDES}
    asked = client.wrap_bio(into["client"], out["client"], server_hostname="x.example")
    answered = server.wrap_bio(into["server"], out["server"], server_side=True)
    steps: list[tuple[Side, Callable[[], object]]] = [
        ("client", asked.do_handshake),
        ("server", answered.do_handshake),
        ("client", asked.do_handshake),
        ("server", answered.do_handshake),
        ("client", asked.do_handshake),
        ("client", lambda: asked.write(REQUEST)),
        ("server", lambda: answered.read(100)),
        ("server", lambda: answered.write(REPLY)),
        ("client", lambda: asked.read(5000)),
        ("client", asked.unwrap),
    ]
    sent: dict[Side, list[Segment]] = {side: [] for side in SIDES}
    position: dict[Side, int] = {"client": 0, "server": 0}
    for frame, (side, act) in enumerate(steps, 1):
        with suppress(ssl.SSLWantReadError):
            act()
        data = out[side].read()
        if not data:
            continue
        other: Side = "server" if side == "client" else "client"
        into[other].write(data)
        ends = (side, 1), (other, 2)
        sent[side].append(Segment(frame, *ends, 1000 + position[side], 0, 16, data, len(data)))
        position[side] += len(data)
    return {side: reassembled(sent[side]) for side in SIDES}


def _read(streams: dict[Side, ByteStream], keylog: str) -> list[Message]:
    cut = {side: list(records(streams[side], client=side == "client")) for side in SIDES}
    return messages(streams, cut, read_keylog(keylog))


def _bodies(found: list[Message], side: Side, name: str) -> Iterator[bytes]:
    return (m.body for m in found if m.sender == side and m.name == name)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(("suite", "version", "options"), CASES)
def test_opens_every_record_of_a_session(
    suite: str,
    version: ssl.TLSVersion,
    options: int,
    server_files: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    keylog = tmp_path / "keys"
    streams = _session(suite, version, options, server_files, keylog)
    found = _read(streams, keylog.read_text())
    assert b"".join(_bodies(found, "client", "Application Data")) == REQUEST
    assert b"".join(_bodies(found, "server", "Application Data")) == REPLY
    assert [len(list(_bodies(found, side, "Finished"))) for side in SIDES] == [1, 1]
    assert [m.alert() for m in found if m.name == "Alert"] == [(1, "close_notify")]
    assert all(m.opened for m in found if m.encrypted)


def test_says_what_is_sealed_without_keys(server_files: tuple[Path, Path], tmp_path: Path) -> None:
    streams = _session("AES128-SHA", ssl.TLSVersion.TLSv1_2, 0, server_files, tmp_path / "keys")
    found = _read(streams, "")
    sealed = [(m.sender, m.name) for m in found if m.encrypted]
    assert sealed[0] == ("client", "Encrypted Handshake Message")
    assert sealed[-1] == ("client", "Encrypted Alert")
    assert not any(m.opened for m in found)
