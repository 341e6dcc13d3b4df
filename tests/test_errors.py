"""The catalogue of errors, and the page that explains them."""

import re
from pathlib import Path
from string import Formatter

import pytest

from report.errors import CATALOGUE, ExitCode, LabsharkError

CHINESE = re.compile(r"[\u4e00-\u9fff]")
HEADING = re.compile(r"^### `([a-z0-9-]+)` · (\d+)\n\n(.+)\n\n(.+)\n$", re.M)


@pytest.fixture(scope="module")
def page(checkout: Path) -> str:
    return (checkout / "docs" / "errors.md").read_text(encoding="utf-8")


def test_every_error_is_explained_and_nothing_else(page: str) -> None:
    explained = [slug for slug, *_ in HEADING.findall(page)]
    assert len(explained) == len(set(explained))
    assert set(CATALOGUE) - set(explained) == set(), "add these to docs/errors.md"
    assert set(explained) - set(CATALOGUE) == set(), "these no longer exist"
    assert page.count("\n### ") == len(explained), "a heading without its two paragraphs"


def test_explanations_are_in_both_languages_with_the_right_exit_code(page: str) -> None:
    for slug, code, chinese, english in HEADING.findall(page):
        assert int(code) == CATALOGUE[slug].exit_code, slug
        assert CHINESE.search(chinese), slug
        assert len(CHINESE.findall(chinese)) >= 10, slug
        unquoted = re.sub(r"学号|姓名", "", english)
        assert not CHINESE.search(unquoted), slug
        assert len(english.split()) >= 8, slug


def test_every_exit_code_is_explained(page: str) -> None:
    table = re.findall(r"^\| (\d+) \|", page, re.M)
    assert [int(code) for code in table] == sorted(ExitCode)


@pytest.mark.parametrize("slug", CATALOGUE)
def test_an_error_is_one_sentence_in_each_language(slug: str) -> None:
    text = CATALOGUE[slug].text
    assert CHINESE.search(text.zh)
    assert "\n" not in text.zh + text.en
    assert len(text.zh) <= 160, "one sentence"
    names = {name for _, name, _, _ in Formatter().parse(text.zh) if name}
    others = {name for _, name, _, _ in Formatter().parse(text.en) if name}
    # Both say the same things; a value in one language only is told apart by its ending.
    assert {re.sub("_(zh|en)$", "", name) for name in names} == {
        re.sub("_(zh|en)$", "", name) for name in others
    }


def test_an_error_carries_its_exit_code_and_fills_in_its_sentence() -> None:
    fault = LabsharkError("capture-no-such-host", path="a\x1b[2J", host="h", hosts="x, y")
    assert fault.exit_code is ExitCode.CAPTURE
    assert "\x1b" not in fault.text.zh + fault.text.en
    assert "a\\x1b[2J" in fault.text.en
    assert str(fault).endswith("[capture-no-such-host]")


def test_an_error_that_is_not_in_the_catalogue_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        LabsharkError("no-such-slug")


def test_every_slug_that_is_raised_exists(checkout: Path) -> None:
    raised = set()
    for path in (checkout / "report").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        raised |= set(re.findall(r'LabsharkError\(\s*"([a-z0-9-]+)"', text))
    assert len(raised) > 30
    assert raised - set(CATALOGUE) == set()
