"""What a sentence is about, whatever its language and wording: the lab's terms that it names."""

import math
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rapidfuzz import fuzz

from report.questions.kinds.characters import folded
from report.questions.kinds.wordings import wording

_TERMS = tomllib.loads(Path(__file__).with_name("terms.toml").read_text(encoding="utf-8"))
_PATTERNS = {name: wording(*spellings) for name, spellings in _TERMS.items()}
_LEAST_FUZZ = 55.0
_LONGEST = 600
_ALIKE_ENOUGH = 0.8


@lru_cache(maxsize=4096)
def concepts(text: str) -> frozenset[str]:
    """The terms that a text names, up to its first 600 characters."""
    plain = folded(text[:_LONGEST])
    return frozenset(name for name, pattern in _PATTERNS.items() if pattern.search(plain))


@dataclass(frozen=True, slots=True)
class Weights:
    """How telling each term is among the questions of one lab: rare ones tell more."""

    by_concept: dict[str, float]

    def of(self, names: Iterable[str]) -> float:
        """The squared length of a set of terms."""
        return sum(self.by_concept.get(name, 0.0) ** 2 for name in names)


def weights(questions: Iterable[frozenset[str]]) -> Weights:
    """Weights of the terms in these questions; terms of no question weigh little."""
    asked = list(questions)
    counts = Counter(name for names in asked for name in names)
    total = len(asked) or 1
    known = {name: math.log(1 + total / count) for name, count in counts.items()}
    return Weights({name: known.get(name, 0.8) for name in _PATTERNS})


def likeness(text: str, asks: Iterable[str], named: frozenset[str], weighed: Weights) -> float:
    """How much `text` asks the same as a question does, from 0 to 1.

    `asks` are the question's wordings and `named` their terms. Terms serve paraphrase and
    translation; letter by letter comparison serves labs whose terms are not in the list.
    """
    by_terms = _by_terms(text, named, weighed)
    if by_terms >= _ALIKE_ENOUGH:
        return by_terms
    return max(by_terms, *(_by_letters(text, ask) for ask in asks))


def _by_terms(text: str, named: frozenset[str], weighed: Weights) -> float:
    said = concepts(text)
    length = math.sqrt(weighed.of(said) * weighed.of(named))
    return weighed.of(said & named) / length if length else 0.0


def _by_letters(text: str, ask: str) -> float:
    plain, asked = _plain(text), _plain(ask)
    if len(plain) < 0.4 * len(asked):
        return 0.0
    compare = fuzz.partial_ratio if len(plain) > len(asked) else fuzz.ratio
    alike = compare(asked, plain, score_cutoff=_LEAST_FUZZ)
    return max(0.0, alike - _LEAST_FUZZ) / (100 - _LEAST_FUZZ)


@lru_cache(maxsize=1024)
def _plain(text: str) -> str:
    return folded(text[:_LONGEST]).casefold()
