"""Sessions of labs that are not about TLS: found, named, chosen."""

from pathlib import Path

import pytest

from report.capture.trace import open_trace
from report.labs.loader import load_lab
from report.questions.engine import answer_lab
from report.rendering.terminal import sessions_table
from tests.commands.process import run

PORTAL = "portal.campus.example"
"""In the demo trace: a check over plain HTTP at 198.51.100.7 (traces/make/demo.py)."""


@pytest.mark.parametrize("host", [PORTAL, PORTAL.upper(), "198.51.100.7", "80", "198.51.100.7:80"])
def test_a_connection_is_chosen_by_name_address_or_port(host: str, checkout: Path) -> None:
    with open_trace(checkout / "traces" / "demo.pcapng") as trace:
        lab = load_lab("tcp")
        trace.start(lab.columns())
        chosen = answer_lab(trace, lab, host=host).session.connection
    assert (chosen.server.address, chosen.server.port) == ("198.51.100.7", 80)
    assert chosen.server_name == PORTAL


def test_names_come_from_http_and_from_the_client_hello(checkout: Path) -> None:
    """The servers are those of traces/make/demo.py; the chat server is told no name."""
    with open_trace(checkout / "traces" / "demo.pcapng") as trace:
        lab = load_lab("tcp")
        trace.start(lab.columns())
        result = answer_lab(trace, lab)
    named = {c.server.address: c.server_name for c in result.connections}
    assert named == {
        "198.51.100.7": PORTAL,
        "198.51.100.80": "news.campus.example",
        "198.51.100.94": "",
        "198.51.100.84": "library.campus.example",
        "203.0.113.60": "metrics.visits.example",
    }
    listed = sessions_table(result, ("en",))
    assert "no answer" not in listed, "what is said of TLS connections"
    assert listed.count("closed") == 5


def test_a_name_that_nobody_asks_for(checkout: Path) -> None:
    capture = checkout / "traces" / "demo.pcapng"
    done = run("answer", capture, "--lab", "tcp", "--host", "nobody.example")
    assert (done.code, set(done.slugs)) == (3, {"capture-no-such-conversation"})
