"""Named queries: Python functions that a lab file calls by name where judgement is needed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from report.capture.frames import FrameDetail
from report.questions.answer import Answer
from report.questions.circumstances import NOTHING_SPECIAL, Circumstances
from report.tables.connections import Connection
from report.tables.session import Session
from report.tls.keylog import KeyLog


def _no_detail(_: Iterable[int]) -> Mapping[int, FrameDetail]:
    return {}


def _no_keys() -> KeyLog:
    return KeyLog({}, {}, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """The second noun, Tables: the five frames, and what else a query may look at."""

    packets: pd.DataFrame
    connections: pd.DataFrame
    records: pd.DataFrame
    messages: pd.DataFrame
    certificates: pd.DataFrame
    found: tuple[Connection, ...]
    """The rows of `connections` as objects."""
    whole: bool = True
    """False for a capture that was cut short or damaged."""
    keys_given: bool = False
    """A key log was given, or keys stand in the capture."""
    key_log: Callable[[], KeyLog] = _no_keys
    """Their secrets, read when they are asked for; they reach no output by themselves."""
    details: Callable[[Iterable[int]], Mapping[int, FrameDetail]] = _no_detail
    """The dissection of many packets at once, in one run of tshark."""
    circumstances: Circumstances = NOTHING_SPECIAL


Query = Callable[[Tables, Session], Answer]
_QUERIES: dict[str, Query] = {}
QUERIES: Mapping[str, Query] = MappingProxyType(_QUERIES)
"""Every named query, by its name `<phase>.<fact>`."""


def query(name: str) -> Callable[[Query], Query]:
    """Registers a pure function `(tables, session) -> Answer` under a name for lab files."""

    def register(function: Query) -> Query:
        if name in _QUERIES:
            raise ValueError(f"two queries are called {name}")
        _QUERIES[name] = function
        return function

    return register
