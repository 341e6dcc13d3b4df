"""The reader against what others have published of the captures in `../shared/traces`.

Values are those of that folder's README and of the design's table, not of any program's output.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.independent import Connection, Facts, choose, expected_tls_v8_1, facts
from tests.independent.expected import common_name
from tests.independent.hello import PRE_SHARED_KEY, VERSIONS
from tests.independent.session import Side

CHAIN = ["www.cs.umass.edu", "InCommon RSA Server CA", "USERTrust RSA Certification Authority"]
TEXTBOOK: dict[str, Any] = {
    "q1": 17, "q2": "before", "q3": 28, "q4": "TLS 1.2", "q5": 17, "q6": "4b", "q8": 32,
    "q9": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "q10": True, "q11": 37, "q12": CHAIN,
    "q13": "InCommon RSA Server CA", "q14": "sha256WithRSAEncryption", "q15": "00b3", "q17": 37,
    "q18": 39, "q20": "AES_128_GCM", "q21": "Server Hello", "q22": 41, "q24": 358,
}  # fmt: skip


@pytest.fixture(scope="module")
def traces(shared: Path) -> Path:
    return shared / "traces"


@pytest.fixture(scope="module")
def textbook(traces: Path) -> Facts:
    return facts(traces / "textbook-tls12.pcapng")


def _with_keys(path: Path) -> Facts:
    return facts(path, path.with_suffix(".keylog"))


def _frames(connection: Connection, side: Side, name: str) -> list[int]:
    return [m.frame for m in connection.messages if m.sender == side and m.name == name]


def test_textbook_answers_all_24(textbook: Facts) -> None:
    answers = expected_tls_v8_1(textbook, choose(textbook, lab_host="www.cics.umass.edu"))
    assert {name: a["value"] for name, a in answers.items() if "value" in a} == TEXTBOOK
    assert answers["q11"]["parts"] == [32, 33, 34, 37]
    assert answers["q21"]["frames"] == [32]
    assert answers["q24"]["inferred"]
    rest = {name: a["status"] for name, a in answers.items() if "value" not in a}
    assert rest == {"q7": "explained", "q16": "absent", "q19": "absent", "q23": "explained"}


def test_textbook_session(textbook: Facts) -> None:
    connection = choose(textbook, "www.cics.umass.edu")
    assert textbook.packets == 1068
    assert connection.client == ("192.168.1.245", 51146)
    assert connection.server == ("128.119.240.84", 443)
    assert connection.records["client"][0].version == 0x0301
    assert connection.server_hello is not None
    assert connection.server_hello.random.hex().startswith("5c", 8)
    assert _frames(connection, "server", "New Session Ticket") == [40]
    assert _frames(connection, "server", "Change Cipher Spec") == [40]
    assert _frames(connection, "server", "Application Data")[0] == 42


def test_textbook_other_host(textbook: Facts) -> None:
    connection = choose(textbook, "collector-16060.us.tvsquared.com")
    answers = expected_tls_v8_1(textbook, connection)
    given = {name: answers[name]["value"] for name in ("q1", "q3", "q6", "q8", "q11", "q18", "q22")}
    assert given == {
        "q1": 478, "q3": 509, "q6": "ea", "q8": 557, "q11": 563, "q18": 565, "q22": 588,
    }  # fmt: skip
    assert answers["q11"]["parts"] == [557, 558, 559, 563]


def test_illustrated_tls12(traces: Path) -> None:
    found = _with_keys(traces / "illustrated-tls12.pcap")
    connection = choose(found)
    data = [(m.sender, m.body) for m in connection.messages if m.name == "Application Data"]
    assert data == [("client", b"ping"), ("server", b"pong")]
    assert expected_tls_v8_1(found, connection)["q24"] == {
        "status": "found", "value": 17, "frames": [17],
    }  # fmt: skip


def test_illustrated_tls13(traces: Path) -> None:
    connection = choose(_with_keys(traces / "illustrated-tls13.pcap"))
    data = [(m.sender, m.body) for m in connection.messages if m.name == "Application Data"]
    assert data == [("client", b"ping"), ("server", b"pong")]
    assert connection.suite == "TLS_AES_256_GCM_SHA384"


def test_pq_key_share_with_keys(traces: Path) -> None:
    """Every message by frame number, as the test vectors of its repository list them."""
    found = _with_keys(traces / "tls13-pq-offered-grease-keylog.pcapng")
    first, second = found.connections
    flight = ["Server Hello", "Change Cipher Spec", "Encrypted Extensions", "Certificate",
              "Certificate Verify", "Finished"]  # fmt: skip
    assert [(m.frame, m.name) for m in first.messages] == [
        (4, "Client Hello"), *((6, name) for name in flight), (8, "Change Cipher Spec"),
        (8, "Alert"),
    ]  # fmt: skip
    assert first.messages[-1].alert() == (2, "certificate_unknown")
    assert [(m.frame, m.name) for m in second.messages][:13] == [
        (17, "Client Hello"), *((19, name) for name in flight), (21, "Change Cipher Spec"),
        (21, "Finished"), (23, "Application Data"), (25, "New Session Ticket"),
        (27, "New Session Ticket"), (29, "Application Data"),
    ]  # fmt: skip
    assert second.all("client", "Application Data")[0].body.startswith(b"GET / HTTP/1.1\r\n")
    assert second.all("server", "Application Data")[0].body.startswith(b"HTTP/1.1 200 OK")


def test_vlan_pppoe_retransmissions(traces: Path) -> None:
    connection = choose(facts(traces / "tls12-rsa-vlan-qinq-retrans.pcap"))
    assert connection.client == ("1.1.1.1", 20394)
    assert connection.server == ("2.2.2.2", 443)
    assert {side: len(stream) for side, stream in connection.streams.items()} == {
        "client": 11352, "server": 4984,
    }  # fmt: skip
    assert not any(stream.holes() for stream in connection.streams.values())


def test_resumption_by_ticket(traces: Path) -> None:
    first, second = facts(traces / "tls12-ecdsa-ticket-resume.pcap").connections
    certificates = first.certificates("server")
    assert certificates is not None
    assert [first.server_name, second.server_name] == ["facebook.com", "www.facebook.com"]
    assert [first.resumed, second.resumed] == ["no", "ticket"]
    assert [first.suite, second.suite] == ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"] * 2
    assert common_name(certificates[0].subject) == "*.facebook.com"
    assert common_name(certificates[0].issuer) == "DigiCert SHA2 High Assurance Server CA"
    assert second.certificates("server") is None


def test_client_certificate(traces: Path) -> None:
    connection = choose(facts(traces / "tls12-mtls-ipv6.pcap"))
    organizations: dict[Side, str] = {
        "server": "TLSClientAuthSampleServer",
        "client": "TLSClientAuthSampleClient",
    }
    for side, organization in organizations.items():
        sent = connection.certificates(side)
        assert sent is not None
        assert f"O={organization}" in sent[0].subject.rfc4514_string()
    assert connection.client[0] == "::1"
    assert connection.server == ("::1", 8081)


def test_stapled_answer(traces: Path) -> None:
    connection = choose(facts(traces / "tls12-grease-ocsp-staple.pcap"))
    assert connection.client == ("192.168.17.58", 51995)
    assert connection.server_name == "ritter.vg"
    assert connection.suite == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    assert [m.name for m in connection.messages if m.sender == "server"][:3] == [
        "Server Hello", "Certificate", "Certificate Status",
    ]  # fmt: skip


def test_hello_retry_requests(traces: Path) -> None:
    found = facts(traces / "tls13-hello-retry-request.pcapng")
    retried = [c for c in found.connections if c.first("server", "Hello Retry Request")]
    assert [_frames(c, "client", "Client Hello")[0] for c in retried] == [20, 32]
    assert {(c.server_name, c.client[1], c.server) for c in found.connections} == {
        ("www.dota2.com", 54243, ("188.114.98.224", 443)),
        ("api.steampowered.com", 57749, ("23.52.29.119", 443)),
        ("store.steampowered.com", 42070, ("95.100.141.15", 443)),
        ("ext3-sto1.steamserver.net", 50983, ("162.254.198.46", 27038)),
    }
    assert {VERSIONS[c.version] for c in found.connections if c.version} == {"TLS 1.3"}
    assert all(PRE_SHARED_KEY not in c.server_hello.extensions for c in retried if c.server_hello)


def test_client_hello_in_three_segments(traces: Path) -> None:
    connection = choose(facts(traces / "tls12-clienthello-3-segments.pcap"))
    hello = connection.first("client", "Client Hello")
    assert hello is not None
    assert (hello.frame, hello.parts) == (6, (4, 5, 6))
    assert connection.server_name == "www.google.com"


def test_quic(traces: Path) -> None:
    found = facts(traces / "quic-v1-http3.pcap")
    (connection,) = found.connections
    assert connection.transport == "quic"
    assert connection.client == ("172.17.0.2", 34347)
    assert connection.server == ("64.233.166.94", 443)
    assert connection.server_name == "www.google.de"
    assert connection.suite == "TLS_AES_128_GCM_SHA256"
    answers = expected_tls_v8_1(found, connection)
    assert answers["q1"]["status"] == answers["q2"]["status"] == "not_applicable"


def test_alert_instead_of_a_server_hello(traces: Path) -> None:
    found = facts(traces / "tls12-alert-handshake-failure.pcap")
    connection = choose(found)
    assert connection.client == ("192.168.4.149", 53525)
    assert [m.alert() for m in connection.all("server", "Alert")] == [(2, "handshake_failure")]
    answers = expected_tls_v8_1(found, connection)
    assert {answers[f"q{n}"]["status"] for n in (8, 9, 11, 17, 18, 22)} == {"absent"}


def test_sslv2_hello_and_resumption_by_id(traces: Path) -> None:
    found = facts(traces / "tls10-sslv2hello-id-resume-parallel.pcap")
    hellos = [c.client_hello for c in found.connections]
    assert len(hellos) == 6
    assert hellos[0] is not None
    assert hellos[0].sslv2
    assert [c.resumed for c in found.connections] == ["no", *["id"] * 5]
    assert {VERSIONS[c.version] for c in found.connections if c.version} == {"TLS 1.0"}
    assert {"_".join((c.suite or "").split("_")[1:3]) for c in found.connections} == {"DHE_RSA"}


def test_tls11(traces: Path) -> None:
    connection = choose(facts(traces / "tls11-ecdhe.pcap"))
    sent = connection.certificates("server")
    assert sent is not None
    assert VERSIONS[connection.version or 0] == "TLS 1.1"
    assert connection.suite == "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
    assert [common_name(item.subject) for item in sent] == [
        "*.google.com", "Google Internet Authority G2", "GeoTrust Global CA",
    ]  # fmt: skip
    assert f"{sent[0].serial_number:X}" == "3D1DE44E346ECE68"
    assert connection.client_hello is not None
    random = "ae1b693f91b97315fc38b4b19f600e2aff7f24ce9b11bf538b1667e5"
    assert connection.client_hello.random.hex()[8:] == random


def test_tunnel_and_snap_length(traces: Path) -> None:
    found = facts(traces / "tls12-snaplen-gtp-retrans.pcap")
    connection = choose(found)
    assert sum(len(frame.data) < frame.length for frame in found.capture.frames) == 13
    assert connection.client == ("192.168.147.177", 58496)
    assert connection.server == ("151.121.193.160", 443)
    assert connection.server_name == "192.69.136.179"
    assert connection.suite == "TLS_RSA_WITH_AES_256_GCM_SHA384"
    sent = connection.certificates("server")
    assert sent is not None
    assert sent[0].subject == sent[0].issuer
