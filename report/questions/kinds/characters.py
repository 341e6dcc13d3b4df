"""Character by character: full-width forms made plain, without moving anything."""

import re

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_LIKE_ASCII = {
    0x3000: " ",
    0x00A0: " ",
    0x2002: " ",
    0x2003: " ",
    0x2007: " ",
    0x2009: " ",
    0x202F: " ",
    0x2010: "-",
    0x2011: "-",
    0x2012: "-",
    0x2013: "-",
    0x2014: "-",
    0x2212: "-",
    0x2018: "'",
    0x2019: "'",
    0x201C: '"',
    0x201D: '"',
    0xFF61: "。",
}
_TABLE: dict[int, int | str] = {**_FULL_WIDTH, **_LIKE_ASCII}


_NEITHER = r"[^\w\u3400-\u9fff]"


def folded(text: str) -> str:
    """`text` with full-width forms, odd spaces, dashes and quotes as ASCII; the same length.

    So a position in the folded text is the same position in the text as written.
    """
    return text.translate(_TABLE)


def wording(*expressions: str, case: bool = False) -> re.Pattern[str]:
    r"""A regular expression for folded text, any of `expressions`; case matters only if asked for.

    Only ASCII letters and digits make a word (`\b`, `\w`): Chinese runs on without spaces, and
    a number or name begins in the middle of it. `\W` is neither of these nor a Han character.
    """
    flags = re.ASCII if case else re.ASCII | re.IGNORECASE
    return re.compile("|".join(expressions).replace(r"\W", _NEITHER), flags)


def is_chinese(text: str) -> bool:
    """Whether there is a Han character in `text`."""
    return any("\u4e00" <= character <= "\u9fff" for character in text)
