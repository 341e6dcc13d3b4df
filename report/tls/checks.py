"""What a check of a certificate path is: its name, its verdict, the field that it rests on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from report.text import Text
from report.tls.chains import CertificationPath, Link
from report.tls.ocsp import OcspAnswer, UnreadableOcsp
from report.tls.trust import TrustStore

_TRUST_LASTS = timedelta(days=2 * 365)


class CheckId(StrEnum):
    """The checks, in the order that they are shown."""

    READABLE = "readable"
    CHAIN = "chain"
    SELF_SIGNED = "self-signed"
    ROOT = "root"
    SIGNATURE = "signature"
    HOST = "host"
    VALIDITY = "validity"
    CA_FLAGS = "ca-flags"
    PATH_LENGTH = "path-length"
    KEY_USAGE = "key-usage"
    EXTENDED_KEY_USAGE = "extended-key-usage"
    NAME_CONSTRAINTS = "name-constraints"
    CRITICAL = "critical-extensions"
    OCSP = "stapled-ocsp"
    STRENGTH = "strength"


TITLES: dict[CheckId, Text] = {
    CheckId.READABLE: Text("证书可读取", "Certificates readable"),
    CheckId.CHAIN: Text("证书链完整", "Chain complete"),
    CheckId.SELF_SIGNED: Text("服务器证书不是自签名", "Server certificate not self-signed"),
    CheckId.ROOT: Text("根证书受信任", "Root trusted"),
    CheckId.SIGNATURE: Text("每级签名有效", "Every signature valid"),
    CheckId.HOST: Text("主机名相符", "Host name matches"),
    CheckId.VALIDITY: Text("在有效期内", "Within validity"),
    CheckId.CA_FLAGS: Text("签发者都是 CA", "Issuers are CAs"),
    CheckId.PATH_LENGTH: Text("路径长度限制", "Path length respected"),
    CheckId.KEY_USAGE: Text("密钥用途", "Key usage"),
    CheckId.EXTENDED_KEY_USAGE: Text("扩展密钥用途", "Extended key usage"),
    CheckId.NAME_CONSTRAINTS: Text("名称约束", "Name constraints"),
    CheckId.CRITICAL: Text("关键扩展", "Critical extensions"),
    CheckId.OCSP: Text("装订的 OCSP 应答", "Stapled OCSP answer"),
    CheckId.STRENGTH: Text("算法和密钥强度", "Strength of algorithms and keys"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One check's verdict."""

    id: CheckId
    passed: bool | None
    """None: could not be checked, or there is nothing to check."""
    text: Text
    certificate: int | None = None
    """Place in the Certificate message (from 0) of the certificate that decides it."""
    field: str = ""
    """Display-filter name of the field that it rests on."""
    fault: str = ""
    """What is wrong, as a short fixed word (`expired`, `unknown-ca`); empty if nothing is."""
    required: bool = True
    """False: a finding that alone makes no client refuse the chain."""

    @property
    def title(self) -> Text:
        """What is checked, in a few words."""
        return TITLES[self.id]


@dataclass(frozen=True, slots=True)
class Case:
    """What there is to check, and as of when."""

    path: CertificationPath
    host: str | None
    at: datetime
    store: TrustStore
    stapled: OcspAnswer | UnreadableOcsp | None = None
    key_usage: str | None = None
    """The key usage that the cipher suite needs of the leaf, such as `digitalSignature`."""
    unreadable: tuple[str, ...] = ()
    """Why certificates of the message cannot be read."""

    @property
    def roots_of_its_time(self) -> bool:
        """Whether the trust store stands for the time of the capture: roots come and go."""
        state = self.store.state
        return state is None or state - self.at.date() < _TRUST_LASTS

    @property
    def leaf(self) -> Link:
        """The server's certificate."""
        return self.path[0]

    @property
    def top(self) -> Link:
        """The last certificate that the path leads to."""
        return self.path[-1]

    @property
    def issued(self) -> Iterator[tuple[Link, Link]]:
        """Each certificate with its issuer."""
        return zip(self.path, self.path[1:], strict=False)


def day(time: datetime) -> str:
    """A time as a person reads it, in UTC."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
