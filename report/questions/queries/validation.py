"""The server's certificates judged as of the capture: would a client that checks accept them?

RFC 5280, 6; RFC 9525. The checks themselves, and what each omission would let through, are
`report.tls.validation`'s; here they become answers with the certificate's fields as evidence.
"""

from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from report.questions.absence import not_applicable, not_captured
from report.questions.answer import Answer, AnswerTable, Cell, Evidence, Status
from report.questions.evidence import cite
from report.questions.handshake_messages import from_message
from report.questions.queries.certificate import server_certificate, why_no_certificate
from report.questions.queries.certificate_fields import server_certificates
from report.questions.queries.stapling import stapled
from report.questions.queries.suite import chosen
from report.questions.registry import Tables, query
from report.questions.tabulated import NOTHING, column, yes_or_no
from report.tables.certificates import SentCertificate
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text
from report.tls.checks import Check, CheckId
from report.tls.validation import Validation, Verdict, validate

_SOURCES = ("RFC 5280, 6.1", "RFC 9525, 6")
_RSA_TRANSPORT = ("RSA", "RSA_EXPORT", "RSA_PSK")


@lru_cache(maxsize=1)
def validation_of(tables: Tables, session: Session) -> Validation | None:
    """The verdict on the session's certificates; None where the capture shows none.

    The latest one is kept: every question of the family asks for it.
    """
    found = server_certificates(session)
    if found is None:
        return None
    message, sent = found
    answer = stapled(session)
    return validate(
        [certificate.certificate.der for certificate in sent],
        asked_host(tables, session),
        _captured(tables, message),
        tables.circumstances.store,
        stapled=answer[1] if answer else None,
        key_usage=_needed_usage(session),
    )


def asked_host(tables: Tables, session: Session) -> str | None:
    """The name that the client asked for: its SNI, else the name that --host gives.

    An address given there only says which connection is meant.
    """
    given = tables.circumstances.host
    own = given if given is not None and given.strip("[]") != session.server.address else None
    return session.connection.server_name or own


def _captured(tables: Tables, message: Message) -> datetime:
    seconds = float(str(tables.packets.at[message.frame, "frame.time_epoch"]))
    return datetime.fromtimestamp(seconds, UTC)


def _needed_usage(session: Session) -> str | None:
    choice = chosen(session)
    if choice is None:
        return None
    transport = choice[1].key_exchange in _RSA_TRANSPORT
    return "keyEncipherment" if transport else "digitalSignature"


def _evidence(message: Message, sent: tuple[SentCertificate, ...], check: Check) -> Evidence:
    place = check.certificate or 0
    certificate = sent[place] if place < len(sent) else sent[0]
    return cite(message, certificate.part(check.field) if check.field else certificate.field)


# --- the verdict ------------------------------------------------------------------------------


@query("validation.accepted")
def accepted(tables: Tables, session: Session) -> Answer:
    """Would a client that checks have accepted these certificates then? Every check in a table."""
    verdict = validation_of(tables, session)
    found = server_certificates(session)
    if verdict is None or found is None:
        return why_no_certificate(tables, session)
    message, sent = found
    value = verdict.verdict in (Verdict.ACCEPTED, Verdict.DISPUTED)
    refusing = [check for check in verdict.checks if check.passed is False and check.required]
    proof = refusing[:3] or [verdict.checks[0]]
    return from_message(
        tables,
        session,
        message,
        value,
        verdict.text,
        inferred=verdict.verdict in (Verdict.DISPUTED, Verdict.UNDECIDED),
        sources=_SOURCES,
        answer_tables=[_checks_table(verdict, message), _path_table(verdict, message)],
        also=[_evidence(message, sent, check) for check in proof],
    )


_PASSED: dict[bool | None, Cell] = {
    True: Text("通过", "passed"),
    False: Text("不通过", "failed"),
    None: NOTHING,
}
_FINDING = Text("提醒", "finding")


def _checks_table(verdict: Validation, message: Message) -> AnswerTable:
    rows = tuple(
        (check.title, _shown_verdict(check), check.text, check.field or NOTHING)
        for check in verdict.checks
    )
    columns = (
        column("检查", "Check"),
        column("结果", "Verdict"),
        column("说明", "Why"),
        column("字段", "Field"),
    )
    at = Text(
        f"以 {verdict.at:%F %T} UTC（抓包时间）为准",
        f"As of {verdict.at:%F %T} UTC, the time of the capture",
    )
    return AnswerTable(columns, rows, (message.frame,) * len(rows), at)


def _shown_verdict(check: Check) -> Cell:
    if check.passed is False and not check.required:
        return _FINDING
    return _PASSED[check.passed]


def _path_table(verdict: Validation, message: Message) -> AnswerTable:
    rows = tuple(
        (
            link.certificate.display_name or NOTHING,
            link.certificate.issuer.display,
            str(link.sent + 1) if link.sent is not None else _FROM_STORE,
            yes_or_no(link.trusted),
        )
        for link in verdict.path
    )
    columns = (
        column("证书", "Certificate"),
        column("由谁签发", "Issued by"),
        column("在消息中的次序", "Place in the message"),
        column("受信任", "Trusted"),
    )
    frames = tuple(message.frame if link.sent is not None else None for link in verdict.path)
    return AnswerTable(columns, rows, frames, Text("验证的路径", "The path that was judged"))


