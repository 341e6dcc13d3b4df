"""Why a visit left nothing in the recording."""

import errno
import socket
from collections.abc import Sequence

from report.errors import LabsharkError
from report.recording.target import Target
from report.recording.visit import Visit

_SECONDS = 5.0
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN})


def why_nothing(target: Target, addresses: Sequence[str], visit: Visit) -> LabsharkError:
    """The fault behind an empty recording, found by connecting once more, without TLS.

    `recording-refused`, `recording-no-route`, `recording-no-answer` where no connection comes
    about; else `recording-failed` with what the client said, or `recording-nothing-captured`
    where it was content.
    """
    slug, detail = _connects(addresses, target.port), visit.failure
    if slug is None and detail is not None:
        return LabsharkError("recording-failed", host=target.host, detail=detail)
    slug = slug or "recording-nothing-captured"
    return LabsharkError(slug, host=target.host, port=target.port)


def why_no_interface(
    target: Target, addresses: Sequence[str], names: Sequence[str]
) -> LabsharkError:
    """The fault where the system's routes name no interface: there is none, or no telling.

    `names` are the interfaces that there are.
    """
    if _connects(addresses, target.port) == "recording-no-route":
        return LabsharkError("recording-no-route", host=target.host)
    return LabsharkError("interface-not-found", host=target.host, names=", ".join(names) or "–")


def _connects(addresses: Sequence[str], port: int) -> str | None:
    """None if a TCP connection comes about, else the slug of the reason why not."""
    faults: list[OSError] = []
    for address in addresses:
        try:
            socket.create_connection((address, port), timeout=_SECONDS).close()
        except OSError as fault:
            faults.append(fault)
        else:
            return None
    if any(isinstance(fault, ConnectionRefusedError) for fault in faults):
        return "recording-refused"
    if all(fault.errno in _NO_ROUTE for fault in faults):
        return "recording-no-route"
    return "recording-no-answer"
