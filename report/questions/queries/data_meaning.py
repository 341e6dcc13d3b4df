"""What the client's first application data is: read with keys, else told from what is in clear."""

from report.questions.answer import Answer, Evidence, Status
from report.questions.conditions import proving_filter
from report.questions.evidence import cite, cite_packet
from report.questions.handshake_messages import first_message
from report.questions.protected import first_client_data
from report.questions.queries.data import client_data_condition, no_client_data
from report.questions.quic_frames import stream_frames, where_stream_data
from report.questions.registry import Tables, query
from report.tables.packets import integers
from report.tables.session import Session
from report.text import Text, visible
from report.tls.message_types import ENCRYPTED_EXTENSIONS

_ALPN = "tls.handshake.extensions_alpn_str"


@query("application_data.meaning")
def meaning(tables: Tables, session: Session) -> Answer:
    """What the client's first application data is; read from the request itself with keys."""
    start = first_client_data(session)
    if start is None and session.connection.transport == "quic":
        return _quic_meaning(tables, session)
    if start is None:
        return no_client_data(tables, session)
    message = start.message
    request = _request(tables, message.frame)
    if request is not None:
        text = _REQUEST.filled(frame=message.frame, request=request)
        shown = cite_packet(session, message.frame, "http.request.method") or cite_packet(
            session, message.frame, "http2.headers.method"
        )
        return _explained(tables, session, message.frame, text, shown or (cite(message),))
    opened = message.decrypted or session.decrypted
    text = _opened(tables, message.frame) if opened else _sealed(session, message.frame)
    return _explained(tables, session, message.frame, text, (cite(message),))


_REQUEST = Text(
    "解密后可见：第 {frame} 号数据包是请求 {request}。",
    "Decrypted, packet {frame} is the request {request}.",
)


def _request(tables: Tables, frame: int) -> str | None:
    row = tables.packets.loc[frame]
    method, uri = str(row["http.request.method"]), str(row["http.request.uri"])
    if method:
        host = f" ({row['http.host']})" if row["http.host"] else ""
        return visible(f"{method} {uri}{host}", 120)
    http2 = str(row["http2.headers.method"])
    return visible(f"HTTP/2 {http2}", 120) if http2 else None


def _opened(tables: Tables, frame: int) -> Text:
    """Data that keys opened and that is no request, by the protocol that Wireshark finds in it."""
    layers = str(tables.packets.at[frame, "frame.protocols"]).split(":")
    inside = [layer for layer in layers[layers.index("tls") + 1 :] if layer != "tls"]
    if "http2" in inside:
        return _HTTP2_OPENED.filled(frame=frame)
    if not inside:
        return _NAMELESS.filled(frame=frame)
    return _OTHER_OPENED.filled(protocol=inside[0].upper(), frame=frame)


_HTTP2_OPENED = Text(
    "解密后可见：第 {frame} 号数据包是 HTTP/2 的开场（连接前言和设置），请求在它之后。",
    "Decrypted, packet {frame} opens HTTP/2 (its preface and settings); the request comes later.",
)
_OTHER_OPENED = Text(
    "解密后可见：第 {frame} 号数据包是 {protocol} 的数据。",
    "Decrypted, packet {frame} holds data of {protocol}.",
)
_NAMELESS = Text(
    "解密后可见第 {frame} 号数据包的内容，但它不是 Wireshark 认识的协议。",
    "Packet {frame} is decrypted, and holds data of no protocol that Wireshark knows.",
)


def _sealed(session: Session, frame: int) -> Text:
    """Data that cannot be read, by what the handshake and the bytes before it say in clear."""
    agreed = _agreed_protocol(session)
    if agreed is None:
        text = _AFTER_CLEAR if _began_in_clear(session) else _LIKELY_REQUEST
        return text.filled(frame=frame)
    known = {"http/1.0": _AGREED_REQUEST, "http/1.1": _AGREED_REQUEST, "h2": _AGREED_HTTP2}
    return known.get(agreed, _AGREED_OTHER).filled(protocol=agreed[:40], frame=frame)