_FROM_STORE = Text("来自信任库", "from the trust store")


# --- single checks ----------------------------------------------------------------------------


def _of_check(tables: Tables, session: Session, *wanted: CheckId) -> Answer:
    """Whether all of some checks passed; the first that did not explains it."""
    verdict = validation_of(tables, session)
    found = server_certificates(session)
    if verdict is None or found is None:
        return why_no_certificate(tables, session)
    message, sent = found
    checks = [check for check in verdict.checks if check.id in wanted]
    failed = [check for check in checks if check.passed is False]
    unknown = [check for check in checks if check.passed is None]
    if not checks:
        return not_applicable(verdict.text, cite(message), sources=_SOURCES)
    if not failed and unknown:
        return _undecidable(message, sent, unknown[0])
    told = failed or checks
    return from_message(
        tables,
        session,
        message,
        not failed,
        _joined(told),
        sources=_SOURCES,
        also=[_evidence(message, sent, check) for check in told],
    )


def _joined(checks: list[Check]) -> Text:
    text = checks[0].text
    for check in checks[1:]:
        text = text.plus(check.text)
    return text


def _undecidable(message: Message, sent: tuple[SentCertificate, ...], check: Check) -> Answer:
    if check.id is CheckId.SIGNATURE:
        return not_captured(check.text)
    return not_applicable(check.text, _evidence(message, sent, check), sources=_SOURCES)


@query("validation.chain")
def chain(tables: Tables, session: Session) -> Answer:
    """Whether the chain leads from the server's certificate to a trusted root."""
    return _of_check(tables, session, CheckId.CHAIN, CheckId.ROOT, CheckId.SELF_SIGNED)


@query("validation.signatures")
def signatures(tables: Tables, session: Session) -> Answer:
    """Whether every signature of the chain is valid."""
    return _of_check(tables, session, CheckId.SIGNATURE)


@query("validation.host")
def host(tables: Tables, session: Session) -> Answer:
    """Whether the certificate is for the host that the client asked for."""
    return _of_check(tables, session, CheckId.HOST)


@query("validation.dates")
def dates(tables: Tables, session: Session) -> Answer:
    """Whether every certificate of the chain was within its validity."""
    return _of_check(tables, session, CheckId.VALIDITY)


@query("validation.ca_flags")
def ca_flags(tables: Tables, session: Session) -> Answer:
    """Whether every issuer is a CA, may sign certificates, and stays within its path length."""
    return _of_check(tables, session, CheckId.CA_FLAGS, CheckId.PATH_LENGTH, CheckId.KEY_USAGE)


@query("validation.stapled")
def revocation(tables: Tables, session: Session) -> Answer:
    """Whether a stapled OCSP answer says that the certificate is good."""
    return _of_check(tables, session, CheckId.OCSP)


# --- who could be in the middle ---------------------------------------------------------------


@query("validation.attacker")
def attacker(tables: Tables, session: Session) -> Answer:
    """What somebody in the middle would need to pass for this server before a careful client."""
    verdict = validation_of(tables, session)
    message = server_certificate(session)
    if verdict is None or message is None:
        return why_no_certificate(tables, session)
    shown = from_message(tables, session, message, "", verdict.attacker, sources=_SOURCES)
    return replace(shown, status=Status.EXPLAINED, value=None)


@query("validation.omissions")
def omissions(tables: Tables, session: Session) -> Answer:
    """Which check, left out, would let somebody in the middle through."""
    verdict = validation_of(tables, session)
    message = server_certificate(session)
    if verdict is None or message is None:
        return why_no_certificate(tables, session)
    rows = tuple(
        (_OMITTED[careless.id], careless.text, _takes(careless.accepts_this))
        for careless in verdict.careless
    )
    columns = (
        column("省略的检查", "Check left out"),
        column("后果", "Consequence"),
        column("会放过本次的证书吗", "Would take these certificates"),
    )
    text = _SOME if any(c.accepts_this for c in verdict.careless) else _NONE_NEEDED
    shown = from_message(
        tables, session, message, "", text, sources=_SOURCES,
        answer_tables=[AnswerTable(columns, rows, (message.frame,) * len(rows))],
    )  # fmt: skip
    return replace(shown, status=Status.EXPLAINED, value=None)


def _takes(value: bool | None) -> Cell:
    return Text("证书本来就合格", "they pass anyway") if value is None else yes_or_no(value)


_SOME = Text(
    "认真检查的客户端会拒绝这些证书；表中最后一列说明哪种疏忽会放过它们。",
    "A client that checks refuses these certificates; the last column says which omission would "
    "let them through.",
)
_NONE_NEEDED = Text(
    "这些证书通得过检查；表中是省略某项检查后，中间人可以怎样做。",
    "These certificates pass; the table says what somebody in the middle could do if a check were "
    "left out.",
)
_OMITTED = {
    "trust-all": Text("全部（trust-all）", "all of them (trust-all)"),
    "no-host": Text("主机名", "the host name"),
    "self-signed": Text("自签名", "self-signed certificates"),
    "expired": Text("有效期", "the dates"),
    "wrong-ca": Text("根证书", "the root"),
    "no-signature": Text("签名", "the signatures"),
    "no-ca-flags": Text("CA 标志", "the CA flags"),
    "no-revocation": Text("吊销状态", "revocation"),
}
