"""Regular expressions for what people write, and the vocabulary that they are built from."""

import re
import tomllib
from functools import cache
from pathlib import Path

_NEITHER = r"[^\w\u3400-\u9fff]"


def wording(*expressions: str, case: bool = False) -> re.Pattern[str]:
    r"""Any of `expressions`, for folded text; case matters only if asked for.

    Only ASCII letters and digits make a word (`\b`, `\w`): Chinese runs on without spaces, and
    a number or name begins in the middle of it. `\W` is neither of these nor a Han character.
    """
    flags = re.ASCII if case else re.ASCII | re.IGNORECASE
    return re.compile("|".join(expressions).replace(r"\W", _NEITHER), flags)


def any_of(name: str) -> str:
    """The vocabulary `name` of words.toml as one group. Raises `KeyError` for an unknown one."""
    return f"(?:{'|'.join(_vocabulary(Path(__file__).with_name('words.toml'))[name])})"


@cache
def _vocabulary(path: Path) -> dict[str, list[str]]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
