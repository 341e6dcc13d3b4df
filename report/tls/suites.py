"""A cipher suite's name taken apart by its naming rule, and the lengths that follow from it."""

from dataclasses import dataclass
from functools import cache

from report.tls.key_exchange import METHODS, KeyExchange
from report.tls.registry import Entry, registry

SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 = range(0x0300, 0x0305)

_RECORD_HEADER = 5
_MASTER_VERIFY_DATA = 12  # RFC 5246 7.4.9
_SSL3_VERIFY_DATA = 36  # RFC 6101 5.6.9: an MD5 and a SHA-1 hash
_TLS13_NONCE = 12  # RFC 8446 5.3: at least 8, and 12 for every AES and ChaCha20 suite
_LARGEST_PADDING = 256  # TLS: up to 255 bytes and the length byte

HASH_LENGTHS = {
    "MD5": 16,
    "SHA": 20,
    "SHA256": 32,
    "SHA384": 48,
    "SHA512": 64,
    "SM3": 32,
    "OMAC": 16,
    "IMIT": 4,
    "STREEBOG256": 32,
}


@dataclass(frozen=True, slots=True)
class BulkCipher:
    """A symmetric algorithm as a suite name gives it; lengths in bytes, `key_bits` in bits."""

    symmetric: str
    """The algorithm as the lab writes it: `AES_128_GCM`, `3DES_EDE_CBC`, `CHACHA20_POLY1305`."""
    cipher: str
    key_bits: int
    """The key's length in bits as the name means it (40 for an export suite, 168 for 3DES)."""
    key: int
    """Bytes taken from the key block per direction."""
    mode: str
    block: int = 0
    """Block length of a CBC cipher, which is also its IV's length."""
    fixed_iv: int = 0
    """AEAD: the part of the nonce that comes from the key block."""
    explicit_nonce: int = 0
    """AEAD in TLS 1.2: the part of the nonce that each record carries."""
    tag: int = 0

    @property
    def aead(self) -> bool:
        """Whether one algorithm encrypts and authenticates (RFC 5246 section 6.2.3.3)."""
        return self.tag > 0


@dataclass(frozen=True, slots=True)
class CipherSuite:
    """What a suite's name says, part by part."""

    code: int
    name: str
    key_exchange: str
    """Key of `key_exchange.METHODS`."""
    authentication: str
    """`RSA`, `ECDSA`, `DSS`, `anon`, `PSK`, ...; in TLS 1.3 `certificate or PSK`."""
    bulk: BulkCipher
    mac: str | None
    """HMAC's hash; None with an AEAD cipher."""
    prf_hash: str
    """Hash of the PRF in TLS 1.2, of HKDF in TLS 1.3."""
    recommended: str
    """IANA's column: `Y`, `N` (no statement), `D` discouraged; empty if never registered."""
    reference: str
    tls13: bool
    signalling: bool = False
    """A value that carries a signal and never a choice (`..._SCSV`)."""

    @property
    def method(self) -> KeyExchange:
        """The key exchange method with the messages that it needs."""
        return METHODS[self.key_exchange]

    @property
    def forward_secrecy(self) -> bool | None:
        """Whether a key stolen later leaves this session secret; None: TLS 1.3, see `key_share`."""
        return self.method.forward_secrecy

    @property
    def aead(self) -> bool:
        """Whether the cipher authenticates what it encrypts."""
        return self.bulk.aead

    @property
    def symmetric(self) -> str:
        """The symmetric algorithm as the lab writes it, such as `AES_128_GCM`."""
        return self.bulk.symmetric

    @property
    def export(self) -> bool:
        """Weakened for export from the USA before 2000."""
        return "_EXPORT" in self.name


@dataclass(frozen=True, slots=True)
class KeyBlock:
    """Bytes per direction that are cut from the key block, in this order (RFC 5246 section 6.3)."""

    mac_key: int
    key: int
    iv: int

    @property
    def total(self) -> int:
        """Length of the whole key block, both directions."""
        return 2 * (self.mac_key + self.key + self.iv)


@dataclass(frozen=True, slots=True)
class Overhead:
    """Bytes that one protected record adds to its plaintext."""

    header: int
    explicit_iv: int
    mac: int
    tag: int
    content_type: int
    """TLS 1.3 hides the true content type in a byte behind the plaintext."""
    padding_min: int
    padding_max: int

    @property
    def total_min(self) -> int:
        """The least that a record adds."""
        fixed = self.header + self.explicit_iv + self.mac + self.tag + self.content_type
        return fixed + self.padding_min


