"""Checks of a path as a whole: complete, trusted, signed, in time, for the right name."""

from datetime import UTC, datetime

from report.text import Text, visible
from report.tls.chains import Link
from report.tls.checks import Case, Check, CheckId, day
from report.tls.host_names import ip_address, matched_names, matches
from report.tls.signatures import certificate_signed_by

# Firefox 48 (2016) and Chrome 58 (April 2017) stopped looking at the common name.
_COMMON_NAME_COUNTED = datetime(2017, 4, 1, tzinfo=UTC)
_NAMES_SHOWN = 5


def check_readable(case: Case) -> Check:
    """Every certificate of the message can be read; one that cannot may be superfluous."""
    if not case.unreadable:
        text = Text("发来的每张证书都能读取。", "Every certificate that was sent can be read.")
        return Check(CheckId.READABLE, True, text)
    text = Text(
        "发来的证书中有 {count} 张无法读取（{reason}）。",
        "{count} of the certificates that were sent cannot be read ({reason}).",
    ).filled(count=len(case.unreadable), reason=case.unreadable[0])
    return Check(CheckId.READABLE, False, text, fault="unreadable", required=False)


def check_chain(case: Case) -> Check:
    """The path ends at a trusted certificate or at one that issued itself (RFC 5280 6.1)."""
    top = case.top
    if top.trusted or top.certificate.self_issued:
        text = Text(
            "从“{leaf}”到“{top}”共 {count} 张证书，中间不缺。",
            "From “{leaf}” up to “{top}”: {count} certificates, and none is missing.",
        ).filled(leaf=case.leaf.name, top=top.name, count=len(case.path))
        return Check(CheckId.CHAIN, True, text, top.sent, "x509af.issuer")
    if top.certificate.ca:
        text = Text(
            "“{name}”由“{issuer}”签发，后者既没有随消息发来，也不在信任库里：这个 CA 不受信任。",
            "“{name}” was issued by “{issuer}”, which was neither sent nor is it in the trust "
            "store: the CA is unknown.",
        )
    else:
        text = Text(
            "“{name}”由“{issuer}”签发，后者的证书既没有随消息发来，也不在信任库里："
            "服务器少发了中间证书，或者这个 CA 不受信任。",
            "“{name}” was issued by “{issuer}”, whose certificate was neither sent nor is it in "
            "the trust store: the server left out an intermediate certificate, or the CA is "
            "unknown.",
        )
    text = text.filled(name=top.name, issuer=top.certificate.issuer.display)
    fault = "unknown-ca" if top.certificate.ca else "missing-intermediate"
    return Check(CheckId.CHAIN, False, _with_address(text, top), top.sent, "x509af.issuer", fault)


def _with_address(text: Text, top: Link) -> Text:
    """Where the missing certificate could be fetched (RFC 5280 4.2.2.1)."""
    if not top.certificate.ca_issuer_urls:
        return text
    return text.plus(
        Text(
            "证书里写有下载地址（{url}），有的浏览器会自己去取，这里从不联网。",
            "The certificate names a place to fetch it from ({url}); some browsers do, here "
            "nothing goes online.",
        ).filled(url=top.certificate.ca_issuer_urls[0])
    )


def check_self_signed(case: Case) -> Check:
    """The server's certificate is not its own issuer, unless it is trusted as such."""
    leaf = case.leaf
    if not leaf.certificate.self_issued:
        text = Text(
            "服务器证书由“{issuer}”签发，不是自签名。",
            "The server's certificate was issued by “{issuer}”, not by itself.",
        ).filled(issuer=leaf.certificate.issuer.display)
        return Check(CheckId.SELF_SIGNED, True, text, 0, "x509af.issuer")
    if leaf.trusted:
        text = Text(
            "服务器证书“{name}”是自签名的，但它本身就在信任库里。",
            "The server's certificate “{name}” signed itself, and is in the trust store itself.",
        ).filled(name=leaf.name)
        return Check(CheckId.SELF_SIGNED, True, text, 0, "x509af.issuer")
    text = Text(
        "服务器证书“{name}”是自签名的：任何人都能自己造出一张写着同样名称的证书。",
        "The server's certificate “{name}” signed itself: anybody can make one with the same "
        "name on it.",
    ).filled(name=leaf.name)
    return Check(CheckId.SELF_SIGNED, False, text, 0, "x509af.issuer", "self-signed")


