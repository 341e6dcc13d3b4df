"""Names of certificates and authorities: common names, as written; one, or a list without order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein

from report.questions.answer import AnswerValue
from report.questions.kinds.characters import folded, is_chinese, readable
from report.questions.kinds.context import choose, leads, standing
from report.questions.kinds.values import (
    DIFFERENT,
    EQUAL,
    Candidate,
    Comparison,
    Kind,
    Reading,
    Rule,
)
from report.questions.kinds.wordings import Wording, wording
from report.text import Text, visible

_ATTRIBUTE = wording(
    r"(?:\b(?:id-at-)?commonName|\bCN|通用名称?"
    r"|公用名)\s*[=:]\s*[\"'`*]*(?P<name>(?:(?!\s(?:id-at-|CN\b))[^,;)\]\"`\n，；）])+)",
)
_OTHER_ATTRIBUTE = wording(r"\b(?:id-at-\w+|O|OU|C|ST|L|DC|serialNumber)\s*=\s*[^,;)\n]+")
_QUOTED = wording(
    r"(?<![A-Za-z])[\"'`「『*]{1,2}(?P<name>[^\"`「」『』*\n]{2,80}?)[\"'`」』*]{1,2}(?![A-Za-z])"
)
_HOST = wording(
    r"(?<![\w.@/-])(?P<name>(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24})(?![\w-])",
)
_WORD = r"[A-Z0-9][\w&'.+-]*"
_SMALL = r"(?:of|de|for|&|-)"
_ISSUERS = wording(r"\b(?:CA|Authority|Root|Certification|Encrypt|Trust|Services?)\b")
_WHOLE = wording(r"^\W*(?P<name>[A-Za-z0-9][\w.&'-]*(?: [\w.&'-]+){0,5})\W*$")
_HAN_NAME = wording(r"(?P<name>[\u4e00-\u9fff]{2,20}(?:中心|公司|机构))")
_CAPITALS = wording(
    rf"(?<![\w.])(?P<name>(?:[A-Z]|\d(?=[A-Z]{{2}}))[\w&'’.+*-]*"
    rf"(?:[ \t]+(?:{_SMALL}[ \t]+)?{_WORD})*)",
    case=True,
)
_LATIN_RUN = wording(r"(?P<name>[A-Za-z*][A-Za-z0-9&'’.+*() -]*[A-Za-z0-9)])")

_ALGORITHM = wording(
    r"(?<![\w-])(?P<name>rsa|dsa|ecdsa|rc4|rc2|3?des|aes|idea|md5|sha-?\d*)(?![\w-])"
)

_LIST_HEAD = wording(r"\s*1[.)、]")
_LISTED = wording(r"(?:^|(?<=\s))[1-9][.)、](?=\s*\D)")
_TAIL = wording(r"[\s.,;:。，；]+$")
_NOT_NAMES = frozenset(
    {"no", "nope", "nah", "nada", "yes", "the", "a", "an", "it", "they", "this", "these", "that",
     "there", "then",
     "only", "both", "its", "my", "ca", "cas", "certificate", "certificates", "certification",
     "authority", "server", "client", "issuer", "subject", "root", "intermediate", "packet",
     "frame", "tls", "answer", "wireshark", "rdnsequence", "rdnssequence", "algorithm", "id",
     "if", "in", "we", "i", "he", "she", "as", "from", "according", "because", "all", "not",
     "none", "one", "two", "three", "first", "second", "third", "fourth", "http", "https", "tcp",
     "ip", "commonname", "item", "us", "cn", "other", "others", "encrypted", "hidden", "visible",
     "unknown", "same", "see", "handshake", "protocol", "question", "don", "t", "know",
     "sure", "idea", "idk", "todo", "skipped"}
)  # fmt: skip
_LEADING = wording(
    r"^(?:(?:The|A|An|Yes|No|Nope|Nah|None|Not|Only|It|Issuer|Issued by|Subject|Answer|Root"
    r"|Intermediate|Is|First|Second|Third|Fourth|Certificate|Cert|CA|Name|Leaf|By|And|Others?)\b[\s:,.]*)+(?=\S)",
)
_AFTER_STATEMENT = wording(
    r"(?:是|为|由|属于|即|叫做?|[:=→]|->|\bis|\bby|\bnamed|\bcalled|\bbelongs? to|\bfor|\bto"
    r"|\bare)\s*[\"'`*]*\s*"
    r"(?:the\s|a\s)?$",
)
_IN_PASSING = wording(
    r"\b(?:issued|signed) by[ ]+(?:the[ ]+)?(?:[A-Z][\w&'.-]*[ ]+){0,2}$", case=True
)
_SHORTEST_CUT = 12
_SHORT_WORD = 3
_SENTENCE_END = wording(
    r"(?<![A-Z])(?<!\bInc)(?<!\bCorp)(?<!\bCo)(?<!\bLtd)(?<!\bSt)(?<!\bNo)\.(?=[ \t]+[A-Z])",
    case=True,
)
_MERE_CAPITAL = wording(
    r"(?:(?<=\n)|^)[ \t]*[A-Z][a-z]+(?=[ \t]+(?!(?:is|was|are|has|and|or|issued|signed)\b)[a-z])",
    case=True,
)
_SUITE = wording(r"(?:TLS|SSL)_[A-Z0-9_]+_WITH_[A-Z0-9_]+")


def _trimmed(name: str) -> str:
    bare = _TAIL.sub("", " ".join(name.replace("’", "'").split()))
    return re.sub(r"^[*`\"' ]+(?!\.)|[*`\"' ]+$", "", bare)


def _attributes(text: str) -> Iterator[Candidate]:
    for found in _ATTRIBUTE.finditer(text):
        start, end = found.span("name")
        yield Candidate(_trimmed(found["name"]), start, end, 0.92)


@dataclass(frozen=True, slots=True)
class _Form:
    """One way in which names stand in a text, and how likely what it finds is a name."""

    pattern: Wording
    score: float
    any_case: bool = False


_FORMS = (
    _Form(_QUOTED, 0.75),
    _Form(_HOST, 0.7),
    _Form(_CAPITALS, 0.65),
)
_FORMS_LAST = (_Form(_WHOLE, 0.62, any_case=True), _Form(_ALGORITHM, 0.6, any_case=True))
_FORMS_IN_CHINESE = (_Form(_LATIN_RUN, 0.4), _Form(_HAN_NAME, 0.35, any_case=True))


def _loose(text: str, form: _Form) -> Iterator[Candidate]:
    for found in form.pattern.finditer(text):
        start, end = found.span("name")
        lead = _LEADING.match(found["name"])
        start += lead.end() if lead else 0
        name = _trimmed(text[start:end])
        looks_it = form.any_case or re.search(r"[A-Z.]", name)
        if len(name) >= 2 and looks_it and not _common(name):
            yield Candidate(name, start, end, form.score)


def _common(name: str) -> bool:
    """Whether there is nothing in it but words of every sentence."""
    words = re.findall(r"[a-z-]+", name.casefold())
    return bool(words) and all(word in _NOT_NAMES for word in words) and not re.search(r"\d", name)


def _masked(text: str, taken: list[Candidate]) -> str:
    """`text` with what is already read, and other attributes of a name, blanked out."""
    spans = [(c.start, c.end) for c in taken]
    spans += [found.span() for found in _OTHER_ATTRIBUTE.finditer(text)]
    spans += [(found.start(), found.start("name")) for found in _ATTRIBUTE.finditer(text)]
    for start, end in spans:
        text = text[:start] + "\n" * (end - start) + text[end:]
    return text


def _found(text: str) -> list[Candidate]:
    """Names by each form in turn; what one has read the next no longer sees."""
    plain = text
    if _LIST_HEAD.match(text):
        plain = _LISTED.sub(lambda number: "\n" * len(number[0]), text)
    plain = _SENTENCE_END.sub("\n", plain)
    plain = _MERE_CAPITAL.sub(lambda word: "\n" * len(word[0]), plain)
    found = list(_attributes(plain))
    for form in (*_FORMS, *(_FORMS_IN_CHINESE if is_chinese(text) else ())):
        found += _loose(_masked(plain, found), form)
    return found or next((last for form in _FORMS_LAST if (last := list(_loose(plain, form)))), [])


def _weighed(text: str, candidate: Candidate) -> Candidate:
    score = candidate.score
    if _ISSUERS.search(str(candidate.value)):
        score += 0.08
    said = _AFTER_STATEMENT.search(text[max(0, candidate.start - 24) : candidate.start])
    if said or leads(text, candidate.start):
        score += 0.12
    if candidate.end - candidate.start >= 0.8 * len(text.strip()):
        score += 0.2
    return Candidate(candidate.value, candidate.start, candidate.end, min(0.98, score))


def _parse_name(text: str) -> Reading | None:
    plain = readable(text)
    return choose(plain, (_weighed(plain, candidate) for candidate in _found(plain)))


def _parse_names(text: str) -> Reading | None:
    plain = readable(text)
    found = sorted(_found(plain), key=lambda c: c.start)
    strong = [c for c in found if c.score >= 0.6] or found
    named = [c for c in strong if standing(plain, c.start, c.end) >= 0.5]
    named = [c for c in named if not _IN_PASSING.search(plain[: c.start])] or named
    if not named:
        return None
    names = _without_whole(tuple(dict.fromkeys(str(c.value) for c in named)))
    sure = sum(c.score for c in named) / len(named)
    return Reading(names, min(0.95, sure + 0.1), named[0].start, named[-1].end)


def _without_whole(names: tuple[str, ...]) -> tuple[str, ...]:
    """Without a suite's name where at least two of its parts are listed too."""
    rest = tuple(name for name in names if not _SUITE.fullmatch(name))
    return rest if len(rest) >= 2 else names


