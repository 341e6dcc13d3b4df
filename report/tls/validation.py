"""A server's certificates judged as of the time of the capture, and what that means for it."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from report.text import Text
from report.tls.certificates import Certificate, UnreadableCertificate, read_certificate
from report.tls.chains import CertificationPath, Link, paths, sent_links
from report.tls.checks import Case, Check, CheckId, day
from report.tls.extension_checks import (
    check_ca_flags,
    check_critical,
    check_extended_key_usage,
    check_key_usage,
    check_name_constraints,
    check_path_length,
    check_strength,
)
from report.tls.host_names import ip_address
from report.tls.impersonation import Careless, careless_clients, needed_by_attacker
from report.tls.ocsp import OcspAnswer, UnreadableOcsp, read_ocsp
from report.tls.ocsp_check import check_ocsp
from report.tls.path_checks import (
    check_chain,
    check_host,
    check_readable,
    check_root,
    check_self_signed,
    check_signature,
    check_validity,
)
from report.tls.trust import TrustStore

_CHECKS = (
    check_readable,
    check_chain,
    check_self_signed,
    check_root,
    check_signature,
    check_host,
    check_validity,
    check_ca_flags,
    check_path_length,
    check_key_usage,
    check_extended_key_usage,
    check_name_constraints,
    check_critical,
    check_ocsp,
    check_strength,
)
_FORGEABLE_HASHES = ("md2", "md4", "md5", "sha1")
# CA/Browser Forum Baseline Requirements 7.1.3.2: RSA and ECDSA only.
_NOT_IN_THE_WEB = ("id-Ed25519", "id-Ed448", "id-dsa-with-sha1", "id-dsa-with-sha256")


_NO_HOST = Text(
    "没有主机名可以比较，这一项没有检查。", "There was no host name to compare: that check is open."
)


class Verdict(StrEnum):
    """Whether a client that checks would accept the certificates."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DISPUTED = "disputed"
    """The checks find no fault, and the verifier of `cryptography` refuses all the same."""
    UNDECIDED = "undecided"
    """Only the root is unknown, and the trust store is much younger than the capture."""


@dataclass(frozen=True, slots=True)
class LibraryVerdict:
    """What the verifier of `cryptography` says of the same certificates, host and time."""

    accepted: bool | None
    """None if it could not be asked: nothing readable, no roots, a name that is no host name."""
    message: str = ""


@dataclass(frozen=True, slots=True)
class PathCertificate:
    """One certificate of the path that was judged, the leaf first."""

    certificate: Certificate
    sent: int | None
    """Place in the Certificate message, from 0; None: from the trust store."""
    trusted: bool


@dataclass(frozen=True, slots=True)
class Validation:
    """The verdict on a server's certificates, with everything it rests on."""

    verdict: Verdict
    text: Text
    checks: tuple[Check, ...]
    library: LibraryVerdict
    path: tuple[PathCertificate, ...]
    at: datetime
    host: str | None
    stapled: OcspAnswer | UnreadableOcsp | None
    attacker: Text
    """What somebody in the middle would need to pass for this server."""
    careless: tuple[Careless, ...]
    """What a client lets through that leaves a check out."""

    def check(self, check: CheckId) -> Check:
        """The check with this id. Raises `KeyError` where it was not run: an unreadable leaf."""
        return {found.id: found for found in self.checks}[check]

    @property
    def faults(self) -> tuple[str, ...]:
        """The faults for which the certificates are refused, as short fixed words."""
        return tuple(dict.fromkeys(check.fault for check in self.checks if _refuses(check)))


