"""The likely reason of a wrong answer: named where another fact explains the value."""

from collections.abc import Callable, Iterator

from report.grading.marking.expected import Decoys, ExpectedAnswer
from report.questions.answer import AnswerValue
from report.questions.kinds import kind
from report.questions.kinds.names import is_short_form, same_name
from report.questions.kinds.values import Rule
from report.text import Text

CONFUSIONS: dict[str, Text] = {
    # In the order in which they are looked for: the most telling first.
    "record_version": Text(
        "这是记录层的版本号，为兼容旧设备而写得较低；题目问的是 Client Hello 消息里声明的版本。",
        "That is the record layer's version, kept low for old devices; the question asks for the "
        "version that the Client Hello itself declares.",
    ),
    "extension_version": Text(
        "这是 supported_versions 扩展里的版本；Client Hello 自己的版本字段写的是另一个值。",
        "That version stands in the supported_versions extension; the Client Hello's own version "
        "field says another.",
    ),
    "first_fragment": Text(
        "消息从这个数据包开始，但还没有结束；Wireshark 把它显示在收齐它的那个数据包里。",
        "The message begins in that packet but is not complete there; Wireshark shows it in the "
        "packet that completes it.",
    ),
    "retry_for_server_hello": Text(
        "那是 Hello Retry Request：服务器要求客户端重发 Client Hello，真正的 Server Hello 在后面。",
        "That is the Hello Retry Request, which asks for a second Client Hello; the real Server "
        "Hello comes later.",
    ),
    "second_hello": Text(
        "这是客户端的第二个 Client Hello；题目问的是第一个。",
        "That is the client's second Client Hello; the question asks for the first.",
    ),
    "finished_for_data": Text(
        "TLS 1.3 中客户端的第一个加密记录是 Finished，不是应用数据，只是看起来一样。",
        "In TLS 1.3 the client's first encrypted record is its Finished; it only looks like "
        "application data.",
    ),
    "fin_for_alert": Text(
        "那是 TCP 的 FIN；关闭 TLS 的是它之前的加密告警（close_notify）。",
        "That is TCP's FIN; what closes TLS is the encrypted alert (close_notify) before it.",
    ),
    "wrong_connection": Text(
        "这个数据包属于抓包中的另一个连接；先按 tcp.stream 过滤，只看实验所问的会话。",
        "That packet belongs to another connection of the capture; filter by tcp.stream first to "
        "see only the session in question.",
    ),
    "sequence_number": Text(
        "这是 TCP 的序列号；“数据包编号”指 Wireshark 最左边的 No. 列。",
        "That is a TCP sequence number; a packet number is Wireshark's leftmost column, No.",
    ),
    "whole_random": Text(
        "这是整个 Random 字段的开头，它以 4 个时间字节开始；题目问的是之后的随机字节。",
        "That is the beginning of the whole Random field, which starts with four time bytes; the "
        "question asks for the random bytes after them.",
    ),
    "other_side": Text(
        "这是另一方的随机数；题目问的是客户端的。",
        "Those are the other side's random bytes; the question asks for the client's.",
    ),
    "root_for_issuer": Text(
        "这是证书链上更高一级的 CA；签发服务器证书的是它自己 issuer 字段里的那一个。",
        "That CA stands higher in the chain; the one that signed the server's certificate is "
        "named in its own issuer field.",
    ),
    "organization_for_name": Text(
        "这是签发者的组织名（O）；CA 的名称是它的通用名（CN）。",
        "That is the issuer's organization (O); the CA's name is its common name (CN).",
    ),
    "subject_for_issuer": Text(
        "这是证书的使用者（subject），不是签发者（issuer）。",
        "That is whom the certificate is for (subject), not who issued it (issuer).",
    ),
    "ec_point_as_modulus": Text(
        "这是椭圆曲线公钥的一个点，不是模数；只有 RSA 公钥才有模数。",
        "That is the point of an elliptic-curve key, not a modulus; only RSA keys have one.",
    ),
    "modulus_as_encoded": Text(
        "这是公钥编码（DER）的开头；模数在展开之后的 modulus 一行。",
        "That is the beginning of the key's encoding (DER); the modulus is on its own line inside.",
    ),
    "suite_for_algorithm": Text(
        "这是整个密码套件的名称；题目只问其中的对称加密算法。",
        "That is the whole cipher suite; the question asks only for the symmetric algorithm in it.",
    ),
    "signature_for_symmetric": Text(
        "这是签名或密钥交换用的算法；应用数据用的是套件中的对称算法。",
        "That algorithm serves signatures or key exchange; data is protected by the suite's "
        "symmetric algorithm.",
    ),
    "other_certificate": Text(
        "这个值在链上的另一张证书里；题目问的是服务器自己的证书。",
        "That stands in another certificate of the chain; the question asks for the server's own.",
    ),
    "bits_for_bytes": Text(
        "这个数值是位数（bit）；题目问的是字节数。",
        "That counts bits; the question asks for bytes.",
    ),
    "header_counted": Text(
        "相差的正好是首部的长度：看清题目问的是记录本身还是连同首部。",
        "The difference is just a header: see whether the question means the record with its "
        "header or without.",
    ),
    "offered_for_chosen": Text(
        "这是客户端提供的一项，不是服务器选定的那一项；选定的写在 Server Hello 里。",
        "The client offered that, but the server chose another; the choice stands in the Server "
        "Hello.",
    ),
    "textbook_answer": Text(
        "这是教材所附抓包的答案，与你交的抓包不符。",
        "That is the answer for the textbook's trace; it does not fit the capture you handed in.",
    ),
    "digits_turned": Text(
        "数字的顺序颠倒了：再对照一次屏幕。",
        "The digits are turned round: compare with the screen once more.",
    ),
    "leading_zeros": Text(
        "前导零也算数字，不能省略。", "Leading zeros are digits too and must be kept."
    ),
    "incomplete": Text(
        "只写出了算法的一部分：还缺密钥长度、工作模式或其中一种算法。",
        "Only a part of the algorithm is named: its key length, mode or second half is missing.",
    ),
    "short_name": Text(
        "只写出了名称的一部分；请照证书写出完整的名称。",
        "Only a part of the name is given; write it in full, as the certificate has it.",
    ),
    "some_names": Text("还有名称没有写出。", "Not all of the names are given."),
    "unnamed": Text(
        "说对了不全属于服务器，但没有写出是谁的。",
        "It is right that they are not all the server's, but whose they are is not said.",
    ),
}

