"""The server's certificates (RFC 5246, 7.4.2; RFC 8446, 4.4.2; RFC 5280)."""

from report.questions.absence import absent, hidden, missing_message, not_applicable, not_captured
from report.questions.answer import Answer, Evidence
from report.questions.conditions import (
    Condition,
    Matching,
    Where,
    either,
    every,
    frames_where,
)
from report.questions.evidence import cite, cite_packet
from report.questions.finding import found, message_text, packet_text
from report.questions.protected import chosen_suite, sent_protected
from report.questions.registry import Tables, query
from report.questions.scope import handshake, session_scope, side
from report.tables.certificates import CERTIFICATE_TYPES, SentCertificate, sent_certificates
from report.tables.dissection import TreeField
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text, visible
from report.tls.key_exchange import Sent
from report.tls.message_types import CERTIFICATE


def server_certificate(session: Session) -> Message | None:
    """The server's first Certificate message."""
    sent = session.of("handshake", client=False)
    return next((m for m in sent if m.type in CERTIFICATE_TYPES), None)


def _condition(session: Session) -> Condition:
    message = server_certificate(session)
    kind = message.type if message and message.type is not None else CERTIFICATE
    return every(session_scope(session), handshake(kind), side(session, client=False))


def why_no_certificate(tables: Tables, session: Session) -> Answer:
    """Why the session shows no server certificate: resumed, without one by its suite, encrypted,
    failed, or not recorded."""
    hello = session.server_hello
    if hello is None:
        return missing_message(tables, session, CERTIFICATE, client=False)
    if session.connection.resumed:
        return _resumed(session, hello)
    suite = chosen_suite(session)
    if suite is not None and not session.is_tls13 and suite.method.certificate is Sent.NEVER:
        return not_applicable(
            Text(
                f"密码套件 {suite.name} 不使用证书，服务器没有发送。",
                f"The cipher suite {suite.name} works without certificates; the server sent none.",
            ),
            cite(hello, "tls.handshake.ciphersuite"),
        )
    if session.is_tls13 and not session.handshake_opened and sent_protected(session, client=False):
        return hidden(
            tables,
            Text(
                "看不到：TLS 1.3 从 Server Hello 之后就加密，证书也在其中。",
                "It cannot be seen: TLS 1.3 encrypts everything after the Server Hello, the "
                "certificate included.",
            ),
            _condition(session),
        )
    return missing_message(tables, session, CERTIFICATE, client=False)


def _resumed(session: Session, hello: Message) -> Answer:
    field = "tls.handshake.extension.type" if session.is_tls13 else "tls.handshake.session_id"
    return not_applicable(
        Text(
            "会话是恢复的：双方沿用以前协商的密钥，服务器不再发送证书。",
            "The session was resumed: both sides go on with a secret they agreed on before, and "
            "the server sends no certificate.",
        ),
        cite(hello, field),
        sources=("RFC 5246, F.1.4", "RFC 5077, 3.1", "RFC 8446, 2.2"),
    )


def _leaf(session: Session) -> tuple[Message, SentCertificate] | None:
    message = server_certificate(session)
    sent = sent_certificates(message) if message else ()
    return (message, sent[0]) if message and sent else None


def _damaged(message: Message) -> Answer:
    return not_captured(
        Text(
            f"第 {message.frame} 号数据包中的证书已损坏，无法读出内容。",
            f"The certificate in packet {message.frame} is damaged and cannot be read.",
        )
    )


@query("certificate.frame")
def frame(tables: Tables, session: Session) -> Answer:
    """The frame in which the server's Certificate message is complete; parts are named."""
    message = server_certificate(session)
    if message is None:
        return why_no_certificate(tables, session)
    return found(
        tables,
        message.frame,
        message_text(tables, message),
        _condition(session),
        [cite(message, "tls.handshake.type")],
        parts=message.parts,
        reason=_parts_note(message),
        sources=("RFC 5246, 7.4.2" if not session.is_tls13 else "RFC 8446, 4.4.2",),
    )