def _plain(name: str) -> str:
    bare = re.sub(r"^(?:CN|O)\s*=\s*", "", folded(name).casefold().strip())
    return re.sub(r"[^\w*]+", " ", bare).strip()


def same_name(given: str, expected: str) -> bool:
    """Whether a written name is the expected one: case and punctuation aside, one slip allowed.

    A name cut off inside a word (as a narrow screenshot shows it) is the name; one that ends
    earlier at a word's end is another name (`… CA` and `… CA 2`), and digits must agree.
    """
    written, true = _plain(given), _plain(expected)
    if written == true:
        return True
    if _cut_off(written, true) or _cut_off(written.rstrip(" ."), true):
        return True
    if re.findall(r"\d+", written) != re.findall(r"\d+", true) or len(true) < 8:
        return False
    if _another_short_word(written.split(), true.split()):
        return False
    return DamerauLevenshtein.distance(written, true, score_cutoff=1) <= 1


def _another_short_word(written: list[str], true: list[str]) -> bool:
    """One letter makes another word of a short one: `E5` and `R5`, `a.example` and `b.example`."""
    pairs = zip(written, true, strict=False)
    return any(w != t and len(w) == len(t) <= _SHORT_WORD for w, t in pairs)


def is_short_form(given: str, expected: str) -> bool:
    """Whether all words of `given` stand in `expected`, at least one of them its very own."""
    written, true = _plain(given).split(), _plain(expected).split()
    telling = [word for word in written if not _common(word) and not _ISSUERS.search(word)]
    return bool(telling) and written != true and set(written) <= set(true)