def check_root(case: Case) -> Check:
    """The path ends in the trust store."""
    top, store = case.top, _in_template(case.store.source)
    if top.trusted:
        text = Text(
            f"链的终点“{{name}}”在信任库里（{store.zh}）。",
            f"The chain ends at “{{name}}”, which is in the trust store ({store.en}).",
        ).filled(name=top.name)
        return Check(CheckId.ROOT, True, text, top.sent, "x509af.subject")
    if not top.certificate.self_issued and not top.certificate.ca:
        text = Text(
            "链到“{name}”就断了，看不到根证书。",
            "The chain breaks off at “{name}”; the root cannot be seen.",
        ).filled(name=top.name)
        return Check(CheckId.ROOT, None, text, top.sent, "x509af.issuer")
    text = Text(
        f"链的终点“{{name}}”不在信任库里（{store.zh}）。",
        f"The chain ends at “{{name}}”, which is not in the trust store ({store.en}).",
    ).filled(name=top.certificate.issuer.display)
    return Check(
        CheckId.ROOT, False, _with_era(text, case), top.sent, "x509af.issuer", "unknown-ca"
    )


def _in_template(text: Text) -> Text:
    return Text(*(part.replace("{", "{{").replace("}", "}}") for part in (text.zh, text.en)))


def _with_era(text: Text, case: Case) -> Text:
    """An old capture's root may have been trusted in its day."""
    if case.roots_of_its_time:
        return text
    return text.plus(
        Text(
            "抓包是 {year} 年的：当时受信任的根后来可能已被移除，"
            "可以用 --trust-store 给出那时的根证书。",
            "The capture is of {year}: a root that was trusted then may have been removed since; "
            "--trust-store takes the roots of that time.",
        ).filled(year=case.at.year)
    )


def check_signature(case: Case) -> Check:
    """The key of each certificate's issuer made its signature (RFC 5280 6.1.3 (a)(1))."""
    pairs = list(case.issued)
    if not case.top.trusted and case.top.certificate.self_issued:
        pairs.append((case.top, case.top))
    unknown: Check | None = None
    for link, issuer in pairs:
        valid = certificate_signed_by(link.loaded, issuer.loaded)
        if valid is False:
            return _wrong_signature(link, issuer)
        if valid is None:
            unknown = _unknown_signature(link)
    if unknown or not pairs:
        return unknown or _nothing_signed(case)
    text = Text(
        "每张证书的签名都能用上一级证书的公钥验证。",
        "Every certificate's signature verifies with the key of the certificate above it.",
    )
    return Check(CheckId.SIGNATURE, True, text, case.leaf.sent, "x509af.encrypted")


def _wrong_signature(link: Link, issuer: Link) -> Check:
    text = Text(
        "“{name}”的签名不能用“{issuer}”的公钥验证：证书被改过，或者不是它签的。",
        "The signature on “{name}” does not verify with the key of “{issuer}”: the certificate "
        "was changed, or somebody else signed it.",
    ).filled(name=link.name, issuer=issuer.name)
    return Check(CheckId.SIGNATURE, False, text, link.sent, "x509af.encrypted", "bad-signature")


def _unknown_signature(link: Link) -> Check:
    text = Text(
        "“{name}”的签名算法 {algorithm} 在这里无法验证。",
        "“{name}” is signed with {algorithm}, which cannot be verified here.",
    ).filled(name=link.name, algorithm=link.certificate.signature_algorithm)
    return Check(CheckId.SIGNATURE, None, text, link.sent, "x509af.algorithm.id")


