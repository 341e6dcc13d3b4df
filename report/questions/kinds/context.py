"""How far a clause stands behind a value in it: stated, doubted, denied or somebody else's."""

import re

from report.questions.kinds.characters import wording

_CLAUSE_END = re.compile(r"[,;。，；!?！？()（）\n]|\.(?=\s|$)")

_THEIRS = wording(
    r"课本|教材|教科书|书上|书中|参考答案|标准答案|样例|示例|同学|室友|舍友|别人|他人|网上|老师给"
    r"|他的|她的|他们的|\btext ?book|\bthe book|\bsample|\breference\b|\banswer key|\bpublished"
    r"|\bsomeone|\bclassmate|\broom ?mate|\bfriend'?s?\b|\bother (?:student|group|people)"
    r"|\bpartner|\bonline\b|\btheirs?\b|\bthe author|\bhis\b|\bhers?\b",
)
_MINE = wording(
    r"我的|我自己|我这|自己的|本机|\bmy\b|\bmine\b|\bours?\b|\bI (?:got|get|see|have)",
)
_DENIED_BEFORE = wording(
    r"(?:不是|并非|而非|不为|不等于|排除|≠|!=|\bnot(?: in| on)?|n't(?: be)?|\brather than"
    r"|\binstead of|\bexcept)"
    r"[\s\"'`*]*(?:第|包|帧|号|packet|frame|number|no\.?|#|the|a)*[\s\"'`*#]*$",
)
_DENIED_AFTER = wording(r"^[\s\"'`*]*(?:号?(?:包|帧)?\s*(?:不对|是错|错了)|is wrong|was wrong)")
_DOUBTED = wording(
    r"原以为|原来以为|起初|一开始|误以为|本以为|开始以为|曾以为|\bat first\b|\bfirst thought"
    r"|\boriginally|\bI (?:had )?thought|\bmistak|\bwrongly|\bpreviously",
)
_STRUCK = re.compile(r"~~.*?~~", re.DOTALL)
_STATED_BEFORE = wording(
    r"(?:是|为|即|在|得|有|共|答案|结果|看到|可知|得知|[:=→⇒]|->|=>"
    r"|\bis|\bare|\bwas|\bbe|\bequals|\bso|\bhence|\bthus|\btherefore|\banswer|\bnamely|\bchose"
    r"|\busing|\buses?|\bgot|\bcalled|\bby|\bin)"
    r"[\s\"'`*:：]*(?:第|the\s|a\s|an\s)?[\s\"'`*#]*$",
)
_SETTLED = wording(
    r"其实|实际上|定下|敲定|最后|应为|应该是|应当是|改为|更正|订正|正确|最终|所以|因此|综上|答案|结论|决定|确定"
    r"|选定|可知|得知|可见"
    r"|\bactual(?:ly)?|\bin fact|\bcorrect|\btherefore|\bhence|\bthus|\banswer|\bfinal"
    r"|\bconclu|\bdecided|\bchosen|\bselected|\bturns? out|\bso\b",
)

_FACTORS = ((_THEIRS, 0.3), (_DOUBTED, 0.35))


def clause(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and after `text[start:end]` in the same clause."""
    begins = max((found.end() for found in _CLAUSE_END.finditer(text, 0, start)), default=0)
    ends = _CLAUSE_END.search(text, end)
    return text[begins:start], text[end : ends.start() if ends else len(text)]


def standing(text: str, start: int, end: int) -> float:
    """A factor for the score of the value at `text[start:end]`: 1 is a plain mention.

    Denied, struck out, doubted or somebody else's values get less, stated ones more.
    """
    if any(found.start() < start < found.end() for found in _STRUCK.finditer(text)):
        return 0.1
    if _bracketed(text, start):
        return 0.8
    before, after = clause(text, start, end)
    if _DENIED_BEFORE.search(before) or _DENIED_AFTER.search(after):
        return 0.1
    around = before + " " + after
    factor = 1.0
    if not _MINE.search(around):
        for pattern, less in _FACTORS:
            factor *= less if pattern.search(around) else 1
    if factor == 1.0:
        factor += 0.1 * leads(text, start)
        factor += 0.15 * bool(_STATED_BEFORE.search(before)) + 0.1 * bool(_SETTLED.search(around))
    return factor


def _bracketed(text: str, start: int) -> bool:
    """Whether a bracket that opens behind the first word is still open: an aside."""
    opened = max(text.rfind(mark, 0, start) for mark in "(（[")
    closed = max(text.rfind(mark, 0, start) for mark in ")）]")
    return opened > closed and bool(re.search(r"\w", text[:opened]))


def stated(text: str, start: int, end: int) -> bool:
    """Whether the clause says that something is the value: `是 28`, `it is 28`, `= 28`."""
    return bool(_STATED_BEFORE.search(clause(text, start, end)[0]))


def leads(text: str, start: int) -> bool:
    """Whether nothing but marks stands before `start`: what comes first is the answer."""
    return not re.search(r"\w", text[:start])


def alone(text: str, start: int, end: int) -> bool:
    """Whether nothing but marks and spaces stands around `text[start:end]`."""
    return not re.search(r"\w", text[:start]) and not re.search(r"\w", text[end:])
