"""The key exchange methods that a suite name can ask for, and the messages that each one needs."""

from dataclasses import dataclass
from enum import StrEnum

from report.text import Text


class Sent(StrEnum):
    """Whether a message belongs to a key exchange method."""

    ALWAYS = "always"
    NEVER = "never"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class KeyExchange:
    """One method: what the server must send, what the Client Key Exchange carries."""

    title: Text
    certificate: Sent
    """The server's Certificate message."""
    server_key_exchange: Sent
    why: Text
    """Why the Server Key Exchange is there, or is not."""
    client_sends: Text
    """What the Client Key Exchange carries."""
    forward_secrecy: bool | None
    """None where the suite name does not decide it (TLS 1.3)."""


_EPHEMERAL = Text(
    "服务器每次会话都生成新的公钥，并用证书对应的私钥签名，所以必须另发一条 Server Key Exchange。",
    "The server makes a new public value for every session and signs it with its certificate's "
    "key, so a Server Key Exchange has to carry it.",
)
_FIXED = Text(
    "服务器的公钥参数已经写在证书里，不再需要 Server Key Exchange。",
    "The server's public value is in its certificate, so no Server Key Exchange is needed.",
)
_ANONYMOUS = Text(
    "没有证书，服务器的公钥只能由 Server Key Exchange 送出，而且没有签名。",
    "There is no certificate, so the public value comes in the Server Key Exchange, unsigned.",
)
_HINT = Text(
    "只有服务器要给出“用哪一个预共享密钥”的提示时才发送 Server Key Exchange。",
    "A Server Key Exchange comes only if the server gives a hint which shared key to use.",
)
_CLIENT_PUBLIC = Text("客户端的临时公钥", "the client's ephemeral public value")
_CLIENT_IDENTITY = Text("预共享密钥的标识", "the identity of the shared key")