def _agreed_protocol(session: Session) -> str | None:
    """What ALPN settled on (RFC 7301), where it can be read: `h2`; None elsewhere."""
    later = first_message(session, ENCRYPTED_EXTENSIONS, client=False)
    for message in (session.server_hello, later):
        field = message.first(_ALPN) if message is not None else None
        if field is not None:
            return field.show
    return None


def _began_in_clear(session: Session) -> bool:
    """Whether both sides spoke before TLS began, and not HTTP, with which proxies are asked."""
    rows, hello = session.packets, session.connection.hello_frame
    if hello is None:
        return False
    before = rows.loc[rows.index < hello]
    proxied = bool(before["http.request.method"].astype(bool).any())
    # A part of the Client Hello itself has nothing that answers it.
    spoken = [any(integers(cell)) for cell in before["tcp.len"]]
    return session.from_client.loc[before.index[spoken]].nunique() == 2 and not proxied


_LIKELY_REQUEST = Text(
    "第 {frame} 号数据包的内容已加密；按协议次序，访问网页时它是浏览器的 HTTP 请求。",
    "What packet {frame} holds is encrypted; by the order of the protocol, in a visit to a page it "
    "is the browser's HTTP request.",
)
_AGREED_REQUEST = Text(
    "第 {frame} 号数据包的内容已加密；双方用 ALPN 商定了 HTTP/1.1，所以它是浏览器的 HTTP 请求。",
    "What packet {frame} holds is encrypted; both sides agreed on HTTP/1.1 (ALPN), so it is the "
    "browser's HTTP request.",
)
_AGREED_HTTP2 = Text(
    "第 {frame} 号数据包的内容已加密；双方用 ALPN 商定了 HTTP/2，所以它以连接前言和设置开头，"
    "浏览器的请求紧随其后。",
    "What packet {frame} holds is encrypted; both sides agreed on HTTP/2 (ALPN), so it begins with "
    "the preface and settings, and the browser's request follows.",
)
_AGREED_OTHER = Text(
    "第 {frame} 号数据包的内容已加密；双方用 ALPN 商定了 {protocol}，"
    "所以它是这个协议的第一份数据。",
    "What packet {frame} holds is encrypted; both sides agreed on {protocol} (ALPN), so it is the "
    "first data of that protocol.",
)
_AFTER_CLEAR = Text(
    "第 {frame} 号数据包的内容已加密；双方在 TLS 之前已用明文交谈，所以它是那个协议的下一份数据，"
    "不是 HTTP 请求。",
    "What packet {frame} holds is encrypted; both sides had spoken in clear before TLS began, so "
    "it goes on with that protocol and is no HTTP request.",
)


def _quic_meaning(tables: Tables, session: Session) -> Answer:
    shown = stream_frames(session, client=True)
    if not shown:
        return Answer(Status.EXPLAINED, _UNKNOWN)
    condition = where_stream_data(session, client=True)
    return Answer(
        Status.EXPLAINED,
        _HTTP3.filled(frame=shown[0]),
        frames=(shown[0],),
        filter=proving_filter(tables.packets, condition, [shown[0]]),
        evidence=cite_packet(session, shown[0], "quic.stream.stream_id"),
    )


_HTTP3 = Text(
    "用密钥解密后可见：第 {frame} 号数据包最先携带 STREAM 帧，其中是应用层（通常是 HTTP/3）"
    "的设置和请求。",
    "Opened with the keys, packet {frame} is the first with STREAM frames: the application's "
    "(usually HTTP/3's) settings and requests.",
)
_UNKNOWN = Text(
    "数据包的内容都已加密；按协议次序，客户端最先发出的是它的 HTTP/3 请求。",
    "What the packets hold is encrypted; by the order of the protocol the client's first data is "
    "its HTTP/3 request.",
)


def _explained(
    tables: Tables, session: Session, frame: int, text: Text, evidence: tuple[Evidence, ...]
) -> Answer:
    shown = proving_filter(tables.packets, client_data_condition(session), [frame])
    return Answer(Status.EXPLAINED, text, frames=(frame,), filter=shown, evidence=evidence)
