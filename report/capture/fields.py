"""Every tshark field that labshark names, in one table, and what each is for.

A test holds the table against `tshark -G fields` of the installed tshark; docs/tshark-versions.md
lists the versions that it was held against.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Shape = Literal["integer", "hex", "real", "flag", "text", "many"]
"""How a column reads: one `integer` (decimal) or `hex` number, one `real` number, a `flag` that
is set where the field occurs, one `text`, or `many` occurrences kept as text, parted by
`AGGREGATOR`."""

SEPARATOR = "\t"
AGGREGATOR = "\x1f"
"""tshark writes a tab or a newline inside a value as an escape, so columns and rows are parted
without doubt. A unit separator passes through as it is, which no number, address or hex string
can hold; names, which could, are taken from the bytes where an answer rests on them."""


@dataclass(frozen=True, slots=True)
class Field:
    """One tshark field as a column of the packets table."""

    name: str
    shape: Shape
    meaning: str


PACKET_FIELDS: tuple[Field, ...] = (
    Field("frame.number", "integer", "the packet number, Wireshark's No."),
    Field("frame.time_epoch", "real", "seconds since 1970, UTC"),
    Field("frame.time_relative", "real", "seconds since the capture's first packet"),
    Field("frame.len", "integer", "bytes on the wire"),
    Field("frame.cap_len", "integer", "bytes kept in the capture"),
    Field("frame.protocols", "text", "the protocol stack, outermost first"),
    Field("ip.src", "many", "source address; two in a tunnel"),
    Field("ip.dst", "many", "destination address; two in a tunnel"),
    Field("ipv6.src", "many", "source address"),
    Field("ipv6.dst", "many", "destination address"),
    Field("tcp.stream", "many", "the TCP connection's number"),
    Field("tcp.srcport", "many", "source port"),
    Field("tcp.dstport", "many", "destination port"),
    Field("tcp.flags", "many", "all flags as one number"),
    Field("tcp.len", "many", "payload bytes of the segment"),
    Field("tcp.seq", "many", "relative sequence number"),
    Field("tcp.ack", "many", "relative acknowledgement number"),
    Field("tcp.analysis.retransmission", "flag", "Wireshark takes the segment for a repeated one"),
    Field("tcp.analysis.out_of_order", "flag", "the segment came after a later one"),
    Field("tcp.analysis.lost_segment", "flag", "a segment before this one is not in the capture"),
    Field("tcp.analysis.flags", "flag", "anything remarkable in the sequence numbers"),
    Field("udp.stream", "many", "the UDP conversation's number"),
    Field("udp.srcport", "many", "source port"),
    Field("udp.dstport", "many", "destination port"),
    Field("quic.connection.number", "many", "the QUIC connection's number"),
    Field("quic.frame_type", "many", "kinds of the QUIC frames that can be read"),
    Field("tls.record.content_type", "many", "content type; of decrypted records, the inner one"),
    Field("tls.record.opaque_type", "many", "outer content type of TLS 1.3 encrypted records"),
    Field("tls.record.version", "many", "version in the record header"),
    Field("tls.record.length", "many", "record length without its header"),
    Field("tls.handshake.type", "many", "handshake message type, where it can be read"),
    Field("tls.handshake.version", "many", "version declared in a hello"),
    Field("tls.handshake.random", "many", "a hello's 32 random bytes"),
    Field("tls.handshake.session_id", "many", "a hello's session id"),
    Field("tls.handshake.ciphersuite", "many", "suites offered, or the one chosen"),
    Field("tls.handshake.extension.type", "many", "extensions present"),
    Field("tls.handshake.extensions.supported_version", "many", "TLS 1.3's version list or choice"),
    Field("tls.handshake.extensions_server_name", "many", "SNI"),
    Field("tls.alert_message.level", "many", "1 warning, 2 fatal"),
    Field("tls.alert_message.desc", "many", "alert description"),
    Field("dns.qry.name", "many", "name asked for"),
    Field("http.host", "many", "Host header"),
    Field("http.request.method", "many", "method of an HTTP/1 request"),
    Field("http.request.uri", "many", "path of an HTTP/1 request"),
    Field("ocsp.tbsRequest_element", "flag", "an OCSP request"),
    Field("http2.headers.method", "many", "method of an HTTP/2 request"),
)

RENAMED: Mapping[str, str] = {
    "pkcs1.modulus": "pkixalgs.modulus",  # since 4.6
    "tls.handshake.cipherspec": "tls.ssl2.handshake.cipherspec",  # since 4.4
}
"""Fields that labshark names, by what tshark 3.6 calls them, and what it calls them later."""


def names_of(field: str) -> tuple[str, ...]:
    """The names by which any supported tshark may show a field that labshark names."""
    return (field, RENAMED[field]) if field in RENAMED else (field,)


COLUMN_TITLES = ("Source", "Destination", "Protocol", "Info")
"""Columns of Wireshark's packet list."""


def column_field(title: str) -> str:
    """tshark's name for a column of the packet list by its title: `_ws.col.Info`.

    Since 4.4 the columns have fields of their own (`_ws.col.def_src`, `_ws.col.info`); the name
    made of the title is understood before and after.
    """
    return f"_ws.col.{title}"


def column_name(title: str) -> str:
    """The packets table's own name for it: `_ws.col.info`."""
    return f"_ws.col.{title.lower()}"
