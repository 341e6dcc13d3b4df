"""The check of the stapled OCSP answer."""

from report.text import Text
from report.tls.checks import Case, Check, CheckId, day
from report.tls.ocsp import OcspAnswer, OcspVerdict, Revocation, UnreadableOcsp, judge_ocsp

_STATUS, _UPDATE, _SIGNATURE = "ocsp.certStatus", "ocsp.nextUpdate", "ocsp.signature"


def check_ocsp(case: Case) -> Check:
    """The stapled answer about the leaf: signed, timely, and not `revoked`.

    An answer that does not count makes no client refuse by itself, unless the certificate demands
    one (RFC 7633).
    """
    if case.stapled is None:
        return _none_stapled(case)
    if isinstance(case.stapled, UnreadableOcsp):
        text = Text(
            "装订的 OCSP 应答无法读取（{why}）。", "The stapled answer is unreadable ({why})."
        )
        return _useless(case, text.filled(why=case.stapled.reason), "ocsp-unreadable")
    if case.stapled.response_status != "SUCCESSFUL":
        text = Text(
            "OCSP 服务器没有给出答案，只回了 {status}。",
            "The responder gave no answer, only {status}.",
        ).filled(status=case.stapled.response_status)
        return _useless(case, text, "ocsp-no-answer")
    if len(case.path) < 2:
        text = Text(
            "没有签发者的证书，无法验证装订的 OCSP 应答。",
            "Without the issuer's certificate the stapled answer cannot be verified.",
        )
        return Check(CheckId.OCSP, None, text, 0, _SIGNATURE)
    return _judged(case, case.stapled)


def _judged(case: Case, stapled: OcspAnswer) -> Check:
    verdict = judge_ocsp(stapled, case.leaf.loaded, case.path[1].loaded, case.at)
    if verdict.answer is None:
        text = Text(
            "装订的 OCSP 应答说的是另一张证书。", "The stapled answer is about another certificate."
        )
        return _useless(case, text, "ocsp-other-certificate", "ocsp.serialNumber")
    if not verdict.signed:
        text = Text(
            "装订的 OCSP 应答的签名既不是“{issuer}”做的，也不是它授权的应答者做的。",
            "The signature on the stapled answer was made neither by “{issuer}” nor by a "
            "responder that it empowered.",
        ).filled(issuer=case.path[1].certificate.display_name)
        return _useless(case, text, "ocsp-bad-signature", _SIGNATURE)
    if not verdict.timely:
        return _untimely(case, verdict)
    return _status(case, verdict)


def _untimely(case: Case, verdict: OcspVerdict) -> Check:
    answer = verdict.answer
    assert answer
    last = day(answer.next_update) if answer.next_update else "—"
    text = Text(
        "装订的 OCSP 应答的有效时间是 {first} 到 {last}，抓包在 {at}，不在其内。",
        "The stapled answer is good from {first} to {last}; the capture is of {at}.",
    ).filled(first=day(answer.this_update), last=last, at=day(case.at))
    return _useless(case, text, "ocsp-stale", _UPDATE)


def _status(case: Case, verdict: OcspVerdict) -> Check:
    answer = verdict.answer
    assert answer
    if answer.status is Revocation.REVOKED:
        text = Text(
            "OCSP 应答说这张证书已在 {day} 吊销（原因：{reason}）。",
            "The OCSP answer says that the certificate was revoked on {day} (reason: {reason}).",
        ).filled(
            day=day(answer.revoked_at) if answer.revoked_at else "—",
            reason=answer.reason or "—",
        )
        return Check(CheckId.OCSP, False, text, 0, _STATUS, "revoked")
    if answer.status is Revocation.UNKNOWN:
        text = Text(
            "OCSP 应答者不认识这张证书（unknown）。",
            "The responder does not know this certificate (unknown).",
        )
        return _useless(case, text, "ocsp-unknown", _STATUS)
    text = Text(
        "装订的 OCSP 应答说证书没有被吊销（good），签名有效，抓包时仍在有效时间内。",
        "The stapled OCSP answer says good: not revoked; its signature is valid, and it was still "
        "current at the time of the capture.",
    )
    return Check(CheckId.OCSP, True, text, 0, _STATUS)


def _none_stapled(case: Case) -> Check:
    if case.leaf.certificate.must_staple:
        text = Text(
            "证书要求服务器装订 OCSP 应答，服务器却没有装订。",
            "The certificate demands a stapled OCSP answer, and the server sent none.",
        )
        return Check(CheckId.OCSP, False, text, 0, "x509af.extension.id", "ocsp-missing")
    text = Text(
        "服务器没有装订 OCSP 应答，是否吊销无从得知。",
        "The server stapled no OCSP answer: whether the certificate was revoked is not known.",
    )
    return Check(CheckId.OCSP, None, text)


def _useless(case: Case, text: Text, fault: str, field: str = "") -> Check:
    """An answer that counts as none: clients go on, unless the certificate demands one."""
    must = case.leaf.certificate.must_staple
    return Check(CheckId.OCSP, False, text, 0, field, fault, required=must)
