"""Our own readers of what strangers send: captures, key logs, records, messages, certificates.

Each takes bytes and either reads them or says that it cannot, in the one way that it promises.
"""

import io
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from report.batch.keylogs import client_randoms
from report.capture.container import TooManyBlocksError, read_container
from report.errors import LabsharkError
from report.grading.intake.answersjson import parse_answers
from report.grading.intake.content import Kind, content_of
from report.grading.intake.encoding import NotTextError, decode_text
from report.grading.intake.lines import UnreadableError
from report.grading.intake.reading import read_document
from report.grading.intake.zips import RefusedError, opened_zip
from report.grading.reading.reader import read_answers
from report.labs.loader import load_lab
from report.labs.model import Lab
from report.tls.certificate_message import certificate_entries
from report.tls.certificates import read_certificate
from report.tls.extension_contents import extension_content
from report.tls.hello import client_hello, server_hello
from report.tls.key_messages import (
    certificate_request,
    certificate_verify,
    client_key_exchange,
    server_key_exchange,
    session_ticket,
)
from report.tls.key_schedule import Sender
from report.tls.keylog import KeyLog, parse_keylog
from report.tls.ocsp import read_ocsp, stapled_answer
from report.tls.replay import SentRecord, replay
from report.tls.suites import cipher_suite
from report.tls.trust import load_trust_store
from tests.conftest import CHECKOUT
from tests.long.sources import WAYS, sources
from tests.tls.wire import sent_records, tcp_chunks

_VERSIONS = (0x0300, 0x0301, 0x0302, 0x0303, 0x0304)
_SUITES = (0xC02F, 0x009E, 0x002F, 0x008C, 0x1301, 0xC018)
_HANDSHAKE, _CHANGE_CIPHER_SPEC = 22, 20


@dataclass(frozen=True)
class Reader:
    """A reader, what it may raise, and what it reads when all is well."""

    read: Callable[[bytes], object]
    refuses: tuple[type[Exception], ...]
    seeds: Callable[[], list[bytes]]


def _container(data: bytes) -> None:
    found = read_container(io.BytesIO(data), 10_000)
    assert 0 <= found.end <= len(data)
    assert found.packets >= 0
    client_randoms(data)


def _messages(data: bytes) -> None:
    for version in _VERSIONS:
        for suite in map(cipher_suite, _SUITES):
            for exchange in (server_key_exchange, client_key_exchange):
                _tried(partial(exchange, data, suite, version))
        for each in (certificate_entries, certificate_request, certificate_verify, session_ticket):
            _tried(partial(each, data, version))
    for hello in (client_hello, server_hello):
        _tried(partial(hello, data))
    stapled_answer(data)
    for kind in (0, 10, 11, 13, 16, 35, 43, 45, 51, 65281):
        extension_content(kind, data, client=True)
        extension_content(kind, data, client=False)


def _tried(read: Callable[[], object]) -> None:
    try:
        read()
    except ValueError:
        return


def _records(data: bytes) -> None:
    """As they lie in the stream: sender, type, version, length, bytes."""
    sent, at = [], 0
    while at + 6 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 6])
        body = data[at + 6 : at + 6 + size]
        sender: Sender = "client" if data[at] & 1 else "server"
        sent.append(SentRecord(sender, data[at + 1], int.from_bytes(data[at + 2 : at + 4]), body))
        at += 6 + size
    assert len(replay(sent, _keys()).records) == len(sent)


def _certificates(data: bytes) -> None:
    read_certificate(data)
    read_ocsp(data)
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            load_trust_store(Path(file.name))
        except LabsharkError:
            return


def _file(data: bytes) -> None:
    """What somebody handed in, told by content; a zip listed and unpacked."""
    decode_text(data[:2000])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        path.write_bytes(data)
        content_of(path, "x.txt")
        with opened_zip(path) as archive:
            for member in archive.members:
                archive.read(member.name, 1 << 20)


def _document(kind: Kind) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            reading = read_document(Path(file.name), kind)
        read_answers(reading.lines, _lab(), "x")

    return read


@cache
def _lab() -> Lab:
    return load_lab("tls-v8.1")


def _captures() -> list[bytes]:
    return [path.read_bytes()[:60_000] for path in sources()]


@cache
def _keys() -> KeyLog:
    return parse_keylog((CHECKOUT / "traces" / "demo.keylog").read_bytes())


def _keylogs() -> list[bytes]:
    return [(CHECKOUT / "traces" / "demo.keylog").read_bytes()]


def _streams() -> Iterator[list[SentRecord]]:
    for path in sources()[:2]:
        yield list(sent_records(tcp_chunks(path)))[:40]


def _whole_streams() -> list[bytes]:
    return [
        b"".join(
            bytes([one.sender == "client", one.content_type])
            + one.version.to_bytes(2)
            + len(one.fragment).to_bytes(2)
            + one.fragment
            for one in stream
        )
        for stream in _streams()
    ]


def _handshakes() -> list[bytes]:
    """The handshake messages in clear, with their headers."""
    found = []
    for stream in _streams():
        for sender in ("client", "server"):
            data = b""
            for record in (one for one in stream if one.sender == sender):
                if record.content_type == _CHANGE_CIPHER_SPEC:
                    break
                data += record.fragment if record.content_type == _HANDSHAKE else b""
            while len(data) >= 4:
                end = 4 + int.from_bytes(data[1:4])
                found.append(data[:end])
                data = data[end:]
    return found


def _ders() -> list[bytes]:
    found = []
    for message in _handshakes():
        if message[0] == 11:
            found += [entry.der for entry in certificate_entries(message, 0x0303)]
    return found


def _writeups(*endings: str) -> Callable[[], list[bytes]]:
    folder = CHECKOUT / "tests" / "grading" / "intake" / "documents"
    return lambda: [
        path.read_bytes() for path in sorted(folder.rglob("*")) if path.name.endswith(endings)
    ]


def _answers() -> list[bytes]:
    return [
        b'{"labshark": "1", "answers": [{"id": "q1", "status": "found", "value": 17},'
        b' {"id": "q12", "value": ["a", "\\u4e2d"]}], "capture": {"sha256": "00"}}'
    ]


READERS: Mapping[str, Reader] = {
    "container": Reader(_container, (ValueError, TooManyBlocksError), _captures),
    "keylog": Reader(parse_keylog, (), _keylogs),
    "messages": Reader(_messages, (), _handshakes),
    "records": Reader(_records, (), _whole_streams),
    "certificates": Reader(_certificates, (), _ders),
    "answers.json": Reader(parse_answers, (ValueError,), _answers),
    "files": Reader(_file, (NotTextError, RefusedError), _writeups(".docx", ".zip", ".md")),
    "docx": Reader(_document(Kind.WORD), (UnreadableError,), _writeups(".docx")),
    "html": Reader(_document(Kind.HTML), (UnreadableError,), _writeups(".html")),
    "markdown": Reader(_document(Kind.MARKDOWN), (UnreadableError,), _writeups(".md", ".txt")),
}


def mutated(seeds: list[bytes], chance: random.Random) -> bytes:
    """One of the seeds, changed in one to four ways, or spliced with another."""
    data = bytearray(chance.choice(seeds))
    if chance.random() < 0.1:
        other = chance.choice(seeds)
        data[chance.randrange(len(data) + 1) :] = other[chance.randrange(len(other) + 1) :]
    for way in chance.choices(WAYS, k=chance.randint(1, 4)):
        if data:
            way(data, chance)
    return bytes(data)
