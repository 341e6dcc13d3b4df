"""Regular expressions for what people write, and the vocabulary that they are built from."""

import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from pathlib import Path

_END = sys.maxsize
_NEITHER = r"[^\w\u3400-\u9fff]"


class Wording:
    """A `re.Pattern` compiled when first asked: only grading reads what people write."""

    def __init__(self, expression: str, flags: re.RegexFlag) -> None:
        self._expression, self._flags = expression, flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._expression, self._flags)

    def search(self, text: str, start: int = 0, end: int = _END) -> re.Match[str] | None:
        """As `re.Pattern.search`."""
        return self._compiled.search(text, start, end)

    def match(self, text: str, start: int = 0, end: int = _END) -> re.Match[str] | None:
        """As `re.Pattern.match`."""
        return self._compiled.match(text, start, end)

    def fullmatch(self, text: str, start: int = 0, end: int = _END) -> re.Match[str] | None:
        """As `re.Pattern.fullmatch`."""
        return self._compiled.fullmatch(text, start, end)

    def finditer(self, text: str, start: int = 0, end: int = _END) -> Iterator[re.Match[str]]:
        """As `re.Pattern.finditer`."""
        return self._compiled.finditer(text, start, end)

    def findall(self, text: str) -> list[str]:
        """As `re.Pattern.findall`, for a wording with at most one group."""
        return self._compiled.findall(text)

    def split(self, text: str) -> list[str]:
        """As `re.Pattern.split`, for a wording without groups."""
        return [str(piece) for piece in self._compiled.split(text)]

    def sub(self, replacement: str | Callable[[re.Match[str]], str], text: str) -> str:
        """As `re.Pattern.sub`."""
        return self._compiled.sub(replacement, text)


def wording(*expressions: str, case: bool = False) -> Wording:
    r"""Any of `expressions`, for folded text; case matters only if asked for.

    Only ASCII letters and digits make a word (`\b`, `\w`): Chinese runs on without spaces, and
    a number or name begins in the middle of it. `\W` is neither of these nor a Han character.
    """
    flags = re.ASCII if case else re.ASCII | re.IGNORECASE
    return Wording("|".join(expressions).replace(r"\W", _NEITHER), flags)


def any_of(name: str) -> str:
    """The vocabulary `name` of words.toml as one group. Raises `KeyError` for an unknown one."""
    return f"(?:{'|'.join(_vocabulary(Path(__file__).with_name('words.toml'))[name])})"


@cache
def _vocabulary(path: Path) -> dict[str, list[str]]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
