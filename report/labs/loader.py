"""Loads labs: the built-in ones by name, an instructor's by path or from the user's folder."""

from base64 import b64encode
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from platformdirs import user_config_path

from report.errors import LabsharkError
from report.labs.checking import invalid
from report.labs.draft import Draft, draft_lab
from report.labs.mistakes import Mistake
from report.labs.model import Lab
from report.text import Text, visible

MAX_BYTES = 256 * 1024
"""Of a lab file, and of its logo."""
_BUILT_IN = Path(__file__).resolve().parent


def built_in_labs() -> tuple[str, ...]:
    """The names of the labs that come with labshark."""
    return tuple(sorted(path.stem for path in _BUILT_IN.glob("*.toml")))


def user_labs_folder() -> Path:
    """Where an instructor's own labs are found by name."""
    return user_config_path("labshark", appauthor=False) / "labs"


def user_labs() -> tuple[str, ...]:
    """The names of the labs in the user's folder, those too that a built-in lab hides."""
    try:
        return tuple(sorted(path.stem for path in user_labs_folder().glob("*.toml")))
    except OSError:
        return ()


def load_lab(name: str) -> Lab:
    """The lab called `name` (built-in, or in the user's folder), or the lab file at that path.

    Raises LabsharkError `lab-unknown` (naming near ones), `lab-unreadable`, `lab-invalid` (naming
    file, question and key). Whether its queries and fields exist is `labs.checking`'s to say.
    """
    path = _find(name)
    draft = load_draft(path)
    for mistake in draft.mistakes:
        raise invalid(path.name, mistake)
    assert draft.lab is not None  # what has no mistakes is a lab
    return draft.lab


def load_draft(path: Path) -> Draft:
    """The lab file at a path with all its mistakes, and its logo's content in the logo's place.

    Raises LabsharkError `lab-unreadable`.
    """
    draft = draft_lab(_read(path), path.name)
    if draft.lab is None:
        return draft
    mistakes = list(draft.mistakes)
    if draft.lab.id in built_in_labs() and path.resolve().parent != _BUILT_IN:
        mistakes.append(_clash(draft.lab.id))
    if draft.lab.logo is None:
        return replace(draft, mistakes=tuple(mistakes))
    logo = _embedded(path, draft.lab.logo)
    if isinstance(logo, Mistake):
        return replace(draft, mistakes=(*mistakes, logo))
    lab = draft.lab.model_copy(update={"logo": logo})
    return replace(draft, lab=lab, mistakes=tuple(mistakes))


def _clash(name: str) -> Mistake:
    what = Text(
        f"内置实验已经叫 {name}，请另取一个名称",
        f"a built-in lab is called {name}: choose another name",
    )
    return Mistake("", "id", what)


def _find(name: str) -> Path:
    given = Path(name)
    if given.suffix == ".toml" or len(given.parts) > 1:
        return given
    for folder in (_BUILT_IN, user_labs_folder()):
        path = folder / f"{name}.toml"
        if path.is_file():
            return path
    known = [*built_in_labs(), *user_labs()]
    similar = get_close_matches(name, known, n=3) or known
    raise LabsharkError("lab-unknown", lab=name, near=", ".join(similar))


def _read(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise LabsharkError("lab-unreadable", path=str(path), detail="not UTF-8") from fault
    except OSError as fault:
        detail = fault.strerror or str(fault)
        raise LabsharkError("lab-unreadable", path=str(path), detail=detail) from fault


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise OSError("> 256 kB")
    return data


_PICTURES = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"))


def _embedded(lab: Path, logo: str) -> str | Mistake:
    """The picture beside the lab file as a `data:` URL: a report fetches nothing."""
    shown = visible(logo, 80)
    if "/" in logo or "\\" in logo:
        return _wrong_logo(
            "请写与实验文件放在一起的图片的文件名", "name a picture that lies beside the lab file"
        )
    try:
        data = _bytes(lab.parent / logo)
    except OSError as fault:
        why = fault.strerror or fault
        return _wrong_logo(
            f"读不了图片 {shown}（{why}）", f"the picture {shown} cannot be read ({why})"
        )
    for magic, kind in _PICTURES:
        if data.startswith(magic):
            return f"data:image/{kind};base64,{b64encode(data).decode()}"
    return _wrong_logo(f"{shown} 不是 PNG 或 JPEG 图片", f"{shown} is neither PNG nor JPEG")


def _wrong_logo(zh: str, en: str) -> Mistake:
    return Mistake("", "logo", Text(zh, en))
