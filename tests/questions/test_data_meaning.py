"""What the client's first application data is said to be (q23 of tls-v8.1).

What each server and client spoke stands in the script that recorded the capture (traces/make).
"""

from pathlib import Path

import pytest

from report.capture.trace import open_trace
from report.labs.loader import load_lab
from report.questions.engine import answer_lab


def said(capture: Path, keylog: Path | None) -> str:
    whole = load_lab("tls-v8.1")
    asked = [q.model_copy(update={"depends": []}) for q in whole.questions if q.id == "q23"]
    lab = whole.model_copy(update={"questions": asked})
    with open_trace(capture, keylog) as trace:
        trace.start(lab.columns())
        answer = answer_lab(trace, lab).answers["q23"]
    assert answer.status.value == "explained"
    return answer.text.en


@pytest.mark.parametrize(
    ("name", "keys", "has", "lacks"),
    [
        (
            "tls12-goes-on",
            True,
            "is the request GET /index.html (www.reading.example)",
            "encrypted",
        ),
        ("tls12-goes-on", False, "in a visit to a page it is the browser's HTTP request", "ALPN"),
        ("tls12-proxy-connect", True, "is the request GET /index.html.", "()"),
        ("tls12-proxy-connect", False, "HTTP request", "no HTTP request"),
        ("tls12-starttls-smtp", False, "no HTTP request", "ALPN"),
        ("tls12-starttls-smtp", True, "data of SMTP", "HTTP"),
        ("tls12-starttls-postgres", False, "no HTTP request", "ALPN"),
        ("tls13-starttls-imap", True, "data of IMAP", "HTTP"),
        ("tls12-curl-nginx-http2", False, "agreed on HTTP/2", "is the browser's HTTP request"),
        ("tls13-curl-nginx-http2", True, "opens HTTP/2", "encrypted"),
        ("quic-chromium", False, "HTTP/3 request", "page"),
    ],
)
def test_what_the_first_data_is(
    name: str, keys: bool, has: str, lacks: str, checkout: Path
) -> None:
    keylog = checkout / "traces" / f"{name}.keylog" if keys else None
    text = said(checkout / "traces" / f"{name}.pcapng", keylog)
    assert has in text
    assert lacks not in text
