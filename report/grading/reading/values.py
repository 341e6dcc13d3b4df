"""Reads one question's value out of its block: statements first, copied matter after them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from rapidfuzz import fuzz

from report.grading.reading.asked import Asked, Questions
from report.grading.reading.blocks import Block, Part
from report.grading.reading.concepts import concepts
from report.grading.reading.given import GivenAnswer, Stance, Where
from report.grading.reading.matter import Matter
from report.grading.reading.parsing import parsed, stands_alone
from report.grading.reading.polarity import BARE, SAID, stands_apart, two_sided
from report.grading.reading.stances import affirms, denies, stance_of, unknowing
from report.questions.answer import AnswerValue
from report.questions.kinds.characters import folded
from report.questions.kinds.context import clause, leads
from report.questions.kinds.values import Candidate, Reading, best
from report.questions.kinds.wordings import wording

_WEIGHTS = {
    Matter.STATEMENT: 1.0,
    Matter.TREE: 0.75,
    Matter.ROW: 0.5,
    Matter.CAPTION: 0.6,
    Matter.BYTES: 0.0,
    Matter.NOTHING: 0.0,
}
_ONLY_TREE = 0.95
_UNMARKED = 0.6
_LATER = (1.0, 0.8, 0.7)
_CONCLUDES = wording(
    r"所以|因此|综上|故|可知|答案|结论|最终|\bso\b|\bthus\b|\bhence\b|\btherefore\b|\banswer\b"
    r"|\bfinal"
)
_ROW_NUMBER = wording(r"^\W*(\d{1,7})\b")
_FIELD = wording(
    r"^[\s▶▼▷▽►▸▾└├│⊞⊟>\-.]*(?P<name>[A-Za-z][A-Za-z \-]{2,40}?)\s*(?:\[[^\]]*\])?\s*:"
)
_ANY = wording("")
_TREE_MAY_HOLD = {"packet_number": wording(r"\bframe \d+:"), "count": wording("suites|套件")}
"""Of numbers, the detail pane has many that are not asked for."""
_LONGEST_TEXT = 4000
_LONGEST_SHOWN = 240
_STANCE_SURE = 0.9
_IMPLIED = 0.75
_PICTURE = 0.3
_SECOND = 0.8
_BESIDE_THE_POINT = 0.8
_CLEAR = 0.6
_SHORT = 48
_COPIED = 0.5
_RIVALS = 0.4
_REASONS = (Stance.HIDDEN, Stance.NOT_APPLICABLE, Stance.NOT_CAPTURED)


@dataclass(frozen=True, slots=True)
class Option:
    """One value that one part of a block may state."""

    value: AnswerValue
    score: float
    part: Part


def given_answer(block: Block, questions: Questions, file: str, sure: float) -> GivenAnswer:
    """The answer that a block holds; `sure` is how certain it is that it is this question's."""
    if block.asked.kind == "text":
        return _own_words(block, file, sure)
    if two_sided(block.asked) and block.parts:
        return _sided(block, questions, file, sure)
    return _valued(block, questions, file, sure)


def _sided(block: Block, questions: Questions, file: str, sure: float) -> GivenAnswer:
    """Yes or no where the words must say to which side of the question."""
    said = _statements(block) or list(block.parts)
    apart = stands_apart("\n".join(part.text for part in said))
    answer = _valued(block, questions, file, sure)
    if apart is not None:
        return replace(answer, value=apart, confidence=round(SAID * sure, 3), stance=None)
    return answer.less_sure(BARE)


def _valued(block: Block, questions: Questions, file: str, sure: float) -> GivenAnswer:
    denial = _denial(block)
    options = _options(block, questions)
    if denial or _words_say_more(block, options):
        return _in_words(block, file, sure, denial, options)
    reading, part = _chosen(options)
    return GivenAnswer(
        question=block.asked.id,
        text=part.text[:_LONGEST_SHOWN],
        value=reading.value,
        confidence=round(reading.confidence * sure, 3),
        where=Where(file, part.line.number),
        alternatives=_serious(reading),
        rivals=_rivals(block, part, reading.value),
    )


def _rivals(block: Block, chosen: Part, value: AnswerValue) -> tuple[AnswerValue, ...]:
    """What other statements of the block are, word for word, beside the one that was taken."""
    kind_name = block.asked.kind
    others = [part for part in _statements(block) if part is not chosen]
    alone = [stands_alone(kind_name, part.text) for part in others]
    return tuple(dict.fromkeys(one for one in alone if one is not None and one != value))[:4]