def _parts_note(message: Message) -> Text | None:
    if len(message.parts) < 2:
        return None
    return Text(
        f"它从第 {message.parts[0]} 号开始，到第 {message.frame} 号才收齐；"
        "Wireshark 显示在后者中。",
        f"It begins in packet {message.parts[0]} and is complete only in packet {message.frame}, "
        "where Wireshark shows it.",
    )


@query("certificate.subjects")
def subjects(tables: Tables, session: Session) -> Answer:
    """Whom each certificate of the server is for, in the order they were sent."""
    message = server_certificate(session)
    sent = sent_certificates(message) if message else ()
    if message is None or not sent:
        return why_no_certificate(tables, session)
    if not all(c.readable for c in sent):
        return _damaged(message)
    names = tuple(c.subject_name for c in sent)
    shown = [visible(name) for name in names]
    return found(
        tables,
        names,
        Text("；".join(shown), "; ".join(shown)),
        _condition(session),
        [cite(message, c.name_part("x509af.subject")) for c in sent],
        parts=message.parts,
        sources=("RFC 5280, 4.1.2.6",),
    )


@query("certificate.issuer")
def issuer(tables: Tables, session: Session) -> Answer:
    """Who issued the server's own certificate, the first one sent."""
    leaf = _leaf(session)
    if leaf is None:
        return why_no_certificate(tables, session)
    message, certificate = leaf
    if not certificate.readable:
        return _damaged(message)
    name = certificate.read.issuer.display
    return _from_leaf(
        tables,
        session,
        message,
        name,
        Text(visible(name), visible(name)),
        certificate.name_part("x509af.issuer"),
        "RFC 5280, 4.1.2.4",
    )


@query("certificate.signature_algorithm")
def signature_algorithm(tables: Tables, session: Session) -> Answer:
    """The algorithm of the signature on the server's own certificate."""
    leaf = _leaf(session)
    if leaf is None:
        return why_no_certificate(tables, session)
    message, certificate = leaf
    if not certificate.readable:
        return _damaged(message)
    name = certificate.read.signature_algorithm
    return _from_leaf(
        tables,
        session,
        message,
        name,
        Text(name, name),
        certificate.part("x509af.algorithmIdentifier_element"),
        "RFC 5280, 4.1.1.2",
    )


def _from_leaf(
    tables: Tables,
    session: Session,
    message: Message,
    value: str,
    text: Text,
    field: TreeField | None,
    source: str,
) -> Answer:
    return found(
        tables,
        value,
        text,
        _condition(session),
        [cite(message, field)],
        parts=message.parts,
        sources=(source,),
    )


@query("certificate.modulus")
def modulus(tables: Tables, session: Session) -> Answer:
    """The first four hex digits of the RSA modulus, as its DER INTEGER is written.

    The integer is signed (X.690, 8.3), so a leading 00 belongs to it. An EC or EdDSA key has no
    modulus.
    """
    leaf = _leaf(session)
    if leaf is None:
        return why_no_certificate(tables, session)
    message, certificate = leaf
    if not certificate.readable:
        return _damaged(message)
    key = certificate.read.key
    if key.modulus is None:
        return _no_modulus(message, certificate)
    digits = key.modulus[:4]
    return found(
        tables,
        digits,
        Text(
            f"{digits}（{key.bits} 位 RSA 公钥的模数）",
            f"{digits} (the modulus of an RSA key of {key.bits} bits)",
        ),
        _condition(session),
        [cite(message, certificate.part("pkcs1.modulus"))],
        parts=message.parts,
        reason=_LEADING_ZERO if digits.startswith("00") else None,
        sources=("RFC 8017, A.1.1", "X.690, 8.3"),
    )


_LEADING_ZERO = Text(
    "DER 的 INTEGER 有符号，最高位为 1 时前面补 00，所以 00 属于模数的编码。",
    "A DER INTEGER is signed; the leading 00 keeps it positive and so belongs to the encoding.",
)


