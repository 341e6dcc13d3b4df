"""One capture per protocol version, TLS 1.0 to 1.3, between OpenSSL's own client and server."""

from authority import chain
from openssl import capture_session
from scene import scene

SCRIPT = "make/versions.py"


def main() -> None:
    with scene("versions") as here:
        certificates = chain("www.reading.example", 2, authority_name="Reading")
        old = [
            ("tls10-rsa-aes128-cbc.pcapng", "TLS 1.0", "-tls1", "AES128-SHA",
             "TLS 1.0，RSA 密钥交换，AES-128-CBC：客户端在应用数据之前先发一个空记录。",
             "TLS 1.0, RSA key exchange, AES-128-CBC: the client sends an empty record ahead of"
             " its application data."),
            ("tls11-dhe-rsa-aes256-cbc.pcapng", "TLS 1.1", "-tls1_1", "DHE-RSA-AES256-SHA",
             "TLS 1.1，DHE_RSA 密钥交换，AES-256-CBC。",
             "TLS 1.1, DHE_RSA key exchange, AES-256-CBC."),
        ]  # fmt: skip
        for name, version, option, suite, zh, en in old:
            capture_session(
                here, name, zh=zh, en=en, script=SCRIPT, certificates=certificates, keys=True,
                serving=[option, "-cipher", f"{suite}:@SECLEVEL=0"],
                asking=[option, "-cipher", f"{suite}:@SECLEVEL=0"],
                version=version,
            )  # fmt: skip
        capture_session(
            here, "tls12-ecdhe-rsa-aes256-gcm.pcapng", script=SCRIPT, certificates=certificates,
            zh="TLS 1.2，ECDHE_RSA，AES-256-GCM；客户端只提供 TLS 1.2。",
            en="TLS 1.2, ECDHE_RSA, AES-256-GCM; the client offers TLS 1.2 alone.",
            asking=["-tls1_2"], keys=True, version="TLS 1.2",
        )  # fmt: skip
        capture_session(
            here, "tls12-server-without-tls13.pcapng", script=SCRIPT, certificates=certificates,
            zh="客户端提供 TLS 1.3 和 1.2，服务器只会 1.2（随机数末尾没有降级标记）。",
            en="The client offers TLS 1.3 and 1.2, the server speaks 1.2 at most.",
            serving=["-tls1_2"], keys=True, version="TLS 1.2",
        )  # fmt: skip
        capture_session(
            here, "tls13-aes128-gcm.pcapng", script=SCRIPT, certificates=certificates,
            zh="TLS 1.3，AES-128-GCM，x25519；密钥日志也在。",
            en="TLS 1.3, AES-128-GCM, x25519; with its key log.",
            serving=["-ciphersuites", "TLS_AES_128_GCM_SHA256"], keys=True, version="TLS 1.3",
        )  # fmt: skip
        capture_session(
            here, "tls13-no-middlebox-compatibility.pcapng", script=SCRIPT,
            certificates=certificates,
            zh="TLS 1.3，不发送兼容用的 Change Cipher Spec，会话 ID 为空，也不提供旧版本。",
            en="TLS 1.3 without the Change Cipher Spec for middleboxes, with an empty session id,"
            " older versions not offered.",
            serving=["-no_middlebox"], asking=["-no_middlebox", "-tls1_3"], keys=True,
            version="TLS 1.3",
        )  # fmt: skip


if __name__ == "__main__":
    main()
