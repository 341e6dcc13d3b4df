"""Named queries: Python functions that a lab file calls by name where judgement is needed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from report.questions.answer import Answer
from report.tables.connections import Connection
from report.tables.session import Session


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
