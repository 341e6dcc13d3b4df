"""The server's certificates in detail (RFC 5280, 4; RFC 5246, 7.4.2)."""

from collections.abc import Callable
from datetime import datetime

from report.questions.absence import not_applicable
from report.questions.answer import Answer, AnswerTable, AnswerValue, Cell, Evidence
from report.questions.evidence import cite, cite_header
from report.questions.handshake_messages import from_message
from report.questions.queries.certificate import server_certificate, why_no_certificate
from report.questions.queries.suite import chosen
from report.questions.registry import Tables, query
from report.questions.tabulated import NOTHING, column, facts_table
from report.tables.certificates import SentCertificate, sent_certificates
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text, visible
from report.tls.certificates import Certificate, UnreadableCertificate

_EDWARDS_BITS = {"Ed25519": 256, "Ed448": 456, "X25519": 256, "X448": 448}
_ETHERNET_PAYLOAD = 1500
_SMALLEST_HEADERS = 40
"""Of IPv4 and TCP, without options."""
_RECORD_HEADER = 5
_SIGNS_WITH = {
    "RSA": {"RSA"},
    "ECDSA": {"EC", "Ed25519", "Ed448"},
    "DSS": {"DSA"},
}
"""Key types by the suite's way of authentication (RFC 5246, 7.4.2; RFC 8422, 3)."""


def server_certificates(session: Session) -> tuple[Message, tuple[SentCertificate, ...]] | None:
    """The server's Certificate message with its certificates, one at least."""
    message = server_certificate(session)
    sent = sent_certificates(message) if message else ()
    return (message, sent) if message and sent else None


def own_certificate(session: Session) -> tuple[Message, SentCertificate, Certificate] | None:
    """The server's own certificate, the first one sent, where it can be read."""
    found = server_certificates(session)
    if found is None or isinstance(found[1][0].certificate, UnreadableCertificate):
        return None
    return found[0], found[1][0], found[1][0].read


def why_not(tables: Tables, session: Session) -> Answer:
    """Why nothing can be said of the server's own certificate: none there, or not readable."""
    found = server_certificates(session)
    if found is None:
        return why_no_certificate(tables, session)
    message, sent = found
    text = Text(
        "证书的内容不是有效的 X.509 编码，无法读取。",
        "The certificate is not valid X.509 and cannot be read.",
    )
    return not_applicable(text, cite(message, sent[0].field), sources=("RFC 5280, 4.1",))


def shown_day(time: datetime) -> str:
    """A certificate's date as its own UTC time."""
    return f"{time:%F %T} UTC"


@query("certificate.count")
def count(tables: Tables, session: Session) -> Answer:
    """How many certificates the server sent, with one table for each."""
    found = server_certificates(session)
    if found is None:
        return why_no_certificate(tables, session)
    message, sent = found
    return from_message(
        tables,
        session,
        message,
        len(sent),
        Text(
            f"{len(sent)} 张证书", f"{len(sent)} certificates" if len(sent) > 1 else "1 certificate"
        ),
        *(certificate.field for certificate in sent),
        sources=("RFC 5246, 7.4.2", "RFC 5280, 4.1"),
        answer_tables=[
            certificate_table(certificate, position, message.frame)
            for position, certificate in enumerate(sent, start=1)
        ],
    )


def certificate_table(sent: SentCertificate, position: int, frame: int) -> AnswerTable:
    """One certificate's fields, as far as a lab asks for them."""
    if isinstance(sent.certificate, UnreadableCertificate):
        reason = visible(sent.certificate.reason)
        rows: list[tuple[Cell, Cell]] = [(Text("无法读取", "Unreadable"), reason)]
        return facts_table(rows, Text(f"第 {position} 张", f"Number {position}"), frame)
    read = sent.read
    days = validity_days(read)
    rows = [
        (Text("持有者", "Subject"), read.subject.rfc4514 or NOTHING),
        (Text("签发者", "Issuer"), read.issuer.rfc4514),
        (Text("序列号", "Serial number"), read.serial),
        (Text("生效", "Not before"), shown_day(read.not_before)),
        (Text("失效", "Not after"), shown_day(read.not_after)),
        (Text("有效期", "Validity"), Text(f"{days} 天", f"{days} days")),
        (Text("公钥", "Public key"), _shown_key(read)),
        (Text("签名算法", "Signature algorithm"), read.signature_algorithm),
        (Text("备用名称（SAN）", "Alternative names"), _listed(alternative_names(read))),
        (Text("CA 标志", "CA flag"), _shown_ca(read)),
        (Text("密钥用途", "Key usage"), _listed(read.key_usage or ())),
        (Text("扩展密钥用途", "Extended key usage"), _listed(read.extended_key_usage or ())),
        ("OCSP", _listed(read.ocsp_urls)),
        ("CRL", _listed(read.crl_urls)),
    ]
    name = visible(sent.subject_name) or NOTHING
    caption = Text(f"第 {position} 张：{name}", f"Number {position}: {name}")
    return facts_table(rows, caption, frame)


