"""A session cut out of its capture."""

from report.capture.trace import Trace
from report.capture.trimming import trimmed
from report.tables.session import Session
from report.tls.keylog import parse_keylog
from report.tls.message_types import CLIENT_HELLO


def trimmed_session(
    trace: Trace, session: Session, *, with_keys: bool = False
) -> tuple[bytes, int, bool]:
    """A pcapng with only the session's packets; how many; whether keys are in it.

    Keys are embedded only with `with_keys`, and only those whose client random is the session's.
    Raises what `Trace.selected` raises.
    """
    keys = _session_keys(trace.key_material(), session) if with_keys else b""
    capture, numbers = trace.selected(session.connection.stream_filter)
    left = trimmed(capture, numbers, keys, finished=trace.container.finished)
    return left, len(numbers), bool(keys)


def _session_keys(keylog: bytes, session: Session) -> bytes:
    randoms = {
        octets
        for hello in session.of("handshake", CLIENT_HELLO, client=True)
        if (field := hello.first("tls.handshake.random")) and (octets := field.octets)
    }
    secrets = parse_keylog(keylog).secrets
    lines = [
        f"{label} {random.hex()} {secret.hex()}\n"
        for random in sorted(randoms)
        for label, secret in secrets.get(random, {}).items()
    ]
    return "".join(lines).encode()
