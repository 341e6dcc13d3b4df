"""Key exchanges and ciphers of TLS 1.2 and 1.3, between OpenSSL's own client and server."""

from authority import chain
from openssl import capture_session
from scene import Scene, scene

SCRIPT = "make/key_exchanges.py"
PSK = ["-psk", "5d2f61b3c2fb4c0a9d8be1d5f0a7c9e44b1a0f3e2d6c8b7a", "-psk_identity", "reader-17"]
# name, suite as OpenSSL calls it, the server's key ("" for no certificate), texts
TLS12 = [
    ("tls12-rsa-aes256-gcm", "AES256-GCM-SHA384", "rsa2048",
     "RSA 密钥交换，没有 Server Key Exchange。", "RSA key exchange, no Server Key Exchange."),
    ("tls12-rsa-camellia128-cbc", "CAMELLIA128-SHA", "rsa2048",
     "RSA 密钥交换，Camellia-128-CBC。", "RSA key exchange, Camellia-128-CBC."),
    ("tls12-dhe-rsa-chacha20", "DHE-RSA-CHACHA20-POLY1305", "rsa2048",
     "DHE_RSA，ChaCha20-Poly1305。", "DHE_RSA, ChaCha20-Poly1305."),
    ("tls12-dhe-rsa-aes256-ccm8", "DHE-RSA-AES256-CCM8", "rsa2048",
     "DHE_RSA，AES-256-CCM，标签只有 8 字节。", "DHE_RSA, AES-256-CCM with a tag of 8 bytes."),
    ("tls12-ecdhe-ecdsa-aes128-ccm", "ECDHE-ECDSA-AES128-CCM", "p256",
     "ECDHE_ECDSA，AES-128-CCM，P-256 证书。",
     "ECDHE_ECDSA, AES-128-CCM, a P-256 certificate."),
    ("tls12-ecdhe-ecdsa-chacha20", "ECDHE-ECDSA-CHACHA20-POLY1305", "p384",
     "ECDHE_ECDSA，ChaCha20-Poly1305，P-384 证书。",
     "ECDHE_ECDSA, ChaCha20-Poly1305, a P-384 certificate."),
    ("tls12-ecdhe-rsa-aes256-cbc-sha384", "ECDHE-RSA-AES256-SHA384", "rsa2048",
     "ECDHE_RSA，AES-256-CBC，先加密后算 MAC。",
     "ECDHE_RSA, AES-256-CBC with encrypt-then-MAC."),
    ("tls12-ecdhe-rsa-aes128-cbc-mac-first", "ECDHE-RSA-AES128-SHA256", "rsa2048",
     "ECDHE_RSA，AES-128-CBC，先算 MAC 后加密。",
     "ECDHE_RSA, AES-128-CBC, MAC computed ahead of encryption."),
    ("tls12-ecdhe-ecdsa-aria256-gcm", "ECDHE-ECDSA-ARIA256-GCM-SHA384", "p256",
     "ECDHE_ECDSA，ARIA-256-GCM。", "ECDHE_ECDSA, ARIA-256-GCM."),
    ("tls12-dh-anon", "ADH-AES128-GCM-SHA256", "",
     "匿名 DH：没有证书。", "Anonymous DH: no certificate."),
    ("tls12-psk", "PSK-AES128-CBC-SHA256", "",
     "纯预共享密钥：没有证书，也没有 Server Key Exchange。",
     "A pre-shared key alone: no certificate, no Server Key Exchange."),
    ("tls12-dhe-psk", "DHE-PSK-CHACHA20-POLY1305", "",
     "预共享密钥加 DHE：没有证书，但有 Server Key Exchange。",
     "A pre-shared key with DHE: no certificate, but a Server Key Exchange."),
    ("tls12-ecdhe-psk", "ECDHE-PSK-AES256-CBC-SHA384", "",
     "预共享密钥加 ECDHE：没有证书。", "A pre-shared key with ECDHE: no certificate."),
    ("tls12-rsa-psk", "RSA-PSK-AES256-GCM-SHA384", "rsa2048",
     "预共享密钥加 RSA：有服务器证书。",
     "A pre-shared key with RSA: the server does send its certificate."),
]  # fmt: skip
TLS13 = [
    ("tls13-chacha20-p256-certificate", "TLS_CHACHA20_POLY1305_SHA256", "p256",
     "ChaCha20-Poly1305，P-256 证书。", "ChaCha20-Poly1305, a P-256 certificate."),
    ("tls13-aes128-ccm", "TLS_AES_128_CCM_SHA256", "rsa2048",
     "AES-128-CCM。", "AES-128-CCM."),
    ("tls13-aes128-ccm8", "TLS_AES_128_CCM_8_SHA256", "rsa2048",
     "AES-128-CCM，标签只有 8 字节：告警记录是 11 字节。",
     "AES-128-CCM with a tag of 8 bytes: an alert's record has 11."),
]  # fmt: skip


def main() -> None:
    with scene("exchange") as here:
        chains = {
            key: chain("www.reading.example", 2, key=key, authority_name="Reading")
            for key in ("rsa2048", "p256", "p384")
        }
        for name, suite, key, zh, en in TLS12:
            options = ["-cipher", f"{suite}:@SECLEVEL=0", "-tls1_2"]
            options += PSK if "PSK" in suite else []
            options += ["-no_etm"] if "mac-first" in name else []
            capture_session(
                here, f"{name}.pcapng", zh=f"TLS 1.2，{zh}", en=f"TLS 1.2. {en}", script=SCRIPT,
                serving=options, asking=options, certificates=chains.get(key, ()),
                keys="aria" not in name, version="TLS 1.2",
            )  # fmt: skip
        for name, suite, key, zh, en in TLS13:
            capture_session(
                here, f"{name}.pcapng", zh=f"TLS 1.3，{zh}", en=f"TLS 1.3. {en}", script=SCRIPT,
                serving=["-ciphersuites", suite], asking=["-ciphersuites", suite],
                certificates=chains[key], keys=True, version="TLS 1.3",
            )  # fmt: skip
        pre_shared(here)


def pre_shared(here: Scene) -> None:
    """TLS 1.3 with a pre-shared key from outside: no certificate, and no earlier session."""
    # OpenSSL takes SHA-256 for a key given on the command line.
    common = [*PSK, "-ciphersuites", "TLS_AES_128_GCM_SHA256", "-tls1_3"]
    # Without a group in common only the key itself is left to agree on.
    alone = ["-allow_no_dhe_kex", "-groups"]
    rows: list[tuple[str, list[str], list[str], str, str]] = [
        ("tls13-external-psk", [], [],
         "TLS 1.3，外部预共享密钥加 (EC)DHE：加密的握手里也没有证书。",
         "TLS 1.3 with an external pre-shared key and (EC)DHE: no certificate, not even"
         " encrypted."),
        ("tls13-external-psk-only", [*alone, "P-521"], [*alone, "X25519"],
         "TLS 1.3，只用外部预共享密钥：Server Hello 里没有 key_share。",
         "TLS 1.3 with an external pre-shared key alone: no key_share in the Server Hello."),
    ]  # fmt: skip
    for name, serving, asking, zh, en in rows:
        capture_session(
            here, f"{name}.pcapng", zh=zh, en=en, script=SCRIPT, serving=[*common, *serving],
            asking=[*common, *asking], keys=True, version="TLS 1.3", resumed="psk",
        )  # fmt: skip


if __name__ == "__main__":
    main()
