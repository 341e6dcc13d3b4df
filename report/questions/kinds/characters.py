"""Character by character: full-width forms made plain, without moving anything."""

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SPACES = dict.fromkeys((0x3000, 0x00A0, 0x2002, 0x2003, 0x2007, 0x2009, 0x202F), " ")
_DASHES = dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212), "-")
_QUOTES = {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'}
_TABLE: dict[int, int | str] = {**_FULL_WIDTH, **_SPACES, **_DASHES, **_QUOTES, 0xFF61: "。"}


def folded(text: str) -> str:
    """`text` with full-width forms, odd spaces, dashes and quotes as ASCII; the same length.

    So a position in the folded text is the same position in the text as written.
    """
    return text.translate(_TABLE)


LONGEST_READ = 1200
"""Characters of one line or sentence that are looked through for a value."""


def readable(text: str) -> str:
    """The beginning of a text, folded: as far as a value is looked for in it."""
    return folded(text[:LONGEST_READ])


def is_chinese(text: str) -> bool:
    """Whether there is a Han character in `text`."""
    return any("\u4e00" <= character <= "\u9fff" for character in text)
