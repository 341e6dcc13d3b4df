"""What the person who asks brings along besides the capture and its keys."""

from dataclasses import dataclass

from report.tls.trust import TrustStore, certifi_store


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Trust and discretion: nothing here changes what the capture says."""

    trust: TrustStore | None = None
    """The roots that certificates are judged against; None: those that Mozilla trusts."""
    host: str | None = None
    """The server that the user asked for, which a certificate may be held against."""
    show_secrets: bool = False
    """Whether key material may be shown; lengths and outcomes always are."""

    @property
    def store(self) -> TrustStore:
        """The roots, read from certifi when none were given."""
        return self.trust or certifi_store()


NOTHING_SPECIAL = Circumstances()
