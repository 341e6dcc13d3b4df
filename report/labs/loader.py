"""Loads labs: the built-in ones by name, an instructor's by path or from the user's folder."""

import tomllib
from base64 import b64encode
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from platformdirs import user_config_path
from pydantic import ValidationError

from report.errors import LabsharkError
from report.labs.checking import near
from report.labs.model import Lab, Question

MAX_BYTES = 256 * 1024
"""Of a lab file, and of its logo."""
_BUILT_IN = Path(__file__).parent


def built_in_labs() -> tuple[str, ...]:
    """The names of the labs that come with labshark."""
    return tuple(sorted(path.stem for path in _BUILT_IN.glob("*.toml")))


def user_labs_folder() -> Path:
    """Where an instructor's own labs are found by name."""
    return user_config_path("labshark", appauthor=False) / "labs"


def load_lab(name: str) -> Lab:
    """The lab called `name` (built-in, or in the user's folder), or the lab file at that path.

    Raises LabsharkError `lab-unknown` (naming near ones), `lab-unreadable`, `lab-invalid` (naming
    file, question and key). Whether its queries and fields exist is `labs.checking`'s to say.
    """
    path = _find(name)
    lab = parse_lab(_read(path), path.name)
    if lab.logo is None:
        return lab
    return lab.model_copy(update={"logo": _embedded(path, lab.logo)})


def _find(name: str) -> Path:
    given = Path(name)
    if given.suffix == ".toml" or len(given.parts) > 1:
        return given
    for folder in (_BUILT_IN, user_labs_folder()):
        path = folder / f"{name}.toml"
        if path.is_file():
            return path
    known = [*built_in_labs(), *(p.stem for p in user_labs_folder().glob("*.toml"))]
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


def _embedded(lab: Path, logo: str) -> str:
    """The picture beside the lab file as a `data:` URL: a report fetches nothing."""
    if "/" in logo or "\\" in logo:
        raise _wrong_logo(lab, "name a file that lies beside the lab file")
    try:
        data = _bytes(lab.parent / logo)
    except OSError as fault:
        raise _wrong_logo(lab, f"{logo}: {fault.strerror or fault}") from fault
    for magic, kind in _PICTURES:
        if data.startswith(magic):
            return f"data:image/{kind};base64,{b64encode(data).decode()}"
    raise _wrong_logo(lab, f"{logo}: neither PNG nor JPEG")


def _wrong_logo(lab: Path, why: str) -> LabsharkError:
    return LabsharkError("lab-invalid", path=lab.name, detail=f"logo: {why}")


def parse_lab(toml: str, file: str) -> Lab:
    """A lab from the text of its file; `file` is the name that messages give.

    Raises LabsharkError `lab-unreadable` for what is not TOML, `lab-invalid` for what is no lab.
    """
    try:
        data = tomllib.loads(toml)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise LabsharkError("lab-unreadable", path=file, detail=str(fault)) from fault
    try:
        lab = Lab.model_validate(data)
    except ValidationError as fault:
        raise LabsharkError("lab-invalid", path=file, detail=_first_mistake(fault, data)) from fault
    for mistake in _mistakes(lab):
        raise LabsharkError("lab-invalid", path=file, detail=mistake)
    return lab


def _first_mistake(fault: ValidationError, data: dict[str, Any]) -> str:
    mistake = fault.errors()[0]
    place = [str(part) for part in mistake["loc"] if part not in _FORMS]
    where = ": ".join(_named(place, data))
    if mistake["type"] == "extra_forbidden":
        similar = get_close_matches(place[-1], _keys(Question, Lab), n=1)
        hint = f" (did you mean {similar[0]}?)" if similar else ""
        return f"{where}: unknown key{hint}"
    return f"{where}: {mistake['msg']}"


_FORMS = {"NamedQuery", "DeclaredQuery", "FilteredQuery"}


def _keys(*models: type[Question] | type[Lab]) -> list[str]:
    return [name for model in models for name in model.model_fields]


def _named(place: list[str], data: dict[str, Any]) -> Iterable[str]:
    """`questions.3.ask.en` as `q4: ask.en`: people know questions by their ids."""
    if len(place) > 1 and place[0] in ("questions", "sections") and place[1].isdigit():
        row = data[place[0]][int(place[1])]
        name = row.get("id") if isinstance(row, dict) else None
        yield str(name or f"{place[0]}[{place[1]}]")
        place = place[2:]
    if place:
        yield ".".join(place)


def _mistakes(lab: Lab) -> Iterable[str]:
    sections = {section.id for section in lab.sections}
    seen: set[str] = set()
    for question in lab.questions:
        if question.id in seen:
            yield f"{question.id}: id: used twice"
        seen.add(question.id)
        if question.section not in sections:
            similar = near(question.section, sections)
            yield f"{question.id}: section: there is no section {question.section}{similar}"
        yield from _question_mistakes(question)
    for question in lab.questions:
        for needed in question.depends:
            if needed not in seen:
                yield f"{question.id}: depends: there is no question {needed}{near(needed, seen)}"
    cycle = _cycle({q.id: q.depends for q in lab.questions})
    if cycle:
        yield f"{cycle[0]}: depends: goes in a circle ({' -> '.join(cycle)})"


def _question_mistakes(question: Question) -> Iterable[str]:
    if question.query is None and question.model is None:
        yield f"{question.id}: query: needs a query or a model answer"
    if question.kind == "text" and question.model is None:
        yield f"{question.id}: model: a question of understanding needs a model answer"


def _cycle(depends: dict[str, list[str]]) -> list[str]:
    done: set[str] = set()
    for start in depends:
        trail: list[str] = []
        found = _walk(start, depends, done, trail)
        if found:
            return found
    return []


def _walk(at: str, depends: dict[str, list[str]], done: set[str], trail: list[str]) -> list[str]:
    if at in trail:
        return [*trail[trail.index(at) :], at]
    if at in done:
        return []
    trail.append(at)
    for needed in depends.get(at, []):
        found = _walk(needed, depends, done, trail)
        if found:
            return found
    trail.pop()
    done.add(at)
    return []