def _words_say_more(block: Block, options: Sequence[Option]) -> bool:
    """Whether the words are a better answer than any value in them: `see 11, encrypted`."""
    strongest = max((option.score for option in options), default=0.0)
    said = _statements(block)
    if strongest >= _CLEAR:
        return bool(said) and _only_says_why(block, said[0])
    return not options or bool(said and stance_of(said[0].text) in _REASONS)


def _only_says_why(block: Block, first: Part) -> bool:
    """`not visible either` holds no name, though words may always be one."""
    named = block.asked.kind in ("name", "names")
    reason = named and len(first.text) <= _SHORT and stance_of(first.text) in _REASONS
    return reason and not re.search(r"[A-Z0-9]{2}|\b[A-Z][a-z]+ [A-Z]|\w\.\w", first.text)


def _serious(reading: Reading) -> tuple[AnswerValue, ...]:
    """Other values that the writer may have meant; not every number in a copied packet list."""
    top = max(reading.confidence, _CLEAR)
    return tuple(o.value for o in reading.alternatives[:4] if o.score >= _RIVALS * top)


def _statements(block: Block) -> list[Part]:
    said = [part for part in block.parts if part.matter is Matter.STATEMENT]
    marked = [part for part in said if part.marked]
    return marked or said


def _own_words(block: Block, file: str, sure: float) -> GivenAnswer:
    said = _statements(block) or list(block.parts)
    if not said:
        return _nothing_said(block, file, sure)
    text = "\n".join(part.text for part in said)[:_LONGEST_TEXT].strip()
    where = Where(file, said[0].line.number)
    return GivenAnswer(block.asked.id, text, text or None, round(sure, 3), where)


def _denial(block: Block) -> Part | None:
    """The first statement, if it says no to a question that can be denied."""
    if not block.asked.deniable:
        return None
    for part in _statements(block)[:2]:
        if denies(part.text):
            return part
        if affirms(part.text) or parsed(block.asked.kind, part.text):
            return None
    return None


def _in_words(
    block: Block, file: str, sure: float, denial: Part | None, options: Sequence[Option]
) -> GivenAnswer:
    said = _statements(block) or list(block.parts)
    if not said:
        return _nothing_said(block, file, sure)
    stances = [(part, stance) for part in said if (stance := stance_of(part.text))]
    part, stance = stances[0] if stances else (said[0], None)
    if denial:
        part, stance = denial, _denied(denial.text)
    if stance is None and block.asked.kind == "yes_no":
        return _implied(block, said[0], file, sure)
    return GivenAnswer(
        question=block.asked.id,
        text=part.text[:_LONGEST_SHOWN],
        value=None,
        confidence=round((_STANCE_SURE if stance else 0.4) * sure, 3),
        where=Where(file, part.line.number),
        alternatives=tuple(dict.fromkeys(option.value for option in options))[:4],
        stance=stance,
    )


def _nothing_said(block: Block, file: str, sure: float) -> GivenAnswer:
    """No words: nothing was answered, unless a picture is the answer."""
    if block.pictures:
        where = Where(file, block.pictures[0].number)
        return GivenAnswer(block.asked.id, "", None, round(_PICTURE * sure, 3), where)
    return GivenAnswer(block.asked.id, "", None, round(sure, 3), None)


def _denied(text: str) -> Stance:
    """What a denial means; who begins with not knowing has denied nothing."""
    if unknowing(text):
        return Stance.UNKNOWN
    stance = stance_of(text)
    return Stance.ABSENT if stance in (None, Stance.UNKNOWN) else stance


def _implied(block: Block, part: Part, file: str, sure: float) -> GivenAnswer:
    """Who shows the thing or says what it is for has said yes, unless a denial is among it."""
    where = Where(file, part.line.number)
    text = part.text[:_LONGEST_SHOWN]
    implied = _DOUBTFUL if _NEGATES.search(text) else _IMPLIED
    return GivenAnswer(block.asked.id, text, True, round(implied * sure, 3), where)


_NEGATES = wording(r"\b(?:not|no|never|none|without)\b|n't\b|[没无不未非否]")
_DOUBTFUL = 0.2


def _options(block: Block, questions: Questions) -> list[Option]:
    parts = list(_listed(block)) if block.asked.kind == "names" else block.parts
    marked = any(part.marked for part in parts)
    options: list[Option] = []
    statements = 0
    for part in parts:
        weight = _weight(block, part)
        if marked and not part.marked:
            weight *= _UNMARKED
        found = list(_read(block, part, questions))
        if part.matter is Matter.STATEMENT and found:
            later = _LATER[min(statements, len(_LATER) - 1)]
            weight *= 1.0 if _CONCLUDES.search(folded(part.text)) else later
            statements += 1
        options += [Option(value, score * weight, part) for value, score in found]
    return [option for option in _statements_first(options) if option.score > 0]


