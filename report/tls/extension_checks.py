"""Checks of what certificates may be used for, by their extensions and their strength."""

from collections.abc import Iterator

from report.text import Text
from report.tls.certificates import Certificate
from report.tls.chains import Link
from report.tls.checks import Case, Check, CheckId
from report.tls.host_names import within

_WEAK_HASHES = ("md2", "md4", "md5", "sha1")
_LEAST_RSA_BITS = 2048
_LEAST_EC_BITS = 224
_SERVER_PURPOSES = ("serverAuth", "anyExtendedKeyUsage", "nsSGC", "msSGC")


def check_ca_flags(case: Case) -> Check:
    """Whoever issued a certificate is a CA (RFC 5280 6.1.4 (k)).

    A root without basic constraints (version 1) is a CA because the trust store says so.
    """
    for link, issuer in case.issued:
        excused = issuer.trusted and issuer.certificate.ca is None
        if not issuer.certificate.ca and not excused:
            text = Text(
                "“{issuer}”不是 CA（基本约束的 cA 不为 TRUE），却签发了“{name}”。",
                "“{issuer}” is no CA (basic constraints do not say cA TRUE), and yet it issued "
                "“{name}”.",
            ).filled(issuer=issuer.name, name=link.name)
            return Check(CheckId.CA_FLAGS, False, text, issuer.sent, "x509ce.cA", "leaf-as-ca")
    if len(case.path) < 2:
        return _nothing_issued(CheckId.CA_FLAGS)
    text = Text(
        "每一级签发者都是 CA（基本约束 cA = TRUE）。",
        "Every issuer is a CA (basic constraints, cA TRUE).",
    )
    return Check(CheckId.CA_FLAGS, True, text, case.path[1].sent, "x509ce.cA")


def check_path_length(case: Case) -> Check:
    """No CA has more CAs below it than it allows (RFC 5280 4.2.1.9); self-issued ones are free."""
    for at, link in enumerate(case.path):
        limit = link.certificate.path_length
        below = sum(not lower.certificate.self_issued for lower in case.path[1:at])
        if at > 0 and limit is not None and below > limit:
            text = Text(
                "“{name}”之下最多允许 {limit} 级中间 CA，实际有 {below} 级。",
                "“{name}” allows at most {limit} CAs below it, and there are {below}.",
            ).filled(name=link.name, limit=limit, below=below)
            return Check(
                CheckId.PATH_LENGTH,
                False,
                text,
                link.sent,
                "x509ce.pathLenConstraint",
                "path-length",
            )
    if len(case.path) < 2:
        return _nothing_issued(CheckId.PATH_LENGTH)
    text = Text(
        "没有超出任何一级 CA 的路径长度限制。",
        "No CA's limit on the length of the path is exceeded.",
    )
    return Check(CheckId.PATH_LENGTH, True, text, case.path[1].sent, "x509ce.pathLenConstraint")


def check_key_usage(case: Case) -> Check:
    """Issuers may sign certificates; the leaf may do what the suite asks (RFC 5280 4.2.1.3)."""
    for _, issuer in case.issued:
        usage = issuer.certificate.key_usage
        if usage is not None and "keyCertSign" not in usage:
            text = Text(
                "“{name}”的密钥用途（{usage}）不含 keyCertSign，不能签发证书。",
                "The key usage of “{name}” ({usage}) lacks keyCertSign: it may not issue "
                "certificates.",
            ).filled(name=issuer.name, usage=", ".join(usage))
            return Check(
                CheckId.KEY_USAGE, False, text, issuer.sent, "x509ce.KeyUsage", "key-usage"
            )
    usage = case.leaf.certificate.key_usage
    if usage is not None and case.key_usage and case.key_usage not in usage:
        text = Text(
            "服务器证书的密钥用途（{usage}）不含这个密码套件所需的 {needed}。",
            "The key usage of the server's certificate ({usage}) lacks {needed}, which this "
            "cipher suite needs.",
        ).filled(usage=", ".join(usage), needed=case.key_usage)
        return Check(CheckId.KEY_USAGE, False, text, 0, "x509ce.KeyUsage", "key-usage")
    text = Text(
        "每张证书的密钥用途都允许它在这里的用法。",
        "Every certificate's key usage allows what it is used for here.",
    )
    return Check(CheckId.KEY_USAGE, True, text, 0, "x509ce.KeyUsage")


def check_extended_key_usage(case: Case) -> Check:
    """The leaf is for servers, and no issuer is restricted to something else (RFC 5280 4.2.1.12).

    The trust store's own certificates are not asked.
    """
    for link in case.path:
        purposes = link.certificate.extended_key_usage
        asked = link.sent == 0 or not link.trusted
        if asked and purposes is not None and not set(purposes) & set(_SERVER_PURPOSES):
            text = Text(
                "“{name}”的扩展密钥用途（{purposes}）不含 serverAuth，不能用来证明服务器的身份。",
                "The extended key usage of “{name}” ({purposes}) lacks serverAuth: it cannot "
                "prove a server's identity.",
            ).filled(name=link.name, purposes=", ".join(purposes))
            return Check(
                CheckId.EXTENDED_KEY_USAGE, False, text, link.sent, "x509ce.KeyPurposeId", "eku"
            )
    if case.leaf.certificate.extended_key_usage is None:
        text = Text(
            "服务器证书没有扩展密钥用途，对用途不加限制。",
            "The server's certificate has no extended key usage: it is not restricted.",
        )
    else:
        text = Text(
            "服务器证书的扩展密钥用途包含 serverAuth。",
            "The extended key usage of the server's certificate includes serverAuth.",
        )
    return Check(CheckId.EXTENDED_KEY_USAGE, True, text, 0, "x509ce.KeyPurposeId")