def alternative_names(read: Certificate) -> tuple[str, ...]:
    """Host names and addresses that a certificate is for."""
    return (*read.dns_names, *read.ip_addresses)


def validity_days(read: Certificate) -> int:
    """Days of validity; RFC 5280 4.1.2.5 counts both ends, so the last second is one of them."""
    return round((read.not_after - read.not_before).total_seconds() / 86_400)


def _listed(names: tuple[str, ...], most: int = 8) -> str:
    shown = ", ".join(names[:most])
    return (f"{shown}, … (+{len(names) - most})" if len(names) > most else shown) or NOTHING


def _shown_key(read: Certificate) -> Cell:
    bits = key_bits(read)
    curve = f" ({read.key.curve})" if read.key.curve else ""
    if bits is None:
        return read.key.type
    return Text(f"{read.key.type} {bits} 位{curve}", f"{read.key.type}, {bits} bits{curve}")


def key_bits(read: Certificate) -> int | None:
    """The key's length in bits."""
    return read.key.bits or _EDWARDS_BITS.get(read.key.type)


def _shown_ca(read: Certificate) -> Cell:
    if read.ca is None:
        return Text("没有这个扩展", "no such extension")
    limit = "" if read.path_length is None else f", pathLen {read.path_length}"
    return f"{'TRUE' if read.ca else 'FALSE'}{limit}"


# --- single facts of the server's own certificate ---------------------------------------------


def _from_own(
    tables: Tables,
    session: Session,
    value: Callable[[Certificate], AnswerValue | None],
    shown: Callable[[Certificate], Text],
    field: str,
    lacking: Text,
    source: str,
) -> Answer:
    """A fact of the server's own certificate; `lacking` says that it has no such thing."""
    found = own_certificate(session)
    if found is None:
        return why_not(tables, session)
    message, sent, read = found
    known = value(read)
    if known is None:
        return not_applicable(lacking, cite(message, sent.field), sources=(source,))
    return from_message(
        tables, session, message, known, shown(read), sent.part(field), sources=(source,)
    )


@query("certificate.serial")
def serial(tables: Tables, session: Session) -> Answer:
    """The serial number of the server's own certificate in hex digits."""
    return _from_own(
        tables,
        session,
        lambda read: read.serial,
        lambda read: Text(read.serial, read.serial),
        "x509af.serialNumber",
        _NO_SUCH_THING,
        "RFC 5280, 4.1.2.2",
    )


@query("certificate.validity_days")
def validity(tables: Tables, session: Session) -> Answer:
    """For how many days the server's own certificate is valid."""
    return _from_own(
        tables,
        session,
        validity_days,
        lambda read: Text(
            f"{validity_days(read)} 天：从 {shown_day(read.not_before)} 到 "
            f"{shown_day(read.not_after)}",
            f"{validity_days(read)} days, from {shown_day(read.not_before)} to "
            f"{shown_day(read.not_after)}",
        ),
        "x509af.validity_element",
        _NO_SUCH_THING,
        "RFC 5280, 4.1.2.5",
    )


@query("certificate.key_bits")
def bits(tables: Tables, session: Session) -> Answer:
    """How long the server's public key is, in bits."""
    return _from_own(
        tables,
        session,
        key_bits,
        _key_text,
        "x509af.subjectPublicKeyInfo_element",
        Text("这种公钥没有以位计的长度。", "A key of this kind has no length in bits."),
        "RFC 5280, 4.1.2.7",
    )


def _key_text(read: Certificate) -> Text:
    shown = _shown_key(read)
    return shown if isinstance(shown, Text) else Text(shown, shown)


