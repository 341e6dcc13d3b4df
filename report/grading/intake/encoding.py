"""Bytes of unknown encoding to text: what Windows, Excel and zip programs in China write."""

import codecs
import unicodedata
from collections.abc import Callable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 1 << 16


class NotTextError(ValueError):
    """The bytes are no text in any encoding that is looked for."""


def decode_text(data: bytes, *, whole: bool = True) -> tuple[str, str]:
    """The text and the encoding's Python name: byte order mark, UTF-8, UTF-16, GB18030, Big5.

    What is none of these is read as Windows-1252, with U+FFFD for what that lacks. `whole=False`
    says that the data may stop in the middle of a character. Raises NotTextError for binary data.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data, encoding, whole), encoding
    if data.count(0) > max(2, len(data) // 500):  # a stray zero byte is no second encoding
        return _utf_16(data, whole)
    text, encoding = _eight_bit(data, "cp1252", whole)
    if _controls(text) > max(2, len(text) // 50):
        raise NotTextError("too many control characters")
    return text, encoding


def decode_name(raw: bytes) -> str:
    """A file name from a zip that does not say its encoding: UTF-8, else GB18030, else cp437."""
    text, encoding = _eight_bit(raw, "cp437")
    if encoding == "cp437" and any(unicodedata.category(c) in ("So", "Sm", "No") for c in text):
        # Names have no box drawings in them: a name in rare characters.
        return _decoded(raw, "gb18030", True) or text
    return text


def _strict(data: bytes, encoding: str, whole: bool) -> str:
    text = _decoded(data, encoding, whole)
    if text is None:
        raise NotTextError(f"has the mark of {encoding} but is not")
    return text


def _eight_bit(data: bytes, western: str, whole: bool = True) -> tuple[str, str]:
    utf_8 = _decoded(data, "utf-8", whole)
    if utf_8 is not None:
        return utf_8, "utf-8"
    simplified, traditional = _decoded(data, "gb18030", whole), _decoded(data, "big5", whole)
    share = _share(simplified, _in_gb2312)
    if share < 0.5 and traditional is not None and _share(traditional, _in_common_big5) >= 0.9:
        return traditional, "big5"
    if share >= 0.5 and simplified is not None:
        return simplified, "gb18030"
    return data.decode(western, errors="replace"), western


def _decoded(data: bytes, encoding: str, whole: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, whole)
    except UnicodeDecodeError:
        return None


def _share(text: str | None, common: Callable[[str], bool]) -> float:
    """How much of the non-ASCII text are characters in daily use; 0 where there is none."""
    if text is None:
        return 0
    wide = [c for c in text[:_SAMPLE] if c > "\x7f"]
    return sum(map(common, wide)) / len(wide) if wide else 0


def _in_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _in_common_big5(character: str) -> bool:
    try:
        return character.encode("big5")[0] <= 0xC6
    except UnicodeEncodeError:
        return False


def _utf_16(data: bytes, whole: bool) -> tuple[str, str]:
    """UTF-16 without a mark: the byte order whose text looks like text."""
    best: tuple[float, str, str] = (0, "", "")
    for encoding in ("utf-16-le", "utf-16-be"):
        text = _decoded(data, encoding, whole)
        if text is not None and "\0" not in text[:_SAMPLE]:
            best = max(best, (_plausible(text[:_SAMPLE]), text, encoding))
    if best[0] < 0.8:
        raise NotTextError("zero bytes, and not UTF-16")
    return best[1], best[2]


def _plausible(text: str) -> float:
    good = sum(c in "\t\r\n" or " " <= c <= "~" or _in_gb2312(c) for c in text)
    return good / len(text) if text else 0


def _controls(text: str) -> int:
    sample = text[:_SAMPLE]
    return sum(unicodedata.category(c) in ("Cc", "Cn") and c not in "\t\r\n\f\x0b" for c in sample)
