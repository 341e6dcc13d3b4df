"""What the 25 questions of the lab ssl-capture have for answers in a connection."""

from tests.independent import expected as first_lab
from tests.independent import handshake, session_facts, stapling
from tests.independent.expected import Expected
from tests.independent.handshake import Answer
from tests.independent.reader import Connection, Facts


def expected_ssl_capture(found: Facts, connection: Connection) -> dict[str, Expected]:
    """The expected answers by question id."""
    return {name: question(found, connection) for name, question in QUESTIONS.items()}


QUESTIONS: dict[str, Answer] = {
    "q1": session_facts.layers,
    "q2": session_facts.handshake_messages,
    "q3": handshake.server_hello_version,
    "q4": session_facts.completed,
    "q5": first_lab.QUESTIONS["q9"],
    "q6": handshake.suite_parts,
    "q7": handshake.suite_key_exchange,
    "q8": handshake.stapling_offered,
    "q9": stapling.frame,
    "q10": stapling.status,
    "q11": stapling.responder,
    "q12": stapling.current,
    "q13": handshake.client_key_exchange_packets,
    "q14": handshake.ticket_frame,
    "q15": handshake.ticket_lifetime,
    "q16": handshake.ticket_length,
    "q17": session_facts.record_count,
    "q18": session_facts.server_data,
    "q19": handshake.suite_symmetric,
    "q20": session_facts.overhead,
    "q21": session_facts.alerts,
    "q22": first_lab.q24,
    "q23": session_facts.master_length,
    "q24": session_facts.block_length,
    "q25": session_facts.client_finished_matches,
}
