"""`answers.json` against the format and the values that the design publishes (section 8)."""

import json

from report.rendering.answers_json import answers_document
from report.rendering.output import json_bytes
from tests.rendering.conftest import Answered
from tests.textbook import TEXTBOOK

VALUES = {**TEXTBOOK, **dict.fromkeys(("q7", "q16", "q19", "q23"))}
"""Four are explained, or absent."""


def test_the_document_has_the_published_form(textbook: Answered) -> None:
    document = json.loads(json_bytes(answers_document(textbook.trace, textbook.result)))
    assert list(document)[:7] == [
        "format",
        "labshark",
        "tshark",
        "lab",
        "trace",
        "session",
        "answers",
    ]
    assert document["format"] == 1
    assert document["lab"] == "tls-v8.1"
    trace = document["trace"]
    assert (trace["name"], trace["packets"]) == ("textbook-tls12.pcapng", 1068)
    assert len(trace["sha256"]) == 64
    session = {k: v for k, v in document["session"].items() if k != "chosen"}
    assert session == {
        "transport": "tcp",
        "stream": 1,
        "client": "192.168.1.245:51146",
        "server": "128.119.240.84:443",
        "server_name": "www.cics.umass.edu",
        "version": "TLS 1.2",
        "resumed": False,
        "decrypted": False,
    }
    first = document["answers"][0]
    published = {"id", "kind", "status", "value", "frames", "inferred", "filter", "text", "reason"}
    assert published | {"evidence"} <= set(first)
    assert set(first["text"]) == {"zh", "en"}
    assert first["filter"] == "tcp.stream == 1 && tcp.flags.syn == 1 && tcp.flags.ack == 0"
    evidence = {k: first["evidence"][0][k] for k in ("frame", "field", "source", "offset", "parts")}
    assert evidence == {
        "frame": 17,
        "field": "tcp.flags.syn",
        "source": "frame",
        "offset": 47,
        "parts": [17],
    }


def test_the_published_values(textbook: Answered) -> None:
    document = json.loads(json_bytes(answers_document(textbook.trace, textbook.result)))
    assert {a["id"]: a["value"] for a in document["answers"]} == VALUES
    by_id = {a["id"]: a for a in document["answers"]}
    assert by_id["q11"]["evidence"][0]["parts"] == [32, 33, 34, 37]
    assert by_id["q24"]["inferred"] is True
    assert (by_id["q16"]["status"], by_id["q19"]["status"]) == ("absent", "absent")
    assert (by_id["q7"]["status"], by_id["q23"]["status"]) == ("explained", "explained")
