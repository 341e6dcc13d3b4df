"""The handshake as a whole: its layers, its messages, and what each of them was for."""

from dataclasses import replace

from report.questions.absence import missing_message
from report.questions.answer import Answer, AnswerTable, Cell, Status
from report.questions.conditions import Where, either, every
from report.questions.evidence import cite
from report.questions.finding import found
from report.questions.handshake_messages import first_message, from_message
from report.questions.queries.finished import finished
from report.questions.registry import Tables, query
from report.questions.scope import content, session_scope
from report.questions.tabulated import FROM, NOTHING, PACKET, column, sender
from report.tables.dissection import TreeField
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text
from report.tls.message_types import (
    CERTIFICATE,
    CERTIFICATE_REQUEST,
    CERTIFICATE_STATUS,
    CERTIFICATE_VERIFY,
    CHANGE_CIPHER_SPEC,
    CLIENT_HELLO,
    CLIENT_KEY_EXCHANGE,
    FINISHED,
    HANDSHAKE,
    NEW_SESSION_TICKET,
    SERVER_HELLO,
    SERVER_HELLO_DONE,
    SERVER_KEY_EXCHANGE,
)

_PHASES: dict[int, Text] = {
    0: Text("重新协商", "renegotiation"),
    CLIENT_HELLO: Text("一、商定参数", "1. agreeing on parameters"),
    SERVER_HELLO: Text("一、商定参数", "1. agreeing on parameters"),
    8: Text("一、商定参数", "1. agreeing on parameters"),
    CERTIFICATE: Text("二、身份验证与密钥交换", "2. authentication and key exchange"),
    25: Text("二、身份验证与密钥交换", "2. authentication and key exchange"),
    CERTIFICATE_STATUS: Text("二、身份验证与密钥交换", "2. authentication and key exchange"),
    SERVER_KEY_EXCHANGE: Text("二、身份验证与密钥交换", "2. authentication and key exchange"),
    CERTIFICATE_REQUEST: Text("二、身份验证与密钥交换", "2. authentication and key exchange"),
    SERVER_HELLO_DONE: Text("二、身份验证与密钥交换", "2. authentication and key exchange"),
    CERTIFICATE_VERIFY: Text("三、客户端的回应", "3. the client's reply"),
    CLIENT_KEY_EXCHANGE: Text("三、客户端的回应", "3. the client's reply"),
    5: Text("三、客户端的回应", "3. the client's reply"),
    NEW_SESSION_TICKET: Text("四、启用密钥并确认", "4. new keys, and the check"),
    FINISHED: Text("四、启用密钥并确认", "4. new keys, and the check"),
    24: Text("握手之后", "after the handshake"),
}
_LAST_PHASE = Text("四、启用密钥并确认", "4. new keys, and the check")


# --- layers -----------------------------------------------------------------------------------

_LAYERS: dict[str, tuple[str, Text]] = {
    "eth": ("Ethernet", Text("链路层：同一网段内的下一跳", "link: to the next hop")),
    "sll": (
        "Linux cooked",
        Text("链路层（抓包接口代替）", "link, as the capture stands in for it"),
    ),
    "null": ("Loopback", Text("链路层：本机回环", "link: inside the machine")),
    "raw": ("Raw IP", Text("没有链路层", "no link layer")),
    "vlan": ("VLAN", Text("虚拟局域网标签", "the tag of a virtual LAN")),
    "ieee8021ad": ("VLAN (802.1ad)", Text("外层 VLAN 标签", "the outer VLAN tag")),
    "pppoes": ("PPPoE", Text("宽带拨号隧道", "a tunnel of broadband access")),
    "ppp": ("PPP", Text("点到点链路", "a point-to-point link")),
    "ip": ("IPv4", Text("网络层：从主机到主机", "network: from host to host")),
    "ipv6": ("IPv6", Text("网络层：从主机到主机", "network: from host to host")),
    "gtp": ("GTP", Text("移动网络的隧道", "a tunnel of mobile networks")),
    "gre": ("GRE", Text("隧道", "a tunnel")),
    "udp": (
        "UDP",
        Text("传输层：从进程到进程，不可靠", "transport: between processes, unreliable"),
    ),
    "tcp": ("TCP", Text("传输层：可靠的字节流", "transport: a reliable stream of bytes")),
    "quic": ("QUIC", Text("传输层：可靠、加密的流", "transport: reliable, encrypted streams")),
    "tls": (
        "TLS",
        Text(
            "TCP 与应用之间：机密、完整、身份",
            "between TCP and the application: secrecy, integrity, identity",
        ),
    ),
}


