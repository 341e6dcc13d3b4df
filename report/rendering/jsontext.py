"""JSON as the project writes it: exact values, and no character in it that nobody sees."""

import json
import re
import unicodedata
from typing import Any

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")


def json_text(document: Any, **options: Any) -> str:
    r"""`document` in UTF-8's characters; what is invisible, or turns a line around, as `\u202e`.

    A program reads the same values; a person who opens the file sees what is in them. No NaN.
    `options` are `json.dumps`'s.
    """
    # Control characters below U+0020 are json's own to escape, and newlines between values stay.
    text = json.dumps(document, **{"ensure_ascii": False, "allow_nan": False, **options})
    return _BEYOND_ASCII.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if unicodedata.category(character) not in _HIDDEN:
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
