"""The published answers of a textbook's trace, to tell when they are handed in for another."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from report.questions.answer import AnswerValue


@dataclass(frozen=True, slots=True)
class Published:
    """What is public of one lab's own trace."""

    client_random: str
    """Hex; the trace is the textbook's if its session's Client Hello has it."""
    answers: Mapping[str, AnswerValue]
    """By question id."""


def published_for(lab: str) -> Published | None:
    """The published answers of the lab with this id; None where nothing is known."""
    known = _all().get(lab)
    if known is None:
        return None
    answers = {name: _value(value) for name, value in known["answers"].items()}
    return Published(known["client_random"], answers)


def _value(value: Any) -> AnswerValue:
    return tuple(value) if isinstance(value, list) else value


@cache
def _all() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
