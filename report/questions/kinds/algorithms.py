"""An algorithm: a certificate's signature algorithm, or the symmetric cipher of a suite.

Canonical forms: `sha256WithRSAEncryption`, `ecdsa-with-SHA256` (the names of the OIDs, as
Wireshark shows them), `AES_128_GCM` (the part of a suite's name), and single parts of these.
"""

import re
from functools import cache

from report.questions.answer import AnswerValue
from report.questions.kinds.characters import readable
from report.questions.kinds.cipher_suites import suites_in
from report.questions.kinds.context import choose
from report.questions.kinds.values import (
    DIFFERENT,
    EQUAL,
    Candidate,
    Comparison,
    Kind,
    Reading,
    Rule,
    same_in_both,
)
from report.questions.kinds.wordings import Wording, wording
from report.text import Text, visible
from report.tls.suites import cipher_suite_named

# RFC 8017 A.2.4, RFC 3279 2.2, RFC 5758 3, RFC 8410 3, RFC 4055 3.1, GM/T 0006.
_OIDS = {
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.10": "RSASSA-PSS",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.113549.1.1.14": "sha224WithRSAEncryption",
    "1.2.840.10040.4.3": "dsa-with-sha1",
    "2.16.840.1.101.3.4.3.2": "dsa-with-sha256",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
    "1.2.156.10197.1.501": "SM3WithSM2",
}
_OID = wording(r"(?<![\d.])\d\.\d+(?:\.\d+){2,}(?![\d.]\d)")

_HASH = r"(?:md[-_ ]?5|sm3|sha(?:[-_ ]?2)?(?:[-_ /]?(?:1|224|256|384|512))?(?!\d))"
_SIGNER = r"(?:rsassa[-_ ]?pss|rsa(?:[-_ ]?(?:pss|pkcs1))?|ec[-_ ]?dsa|dsa|sm2)"
_JOIN = (
    r"(?:[\s_\-/+&,、]|with|encryption|和|与|加|的|带|基于|使用|结合|做|用|来|进行|算法|哈希|散列|摘要|签名"
    r"|加密|and"
    r"|using|on|hash(?:ing)?|digests?|the|a|signatures?|rsae|secp\d+r1|(?:pss|pkcs1)_)*"
)
_SIGNATURE = wording(
    rf"(?<![A-Za-z0-9])(?:(?P<h1>{_HASH}){_JOIN}(?P<s1>{_SIGNER})"
    rf"|(?P<s2>{_SIGNER}){_JOIN}(?P<h2>{_HASH})"
    r"|(?P<alone>rsassa[-_ ]?pss|ed[-_ ]?25519|ed[-_ ]?448))",
)
_HASH_ALONE = wording(rf"(?<![A-Za-z0-9_]){_HASH}(?![A-Za-z0-9_])")
_SIGNER_ALONE = wording(rf"(?<![A-Za-z0-9_]){_SIGNER}(?:Encryption)?(?![A-Za-z0-9_])")

_CIPHER = wording(
    r"(?<![A-Za-z0-9])(?P<cipher>(?:3|triple[- ]?)des(?:[-_ ]?ede3?)?|chacha[-_ ]?20|camellia"
    r"|aria|aes"
    r"|seed|idea|rc4|rc2|sm4|des)(?![A-Za-z])",
)
_BITS = wording(r"(?<!\d)(?:128|192|256|168|112|56|40)(?!\d)")
_MODE = wording(r"(?<![A-Za-z])(?:gcm|cbc|ccm(?:[-_ ]?8)?|ctr|ecb|poly[-_ ]?1305)(?![A-Za-z])")
_GAP = wording(
    r"(?:[\s_\-/+,()、，（）]|bits?|位|比特|密钥|长度|为|的|模式|mode|with|in|the|using|a|keys?|and"
    r"|algorithm|算法"
    r"|加密|block|分组|Galois|counter|cipher|chaining){0,40}",
)
_NO_MODE = frozenset({"RC4", "CHACHA20"})
_USUAL_BITS = {"RC4": "128"}

_SIGNATURE_SCORE = 0.93
_OID_SCORE = 0.92
_SYMMETRIC_SCORES = {3: 0.93, 2: 0.85, 1: 0.7}
_SUITE_SCORE = 0.6
_PART_SCORE = 0.45


def _signature_name(found: re.Match[str]) -> str:
    if found["alone"]:
        plain = re.sub(r"[-_ ]", "", found["alone"].lower())
        return {"rsassapss": "RSASSA-PSS", "ed25519": "Ed25519", "ed448": "Ed448"}[plain]
    digest = _hash_name(found["h1"] or found["h2"])
    signer = re.sub(r"[-_ ]", "", (found["s1"] or found["s2"]).lower())
    if signer == "sm2":
        return "SM3WithSM2"
    if signer.endswith("pss") or re.search(r"pss", found[0]):
        return f"RSASSA-PSS-{digest}"
    if signer.startswith("rsa"):
        return f"{digest.lower()}WithRSAEncryption"
    return f"ecdsa-with-{digest}" if signer == "ecdsa" else f"dsa-with-{digest.lower()}"