# RFC 5246 7.4.2 to 7.4.7, RFC 8422 5, RFC 4279 2 to 4, RFC 5489 2, RFC 5054 2, RFC 2712 3,
# RFC 8492 4, RFC 9189 4. Keys are a suite name's first part, without the way of authentication.
METHODS: dict[str, KeyExchange] = {
    "NULL": KeyExchange(
        Text("没有密钥交换", "none"),
        Sent.NEVER,
        Sent.NEVER,
        Text(
            "这是握手开始之前的状态：什么都不加密。",
            "The state before the first handshake: nothing is encrypted.",
        ),
        Text("没有内容", "nothing"),
        False,
    ),
    "RSA": KeyExchange(
        Text("RSA 密钥传输", "RSA key transport"),
        Sent.ALWAYS,
        Sent.NEVER,
        Text(
            "客户端用证书里的 RSA 公钥加密预主密钥，服务器不必再送参数，"
            "所以没有 Server Key Exchange。",
            "The client encrypts the premaster secret with the certificate's RSA key; the server "
            "has no parameters to add, so there is no Server Key Exchange.",
        ),
        Text(
            "用服务器 RSA 公钥加密的 48 字节预主密钥",
            "the 48-byte premaster secret, encrypted with the server's RSA key",
        ),
        False,
    ),
    "RSA_EXPORT": KeyExchange(
        Text("出口级 RSA 密钥传输", "RSA key transport, export grade"),
        Sent.ALWAYS,
        Sent.OPTIONAL,
        Text(
            "证书里的 RSA 密钥超过 512 位时，服务器要在 Server Key Exchange 里"
            "另送一个 512 位的临时密钥。",
            "If the certificate's RSA key is longer than 512 bits, the server sends a temporary "
            "512-bit key in a Server Key Exchange.",
        ),
        Text(
            "用服务器 RSA 公钥加密的 48 字节预主密钥",
            "the 48-byte premaster secret, encrypted with the server's RSA key",
        ),
        False,
    ),
    "DH": KeyExchange(
        Text("固定 DH", "fixed Diffie-Hellman"),
        Sent.ALWAYS,
        Sent.NEVER,
        _FIXED,
        Text(
            "客户端的 DH 公钥（已在客户端证书里时为空）",
            "the client's Diffie-Hellman public value (empty if its certificate holds it)",
        ),
        False,
    ),
    "DHE": KeyExchange(
        Text("临时 DH", "ephemeral Diffie-Hellman"),
        Sent.ALWAYS,
        Sent.ALWAYS,
        _EPHEMERAL,
        _CLIENT_PUBLIC,
        True,
    ),
    "DH_anon": KeyExchange(
        Text("匿名 DH", "anonymous Diffie-Hellman"),
        Sent.NEVER,
        Sent.ALWAYS,
        _ANONYMOUS,
        _CLIENT_PUBLIC,
        True,
    ),
    "ECDH": KeyExchange(
        Text("固定 ECDH", "fixed elliptic-curve Diffie-Hellman"),
        Sent.ALWAYS,
        Sent.NEVER,
        _FIXED,
        _CLIENT_PUBLIC,
        False,
    ),
    "ECDHE": KeyExchange(
        Text("临时 ECDH（ECDHE）", "ephemeral elliptic-curve Diffie-Hellman (ECDHE)"),
        Sent.ALWAYS,
        Sent.ALWAYS,
        _EPHEMERAL,
        _CLIENT_PUBLIC,
        True,
    ),
    "ECDH_anon": KeyExchange(
        Text("匿名 ECDH", "anonymous elliptic-curve Diffie-Hellman"),
        Sent.NEVER,
        Sent.ALWAYS,
        _ANONYMOUS,
        _CLIENT_PUBLIC,
        True,
    ),
    "PSK": KeyExchange(
        Text("预共享密钥（PSK）", "pre-shared key (PSK)"),
        Sent.NEVER,
        Sent.OPTIONAL,
        _HINT,
        _CLIENT_IDENTITY,
        False,
    ),
    "DHE_PSK": KeyExchange(
        Text("预共享密钥加临时 DH", "pre-shared key with ephemeral Diffie-Hellman"),
        Sent.NEVER,
        Sent.ALWAYS,
        Text(
            "服务器的临时 DH 公钥由 Server Key Exchange 送出，由预共享密钥来认证。",
            "The server's ephemeral public value comes in the Server Key Exchange; the shared key "
            "authenticates it.",
        ),
        Text(
            "预共享密钥的标识和客户端的临时公钥",
            "the identity of the shared key and the client's ephemeral public value",
        ),
        True,
    ),
    "ECDHE_PSK": KeyExchange(
        Text("预共享密钥加 ECDHE", "pre-shared key with ECDHE"),
        Sent.NEVER,
        Sent.ALWAYS,
        Text(
            "服务器的临时椭圆曲线公钥由 Server Key Exchange 送出，由预共享密钥来认证。",
            "The server's ephemeral point comes in the Server Key Exchange; the shared key "
            "authenticates it.",
        ),
        Text(
            "预共享密钥的标识和客户端的临时公钥",
            "the identity of the shared key and the client's ephemeral public value",
        ),
        True,
    ),
    "RSA_PSK": KeyExchange(
        Text("预共享密钥加 RSA", "pre-shared key with RSA key transport"),
        Sent.ALWAYS,
        Sent.OPTIONAL,
        _HINT,
        Text(
            "预共享密钥的标识和用服务器 RSA 公钥加密的预主密钥",
            "the identity of the shared key, and the premaster secret encrypted with the server's "
            "RSA key",
        ),
        False,
    ),
    "KRB5": KeyExchange(
        Text("Kerberos 5", "Kerberos 5"),
        Sent.NEVER,
        Sent.NEVER,
        Text(
            "双方由 Kerberos 票据认证，不需要证书，也没有 Server Key Exchange。",
            "A Kerberos ticket authenticates both sides: no certificate, no Server Key Exchange.",
        ),
        Text(
            "Kerberos 票据和加密后的预主密钥",
            "the Kerberos ticket and the encrypted premaster secret",
        ),
        False,
    ),
    "SRP": KeyExchange(
        Text("SRP 口令协议", "secure remote password (SRP)"),
        Sent.OPTIONAL,
        Sent.ALWAYS,
        Text(
            "服务器的 SRP 参数（素数、生成元、盐、公钥）由 Server Key Exchange 送出。",
            "The Server Key Exchange carries the SRP parameters: prime, generator, salt and public "
            "value.",
        ),
        Text("客户端的 SRP 公钥", "the client's SRP public value"),
        True,
    ),
    "ECCPWD": KeyExchange(
        Text("口令认证的椭圆曲线交换（TLS-PWD）", "password-authenticated exchange (TLS-PWD)"),
        Sent.NEVER,
        Sent.ALWAYS,
        Text(
            "服务器的盐、标量和曲线点由 Server Key Exchange 送出。",
            "The Server Key Exchange carries the server's salt, scalar and element.",
        ),
        Text("客户端的标量和曲线点", "the client's scalar and element"),
        True,
    ),
    "GOST": KeyExchange(
        Text("GOST R 34.10-2012 密钥传输", "GOST R 34.10-2012 key transport"),
        Sent.ALWAYS,
        Sent.NEVER,
        _FIXED,
        Text(
            "用服务器公钥保护的预主密钥",
            "the premaster secret, protected with the server's public key",
        ),
        False,
    ),
    "TLS 1.3": KeyExchange(
        Text(
            "TLS 1.3：不由套件决定，而由 key_share 和 pre_shared_key 扩展决定",
            "TLS 1.3: not the suite but the key_share and pre_shared_key extensions decide it",
        ),
        Sent.OPTIONAL,
        Sent.NEVER,
        Text(
            "双方的公钥都在 Hello 消息的 key_share 扩展里，TLS 1.3 没有 Server Key Exchange。",
            "Both public values travel in the key_share extensions of the hellos; TLS 1.3 has no "
            "Server Key Exchange.",
        ),
        Text(
            "TLS 1.3 没有 Client Key Exchange；公钥在 Client Hello 的 key_share 扩展里",
            "TLS 1.3 has no Client Key Exchange; the public value is in the Client Hello's "
            "key_share",
        ),
        None,
    ),
}
