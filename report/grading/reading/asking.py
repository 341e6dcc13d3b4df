"""Parts a text at an answer's head into the repeated question and what is said to it."""

import re
from dataclasses import dataclass

from report.grading.reading.asked import Asked, Questions
from report.grading.reading.given import Stance
from report.grading.reading.parsing import parsed
from report.grading.reading.segments import Segment
from report.grading.reading.sentences import CLOSING, OPENING, sentences
from report.grading.reading.stances import affirms, denies, stance_of
from report.questions.kinds.characters import folded
from report.questions.kinds.wordings import wording

_MARKER = wording(
    r"(?:^|(?<=[\s?。？!.)）]))\W{0,3}(?:(?:我的)?(?:答案?|回答|解答?|作答)(?:[是为]?\s*[:：])"
    r"|(?:my )?(?:answers?|ans|response|solution|a)\s*(?:is)?\s*[:=])\s*",
)
_HINT = wording(
    r"^\W*(?:提示|注意?[:：]|注意|备注|请|输入|参见|参考|如果|若|你可以|您可以|您必须|你需要"
    r"|其中[，,]?提示"
    r"|hints?\b|notes?\b|tips?\b|please\b|enter\b|you (?:can|may|will|must|need|should)\b"
    r"|see (?:also|section)"
    r"|if (?:so|not|yes|no|there|more)\b|\(?by ['\"]?packet number|explain\b|describe\b|list\b"
    r"|give\b|do ?n.t forget)"
)
_MAYBE = wording(
    r"^\W*(?:也许|可能|应该|大概|或许|我觉得|我认为|猜测?|估计|maybe|perhaps|probably|i think"
    r"|i guess|possibly)"
)
_IMPERATIVE = wording(
    r"^\W*(?:state|give|list|name|find|write|identify|what|which|who|where|how|why|does|did|is|are"
    r"|写出|给出|指出|找出|列出|说明|说出|请|简述|什么|哪)"
)
_ASKING = wording(
    r"有没有|有无|是否|是不是|哪[个条些张]|什么|多少|几[个种张位]|谁|为何|如何|先后|吗\W*$"
)
_WH = wording(r"^\W*(?:what|which|who|where|how|why|when|does|did|is|are|was|if)\b")
_ORDERS = wording(
    r"^\W*(?:and )?(?:list|specify|determine|include|explain|describe|give|state|identify|locate)\b"
    r"|^\W*(?:请|列出|说明|解释|指出)"
)
_BETWEEN = wording(
    r"\s*(?:[:：\t|]|(?<!\bCN)(?<!\bO)(?<!\bOU)(?<!\bC)(?<!\bST)(?<!\bL)(?<!\bDC)=|—+|-{2,}|→|⇒|->|=>|\s-\s)\s*"
)
_FULL_STOP = wording(r"(?<!\bno)[.。]\s*$")
_LONG_ENOUGH = 8
_NAMED_IN_QUESTIONS = frozenset({"name", "names", "message_name", "text", "yes_no"})
_ASKS = 0.4
_REPEATS = 0.85
_NAMES = 0.45


@dataclass(frozen=True, slots=True)
class Parted:
    """The head of an answer in two; either part may be empty."""

    question: str
    """The question as the writer repeats it."""
    rest: str
    """What answers it."""
    marked: bool = False
    """Whether `Answer:` or the like stands before the rest."""


def parted(text: str, asked: Asked, questions: Questions) -> Parted:
    """Where the repeated question ends in `text` and the answer to it begins."""
    marker = _MARKER.search(folded(text))
    if marker:
        return Parted(text[: marker.start()], text[marker.end() :].strip(), True)
    pieces = sentences(text)
    asking = _asking(pieces, asked, questions)
    if asking:
        question, rest = "".join(pieces[:asking]), "".join(pieces[asking:])
        return Parted(question, rest.strip("\t ：:-—*"))
    return _keyed(text, asked, questions)


def parted_segment(segment: Segment, asked: Asked, questions: Questions) -> Parted:
    """The same for a segment: in a table, question and answer have cells of their own."""
    if segment.repeats is not None:
        return Parted(segment.repeats, segment.text.strip())
    return parted(segment.text, asked, questions)