def validate(
    sent: Sequence[bytes],
    host: str | None,
    at: datetime,
    store: TrustStore,
    *,
    stapled: bytes | None = None,
    key_usage: str | None = None,
) -> Validation:
    """Judge the certificates of a Certificate message.

    `sent` are DER certificates as sent, the server's first; `host` the name or address the client
    asked for; `at` the time of the capture (aware); `stapled` an OCSP answer in DER; `key_usage`
    what the cipher suite needs of the server's key (`digitalSignature` for (EC)DHE and TLS 1.3,
    `keyEncipherment` for RSA key transport). Of several possible paths the one with the fewest
    faults counts. Never raises for what was sent; nothing is fetched.
    """
    moment = at.astimezone(UTC)
    read = [read_certificate(der) for der in sent]
    unreadable = tuple(c.reason for c in read if isinstance(c, UnreadableCertificate))
    answer = read_ocsp(stapled) if stapled else None
    if not read or isinstance(read[0], UnreadableCertificate):
        return _unreadable(unreadable, moment, host, answer)
    links = sent_links(sent, store)
    cases = [
        Case(path, host, moment, store, answer, key_usage, unreadable)
        for path in paths(links[0], links, store)
    ]
    case, checks = min(((case, _run(case)) for case in cases), key=_badness)
    library = _ask_library(case, links)
    verdict = _verdict(checks, library, case)
    refusing = tuple(filter(_refuses, checks)) if verdict is Verdict.REFUSED else ()
    return Validation(
        verdict=verdict,
        text=_summary(verdict, checks, library, case),
        checks=checks,
        library=library,
        path=tuple(PathCertificate(x.certificate, x.sent, x.trusted) for x in case.path),
        at=moment,
        host=host,
        stapled=answer,
        attacker=needed_by_attacker(verdict is not Verdict.REFUSED, host, store),
        careless=careless_clients(refusing),
    )


def _run(case: Case) -> tuple[Check, ...]:
    return tuple(check(case) for check in _CHECKS)


def _refuses(check: Check) -> bool:
    return check.passed is False and check.required


def _badness(judged: tuple[Case, tuple[Check, ...]]) -> tuple[int, int, int]:
    """Fewest faults first, then fewest unknowns, then the shortest path."""
    case, checks = judged
    unknown = sum(check.passed is None for check in checks)
    return sum(map(_refuses, checks)), unknown, len(case.path)


def _verdict(checks: Sequence[Check], library: LibraryVerdict, case: Case) -> Verdict:
    refusing = {check.fault for check in checks if _refuses(check)}
    if refusing == {"unknown-ca"} and not case.roots_of_its_time:
        return Verdict.UNDECIDED
    if refusing or any(check.passed is None for check in checks if check.id in _NEVER_UNKNOWN):
        return Verdict.REFUSED
    return Verdict.DISPUTED if library.accepted is False else Verdict.ACCEPTED


# Without these nobody can accept: "could not be checked" is as good as "no".
_NEVER_UNKNOWN = frozenset({CheckId.SIGNATURE, CheckId.ROOT})


def _unreadable(
    reasons: tuple[str, ...],
    at: datetime,
    host: str | None,
    answer: OcspAnswer | UnreadableOcsp | None,
) -> Validation:
    if reasons:
        text = Text(
            "服务器证书无法读取（{reason}）：认真检查的客户端会中断连接。",
            "The server's certificate cannot be read ({reason}): a client that checks breaks the "
            "connection off.",
        ).filled(reason=reasons[0])
    else:
        text = Text(
            "服务器没有发送证书，无从验证。", "The server sent no certificate: nothing to validate."
        )
    check = Check(CheckId.READABLE, False, text, 0 if reasons else None, fault="unreadable")
    return Validation(
        verdict=Verdict.REFUSED,
        text=text,
        checks=(check,),
        library=LibraryVerdict(None),
        path=(),
        at=at,
        host=host,
        stapled=answer,
        attacker=needed_by_attacker(False, host, None),
        careless=careless_clients((check,)),
    )


def _ask_library(case: Case, links: Sequence[Link]) -> LibraryVerdict:
    """The verifier gets the same roots, time and name; without a host the leaf's own name."""
    leaf = case.leaf.certificate
    name = case.host or next(iter(leaf.dns_names + leaf.ip_addresses), None)
    if not case.store.roots or name is None:
        return LibraryVerdict(None)
    try:
        subject = _subject(name)
        builder = PolicyBuilder().store(Store(list(case.store.roots)))
        verifier = builder.time(case.at.replace(tzinfo=None)).build_server_verifier(subject)
        verifier.verify(case.leaf.loaded, [link.loaded for link in links[1:]])
    except VerificationError as refusal:
        return LibraryVerdict(False, _shortened(str(refusal)))
    except (ValueError, TypeError) as fault:
        return LibraryVerdict(None, str(fault))
    return LibraryVerdict(True)


def _subject(name: str) -> x509.DNSName | x509.IPAddress:
    address = ip_address(name)
    if address is not None:
        return x509.IPAddress(ipaddress.ip_address(address))
    bare = name.removeprefix("*.").rstrip(".")
    return x509.DNSName(bare if bare.isascii() else bare.encode("idna").decode("ascii"))


def _shortened(message: str) -> str:
    """The verifier's words without its repetition of the certificate."""
    return message.removeprefix("validation failed: ").split(" (encountered")[0]