def _no_modulus(message: Message, certificate: SentCertificate) -> Answer:
    key = certificate.read.key
    digits = key.point[:4] if key.point else "–"
    return not_applicable(
        Text(
            f"这是 {key.type} 公钥，没有模数；它的公钥值以 {digits} 开头。",
            f"This is {_article(key.type)} {key.type} key, which has no modulus; the public value "
            f"begins with {digits}.",
        ),
        cite(message, certificate.part("x509af.subjectPublicKey")),
        sources=("RFC 5480, 2.2", "RFC 8410, 4"),
    )


def _article(word: str) -> str:
    return "an" if word[:1].upper() in "AEIOU" else "a"


@query("certificate.ca_contact")
def ca_contact(tables: Tables, session: Session) -> Answer:
    """The first packet in which the client spoke to a CA: OCSP, CRL or issuer hosts, DNS included.

    The hosts are those that the certificates name. Without certificates (encrypted or resumed)
    any plain OCSP request, CRL or certificate download counts: these run over plain HTTP
    (RFC 6960, A.1; RFC 5280, 4.2.1.13), so they would be readable.
    """
    message = server_certificate(session)
    hosts = _ca_hosts(sent_certificates(message) if message else ())
    condition = _contact_condition(session, hosts)
    frames = frames_where(tables.packets, condition)
    if frames:
        return _contacted(tables, session, condition, frames)
    if not tables.whole:
        return not_captured(
            Text(
                "抓包不完整，不能断定客户端没有联系 CA。",
                "The capture is cut short, so it cannot be said that no CA was contacted.",
            )
        )
    evidence = [cite(message, "tls.handshake.type")] if message else []
    return absent(_no_contact(hosts), condition, *evidence)


def _ca_hosts(sent: tuple[SentCertificate, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(host for c in sent for host in c.ca_hosts))


_CA_REQUEST = r"/M[A-Z][A-Za-z0-9%+/=]{40,}$|\.(crl|p7c)$"
"""The path of an OCSP request by GET, base64 of a DER sequence (RFC 6960, A.1), or of a CRL or a
CA's certificates (RFC 5280, 4.2.1.13 and 4.2.2.1)."""


def _contact_condition(session: Session, hosts: tuple[str, ...]) -> Condition:
    asked: list[Condition] = [Where("ocsp.tbsRequest_element")]
    if hosts:
        asked += [Where("dns.qry.name", hosts), Where("http.host", hosts)]
    else:
        asked.append(Matching("http.request.uri", _CA_REQUEST))
    # Another host's questions are not the client's; those of its other address family may be.
    own, other = ("ipv6.src", "ip.src") if ":" in session.client.address else ("ip.src", "ipv6.src")
    return every(either(*asked), either(Where(own, (session.client.address,)), Where(other)))


def _contacted(
    tables: Tables, session: Session, condition: Condition, frames: tuple[int, ...]
) -> Answer:
    first = frames[0]
    evidence: list[Evidence] = []
    for name in ("dns.qry.name", "http.host", "http.request.uri", "ocsp.tbsRequest_element"):
        evidence += cite_packet(session, first, name)
    return found(
        tables,
        first,
        packet_text(tables, first),
        condition,
        evidence[:1],
        frames=[first],
        sources=("RFC 6960", "RFC 5280, 4.2.1.13", "RFC 5280, 4.2.2.1"),
    )


def _no_contact(hosts: tuple[str, ...]) -> Text:
    if not hosts:
        return Text(
            "没有：抓包中没有任何 OCSP 请求，也没有下载吊销列表。",
            "No: no OCSP request is in the capture, and no revocation list is fetched.",
        )
    listed = ", ".join(visible(host, 80) for host in hosts[:6])
    return Text(
        f"没有：抓包中没有发往证书里所列 CA 主机（{listed}）的 DNS 查询、HTTP 请求或 OCSP 请求。",
        f"No: no DNS question, HTTP request or OCSP request goes to the CA hosts that the "
        f"certificates name ({listed}).",
    )
