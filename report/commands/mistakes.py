"""Mistakes on the command line, in our own sentences; the option library says them in English."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, cast

import typer

from report.errors import LabsharkError
from report.text import Text

USAGE_ERROR = cast(type[Exception], typer.BadParameter.__bases__[0])
"""typer's own name for it differs by release."""
_SHOWS_HELP = "NoArgsIsHelpError"


def usage_fault(mistake: Any) -> LabsharkError | None:
    """What to say of a `USAGE_ERROR`; None where it is help that was asked for."""
    kind = type(mistake).__name__
    if kind == _SHOWS_HELP:
        return None
    command = mistake.ctx.command_path if mistake.ctx else "labshark"
    if kind == "NoSuchOption":
        near = mistake.possibilities or ()
        return _unknown("usage-no-such-option", command, near, option=mistake.option_name)
    if kind == "MissingParameter":
        return LabsharkError("usage-missing", what=_named(mistake), command=command)
    if kind == "BadParameter":
        wanted = _wanted(mistake.message)
        return LabsharkError(
            "usage-value",
            what=_named(mistake),
            command=command,
            wanted_zh=wanted.zh,
            wanted_en=wanted.en,
        )
    if kind == "BadOptionUsage":
        option = mistake.option_name
        return LabsharkError("usage-no-value", option=option, command=command)
    return _of_words(mistake, command)


def _of_words(mistake: Any, command: str) -> LabsharkError:
    """Of mistakes that only their words tell apart."""
    said = str(mistake.message)
    if unknown := re.match(r"No such command '(.*?)'", said, re.DOTALL):
        known = getattr(mistake.ctx.command, "commands", ())
        near = get_close_matches(unknown[1], list(known), 1)
        return _unknown("usage-no-such-command", command, near, word=unknown[1])
    if extra := re.match(r"Got unexpected extra argument[s()]* \((.*)\)", said, re.DOTALL):
        return LabsharkError("usage-extra", words=extra[1], command=command)
    return LabsharkError("usage", detail=said, command=command)


def _unknown(slug: str, command: str, near: Iterable[str], **values: str) -> LabsharkError:
    """Something that is not there, and what was probably meant."""
    listed = sorted(near)
    zh = f"（是不是 {'、'.join(listed)}？）" if listed else ""
    en = f" (did you mean {', '.join(listed)}?)" if listed else ""
    return LabsharkError(slug, command=command, near_zh=zh, near_en=en, **values)


def _named(mistake: Any) -> str:
    """The option or argument that a mistake is about, as it is written on the command line."""
    param = mistake.param
    if param is None:
        return str(mistake.param_hint or "?")
    options = [option for option in param.opts if option.startswith("-")]
    return max(options, key=len) if options else f"{{{param.name}}}"


def _wanted(said: str) -> Text:
    """What a value should have been, from what the library says of the one that was given."""
    if choices := re.search(r"one of (.+)", said, re.DOTALL):
        listed = re.findall(r"'([^']*)'", choices[1])
        return Text(f"可用的是 {'、'.join(listed)}", f"choose from {', '.join(listed)}")
    if least := _bound(r"greater than or equal to #|x>=#|#<=x", said):
        return Text(f"应不小于 {least}", f"at least {least} is wanted")
    if most := _bound(r"less than or equal to #|x<=#", said):
        return Text(f"应不大于 {most}", f"at most {most} is wanted")
    if "integer" in said:
        return Text("应为整数", "a whole number is wanted")
    if "number" in said or "float" in said:
        return Text("应为数", "a number is wanted")
    return Text("格式不对", said.rstrip("."))


def _bound(pattern: str, said: str) -> str | None:
    """The number where `#` stands in one of the ways to say it."""
    found = re.search(pattern.replace("#", r"(-?\d[\d.]*)"), said)
    return next((number for number in found.groups() if number), None) if found else None
