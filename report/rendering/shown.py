"""Strings that must stay as they are to the letter, made safe to show."""

from report.text import visible

_UNBOUNDED = 1_000_000


def shown(text: str) -> str:
    r"""`text` with hidden characters as escapes; backslashes and length stay as they are.

    `report.text.visible` doubles backslashes, so that no two names look the same; lines of the
    dissection tree and a student's prose are shown as Wireshark and the student wrote them.
    """
    return "\\".join(visible(piece, _UNBOUNDED) for piece in text.split("\\"))


def shown_lines(text: str) -> str:
    """The same for text of several lines; tabs become spaces."""
    return "\n".join(map(shown, text.expandtabs(4).split("\n")))
