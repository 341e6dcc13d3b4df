"""Every numbered item of the published material has its questions in the built-in labs.

The items are those of the material that each lab goes back to; a question belongs to an item by the
query that answers it, or, where it is one of understanding, by what its model answer names.
"""

from collections.abc import Mapping

import pytest

from report.labs.loader import load_lab
from report.labs.model import NamedQuery

Items = Mapping[str, tuple[str, ...]]

HTTPS: Items = {
    "1 TCP handshake": (
        "tcp.first_syn", "tcp.syn_ack", "tcp.handshake_ack", "tcp.client_mss",
        "tcp.client_window_scale", "tcp.handshake_time",
    ),
    "2 Client Hello": (
        "client_hello.version", "client_hello.random_time", "client_hello.random_bytes",
        "client_hello.session_id", "client_hello.suites", "client_hello.compression",
        "client_hello.extensions", "client_hello.server_name",
    ),
    "3 Server Hello": (
        "server_hello.version", "server_hello.random_start", "server_hello.session_id",
        "server_hello.cipher_suite", "suite.parts", "server_hello.compression",
        "server_hello.extensions",
    ),
    "4 Certificate": (
        "certificate.count", "certificate.serial", "certificate.validity_days",
        "certificate.key_bits", "certificate.signature_algorithm",
        "certificate.alternative_names", "certificate.key_usage", "certificate.status_urls",
        "certificate.chain",
    ),
    "5 Server Hello Done": ("server_hello_done.length",),
    "6 Client Key Exchange": (
        "client_key_exchange.length", "client_key_exchange.premaster_version",
    ),
    "7 to 10 Change Cipher Spec and Finished": (
        "change_cipher_spec.client", "finished.client", "finished.client_length",
        "change_cipher_spec.server", "finished.server", "finished.order",
    ),
    "11 first application data": (
        "application_data.first_from_client", "application_data.first_from_server",
    ),
    "12 resumption": ("resumption.resumed", "handshake.round_trips", "handshake.size"),
    "13 certificate validation": (
        "validation.chain", "validation.signatures", "validation.host", "validation.dates",
        "validation.ca_flags", "validation.stapled", "validation.accepted",
        "validation.attacker", "validation.omissions",
    ),
}  # fmt: skip
TRAINING: Items = {
    "0 the four jobs": ("handshake.jobs",),
    "1 hellos": (
        "client_hello.length", "client_hello.version", "client_hello.suite_count",
        "client_hello.compression", "client_hello.extensions", "server_hello.length",
        "server_hello.cipher_suite", "suite.parts",
    ),
    "2 Certificate": ("certificate.frame", "certificate.fits_suite"),
    "3 Server Key Exchange": (
        "server_key_exchange.present", "server_key_exchange.group",
        "server_key_exchange.public_length", "server_key_exchange.signature_algorithm",
    ),
    "4 Server Hello Done": ("server_hello_done.frame",),
    "5 Client Key Exchange": ("suite.key_exchange", "client_key_exchange.length"),
    "6 Change Cipher Spec": ("change_cipher_spec.content_type",),
    "7 Finished": ("finished.client_length", "finished.verify_data_length"),
    "8 client authentication": (
        "certificate_request.frame", "certificate_request.types", "certificate_request.schemes",
        "certificate_request.authorities", "client_certificate.frame", "certificate_verify.frame",
        "certificate_verify.algorithm", "certificate_verify.length",
        "client_authentication.roles",
    ),
    "9 keys": (
        "keys.master_secret", "keys.block_length", "keys.client_finished", "keys.server_finished",
    ),
}  # fmt: skip
CAPTURE: Items = {
    "1 layers": ("layers.stack",),
    "2 handshake by phases": ("handshake.messages",),
    "3 what both know": ("agreed.parameters",),
    "4 suite name": ("server_hello.cipher_suite", "suite.parts"),
    "5 key exchange": ("suite.key_exchange",),
    "6 OCSP stapling": (
        "ocsp.offered", "ocsp.frame", "ocsp.status", "ocsp.responder", "ocsp.current",
    ),
    "7 one packet or several": ("client_key_exchange.packets",),
    "8 session ticket": ("ticket.frame", "ticket.lifetime", "ticket.length"),
    "9 record protocol": (
        "records.count", "records.server_data_bytes", "suite.symmetric", "records.overhead",
    ),
    "10 alert protocol": ("alerts.count", "handshake.completed", "closing.client_message"),
    "11 key generation": ("keys.master_secret", "keys.block_length", "keys.client_finished"),
}  # fmt: skip
V7: Items = {
    "1": ("records.first_frames",),
    "2": ("records.header_bytes",),
    "3": ("client_hello.content_type",),
    "4": ("client_hello.nonce",),
    "5": ("client_hello.first_suite_parts",),
    "6": ("suite.parts",),
    "7": ("server_hello.nonce_length",),
    "8": ("server_hello.session_id",),
    "9": ("certificate.own_record",),
    "10": ("client_key_exchange.length",),
    "11": ("change_cipher_spec.record_length",),
    "12": ("finished.meaning",),
    "13": ("finished.server_sends_both",),
    "14": ("suite.symmetric",),
}
ITEMS = {
    "https-handshake": HTTPS,
    "handshake-training": TRAINING,
    "ssl-capture": CAPTURE,
    "ssl-v7": V7,
}


@pytest.mark.parametrize("name", ITEMS)
def test_every_item_has_its_questions(name: str) -> None:
    asked = [
        question.query.name
        for question in load_lab(name).questions
        if isinstance(question.query, NamedQuery)
    ]
    lacking = {item: set(queries) - set(asked) for item, queries in ITEMS[name].items()}
    assert not {item: queries for item, queries in lacking.items() if queries}


def test_the_older_editions_questions_have_its_numbers() -> None:
    lab = load_lab("ssl-v7")
    assert [question.id for question in lab.questions] == [f"q{number}" for number in V7]
    for question in lab.questions:
        assert isinstance(question.query, NamedQuery)
        assert (question.query.name,) == V7[question.id.removeprefix("q")]


@pytest.mark.parametrize("name", ITEMS)
def test_questions_come_in_the_items_order(name: str) -> None:
    """An item may be asked about again later, but begins after the one before it."""
    place = {
        question.query.name: at
        for at, question in reversed(list(enumerate(load_lab(name).questions)))
        if isinstance(question.query, NamedQuery)
    }
    begins = [place[queries[0]] for queries in ITEMS[name].values()]
    assert begins == sorted(begins)


@pytest.mark.parametrize("name", [*ITEMS, "tls-v8.1", "tcp"])
def test_questions_of_understanding_have_a_model_answer_ideas_and_sources(name: str) -> None:
    for question in load_lab(name).questions:
        if question.kind == "text":
            assert question.model is not None, question.id
            assert question.sources, question.id
            assert question.compare.ideas, question.id
