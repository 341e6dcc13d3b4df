"""What a stapled OCSP answer says, for the lab ssl-capture."""

from collections.abc import Callable
from datetime import UTC, datetime

from cryptography.x509 import ocsp

from tests.independent.expected import NOT_APPLICABLE, Expected, shown
from tests.independent.handshake import not_stapled, stapled
from tests.independent.reader import Connection, Facts
from tests.independent.session import Message

Answer = Callable[[Facts, Connection], Expected]
Value = Callable[[ocsp.OCSPResponse, datetime], object]


def _of_answer(value: Value) -> Answer:
    def answer(found: Facts, connection: Connection) -> Expected:
        carried = stapled(connection)
        if carried is None:
            return not_stapled(connection)
        message, der = carried
        read = ocsp.load_der_ocsp_response(der)
        if read.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return NOT_APPLICABLE
        return shown(message, value(read, _captured(found, message)))

    return answer


def _captured(found: Facts, message: Message) -> datetime:
    return datetime.fromtimestamp(found.frame(message.frame).time / 1e9, UTC)


def frame(found: Facts, connection: Connection) -> Expected:
    carried = stapled(connection)
    return shown(carried[0]) if carried else not_stapled(connection)


def _responder(read: ocsp.OCSPResponse, at: datetime) -> str:
    if read.responder_name:
        return read.responder_name.rfc4514_string()
    return (read.responder_key_hash or b"").hex()


def _current(read: ocsp.OCSPResponse, at: datetime) -> bool:
    single = next(iter(read.responses))
    until = single.next_update_utc
    return single.this_update_utc <= at and (until is None or at <= until)


status = _of_answer(lambda read, at: next(iter(read.responses)).certificate_status.name.lower())
responder = _of_answer(_responder)
current = _of_answer(_current)