def _statements_first(options: list[Option]) -> list[Option]:
    """What the writer states outweighs what is copied around it."""
    said = [option for option in options if option.part.matter is Matter.STATEMENT]
    if not any(option.score >= _CLEAR for option in said):
        return options
    return [o if o in said else replace(o, score=o.score * _COPIED) for o in options]


def _listed(block: Block) -> Iterator[Part]:
    """Names stand one to a line as often as in one sentence: neighbours alike are one part."""
    for matter, run in groupby(block.parts, key=lambda part: part.matter):
        parts = list(run)
        text = "\n".join(part.text for part in parts)
        yield Part(text, parts[0].line, matter, any(part.marked for part in parts))


def _weight(block: Block, part: Part) -> float:
    if part.matter is Matter.TREE and not any(
        other.matter is Matter.STATEMENT for other in block.parts
    ):
        return _ONLY_TREE
    return _WEIGHTS[part.matter]


def _read(block: Block, part: Part, questions: Questions) -> Iterator[tuple[AnswerValue, float]]:
    if part.matter is Matter.ROW:
        yield from _row(block, part)
        return
    held = _TREE_MAY_HOLD.get(block.asked.kind, _ANY)
    if part.matter is Matter.TREE and not held.search(part.text):
        return
    reading = parsed(block.asked.kind, part.text)
    if reading is None:
        return
    factor = _field_fits(block, part) if part.matter is Matter.TREE else 1.0
    fits = block.asked.digits is not None and reading.score is not None
    own = reading.score if fits and reading.score is not None else reading.confidence
    second = 1.0 if fits else _SECOND
    found = [Candidate(reading.value, reading.start, reading.end, own)]
    found += [replace(other, score=other.score * second) for other in reading.alternatives]
    for candidate in _about_the_question(found, part.text, block.asked, questions):
        yield candidate.value, _fitting(block, candidate.value, candidate.score) * factor


def _about_the_question(
    found: list[Candidate], text: str, asked: Asked, questions: Questions
) -> list[Candidate]:
    """Of several values, those count more whose clause speaks of what is asked for.

    `declared: 1.2; negotiated: 1.3`: the question's own term decides.
    """
    if len(found) < 2:
        return found
    plain = folded(text)
    near = [concepts(" ".join(clause(plain, one.start, one.end))) & asked.named for one in found]
    told = [questions.weighed.of(names) for names in near]
    if max(told) == min(told):
        return found
    return [
        one
        if weight == max(told) or leads(plain, one.start)
        else replace(one, score=one.score * _BESIDE_THE_POINT)
        for one, weight in zip(found, told, strict=True)
    ]


def _row(block: Block, part: Part) -> Iterator[tuple[AnswerValue, float]]:
    """A row of the packet list gives its number, or what its last column names."""
    number = _ROW_NUMBER.match(folded(part.text))
    if block.asked.kind == "packet_number" and number:
        rows = sum(other.matter is Matter.ROW for other in block.parts)
        yield int(number[1]), 0.9 if rows == 1 else 0.5
    elif block.asked.kind in ("version", "message_name"):
        reading = parsed(block.asked.kind, part.text)
        if reading and isinstance(reading.value, str):
            yield reading.value, reading.confidence


def _field_fits(block: Block, part: Part) -> float:
    """Lines of the detail pane count by how much their field's name is what is asked for."""
    field = _FIELD.match(folded(part.text))
    if not field or block.asked.kind not in ("hex", "name", "names", "version"):
        return 1.0
    alike = fuzz.token_set_ratio(field["name"].casefold(), block.asked.asks[1].casefold()) / 100
    return 0.5 + 0.5 * alike


def _fitting(block: Block, value: AnswerValue, score: float) -> float:
    """Hexadecimal digits: the number of them that was asked for is likelier the answer."""
    if block.asked.digits is None or not isinstance(value, str):
        return score
    return min(0.98, score * 1.1) if len(value) == block.asked.digits else score * 0.85


def _chosen(options: Sequence[Option]) -> tuple[Reading, Part]:
    """The value with the most behind it; other places that state it too strengthen it."""
    strength: dict[AnswerValue, float] = {}
    where: dict[AnswerValue, Option] = {}
    for option in sorted(options, key=lambda option: -option.score):
        known = strength.get(option.value)
        if known is None:
            strength[option.value], where[option.value] = option.score, option
        else:
            strength[option.value] = 1 - (1 - min(known, 1.0)) * (1 - 0.4 * min(option.score, 1.0))
    reading = best(
        Candidate(value, -order, -order, strength[value]) for order, value in enumerate(strength)
    )
    assert reading is not None  # there is an option
    return reading, where[reading.value].part