def _cbc(symmetric: str, cipher: str, key_bits: int, key: int, block: int) -> BulkCipher:
    return BulkCipher(symmetric, cipher, key_bits, key, "CBC", block=block)


def _stream(symmetric: str, cipher: str, key_bits: int, key: int) -> BulkCipher:
    return BulkCipher(symmetric, cipher, key_bits, key, "stream")


def _block_ciphers() -> dict[str, BulkCipher]:
    """AES, CAMELLIA and ARIA in every mode they come in (RFC 5246, 5288, 6655, 6209, 6367)."""
    modes = {"CBC": (0, 0, 0), "GCM": (4, 8, 16), "CCM": (4, 8, 16), "CCM_8": (4, 8, 8)}
    return {
        f"{cipher}_{bits}_{mode}": BulkCipher(
            f"{cipher}_{bits}_{mode}",
            cipher,
            bits,
            bits // 8,
            mode,
            block=16 if mode == "CBC" else 0,
            fixed_iv=fixed,
            explicit_nonce=explicit,
            tag=tag,
        )
        for cipher in ("AES", "CAMELLIA", "ARIA")
        for bits in (128, 256)
        for mode, (fixed, explicit, tag) in modes.items()
    }


_CIPHERS = _block_ciphers() | {
    "NULL": BulkCipher("NULL", "NULL", 0, 0, "none"),
    "RC4_40": _stream("RC4_40", "RC4", 40, 5),
    "RC4_56": _stream("RC4_56", "RC4", 56, 7),
    "RC4_128": _stream("RC4_128", "RC4", 128, 16),
    "RC2_CBC_40": _cbc("RC2_CBC_40", "RC2", 40, 5, 8),
    "RC2_CBC_56": _cbc("RC2_CBC_56", "RC2", 56, 7, 8),
    "DES40_CBC": _cbc("DES40_CBC", "DES", 40, 5, 8),
    "DES_CBC_40": _cbc("DES_CBC_40", "DES", 40, 5, 8),
    "DES_CBC": _cbc("DES_CBC", "DES", 56, 8, 8),
    "3DES_EDE_CBC": _cbc("3DES_EDE_CBC", "3DES_EDE", 168, 24, 8),
    "IDEA_CBC": _cbc("IDEA_CBC", "IDEA", 128, 16, 8),
    "SEED_CBC": _cbc("SEED_CBC", "SEED", 128, 16, 16),
    # RFC 7905: the whole nonce comes from the key block; a record carries none of it.
    "CHACHA20_POLY1305": BulkCipher(
        "CHACHA20_POLY1305", "CHACHA20", 256, 32, "POLY1305", fixed_iv=12, tag=16
    ),
    "SM4_GCM": BulkCipher("SM4_GCM", "SM4", 128, 16, "GCM", fixed_iv=12, tag=16),
    "SM4_CCM": BulkCipher("SM4_CCM", "SM4", 128, 16, "CCM", fixed_iv=12, tag=16),
    "AEGIS_128L": BulkCipher("AEGIS_128L", "AEGIS", 128, 16, "AEGIS", fixed_iv=16, tag=16),
    "AEGIS_256": BulkCipher("AEGIS_256", "AEGIS", 256, 32, "AEGIS", fixed_iv=32, tag=16),
    # RFC 9189 4.1 to 4.3 and RFC 9367 4.1.
    "KUZNYECHIK_CTR_OMAC": BulkCipher(
        "KUZNYECHIK_CTR_OMAC", "KUZNYECHIK", 256, 32, "CTR", fixed_iv=8
    ),
    "MAGMA_CTR_OMAC": BulkCipher("MAGMA_CTR_OMAC", "MAGMA", 256, 32, "CTR", fixed_iv=4),
    "28147_CNT_IMIT": BulkCipher("28147_CNT_IMIT", "28147", 256, 32, "CNT", fixed_iv=8),
    **{
        f"{cipher}_MGM_{strength}": BulkCipher(
            f"{cipher}_MGM_{strength}", cipher, 256, 32, "MGM", fixed_iv=block, tag=block
        )
        for cipher, block in (("KUZNYECHIK", 16), ("MAGMA", 8))
        for strength in "LS"
    },
}

