"""The Chinese faces inside a page, cut down to its own characters: it must be readable anywhere.

A machine without a Chinese font, as in many a computer room outside China, would show boxes. The
faces come last in the style sheets' stacks, before the generic ones: where the system has its own
Chinese face, that one is taken.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256

import uharfbuzz

from report.assets import asset

_FACES = (
    ("Labshark Sans SC", 400, "NotoSansSC-Regular.ttf"),
    ("Labshark Sans SC", 700, "NotoSansSC-Bold.ttf"),
    ("Labshark Punctuation SC", 400, "NotoSansSCPunctuation-Regular.ttf"),
    ("Labshark Punctuation SC", 700, "NotoSansSCPunctuation-Bold.ttf"),
)
"""The families of templates/fonts/fonts.css."""
_FIRST_CHINESE = 0x2E80
_SHARED_MARKS = frozenset(map(ord, "·—‘’“”…"))
"""Chinese sets them full width; Latin text has them in its own faces."""
_MOST = 3_000
"""Characters in one page's faces, 1.3 MB of them; a page of names and texts needs some hundreds."""


def with_faces(page: str, characters: Iterable[str] | None = None) -> str:
    """The page with the faces for its Chinese in a style sheet of their own, allowed by its policy.

    `page` begins with a Content-Security-Policy that has a `style-src`, and has a title; of a page
    that is written piece by piece these are enough, with the `characters` of the whole. The same
    page gives the same bytes.
    """
    rules = _rules(sorted(map(ord, set(page if characters is None else characters))))
    if not rules:
        return page
    digest = b64encode(sha256(rules.encode()).digest()).decode()
    allowed = page.replace("style-src ", f"font-src data:; style-src 'sha256-{digest}' ", 1)
    return allowed.replace(END_OF_TITLE, f"{END_OF_TITLE}<style>{rules}</style>\n", 1)


END_OF_TITLE = "</title>\n"


def _rules(characters: Sequence[int]) -> str:
    chinese = [c for c in characters if c >= _FIRST_CHINESE]
    if not chinese:
        return ""
    marks = [c for c in characters if c in _SHARED_MARKS]
    wanted = {"Labshark Sans SC": chinese, "Labshark Punctuation SC": marks}
    rules = ((name, weight, _cut(file, wanted[name])) for name, weight, file in _FACES)
    return "".join(_rule(name, weight, face) for name, weight, face in rules if face)


def _rule(family: str, weight: int, face: bytes) -> str:
    source = f'url("data:font/ttf;base64,{b64encode(face).decode()}") format("truetype")'
    return f'@font-face{{font-family:"{family}";font-weight:{weight};src:{source}}}\n'


def _cut(file: str, characters: Iterable[int]) -> bytes:
    """A bundled face with the first of these characters that it has; empty when it has none."""
    face = _face(file)
    covered = face.unicodes  # made anew whenever it is asked for
    held = [c for c in characters if c in covered][:_MOST]
    if not held:
        return b""
    order = uharfbuzz.SubsetInput()
    order.unicode_set.update(held)
    data: bytes = uharfbuzz.subset(face, order).blob.data
    return data


@cache
def _face(file: str) -> uharfbuzz.Face:
    path = asset("templates") / "fonts" / file
    return uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path)))
