"""Sessions of labs that are not about TLS: a TCP connection or a UDP conversation as it is."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

import pandas as pd

from report.capture.frames import FrameDetail
from report.capture.trace import Trace
from report.errors import LabsharkError
from report.tables.connections import Connection, Endpoint
from report.tables.packets import integers, occurrences, packets_table, per_cell
from report.tables.session import Session, connection_packets, direction

STREAMS: Mapping[str, str] = {"tcp": "tcp.stream", "udp": "udp.stream"}
_SYN, _ACK, _FIN, _RST = 0x02, 0x10, 0x01, 0x04


def open_conversation(
    trace: Trace,
    fields: Iterable[str],
    transport: str,
    *,
    host: str | None = None,
    stream: int | None = None,
    lab_hosts: Iterable[str] = (),
) -> tuple[pd.DataFrame, Session, tuple[Connection, ...]]:
    """The packets table, the conversation that the lab is about, and all of them.

    `host` is the server's address or port, or the name that the client asks it for. Without it,
    and without `stream` or a host of the lab's, the first whole one counts (of TCP: with its SYN),
    else the first. Raises LabsharkError `capture-no-conversation`, `capture-no-such-conversation`.
    """
    packets = packets_table(trace.columns(tuple(fields)))
    found = tuple(find_conversations(packets, transport))
    if not found:
        raise LabsharkError(
            "capture-no-conversation",
            path=trace.name,
            packets=len(packets),
            transport=transport.upper(),
        )
    connection, chosen = _choose(found, trace.name, host, stream, tuple(lab_hosts))
    rows = connection_packets(packets, connection)
    side = direction(rows, connection)

    def detail(frame: int) -> FrameDetail | None:
        return trace.detail([frame]).get(frame)

    return packets, Session(connection, chosen, rows, side, (), (), detail), found


def find_conversations(packets: pd.DataFrame, transport: str) -> Iterator[Connection]:
    """Every TCP connection or UDP conversation of the capture, in the order of their beginning."""
    column = STREAMS[transport]
    numbers = per_cell(packets[column], lambda cell: (integers(cell) or (-1,))[-1])
    rows = packets.assign(_stream=numbers)
    for number, own in rows[rows["_stream"] >= 0].groupby("_stream", sort=True):
        yield _conversation(own, transport, int(str(number)))


def _conversation(rows: pd.DataFrame, transport: str, stream: int) -> Connection:
    flags = per_cell(rows["tcp.flags"], lambda cell: (integers(cell) or (0,))[-1])
    opening = [int(n) for n, f in zip(rows.index, flags, strict=True) if f & (_SYN | _ACK) == _SYN]
    answered = any(f & (_SYN | _ACK) == _SYN | _ACK for f in flags)
    first = opening[0] if opening else int(rows.index[0])
    source, destination = _end(rows, first, "src", transport), _end(rows, first, "dst", transport)
    turned = transport == "tcp" and not opening and source.port < destination.port
    client, server = (destination, source) if turned else (source, destination)
    return Connection(
        transport=transport,
        stream=stream,
        client=client,
        server=server,
        first_frame=int(rows.index[0]),
        last_frame=int(rows.index[-1]),
        packets=len(rows),
        syn_frame=opening[0] if opening else None,
        hello_frame=int(rows.index[0]),
        server_hello_frame=None,
        server_name=_asked_for(rows),
        version="",
        cipher_suite="",
        resumed=False,
        complete=(bool(opening) and answered) or transport == "udp",
        fatal_alert="",
        ended=any(f & (_FIN | _RST) for f in flags) or transport == "udp",
    )


def _asked_for(rows: pd.DataFrame) -> str:
    """The name by which the client asks for the server, where the protocol has it say one."""
    for field in _NAMES:
        if field in rows:
            for name in chain.from_iterable(map(occurrences, rows[field])):
                return _PORT.sub("", name)
    return ""


_NAMES = ("tls.handshake.extensions_server_name", "http.host")
_PORT = re.compile(r":\d+$")


def _end(rows: pd.DataFrame, frame: int, end: str, transport: str) -> Endpoint:
    # The last occurrence is the innermost: in a tunnel the outer addresses come first.
    address = occurrences(rows.at[frame, f"ipv6.{end}"]) or occurrences(rows.at[frame, f"ip.{end}"])
    port = integers(rows.at[frame, f"{transport}.{end}port"])
    return Endpoint(address[-1] if address else "", port[-1] if port else 0)


def _choose(
    found: tuple[Connection, ...],
    capture: str,
    host: str | None,
    stream: int | None,
    lab_hosts: tuple[str, ...],
) -> tuple[Connection, str]:
    if stream is not None:
        numbered = [c for c in found if c.stream == stream]
        return _named(found, capture, str(stream), numbered, "stream")
    if host is not None:
        return _named(found, capture, host, [c for c in found if _is_at(c, host)], "host")
    by_lab = [c for c in found if any(_is_at(c, wanted) for wanted in lab_hosts)]
    whole = [c for c in found if c.complete]
    for candidates, reason in ((by_lab, "lab"), (whole, "conversation")):
        if candidates:
            return candidates[0], reason
    return found[0], "conversation"


def _named(
    found: tuple[Connection, ...],
    capture: str,
    wanted: str,
    candidates: list[Connection],
    reason: str,
) -> tuple[Connection, str]:
    if candidates:
        return candidates[0], reason
    known = ", ".join(f"{c.stream} ({c.server})" for c in found[:12])
    raise LabsharkError("capture-no-such-conversation", path=capture, wanted=wanted, known=known)


def _is_at(connection: Connection, host: str) -> bool:
    wanted = host.strip().strip("[]").lower()
    server = connection.server
    names = (server.address, str(server), str(server.port), connection.server_name)
    return wanted in map(str.lower, names)
