"""Conditions on packets: one thing that is both a pandas mask and a Wireshark display filter.

Every answer carries the filter that proves it, and the filter must select exactly the cited
frames; so the same condition finds the frames and writes the filter.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

import pandas as pd

from report.tables.packets import integers, occurrences, per_cell

_FLAG_BITS = {
    "tcp.flags.fin": 0x01,
    "tcp.flags.syn": 0x02,
    "tcp.flags.reset": 0x04,
    "tcp.flags.push": 0x08,
    "tcp.flags.ack": 0x10,
}
_PLAIN = re.compile(r"-?\d+(\.\d+)?$|0x[0-9a-fA-F]+$|[0-9a-fA-F.:]*[.:][0-9a-fA-F.:]*$")


class Condition(Protocol):
    """What may be asked of every packet."""

    def mask(self, packets: pd.DataFrame) -> "pd.Series[bool]":
        """Which packets meet it, aligned with `packets`."""
        ...

    def text(self) -> str:
        """The same as a display filter."""
        ...


@dataclass(frozen=True, slots=True)
class Where:
    """A field with one of some values; with no values: the field is there at all."""

    field: str
    values: tuple[str, ...] = ()
    negated: bool = False
    exact: bool = False
    """Whether case matters in text, as it does to a display filter; names of hosts have none."""

    def mask(self, packets: pd.DataFrame) -> "pd.Series[bool]":
        """See `Condition`; raises `KeyError` for a field that the packets table lacks."""
        found = self._present(packets)
        return ~found if self.negated else found

    def _present(self, packets: pd.DataFrame) -> "pd.Series[bool]":
        if self.field in _FLAG_BITS:
            return _mask(packets["tcp.flags"], self._flag_matches)
        column = packets[self.field]
        if column.dtype == bool:
            return column.astype(bool)
        if not self.values:
            return _mask(column, bool)
        return _mask(column, self._matches)

    def _flag_matches(self, cell: str) -> bool:
        bit = _FLAG_BITS[self.field]
        return any(str(int(bool(n & bit))) in self.values for n in integers(cell))

    def _matches(self, cell: str) -> bool:
        same = _same_to_the_letter if self.exact else same_value
        return any(same(value, self.values) for value in occurrences(cell))

    def text(self) -> str:
        """See `Condition`."""
        if not self.values:
            shown = self.field
        elif len(self.values) == 1:
            shown = f"{self.field} == {_written(self.values[0])}"
        else:
            shown = f"{self.field} in {{{', '.join(map(_written, self.values))}}}"
        return f"!({shown})" if self.negated else shown


@dataclass(frozen=True, slots=True)
class Matching:
    """A field that a regular expression matches, without regard to case (`matches`)."""

    field: str
    pattern: str

    def mask(self, packets: pd.DataFrame) -> "pd.Series[bool]":
        """See `Condition`."""
        wanted = re.compile(self.pattern, re.IGNORECASE)
        return _mask(packets[self.field], lambda cell: any(map(wanted.search, occurrences(cell))))

    def text(self) -> str:
        """See `Condition`."""
        return f"{self.field} matches {_written(self.pattern)}"


@dataclass(frozen=True, slots=True)
class Joined:
    """Several conditions, all of them or any of them."""

    parts: tuple[Condition, ...]
    word: Literal["&&", "||"] = "&&"

    def mask(self, packets: pd.DataFrame) -> "pd.Series[bool]":
        """See `Condition`."""
        found = self.parts[0].mask(packets)
        for part in self.parts[1:]:
            found = found & part.mask(packets) if self.word == "&&" else found | part.mask(packets)
        return found

    def text(self) -> str:
        """See `Condition`."""
        return f" {self.word} ".join(_grouped(part, self.word) for part in self.parts)


def _grouped(part: Condition, word: str) -> str:
    inner = part.text()
    return f"({inner})" if isinstance(part, Joined) and part.word != word else inner


def every(*parts: Condition) -> Joined:
    """All of the conditions."""
    flat = [p for part in parts for p in _flattened(part)]
    return Joined(tuple(flat))


def _flattened(part: Condition) -> Iterable[Condition]:
    if isinstance(part, Joined) and part.word == "&&":
        return part.parts
    return (part,)


def either(*parts: Condition) -> Joined:
    """Any of the conditions."""
    return Joined(parts, "||")


def where(conditions: Mapping[str, object]) -> tuple[Where, ...]:
    """A lab file's `where` table: a value, a list of values, `true` (there) or `false` (not)."""
    return tuple(_where(field, wanted) for field, wanted in conditions.items())


def _where(field: str, wanted: object) -> Where:
    if isinstance(wanted, bool):
        return Where(field, (), negated=not wanted)
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        return Where(field, tuple(map(str, wanted)), exact=True)
    return Where(field, (str(wanted),), exact=True)


def frames_where(packets: pd.DataFrame, condition: Condition) -> tuple[int, ...]:
    """The packets that meet a condition, in order."""
    return tuple(map(int, packets.index[condition.mask(packets).to_numpy()]))


def proving_filter(packets: pd.DataFrame, condition: Condition, cited: Iterable[int]) -> str:
    """The filter that selects exactly `cited`: the condition, and a bound where it is too wide.

    `packets` is the whole capture. Where the condition alone also meets other packets, those are
    shut out by their place (`frame.number <= 41`), so that the condition stays readable.
    """
    wanted = sorted(set(cited))
    met = frames_where(packets, condition)
    if list(met) == wanted or not wanted:
        return condition.text()
    bounds: list[str] = []
    if met and met[-1] > wanted[-1]:
        bounds.append(f"frame.number <= {wanted[-1]}")
    if met and met[0] < wanted[0]:
        bounds.append(f"frame.number >= {wanted[0]}")
    if [n for n in met if wanted[0] <= n <= wanted[-1]] != wanted or len(bounds) > 1:
        bounds = [Where("frame.number", tuple(map(str, wanted))).text()]
    return " && ".join([_grouped(condition, "&&"), *bounds])


def _mask(column: "pd.Series[str]", matches: Callable[[str], bool]) -> "pd.Series[bool]":
    return pd.Series(per_cell(column, matches), index=column.index, dtype=bool)


def same_value(value: str, wanted: Iterable[str]) -> bool:
    """Whether a field's value is one of those wanted, in whichever way each is written."""
    return _plain(value) in map(_plain, wanted)


def _same_to_the_letter(value: str, wanted: Iterable[str]) -> bool:
    """The same, but with regard to case in what is neither a number nor an address."""
    return any(
        same_value(value, (each,)) if _NO_WORDS.match(each) else value == each for each in wanted
    )


_NO_WORDS = re.compile(r"(0[xX])?[0-9a-fA-F:.-]+$|True$|False$")


@lru_cache(maxsize=4096)
def _plain(value: str) -> str:
    """One form for a number written in decimal or hex, and for text without regard to case."""
    try:
        return str(int(value, 0))
    except ValueError:
        # Yes and no are 1 and 0 to a filter; tshark prints them so or in words, by its version.
        return _YES_NO.get(value, value.lower())


_YES_NO = {"True": "1", "False": "0"}


def _written(value: str) -> str:
    if _PLAIN.match(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
