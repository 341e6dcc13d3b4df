"""Every truth file of the corpus: complete, of this recording, and told alike by both accounts."""

from pathlib import Path

import pytest

from tests.corpus.truth import (
    TRACES,
    Truth,
    Verdict,
    differences,
    load,
    truth_files,
    verdict,
)
from tests.corpus.write_truth import filled
from traces.make.truth import dump

QUESTIONS = {
    lab: [f"q{number}" for number in range(1, count + 1)]
    for lab, count in {
        "tls-v8.1": 24,
        "https-handshake": 55,
        "handshake-training": 35,
        "ssl-capture": 25,
        "ssl-v7": 14,
        "tcp": 24,
    }.items()
}


@pytest.mark.parametrize("path", truth_files(), ids=lambda path: path.name.split(".")[0])
def test_is_what_the_two_ends_and_the_reader_say(path: Path) -> None:
    """`filled` raises where they disagree, and where the capture is another recording."""
    truth = load(path)
    assert path.read_text(encoding="utf-8") == dump(filled(truth))
    for case in truth.cases:
        assert list(case.answers) == QUESTIONS[case.lab]
    assert (path.parent / truth.header["script"]).is_file()


def test_every_capture_is_listed() -> None:
    """In traces/README.md with its hash, and in docs/corpus.md."""
    readme = (TRACES / "README.md").read_text(encoding="utf-8")
    listed = (TRACES.parent / "docs" / "corpus.md").read_text(encoding="utf-8")
    for path in truth_files():
        truth = load(path)
        assert f"`{truth.capture.name}`" in listed, "run python traces/make/listing.py"
        assert truth.sha256 in readme, "run python traces/make/listing.py"


def test_every_capture_has_a_truth_file() -> None:
    """And every key log belongs to one."""
    known = {truth.capture.name for truth in map(load, truth_files())}
    known |= {name for t in map(load, truth_files()) for name in _keylogs(t)}
    kinds = {".pcap", ".pcapng", ".gz", ".keylog"}
    assert {path.name for path in TRACES.iterdir() if path.suffix in kinds} == known


def _keylogs(truth: Truth) -> set[str]:
    return {case.options["keylog"] for case in truth.cases if "keylog" in case.options}


def test_the_demo_is_in_the_corpus() -> None:
    assert "demo.truth.toml" in [path.name for path in truth_files()]


FOUND = {"status": "found", "value": 37, "frames": [37], "parts": [32, 37]}
ANSWER = {
    "status": "found", "value": 37, "frames": [37], "inferred": False,
    "evidence": [{"parts": [32, 37]}, {"parts": [37]}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"status": "hidden", "value": None}, "status"),
        ({"value": 38}, "value"),
        ({"frames": [32]}, "frames"),
        ({"evidence": [{"parts": [37]}]}, "parts"),
        ({"inferred": True}, "inferred"),
    ],
)
def test_a_wrong_answer_is_told(changed: dict[str, object], said: str) -> None:
    found = differences(FOUND, ANSWER | changed)
    assert any(line.startswith(said) for line in found)
    assert verdict(FOUND, ANSWER | changed) is Verdict.WRONG


def test_right_and_honest() -> None:
    assert verdict(FOUND, ANSWER) is Verdict.RIGHT
    assert verdict({"status": "hidden"}, {"status": "hidden", "value": None}) is Verdict.HONEST
    assert verdict({"status": "found", "value": "Ed25519"}, {**ANSWER, "value": "id-ed25519"}) is (
        Verdict.RIGHT
    )


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.truth.toml"
    path.write_text('capture = "x"\nsha256 = "0"\nfacts = {verson = "TLS 1.2"}\ncase = []\n')
    with pytest.raises(ValueError, match="verson"):
        load(path)
