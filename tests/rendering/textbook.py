"""A report of the textbook trace for the tests of the rendering: real frames, hand-written words.

The values are the lab's published answers (`design.md`, section 8), not the engine's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from report.capture.fields import PACKET_FIELDS
from report.capture.trace import Trace, open_trace
from report.questions.answer import Answer, Status
from report.questions.evidence import cite, cite_packet
from report.rendering.diagram import build_diagram
from report.rendering.exhibits import Material, exhibit
from report.rendering.prose import read_markdown
from report.rendering.session import arrows, overview, packet_facts, session_card
from report.rendering.view import (
    CaptureFacts,
    FilterView,
    HeaderField,
    HiddenThing,
    QuestionView,
    ReportView,
    SectionView,
    TableColumnView,
    TableRowView,
    TableView,
)
from report.tables.connections import Connection
from report.tables.messages import Message
from report.tables.packets import packets_table
from report.tables.session import Session, open_session
from report.text import Text

NAME = "textbook-tls12.pcapng"


@dataclass(frozen=True)
class Opened:
    """The textbook trace with its session."""

    trace: Trace
    packets: pd.DataFrame
    session: Session
    connections: tuple[Connection, ...]

    def message(self, frame: int, name: str) -> Message:
        """The message of that name in a frame."""
        return next(m for m in self.session.messages if m.frame == frame and m.name == name)


@contextmanager
def opened_textbook(shared: Path) -> Iterator[Opened]:
    """Opens the trace."""
    with open_trace(shared / "traces" / NAME) as trace:
        packets = packets_table(trace.columns(field.name for field in PACKET_FIELDS))
        session, connections = open_session(trace, packets, host="www.cics.umass.edu")
        yield Opened(trace, packets, session, connections)


def _answers(book: Opened) -> dict[str, Answer]:
    session = book.session
    hello = book.message(28, "Client Hello")
    server_hello = book.message(32, "Server Hello")
    certificate = book.message(37, "Certificate")
    stream = "tcp.stream == 1"
    names = certificate.all("x509sat.printableString") + certificate.all("x509sat.uTF8String")
    subjects = [n for n in names if n.show in ("www.cs.umass.edu", "InCommon RSA Server CA")]
    return {
        "q1": Answer(
            Status.FOUND,
            Text("第 17 号数据包（3.015409 秒）", "packet 17 (3.015409 s)"),
            17,
            (17,),
            filter=f"{stream} && tcp.flags.syn == 1 && tcp.flags.ack == 0",
            evidence=cite_packet(session, 17, "tcp.flags.syn"),
            reason=Text(
                "文件里更早的 SYN（例如第 11 号）属于别的连接。",
                "An earlier SYN in the file (such as 11) belongs to another connection.",
            ),
        ),
        "q3": Answer(
            Status.FOUND,
            Text("第 28 号数据包（3.094108 秒）", "packet 28 (3.094108 s)"),
            28,
            (28,),
            filter=f"{stream} && tls.handshake.type == 1",
            evidence=(cite(hello, "tls.handshake.type"),),
        ),
        "q5": Answer(
            Status.FOUND,
            Text(
                "Client Hello 提供 17 个密码套件；没有 GREASE 值。",
                "The Client Hello offers 17 cipher suites; none is a GREASE value.",
            ),
            17,
            (28,),
            filter=f"{stream} && tls.handshake.type == 1",
            evidence=(cite(hello, "tls.handshake.ciphersuites"),),
        ),
        "q7": Answer(
            Status.EXPLAINED,
            Text(
                "双方的随机数参与计算主密钥，使每个会话的密钥都不同；重放旧会话的报文会因此失败。",
                "Both sides' random bytes go into the master secret, so that every session has keys "
                "of its own and packets replayed from an old one fail.",
            ),
            evidence=(cite(hello, "tls.handshake.random"),),
            frames=(28,),
            sources=("RFC 5246, 8.1", "RFC 5246, F.1.1"),
        ),
        "q9": Answer(
            Status.FOUND,
            Text("服务器在 Server Hello 中选定的套件。", "The suite chosen in the Server Hello."),
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            (32,),
            filter=f"{stream} && tls.handshake.type == 2",
            evidence=(cite(server_hello, "tls.handshake.ciphersuite"),),
        ),
        "q11": Answer(
            Status.FOUND,
            Text(
                "第 37 号数据包（3.174259 秒），由第 32、33、34、37 号重组而成",
                "packet 37 (3.174259 s), put together from 32, 33, 34, 37",
            ),
            37,
            (37,),
            (32, 33, 34, 37),
            filter=f"{stream} && tls.handshake.type == 11",
            evidence=(cite(certificate, "tls.handshake.type"),),
        ),
        "q12": Answer(
            Status.FOUND,
            Text("证书链中三张证书的主体名称。", "The subjects of the three certificates."),
            (
                "www.cs.umass.edu",
                "InCommon RSA Server CA",
                "USERTrust RSA Certification Authority",
            ),
            (37,),
            (32, 33, 34, 37),
            filter=f"{stream} && tls.handshake.type == 11",
            evidence=tuple(cite(certificate, n) for n in subjects[:2]),
        ),
        "q15": Answer(
            Status.FOUND,
            Text("模数以 00 开头。", "The modulus starts with 00."),
            "00b3",
            (37,),
            (32, 33, 34, 37),
            filter=f"{stream} && tls.handshake.type == 11",
            evidence=(cite(certificate, "pkcs1.modulus"),),
            reason=Text(
                "DER 的 INTEGER 是有符号数；最高位为 1 时前面补 00，所以它属于模数的编码。",
                "A DER INTEGER is signed; a leading 00 keeps it positive, so the encoding starts "
                "with it.",
            ),
            sources=("X.690, 8.3", "RFC 8017, A.1.1"),
        ),
        "q19": Answer(
            Status.ABSENT,
            Text(
                "没有：服务器没有发送 Certificate Request，客户端也没有发送证书。",
                "No: the server sent no Certificate Request and the client no certificate.",
            ),
            filter=f"{stream} && tls.handshake.type == 11 && ip.src == 192.168.1.245",
        ),
        "q24": Answer(
            Status.FOUND,
            Text("第 358 号数据包（3.740611 秒）", "packet 358 (3.740611 s)"),
            358,
            (358,),
            inferred=True,
            filter=f"{stream} && tls.record.content_type == 21 && ip.src == 192.168.1.245",
            evidence=(cite(book.message(358, "Encrypted Alert")),),
            reason=Text(
                "警报已加密；它是客户端在 FIN 之前的最后一条 TLS 消息，按位置推断为 close_notify。",
                "The alert is encrypted; as the client's last TLS message before its FIN it is taken "
                "for a close_notify by position.",
            ),
        ),
    }


_ASKED = {
    "q1": Text("TLS 会话的第一个 TCP SYN 在哪个数据包中？", "Which packet is the first TCP SYN?"),
    "q3": Text("Client Hello 在哪个数据包中？", "Which packet carries the Client Hello?"),
    "q5": Text(
        "Client Hello 提供了多少个密码套件？", "How many cipher suites does the Client Hello offer?"
    ),
    "q7": Text(
        "Client Hello 中的随机数有什么作用？",
        "What are the random bytes of the Client Hello good for?",
    ),
    "q9": Text("服务器选定了哪个密码套件？", "Which cipher suite did the server choose?"),
    "q11": Text(
        "服务器的证书在哪个数据包中？", "Which packet carries the server's certificate?"
    ),
    "q12": Text("这些证书是颁发给谁的？", "Who are the certificates for?"),
    "q15": Text(
        "服务器公钥模数的前四个十六进制数字是什么？",
        "What are the first four hex digits of the modulus of the server's public key?",
    ),
    "q19": Text(
        "客户端是否向服务器提供了自己的证书？", "Does the client send a certificate of its own?"
    ),
    "q24": Text(
        "客户端用来关闭会话的 TLS 消息在哪个数据包中？",
        "Which packet carries the TLS message with which the client closes the session?",
    ),
}
_SECTIONS = (
    (Text("初看抓包", "A first look at the trace"), ("q1",)),
    (Text("Client Hello", "Client Hello"), ("q3", "q5", "q7")),
    (Text("Server Hello", "Server Hello"), ("q9",)),
    (Text("证书", "Certificate"), ("q11", "q12", "q15")),
    (Text("收尾", "Wrapping up"), ("q19", "q24")),
)


def textbook_view(shared: Path) -> ReportView:
    """Ten of the 24 questions with every kind of block the page has."""
    with opened_textbook(shared) as book:
        return _view(book)


def _view(book: Opened) -> ReportView:
    material = Material(packet_facts(book.session.packets), {}, book.session.detail)
    answers = _answers(book)
    questions = {name: _question(name, answers[name], material) for name in _ASKED}
    exhibits = [q.exhibit for q in questions.values() if q.exhibit]
    anchors = {frame: e.anchor for e in reversed(exhibits) for frame in e.frames}
    return ReportView(
        lab="tls-v8.1",
        title=Text("Wireshark 实验：TLS", "Wireshark lab: TLS"),
        intro=Text(
            "从一次网页访问的抓包中，认出 TLS 会话的每一步，并用数据包和字段证明。",
            "Recognise every step of a TLS session in the capture of a page visit, and prove it by "
            "packets and fields.",
        ),
        header=(
            HeaderField("id", Text("2024010203", "2024010203")),
            HeaderField("name", Text("某同学", "A Student")),
            HeaderField("class"),
            HeaderField("title", Text("Wireshark 实验：TLS", "Wireshark lab: TLS")),
            HeaderField("hours", Text("2", "2")),
            HeaderField("date"),
            HeaderField(
                "purpose",
                Text(
                    "研究 TLS 提供的身份验证、数据完整性和机密性。",
                    "Study the authentication, integrity and confidentiality that TLS gives.",
                ),
            ),
            HeaderField(
                "hardware",
                Text("Intel(R) Core(TM) i5-1038NG7 CPU @ 2.00GHz", "Intel(R) Core(TM) i5-1038NG7 CPU @ 2.00GHz"),
                from_capture=True,
            ),
            HeaderField(
                "software",
                Text("Mac OS X 10.15.7, Dumpcap (Wireshark) 3.4.9", "Mac OS X 10.15.7, Dumpcap (Wireshark) 3.4.9"),
                from_capture=True,
            ),
        ),
        student="2024010203 某同学",
        capture=CaptureFacts(
            name=book.trace.name,
            sha256=book.trace.sha256,
            packets=book.trace.packets,
            duration="6.48 s",
            size="651 kB",
            started="2021-10-24 07:29:26 UTC",
            warnings=(
                Text("这是测试用的提醒。", "This is a warning for the test."),
            ),
        ),
        session=session_card(book.session, book.connections),
        overview=overview(book.session, book.packets),
        diagram=build_diagram(
            str(book.session.client), str(book.session.server), arrows(book.session), anchors
        ),
        sections=tuple(
            SectionView(f"s{i}", title, tuple(questions[name] for name in names))
            for i, (title, names) in enumerate(_SECTIONS)
        ),
        hidden=(
            HiddenThing(
                Text("应用数据的内容", "What the application data say"),
                Text(
                    "抓包前设置 SSLKEYLOGFILE，再用 --keylog 提供密钥日志。",
                    "Set SSLKEYLOGFILE before capturing and give the key log with --keylog.",
                ),
                ("23", "24"),
            ),
        ),
        footnotes=(Text("labshark 0.1.0，tshark 4.0.17", "labshark 0.1.0, tshark 4.0.17"),),
        conclusion=read_markdown(
            "一条 TLS 记录可以跨好几个 TCP 报文段。\n\n- 第一点 **很重要**\n- second `tls.record`\n\n"
            "<b>not bold</b>"
        ),
        answers={"format": 1, "answers": [{"id": "q3", "value": 28}]},
    )


def _question(name: str, answer: Answer, material: Material) -> QuestionView:
    value = answer.value
    lines = value if isinstance(value, tuple) else () if value is None else (str(value),)
    explained = answer.status is Status.EXPLAINED
    return QuestionView(
        id=name,
        number=name[1:],
        ask=_ASKED[name],
        points="1",
        status=answer.status.value,
        headline=tuple(Text(line, line) for line in lines),
        statement=None if explained else answer.text,
        inferred=answer.inferred,
        reason=answer.reason,
        own_words=read_markdown("随机数让每次握手都不一样。") if name == "q7" else (),
        model_answer=answer.text if explained else None,
        sources=answer.sources,
        tables=(_TABLE,) if name == "q9" else (),
        exhibit=exhibit(name, answer, material),
        filter=FilterView(f"filter-{name}", answer.filter, len(answer.frames))
        if answer.filter
        else None,
    )


_TABLE = TableView(
    columns=(
        TableColumnView(Text("部分", "Part")),
        TableColumnView(Text("值", "Value")),
        TableColumnView(Text("位数", "Bits"), numeric=True),
    ),
    rows=(
        TableRowView(("key exchange", "ECDHE", ""), "evidence-q9"),
        TableRowView(("authentication", "RSA", "2048")),
        TableRowView(("cipher", "AES-128-GCM", "128")),
    ),
    caption=Text("套件名称的组成", "The suite's name taken apart"),
)
