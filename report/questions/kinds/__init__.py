"""The kinds of value that questions ask for: one parser, one formatter, one comparer each."""

from collections.abc import Mapping

from report.questions.kinds import (
    algorithms,
    byte_counts,
    cipher_suites,
    counts,
    free_text,
    hexdigits,
    messages,
    names,
    orders,
    packet_numbers,
    seconds,
    versions,
    yes_no,
)
from report.questions.kinds.values import Kind

KINDS: Mapping[str, Kind] = {
    each.name: each
    for each in (
        packet_numbers.PACKET_NUMBER,
        counts.COUNT,
        counts.INTEGER,
        byte_counts.BYTE_COUNT,
        seconds.SECONDS,
        versions.VERSION,
        hexdigits.HEX,
        cipher_suites.CIPHER_SUITE,
        algorithms.ALGORITHM,
        names.NAME,
        names.NAMES,
        yes_no.YES_NO,
        orders.BEFORE_AFTER,
        messages.MESSAGE_NAME,
        free_text.TEXT,
    )
}


def kind(name: str) -> Kind:
    """The kind with this name. Raises `KeyError` naming the kinds that there are."""
    if name not in KINDS:
        raise KeyError(f"no kind {name!r}; there are: {', '.join(sorted(KINDS))}")
    return KINDS[name]
