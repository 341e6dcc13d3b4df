"""The hellos as plain data and as tables: fields, suites, extensions."""

from dataclasses import dataclass
from datetime import UTC, datetime

from report.questions.answer import AnswerTable, Cell
from report.questions.evidence import bytes_of, kept_bytes, message_bytes
from report.questions.purposes import extension_purpose
from report.questions.tabulated import NOTHING, column, yes_or_no
from report.tables.dissection import TreeField
from report.tables.messages import Message
from report.text import Text
from report.tls.extension_contents import extension_content, shown_extension
from report.tls.hello import Hello, client_hello, server_hello
from report.tls.registry import cipher_suite_name, is_grease, shown_name, version_name
from report.tls.suites import CipherSuite, known_suite

NULL_COMPRESSION = "null"
_SSL2_SUITES_FROM = 0x10000
TIME_BYTES = 4


def is_sslv2(hello: Message) -> bool:
    """Whether a Client Hello is in the format of SSL 2.0, which has fields of its own."""
    return hello.first("tls.handshake.challenge_length") is not None


def read_hello(hello: Message) -> Hello | None:
    """A hello read from its bytes; None for SSLv2 format and for what is malformed or cut."""
    if is_sslv2(hello):
        return None
    try:
        return (client_hello if hello.from_client else server_hello)(message_bytes(hello))
    except ValueError:
        return None


def random_of(hello: Message) -> tuple[TreeField | None, bytes]:
    """The random bytes and their field; of an SSLv2-format hello its challenge."""
    field = hello.first("tls.handshake.random") or hello.first("tls.handshake.challenge")
    return field, bytes_of(hello, field) if field else b""


def session_id_of(hello: Message) -> bytes:
    """The session id, which may be empty."""
    field = hello.first("tls.handshake.session_id")
    return bytes_of(hello, field) if field else b""


def is_cut_before(hello: Message, name: str) -> bool:
    """Whether a snap length cut a hello before the field of that name, which every hello has."""
    return not is_sslv2(hello) and hello.first(name) is None


def suite_codes(hello: Message) -> list[int]:
    """The suites of a hello, in its order; GREASE values included."""
    fields = hello.all("tls.handshake.ciphersuite") or hello.all("tls.handshake.cipherspec")
    return [field.number for field in fields]


@dataclass(frozen=True, slots=True)
class KeptHello:
    """What is left of a hello of which a snap length may have cut the end; None for the rest."""

    version: int | None
    random: bytes
    """As many of the 32 bytes as were kept."""
    extension_types: tuple[int, ...] | None
    """All of them; of the last one the content may be cut."""


def kept_hello(hello: Message) -> KeptHello:
    """The kept bytes of a hello, read here: tshark shows nothing behind the first missing one."""
    if is_sslv2(hello):
        return KeptHello(None, b"", ())
    body = kept_bytes(hello)[_HANDSHAKE_HEADER:]
    size = int.from_bytes(kept_bytes(hello)[1:_HANDSHAKE_HEADER])
    version = int.from_bytes(body[:2]) if len(body) >= 2 else None
    return KeptHello(version, body[2:34], _kept_types(body[:size], size, hello.from_client))


def _kept_types(body: bytes, size: int, from_client: bool) -> tuple[int, ...] | None:
    at = _RANDOM_ENDS + 1 + _number(body, _RANDOM_ENDS, 1)
    at += 2 + _number(body, at, 2) if from_client else 2
    at += 1 + _number(body, at, 1) if from_client else 1
    if at >= size:
        return () if len(body) >= size else None
    if len(body) < at + 2:
        return None
    end = at + 2 + _number(body, at, 2)
    at += 2
    found: list[int] = []
    while at + 4 <= min(end, len(body)):
        found.append(_number(body, at, 2))
        at += 4 + _number(body, at + 2, 2)
    return tuple(found) if at == end else None


def _number(body: bytes, at: int, width: int) -> int:
    return int.from_bytes(body[at : at + width])


_HANDSHAKE_HEADER, _RANDOM_ENDS = 4, 34


def lists_all_extensions(hello: Message) -> bool:
    """Whether the type of every extension of a hello was captured; its last content may be cut."""
    return kept_hello(hello).extension_types is not None


def compression_names(hello: Message) -> tuple[str, ...]:
    """The compression methods of a hello by name, `null` for none."""
    numbers = [field.number for field in hello.all("tls.handshake.comp_method")]
    return tuple(shown_name("compression_methods", n).lower() for n in numbers)


def suite_parts(code: int) -> tuple[str, ...]:
    """A suite's name taken apart: key exchange, authentication, symmetric algorithm, hash.

    What is said twice counts once (RSA for both). A TLS 1.3 suite names only the last two, and a
    suite of SSL 2.0 always uses RSA. Empty for a number without a name.
    """
    if code >= _SSL2_SUITES_FROM:
        return _ssl2_parts(cipher_suite_name(code))
    suite = known_suite(code)
    if suite is None or suite.signalling:
        return ()
    method = () if suite.tls13 else (suite.key_exchange, suite.authentication)
    parts = (*method, suite.symmetric, suite.mac or suite.prf_hash)
    return tuple(dict.fromkeys(part for part in parts if part))


def _ssl2_parts(name: str) -> tuple[str, ...]:
    cipher, _, digest = name.removeprefix("SSL2_").partition("_WITH_")
    return ("RSA", cipher, digest) if digest else ()


# --- tables -----------------------------------------------------------------------------------