DEBATABLE = frozenset({"organization_for_name", "extension_version", "short_name"})
"""Confusions that are as much the question's fault: a person decides, unless lab or key do."""

_HEADERS = (4, 5, 9)
"""Bytes of a handshake header, a record header, and both."""


def confusion_of(
    kind_name: str, given: AnswerValue, expected: ExpectedAnswer, decoys: Decoys
) -> str | None:
    """The slug of the confusion that explains a wrong value, the most telling one; else None."""
    found = {*_by_decoys(kind_name, given, decoys), *_computed(kind_name, given, expected)}
    return next((slug for slug in CONFUSIONS if slug in found), None)


def _by_decoys(kind_name: str, given: AnswerValue, decoys: Decoys) -> Iterator[str]:
    compare = kind(kind_name).compare
    for slug, values in decoys.items():
        exact = isinstance(given, int)  # numbers are many, and compared by being the same
        same = given in values
        if same or (not exact and any(compare(given, v, Rule()).equal for v in values)):
            yield slug


def _computed(kind_name: str, given: AnswerValue, expected: ExpectedAnswer) -> Iterator[str]:
    if kind_name == "packet_number" and given in expected.parts[:-1]:
        yield "first_fragment"
    if expected.value is None:
        return
    for slug, test in _TESTS.items():
        if test(kind_name, given, expected.value):
            yield slug


def _turned(kind_name: str, given: AnswerValue, expected: AnswerValue) -> bool:
    """The same digits in another order, two of them exchanged or all reversed."""
    one, two = str(given), str(expected)
    digits = kind_name in ("packet_number", "count", "integer", "hex", "byte_count")
    if not digits or one == two or sorted(one) != sorted(two):
        return False
    differing = [at for at in range(len(one)) if one[at] != two[at]]
    return len(differing) == 2 or one == two[::-1]


def _bits(kind_name: str, given: AnswerValue, expected: AnswerValue) -> bool:
    return _lengths(kind_name, given, expected) and given == 8 * int(str(expected))


def _header(kind_name: str, given: AnswerValue, expected: AnswerValue) -> bool:
    if not _lengths(kind_name, given, expected):
        return False
    return abs(int(str(given)) - int(str(expected))) in _HEADERS


def _short(kind_name: str, given: AnswerValue, expected: AnswerValue) -> bool:
    """`InCommon` for `InCommon RSA Server CA`; in a list, some names short and the others right."""
    if kind_name == "name":
        return is_short_form(str(given), str(expected))
    if kind_name != "names" or not isinstance(given, tuple) or not isinstance(expected, tuple):
        return False
    return all(
        any(same_name(one, name) or is_short_form(one, name) for one in given) for name in expected
    )


def _lengths(kind_name: str, given: AnswerValue, expected: AnswerValue) -> bool:
    return kind_name == "byte_count" and isinstance(given, int) and isinstance(expected, int)


_TESTS: dict[str, Callable[[str, AnswerValue, AnswerValue], bool]] = {
    "digits_turned": _turned,
    "bits_for_bytes": _bits,
    "header_counted": _header,
    "short_name": _short,
}
