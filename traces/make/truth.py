"""Truth files: what the two ends of each session say, written by the script that recorded it.

A script calls `write_ends` with the facts that its servers and clients gave; the answers that
follow, with their packet numbers, are then filled in by

    python -m tests.corpus.write_truth traces/<name>.truth.toml

which reads the capture on its own and refuses to write where it disagrees with the two ends.

Facts of a session, every one optional, all checked when given:

| key | value |
|---|---|
| transport | "tcp" or "quic" |
| client, server | "192.0.2.23:51146", "[2001:db8::10]:443" |
| server_name | the name asked for; "" when none |
| version | "TLS 1.2": what both ends settled on |
| suite | the suite's IANA name |
| offered | how many suites the client offers |
| client_random, server_random | 64 hex digits (key log, `openssl -trace`) |
| subjects | common names of the server's certificates as sent, [] when none |
| issuer, signature | of the server's own certificate: common name, algorithm |
| key | "rsa2048", "p256", "ed25519", … of the server's own certificate |
| modulus | hex digits of its modulus, as an ASN.1 integer (leading 00 kept); a beginning will do |
| resumed | "no", "id", "ticket" or "psk" |
| retry | true after a Hello Retry Request |
| early_data | true when the client sent early data |
| client_certificate | "none asked", "empty" or the common name of the one sent |
| client_alerts, server_alerts | descriptions in order, ["close_notify"] |
| first_data | the beginning of the client's first application data, "GET / HTTP/1.1" |
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

Value = bool | int | str | Sequence["Value"] | Mapping[str, "Value"]


def write_ends(
    capture: Path,
    *,
    zh: str,
    en: str,
    script: str,
    known_from: str,
    facts: Mapping[str, Value],
    cases: Sequence[Mapping[str, Value]],
) -> Path:
    """Write `<capture's stem>.truth.toml` beside the capture, without answers yet.

    `zh` and `en` say what is in it; `facts` are those of the session that is chosen when nothing
    is asked for. A case is `{"options": {"host": …, "stream": …, "keylog": …}}`, with `facts` of
    its own when its session is another one; `lab` defaults to "tls-v8.1".
    """
    truth: dict[str, Value] = {
        "capture": capture.name,
        "sha256": hashlib.sha256(capture.read_bytes()).hexdigest(),
        "about": {"zh": zh, "en": en},
        "script": script,
        "known_from": known_from,
        "facts": facts,
        "case": [{"lab": "tls-v8.1", **case} for case in cases],
    }
    path = capture.parent / f"{capture.name.split('.')[0]}.truth.toml"
    path.write_text(dump(truth), encoding="utf-8")
    return path


def with_and_without(
    keylog: Path | None, *sessions: tuple[Mapping[str, Value], Mapping[str, Value]]
) -> list[dict[str, Value]]:
    """Cases for sessions given as (options, facts): each without keys, and with the key log."""
    keys: list[dict[str, Value]] = [{}]
    if keylog:
        keys.append({"keylog": keylog.name})
    return [
        {"options": {**options, **more}, "facts": facts}
        for options, facts in sessions
        for more in keys
    ]


def dump(truth: Mapping[str, Value]) -> str:
    """A truth file's text: `facts` and every `case` as tables, everything inside on one line."""
    lines = [
        f"{key} = {_inline(value)}" for key, value in truth.items() if key not in ("facts", "case")
    ]
    lines += ["", "[facts]", *_rows(truth["facts"])]
    cases = truth["case"]
    assert isinstance(cases, Sequence)
    for case in cases:
        lines += ["", "[[case]]", *_rows(case)]
    return "\n".join(lines) + "\n"


def _rows(table: Value) -> list[str]:
    assert isinstance(table, Mapping)
    rows = [f"{key} = {_inline(value)}" for key, value in table.items() if key != "answers"]
    answers = table.get("answers", {})
    assert isinstance(answers, Mapping)
    return rows + [f"answers.{key} = {_inline(value)}" for key, value in answers.items()]


def _inline(value: Value) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key} = {_inline(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, str | bool | int):
        return json.dumps(value, ensure_ascii=False)
    return "[" + ", ".join(_inline(item) for item in value) + "]"
