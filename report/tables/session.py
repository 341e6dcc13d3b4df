"""The session: the one connection of the capture that the lab is about, and why that one."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from report.capture.frames import FrameDetail
from report.capture.trace import Trace
from report.errors import LabsharkError
from report.tables.connections import (
    RETRY_RANDOM,
    Connection,
    Endpoint,
    find_connections,
    only_data,
    speaks_tls,
)
from report.tables.messages import Message, Record, read_records
from report.tables.opening import opened_further
from report.tables.packets import integers, occurrences, per_cell
from report.tls.keylog import parse_keylog
from report.tls.message_types import CLIENT_HELLO, NEW_SESSION_TICKET, SERVER_HELLO

CHOSEN_BY = ("stream", "host", "lab", "complete", "hello", "first", "conversation")
"""Why a connection is the session: the user's `--stream` or `--host`, the lab's own host, the
first whole handshake, the first Client Hello, or simply the first that speaks TLS; in a lab that
is not about TLS, the first conversation."""

_FIRST_DATA = 6
"""Application data frames looked at per direction, at the beginning and at the end."""


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """The connection that the answers are about, dissected as far as they need it."""

    connection: Connection
    chosen: str
    """One of `CHOSEN_BY`."""
    packets: pd.DataFrame
    """The connection's rows of the packets table."""
    from_client: "pd.Series[bool]"
    """Direction of each of those packets."""
    records: tuple[Record, ...]
    """The records of the frames that matter: the handshake, alerts, and data at both ends."""
    messages: tuple[Message, ...]
    detail: Callable[[int], FrameDetail | None]
    """The dissection of any packet of the capture, read when it is asked for."""

    @property
    def client(self) -> Endpoint:
        """Address and port of the side that spoke first."""
        return self.connection.client

    @property
    def server(self) -> Endpoint:
        """Address and port of the side that answered."""
        return self.connection.server

    @property
    def retry(self) -> Message | None:
        """The Hello Retry Request, a Server Hello with a fixed random (RFC 8446, 4.1.3)."""
        return next((m for m in self._server_hellos() if _is_retry(m)), None)

    @property
    def server_hello(self) -> Message | None:
        """The first Server Hello that is not a Hello Retry Request."""
        return next((m for m in self._server_hellos() if not _is_retry(m)), None)

    def _server_hellos(self) -> "tuple[Message, ...]":
        return self.of("handshake", SERVER_HELLO, client=False)

    @property
    def is_tls13(self) -> bool:
        """Whether TLS 1.3 (or one of its drafts) was agreed on."""
        return self.connection.version.startswith("TLS 1.3")

    @property
    def handshake_opened(self) -> bool:
        """Whether the protected part of a TLS 1.3 handshake can be read."""
        return any(
            m.protocol == "handshake" and m.type != NEW_SESSION_TICKET for m in self.opened()
        )

    @property
    def decrypted(self) -> bool:
        """Whether keys opened any protected message of the session."""
        return any(m.decrypted and m.protocol != "change_cipher_spec" for m in self.opened())

    def opened(self) -> tuple[Message, ...]:
        """The messages that were protected on the wire and could be read."""
        if self.connection.transport == "quic":
            # QUIC's Initial packets are always decrypted; what needs keys comes after them.
            return tuple(
                m
                for m in self.messages
                if m.type not in (CLIENT_HELLO, SERVER_HELLO, None) and m.decrypted
            )
        return tuple(m for m in self.messages if m.decrypted)

    def of(
        self, protocol: str, kind: int | None = None, *, client: bool | None = None
    ) -> "tuple[Message, ...]":
        """The messages of one protocol, of one type and side where these are given."""
        return tuple(
            m
            for m in self.messages
            if m.protocol == protocol
            and (kind is None or m.type == kind)
            and (client is None or m.from_client == client)
        )


def _is_retry(hello: Message) -> bool:
    random = hello.first("tls.handshake.random")
    octets = random.octets if random else None
    return octets is not None and octets.hex() == RETRY_RANDOM


def open_session(
    trace: Trace,
    packets: pd.DataFrame,
    *,
    host: str | None = None,
    stream: int | None = None,
    lab_hosts: Iterable[str] = (),
) -> tuple[Session, tuple[Connection, ...]]:
    """Chooses the session and dissects its frames that matter; also gives all connections.

    Raises LabsharkError `capture-no-tls`, `capture-no-such-host`, `capture-no-such-stream`.
    """
    connections = find_connections(packets)
    if not connections:
        raise LabsharkError("capture-no-tls", path=trace.name, packets=len(packets))
    connection, chosen = choose(connections, trace.name, host, stream, lab_hosts)
    rows = connection_packets(packets, connection)
    side = direction(rows, connection)
    details = trace.detail(frames_that_matter(rows, side), last=connection.last_frame)
    records, messages = read_records(details.values(), lambda frame: bool(side.get(frame, False)))
    if any(m.protocol == "application_data" and m.encrypted for m in messages):
        records, messages = opened_further(records, messages, parse_keylog(trace.key_material()))

    def detail(frame: int) -> FrameDetail | None:
        return trace.detail([frame]).get(frame)

    named = _with_exact_name(connection, messages)
    connections = tuple(named if c is connection else c for c in connections)
    session = Session(named, chosen, rows, side, records, messages, detail)
    return session, connections


