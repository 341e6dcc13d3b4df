"""Yes or no to a question with two sides: `in this record, or in one of its own?`

`No, it comes in a separate record` answers the side that the question names second: which side is
meant stands in the words, and a bare `no` does not say.
"""

from report.grading.reading.asked import Asked
from report.questions.kinds.characters import folded
from report.questions.kinds.wordings import wording

_TWO_SIDED = "separate"
"""The term of a question that asks whether something stands by itself."""
_APART = wording(
    r"\b(?:separate|own|different|another|other|next|following|distinct|later|subsequent)\b"
    r"[^.;。]{0,24}\b(?:records?|messages?|frames?|packets?|one)\b",
    r"\brecords? (?:of its own|that follows?|after)\b|\bseparately\b",
    r"(?:单独|独立|另外?|其[他它]|下一|后面|之后|分开|专门)[^。;；]{0,10}(?:记录|消息|报文|帧|包|发送|传)",
)
_TOGETHER = wording(
    r"\b(?:not|n't)\b[^.;,。]{0,16}\bseparate",
    r"\bin the same (?:record|message|frame)",
    r"(?:不|没有?|并非|不是)(?:在|是|用|放在)?[^。;；,，]{0,3}(?:单独|独立|另)",
    r"同一(?:个|条)?(?:记录|消息)",
)
BARE = 0.5
"""How much a yes or no counts that does not say to which side."""
SAID = 0.85


def two_sided(asked: Asked) -> bool:
    """Whether `no` may mean either side of the question."""
    return asked.kind == "yes_no" and _TWO_SIDED in asked.named


def stands_apart(text: str) -> bool | None:
    """Which side the words take; None where they take none."""
    plain = folded(text)
    if _TOGETHER.search(plain):
        return False
    return True if _APART.search(plain) else None