@query("certificate.alternative_names")
def names(tables: Tables, session: Session) -> Answer:
    """The host names and addresses that the server's own certificate is for."""
    return _from_own(
        tables,
        session,
        lambda read: alternative_names(read) or None,
        lambda read: _names_text(alternative_names(read)),
        "x509ce.GeneralNames",
        Text(
            "这张证书没有主题备用名称（SAN）。",
            "This certificate has no subject alternative names.",
        ),
        "RFC 5280, 4.2.1.6",
    )


@query("certificate.key_usage")
def key_usage(tables: Tables, session: Session) -> Answer:
    """What the server's own key may be used for."""
    return _from_own(
        tables,
        session,
        lambda read: read.key_usage or None,
        lambda read: _names_text(read.key_usage or ()),
        "x509ce.KeyUsage",
        Text(
            "这张证书没有密钥用途扩展，用途不受限制。",
            "This certificate has no key usage extension: its use is not restricted.",
        ),
        "RFC 5280, 4.2.1.3",
    )


@query("certificate.status_urls")
def status_urls(tables: Tables, session: Session) -> Answer:
    """Where the certificate says that its revocation can be looked up: OCSP and CRL addresses."""
    return _from_own(
        tables,
        session,
        lambda read: (*read.ocsp_urls, *read.crl_urls) or None,
        lambda read: _names_text((*read.ocsp_urls, *read.crl_urls)),
        "x509ce.CRLDistPointsSyntax",
        Text(
            "这张证书没有写 OCSP 或 CRL 地址。",
            "This certificate names neither an OCSP nor a CRL address.",
        ),
        "RFC 5280, 4.2.2.1",
    )


_NO_SUCH_THING = Text("这张证书没有这一项。", "This certificate has no such field.")


def _names_text(found: tuple[str, ...]) -> Text:
    shown = [visible(name) for name in found]
    return Text("；".join(shown), "; ".join(shown))


# --- the certificates together ----------------------------------------------------------------


@query("certificate.chain")
def chain(tables: Tables, session: Session) -> Answer:
    """The chain as sent: from the server's certificate up, each by its issuer, to the last name.

    Order and superfluous certificates do not matter; the last name is that of an issuer whose
    certificate was not sent, unless the last certificate issued itself.
    """
    found = own_certificate(session)
    if found is None:
        return why_not(tables, session)
    message = found[0]
    sent = sent_certificates(message)
    links = _climbed([c for c in sent if not isinstance(c.certificate, UnreadableCertificate)])
    names = [link.subject_name for link in links]
    top = links[-1].read
    if not top.self_issued:
        names.append(top.issuer.display)
    drawn = " ← ".join(map(visible, names))
    return from_message(
        tables,
        session,
        message,
        tuple(names),
        Text(drawn, drawn),
        *(link.part("x509af.issuer") for link in links),
        sources=("RFC 5246, 7.4.2", "RFC 5280, 6.1"),
        answer_tables=[_chain_table(links, sent, message.frame)],
    )


def _climbed(sent: list[SentCertificate]) -> list[SentCertificate]:
    links = [sent[0]]
    rest = sent[1:]
    while not links[-1].read.self_issued:
        issuer = links[-1].read.issuer
        above = next((c for c in rest if c.read.subject == issuer), None)
        if above is None:
            break
        links.append(above)
        rest = [c for c in rest if c is not above]
    return links


def _chain_table(
    links: list[SentCertificate], sent: tuple[SentCertificate, ...], frame: int
) -> AnswerTable:
    rows: list[tuple[Cell, ...]] = []
    for level, link in enumerate(links):
        place = str(sent.index(link) + 1)
        arrow = "" if level == 0 else "　" * (level - 1) + "└ "
        rows.append((arrow + link.subject_name, link.read.issuer.display, place))
    top = links[-1].read
    if not top.self_issued:
        indent = "　" * (len(links) - 1) + "└ "
        rows.append((indent + top.issuer.display, NOTHING, _NOT_SENT))
    columns = (
        column("证书", "Certificate"),
        column("由谁签发", "Issued by"),
        column("在消息中的次序", "Place in the message"),
    )
    frames: tuple[int | None, ...] = (*(frame for _ in links), None)[: len(rows)]
    return AnswerTable(columns, tuple(rows), frames)


_NOT_SENT = Text(
    "没有发送，应在客户端的信任库里", "not sent; it should be in the client's trust store"
)


