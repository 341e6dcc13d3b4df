"""Whole numbers in a text: Arabic digits, Chinese numerals and English number words."""

import re
from dataclasses import dataclass
from itertools import chain

from report.questions.kinds.wordings import wording

_ARABIC = wording(r"(?<!\d)(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?!\d)")
_CHINESE_DIGITS = {c: v for v, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_CHINESE = wording(r"[零〇一二两三四五六七八九十百千]+")
_CHINESE_SHAPE = wording(
    r"(?:(?P<k>[一二两三四五六七八九])千零?)?(?:(?P<c>[一二两三四五六七八九])百零?)?"
    r"(?:(?P<x>[一二三四五六七八九])?(?P<ten>十))?(?P<i>[零〇一二两三四五六七八九])?"
)
_SMALL = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {word: value for value, word in enumerate(_SMALL)} | {
    word: 10 * value for value, word in enumerate(_TENS, 2)
}
_ENGLISH = wording(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})(?:[ -](?P<ones>{'|'.join(_SMALL[1:10])}))?"
    rf"|(?P<small>{'|'.join(_SMALL)}))\b",
)


_MOST = 60
_LONGEST = 18


@dataclass(frozen=True, slots=True)
class Numeral:
    """A whole number and its place in the text; `spelled` when it is written in words."""

    value: int
    start: int
    end: int
    spelled: bool


def numerals(text: str) -> list[Numeral]:
    """The whole numbers of a folded text in reading order, the first 60 of them."""
    found = chain(_arabic(text), _chinese(text), _english(text))
    return sorted(found, key=lambda numeral: numeral.start)[:_MOST]


def _arabic(text: str) -> list[Numeral]:
    return [
        Numeral(int(found[0].replace(",", "")), found.start(), found.end(), False)
        for found in _ARABIC.finditer(text)
        if len(found[0]) <= _LONGEST
    ]


def _chinese(text: str) -> list[Numeral]:
    return [
        Numeral(value, found.start(), found.end(), True)
        for found in _CHINESE.finditer(text)
        if len(found[0]) <= _LONGEST and (value := chinese_value(found[0])) is not None
    ]


def chinese_value(written: str) -> int | None:
    """`二十八` and `二八` to 28, `一百零三` to 103; None where it is no number below 10,000."""
    if not any(unit in written for unit in "十百千"):
        return int("".join(str(_CHINESE_DIGITS[c]) for c in written))
    shape = _CHINESE_SHAPE.fullmatch(written)
    if not shape:
        return None
    thousands, hundreds, ones = (_digit(shape[name]) for name in "kci")
    tens = (_digit(shape["x"]) or 1) if shape["ten"] else 0
    return thousands * 1000 + hundreds * 100 + tens * 10 + ones


def _digit(written: str | None) -> int:
    return _CHINESE_DIGITS[written] if written else 0


def _english(text: str) -> list[Numeral]:
    return [
        Numeral(_english_value(found), found.start(), found.end(), True)
        for found in _ENGLISH.finditer(text)
    ]


def _english_value(found: re.Match[str]) -> int:
    if found["small"]:
        return _WORDS[found["small"].lower()]
    return _WORDS[found["tens"].lower()] + (_WORDS[found["ones"].lower()] if found["ones"] else 0)
