"""The gap between Chinese characters and Latin letters or digits, the same in HTML and PDF.

Browsers can set it by themselves (`text-autospace`), WeasyPrint cannot; so the template sets it, as
a thin space, and the style sheet tells browsers to leave it alone. Only our own running text passes
here: values, hashes, code and whatever is copied stay as they are.
"""

import re

THIN_SPACE = "\u2009"

_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]"
_LATIN = r"[0-9A-Za-z\u00c0-\u024f\u0370-\u03ff%$+#@&]"
_BOUNDARY = re.compile(
    rf"(?<={_HAN})[ \u00a0\u2009]?(?={_LATIN})|(?<={_LATIN})[ \u00a0\u2009]?(?={_HAN})"
)


def spaced(text: str) -> str:
    """`text` with one thin space between every 汉字 and neighbouring Latin letter or digit.

    A space that the author put there becomes the thin one; doing it twice changes nothing.
    """
    return _BOUNDARY.sub(THIN_SPACE, text)
