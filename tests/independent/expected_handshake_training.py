"""What the 35 questions of the lab handshake-training have for answers in a connection."""

from tests.independent import expected as first_lab
from tests.independent import handshake, session_facts
from tests.independent.expected import EXPLAINED, NOT_CAPTURED, Expected, missing
from tests.independent.handshake import Answer
from tests.independent.reader import Connection, Facts


def expected_handshake_training(found: Facts, connection: Connection) -> dict[str, Expected]:
    """The expected answers by question id."""
    return {name: question(found, connection) for name, question in QUESTIONS.items()}


def _roles(found: Facts, connection: Connection) -> Expected:
    if connection.server_hello is None:
        return missing(connection, "server")
    return EXPLAINED if connection.suite else NOT_CAPTURED


QUESTIONS: dict[str, Answer] = {
    "q1": session_facts.jobs,
    "q2": handshake.client_hello_length,
    "q3": first_lab.QUESTIONS["q4"],
    "q4": first_lab.QUESTIONS["q5"],
    "q5": handshake.client_hello_compression,
    "q6": handshake.client_hello_extensions,
    "q7": handshake.server_hello_length,
    "q8": first_lab.QUESTIONS["q9"],
    "q9": handshake.suite_parts,
    "q10": first_lab.q11,
    "q11": handshake.fits_suite,
    "q12": handshake.server_key_exchange_present,
    "q13": handshake.server_key_exchange_group,
    "q14": handshake.server_key_exchange_public,
    "q15": handshake.server_key_exchange_scheme,
    "q16": first_lab.q7,
    "q17": first_lab.q17,
    "q18": handshake.suite_key_exchange,
    "q19": handshake.client_key_exchange_length,
    "q20": handshake.change_content_type,
    "q21": handshake.finished_length,
    "q22": handshake.verify_data_length,
    "q23": handshake.request_frame,
    "q24": handshake.request_types,
    "q25": handshake.request_schemes,
    "q26": handshake.request_authorities,
    "q27": first_lab.q19,
    "q28": handshake.certificate_verify_frame,
    "q29": handshake.certificate_verify_scheme,
    "q30": handshake.certificate_verify_length,
    "q31": _roles,
    "q32": session_facts.master_length,
    "q33": session_facts.block_length,
    "q34": session_facts.client_finished_matches,
    "q35": session_facts.server_finished_matches,
}
