"""What is wrong with a lab file: where, what, and the nearest name that would be right."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from report.text import Text, visible

_MOST_LISTED = 16


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong with a lab file."""

    place: str
    """The id of the question or section; empty where the mistake is the lab's own."""
    key: str
    """As it is written in the file: `query.where`."""
    what: Text
    """A sentence without its end: it is shown after the place and the key."""

    @property
    def text(self) -> Text:
        """Place, key and what is wrong, as one sentence."""
        where = ", ".join(filter(None, (self.place, self.key)))
        if not where:
            return Text(f"{self.what.zh}。", f"{self.what.en}.")
        return Text(f"{where}：{self.what.zh}。", f"{where}: {self.what.en}.")


def with_nearest(what: Text, name: str, known: Collection[str]) -> Text:
    """`what`, and the names most like `name`; where none is, all of them if they are few."""
    names = sorted(known)
    if similar := get_close_matches(name, names, n=3):
        return with_similar(what, similar)
    if 0 < len(names) <= _MOST_LISTED:
        every = ", ".join(names)
        return Text(f"{what.zh}，可用的有 {every}", f"{what.en}; there are: {every}")
    return what


def with_similar(what: Text, similar: Collection[str]) -> Text:
    """`what`, and the names that come nearest, where there are any."""
    if not similar:
        return what
    shown = ", ".join(similar)
    return Text(f"{what.zh}，最接近的是 {shown}", f"{what.en}; the nearest: {shown}")


def shown_place(name: str, index: int, row: Mapping[str, Any]) -> str:
    """What people call a row of one of a lab's lists: its id, or which of them it is."""
    known = row.get("id")
    return visible(known, 80) if isinstance(known, str) and known else f"[[{name}]] {index + 1}"
