"""Fill in a truth file's answers: `python -m tests.corpus.write_truth traces/<name>.truth.toml …`

The script that recorded a capture writes what its two ends say; the independent reader finds the
frames. Where the two disagree nothing is written. Without arguments every truth file is done.
"""

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.corpus.cross_check import disagreements
from tests.corpus.truth import Case, Truth, load, truth_files
from tests.independent import choose, expected_tls_v8_1, facts
from tests.independent.expected_handshake_training import expected_handshake_training
from tests.independent.expected_https_handshake import expected_https_handshake
from tests.independent.expected_ssl_capture import expected_ssl_capture
from tests.independent.expected_ssl_v7 import expected_ssl_v7
from tests.independent.expected_tcp import expected_tcp
from traces.make.truth import dump


class DisagreementError(Exception):
    """The two ends and the reader do not tell the same story."""


def filled(truth: Truth) -> dict[str, Any]:
    """The truth file's whole content, with answers, as `dump` takes it."""
    digest = hashlib.sha256(truth.capture.read_bytes()).hexdigest()
    if digest != truth.sha256:
        raise DisagreementError(
            f"{truth.path.name} was written for another recording of {truth.capture.name}"
        )
    cases = [_filled_case(truth, case) for case in truth.cases]
    return {
        "capture": truth.capture.name,
        "sha256": digest,
        "packets": facts(truth.capture).packets,
        **truth.header,
        "facts": truth.facts,
        "case": cases,
    }


def _filled_case(truth: Truth, case: Case) -> dict[str, Any]:
    found = facts(truth.capture, case.keylog(truth.path.parent))
    own = {"facts": case.facts} if case.facts != truth.facts else {}
    row = {"lab": case.lab, "options": case.options, **own}
    if case.lab == "tcp":
        return {**row, "answers": expected_tcp(found)}
    connection = choose(found, case.host, case.stream)
    wrong = disagreements(case.facts, connection)
    if wrong:
        raise DisagreementError(f"{truth.path.name} ({case.label}): {'; '.join(wrong)}")
    return {**row, "answers": ANSWERS[case.lab](found, connection)}


ANSWERS = {
    "tls-v8.1": expected_tls_v8_1,
    "https-handshake": expected_https_handshake,
    "handshake-training": expected_handshake_training,
    "ssl-capture": expected_ssl_capture,
    "ssl-v7": expected_ssl_v7,
}
"""By lab on TLS: what its questions have for answers in a connection."""


def main(arguments: Sequence[str]) -> int:
    """Write the files; 1 when some disagree."""
    failed = 0
    for path in [Path(name) for name in arguments] or truth_files():
        try:
            text = dump(filled(load(path)))
        except (DisagreementError, LookupError) as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            failed = 1
            continue
        path.write_text(text, encoding="utf-8")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
