"""Everything that the reader knows of a capture: `facts`."""

import base64
import ipaddress
import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Literal
from urllib.parse import unquote_to_bytes

import dpkt
from cryptography import x509
from cryptography.x509 import ocsp

from tests.independent.container import Capture, Frame, read_capture
from tests.independent.hello import (
    PRE_SHARED_KEY,
    SESSION_TICKET,
    CutError,
    Hello,
    certificates,
    client_hello,
    decompressed,
    server_hello,
    sslv2_client_hello,
    suite_name,
)
from tests.independent.packets import Datagram, Endpoint, Segment, link_source, transport
from tests.independent.quic import QuicConnection, quic_connections
from tests.independent.records import HANDSHAKE, SSL2_HELLO, Record, records
from tests.independent.secrets import KeyLog, read_keylog
from tests.independent.session import HANDSHAKE_NAMES, SIDES, Message, Side, messages
from tests.independent.streams import ByteStream, TcpConnection, connections

TLS13 = 0x0304


@dataclass
class Connection:
    """A connection that carries TLS. `stream` is Wireshark's tcp.stream or udp.stream.

    `syn` is the frame of its first SYN, None when not captured (or QUIC); `over` whether its end
    was captured: the client's FIN, or a RST.
    """

    transport: Literal["tcp", "quic"]
    stream: int
    client: Endpoint
    server: Endpoint
    messages: list[Message]
    syn: int | None = None
    over: bool = False
    streams: dict[Side, ByteStream] = field(default_factory=dict)
    records: dict[Side, list[Record]] = field(default_factory=dict)

    def first(self, side: Side, *names: str) -> Message | None:
        """The first message of these names from this side."""
        return next((m for m in self.messages if m.sender == side and m.name in names), None)

    def all(self, side: Side, *names: str) -> list[Message]:
        return [m for m in self.messages if m.sender == side and m.name in names]

    def holes(
        self, side: Side, start: int = 0, end: int | None = None, asked: str | None = None
    ) -> bool:
        """Whether a side's bytes are missing in this range in which a message may have been.

        What is missing of a message that is known to be there does not count; nor, where one
        message is asked for, of a record that by its beginning holds one other and nothing else.
        """
        stream = self.streams[side]
        at, end = start, len(stream) if end is None else end
        known = [(m.offset, m.end) for m in self.messages if m.sender == side]
        if asked is not None:
            known += self._begun(side, asked)
        for first, last in sorted(known):
            if at < first and stream.holes(at, min(first, end)):
                return True
            at = max(at, last)
        return at < end and stream.holes(at, end)

    def _begun(self, side: Side, asked: str) -> list[tuple[int, int]]:
        """Records cut amid a handshake message in the clear, other than the one asked for."""
        change = self.first(side, "Change Cipher Spec")
        found = []
        for record in self.records.get(side, []):
            if record.type != HANDSHAKE or not record.cut or len(record.body) < 4:
                continue
            alone = int.from_bytes(record.body[1:4], "big") + 4 == record.length
            name = HANDSHAKE_NAMES.get(record.body[0])
            if alone and name != asked and (change is None or record.offset < change.offset):
                found.append((record.offset, record.start + record.length))
        return found

    @cached_property
    def client_hello(self) -> Hello | None:
        """The first Client Hello."""
        message = self.first("client", "Client Hello")
        if message is None:
            return None
        sslv2 = any(record.type == SSL2_HELLO for record in self.records.get("client", []))
        return sslv2_client_hello(message.body) if sslv2 else client_hello(message.body)

    @cached_property
    def server_hello(self) -> Hello | None:
        """The first Server Hello that is not a Hello Retry Request."""
        message = self.first("server", "Server Hello")
        return server_hello(message.body) if message else None

    @property
    def server_name(self) -> str | None:
        return self.client_hello.server_name() if self.client_hello else None

    @property
    def version(self) -> int | None:
        """The version settled on: 0x0303 for TLS 1.2; None when not known."""
        hello = self.server_hello
        if hello is None:
            return None
        return hello.chosen_version() or self._version_by_records(hello)

    def _version_by_records(self, hello: Hello) -> int | None:
        """For a Server Hello cut short: in TLS 1.3 alone data follows Change Cipher Spec."""
        if self.first("client", "Client Key Exchange", "Encrypted Handshake Message"):
            return hello.version
        sent = [m.name for m in self.messages if m.sender == "client"]
        tls13 = ("Change Cipher Spec", "Application Data") in pairwise(sent)
        return TLS13 if tls13 else None

    @property
    def suite(self) -> str | None:
        """The IANA name of the suite settled on."""
        hello = self.server_hello
        return suite_name(hello.suites[0]) if hello and hello.suites else None

    @property
    def opened(self) -> bool:
        """Whether some encrypted message was opened with keys."""
        return any(message.opened for message in self.messages)

    def certificate_message(self, side: Side) -> Message | None:
        return self.first(side, "Certificate", "Compressed Certificate")

    def certificates(self, side: Side) -> list[x509.Certificate] | None:
        """The certificates that a side sent; None without the (whole) message."""
        message = self.certificate_message(side)
        if message is None or message.cut:
            return None
        try:
            packed = message.name == "Compressed Certificate"
            body = decompressed(message.body) if packed else message.body
            return certificates(body, tls13=self.version == TLS13)
        except CutError:
            return None

    @property
    def resumed(self) -> Literal["no", "id", "ticket", "psk"] | None:
        """How the session was resumed, None when the capture does not tell."""
        client, server = self.client_hello, self.server_hello
        if server is None:
            return None
        if self.version == TLS13:
            return "psk" if PRE_SHARED_KEY in server.extensions else "no"
        if self.first("server", "Certificate", "Server Hello Done") or self.first(
            "client", "Client Key Exchange"
        ):
            return "no"
        echoed = bool(client and client.session_id and client.session_id == server.session_id)
        if not echoed and not self._server_finished_first():
            return None
        return "ticket" if client and client.extensions.get(SESSION_TICKET) else "id"

    def _server_finished_first(self) -> bool:
        """Whether nothing came between the Server Hello and the server's Change Cipher Spec."""
        change = self.first("server", "Change Cipher Spec")
        return change is not None and not self.holes("server", 0, change.offset)