@query("layers.stack")
def layers(tables: Tables, session: Session) -> Answer:
    """The protocol layers of the Client Hello's frame, from the outside in."""
    hello = first_message(session, CLIENT_HELLO, client=True)
    if hello is None:
        return missing_message(tables, session, CLIENT_HELLO, client=True)
    stack = [
        n for n in str(tables.packets.at[hello.frame, "frame.protocols"]).split(":") if n in _LAYERS
    ]
    names = tuple(_LAYERS[name][0] for name in stack)
    return from_message(
        tables,
        session,
        hello,
        names,
        Text(" → ".join(names), " → ".join(names)),
        None,
        sources=("RFC 8446, 1", "RFC 1122, 1.1.3"),
        answer_tables=[_layers_table(hello, stack)],
    )


def _layers_table(hello: Message, stack: list[str]) -> AnswerTable:
    sizes = _sizes(hello)
    rows = tuple((_LAYERS[name][0], sizes.get(name, NOTHING), _LAYERS[name][1]) for name in stack)
    columns = (
        column("协议", "Protocol"),
        column("头部字节", "Bytes of header", numeric=True),
        column("在哪一层，做什么", "Layer and task"),
    )
    return AnswerTable(columns, rows, (hello.frame,) * len(rows))


def _sizes(hello: Message) -> dict[str, str]:
    """How many bytes each layer's own line takes; of TLS everything that is in this frame."""
    found_: dict[str, str] = {}
    for element in hello.detail.tree.iterfind("proto"):
        layer = TreeField(element)
        found_.setdefault(layer.name, str(layer.length))
    return found_


# --- messages ---------------------------------------------------------------------------------


@query("handshake.messages")
def messages(tables: Tables, session: Session) -> Answer:
    """How many handshake messages the capture shows, with phase, packet and time in a table.

    Change Cipher Spec is listed but not counted: it is a protocol of its own. What TLS 1.3
    encrypts cannot be counted without keys.
    """
    listed = [m for m in session.messages if m.protocol in ("handshake", "change_cipher_spec")]
    counted = [message for message in listed if message.protocol == "handshake"]
    if not counted:
        return missing_message(tables, session, CLIENT_HELLO, client=True)
    hides = session.is_tls13 and not session.handshake_opened
    return found(
        tables,
        len(counted),
        _counted_text(len(counted), len(listed)),
        every(
            session_scope(session),
            either(content(HANDSHAKE), Where("tls.handshake.type"), content(CHANGE_CIPHER_SPEC)),
        ),
        [cite(message) for message in counted[:6]],
        frames=sorted({message.frame for message in listed}),
        reason=_MORE_HIDDEN if hides else None,
        sources=("RFC 5246, 7.3", "RFC 8446, 2"),
        answer_tables=(_messages_table(tables, session, listed),),
    )


def _counted_text(counted: int, listed: int) -> Text:
    text = Text(f"{counted} 条，见表。", f"{counted}, see the table.")
    return text if counted == listed else text.plus(_ALSO_LISTED)


_ALSO_LISTED = Text(
    "表中也有 Change Cipher Spec，但它不是握手消息，没有算进去。",
    "The table has the Change Cipher Spec, too, which is no handshake message and not counted.",
)
_MORE_HIDDEN = Text(
    "只算看得到的：TLS 1.3 从 Server Hello 之后加密，其余的握手消息没有密钥看不到。",
    "Only those that can be seen: TLS 1.3 encrypts everything after the Server Hello.",
)


