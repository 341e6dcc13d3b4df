"""Real TLS sessions whose every name an attacker chose: SNI, ALPN, certificate, HTTP host.

OpenSSL holds each session in memory, so that no network is needed; names that it would not send
(a NUL, a newline) take the place of others of the same length in the messages that are in clear.
"""

import ssl
import struct
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.security.odd_packets import ip_header, written

Flight = tuple[bool, bytes]
"""Whether the client sent it, and the bytes."""
_KEY = ec.generate_private_key(ec.SECP256R1())
_SYN, _ACK, _FIN, _PSH = 2, 16, 1, 8


@dataclass(frozen=True)
class Sessions:
    """A capture with one session per name, in their order, each a TCP stream of its own."""

    capture: Path
    keylog: Path
    names: tuple[str, ...]


def hold_sessions(names: Sequence[str], folder: Path) -> Sessions:
    """One TLS 1.2 session per name, with the name in every place."""
    keylog = folder / "keys.log"
    packets: list[bytes] = []
    for number, name in enumerate(names):
        packets += _packets(number, _session(name, keylog))
    times = count(1_790_000_000_000_000, 1000)
    stamped = [(struct.pack("<II", *divmod(next(times), 1_000_000)), p) for p in packets]
    return Sessions(written(stamped, folder / "hostile.pcap"), keylog, tuple(names))


def certificate(name: str) -> x509.Certificate:
    """Subject and issuer called `name`, in common name and organization."""
    called = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name, _validate=False),
            x509.NameAttribute(NameOID.COMMON_NAME, name, _validate=False),
        ]
    )
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(_KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(_KEY, hashes.SHA256())
    )


def _session(name: str, keylog: Path) -> list[Flight]:
    wanted = name.encode()
    assert len(wanted) <= 63, "longer than a label of a host name may be"
    label = "x" * len(wanted)
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder) / "server.pem"
        pem.write_bytes(
            _KEY.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate(name).public_bytes(serialization.Encoding.PEM)
        )
        server, client = _contexts(pem, keylog, label)
    request = b"GET /" + wanted.replace(b"\n", b"%0a") + b" HTTP/1.1\r\nHost: " + wanted
    flights = _held(server, client, label, request + b"\r\n\r\n")
    protocol = _protocol(label).encode()
    return [
        (own, data.replace(label.encode(), wanted).replace(protocol, wanted))
        for own, data in flights
    ]


def _protocol(label: str) -> str:
    return label.replace("x", "y")


def _contexts(pem: Path, keylog: Path, label: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.keylog_filename = str(keylog)
    for context in (server, client):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols([_protocol(label)])
    server.num_tickets = 0
    return server, client


def _held(
    server: ssl.SSLContext, client: ssl.SSLContext, host: str, request: bytes
) -> Iterator[Flight]:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=host)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    sent: list[Flight] = []

    def step(side: ssl.SSLObject, own: bool, outgoing: ssl.MemoryBIO, work: str) -> None:
        try:
            if work == "handshake":
                side.do_handshake()
            elif work == "request":
                side.write(request)
            elif work == "read":
                side.read()
            else:
                side.unwrap()
        except (ssl.SSLWantReadError, ssl.SSLSyscallError):
            pass
        data = outgoing.read()
        if data:
            sent.append((own, data))
            outgoing.write(data)

    for _ in range(3):
        step(ours, True, to_server, "handshake")
        step(theirs, False, to_client, "handshake")
    step(ours, True, to_server, "request")
    step(theirs, False, to_client, "read")
    step(theirs, False, to_client, "close")
    yield from sent


def _packets(number: int, flights: Sequence[Flight]) -> Iterator[bytes]:
    """The connection as TCP segments: three to open it, one or more per flight, two to close."""
    sequence = {True: 1000, False: 5000}

    def segment(own: bool, flags: int, data: bytes = b"") -> bytes:
        ports = (40_000 + number, 443) if own else (443, 40_000 + number)
        acked = sequence[not own] if flags & _ACK else 0
        tcp = struct.pack(">HHIIBBHHH", *ports, sequence[own], acked, 5 << 4, flags, 8192, 0, 0)
        sequence[own] += len(data) + bool(flags & (_SYN | _FIN))
        ends = (b"\x0a\0\0\x02", b"\x0a\0\0\x01") if own else (b"\x0a\0\0\x01", b"\x0a\0\0\x02")
        head = ip_header(*ends, tcp + data)
        return b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\x00" + head + tcp + data

    yield segment(True, _SYN)
    yield segment(False, _SYN | _ACK)
    yield segment(True, _ACK)
    for own, data in flights:
        for at in range(0, len(data), 1400):
            yield segment(own, _ACK | _PSH, data[at : at + 1400])
    yield segment(False, _FIN | _ACK)
    yield segment(True, _FIN | _ACK)
