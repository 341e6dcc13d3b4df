"""What the 14 questions of the lab ssl-v7 have for answers in a connection."""

from tests.independent import handshake, session_facts
from tests.independent.expected import Expected
from tests.independent.handshake import Answer
from tests.independent.reader import Connection, Facts


def expected_ssl_v7(found: Facts, connection: Connection) -> dict[str, Expected]:
    """The expected answers by question id."""
    return {name: question(found, connection) for name, question in QUESTIONS.items()}


QUESTIONS: dict[str, Answer] = {
    "q1": session_facts.first_frames,
    "q2": session_facts.header_bytes,
    "q3": handshake.client_hello_content_type,
    "q4": handshake.client_hello_nonce,
    "q5": handshake.client_hello_first_suite_parts,
    "q6": handshake.suite_parts,
    "q7": handshake.server_hello_nonce_length,
    "q8": handshake.server_hello_session_id,
    "q9": session_facts.own_record,
    "q10": handshake.client_key_exchange_length,
    "q11": handshake.change_record_length,
    "q12": handshake.finished_meaning,
    "q13": handshake.server_sends_both,
    "q14": handshake.suite_symmetric,
}
