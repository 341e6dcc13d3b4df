"""Truth files (`traces/<name>.truth.toml`): their schema, and how answers are held against them.

capture = "demo.pcapng"
sha256 = "…"
packets = 323
about = { zh = "…", en = "…" }
script = "make/demo.py"
known_from = "…"                # where the two ends' facts come from
[facts]                         # keys: see traces/make/truth.py
[[case]]
lab = "tls-v8.1"
options = { host = "…", stream = 3, keylog = "demo.keylog" }    # all optional
facts = { … }                   # when the case's session is not that of [facts]
answers.q1 = { status = "found", value = 17, frames = [17] }
answers.q11 = { status = "found", value = 37, frames = [37], parts = [32, 33, 34, 37] }
answers.q7 = { status = "explained" }
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

TRACES = Path(__file__).parents[2] / "traces"
KEYS = {"capture", "sha256", "packets", "about", "script", "known_from", "facts", "case"}
CASE_KEYS = {"lab", "options", "facts", "answers"}
OPTIONS = {"host", "stream", "keylog"}
ANSWER_KEYS = {"status", "value", "frames", "parts", "inferred"}
FACTS = {
    "transport", "client", "server", "server_name", "version", "suite", "offered",
    "client_random", "server_random", "subjects", "issuer", "signature", "key", "modulus",
    "resumed", "retry", "early_data", "client_certificate", "client_alerts", "server_alerts",
    "first_data",
}  # fmt: skip
STATUSES = {"found", "absent", "hidden", "not_applicable", "not_captured", "explained"}


class Verdict(StrEnum):
    """How an answer stands against the truth."""

    RIGHT = "right"
    HONEST = "honest"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Case:
    """One question list put to one session of a capture; `answers` by question id."""

    lab: str
    options: dict[str, Any]
    facts: dict[str, Any]
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def host(self) -> str | None:
        return self.options.get("host")

    @property
    def stream(self) -> int | None:
        return self.options.get("stream")

    def keylog(self, folder: Path) -> Path | None:
        name = self.options.get("keylog")
        return folder / name if name else None

    @property
    def label(self) -> str:
        """The options in short, for test ids and tables."""
        return ",".join(f"{key}={value}" for key, value in self.options.items()) or "automatic"


@dataclass(frozen=True, slots=True)
class Truth:
    """One truth file. `packets` is None until `write_truth` has filled it in."""

    path: Path
    capture: Path
    sha256: str
    packets: int | None
    header: dict[str, Any]
    facts: dict[str, Any]
    cases: list[Case]


def truth_files() -> list[Path]:
    """Every truth file of the corpus, by name."""
    return sorted(TRACES.glob("*.truth.toml"))


def load(path: Path) -> Truth:
    """Read a truth file; ValueError for a key, status or option that the schema does not have."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    _only(KEYS, table, path.name)
    _only(FACTS, table["facts"], f"{path.name} facts")
    cases = [_case(row, table["facts"], path.name) for row in table["case"]]
    return Truth(
        path,
        path.parent / table["capture"],
        table["sha256"],
        table.get("packets"),
        {key: table[key] for key in ("about", "script", "known_from")},
        table["facts"],
        cases,
    )


def _case(row: Mapping[str, Any], facts: dict[str, Any], name: str) -> Case:
    _only(CASE_KEYS, row, f"{name} case")
    _only(OPTIONS, row["options"], f"{name} options")
    _only(FACTS, row.get("facts", {}), f"{name} case facts")
    answers = row.get("answers", {})
    for question, answer in answers.items():
        _only(ANSWER_KEYS, answer, f"{name} {question}")
        _only(STATUSES, {answer["status"]}, f"{name} {question} status")
        if ("value" in answer) != (answer["status"] == "found"):
            raise ValueError(f"{name} {question}: a value and the status found go together")
    return Case(row["lab"], row["options"], row.get("facts", facts), answers)


def _only(known: set[str], given: Mapping[str, Any] | set[str], where: str) -> None:
    unknown = set(given) - known
    if unknown:
        raise ValueError(f"{where}: unknown {', '.join(sorted(unknown))}")


def differences(expected: Mapping[str, Any], answer: Mapping[str, Any]) -> list[str]:
    """What in an answer (as in `labshark answer --json`) is not as the truth has it.

    Compared are status, value, frames, the frames that carried parts (the union over the
    evidence), and whether it was inferred; a truth row without one of these asks nothing of it.
    """
    found = []
    if answer["status"] != expected["status"]:
        found.append(f"status {answer['status']}, not {expected['status']}")
    if "value" in expected and not same_value(expected["value"], answer.get("value")):
        found.append(f"value {answer.get('value')!r}, not {expected['value']!r}")
    if "frames" in expected and _cited(answer) != expected["frames"]:
        found.append(f"frames {_cited(answer)}, not {expected['frames']}")
    if "parts" in expected and carried(answer) != expected["parts"]:
        found.append(f"parts {carried(answer)}, not {expected['parts']}")
    if expected["status"] == "found" and bool(answer.get("inferred")) != bool(
        expected.get("inferred")
    ):
        found.append(f"inferred {answer.get('inferred')}")
    return found


def _cited(answer: Mapping[str, Any]) -> list[int]:
    """The frames of an answer; of an absent one, whose filter finds none, those of its evidence."""
    if answer["status"] == "absent":
        return sorted({item["frame"] for item in answer.get("evidence", [])})
    return list(answer.get("frames", []))


def carried(answer: Mapping[str, Any]) -> list[int]:
    """Every frame that the evidence of an answer names as carrying a part."""
    parts = {part for item in answer.get("evidence", []) for part in item.get("parts", [])}
    return sorted(parts)


def same_value(expected: object, given: object) -> bool:
    """Equal, but for the case of letters and the `id-` that RFCs put before algorithm names."""
    return _plain(expected) == _plain(given)


def _plain(value: object) -> object:
    if isinstance(value, str):
        return value.casefold().removeprefix("id-")
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    return value


def verdict(expected: Mapping[str, Any], answer: Mapping[str, Any]) -> Verdict:
    """Right (the value), honest (the status that says why there is none), or wrong."""
    if differences(expected, answer):
        return Verdict.WRONG
    return Verdict.RIGHT if expected["status"] in ("found", "explained") else Verdict.HONEST