# The part before _WITH_ that is not "method_authentication" read literally.
_KEY_EXCHANGES = {
    "NULL": ("NULL", "none"),
    "RSA": ("RSA", "RSA"),
    "RSA_EXPORT": ("RSA_EXPORT", "RSA"),
    "RSA_EXPORT1024": ("RSA_EXPORT", "RSA"),
    "RSA_FIPS": ("RSA", "RSA"),
    "DH_anon": ("DH_anon", "anon"),
    "ECDH_anon": ("ECDH_anon", "anon"),
    "KRB5": ("KRB5", "KRB5"),
    "PSK": ("PSK", "PSK"),
    "DHE_PSK": ("DHE_PSK", "PSK"),
    "PSK_DHE": ("DHE_PSK", "PSK"),
    "ECDHE_PSK": ("ECDHE_PSK", "PSK"),
    "RSA_PSK": ("RSA_PSK", "RSA + PSK"),
    "SRP_SHA": ("SRP", "SRP"),
    "SRP_SHA_RSA": ("SRP", "SRP + RSA"),
    "SRP_SHA_DSS": ("SRP", "SRP + DSS"),
    "ECCPWD": ("ECCPWD", "password"),
    "GOSTR341112_256": ("GOST", "GOSTR341012"),
}
_HASHES = ("MD5", "SHA", "SHA256", "SHA384", "SHA512", "SM3")
_GOST_MACS = {"KUZNYECHIK_CTR_OMAC": "OMAC", "MAGMA_CTR_OMAC": "OMAC", "28147_CNT_IMIT": "IMIT"}


@cache
def cipher_suite(code: int) -> CipherSuite:
    """The suite with this number, taken apart. Raises `KeyError` for a number without a name."""
    return _taken_apart(registry("cipher_suites").by_value[code])


def known_suite(code: int) -> CipherSuite | None:
    """A suite taken apart; None for GREASE and for numbers without a name."""
    try:
        return cipher_suite(code)
    except KeyError:
        return None


def cipher_suite_named(name: str) -> CipherSuite:
    """The suite with this registered name, taken apart. Raises `KeyError` for an unknown name."""
    return cipher_suite(registry("cipher_suites").by_name[name].value)


def _taken_apart(entry: Entry) -> CipherSuite:
    bare = entry.name.removeprefix("TLS_").removeprefix("SSL_").removesuffix("_OLD")
    if bare.endswith("_SCSV"):
        return _suite(entry, ("NULL", "none"), "NULL", "", signalling=True)
    before, with_, after = bare.partition("_WITH_")
    if not with_:
        return _tls13_suite(entry, bare)
    cipher, hash_name = _cipher_and_hash(after)
    if before == "GOSTR341112_256" and _CIPHERS[cipher].mode == "MGM":
        return _suite(entry, ("TLS 1.3", "certificate or PSK"), cipher, "STREEBOG256", tls13=True)
    return _suite(entry, _method_and_authentication(before), cipher, hash_name)


def _tls13_suite(entry: Entry, bare: str) -> CipherSuite:
    """RFC 8446 section 4.1.2 names only cipher and hash; RFC 9150 names only hashes."""
    cipher, hash_name = _cipher_and_hash(bare)
    kind = ("TLS 1.3", "certificate or PSK")
    if cipher in _HASHES:
        return _suite(entry, kind, "NULL", hash_name, tls13=True)
    return _suite(entry, kind, cipher, hash_name, tls13=True)


def _method_and_authentication(before: str) -> tuple[str, str]:
    bare = before.removesuffix("_EXPORT").removesuffix("_EXPORT1024")
    known = _KEY_EXCHANGES.get(before) or _KEY_EXCHANGES.get(bare)
    if known:
        return known
    method, _, authentication = bare.partition("_")
    return method, authentication


def _cipher_and_hash(after: str) -> tuple[str, str]:
    if after == "NULL_NULL":
        return "NULL", ""
    cipher, _, last = after.rpartition("_")
    return (cipher, last) if last in _HASHES else (after, "")


def _suite(
    entry: Entry,
    kind: tuple[str, str],
    cipher: str,
    hash_name: str,
    *,
    tls13: bool = False,
    signalling: bool = False,
) -> CipherSuite:
    bulk = _CIPHERS[cipher]
    gost = _GOST_MACS.get(cipher)
    return CipherSuite(
        code=entry.value,
        name=entry.name,
        key_exchange=kind[0],
        authentication=kind[1],
        bulk=bulk,
        mac=None if bulk.aead else gost or hash_name or None,
        prf_hash="STREEBOG256" if gost else _prf_hash(hash_name),
        recommended=entry.recommended,
        reference=entry.reference,
        tls13=tls13,
        signalling=signalling,
    )


