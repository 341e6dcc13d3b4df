"""What a line of an answer is: a statement of the writer's, or matter copied from Wireshark."""

import re
from enum import StrEnum

from report.grading.intake.lines import Line, LineKind
from report.questions.kinds.characters import folded
from report.questions.kinds.wordings import wording


class Matter(StrEnum):
    """From the writer's own words down to what only surrounds them."""

    STATEMENT = "statement"
    TREE = "tree"
    """A line of Wireshark's detail pane, or of other code."""
    ROW = "row"
    """A line of the packet list."""
    CAPTION = "caption"
    BYTES = "bytes"
    NOTHING = "nothing"
    """A picture, a display filter, a rule, a fence: holds no answer."""


_TIME = r"(?:\d+\.\d{3,}|\d{1,2}:\d\d:\d\d(?:\.\d+)?)"
_ROW = wording(rf"^\W*(?:\d{{1,7}}\s*[\s|]\s*{_TIME}\b|{_TIME}\s*[\s|]\s*\d+\.\d+\.\d+\.\d+)")
_ROW_END = wording(
    r"\d+\s*(?:→|->|>)\s*\d+\s*\[[A-Z, ]+\]",
    r"^\W*(?:no\.?\s+)?time\s+source\s+dest|^\W*no\.?[\s|]+time\b",
    r"(?:\d{1,3}(?:\.\d{1,3}){3})(?:[\t|]|  ).*(?:\d{1,3}(?:\.\d{1,3}){3})(?:[\t|]|  )\s*[A-Z]",
)
_TREE = wording(
    r"^\s*[▶▼▷▽►▸▾└├│⊞⊟]",
    r"^\W*(?:Frame \d+:|Ethernet II|Internet Protocol|Transmission Control|Transport Layer Sec"
    r"|Secure Sockets"
    r"|(?:TLS|SSL)v?[\d.]* Record Layer|Handshake Protocol|Handshake Type|Content Type|Version"
    r"|Length"
    r"|Random(?: Bytes)?|GMT Unix|Session ID|Cipher Suites?(?: Length)?|Compression|Extensions?"
    r"|Certificates?"
    r"(?: Length)?|RDNS?Sequence|issuer|subject|rdnSequence|algorithm(?:Identifier)?|Algorithm Id"
    r"|modulus"
    r"|publicExponent|subjectPublicKey(?:Info)?|signedCertificate|serialNumber|signature|validity"
    r"|extensions|encrypted|Padding|Alert Message|Level|Description|Curve Type|Named Curve"
    r"|Pubkey)\b\s*"
    r"(?:\[[^\]]*\])?\s*(?::|\()",
)
_FIELD_NAME = wording(
    r"^\W*(?:signedCertificate|subjectPublicKey(?:Info)?|algorithmIdentifier|rdnSequence|tbsCertificate)\W*$"
)
_BYTES = wording(r"^\W*[0-9a-f]{4}\s+(?:[0-9a-f]{2}[\s]+){4,}")
_FILTER = wording(
    r"^\W*(?:ip|tcp|tls|ssl|http|dns|frame|eth)\.[a-z_.0-9]+\s*(?:==|!=|>|<|contains|eq)",
    r"^\W*(?:\$|>>>|pip |python3? |tshark |import |from \w+ import)",
)
_PAGE = wording(
    r"^\W*(?:page|p\.)\s*\d+(?:\s*(?:of|/)\s*\d+)?\W*$|^\W*第\s*\d+\s*页(?:.{0,4}共\s*\d+\s*页)?\W*$"
    r"|^\s*-\s*\d+\s*-\s*$|^\s*\d+\s*/\s*\d+\s*$"
)
_WORDS = re.compile(r"[^\W_]")  # digits and letters of any script: an answer may be in any


def matter_of(line: Line, text: str) -> Matter:
    """What `text`, the line or the rest of it behind a label, is."""
    plain = folded(text)
    if line.kind is LineKind.PICTURE:
        return Matter.CAPTION if _WORDS.search(plain) else Matter.NOTHING
    if not _WORDS.search(plain) or _FILTER.search(plain) or _PAGE.match(plain):
        return Matter.NOTHING
    if _BYTES.search(plain):
        return Matter.BYTES
    if is_row(plain):
        return Matter.ROW
    code = line.kind is LineKind.CODE and len(plain) > 40
    if code or _TREE.search(plain) or _FIELD_NAME.match(plain):
        return Matter.TREE
    return Matter.CAPTION if line.kind is LineKind.CAPTION else Matter.STATEMENT


def is_row(plain: str) -> bool:
    """Whether a folded text is a line of a packet list."""
    return bool(_ROW.search(plain) or _ROW_END.search(plain))
