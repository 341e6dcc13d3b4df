"""TOML from files that anybody may have written: what would take minutes to read is refused."""

import re
import tomllib
from typing import Any

_MOST_PARTS = 30
_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
# Possessive: what cannot be a key is given up at once.
_LONG_KEY = re.compile(rf"{_PART}(?:\s*\.\s*{_PART}){{{_MOST_PARTS},}}+\s*[=\]]")
_DEEPEST = 60
_NESTED = re.compile(r"[\[{]")


def parsed_toml(text: str) -> dict[str, Any]:
    """The table that `text` is.

    Raises ValueError for what is not TOML, and for what nobody writes by hand: keys of more than
    30 parts (tomllib takes the square of their number in time) and values nested without end.
    """
    for line in text.splitlines():
        if line.count(".") >= _MOST_PARTS and _LONG_KEY.search(line):
            raise ValueError(f"a key of more than {_MOST_PARTS} parts")
        if len(_NESTED.findall(line)) > _DEEPEST and _depth(line) > _DEEPEST:
            raise ValueError("nested too deeply")
    try:
        return tomllib.loads(text)
    except RecursionError as fault:
        raise ValueError("nested too deeply") from fault


def _depth(line: str) -> int:
    deepest = depth = 0
    for character in line:
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    return deepest
