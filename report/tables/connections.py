"""The connections table: every connection of the capture that speaks TLS, over TCP or QUIC."""

from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from report.tables.packets import integers, occurrences, per_cell
from report.tls.key_schedule import HELLO_RETRY_RANDOM
from report.tls.message_types import (
    APPLICATION_DATA,
    CERTIFICATE,
    CHANGE_CIPHER_SPEC,
    CLIENT_HELLO,
    CLIENT_KEY_EXCHANGE,
    SERVER_HELLO,
    SERVER_HELLO_DONE,
    SERVER_KEY_EXCHANGE,
)
from report.tls.registry import alert_name, cipher_suite_name, version_name

RETRY_RANDOM = HELLO_RETRY_RANDOM.hex()
PRE_SHARED_KEY = 41
Row = Mapping[Hashable, Any]
"""One packet's cells by column."""

_CHOSEN_VERSION = "tls.handshake.extensions.supported_version"
_SHORTEST_FINISHED = 4 + 32 + 1 + 8
"""Bytes of a TLS 1.3 record with a Finished: header, SHA-256, true type, a tag of 8 bytes."""

_SYN, _ACK, _FIN, _RST = 0x02, 0x10, 0x01, 0x04


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a connection."""

    address: str
    port: int

    def __str__(self) -> str:
        return (
            f"[{self.address}]:{self.port}"
            if ":" in self.address
            else (f"{self.address}:{self.port}")
        )


_STREAM_FIELDS = {"tcp": "tcp.stream", "quic": "quic.connection.number", "udp": "udp.stream"}


@dataclass(frozen=True, slots=True)
class Connection:
    """One TLS connection, as far as the packet list tells; a row of the connections table.

    Of a lab that is not about TLS, a TCP connection or UDP conversation as it is.
    """

    transport: str
    """`tcp` or `quic`; `udp` in labs that are not about TLS."""
    stream: int
    """Wireshark's `tcp.stream`, `quic.connection.number` or `udp.stream`."""
    client: Endpoint
    server: Endpoint
    first_frame: int
    last_frame: int
    packets: int
    syn_frame: int | None
    hello_frame: int | None
    server_hello_frame: int | None
    server_name: str
    version: str
    """As agreed on in the Server Hello, `TLS 1.2`; empty when there is none."""
    cipher_suite: str
    resumed: bool
    complete: bool
    """Both sides went on to protected records after the Server Hello."""
    fatal_alert: str
    """Name of a fatal alert that can be read; empty when there is none."""
    ended: bool
    """A FIN or RST of TCP is in the capture."""
    spare: bool = False
    """A whole handshake after which, as far as is seen, the client sent no application data."""

    @property
    def stream_field(self) -> str:
        """The field that numbers the connections of this transport."""
        return _STREAM_FIELDS[self.transport]

    @property
    def stream_filter(self) -> str:
        """The display filter that selects the whole connection."""
        return f"{self.stream_field} == {self.stream}"


def connections_table(connections: tuple[Connection, ...]) -> pd.DataFrame:
    """One row per TLS connection, in the order of their first packets; columns as `Connection`.

    `stream`, `packets`, `first_frame` and `last_frame` are int64; `syn_frame`, `hello_frame` and
    `server_hello_frame` Int64; `resumed`, `complete` and `ended` bool; all others text.
    """
    rows = [
        {name: getattr(c, name) for name in Connection.__dataclass_fields__}
        | {"client": str(c.client), "server": str(c.server)}
        for c in connections
    ]
    frame = pd.DataFrame(rows, columns=list(Connection.__dataclass_fields__))
    nullable = {n: "Int64" for n in ("syn_frame", "hello_frame", "server_hello_frame")}
    return frame.astype(nullable)