def _cut_off(written: str, true: str) -> bool:
    longer = len(true) > len(written) >= _SHORTEST_CUT and true.startswith(written)
    return longer and true[len(written)].isalpha() and written[-1].isalpha()


def _holds(given: str, expected: str) -> bool:
    """Whether the expected name stands whole in what is given: `R3` in `Let's Encrypt R3`.

    Not if the words around it make it another one: `Example` in `Example Root CA`.
    """
    before, found, after = f" {_plain(given)} ".partition(f" {_plain(expected)} ")
    return bool(found) and not _ISSUERS.search(f"{before} {after}")


def _compare_name(given: AnswerValue, expected: AnswerValue, rule: Rule) -> Comparison:
    if same_name(str(given), str(expected)):
        return EQUAL
    if any(same_name(str(given), str(accepted)) for accepted in rule.accept):
        return Comparison(True, why="accepted")
    if _holds(str(given), str(expected)) and not _longer_by_number(str(given), str(expected)):
        return Comparison(True, why="with_more_words")
    return DIFFERENT


def _longer_by_number(given: str, expected: str) -> bool:
    return re.findall(r"\d+", _plain(given)) != re.findall(r"\d+", _plain(expected))


def _compare_names(given: AnswerValue, expected: AnswerValue, rule: Rule) -> Comparison:
    """Without order; `partial` is the share of the expected names that are there."""
    written = given if isinstance(given, tuple) else (str(given),)
    true = expected if isinstance(expected, tuple) else (str(expected),)
    written = (*written, *(part for name in written for part in _suite_parts(name)))
    hits = [any(_compare_name(w, name, rule).equal for w in written) for name in true]
    if rule.one_is_enough and any(hits):
        return EQUAL
    if all(hit or at < rule.may_omit for at, hit in enumerate(hits)):
        return EQUAL
    if any(_compare_names(given, accepted, Rule()).equal for accepted in rule.accept if accepted):
        return Comparison(True, why="accepted")
    needed = hits[rule.may_omit :] if len(hits) > rule.may_omit else hits
    found = sum(needed) / len(needed)
    return Comparison(False, rule.share("some_names", found), "some_names") if found else DIFFERENT


def _suite_parts(name: str) -> list[str]:
    """`TLS_RSA_WITH_RC4_128_MD5` names RSA, RC4 and MD5."""
    return name.split("_") if _SUITE.fullmatch(name) else []


def _format_name(value: AnswerValue) -> Text:
    if not isinstance(value, str):
        raise TypeError(f"not a name: {value!r}")
    return Text(visible(value), visible(value))


def _format_names(value: AnswerValue) -> Text:
    if not isinstance(value, tuple):
        raise TypeError(f"not a list of names: {value!r}")
    shown = [visible(name) for name in value]
    return Text("；".join(shown) or "（无）", "; ".join(shown) or "(none)")


NAME = Kind("name", _parse_name, _format_name, _compare_name)
NAMES = Kind("names", _parse_names, _format_names, _compare_names)
