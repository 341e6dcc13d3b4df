"""The kinds of value that questions ask for: one parser, one formatter, one comparer each."""

from collections.abc import Mapping

from report.questions.kinds import (
    algorithms,
    choices,
    cipher_suites,
    free_text,
    hexdigits,
    names,
    numbers,
    seconds,
    versions,
)
from report.questions.kinds.values import Kind

KINDS: Mapping[str, Kind] = {
    each.name: each
    for each in (
        numbers.PACKET_NUMBER,
        numbers.COUNT,
        numbers.INTEGER,
        numbers.BYTE_COUNT,
        seconds.SECONDS,
        versions.VERSION,
        hexdigits.HEX,
        cipher_suites.CIPHER_SUITE,
        algorithms.ALGORITHM,
        names.NAME,
        names.NAMES,
        choices.YES_NO,
        choices.BEFORE_AFTER,
        choices.MESSAGE_NAME,
        free_text.TEXT,
    )
}


def kind(name: str) -> Kind:
    """The kind with this name. Raises `KeyError` naming the kinds that there are."""
    if name not in KINDS:
        raise KeyError(f"no kind {name!r}; there are: {', '.join(sorted(KINDS))}")
    return KINDS[name]
