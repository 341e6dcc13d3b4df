"""From a trace to its packets table, read as TLS wherever TLS is."""

from collections.abc import Iterable

import pandas as pd

from report.capture.trace import Trace
from report.tables.connections import STREAM_FIELDS, Connection, speaks_tls
from report.tables.packets import cut_short, integers, packets_table, per_cell
from report.tables.session import Session, open_session
from report.tls.message_types import CLIENT_HELLO


def read_packets(trace: Trace, fields: Iterable[str]) -> pd.DataFrame:
    """The packets table (see `packets_table`), with every port decoded as TLS that carries it.

    Raises what `Trace.columns` raises.
    """
    wanted = tuple(fields)
    packets = packets_table(trace.columns(wanted))
    ports = trace.unread_tls_ports(_hellos(packets), _tls_streams(packets))
    if not ports:
        return packets
    trace.read_as_tls(ports)
    return packets_table(trace.columns(wanted))


def read_session(
    trace: Trace,
    fields: Iterable[str],
    *,
    host: str | None = None,
    stream: int | None = None,
    lab_hosts: Iterable[str] = (),
) -> tuple[pd.DataFrame, Session, tuple[Connection, ...]]:
    """The packets table, the session and all connections; see `open_session` for the choice.

    Where bytes of the session were never recorded (lost segments, a snap length), it is read a
    second time with segments taken in the order they came, which hides less after a gap; the
    reading that shows more is kept.
    """
    wanted, hosts = tuple(fields), tuple(lab_hosts)
    trace.wait_for_late_segments(True)
    packets = read_packets(trace, wanted)
    session, connections = open_session(trace, packets, host=host, stream=stream, lab_hosts=hosts)
    if not _lacks_bytes(session.packets):
        return packets, session, connections
    trace.wait_for_late_segments(False)
    packets_again = packets_table(trace.columns(wanted))
    again, connections_again = open_session(
        trace, packets_again, host=host, stream=stream, lab_hosts=hosts
    )
    if len(again.messages) > len(session.messages):
        return packets_again, again, connections_again
    # What is dissected from here on, for evidence, must be read as the answers were.
    trace.wait_for_late_segments(True)
    return packets, session, connections


def _lacks_bytes(packets: pd.DataFrame) -> bool:
    return bool(packets["tcp.analysis.lost_segment"].any()) or cut_short(packets)


def _hellos(packets: pd.DataFrame) -> int:
    shown = packets[_right_on_tcp(packets)]
    count = per_cell(shown["tls.handshake.type"], lambda c: integers(c).count(CLIENT_HELLO))
    return int(count.sum())


def _right_on_tcp(packets: pd.DataFrame) -> "pd.Series[bool]":
    """Packets whose TLS lies on TCP itself, not inside what a dissector took for its own."""
    right = per_cell(packets["frame.protocols"], lambda stack: ":tcp:tls" in stack)
    return speaks_tls(packets) & pd.Series(right, index=packets.index, dtype=bool)


def _tls_streams(packets: pd.DataFrame) -> set[int]:
    cells = packets.loc[_right_on_tcp(packets), STREAM_FIELDS["tcp"]].unique()
    return {number for cell in cells for number in integers(cell)}