def find_connections(packets: pd.DataFrame) -> tuple[Connection, ...]:
    """Every connection with a TLS record or a readable hello in it, by its first packet.

    A TCP port used again is a connection of its own, as in Wireshark's numbering.
    """
    speaking = [_Packet(row) for row in packets.loc[_telling(packets), _NEEDED].to_dict("records")]
    found = [
        _connection(packets, transport, span, records)
        for transport, column in STREAM_FIELDS.items()
        for span, records in _streams(packets, transport, column, speaking)
    ]
    return tuple(sorted(found, key=lambda c: (c.first_frame, c.stream)))


STREAM_FIELDS = {"tcp": "tcp.stream", "quic": "quic.connection.number"}
"""The field that numbers the connections of each transport."""

_NEEDED = [
    "frame.number",
    *("ip.src", "ip.dst", "ipv6.src", "ipv6.dst"),
    *("tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport"),
    *STREAM_FIELDS.values(),
    *("tls.record.content_type", "tls.record.opaque_type", "tls.record.length"),
    *("tls.handshake.type", "tls.handshake.version", "tls.handshake.random"),
    *("tls.handshake.session_id", "tls.handshake.ciphersuite", "tls.handshake.extension.type"),
    *("tls.handshake.extensions.supported_version", "tls.handshake.extensions_server_name"),
    *("tls.alert_message.level", "tls.alert_message.desc"),
]


def speaks_tls(packets: pd.DataFrame) -> "pd.Series[bool]":
    """Which packets complete a TLS record or message."""
    return (
        (packets["tls.handshake.type"] != "")
        | (packets["tls.record.content_type"] != "")
        | (packets["tls.record.opaque_type"] != "")
    )


def only_data(packets: pd.DataFrame) -> "pd.Series[bool]":
    """Which packets complete nothing but application data."""
    content = per_cell(packets["tls.record.content_type"], _is_data)
    opaque = per_cell(packets["tls.record.opaque_type"], _is_data)
    return speaks_tls(packets) & (packets["tls.handshake.type"] == "") & content & opaque


def _is_data(cell: str) -> bool:
    return all(number == APPLICATION_DATA for number in integers(cell))


def _telling(packets: pd.DataFrame) -> "pd.Series[bool]":
    """The packets that say what became of a connection: all but the bulk of its data."""
    speaks, data = speaks_tls(packets), only_data(packets)
    rows = pd.DataFrame(
        {
            "stream": per_cell(packets["tcp.stream"], lambda cell: (integers(cell) or (-1,))[-1]),
            "port": per_cell(packets["tcp.srcport"], lambda cell: (integers(cell) or (-1,))[-1]),
        },
        index=packets.index,
    )[data]
    first = rows.groupby(["stream", "port"]).cumcount() < _DATA_LOOKED_AT
    return (speaks & ~data) | first.reindex(packets.index, fill_value=False)


_DATA_LOOKED_AT = 8


@dataclass(frozen=True, slots=True)
class _Span:
    """Where a connection lies in the capture, whatever it carries."""

    stream: int
    first: int
    last: int
    packets: int
    syn: int | None
    ended: bool


def _streams(
    packets: pd.DataFrame, transport: str, column: str, speaking: "list[_Packet]"
) -> Iterator[tuple[_Span, "list[_Packet]"]]:
    of_stream: dict[int, list[_Packet]] = {}
    for packet in speaking:
        if transport == "tcp" or packet.handshakes:
            for stream in packet.numbers(column)[-1:]:
                of_stream.setdefault(stream, []).append(packet)
    for span in _spans(packets, column, of_stream):
        yield span, of_stream[span.stream]


def _spans(packets: pd.DataFrame, column: str, wanted: Collection[int]) -> Iterator[_Span]:
    stream = per_cell(packets[column], lambda cell: (integers(cell) or (-1,))[-1])
    chosen = np.isin(stream, list(wanted))
    rows = pd.DataFrame({"stream": stream[chosen], "frame": packets.index[chosen]})
    flags = per_cell(packets["tcp.flags"], _all_flags)[chosen]
    rows["opens"] = (flags & (_SYN | _ACK)) == _SYN
    rows["ends"] = (flags & (_FIN | _RST)) != 0
    opening = rows[rows["opens"]].groupby("stream")["frame"].min().to_dict()
    ended = set(rows.loc[rows["ends"], "stream"])
    extent = rows.groupby("stream")["frame"].agg(["min", "max", "size"])
    for number, first, last, count in extent.itertuples(name=None):
        syn = opening.get(number)
        opened = None if syn is None else int(syn)
        yield _Span(int(number), int(first), int(last), int(count), opened, number in ended)


