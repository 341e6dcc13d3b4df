"""A cipher suite by its registered name; read from any usual spelling of it, or its number."""

import re
from functools import cache

from report.questions.answer import AnswerValue
from report.questions.kinds.characters import readable
from report.questions.kinds.context import choose
from report.questions.kinds.values import (
    Candidate,
    Kind,
    Reading,
    compared,
    same_in_both,
)
from report.questions.kinds.wordings import wording
from report.text import Text, visible
from report.tls.registry import registry

_NAME = wording(
    r"\b(?:TLS|SSL)[\s_-]+[A-Z0-9](?:[A-Z0-9\s_-]*[A-Z0-9])?(?![A-Z0-9])"
    r"|\b(?:ECDHE?|DHE?|EDH|RSA|PSK)[_-](?:[A-Za-z0-9]+[_-])+[A-Z0-9]+\b"
    r"|\b(?:AES|CHACHA20|CAMELLIA|DES|RC4)[0-9]*[_-](?:[A-Z0-9]+[_-])*(?:SHA\d*|MD5)\b",
)
_CODE = wording(
    r"\b0x(?:00)?(?P<one>[0-9a-f]{4})\b"
    r"|\{?\s*\b0x(?P<high>[0-9a-f]{2})\s*[,， ]\s*0x(?P<low>[0-9a-f]{2})\b\s*\}?"
    r"|(?<![\w.])(?P<pair>(?:c0|13|cc|00)[ :]?[0-9a-f]{2})(?![\w:])",
)
_HELLO_VERSION = frozenset({0x0300, 0x0301, 0x0302, 0x0303, 0x0304})


def _key(name: str) -> str:
    """A name without what spellings differ in: `TLS_`, `WITH`, joints, the dashes of OpenSSL."""
    bare = re.sub(r"[^A-Z0-9]+", "", name.upper())
    bare = re.sub(r"^(?:TLS|SSL)", "", bare).replace("WITH", "")
    return bare.replace("CHACHA20POLY1305SHA256", "CHACHA20POLY1305").replace("EDE", "")


@cache
def _registered() -> dict[str, str]:
    """Keys of the registered names, past and present."""
    names: dict[str, str] = {}
    for entry in registry("cipher_suites").by_value.values():
        for spelling in filter(None, (entry.name, entry.former)):
            names.setdefault(_key(spelling), entry.name)
    return names


@cache
def _short() -> dict[str, str]:
    """Keys of OpenSSL's names, which leave out `RSA` key exchange and `CBC`: `AES128-SHA`."""
    names: dict[str, str] = {}
    for entry in registry("cipher_suites").by_value.values():
        if "_WITH_" in entry.name:
            bare = entry.name.replace("TLS_RSA_WITH_", "TLS_").replace("_CBC", "")
            names.setdefault(_key(bare), entry.name)
    return names


def _named(written: str) -> str | None:
    """`AES128-GCM-SHA256` is OpenSSL's name of a TLS 1.2 suite; with `TLS_` it is one of 1.3."""
    key = _key(written)
    if re.match(r"(?:TLS|SSL)", written, re.IGNORECASE):
        return _registered().get(key) or _short().get(key)
    return _short().get(key) or _registered().get(key)


def _longest(written: str, start: int) -> Candidate | None:
    """The longest beginning of `written` that names a suite (the rest is the sentence going on)."""
    ends = [found.end() for found in re.finditer(r"[A-Za-z0-9]+", written)]
    for end in reversed(ends):
        name = _named(written[:end])
        if name and _plausible(written[:end]):
            return Candidate(name, start, start + end, 0.95)
    return None


def _plausible(written: str) -> bool:
    """Names of a single word are no suites (`TLS AES` is; `RSA` is an algorithm)."""
    return len(re.findall(r"[A-Za-z0-9]+", written)) >= 2


def _coded(found: re.Match[str]) -> int:
    if found["one"]:
        return int(found["one"], 16)
    if found["high"]:
        return int(found["high"] + found["low"], 16)
    return int(re.sub(r"[ :]", "", found["pair"]), 16)


def suites_in(text: str) -> list[Candidate]:
    """Every suite that a folded text names or numbers, scored without its context."""
    named = [
        candidate
        for found in _NAME.finditer(text)
        if (candidate := _longest(found[0], found.start())) is not None
    ]
    entries = registry("cipher_suites").by_value
    coded = [
        Candidate(entries[code].name, *found.span(), 0.55 if found["pair"] else 0.85)
        for found in _CODE.finditer(text)
        if (code := _coded(found)) in entries and code not in _HELLO_VERSION
    ]
    return [*named, *coded]


def _parse(text: str) -> Reading | None:
    plain = readable(text)
    return choose(plain, suites_in(plain))


def _same(given: AnswerValue, expected: AnswerValue) -> bool:
    return _key(str(given)) == _key(str(expected))


def _format(value: AnswerValue) -> Text:
    if not isinstance(value, str):
        raise TypeError(f"not a cipher suite: {value!r}")
    return same_in_both(visible(value))


CIPHER_SUITE = Kind("cipher_suite", _parse, _format, compared(_same))
