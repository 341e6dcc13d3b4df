"""Addresses as users write them, well and badly."""

import pytest

from report.errors import ExitCode, LabsharkError
from report.recording.target import addresses_of, capture_filter, parse_target


@pytest.mark.parametrize(
    ("text", "url", "host", "port"),
    [
        ("https://www.example.com", "https://www.example.com/", "www.example.com", 443),
        (
            "  HTTPS://WWW.Example.COM/a?b=c#d ",
            "https://www.example.com/a?b=c",
            "www.example.com",
            443,
        ),
        ("https://www.example.com:443/", "https://www.example.com/", "www.example.com", 443),
        ("https://localhost:8443/x", "https://localhost:8443/x", "localhost", 8443),
        ("https://192.0.2.1/", "https://192.0.2.1/", "192.0.2.1", 443),
        ("https://[2001:DB8::1]:4433/", "https://[2001:db8::1]:4433/", "2001:db8::1", 4433),
        # RFC 3492's own example of a Chinese label is 他们为什么不说中文.
        (
            "https://他们为什么不说中文.example/你好?q=好",
            "https://xn--ihqwcrb4cv8a8dqg056pqjye.example/%E4%BD%A0%E5%A5%BD?q=%E5%A5%BD",
            "xn--ihqwcrb4cv8a8dqg056pqjye.example",
            443,
        ),
        ("https://a.example/%20?x=%2F", "https://a.example/%20?x=%2F", "a.example", 443),
    ],
)
def test_addresses_are_taken_apart(text: str, url: str, host: str, port: int) -> None:
    target = parse_target(text)
    assert (target.url, target.host, target.port) == (url, host, port)


@pytest.mark.parametrize("text", ["http://a.example/", "a.example", "ftp://a.example", "", "-o"])
def test_only_https_is_recorded(text: str) -> None:
    with pytest.raises(LabsharkError) as caught:
        parse_target(text)
    assert (caught.value.slug, caught.value.exit_code) == ("url-not-https", ExitCode.USAGE)


@pytest.mark.parametrize(
    "text",
    [
        "https://",
        "https:///path",
        "https://-a.example/",
        "https://a..example/",
        "https://a b.example/",
        "https://a.example/\x1b[31m",
        "https://a.example/x\ny",
        "https://a.example\\@b.example/",
        "https://user:secret@a.example/",
        "https://a.example:99999/",
        "https://a.example:x/",
        "https://[fe80::1%25eth0]/",
        "https://[::1/",
        f"https://{'a' * 64}.example/",
        "https://*.example/",
        "https://a.example;id/",
    ],
)
def test_what_no_client_should_be_given_is_refused(text: str) -> None:
    with pytest.raises(LabsharkError) as caught:
        parse_target(text)
    assert caught.value.slug == "url-invalid"
    assert "\x1b" not in caught.value.text.zh + caught.value.text.en


def test_an_unknown_host_is_the_users_mistake() -> None:
    # RFC 6761, 6.4: names under "invalid" never exist.
    with pytest.raises(LabsharkError) as caught:
        addresses_of(parse_target("https://nobody.invalid/"))
    assert (caught.value.slug, caught.value.exit_code) == ("host-unknown", ExitCode.USAGE)


def test_an_address_needs_no_lookup() -> None:
    assert addresses_of(parse_target("https://192.0.2.1/")) == ("192.0.2.1",)


def test_the_filter_names_every_address_and_the_port() -> None:
    target = parse_target("https://www.example.com:8443/")
    shown = capture_filter(target, ("192.0.2.1", "2001:db8::1"))
    assert shown == (
        "((host 192.0.2.1 or host 2001:db8::1) and port 8443) or port 53 or tcp port 80"
    )


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.example.com/", "www.example.com"),
        ("https://www.example.com./", "www.example.com"),
        ("https://[2001:db8::1]/", "2001-db8--1"),
    ],
)
def test_files_are_named_after_the_host(url: str, name: str) -> None:
    assert parse_target(url).file_name == name


def test_a_name_that_windows_reserves_is_not_used() -> None:
    assert parse_target("https://con.example/").file_name != "con.example"