def _all_flags(cell: str) -> int:
    # In a tunnel the inner segment's flags come last.
    return (integers(cell) or (0,))[-1]


def _connection(
    packets: pd.DataFrame, transport: str, span: _Span, records: "list[_Packet]"
) -> Connection:
    hello = next((p for p in records if CLIENT_HELLO in p.handshakes), None)
    client, server = _ends(packets, span, hello)
    answer = _answer(records)
    version, suite = _agreed(answer)
    return Connection(
        transport=transport,
        stream=span.stream,
        client=client,
        server=server,
        first_frame=span.first,
        last_frame=span.last,
        packets=span.packets,
        syn_frame=span.syn if transport == "tcp" else None,
        hello_frame=hello.number if hello else None,
        server_hello_frame=answer.number if answer else None,
        server_name=hello.server_name if hello else "",
        version=version,
        cipher_suite=suite,
        resumed=_is_resumed(hello, answer, records),
        complete=answer is not None and _went_on(transport, records, answer, client),
        fatal_alert=_fatal_alert(records),
        ended=transport == "tcp" and span.ended,
        spare=transport == "tcp" and _is_spare(records, answer, client),
    )


class _Packet:
    """One packet's TLS columns, read on demand."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self.number = int(str(row["frame.number"]))

    def numbers(self, name: str) -> tuple[int, ...]:
        return integers(self._row[name])

    @property
    def handshakes(self) -> tuple[int, ...]:
        return self.numbers("tls.handshake.type")

    @property
    def content_types(self) -> tuple[int, ...]:
        return self.numbers("tls.record.content_type") + self.numbers("tls.record.opaque_type")

    @property
    def protected_lengths(self) -> tuple[int, ...]:
        """The lengths of the TLS 1.3 records among the packet's, which come after all others."""
        count = len(self.numbers("tls.record.opaque_type"))
        lengths = self.numbers("tls.record.length")
        return lengths[len(lengths) - count :]

    @property
    def random(self) -> str:
        return next(iter(occurrences(self._row["tls.handshake.random"])), "").replace(":", "")

    @property
    def session_id(self) -> str:
        return next(iter(occurrences(self._row["tls.handshake.session_id"])), "")

    @property
    def server_name(self) -> str:
        return next(iter(occurrences(self._row["tls.handshake.extensions_server_name"])), "")

    @property
    def source(self) -> Endpoint:
        return _endpoint(self._row, "src")

    @property
    def destination(self) -> Endpoint:
        return _endpoint(self._row, "dst")


def _endpoint(row: Row, side: str) -> Endpoint:
    # The last occurrence is the innermost: in a tunnel the outer addresses come first.
    end = "src" if side == "src" else "dst"
    address = occurrences(row[f"ipv6.{end}"]) or occurrences(row[f"ip.{end}"])
    port = integers(row[f"tcp.{end}port"]) or integers(row[f"udp.{end}port"])
    return Endpoint(address[-1] if address else "", port[-1] if port else 0)


def _ends(packets: pd.DataFrame, span: _Span, hello: _Packet | None) -> tuple[Endpoint, Endpoint]:
    """Client and server: who sent the hello, or else the SYN, is the client."""
    if hello is not None:
        return hello.source, hello.destination
    opener = _Packet(packets.loc[span.first if span.syn is None else span.syn, _NEEDED].to_dict())
    # Without a hello or a SYN the side with the lower port is taken for the server.
    if span.syn is None and opener.source.port < opener.destination.port:
        return opener.destination, opener.source
    return opener.source, opener.destination


