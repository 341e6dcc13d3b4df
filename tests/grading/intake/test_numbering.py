"""Word's automatic numbers, in the formats and with the restarts that Word knows."""

import pytest

from report.grading.intake.formats.numbering import Level, Numbering, chinese, formatted


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (3, "decimal", "3"),
        (3, "decimalZero", "03"),
        (27, "lowerLetter", "aa"),
        (2, "upperLetter", "B"),
        (14, "lowerRoman", "xiv"),
        (1999, "upperRoman", "MCMXCIX"),
        (3, "ordinal", "3rd"),
        (12, "ordinal", "12th"),
        (3, "ideographTraditional", "丙"),
        (5, "decimalEnclosedCircle", "⑤"),
        (12, "decimalFullWidth", "１２"),
        (21, "chineseCountingThousand", "二十一"),
        (7, "a format of the future", "7"),
    ],
)
def test_number_formats(value: int, form: str, shown: str) -> None:
    assert formatted(value, form) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1, "一"),
        (10, "十"),
        (11, "十一"),
        (20, "二十"),
        (105, "一百零五"),
        (110, "一百一十"),
        (1000, "1000"),
    ],
)
def test_chinese_numerals(value: int, shown: str) -> None:
    assert chinese(value) == shown


def markers(numbering: Numbering, *steps: tuple[str, int]) -> list[str | None]:
    return [numbering.marker(number_id, level) for number_id, level in steps]


OUTLINE = {"a": {0: Level(text="%1."), 1: Level(text="%1.%2)", form="lowerLetter")}}


def test_levels_restart_below_their_parent() -> None:
    numbering = Numbering(OUTLINE, {"1": "a"})
    shown = markers(numbering, ("1", 0), ("1", 1), ("1", 1), ("1", 0), ("1", 1))
    assert shown == ["1.", "1.a)", "1.b)", "2.", "2.a)"]


def test_a_level_that_never_restarts() -> None:
    levels = {"a": {0: Level(text="%1."), 1: Level(text="(%2)", restart=0)}}
    numbering = Numbering(levels, {"1": "a"})
    assert markers(numbering, ("1", 0), ("1", 1), ("1", 0), ("1", 1)) == ["1.", "(1)", "2.", "(2)"]


def test_lists_of_one_definition_go_on_unless_they_start_anew() -> None:
    numbering = Numbering(OUTLINE, {"1": "a", "2": "a", "3": "a"}, {("3", 0): 1})
    shown = markers(numbering, ("1", 0), ("2", 0), ("3", 0), ("3", 0))
    assert shown == ["1.", "2.", "1.", "2."]


def test_a_list_may_begin_at_any_number_and_have_its_own_form() -> None:
    numbering = Numbering(OUTLINE, {"1": "a"}, {("1", 0): Level(start=5, text="第%1题")})
    assert markers(numbering, ("1", 0), ("1", 0)) == ["第5题", "第6题"]


def test_bullets_have_no_number_and_unknown_lists_nothing() -> None:
    numbering = Numbering({"a": {0: Level(form="bullet", text="•")}}, {"1": "a"})
    assert markers(numbering, ("1", 0), ("9", 0), ("1", 12)) == ["", None, None]
