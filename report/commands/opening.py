"""From a command's options to an answered lab: the one way that every command shares."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Choice:
    """Which capture, which lab, which session."""

    trace: Path
    lab: str
    host: str | None = None
    stream: int | None = None
    keylog: Path | None = None
    trust_store: Path | None = None
    show_secrets: bool = False


@contextlib.contextmanager
def answered(
    choice: Choice, meanwhile: Callable[[], None] | None = None
) -> Iterator[tuple[Any, Any]]:
    """The open `Trace` and the `LabResult` of the lab on it; raises what either raises.

    `meanwhile` is called when tshark has done most of its work: what it starts has a core free.
    """
    # Here and below: `labshark --help` must not wait for pyshark, pydantic and pandas.
    from report.capture.trace import open_trace
    from report.labs.loader import load_lab

    lab = load_lab(choice.lab)
    with open_trace(choice.trace, choice.keylog) as trace:
        trace.start(lab.columns())
        # Importing pandas takes half a second: tshark works meanwhile.
        import report.tables  # noqa: F401  # before anything else that imports pandas
        from report.questions.engine import answer_lab

        if meanwhile is not None:
            meanwhile()
        yield (
            trace,
            answer_lab(
                trace,
                lab,
                host=choice.host,
                stream=choice.stream,
                circumstances=_circumstances(choice),
            ),
        )


def _circumstances(choice: Choice) -> Any:
    """Trust and discretion, as the options say; raises `trust-store-…`."""
    from report.questions.circumstances import Circumstances
    from report.tls.trust import load_trust_store

    trust = load_trust_store(choice.trust_store) if choice.trust_store else None
    return Circumstances(trust=trust, show_secrets=choice.show_secrets)