def _prf_hash(hash_name: str) -> str:
    """RFC 5246 section 5: SHA-256 unless the suite names a newer hash."""
    return "SHA256" if hash_name in ("", "MD5", "SHA") else hash_name


def key_block(suite: CipherSuite, version: int) -> KeyBlock:
    """The lengths cut per direction; in TLS 1.3 the key and IV of `HKDF-Expand-Label`.

    RFC 2246 6.3 (CBC takes its IV from the key block), RFC 4346 6.3 (no longer), RFC 8446 7.3.
    Raises `ValueError` where the suite does not exist in that version.
    """
    _check_version(suite, version)
    bulk = suite.bulk
    if version >= TLS_1_3:
        # RFC 9150: an integrity-only suite has the key of its HMAC.
        key = bulk.key if bulk.aead else HASH_LENGTHS[suite.prf_hash]
        return KeyBlock(0, key, max(_TLS13_NONCE, bulk.fixed_iv))
    iv = bulk.fixed_iv or (bulk.block if version <= TLS_1_0 else 0)
    return KeyBlock(mac_length(suite), bulk.key, iv)


def mac_length(suite: CipherSuite) -> int:
    """Bytes of HMAC (or of the SSL 3.0 MAC) per record; 0 with an AEAD cipher."""
    return HASH_LENGTHS[suite.mac] if suite.mac else 0


def record_overhead(suite: CipherSuite, version: int) -> Overhead:
    """What one record adds to its plaintext: header, explicit IV, MAC or tag, padding.

    RFC 5246 6.2.3, RFC 7905 2, RFC 8446 5.2. Raises `ValueError` where the suite does not exist in
    that version.
    """
    _check_version(suite, version)
    bulk = suite.bulk
    if version >= TLS_1_3:
        tag = bulk.tag if bulk.aead else HASH_LENGTHS[suite.prf_hash]
        return Overhead(_RECORD_HEADER, 0, 0, tag, 1, 0, 0)
    explicit = bulk.explicit_nonce or (bulk.block if version >= TLS_1_1 else 0)
    smallest = 1 if bulk.block else 0
    largest = _largest_padding(bulk.block, version)
    return Overhead(_RECORD_HEADER, explicit, mac_length(suite), bulk.tag, 0, smallest, largest)


def _largest_padding(block: int, version: int) -> int:
    if not block:
        return 0
    # RFC 6101 5.2.3.2: SSL 3.0 pads to the next block and no further.
    return block if version == SSL_3_0 else _LARGEST_PADDING


def protected_length(
    suite: CipherSuite, version: int, plaintext: int, *, encrypt_then_mac: bool = False
) -> int:
    """Length field of the record that protects `plaintext` bytes with the least padding.

    With encrypt-then-MAC (RFC 7366) the MAC stays outside of what is padded to whole blocks.
    """
    overhead = record_overhead(suite, version)
    block = suite.bulk.block
    if not block or version >= TLS_1_3:
        return plaintext + overhead.total_min - overhead.header
    outside = overhead.mac if encrypt_then_mac else 0
    inside = plaintext + 1 + (0 if encrypt_then_mac else overhead.mac)
    return overhead.explicit_iv + -(-inside // block) * block + outside


def verify_data_length(suite: CipherSuite, version: int) -> int:
    """Bytes of verify_data: 36 in SSL 3.0, 12 in TLS 1.0 to 1.2, the hash's length in TLS 1.3."""
    if version == SSL_3_0:
        return _SSL3_VERIFY_DATA
    if version >= TLS_1_3:
        return HASH_LENGTHS[suite.prf_hash]
    # RFC 9189 section 4.2.6: 32 bytes with the GOST suites.
    return 32 if suite.key_exchange == "GOST" else _MASTER_VERIFY_DATA


def _check_version(suite: CipherSuite, version: int) -> None:
    if suite.signalling or suite.tls13 != (version >= TLS_1_3) or _too_new(suite, version):
        raise ValueError(f"{suite.name} protects no records in version 0x{version:04X}")


def _too_new(suite: CipherSuite, version: int) -> bool:
    """AEAD ciphers came with TLS 1.2; SSL 3.0 has its own MAC, with MD5 and SHA-1 only."""
    if suite.aead:
        return version < TLS_1_2
    return version == SSL_3_0 and suite.mac not in (None, "MD5", "SHA")