@dataclass(frozen=True, slots=True)
class Contact:
    """A client asks for a host: by DNS, or with an HTTP request in the clear."""

    frame: int
    client: str
    host: str
    ocsp: bool = False


@dataclass(slots=True)
class Facts:
    """A capture as this reader sees it."""

    path: Path
    capture: Capture
    connections: list[Connection]
    contacts: list[Contact]
    secrets: KeyLog = field(default_factory=dict)

    @property
    def packets(self) -> int:
        return len(self.capture.frames)

    def frame(self, number: int) -> Frame:
        """A frame by Wireshark's number."""
        return self.capture.frames[number - 1]

    def contacts_of(self, connection: Connection) -> list[Contact]:
        """The contacts of a connection's client: from its address, or over the other IP version.

        The latter is told by the Ethernet address; loopback is the capturing host itself.
        """
        return [contact for contact in self.contacts if self._by_client(contact, connection)]

    def _by_client(self, contact: Contact, connection: Connection) -> bool:
        one, other = (ipaddress.ip_address(c) for c in (contact.client, connection.client[0]))
        if one == other or one.is_loopback:
            return True
        sent = [m.parts[0] for m in connection.messages if m.sender == "client"]
        if one.version == other.version or not sent:
            return False
        hosts = [link_source(self.frame(number)) for number in (contact.frame, sent[0])]
        return hosts[0] is not None and hosts[0] == hosts[1]


def facts(path: Path, keylog: Path | None = None) -> Facts:
    """Read a capture; keys come from `keylog` and from inside the file."""
    capture = read_capture(path)
    texts = [*capture.keylogs, *([keylog.read_text()] if keylog else [])]
    secrets = read_keylog("\n".join(texts))
    found = [transport(frame) for frame in capture.frames]
    segments = [item for item in found if isinstance(item, Segment)]
    datagrams = [item for item in found if isinstance(item, Datagram)]
    tcp = connections(segments)
    read = [_tls_over_tcp(connection, secrets) for connection in tcp]
    sessions = [connection for connection in read if connection.messages]
    sessions += [_quic(connection) for connection in quic_connections(datagrams, secrets)]
    sessions.sort(key=lambda connection: _first_frame(connection))
    contacts = [contact for item in datagrams for contact in _dns_questions(item)]
    contacts += [contact for connection in tcp for contact in _http_requests(connection)]
    ordered = sorted(contacts, key=lambda contact: contact.frame)
    return Facts(path, capture, sessions, ordered, secrets)


def _first_frame(connection: Connection) -> int:
    hello = connection.first("client", "Client Hello")
    return (hello or connection.messages[0]).frame


def _tls_over_tcp(tcp: TcpConnection, secrets: KeyLog) -> Connection:
    ends = _roles(tcp)
    streams: dict[Side, ByteStream] = {side: tcp.bytes_from(ends[side]) for side in SIDES}
    cut = {side: list(records(streams[side], client=side == "client")) for side in SIDES}
    opening = tcp.opening()
    return Connection(
        "tcp",
        tcp.stream,
        ends["client"],
        ends["server"],
        messages(streams, cut, secrets),
        syn=opening.frame if opening else None,
        over=tcp.over(),
        streams=streams,
        records=cut,
    )


def _roles(tcp: TcpConnection) -> dict[Side, Endpoint]:
    """Client and server: by the SYN; without one by the hellos; else by the lower port."""
    sides: dict[Side, Endpoint] = {"client": tcp.client, "server": tcp.server}
    if any(segment.syn for segment in tcp.segments):
        return sides
    turned: dict[Side, Endpoint] = {"client": tcp.server, "server": tcp.client}
    for segment in tcp.segments:
        kind = segment.payload[5:6] if segment.payload[:2] == b"\x16\x03" else b""
        if kind in (b"\1", b"\2"):
            return sides if (kind == b"\1") == (segment.source == tcp.client) else turned
    return turned if tcp.client[1] < tcp.server[1] else sides


