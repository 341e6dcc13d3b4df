"""Which curl is taken, and what it is told."""

from pathlib import Path

import pytest

from report.errors import LabsharkError
from report.recording.curl import Curl, chosen, find_curl, words
from report.recording.target import parse_target
from report.recording.visit import Order

DEBIAN = "curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.19 zlib/1.2.13 brotli/1.0.9"
GNUTLS = "curl 8.14.1 (x86_64-pc-linux-gnu) libcurl/8.14.1 GnuTLS/3.8.9 zlib/1.3.1"
# Of macOS 13 and of curl for Windows, as their users quote them in curl's issues 10394 and 18236.
MACOS = (
    "curl 7.85.0 (x86_64-apple-darwin22.0) libcurl/7.85.0 (SecureTransport) LibreSSL/3.3.6 "
    "zlib/1.2.11 nghttp2/1.47.0"
)
FOR_WINDOWS = "curl 8.15.0 (x86_64-w64-mingw32) libcurl/8.15.0 LibreSSL/4.1.0 zlib/1.3.1.zlib-ng"
WINDOWS = "curl 8.9.1 (Windows) libcurl/8.9.1 Schannel zlib/1.3 WinIDN"
GIT = "curl 8.9.1 (x86_64-w64-mingw32) libcurl/8.9.1 OpenSSL/3.2.2 (Schannel) zlib/1.3.1"
GIT_SCHANNEL = "curl 8.9.1 (x86_64-w64-mingw32) libcurl/8.9.1 (OpenSSL/3.2.2) Schannel zlib/1.3.1"


@pytest.mark.parametrize(
    ("version", "logs"),
    [
        (DEBIAN, True),
        (GNUTLS, True),
        (GIT, True),
        (GIT_SCHANNEL, False),
        (MACOS, False),
        (FOR_WINDOWS, False),
        (WINDOWS, False),
    ],
)
def test_which_curls_log_keys(version: str, logs: bool) -> None:
    assert Curl(Path("/usr/bin/curl"), version).logs_keys == logs


def test_a_curl_that_logs_keys_is_preferred() -> None:
    system, git = Curl(Path("/1/curl"), WINDOWS), Curl(Path("/2/curl"), GIT)
    assert chosen([system, git]) is git
    assert chosen([system]) is system
    for none in ([], [Curl(Path("/3/curl"), "")]):
        with pytest.raises(LabsharkError) as caught:
            chosen(none)
        assert caught.value.slug == "curl-missing"


def test_no_curl_of_the_current_folder_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    fake = tmp_path / "curl"
    fake.write_text(f"#!/bin/sh\ntouch {ran}\necho curl 9 OpenSSL/9\n")
    fake.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".:{tmp_path}:/usr/bin:/bin")
    assert find_curl().path.parent != tmp_path
    assert not ran.exists()


def test_the_addresses_recorded_are_the_addresses_visited() -> None:
    target = parse_target("https://www.example.com:8443/")
    order = Order(target, ("192.0.2.1", "2001:db8::1"), "1.2", None, keys=True)
    told = words(Curl(Path("/usr/bin/curl"), DEBIAN), order)
    assert told[told.index("--resolve") + 1] == "www.example.com:8443:192.0.2.1,[2001:db8::1]"
    assert told[told.index("--tls-max") + 1] == "1.2"
    assert told[told.index("--noproxy") + 1] == "*"
    assert told[1] == "-q", "or .curlrc decides"
    assert told[-2:] == ["--url", "https://www.example.com:8443/"]


def test_no_version_is_forced_unasked() -> None:
    order = Order(parse_target("https://192.0.2.1/"), ("192.0.2.1",), None, 7, keys=False)
    told = words(Curl(Path("/usr/bin/curl"), DEBIAN), order)
    assert "--tls-max" not in told
    assert "--resolve" not in told
    assert told[told.index("--max-time") + 1] == "7"
