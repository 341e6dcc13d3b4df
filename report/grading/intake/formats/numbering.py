"""The automatic numbers of Word's lists, as Word shows them (ECMA-376 part 1, 17.9)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_ROMAN = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)
_CHINESE = "〇一二三四五六七八九"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_LEVELS = 9


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list's definition."""

    start: int = 1
    form: str = "decimal"
    text: str = "%1."
    """`%1` stands for the number of level 1."""
    restart: int | None = None
    """The level (from 1) whose number restarts this one; 0 never; None the one above."""
    legal: bool = False
    """All numbers in it are shown as 1, 2, 3."""


@dataclass(slots=True)
class Numbering:
    """All lists of a document; `marker` is called for its paragraphs in order."""

    levels: Mapping[str, Mapping[int, Level]]
    """By abstract list."""
    lists: Mapping[str, str]
    """List (`numId`) to abstract list."""
    overrides: Mapping[tuple[str, int], Level | int] = field(default_factory=dict)
    """By list and level: another definition, or another start."""
    _counters: dict[str, list[int | None]] = field(default_factory=dict)
    _begun: set[tuple[str, int]] = field(default_factory=set)

    def marker(self, number_id: str, level: int) -> str | None:
        """What stands before the next paragraph of this list: '' for a bullet, None for nothing."""
        abstract = self.lists.get(number_id)
        if abstract is None or not 0 <= level < _LEVELS:
            return None
        counters = self._counters.setdefault(abstract, [None] * _LEVELS)
        self._step(number_id, abstract, level, counters)
        definition = self._definition(number_id, abstract, level)
        if definition.form in ("bullet", "none"):
            return "" if definition.form == "bullet" else _literal(definition.text)
        return self._filled(number_id, abstract, level, definition, counters)

    def _definition(self, number_id: str, abstract: str, level: int) -> Level:
        override = self.overrides.get((number_id, level))
        if isinstance(override, Level):
            return override
        return self.levels.get(abstract, {}).get(level, Level())

    def _step(self, number_id: str, abstract: str, level: int, counters: list[int | None]) -> None:
        start = self._definition(number_id, abstract, level).start
        override = self.overrides.get((number_id, level))
        if isinstance(override, int) and (number_id, level) not in self._begun:
            self._begun.add((number_id, level))
            counters[level] = override
        else:
            current = counters[level]
            counters[level] = start if current is None else current + 1
        for deeper in range(level + 1, _LEVELS):
            restart = self._definition(number_id, abstract, deeper).restart
            if restart is None or (restart and level < restart):
                counters[deeper] = None

    def _filled(
        self,
        number_id: str,
        abstract: str,
        level: int,
        definition: Level,
        counters: list[int | None],
    ) -> str:
        text = definition.text
        for index in range(level + 1):
            above = self._definition(number_id, abstract, index)
            value = counters[index]
            form = "decimal" if definition.legal else above.form
            shown = formatted(above.start if value is None else value, form)
            text = text.replace(f"%{index + 1}", shown)
        return text.strip()


def _literal(text: str) -> str | None:
    return text.strip() or None if "%" not in text else None


def formatted(value: int, form: str) -> str:
    """`value` in one of Word's number formats; unknown ones as 1, 2, 3."""
    return _FORMS.get(form, str)(value)


def _letters(value: int) -> str:
    """Word's letters after z: aa, bb, cc."""
    if not 1 <= value <= 780:
        return str(value)
    return chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 + 1)


def _roman(value: int) -> str:
    if not 1 <= value <= 4999:
        return str(value)
    shown = ""
    for size, letters in _ROMAN:
        while value >= size:
            shown, value = shown + letters, value - size
    return shown


def chinese(value: int) -> str:
    """一, 十, 十一, 二十, 一百零五; 1, 2, 3 beyond 999."""
    if not 0 <= value <= 999:
        return str(value)
    if value < 10:
        return _CHINESE[value]
    hundreds, rest = divmod(value, 100)
    tens, ones = divmod(rest, 10)
    shown = f"{_CHINESE[hundreds]}百" if hundreds else ""
    if tens:
        shown += ("" if tens == 1 and not hundreds else _CHINESE[tens]) + "十"
    elif hundreds and ones:
        shown += "零"
    return shown + (_CHINESE[ones] if ones else "")