def check_name_constraints(case: Case) -> Check:
    """The leaf's host names lie where its issuers may issue (RFC 5280 4.2.1.10)."""
    leaf = case.leaf.certificate
    limited = False
    for link in case.path[1:]:
        permitted = _dns(link.certificate.permitted_names)
        excluded = _dns(link.certificate.excluded_names)
        limited = limited or bool(permitted or excluded)
        for name in leaf.dns_names:
            bare = name.removeprefix("*.")
            if (permitted and not within(bare, permitted)) or within(bare, excluded):
                text = Text(
                    "“{issuer}”不得为“{name}”签发证书：它只能在规定的名称范围内签发。",
                    "“{issuer}” may not issue for “{name}”: its names are limited.",
                ).filled(issuer=link.name, name=name)
                return Check(
                    CheckId.NAME_CONSTRAINTS,
                    False,
                    text,
                    link.sent,
                    "x509ce.permittedSubtrees",
                    "name-constraints",
                )
    if limited:
        text = Text(
            "证书中的名称都在签发者获准的范围之内。",
            "The certificate's names lie where its issuers may issue.",
        )
        return Check(CheckId.NAME_CONSTRAINTS, True, text, 0, "x509ce.permittedSubtrees")
    text = Text("没有哪一级 CA 限制名称。", "No CA of the chain limits names.")
    return Check(CheckId.NAME_CONSTRAINTS, None, text)


def _dns(constraints: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in constraints if name.startswith("dns:"))


def check_critical(case: Case) -> Check:
    """A critical extension that is not understood, or cannot be read, ends it (RFC 5280 4.2)."""
    for link in case.path:
        certificate = link.certificate
        unknown = certificate.unknown_critical + certificate.faults
        if unknown and not link.trusted:
            text = Text(
                "“{name}”有不认识或无法读取的关键扩展（{what}），只能拒绝。",
                "“{name}” has a critical extension that is unknown or unreadable ({what}): it "
                "must be refused.",
            ).filled(name=link.name, what=unknown[0])
            return Check(
                CheckId.CRITICAL, False, text, link.sent, "x509af.extension.id", "critical"
            )
    text = Text("没有不认识的关键扩展。", "There is no critical extension that is unknown.")
    return Check(CheckId.CRITICAL, True, text, 0, "x509af.extension.id")


def check_strength(case: Case) -> Check:
    """Hashes and key lengths by today's measure: a finding, as older sessions knew no better."""
    weak = next(_weaknesses(case), None)
    if weak is None:
        text = Text(
            "签名算法和密钥长度按今天的标准都够强。",
            "Signature algorithms and key lengths are strong enough by today's measure.",
        )
        return Check(CheckId.STRENGTH, True, text, 0, "x509af.algorithm.id", required=False)
    link, text, fault = weak
    text = text.plus(
        Text(
            "今天的浏览器会拒绝；在抓包的年代可能还算合格。",
            "Browsers of today refuse it; at the time of the capture it may have been accepted.",
        )
    )
    return Check(
        CheckId.STRENGTH, False, text, link.sent, "x509af.algorithm.id", fault, required=False
    )


def _weaknesses(case: Case) -> Iterator[tuple[Link, Text, str]]:
    for link in case.path:
        certificate = link.certificate
        # Nobody relies on the signature that a root makes on itself.
        if certificate.signature_hash in _WEAK_HASHES and not link.trusted:
            text = Text(
                "“{name}”用 {algorithm} 签名，这个散列算法已可被伪造。",
                "“{name}” is signed with {algorithm}, whose hash can be forged.",
            ).filled(name=link.name, algorithm=certificate.signature_algorithm)
            yield link, text, "weak-signature"
        if _weak_key(certificate):
            text = Text(
                "“{name}”的 {type} 密钥只有 {bits} 位。",
                "“{name}” has a {type} key of only {bits} bits.",
            ).filled(name=link.name, type=certificate.key.type, bits=certificate.key.bits)
            yield link, text, "weak-key"


def _weak_key(certificate: Certificate) -> bool:
    key = certificate.key
    least = {"RSA": _LEAST_RSA_BITS, "DSA": _LEAST_RSA_BITS, "EC": _LEAST_EC_BITS}
    return key.bits is not None and key.bits < least.get(key.type, 0)


def _nothing_issued(check: CheckId) -> Check:
    text = Text(
        "链上只有一张证书，没有签发者可查。",
        "The chain is a single certificate: there is no issuer to check.",
    )
    return Check(check, None, text)
