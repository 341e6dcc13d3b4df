"""Traces that come with published answers: how to tell them, and which answers are theirs."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from report.questions.answer import AnswerValue


@dataclass(frozen=True, slots=True)
class PublishedTrace:
    """A trace that every student can download."""

    name: str
    lab: str
    client_random: str
    """Of the lab's session, 64 hex digits."""
    answers: Mapping[str, AnswerValue]
    """The answers that tell it from other traces, by question id."""


@cache
def published_traces() -> tuple[PublishedTrace, ...]:
    """All that are known."""
    file = Path(__file__).with_name("textbook.toml")
    known = tomllib.loads(file.read_text(encoding="utf-8"))["traces"]
    return tuple(
        PublishedTrace(
            each["name"],
            each["lab"],
            each["client_random"],
            {q: tuple(v) if isinstance(v, list) else v for q, v in each["answers"].items()},
        )
        for each in known
    )


def published_answers(lab: str, question: str) -> tuple[AnswerValue, ...]:
    """What published traces of a lab answer to a question."""
    return tuple(
        trace.answers[question]
        for trace in published_traces()
        if trace.lab == lab and question in trace.answers
    )