def _hash_name(written: str) -> str:
    plain = re.sub(r"[-_ /]", "", written.upper())
    return re.sub(r"^SHA2(?=224|256|384|512)", "SHA", plain)


def _signatures(text: str) -> list[Candidate]:
    named = [
        Candidate(_signature_name(found), *found.span(), _SIGNATURE_SCORE)
        for found in _SIGNATURE.finditer(text)
    ]
    numbered = [
        Candidate(_OIDS[found[0]], *found.span(), _OID_SCORE)
        for found in _OID.finditer(text)
        if found[0] in _OIDS
    ]
    return named + numbered


def _cipher_name(written: str) -> str:
    plain = re.sub(r"[-_ ]", "", written.upper()).replace("TRIPLE", "3")
    return "3DES_EDE" if plain.startswith("3DES") else plain


def _part_near(text: str, pattern: Wording, start: int, end: int) -> re.Match[str] | None:
    """The nearest match that is joined to `text[start:end]` by nothing but filling words."""
    after = _GAP.match(text, end)
    found = pattern.match(text, after.end() if after else end)
    if found:
        return found
    for before in reversed(list(pattern.finditer(text, max(0, start - 40), start))):
        return before if _GAP.fullmatch(text, before.end(), start) else None
    return None


def _symmetric(text: str, found: re.Match[str]) -> Candidate:
    start, end = found.span()
    cipher = _cipher_name(found["cipher"])
    parts = {}
    for name, pattern in (("bits", _BITS), ("mode", _MODE), ("bits", _BITS)):
        near = None if name in parts else _part_near(text, pattern, start, end)
        if near:
            parts[name] = re.sub(r"[-_ ](?=8)", "_", near[0].upper())
            start, end = min(start, near.start()), max(end, near.end())
    score = _SYMMETRIC_SCORES[1 + len(parts)]
    mode = re.sub(r"POLY[-_ ]?1305", "POLY1305", parts.get("mode", ""))
    if cipher in ("3DES_EDE", "CHACHA20"):
        parts["bits"] = ""
    joined = "_".join(part for part in (cipher, parts.get("bits", ""), mode) if part)
    return Candidate(joined, start, end, score)


def _inside(candidate: Candidate, others: list[Candidate]) -> bool:
    return any(o.start <= candidate.start and candidate.end <= o.end for o in others)


def _found(text: str) -> list[Candidate]:
    suites = [Candidate(c.value, c.start, c.end, _SUITE_SCORE) for c in suites_in(text)]
    strong = _signatures(text) + [_symmetric(text, found) for found in _CIPHER.finditer(text)]
    strong = [candidate for candidate in strong if not _inside(candidate, suites)]
    parts = [
        Candidate(name(found[0]), *found.span(), _PART_SCORE)
        for pattern, name in ((_HASH_ALONE, _hash_name), (_SIGNER_ALONE, _signer_name))
        for found in pattern.finditer(text)
    ]
    return suites + strong + [part for part in parts if not _inside(part, suites + strong)]


def _signer_name(written: str) -> str:
    return re.sub(r"[-_ ]|encryption", "", written, flags=re.IGNORECASE).upper()


def _parse(text: str) -> Reading | None:
    plain = readable(text)
    return choose(plain, _found(plain))


@cache
def canonical(written: str) -> str:
    """An algorithm's name in the one form that names are compared in; unknown ones lower case."""
    reading = _parse(written)
    return str(reading.value) if reading else re.sub(r"[^a-z0-9]", "", written.lower())


def _compare(given: AnswerValue, expected: AnswerValue, rule: Rule) -> Comparison:
    written, true = canonical(str(given)), canonical(str(expected))
    if _same(written, true):
        return EQUAL
    if any(_same(written, canonical(str(accepted))) for accepted in rule.accept):
        return Comparison(True, why="accepted")
    if _suite_of(written, true):
        why = "suite_for_algorithm"
        return Comparison(False, rule.share(why, 0.5), why)
    if _part_of(written, true):
        return Comparison(False, rule.share("incomplete", 0.5), "incomplete")
    return DIFFERENT


def _same(written: str, true: str) -> bool:
    if written.lower() == true.lower():
        return True
    family = true.split("_")[0]
    return family in _NO_MODE and written.split("_")[0] == family


def _suite_of(written: str, true: str) -> bool:
    try:
        return cipher_suite_named(written).symmetric == true
    except KeyError:
        return False


def _part_of(written: str, true: str) -> bool:
    """Whether what is written is right as far as it goes: `AES_128` of `AES_128_GCM`."""
    given, whole = _parts(written), _parts(true)
    return bool(given) and given < whole


def _parts(name: str) -> frozenset[str]:
    plain = re.sub(r"encryption", "", name, flags=re.IGNORECASE).lower()
    return frozenset(
        re.findall(r"sha\d+|md5|3des|[a-z]+[0-9]*|\d+", plain.replace("with", " "))
    ) - {"ede"}


def _format(value: AnswerValue) -> Text:
    if not isinstance(value, str):
        raise TypeError(f"not an algorithm: {value!r}")
    return same_in_both(visible(value))


ALGORITHM = Kind("algorithm", _parse, _format, _compare)