def _messages_table(tables: Tables, session: Session, listed: list[Message]) -> AnswerTable:
    rows = tuple(
        (
            str(message.frame),
            f"{float(str(tables.packets.at[message.frame, 'frame.time_relative'])):.6f}",
            sender(message.from_client),
            "Hello Retry Request" if message is session.retry else message.name,
            _phase(session, message),
        )
        for message in listed
    )
    columns = (
        PACKET,
        column("时间（秒）", "Time (s)", numeric=True),
        FROM,
        column("消息", "Message"),
        column("阶段", "Phase"),
    )
    return AnswerTable(columns, rows, tuple(message.frame for message in listed))


def _phase(session: Session, message: Message) -> Cell:
    if message.protocol == "change_cipher_spec" or message.type is None:
        return _LAST_PHASE
    if message.type in (CERTIFICATE, CERTIFICATE_VERIFY):
        return _PHASES[CLIENT_KEY_EXCHANGE if message.from_client else SERVER_KEY_EXCHANGE]
    if session.is_tls13 and message.type == NEW_SESSION_TICKET:
        return _PHASES[24]
    return _PHASES.get(message.type, NOTHING)


# --- the four jobs ----------------------------------------------------------------------------


@query("handshake.jobs")
def jobs(tables: Tables, session: Session) -> Answer:
    """The four jobs of the handshake, and which messages of this session did each."""
    hello = first_message(session, CLIENT_HELLO, client=True)
    if hello is None:
        return missing_message(tables, session, CLIENT_HELLO, client=True)
    text = Text(
        "本次会话中各由哪些消息完成，见表。", "The table says which messages did each here."
    )
    shown = from_message(
        tables, session, hello, "", text, "tls.handshake.type",
        sources=("RFC 5246, 7.3", "RFC 8446, 2"), answer_tables=[_jobs_table(session)],
    )  # fmt: skip
    return replace(shown, status=Status.EXPLAINED, value=None)


def _jobs_table(session: Session) -> AnswerTable:
    hellos = _named(session, (CLIENT_HELLO, SERVER_HELLO, 8))
    authentication = _named(
        session, (CERTIFICATE, CERTIFICATE_STATUS, CERTIFICATE_REQUEST, CERTIFICATE_VERIFY)
    )
    exchange = _named(session, (SERVER_KEY_EXCHANGE, CLIENT_KEY_EXCHANGE))
    if session.is_tls13:
        exchange = _named(session, (CLIENT_HELLO, SERVER_HELLO))
    ends = [finished(session, client=client) for client in (True, False)]
    check = [f"{e.message.name} ({e.message.frame})" for e in ends if e is not None]
    rows: tuple[tuple[Cell, ...], ...] = (
        (_JOBS[0], ", ".join(hellos) or NOTHING),
        (_JOBS[1], ", ".join(authentication) or _not_seen(session)),
        (_JOBS[2], ", ".join(exchange) or _not_seen(session)),
        (_JOBS[3], ", ".join(check) or _not_seen(session)),
    )
    columns = (column("任务", "Job"), column("消息（数据包）", "Messages (packet)"))
    return AnswerTable(columns, rows)


def _named(session: Session, kinds: tuple[int, ...]) -> list[str]:
    return [
        f"{message.name} ({message.frame})"
        for message in session.messages
        if message.protocol == "handshake" and message.type in kinds
    ]


def _not_seen(session: Session) -> Cell:
    if session.is_tls13 and not session.handshake_opened:
        return Text("已加密，看不到", "encrypted, not to be seen")
    if session.connection.resumed:
        return Text("恢复会话，不需要", "a resumed session needs none")
    return Text("本会话没有", "none in this session")


_JOBS = (
    Text("商定参数：版本、套件、扩展", "agree on parameters: version, suite, extensions"),
    Text("证明身份", "authenticate"),
    Text("得到共同的秘密", "share a secret"),
    Text("确认没有人改动过消息", "check that nobody changed the messages"),
)
