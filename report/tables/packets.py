"""The packets table: one row per packet, one column per tshark field."""

import io
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from report.capture.fields import AGGREGATOR, PACKET_FIELDS, SEPARATOR, Shape
from report.capture.trace import Columns

Occurrences = tuple[str, ...]

_SHAPES: Mapping[str, Shape] = {field.name: field.shape for field in PACKET_FIELDS}
_REPEATING = frozenset(
    {"frame.protocols", "_ws.col.source", "_ws.col.destination", "_ws.col.protocol"}
)
"""Text columns with few different values, kept as categories."""


def packets_table(columns: Columns) -> pd.DataFrame:
    """One row per packet, indexed by packet number (int64, named `frame`).

    A column per tshark field, under the field's own name, so that a display filter and a pandas
    mask name the same thing: `frame.len` Int64, `frame.time_relative` and `frame.time_epoch`
    float64 in seconds, fields of shape `flag` bool, all others text with `""` where the field does
    not occur; several occurrences are parted by `AGGREGATOR`, see `occurrences`. The packet list's
    columns are `_ws.col.source`, `_ws.col.destination`, `_ws.col.protocol` and `_ws.col.info`.
    """
    frame = pd.read_csv(
        io.BytesIO(columns.rows),
        sep=SEPARATOR,
        header=None,
        names=list(columns.names),
        dtype={name: _dtype(name) for name in columns.names},
        na_values=[],
        keep_default_na=False,
        quoting=3,
        lineterminator="\n",
        encoding="utf-8",
        encoding_errors="replace",
        index_col=False,
    )
    for name in frame.columns:
        shape = _SHAPES.get(str(name))
        if shape == "flag":
            frame[name] = frame[name] != ""
        elif shape == "integer":
            frame[name] = pd.to_numeric(frame[name], errors="coerce").astype("Int64")
        elif shape == "real":
            frame[name] = pd.to_numeric(frame[name], errors="coerce")
    frame.index = pd.Index(frame["frame.number"].astype("int64"), name="frame")
    return frame


def _dtype(name: str) -> str:
    if name in _REPEATING or _SHAPES.get(name) == "many":
        return "category"
    return "str"


def occurrences(value: object) -> Occurrences:
    """A cell's values, in the order tshark met them: `"22\\x1f20"` is `("22", "20")`."""
    return tuple(str(value).split(AGGREGATOR)) if value != "" else ()


def per_cell(column: "pd.Series[str]", read: Callable[[str], Any]) -> "np.ndarray[Any, Any]":
    """`read` of every cell, one value per row, asked once per different cell."""
    cells = column.astype("category").cat
    known = np.array([read(str(cell)) for cell in cells.categories] + [read("")])
    return known[cells.codes.to_numpy()]


def cut_short(packets: pd.DataFrame) -> bool:
    """Whether only the first bytes of any of these packets were kept (a snap length)."""
    return bool((packets["frame.cap_len"] < packets["frame.len"]).any())


def integers(value: object) -> tuple[int, ...]:
    """A cell's numbers, whether tshark wrote them in decimal or in hex."""
    cell = str(value)
    return _remembered(cell) if len(cell) <= _SHORT else _integers(cell)


def _integers(cell: str) -> tuple[int, ...]:
    return tuple(int(text, 0) for text in occurrences(cell))


_SHORT = 40
"""Characters of cells that are alike and many: ports, types, lengths. Longer ones fill memory."""
_remembered = lru_cache(maxsize=1 << 14)(_integers)
