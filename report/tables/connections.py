"""The connections table: every connection of the capture that speaks TLS, over TCP or QUIC."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from report.tables.packets import integers, occurrences
from report.tls.registry import alert_name, cipher_suite_name, version_name

CLIENT_HELLO, SERVER_HELLO = 1, 2
ALERT, HANDSHAKE, APPLICATION_DATA, CHANGE_CIPHER_SPEC = 21, 22, 23, 20
RETRY_RANDOM = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
"""The random of a Hello Retry Request (RFC 8446, 4.1.3)."""
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


@dataclass(frozen=True, slots=True)
class Connection:
    """One TLS connection, as far as the packet list tells; a row of the connections table."""

    transport: str
    """`tcp` or `quic`."""
    stream: int
    """Wireshark's `tcp.stream`, or `quic.connection.number`."""
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

    @property
    def stream_filter(self) -> str:
        """The display filter that selects the whole connection."""
        field = "tcp.stream" if self.transport == "tcp" else "quic.connection.number"
        return f"{field} == {self.stream}"


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
    found = [
        _connection(transport, stream, rows)
        for transport, column in (("tcp", "tcp.stream"), ("quic", "quic.connection.number"))
        for stream, rows in _streams(packets, column)
    ]
    return tuple(sorted(found, key=lambda c: (c.first_frame, c.stream)))


def _streams(packets: pd.DataFrame, column: str) -> Iterator[tuple[int, pd.DataFrame]]:
    speaks_tls = (
        (packets["tls.handshake.type"] != "")
        | (packets["tls.record.content_type"] != "")
        | (packets["tls.record.opaque_type"] != "")
    )
    named = packets[column].astype("str")
    if column == "tcp.stream":
        wanted = named[speaks_tls & (named != "")].unique()
    else:
        wanted = named[(packets["tls.handshake.type"] != "") & (named != "")].unique()
    chosen = packets[named.isin(wanted)]
    for value, rows in chosen.groupby(named[chosen.index], sort=False):
        yield integers(value)[-1], rows


def _connection(transport: str, stream: int, rows: pd.DataFrame) -> Connection:
    records = tuple(map(_Packet, rows[_has_tls(rows)].to_dict("records")))
    flags = rows["tcp.flags"].astype("str") if transport == "tcp" else None
    hello = next((p for p in records if CLIENT_HELLO in p.handshakes), None)
    client, server, syn = _ends(transport, rows, flags, hello)
    answer = _answer(records, hello)
    version, suite = _agreed(answer)
    alert = _fatal_alert(records)
    return Connection(
        transport=transport,
        stream=stream,
        client=client,
        server=server,
        first_frame=int(rows.index[0]),
        last_frame=int(rows.index[-1]),
        packets=len(rows),
        syn_frame=syn,
        hello_frame=hello.number if hello else None,
        server_hello_frame=answer.number if answer else None,
        server_name=hello.server_name if hello else "",
        version=version,
        cipher_suite=suite,
        resumed=_is_resumed(hello, answer, records),
        complete=answer is not None and _went_on(transport, records, answer, client),
        fatal_alert=alert,
        ended=flags is not None and any(_flagged(flags, _FIN | _RST)),
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


def _has_tls(rows: pd.DataFrame) -> "pd.Series[bool]":
    return (
        (rows["tls.handshake.type"] != "")
        | (rows["tls.record.content_type"] != "")
        | (rows["tls.record.opaque_type"] != "")
    )


def _endpoint(row: Row, side: str) -> Endpoint:
    # The last occurrence is the innermost: in a tunnel the outer addresses come first.
    end = "src" if side == "src" else "dst"
    address = occurrences(row[f"ipv6.{end}"]) or occurrences(row[f"ip.{end}"])
    port = integers(row[f"tcp.{end}port"]) or integers(row[f"udp.{end}port"])
    return Endpoint(address[-1] if address else "", port[-1] if port else 0)


def _flagged(flags: "pd.Series[str]", wanted: int) -> list[bool]:
    return [any(number & wanted for number in integers(value)) for value in flags]


def _ends(
    transport: str, rows: pd.DataFrame, flags: "pd.Series[str] | None", hello: _Packet | None
) -> tuple[Endpoint, Endpoint, int | None]:
    """Client, server and the frame of the SYN: who spoke first is the client."""
    syn = None
    if flags is not None:
        opening = [
            number
            for number, value in flags.items()
            if any(n & _SYN and not n & _ACK for n in integers(value))
        ]
        syn = int(str(opening[0])) if opening else None
    if hello is not None:
        opener = rows.loc[hello.number].to_dict()
    elif syn is not None:
        opener = rows.loc[syn].to_dict()
    else:
        opener = rows.iloc[0].to_dict()
        if _speaks_from_server(opener):
            return _endpoint(opener, "dst"), _endpoint(opener, "src"), syn
    return _endpoint(opener, "src"), _endpoint(opener, "dst"), syn


def _speaks_from_server(row: Row) -> bool:
    # Without a hello or a SYN the side with the lower port is taken for the server.
    return _endpoint(row, "src").port < _endpoint(row, "dst").port


def _answer(records: tuple[_Packet, ...], hello: _Packet | None) -> _Packet | None:
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


def _is_resumed(
    hello: _Packet | None, answer: _Packet | None, records: tuple[_Packet, ...]
) -> bool:
    """Session id echoed and no certificate (RFC 5246, F.1.4), or a PSK chosen (RFC 8446, 2.2)."""
    if hello is None or answer is None:
        return False
    if answer.numbers("tls.handshake.extensions.supported_version"):
        return PRE_SHARED_KEY in answer.numbers("tls.handshake.extension.type")
    sent = {kind for packet in records for kind in packet.handshakes}
    # Key exchange messages are in every full handshake, whatever the suite.
    return not sent & {11, 12, 14, 16} and CHANGE_CIPHER_SPEC in {
        kind for packet in records for kind in packet.content_types
    }


def _fatal_alert(records: tuple[_Packet, ...]) -> str:
    for packet in records:
        levels = packet.numbers("tls.alert_message.level")
        kinds = packet.numbers("tls.alert_message.desc")
        for level, kind in zip(levels, kinds, strict=False):
            if level == 2:
                return alert_name(kind)
    return ""


def _went_on(
    transport: str, records: tuple[_Packet, ...], answer: _Packet, client: Endpoint
) -> bool:
    if transport == "quic":
        return True
    protected = _tls13_protected if answer.numbers(_CHOSEN_VERSION) else _changed_cipher
    sides = {
        packet.source == client
        for packet in records
        if packet.number >= answer.number and protected(packet)
    }
    return len(sides) == 2


def _changed_cipher(packet: _Packet) -> bool:
    return not {CHANGE_CIPHER_SPEC, APPLICATION_DATA}.isdisjoint(packet.content_types)


def _tls13_protected(packet: _Packet) -> bool:
    # A lone alert, by which a client turns a certificate down, is shorter than any Finished.
    outer = packet.numbers("tls.record.opaque_type")
    lengths = packet.numbers("tls.record.length")
    return bool(outer) and max(lengths, default=0) >= _SHORTEST_FINISHED