def without_marker(text: str) -> tuple[str, bool]:
    """`text` without an `Answer:` at its head, and whether there was one."""
    marker = _MARKER.match(folded(text))
    return (text[marker.end() :].strip(), True) if marker else (text, False)


def is_question(piece: str) -> bool:
    """Whether a sentence asks something, and is not a doubtful answer (`28?`, `maybe 28?`)."""
    plain = folded(piece).rstrip(" \t\"'*`)）")
    if not plain.endswith("?") or _MAYBE.match(plain):
        return False
    if _WH.match(plain):
        return True
    han = sum("\u4e00" <= character <= "\u9fff" for character in plain)
    return han >= _LONG_ENOUGH or len(plain.split()) >= 5 or (han >= 4 and len(plain) >= 10)


def goes_on_asking(text: str) -> bool:
    """Whether a line below a question's first line still belongs to the question."""
    return is_question(text) or bool(_ORDERS.match(folded(text)))


def _asking(pieces: list[str], asked: Asked, questions: Questions) -> int:
    """How many of the first sentences repeat the question with its hints."""
    asking = 0
    for at, piece in enumerate(pieces):
        asks = is_question(piece) or (at + 1 < len(pieces) and _asks_shortly(piece, asked))
        if asks and (at == 0 or asking or questions.likeness(piece, asked) > 0.2):
            asking = at + 1
    while 0 < asking < len(pieces) and _goes_on(pieces[asking]):
        asking += 1
    return asking


def _asks_shortly(piece: str, asked: Asked) -> bool:
    """`Client certificate? none`: a few words with a question mark and no value in them."""
    plain = folded(piece).rstrip()
    short = plain.endswith("?") and not _MAYBE.match(plain) and len(plain) > 3
    return short and not _holds_value(piece, asked)


def _goes_on(piece: str) -> bool:
    stripped = folded(piece).strip()
    bracketed = stripped[:1] in OPENING and stripped.rstrip(".。 ")[-1:] in CLOSING
    return bool(_HINT.match(stripped)) or (bracketed and len(stripped) > 12)


def _keyed(text: str, asked: Asked, questions: Questions) -> Parted:
    """`Client Hello packet: 28`, or a heading that names the topic and no value."""
    between = _BETWEEN.search(folded(text))
    if between and between.end() < len(text):
        left, right = text[: between.start()], text[between.end() :]
        named = not left.strip() or questions.likeness(left, asked) >= _NAMES
        if named and not _already_answers(left, asked):
            return Parted(left, right.strip())
    asks = _REPEATS if asked.kind == "text" else _ASKS
    if questions.likeness(text, asked) >= asks and not _says_something(text, asked):
        return Parted(text, "")
    return Parted("", text.strip())


def _says_something(text: str, asked: Asked) -> bool:
    relative = _WH.match(folded(text)) and text.rstrip()[-1:] in ".。"
    if relative and asked.kind != "text" and _holds_value(text, asked):
        return True  # `…, which is decided in the Server Hello.`
    if _IMPERATIVE.match(folded(text)) or _ASKING.search(folded(text)):
        return False
    if text.rstrip()[-1:] in ".。!！" or (asked.kind == "text" and len(text) > 60):
        return True
    if affirms(text) or denies(text) or _states_first(text):
        return True
    if asked.kind == "text":
        return False
    if asked.kind == "yes_no" and re.search("[,，;；]", text):
        return True
    return _holds_value(text, asked)


def _states_first(text: str) -> bool:
    """Whether a whole statement stands before more text, which a page's width cut off."""
    first, *more = sentences(text)
    return bool(more) and len(first) >= 2 * _LONG_ENOUGH and bool(_FULL_STOP.search(first))


def _already_answers(left: str, asked: Asked) -> bool:
    """Whether what stands before a colon holds the value; names stand in questions as well."""
    return asked.kind not in _NAMED_IN_QUESTIONS and _holds_value(left, asked)


def _holds_value(text: str, asked: Asked) -> bool:
    if asked.kind == "text":
        return bool(text.strip())
    if parsed(asked.kind, text) is not None or (asked.deniable and denies(text)):
        return True
    return stance_of(text) in (Stance.HIDDEN, Stance.NOT_APPLICABLE, Stance.NOT_CAPTURED)