def _summary(
    verdict: Verdict, checks: Sequence[Check], library: LibraryVerdict, case: Case
) -> Text:
    if verdict is Verdict.REFUSED:
        return _refusal(checks)
    if verdict is Verdict.ACCEPTED:
        return _acceptance(checks, case, library)
    if verdict is Verdict.UNDECIDED:
        return _undecided(case)
    return _dispute(case, library)


def _undecided(case: Case) -> Text:
    text = Text(
        "除了根证书，没有发现问题。“{name}”不在今天的信任库里，但抓包是 {year} 年的，"
        "那时它可能受信任：请用 --trust-store 给出当时的根证书再下结论。",
        "Nothing is wrong but the root. “{name}” is not in the trust store of today, but "
        "the capture is of {year}, and it may have been trusted then: give the roots of that time "
        "with --trust-store to decide.",
    ).filled(name=case.top.certificate.issuer.display, year=case.at.year)
    return text.plus(_NO_HOST) if case.host is None else text


def _dispute(case: Case, library: LibraryVerdict) -> Text:
    reasons = _modern_profile(case.path)
    text = Text(
        "逐项检查没有发现问题，但 cryptography 的验证器拒绝了这条链，它说：“{message}”。",
        "The checks find no fault, but the verifier of cryptography refuses the chain. It says: "
        "“{message}”.",
    ).filled(message=library.message)
    if not reasons:
        return text
    more = Text(
        "它按今天的规范检查，比抓包的年代更严："
        + "；".join(reason.zh for reason in reasons)
        + "。",
        "It goes by the rules of today, which are stricter than those of the capture's time: "
        + "; ".join(reason.en for reason in reasons)
        + ".",
    )
    return text.plus(more)


def _refusal(checks: Sequence[Check]) -> Text:
    failed = [check for check in checks if _refuses(check)] or [
        check for check in checks if check.passed is None and check.id in _NEVER_UNKNOWN
    ]
    return Text(
        "认真检查的客户端会拒绝这些证书，没有通过的检查："
        + "、".join(f"“{check.title.zh}”" for check in failed)
        + "。",
        "A client that checks refuses these certificates. Not passed: "
        + ", ".join(f"“{check.title.en}”" for check in failed)
        + ".",
    )


def _acceptance(checks: Sequence[Check], case: Case, library: LibraryVerdict) -> Text:
    text = Text(
        "认真检查的客户端在抓包的时间（{at}）会接受这些证书。",
        "A client that checks would have accepted these certificates at the time of the capture "
        "({at}).",
    ).filled(at=day(case.at))
    if case.host is None:
        text = text.plus(_NO_HOST)
    if library.accepted is None:
        text = text.plus(
            Text(
                "cryptography 的验证器没有能一同检查。",
                "The verifier of cryptography could not be asked as well.",
            )
        )
    return text


def _modern_profile(path: CertificationPath) -> list[Text]:
    """What of a path today's profile for the web forbids (RFC 5280, CA/Browser Forum)."""
    found = []
    if not path[0].certificate.dns_names and not path[0].certificate.ip_addresses:
        found.append(
            Text("服务器证书没有主题备用名称", "the server's certificate has no alternative name")
        )
    for link in path:
        found += _outdated(link)
    return found


def _outdated(link: Link) -> list[Text]:
    certificate, found = link.certificate, []
    if certificate.version < 3:
        found.append(Text("“{name}”是第 1 版证书", "“{name}” is of version 1"))
    if certificate.signature_hash in _FORGEABLE_HASHES:
        found.append(Text("“{name}”用 {algorithm} 签名", "“{name}” is signed with {algorithm}"))
    if certificate.signature_algorithm in _NOT_IN_THE_WEB:
        found.append(
            Text(
                "“{name}”用 {algorithm} 签名，网站证书不允许用它",
                "“{name}” is signed with {algorithm}, which is not allowed in the web",
            )
        )
    issuer = certificate.ca or link.trusted
    if issuer and certificate.version >= 3 and certificate.key_usage is None:
        found.append(Text("“{name}”没有密钥用途扩展", "“{name}” has no key usage"))
    if issuer and certificate.version >= 3 and certificate.ca is None:
        found.append(Text("“{name}”没有基本约束扩展", "“{name}” has no basic constraints"))
    name, algorithm = certificate.display_name, certificate.signature_algorithm
    return [text.filled(name=name, algorithm=algorithm) for text in found]