def _with_exact_name(connection: Connection, messages: tuple[Message, ...]) -> Connection:
    """The server name from the hello's bytes: tshark's columns cannot tell `\\n` from a newline."""
    hello = next((m for m in messages if m.from_client and m.type == CLIENT_HELLO), None)
    field = hello.first("tls.handshake.extensions_server_name") if hello else None
    octets = field.octets if field else None
    if octets is None:
        return connection
    return replace(connection, server_name=octets.decode("utf-8", "backslashreplace"))


def choose(
    connections: tuple[Connection, ...],
    capture: str,
    host: str | None,
    stream: int | None,
    lab_hosts: Iterable[str],
) -> tuple[Connection, str]:
    """The connection the lab is about and which of `CHOSEN_BY` decided it."""
    if stream is not None:
        chosen = [c for c in connections if c.stream == stream]
        if not chosen:
            known = ", ".join(
                f"QUIC {c.stream}" if c.transport == "quic" else str(c.stream) for c in connections
            )
            raise LabsharkError(
                "capture-no-such-stream", path=capture, stream=stream, streams=known
            )
        return chosen[0], "stream"
    if host is not None:
        named = [c for c in connections if _is_host(c, host)]
        if named:
            return _first_used(named), "host"
        raise LabsharkError(
            "capture-no-such-host", path=capture, host=host, hosts=", ".join(_hosts(connections))
        )
    by_lab = [c for c in connections if any(_is_host(c, h) for h in lab_hosts)]
    if by_lab:
        return _first_used(sorted(by_lab, key=_hello_order)), "lab"
    complete = [c for c in connections if c.complete and c.hello_frame is not None]
    greeted = [c for c in connections if c.hello_frame is not None]
    for candidates, reason in ((complete, "complete"), (greeted, "hello")):
        if candidates:
            return _first_used(sorted(candidates, key=_hello_order)), reason
    return connections[0], "first"


def _first_used(candidates: Sequence[Connection]) -> Connection:
    """The first, but for connections that were kept in reserve and carried no data.

    Browsers open spare connections to a host; a lab is about the one that the page came over.
    """
    used = [c for c in candidates if not c.spare]
    return used[0] if used else candidates[0]


def whole_instead(unfinished: Connection, connections: Iterable[Connection]) -> Connection | None:
    """With the same server, a connection whose handshake is whole, where the one given has none.

    Browsers break off a handshake whose certificate they do not like, and come back for it.
    """
    if unfinished.complete or unfinished.hello_frame is None:
        return None
    whole = [c for c in connections if c.complete and _same_server(c, unfinished)]
    return _first_used(whole) if whole else None


def _same_server(one: Connection, other: Connection) -> bool:
    """By name, which several addresses may share; by address where a name was not said."""
    if one.server_name or other.server_name:
        return one.server_name == other.server_name
    return one.server == other.server


def _hello_order(connection: Connection) -> float:
    return math.inf if connection.hello_frame is None else connection.hello_frame


def _is_host(connection: Connection, host: str) -> bool:
    wanted = host.strip().rstrip(".").lower().strip("[]")
    if connection.hello_frame is None:
        return False
    return wanted in (connection.server_name.rstrip(".").lower(), connection.server.address)


def _hosts(connections: tuple[Connection, ...], most: int = 12) -> list[str]:
    names = dict.fromkeys(
        c.server_name or c.server.address for c in connections if c.hello_frame is not None
    )
    shown = list(names)[:most]
    return [*shown, "…"] if len(names) > most else shown


def connection_packets(packets: pd.DataFrame, connection: Connection) -> pd.DataFrame:
    """The packets table's rows of one connection."""
    span = packets.loc[connection.first_frame : connection.last_frame]
    wanted = str(connection.stream)
    column = span[connection.stream_field]
    return span[per_cell(column, lambda cell: wanted in occurrences(cell))]


def direction(rows: pd.DataFrame, connection: Connection) -> "pd.Series[bool]":
    """Whether each packet of a connection comes from its client."""
    ports = "tcp.srcport" if connection.transport == "tcp" else "udp.srcport"
    client = connection.client
    if client.port != connection.server.port:
        own = per_cell(rows[ports], lambda cell: integers(cell)[-1:] == (client.port,))
    else:
        column = rows["ipv6.src" if ":" in client.address else "ip.src"]
        own = per_cell(column, lambda cell: occurrences(cell)[-1:] == (client.address,))
    return pd.Series(own, index=rows.index, dtype=bool)


def frames_that_matter(rows: pd.DataFrame, side: "pd.Series[bool]") -> set[int]:
    """The frames of a connection that answers may cite.

    Everything but bulk data: the TCP opening and end, every frame with a TLS message other than
    application data, and the first and last frames of application data in each direction.
    """
    shown, is_data = speaks_tls(rows).to_numpy(), only_data(rows).to_numpy()
    opens_or_ends = per_cell(rows["tcp.flags"], lambda cell: any(n & 7 for n in integers(cell)))
    matters = (shown & ~is_data) | opens_or_ends
    data = rows.index[shown & ~matters]
    chosen = set(map(int, rows.index[matters]))
    for client in (True, False):
        own = [int(n) for n in data if bool(side[n]) == client]
        chosen.update(own[:_FIRST_DATA], own[-_FIRST_DATA:])
    chosen.update(map(int, rows.index[:3]))
    return chosen
