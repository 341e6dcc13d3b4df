"""Text that a person reads: always in two languages, and safe to show whatever it quotes."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LONGEST_SHOWN = 256


@dataclass(frozen=True, slots=True)
class Text:
    """One thing said in Chinese and in English; neither may be left out."""

    zh: str
    en: str

    def __post_init__(self) -> None:
        if not self.zh.strip() or not self.en.strip():
            raise ValueError(f"text lacks a language: zh={self.zh!r}, en={self.en!r}")

    def in_(self, language: Language) -> str:
        """The text in one language."""
        return self.zh if language == "zh" else self.en

    def filled(self, **values: object) -> "Text":
        """The text with `{name}` replaced in both languages; strings pass through `visible`."""
        shown = {k: visible(v) if isinstance(v, str) else v for k, v in values.items()}
        return Text(self.zh.format(**shown), self.en.format(**shown))

    def plus(self, other: "Text") -> "Text":
        """Two texts as one paragraph: Chinese joined without, English with a space."""
        return Text(self.zh + other.zh, f"{self.en} {other.en}")


def visible(value: str, longest: int = _LONGEST_SHOWN) -> str:
    r"""`value` with nothing in it that a reader cannot see, at most `longest` characters.

    Strings from a capture are hostile: control, format (bidi, zero width), private and
    unassigned characters and the backslash become escapes (`\x1b`, `\u202e`), so that two
    different names never look the same and no terminal obeys one. Longer text ends in `…`.
    """
    shown = "".join(map(_visible_character, value[: longest + 1]))
    return shown if len(value) <= longest else shown[: longest - 1] + "…"


def _visible_character(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if unicodedata.category(character) not in _HIDDEN_CATEGORIES:
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