@query("certificate.fits_suite")
def fits_suite(tables: Tables, session: Session) -> Answer:
    """Whether the certificate's key is one that the chosen suite can be authenticated with."""
    found, choice = own_certificate(session), chosen(session)
    if found is None or choice is None:
        return why_not(tables, session)
    message, sent, read = found
    hello, suite = choice
    wanted = suite.authentication.split(" ")[0]
    key = read.key.type
    if suite.tls13:
        return from_message(
            tables, session, message, True, _TLS13_FITS.filled(key=key),
            sent.part("x509af.subjectPublicKeyInfo_element"),
            sources=("RFC 8446, 4.2.3", "RFC 8446, 4.4.2.2"),
            also=[cite(hello, "tls.handshake.ciphersuite")],
        )  # fmt: skip
    fits = key in _SIGNS_WITH.get(wanted, set())
    text = (_FITS if fits else _DOES_NOT_FIT).filled(key=key, wanted=wanted, suite=suite.name)
    return from_message(
        tables,
        session,
        message,
        fits,
        text,
        sent.part("x509af.subjectPublicKeyInfo_element"),
        sources=("RFC 5246, 7.4.2", "RFC 8422, 2"),
        also=[cite(hello, "tls.handshake.ciphersuite")],
    )


_FITS = Text(
    "是：套件 {suite} 用 {wanted} 证明身份，证书里正是 {key} 公钥。",
    "Yes: {suite} authenticates with {wanted}, and the certificate holds a key of type {key}.",
)
_DOES_NOT_FIT = Text(
    "否：套件 {suite} 用 {wanted} 证明身份，证书里却是 {key} 公钥。",
    "No: {suite} authenticates with {wanted}, but the certificate holds a key of type {key}.",
)
_TLS13_FITS = Text(
    "是：TLS 1.3 的套件不限定证书的种类；{key} 公钥要配的是 signature_algorithms 里的签名算法。",
    "Yes: a TLS 1.3 suite does not restrict the certificate; its key (type {key}) has to fit one "
    "of the signature_algorithms offered.",
)


@query("certificate.own_record")
def own_record(tables: Tables, session: Session) -> Answer:
    """Whether the Certificate has a record of its own, apart from the Server Hello's."""
    message = server_certificate(session)
    hello = session.server_hello
    if message is None or hello is None:
        return why_no_certificate(tables, session)
    apart = message.record is not hello.record
    size = message.record.length
    parts = len(message.parts)
    return from_message(
        tables,
        session,
        message,
        apart,
        _record_text(apart, size, parts),
        reason=_fits_text(size, parts),
        sources=("RFC 5246, 6.2.1", "RFC 5246, 7.4.2"),
        also=_record_evidence(message),
    )


def _record_evidence(message: Message) -> list[Evidence]:
    return [cite_header(message.record, "tls.record.length"), cite(message, "tls.handshake.type")]


def _record_text(apart: bool, size: int, parts: int) -> Text:
    if apart:
        return Text(
            f"是：证书在自己的记录里，长 {size} 字节，由 {parts} 个数据包送来。",
            f"Yes: the Certificate has a record of its own of {size} bytes, which "
            f"{parts} packet{'s' if parts > 1 else ''} carried.",
        )
    return Text(
        f"否：它与 Server Hello 在同一个记录里；那个记录长 {size} 字节。",
        f"No: it shares the record of the Server Hello, which is {size} bytes long.",
    )


def _fits_text(size: int, parts: int) -> Text:
    room = _ETHERNET_PAYLOAD - _SMALLEST_HEADERS
    if size + _RECORD_HEADER > room:
        return Text(
            f"它装不进一个以太网帧：帧里的 IP 数据包最多 {_ETHERNET_PAYLOAD} 字节，"
            f"除去 IP 和 TCP 的首部最多剩 {room} 字节。",
            "It does not fit into one Ethernet frame, whose IP packet has at most "
            f"{_ETHERNET_PAYLOAD} bytes, {room} without the headers of IP and TCP.",
        )
    fits = Text("它装得进一个以太网帧。", "It fits into one Ethernet frame.")
    return fits if parts == 1 else fits.plus(_SPREAD)


_SPREAD = Text(
    "但它跟在别的消息后面，所以在这里跨了几个数据包。",
    "It follows other messages, though, and so it is spread over several packets here.",
)
