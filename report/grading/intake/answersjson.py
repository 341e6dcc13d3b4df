"""The answers.json inside a report: read strictly, as it may have been edited by anyone."""

import json
import math
from typing import Any

from report.grading.intake.encoding import NotTextError, decode_text
from report.grading.intake.limits import DocumentLimits

FILE_NAME = "answers.json"
ELEMENT_ID = "labshark-answers"


def parse_answers(data: bytes) -> dict[str, Any]:
    """The object in an answers.json. Raises ValueError for anything else.

    Refused: more than 8 MiB, NaN and infinities, keys that stand twice, nesting without end.
    """
    if len(data) > DocumentLimits().answers_bytes:
        raise ValueError("too large")
    try:
        value = json.loads(
            decode_text(data)[0],
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except (NotTextError, RecursionError) as error:
        raise ValueError("not JSON") from error
    if not isinstance(value, dict) or not isinstance(value.get("answers"), list):
        raise ValueError("no answers in it")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key stands twice")
    return value


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
