"""What somebody in the middle needs, and which check left out would let them through."""

from collections.abc import Sequence
from dataclasses import dataclass

from report.text import Text
from report.tls.checks import Check, CheckId
from report.tls.trust import TrustStore


@dataclass(frozen=True, slots=True)
class Careless:
    """A client that leaves checks out."""

    id: str
    omitted: frozenset[CheckId]
    text: Text
    """What somebody in the middle presents to such a client."""
    accepts_this: bool | None
    """Whether it takes the certificates that a careful client refuses; None if none refuses."""


_EVERYTHING = frozenset(CheckId)
_UP_TO_A_ROOT = frozenset({CheckId.CHAIN, CheckId.ROOT, CheckId.SELF_SIGNED, CheckId.SIGNATURE})

_CLIENTS: tuple[tuple[str, frozenset[CheckId], Text], ...] = (
    (
        "trust-all",
        _EVERYTHING,
        Text(
            "什么都不检查的客户端（trust-all）：中间人随手造一张证书就能通过。",
            "A client that checks nothing (trust-all): any certificate made up on the spot gets "
            "through.",
        ),
    ),
    (
        "no-host",
        frozenset({CheckId.HOST}),
        Text(
            "不核对主机名的客户端：中间人用自己网站的合法证书就能冒充任何网站。",
            "A client that does not compare the host name: a genuine certificate for the "
            "attacker's own site passes for every site.",
        ),
    ),
    (
        "self-signed",
        frozenset({CheckId.SELF_SIGNED, CheckId.ROOT, CheckId.CHAIN}),
        Text(
            "接受自签名证书的客户端：中间人自己签一张写着这个主机名的证书就能通过。",
            "A client that accepts self-signed certificates: one with this host name on it, "
            "signed by itself, gets through.",
        ),
    ),
    (
        "expired",
        frozenset({CheckId.VALIDITY}),
        Text(
            "不看有效期的客户端：过期证书的私钥（可能早已泄露，也不再有人维护吊销信息）仍然有用。",
            "A client that ignores the dates: the key of an expired certificate, leaked long ago "
            "and on no revocation list any more, still serves.",
        ),
    ),
    (
        "wrong-ca",
        _UP_TO_A_ROOT - {CheckId.SELF_SIGNED, CheckId.SIGNATURE},
        Text(
            "接受任何 CA 的客户端：中间人自建一个 CA，就能签发写着这个主机名的证书。",
            "A client that accepts any CA: a CA of the attacker's own issues a certificate for "
            "this host name.",
        ),
    ),
    (
        "no-signature",
        frozenset({CheckId.SIGNATURE}),
        Text(
            "不验证签名的客户端：中间人把真证书里的公钥换成自己的就能通过。",
            "A client that verifies no signatures: the genuine certificate with another key put "
            "into it gets through.",
        ),
    ),
    (
        "no-ca-flags",
        frozenset({CheckId.CA_FLAGS, CheckId.PATH_LENGTH, CheckId.KEY_USAGE}),
        Text(
            "不检查 CA 标志的客户端：任何一个普通网站证书的持有者都能当 CA，为任何主机名签发证书。",
            "A client that does not check the CA flag: whoever owns a certificate for any site "
            "can issue one for every other.",
        ),
    ),
    (
        "no-revocation",
        frozenset({CheckId.OCSP}),
        Text(
            "不看吊销状态的客户端：私钥已经泄露、证书已被吊销，仍然能用来冒充。",
            "A client that ignores revocation: a certificate whose key leaked and which was "
            "revoked still serves.",
        ),
    ),
)


def careless_clients(refusing: Sequence[Check]) -> tuple[Careless, ...]:
    """Clients that leave a check out, with whether they take what `refusing` checks refuse."""
    failed = {check.id for check in refusing}
    return tuple(
        Careless(name, omitted, text, failed <= omitted if failed else None)
        for name, omitted, text in _CLIENTS
    )


def needed_by_attacker(accepted: bool, host: str | None, store: TrustStore | None) -> Text:
    """What somebody in the middle needs to pass for this server before a careful client."""
    if not accepted:
        return Text(
            "这些证书本身就通不过检查：认真检查的客户端会中断连接，中间人拿同样的证书也骗不过它；"
            "而放过它们的客户端，分不清对方是服务器还是中间人。",
            "These certificates fail the checks themselves: a careful client breaks off, and "
            "somebody in the middle with the like gets no further; a client that lets them "
            "through cannot tell the server from somebody in the middle.",
        )
    count = len(store.roots) if store else 0
    return Text(
        "要在认真检查的客户端面前冒充“{host}”，中间人必须有下列之一：服务器证书的私钥；"
        "信任库里 {count} 个根 CA 之一（或其下级 CA）为这个名称签发的证书；"
        "或者事先把自己的根证书装进客户端。",
        "To pass for “{host}” before a client that checks, somebody in the middle needs one of "
        "these: the private key of the server's certificate; a certificate for this name from one "
        "of the {count} trusted roots, or a CA below one; or a root of their own, put into the "
        "client beforehand.",
    ).filled(host=host or "—", count=count)
