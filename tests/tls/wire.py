"""TLS records out of byte streams, in the order in which they became complete."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import dpkt

from report.tls.key_schedule import Sender
from report.tls.replay import SentRecord

Chunk = tuple[Sender, bytes]


def sent_records(chunks: Iterable[Chunk]) -> Iterator[SentRecord]:
    """Cut the bytes of both directions into records."""
    waiting: dict[Sender, bytes] = {"client": b"", "server": b""}
    for sender, data in chunks:
        waiting[sender] += data
        buffer = waiting[sender]
        while len(buffer) >= 5 and len(buffer) >= 5 + int.from_bytes(buffer[3:5]):
            end = 5 + int.from_bytes(buffer[3:5])
            yield SentRecord(sender, buffer[0], int.from_bytes(buffer[1:3]), buffer[5:end])
            buffer = buffer[end:]
        waiting[sender] = buffer


def tcp_chunks(path: Path, *, client_port: int | None = None) -> Iterator[Chunk]:
    """Payloads of one TCP connection of a capture without losses: the first, or a client port's."""
    with path.open("rb") as file:
        reader = dpkt.pcapng.Reader(file) if path.suffix == ".pcapng" else dpkt.pcap.Reader(file)
        for _, packet in reader:
            segment = _tcp(reader.datalink(), packet)
            if segment is None:
                continue
            if client_port is None and segment.flags & dpkt.tcp.TH_SYN:
                client_port = segment.sport
            if segment.data and client_port in (segment.sport, segment.dport):
                yield "client" if segment.sport == client_port else "server", segment.data


def _tcp(link: int, packet: bytes) -> dpkt.tcp.TCP | None:
    layers = {
        dpkt.pcap.DLT_EN10MB: dpkt.ethernet.Ethernet,
        dpkt.pcap.DLT_NULL: dpkt.loopback.Loopback,
    }
    layer = layers[link](packet).data
    return layer.data if isinstance(getattr(layer, "data", None), dpkt.tcp.TCP) else None
