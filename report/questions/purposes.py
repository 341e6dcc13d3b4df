"""What things in the hellos are for, in a few words: fields, extensions, phases."""

from report.text import Text
from report.tls.registry import is_grease

_UNKNOWN = Text("（没有说明）", "(not described here)")
_GREASE = Text(
    "占位值：让服务器习惯忽略不认识的扩展（RFC 8701）",
    "a placeholder that keeps servers used to ignoring what they do not know (RFC 8701)",
)

# IANA's registry names the document of each; the words are ours.
EXTENSIONS: dict[int, Text] = {
    0: Text(
        "要访问的主机名：同一地址上有多个网站时，服务器凭它选择证书",
        "the host asked for, so that a server with many sites picks the right certificate",
    ),
    1: Text("要求较短的记录", "asks for shorter records"),
    5: Text(
        "请服务器附上证书的 OCSP 应答（装订）",
        "asks the server to staple an OCSP answer about its certificate",
    ),
    10: Text("支持的密钥交换群（曲线）", "the groups (curves) that it can exchange keys with"),
    11: Text("椭圆曲线点的编码方式", "how points of a curve may be written"),
    13: Text("能验证的签名算法", "the signature algorithms that it can verify"),
    14: Text("SRTP 密钥协商", "keys for SRTP media"),
    15: Text("心跳", "heartbeats"),
    16: Text(
        "应用层协议的选择，如 h2、http/1.1",
        "the application protocols to choose from: h2, http/1.1",
    ),
    17: Text("请服务器装订整条链的 OCSP 应答", "asks for stapled answers on the whole chain"),
    18: Text("证书透明度：要求 SCT", "certificate transparency: asks for signed timestamps"),
    21: Text("填充，避开某些设备对长度的误判", "padding, past devices that choke on some lengths"),
    22: Text("先加密后做 MAC（CBC 套件）", "MAC over the ciphertext, for CBC suites"),
    23: Text("主密钥与整个握手绑定", "binds the master secret to the whole handshake"),
    27: Text("证书可以压缩", "the certificate may be compressed"),
    28: Text("记录长度上限", "a limit on the length of records"),
    34: Text("委托凭证", "delegated credentials"),
    35: Text(
        "会话票据：以后无需服务器保存状态即可恢复",
        "session tickets, to resume without the server keeping state",
    ),
    41: Text("恢复会话所用的预共享密钥", "the shared keys that the session may be resumed with"),
    42: Text("0-RTT 早期数据", "early data, sent before the server has answered"),
    43: Text("TLS 1.3 起真正的版本协商", "where versions are really negotiated since TLS 1.3"),
    44: Text("服务器要求带回的 cookie", "a cookie that the server wants back"),
    45: Text("PSK 是否另加（EC）DHE", "whether a shared key is combined with (EC)DHE"),
    47: Text("可接受的 CA", "the authorities whose certificates are accepted"),
    49: Text("握手之后也可出示客户端证书", "a client certificate may also be asked for later"),
    50: Text("能验证的证书签名算法", "signature algorithms for the certificates themselves"),
    51: Text("TLS 1.3 的密钥交换公钥", "the public values of TLS 1.3's key exchange"),
    57: Text("QUIC 的传输参数", "QUIC's transport parameters"),
    13172: Text("NPN，ALPN 的前身", "NPN, which came before ALPN"),
    17513: Text("应用层设置（ALPS）", "application settings (ALPS)"),
    17613: Text("应用层设置（ALPS）", "application settings (ALPS)"),
    65037: Text(
        "加密的 Client Hello（ECH），或其占位", "the encrypted Client Hello (ECH), or a stand-in"
    ),
    65281: Text("安全的重新协商", "secure renegotiation"),
}


def extension_purpose(kind: int) -> Text:
    """What a hello's extension is for."""
    return _GREASE if is_grease(kind) else EXTENSIONS.get(kind, _UNKNOWN)