def _answer(records: "list[_Packet]") -> _Packet | None:
    """The packet of the Server Hello that is not a Hello Retry Request."""
    for packet in records:
        if SERVER_HELLO in packet.handshakes and packet.random != RETRY_RANDOM:
            return packet
    return None


def _agreed(answer: _Packet | None) -> tuple[str, str]:
    if answer is None:
        return "", ""
    chosen = answer.numbers("tls.handshake.extensions.supported_version") or answer.numbers(
        "tls.handshake.version"
    )
    suites = answer.numbers("tls.handshake.ciphersuite")
    return (
        version_name(chosen[0]) if chosen else "",
        cipher_suite_name(suites[0]) if suites else "",
    )


_OF_FULL_HANDSHAKES = {CERTIFICATE, SERVER_KEY_EXCHANGE, SERVER_HELLO_DONE, CLIENT_KEY_EXCHANGE}


def _is_resumed(hello: _Packet | None, answer: _Packet | None, records: "list[_Packet]") -> bool:
    """Session id echoed and no certificate (RFC 5246, F.1.4), or a PSK chosen (RFC 8446, 2.2)."""
    if hello is None or answer is None:
        return False
    if answer.numbers("tls.handshake.extensions.supported_version"):
        return PRE_SHARED_KEY in answer.numbers("tls.handshake.extension.type")
    sent = {kind for packet in records for kind in packet.handshakes}
    # Key exchange messages are in every full handshake, whatever the suite.
    return not sent & _OF_FULL_HANDSHAKES and CHANGE_CIPHER_SPEC in {
        kind for packet in records for kind in packet.content_types
    }


def _fatal_alert(records: "list[_Packet]") -> str:
    for packet in records:
        levels = packet.numbers("tls.alert_message.level")
        kinds = packet.numbers("tls.alert_message.desc")
        for level, kind in zip(levels, kinds, strict=False):
            if level == 2:
                return alert_name(kind)
    return ""


def _went_on(transport: str, records: "list[_Packet]", answer: _Packet, client: Endpoint) -> bool:
    if transport == "quic":
        return True
    protected = _tls13_protected if answer.numbers(_CHOSEN_VERSION) else _changed_cipher
    sides = {
        packet.source == client
        for packet in records
        if packet.number >= answer.number and protected(packet)
    }
    return len(sides) == 2


def _is_spare(records: "list[_Packet]", answer: _Packet | None, client: Endpoint) -> bool:
    """Whether the client finished the handshake and then, as far as is seen, sent no data.

    Data of TLS 1.3 without keys: a protected record after the Server Hello that is neither the
    client's first long enough for a Finished nor as short as an alert.
    """
    if answer is None or not _went_on("tcp", records, answer, client):
        return False
    sent = [p for p in records if p.source == client]
    if not answer.numbers(_CHOSEN_VERSION):
        return not any(APPLICATION_DATA in p.content_types for p in sent)
    if any(APPLICATION_DATA in p.content_types for p in sent if p.number < answer.number):
        return False  # early data
    lengths = [n for p in sent if p.number > answer.number for n in p.protected_lengths]
    return len([n for n in lengths if n > _LONGEST_ALERT]) <= 1


_LONGEST_ALERT = 2 + 1 + 16
"""Bytes of a TLS 1.3 record with an alert, unless it is padded."""


def _changed_cipher(packet: _Packet) -> bool:
    return not {CHANGE_CIPHER_SPEC, APPLICATION_DATA}.isdisjoint(packet.content_types)


def _tls13_protected(packet: _Packet) -> bool:
    # A lone alert, by which a client turns a certificate down, is shorter than any Finished.
    outer = packet.numbers("tls.record.opaque_type")
    lengths = packet.numbers("tls.record.length")
    return bool(outer) and max(lengths, default=0) >= _SHORTEST_FINISHED
