"""Which of a packet's several values a query means: those that stand beside what it asks for.

A packet can hold a field many times: three handshake messages, three lengths. A query for the
Certificate's length means the one beside the type 11, not the first in the packet.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from report.labs.model import DeclaredQuery, FilteredQuery
from report.questions.conditions import Where, same_value, where
from report.questions.rows import Row
from report.tables.dissection import TreeField

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_FIELD = re.compile(r"(?<![\w.{-])[a-z][\w-]*(?:\.[\w-]+)*(?![\w.}])")
_EQUAL = re.compile(r'(?<![\w.])([a-z][\w-]*(?:\.[\w-]+)+)\s*(?:==|\beq\b)\s*("[^"]*"|[^\s()&|]+)')
_WORDS = frozenset({"and", "or", "not", "eq", "ne", "in", "contains", "matches", "gt", "lt"})
_OF_THE_PACKET = ("tcp.stream", "udp.stream", "tcp.srcport", "tcp.dstport", "udp.srcport")


@dataclass(frozen=True, slots=True)
class Shown:
    """The values of a row that a query means."""

    values: tuple[str, ...]
    at: tuple[int, ...]
    """Which of the packet's values these are, counted from 0."""
    sure: bool = True
    """False where the packet holds several and it cannot be told which is meant."""


def shown_of(query: DeclaredQuery | FilteredQuery, row: Row) -> Shown:
    """The values of `show` that belong to what the query asks for, in the packet's order."""
    values = row.values(query.show)
    every = Shown(values, tuple(range(len(values))))
    if len(set(values)) < 2:
        return every
    asked = [each for each in _asked(query) if len(row.fields_or_values(each.field)) > 1]
    if not asked:
        return every
    held = _beside_in_columns(asked, row, len(values))
    if held is None and query.pick in ("first", "last"):
        held = _beside_in_tree(asked, row, query.show, len(values))
    if not held:
        return Shown(values, every.at, sure=False)
    return Shown(tuple(values[at] for at in held), held)


def named_fields(query: DeclaredQuery | FilteredQuery) -> tuple[str, ...]:
    """The fields of the query's conditions, in order, those of the session's scope left out."""
    if isinstance(query, DeclaredQuery):
        return tuple(query.where)
    found = (name for name in _FIELD.findall(_QUOTED.sub("", query.filter)))
    own = (name for name in found if name not in _WORDS and name not in _OF_THE_PACKET)
    return tuple(dict.fromkeys(own))


def _asked(query: DeclaredQuery | FilteredQuery) -> Iterator[Where]:
    """The conditions that name a value; of a filter, its plain equalities."""
    if isinstance(query, DeclaredQuery):
        yield from (each for each in where(query.where) if each.values)
        return
    for name, value in _EQUAL.findall(query.filter):
        if name not in _OF_THE_PACKET:
            yield Where(name, (value.strip('"'),))


def _beside_in_columns(asked: Iterable[Where], row: Row, count: int) -> tuple[int, ...] | None:
    """By position, where the condition's field and the shown one occur equally often."""
    held = set(range(count))
    for each in asked:
        values = row.values(each.field)
        if len(values) != count:
            return None
        held &= {at for at, value in enumerate(values) if same_value(value, each.values)}
    return tuple(sorted(held))


def _beside_in_tree(
    asked: Iterable[Where], row: Row, show: str, count: int
) -> tuple[int, ...] | None:
    """By place in the dissection tree: the shown fields that share most of their way with a hit."""
    targets = row.fields(show)
    hits = [
        field.path()
        for each in asked
        for field in row.fields(each.field)
        if same_value(field.show, each.values)
    ]
    if len(targets) != count or not hits:
        return None
    shared = [max(_shared(target, hit) for hit in hits) for target in targets]
    return tuple(at for at, length in enumerate(shared) if length == max(shared))


def _shared(target: TreeField, hit: tuple[int, ...]) -> int:
    length = 0
    for ours, theirs in zip(target.path(), hit, strict=False):
        if ours != theirs:
            break
        length += 1
    return length