def _nothing_signed(case: Case) -> Check:
    """The path is one certificate: itself trusted, or with an issuer that is not there."""
    if case.leaf.trusted:
        text = Text(
            "服务器证书本身就在信任库里，不需要别人的签名。",
            "The server's certificate is in the trust store itself and needs no signature.",
        )
        return Check(CheckId.SIGNATURE, True, text, 0)
    text = Text(
        "没有签发者的证书，签名无从验证。",
        "Without the issuer's certificate the signature cannot be verified.",
    )
    return Check(CheckId.SIGNATURE, None, text, 0, "x509af.encrypted")


def check_host(case: Case) -> Check:
    """The leaf names the host (RFC 9525)."""
    if case.host is None:
        text = Text(
            "抓包里没有主机名（没有 SNI），也没有用 --host 给出，无从比较。",
            "The capture has no host name (no SNI), and --host gave none: nothing to compare.",
        )
        return Check(CheckId.HOST, None, text, 0, "x509ce.dNSName")
    leaf = case.leaf.certificate
    address = ip_address(case.host) is not None
    field = "x509ce.iPAddress" if address else "x509ce.dNSName"
    matched = matched_names(leaf, case.host)
    if matched:
        text = Text(
            "“{host}”与证书中的“{name}”相符。",
            "“{host}” is covered by the certificate's “{name}”.",
        ).filled(host=case.host, name=matched[0])
        return Check(CheckId.HOST, True, text, 0, field)
    names = leaf.dns_names + leaf.ip_addresses
    if not names:
        return _common_name_only(case, case.host, field)
    shown = names[:_NAMES_SHOWN]
    dots = len(names) > _NAMES_SHOWN
    host = Text("，不包括“{host}”。", ", and “{host}” is not among them.").filled(host=case.host)
    text = Text(
        "证书是发给" + visible("、".join(shown)) + ("……" if dots else "") + "的" + host.zh,
        "The certificate is for " + visible(", ".join(shown)) + (" …" if dots else "") + host.en,
    )
    return Check(CheckId.HOST, False, text, 0, field, "wrong-name")


def _common_name_only(case: Case, host: str, field: str) -> Check:
    """Without a SAN: RFC 9525 counts no common name, and clients before 2017 did."""
    name = case.leaf.certificate.subject.common_name or ""
    matched = matches(name, host)
    text = Text(
        "证书没有主题备用名称（SAN）；通用名“{name}”按 RFC 9525 不再算数。",
        "The certificate has no subject alternative name; its common name “{name}” no longer "
        "counts (RFC 9525).",
    ).filled(name=name)
    if not matched:
        return Check(CheckId.HOST, False, text, 0, field, "wrong-name")
    excused = case.at < _COMMON_NAME_COUNTED
    if excused:
        text = text.plus(
            Text(
                "2017 年以前的客户端还接受它，而它与“{host}”相符。",
                "Clients before 2017 still took it, and it does match “{host}”.",
            ).filled(host=host)
        )
    return Check(CheckId.HOST, False, text, 0, field, "common-name-only", required=not excused)


def check_validity(case: Case) -> Check:
    """Each certificate of the path is valid at the time of the capture."""
    for link in case.path:
        certificate = link.certificate
        if case.at > certificate.not_after:
            text = Text(
                "“{name}”已于 {day} 过期，抓包是在 {at}。",
                "“{name}” expired on {day}; the capture is of {at}.",
            ).filled(name=link.name, day=day(certificate.not_after), at=day(case.at))
            return Check(CheckId.VALIDITY, False, text, link.sent, "x509af.notAfter", "expired")
        if case.at < certificate.not_before:
            text = Text(
                "“{name}”从 {day} 起才有效，抓包是在 {at}。",
                "“{name}” is valid only from {day}; the capture is of {at}.",
            ).filled(name=link.name, day=day(certificate.not_before), at=day(case.at))
            return Check(
                CheckId.VALIDITY, False, text, link.sent, "x509af.notBefore", "not-yet-valid"
            )
    text = Text(
        "抓包的时间 {at} 在每张证书的有效期之内。",
        "The time of the capture, {at}, lies within the validity of every certificate.",
    ).filled(at=day(case.at))
    return Check(CheckId.VALIDITY, True, text, 0, "x509af.notAfter")
