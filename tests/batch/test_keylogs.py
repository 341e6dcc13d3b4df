"""Key logs find their captures by what stands in both."""

import gzip
from pathlib import Path

import pytest

from report.batch.inputs import find_keylogs
from report.batch.keylogs import client_randoms, fitting_keylogs, joined
from report.tls.keylog import parse_keylog
from tests.batch.classes import Source

# Where the Client Hello itself is missing, or hidden as QUIC hides it, nothing can be paired.
UNPAIRED = ("not-captured", "one-direction", "quic", "cut-in-the-middle")


def _paired(corpus: list[Source]) -> list[tuple[Source, Path]]:
    return [
        (source, source.keylog)
        for source in corpus
        if source.keylog is not None
        and parse_keylog(source.keylog.read_bytes()).secrets
        and not any(word in source.path.stem for word in UNPAIRED)
    ]


def test_every_capture_of_the_corpus_finds_its_own_log(corpus: list[Source]) -> None:
    pairs = _paired(corpus)
    logs = tuple(log for _, log in pairs)
    assert len(logs) >= 20
    wrong = [
        source.path.stem
        for source, log in pairs
        if log not in fitting_keylogs(source.path.read_bytes(), (), logs)
    ]
    assert wrong == []


def test_randoms_are_those_of_the_log(corpus: list[Source]) -> None:
    demo = next(s for s in corpus if s.path.stem == "demo")
    assert demo.keylog is not None
    known = set(parse_keylog(demo.keylog.read_bytes()).secrets)
    data = demo.path.read_bytes()
    assert known & client_randoms(data)
    assert client_randoms(gzip.compress(data)) == client_randoms(data)
    assert client_randoms(b"") == frozenset()
    assert client_randoms(b"\x1f\x8b not gzip at all") == frozenset()


@pytest.fixture
def logs(corpus: list[Source], tmp_path: Path) -> dict[str, Path]:
    """The logs of two captures, and what can be made of them."""
    texts = {}
    for source in corpus:
        if source.keylog and source.path.stem in ("tls13-aes128-gcm", "tls12-ecdhe-rsa-aes256-gcm"):
            texts[source.path.stem] = source.keylog.read_bytes()
    texts["both"] = joined(texts.values())
    texts["other"] = b"CLIENT_RANDOM " + b"00" * 32 + b" " + b"11" * 48
    for name, data in texts.items():
        (tmp_path / name).write_bytes(data)
    return {name: tmp_path / name for name in texts}


def _capture(corpus: list[Source], stem: str) -> bytes:
    return next(s for s in corpus if s.path.stem == stem).path.read_bytes()


def test_the_students_own_log_comes_before_everybodys(
    corpus: list[Source], logs: dict[str, Path]
) -> None:
    data = _capture(corpus, "tls13-aes128-gcm")
    own, both = logs["tls13-aes128-gcm"], logs["both"]
    assert fitting_keylogs(data, (own,), (both, logs["other"])) == (own,)
    assert fitting_keylogs(data, (), (logs["other"], both)) == (both,)
    assert fitting_keylogs(data, (logs["other"],), (both,)) == (both,)


def test_a_log_that_does_not_fit_is_taken_only_from_beside_the_capture(
    corpus: list[Source], logs: dict[str, Path]
) -> None:
    data = _capture(corpus, "tls13-aes128-gcm")
    assert fitting_keylogs(data, (logs["other"],), ()) == (logs["other"],)
    assert fitting_keylogs(data, (), (logs["other"],)) == ()
    assert fitting_keylogs(data, (), ()) == ()


def test_two_logs_of_two_sessions_are_joined(corpus: list[Source], logs: dict[str, Path]) -> None:
    data = _capture(corpus, "tls13-aes128-gcm") + _capture(corpus, "tls12-ecdhe-rsa-aes256-gcm")
    one, two = logs["tls13-aes128-gcm"], logs["tls12-ecdhe-rsa-aes256-gcm"]
    assert set(fitting_keylogs(data, (), (one, two))) == {one, two}
    both = parse_keylog(joined([one.read_bytes().rstrip(b"\n"), two.read_bytes()]))
    assert client_randoms(data) <= set(both.secrets)


def test_a_log_that_cannot_be_read_opens_nothing(corpus: list[Source], tmp_path: Path) -> None:
    data = _capture(corpus, "tls13-aes128-gcm")
    assert fitting_keylogs(data, (), (tmp_path / "gone", tmp_path)) == ()


def test_every_log_of_the_corpus_is_known_by_its_content(
    corpus: list[Source], tmp_path: Path
) -> None:
    """Whatever it is called, and however much of it is of no use (OpenSSL, of key updates)."""
    logs = [source.keylog for source in corpus if source.keylog is not None]
    for number, log in enumerate(logs):
        if parse_keylog(log.read_bytes()).secrets:
            (tmp_path / f"{number}.txt").write_bytes(log.read_bytes())
    assert len(find_keylogs(tmp_path)) == len(list(tmp_path.iterdir())) >= 20
