"""The gap between Chinese and Latin: where it is set, and where not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.rendering.spacing import THIN_SPACE, spaced


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("第28号数据包", "第_28_号数据包"),
        ("第 28 号数据包", "第_28_号数据包"),
        ("TLS的Client Hello在", "TLS_的_Client Hello_在"),
        ("（3个）", "（3_个）"),
        ("占100%的", "占_100%_的"),
        ("“TLS”。TLS，好", "“TLS”。TLS，好"),
        ("plain English 28", "plain English 28"),
        ("全是汉字，没有别的", "全是汉字，没有别的"),
        ("𠮷1", "𠮷_1"),
        ("", ""),
    ],
)
def test_gap(text: str, expected: str) -> None:
    assert spaced(text) == expected.replace("_", THIN_SPACE)


@given(st.text(alphabet="汉字aZ9 ，。%\u2009", max_size=40))
def test_nothing_but_spaces_changes_and_twice_is_once(text: str) -> None:
    once = spaced(text)
    assert spaced(once) == once
    assert once.replace(THIN_SPACE, "").replace(" ", "") == text.replace(THIN_SPACE, "").replace(
        " ", ""
    )