def suites_table(hello: Message) -> AnswerTable:
    """Every suite offered, in order of preference, taken apart."""
    rows = tuple(
        _suite_row(position, code) for position, code in enumerate(suite_codes(hello), start=1)
    )
    columns = (
        column("次序", "Order", numeric=True),
        column("编号", "Number"),
        column("密码套件", "Cipher suite"),
        column("前向保密", "Forward secrecy"),
        column("IANA 推荐", "Recommended by IANA"),
    )
    return AnswerTable(columns, rows, (hello.frame,) * len(rows))


def _suite_row(position: int, code: int) -> tuple[Cell, ...]:
    suite = known_suite(code)
    name = cipher_suite_name(code)
    digits = 6 if code >= _SSL2_SUITES_FROM else 4
    number = f"0x{code:0{digits}X}"
    if suite is None or suite.signalling:
        return (str(position), number, name, NOTHING, NOTHING)
    secrecy = Text("由扩展决定", "by extension") if suite.tls13 else suite.forward_secrecy
    shown = secrecy if isinstance(secrecy, Text) else yes_or_no(secrecy)
    return (str(position), number, name, shown, _recommended(suite))


def _recommended(suite: CipherSuite) -> Cell:
    return {
        "Y": Text("推荐", "yes"),
        "N": Text("不推荐", "no"),
        "D": Text("不应使用", "discouraged"),
    }.get(suite.recommended, NOTHING)


def extensions_table(hello: Message) -> AnswerTable | None:
    """Every extension with its length, what it is for and what it says; None without any."""
    read = read_hello(hello)
    if read is None or not read.extensions:
        return None
    rows = tuple(
        (
            shown_extension(kind),
            str(len(content)),
            extension_content(kind, content, client=hello.from_client) or NOTHING,
            extension_purpose(kind),
        )
        for kind, content in read.extensions.items()
    )
    columns = (
        column("扩展", "Extension"),
        column("长度（字节）", "Length (bytes)", numeric=True),
        column("内容", "Content"),
        column("用途", "Purpose"),
    )
    return AnswerTable(columns, rows, (hello.frame,) * len(rows))


def hello_table(hello: Message) -> AnswerTable:
    """A hello's fields with their values and what each is for."""
    suites = suite_codes(hello)
    compression = ", ".join(compression_names(hello)) or NOTHING
    extensions = read_hello(hello)
    version = hello.first("tls.handshake.version")
    chosen = cipher_suite_name(suites[0]) if suites and not hello.from_client else None
    count = Text(f"{len(suites)} 个", f"{len(suites)}")
    listed = len(extensions.extensions) if extensions else 0
    rows: list[tuple[Cell, ...]] = [
        (Text("版本", "Version"), version_name(version.number) if version else NOTHING, _VERSION),
        (Text("随机数", "Random"), random_of(hello)[1].hex() or NOTHING, _RANDOM),
        (Text("会话 ID", "Session id"), session_id_of(hello).hex() or NOTHING, _SESSION_ID),
        (Text("密码套件", "Cipher suite"), chosen or count, _SUITES[hello.from_client]),
        (Text("压缩方法", "Compression"), compression, _COMPRESSION),
        (Text("扩展", "Extensions"), Text(f"{listed} 个", str(listed)), _EXTENSIONS),
    ]
    columns = (column("字段", "Field"), column("值", "Value"), column("用途", "Purpose"))
    return AnswerTable(columns, tuple(rows), (hello.frame,) * len(rows))


_VERSION = Text(
    "客户端能用的最高版本，或服务器选定的版本；TLS 1.3 中固定写 1.2，真正的版本在扩展里",
    "the highest version of the client, or the one the server chose; TLS 1.3 leaves it at 1.2 and "
    "says the real one in an extension",
)
_RANDOM = Text(
    "让每次会话的密钥都不同，使重放失败", "makes every session's keys differ, so that replays fail"
)
_SESSION_ID = Text(
    "用来恢复以前的会话；TLS 1.3 中只为兼容旧设备",
    "names a session to resume; in TLS 1.3 it is there for old devices only",
)
_SUITES = {
    True: Text("按偏好排列，供服务器选择", "in order of preference, for the server to choose from"),
    False: Text(
        "服务器的选择，决定之后的全部算法", "the server's choice, which settles all algorithms"
    ),
}
_COMPRESSION = Text(
    "恒为 null：先压缩再加密会由长度泄露内容（CRIME），TLS 1.3 已取消压缩",
    "null: compressed lengths give content away (CRIME), and TLS 1.3 has dropped compression",
)
_EXTENSIONS = Text("在不改变消息格式的前提下增加功能", "new abilities without a new message format")


def time_note(octets: bytes, captured: float) -> Text:
    """What the first four bytes of a random say as a time, and whether that can be one.

    `captured` is the packet's time in seconds since 1970. RFC 5246 has the clock there; many
    clients have long filled it with random bytes, and TLS 1.3 demands that.
    """
    seconds = int.from_bytes(octets[:TIME_BYTES])
    shown = f"{datetime.fromtimestamp(seconds, UTC):%F %T} UTC"
    if abs(seconds - captured) < _A_DAY:
        return Text(
            f"按时间解释是 {shown}，与抓包时间相符。",
            f"Read as a time it is {shown}, which fits the capture.",
        )
    return Text(
        f"按时间解释是 {shown}，与抓包时间不符：这四个字节其实也是随机的。",
        f"Read as a time it is {shown}, which does not fit the capture: these bytes are random "
        "too.",
    )


_A_DAY = 86_400


def first_offered(hello: Message) -> int | None:
    """The first suite that is one: GREASE placeholders and signals are passed over."""
    for code in suite_codes(hello):
        suite = known_suite(code)
        signal = suite is not None and suite.signalling
        if not is_grease(code) and not signal:
            return code
    return None
