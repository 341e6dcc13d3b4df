"""The rules that keep what a capture says from becoming markup."""

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError, meta

from report.rendering.html import environment

TEMPLATES = ("report.html", "macros.html", "question.html", "diagram.html")


def test_nothing_is_marked_safe(checkout: Path) -> None:
    for template in sorted((checkout / "templates").glob("*.html")):
        assert not re.search(r"\|\s*safe\b|autoescape", template.read_text("utf-8")), template
    for module in sorted((checkout / "report" / "rendering").glob("*.py")):
        assert "Markup" not in module.read_text("utf-8"), module


def test_attributes_are_quoted(checkout: Path) -> None:
    for template in sorted((checkout / "templates").glob("*.html")):
        found = re.findall(r"[a-z-]+=\{\{", template.read_text("utf-8"))
        assert not found, template


def test_no_address_begins_with_data(checkout: Path) -> None:
    """Every link of the report leads into the page; none takes its scheme from a value.

    The lab's logo alone is an address as a whole, and never comes from a capture.
    """
    for name in TEMPLATES:
        source = (checkout / "templates" / name).read_text("utf-8")
        for target in re.findall(r'(?:href|src)="([^"]*)"', source):
            assert target.startswith("#") or target == "{{ view.logo }}", (name, target)


def test_everything_is_escaped_and_unknown_names_are_errors() -> None:
    templates = environment()
    assert templates.autoescape is True
    assert templates.from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        templates.from_string("{{ nothing }}").render()
    with pytest.raises(UndefinedError):
        templates.from_string("{{ labels.nothing }}").render()


def test_data_are_never_compiled() -> None:
    assert environment().from_string("{{ x }}").render(x="{{ 7 * 7 }}") == "{{ 7 * 7 }}"


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_name_in_a_template_is_given(name: str, checkout: Path) -> None:
    given = {"view", "language", "medium", "fields", "page_title", "running", "script_hash"}
    given |= {"style_hash", "q", "diagram"} | set(environment().globals)
    source = (checkout / "templates" / name).read_text("utf-8")
    assert meta.find_undeclared_variables(environment().parse(source)) <= given
