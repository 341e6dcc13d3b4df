"""Every word of the page's frame is used, and is in the language that it says."""

import re
from pathlib import Path

import pytest

from report.rendering.labels import HEADER, LABELS, STATUS, STATUS_MEANING
from report.text import Text

ALL = {**LABELS, **{f"header {k}": v for k, v in HEADER.items()}, **STATUS}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("text", [*ALL.values(), *STATUS_MEANING.values()])
def test_each_language_is_itself(text: Text) -> None:
    assert CHINESE.search(text.zh)
    assert not CHINESE.search(text.en)


def test_every_label_that_a_template_names_exists_and_every_label_is_named(checkout: Path) -> None:
    sources = [p.read_text("utf-8") for p in sorted((checkout / "templates").glob("*.html"))]
    named = {name for source in sources for name in re.findall(r"\blabels\.(\w+)", source)}
    assert named == set(LABELS)


def test_status_names_are_those_of_the_design() -> None:
    """`design.md`, section 4, and their Chinese names."""
    assert {name: text.zh for name, text in STATUS.items()} == {
        "found": "已证实",
        "absent": "确认没有",
        "hidden": "已加密",
        "not_applicable": "不适用",
        "not_captured": "未抓到",
        "explained": "解释",
        "failed": "程序故障",
    }
    assert STATUS_MEANING.keys() == STATUS.keys()


def test_header_block_is_that_of_the_form() -> None:
    """The boxes of the university's form, `design.md`, section 6."""
    assert [text.zh for text in HEADER.values()] == [
        "学号",
        "姓名",
        "班级",
        "实验题目",
        "实验学时",
        "实验日期",
        "实验目的",
        "硬件环境",
        "软件环境",
    ]