def _quic(connection: QuicConnection) -> Connection:
    return Connection(
        "quic",
        connection.stream,
        connection.client,
        connection.server,
        connection.messages,
        over=connection.closed,
    )


def _dns_questions(datagram: Datagram) -> list[Contact]:
    if datagram.target[1] != 53:
        return []
    try:
        questions = dpkt.dns.DNS(datagram.payload).qd
    except (dpkt.UnpackError, IndexError, UnicodeError):
        return []
    return [Contact(datagram.frame, datagram.source[0], question.name) for question in questions]


def _http_requests(tcp: TcpConnection) -> list[Contact]:
    """The HTTP requests that the connection's opener sent in the clear."""
    stream = tcp.bytes_from(tcp.client)
    request = re.compile(rb"^(?:GET|POST|HEAD) \S+ HTTP/1\.[01]\r\n.*?\r\n\r\n", re.M | re.S)
    found = []
    for match in request.finditer(bytes(stream.data)):
        host = re.search(rb"\r\nHost: *([^\r:]+)", match[0], re.I)
        size = re.search(rb"\r\nContent-Length: *(\d+)", match[0], re.I)
        last = match.end() - 1 + (int(size[1]) if size else 0)
        if last >= len(stream):
            continue
        name = host[1].decode("ascii", "replace") if host else tcp.server[0]
        found.append(Contact(stream.arrival[last], tcp.client[0], name, _asks_ocsp(match[0])))
    return found


def _asks_ocsp(request: bytes) -> bool:
    """An OCSP request, in the body of a POST or in the path of a GET (RFC 6960 appendix A.1)."""
    if re.search(rb"\r\nContent-Type: *application/ocsp-request", request, re.I):
        return True
    path = unquote_to_bytes(request.split(b" ")[1]) if request.startswith(b"GET ") else b""
    starts = [match.end() for match in re.finditer(b"/", path)]
    return any(_is_ocsp_request(path[start:]) for start in starts)


def _is_ocsp_request(text: bytes) -> bool:
    try:
        ocsp.load_der_ocsp_request(base64.b64decode(text))
    except ValueError:
        return False
    return True


def choose(
    found: Facts, host: str | None = None, stream: int | None = None, lab_host: str | None = None
) -> Connection:
    """The session that a lab is about (design, section 4). LookupError when there is none.

    `host` and `stream` are asked for; `lab_host` is only preferred.
    """
    if stream is not None:
        return _chosen(c for c in found.connections if c.stream == stream and c.transport == "tcp")
    if host is not None:
        named = [c for c in found.connections if _is(c, host)]
        # A connection that was opened and not used is no session, even if an alert ends it.
        return _chosen(_used_first([c for c in named if c.client_hello] or named))
    for wanted in (
        [c for c in found.connections if lab_host and _is(c, lab_host)],
        [c for c in found.connections if _whole(c)],
        [c for c in found.connections if c.client_hello],
        found.connections,
    ):
        if wanted:
            return _used_first(wanted)[0]
    raise LookupError("no TLS in this capture")


def _used_first(candidates: list[Connection]) -> list[Connection]:
    """In the same order, but for those that a browser kept in reserve, which come last."""
    return sorted(candidates, key=_spare)


def _spare(connection: Connection) -> bool:
    """Whether a whole handshake was followed by no data of the client's own."""
    hello = connection.first("server", "Server Hello")
    if connection.transport != "tcp" or hello is None:
        return False
    data = connection.all("client", "Application Data")
    if connection.version == TLS13 and not connection.opened:
        # All but the Finished, and what is no longer than an alert.
        data = [m for m in data if m.length > 19]
        data = [m for m in data if m.frame < hello.frame] + data[1:]
    return _whole(connection) and not data


def _chosen(candidates: object) -> Connection:
    connection = next(iter(candidates), None)  # type: ignore[call-overload]
    if connection is None:
        raise LookupError("no such session")
    assert isinstance(connection, Connection)
    return connection


def _is(connection: Connection, host: str) -> bool:
    name = connection.server_name
    return (name or "").lower() == host.lower() or connection.server[0] == host


def _whole(connection: Connection) -> bool:
    """Whether hellos and something encrypted from both sides were seen.

    A lone alert, by which a TLS 1.3 client turns the certificate down, ends no handshake: what
    counts is a record that could hold a Finished (4 + 32 bytes, the type, a tag of at least 8).
    """
    return bool(connection.client_hello and connection.server_hello) and all(
        any(m.sender == side and m.encrypted and m.length >= 45 for m in connection.messages)
        if connection.transport == "tcp" and connection.version == TLS13
        else any(m.sender == side and m.encrypted for m in connection.messages)
        for side in SIDES
    )
