"""A folder name for a student, whatever they call themselves."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

_LONGEST = 40
_LONGEST_BYTES = 120  # with the hash below the 143 bytes that encrypted file systems allow
_KEPT_SIGNS = frozenset(" -_.@()")
_RESERVED = re.compile(
    r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])[ ]*(?:\..*)?\Z", re.DOTALL
)


def folder_name(student_id: str) -> str:
    """A name that every file system takes as one part of a path, and that a person recognises.

    Letters, marks and digits of any script stay (in NFC); separators, control and format
    characters and the names Windows reserves (`CON`, `nul.txt`) do not; at most 40 characters.
    Where that changed the id, ten hex digits of its SHA-256 follow, so that two ids never meet.
    """
    normal = unicodedata.normalize("NFC", student_id)
    kept = _shortened("".join(c for c in normal if _is_kept(c)))
    if kept == normal and kept and not _RESERVED.match(kept):
        return kept
    return _with_hash(kept, student_id, 10)


def unique_folder_names(student_ids: Iterable[str]) -> dict[str, str]:
    """`folder_name` of each id, with a hash where two would meet on a disk that ignores case.

    The result does not depend on the order of the ids.
    """
    ids = list(dict.fromkeys(student_ids))
    names = {i: folder_name(i) for i in ids}
    for digits in (10, 64):
        seen = Counter(_on_disk(name) for name in names.values())
        names = {
            i: name if seen[_on_disk(name)] == 1 else _with_hash(folder_name(i), i, digits)
            for i, name in names.items()
        }
    return names


def _is_kept(character: str) -> bool:
    return character in _KEPT_SIGNS or unicodedata.category(character)[0] in "LMN"


def _shortened(name: str) -> str:
    # A name may not start with a dot (hidden) or a dash (an option), nor end with a dot or a
    # space (Windows drops them).
    name = name.lstrip(" .-")[:_LONGEST]
    return name.encode()[:_LONGEST_BYTES].decode(errors="ignore").rstrip(" .")


def _with_hash(name: str, student_id: str, digits: int) -> str:
    stem = name.replace(".", "_") or "student"
    return f"{stem}-{sha256(student_id.encode(errors='surrogatepass')).hexdigest()[:digits]}"


def _on_disk(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