def _in_range(first: int, most: int) -> Callable[[int], str]:
    """Characters of a run in Unicode that starts at `first` for 1."""
    return lambda value: chr(first + value - 1) if 1 <= value <= most else str(value)


def _full_width(value: int) -> str:
    return "".join(chr(ord(digit) + 0xFEE0) for digit in str(value))


def _ordinal(value: int) -> str:
    ending = "th" if 10 <= value % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def _stem(value: int) -> str:
    return _STEMS[value - 1] if 1 <= value <= len(_STEMS) else str(value)


_FORMS: dict[str, Callable[[int], str]] = {
    "decimalZero": lambda value: f"{value:02d}",
    "lowerLetter": _letters,
    "upperLetter": lambda value: _letters(value).upper(),
    "lowerRoman": lambda value: _roman(value).lower(),
    "upperRoman": _roman,
    "ordinal": _ordinal,
    "chineseCounting": chinese,
    "chineseCountingThousand": chinese,
    "chineseLegalSimplified": chinese,
    "japaneseCounting": chinese,
    "taiwaneseCounting": chinese,
    "taiwaneseCountingThousand": chinese,
    "ideographDigital": chinese,
    "ideographTraditional": _stem,
    "decimalFullWidth": _full_width,
    "decimalFullWidth2": _full_width,
    "decimalEnclosedCircle": _in_range(0x2460, 20),
    "decimalEnclosedCircleChinese": _in_range(0x2460, 20),
    "decimalEnclosedFullstop": _in_range(0x2488, 20),
    "decimalEnclosedParen": _in_range(0x2474, 20),
    "ideographEnclosedCircle": _in_range(0x3280, 10),
}


# ---- from numbering.xml -------------------------------------------------------------------------


def numbering_of(root: Any | None) -> Numbering:
    """The lists defined in numbering.xml (an lxml element), or none."""
    if root is None:
        return Numbering({}, {})
    levels = {
        attribute(abstract, "abstractNumId"): {
            _number(level, "ilvl"): _level(level) for level in children(abstract, "lvl")
        }
        for abstract in children(root, "abstractNum")
    }
    lists: dict[str, str] = {}
    overrides: dict[tuple[str, int], Level | int] = {}
    for one in children(root, "num"):
        number_id = attribute(one, "numId")
        lists[number_id] = child_value(one, "abstractNumId") or ""
        for override in children(one, "lvlOverride"):
            place = (number_id, _number(override, "ilvl"))
            found = _override(override)
            if found is not None:
                overrides[place] = found
    return Numbering(levels, lists, overrides)


def _override(element: Any) -> Level | int | None:
    start = child_value(element, "startOverride")
    if start is not None:
        return integer(start, 1)
    return next((_level(level) for level in children(element, "lvl")), None)


def _level(element: Any) -> Level:
    restart = child_value(element, "lvlRestart")
    return Level(
        start=integer(child_value(element, "start"), 1),
        form=child_value(element, "numFmt") or "decimal",
        text=(child_value(element, "lvlText") or "")[:100],
        restart=None if restart is None else integer(restart, 0),
        legal=next(children(element, "isLgl"), None) is not None,
    )


def children(element: Any, name: str) -> Iterator[Any]:
    """The child elements of that local name."""
    return (child for child in element if local_name(child) == name)


def local_name(element: Any) -> str:
    """An element's name without its namespace; '' for comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Any, name: str) -> str:
    """An attribute by its local name."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def child_value(element: Any, child_name: str) -> str | None:
    """The `val` of the first child of that name, None where there is none."""
    for child in children(element, child_name):
        return attribute(child, "val")
    return None


def _number(element: Any, name: str) -> int:
    return integer(attribute(element, name), 0)


def integer(text: str | None, default: int) -> int:
    """A short decimal number, else `default`."""
    return int(text) if text and text.lstrip("-").isdigit() and len(text) < 7 else default
