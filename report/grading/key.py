"""Keys: what is right for each question of a lab, as TOML that an instructor edits."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from report.errors import LabsharkError
from report.labs.model import Lab, Question
from report.questions.answer import Answer, AnswerValue, Status
from report.questions.kinds import kind
from report.rendering.shown import shown
from report.text import visible
from report.tomltext import parsed_toml

MAX_BYTES = 256 * 1024
_Value = bool | int | str | list[str]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, strict=True)


class KeyEntry(_Strict):
    """What a key says of one question; what it leaves out comes from the capture and the lab."""

    value: _Value | None = None
    accept: list[_Value] = []
    """Further values that are as right."""
    points: Annotated[float, Field(ge=0, le=1000)] | None = None
    tolerance: Annotated[float, Field(ge=0)] | None = None
    ideas: list[Annotated[list[str], Field(min_length=1)]] = []
    """For questions of understanding: the ideas of a good answer, each a list of synonyms."""
    status: Literal["found", "absent", "hidden", "not_applicable", "explained"] | None = None
    partial: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}
    """Share of the points for a named confusion."""
    parts: list[int] = []
    """For a packet number: every frame that carries a part of the message, the value last."""
    inferred: bool = False
    """Whether the value rests on position or length: another answer goes to review."""
    note: str | None = None
    """Why the value is right, for the feedback."""

    @property
    def expected(self) -> AnswerValue | None:
        """The value, a list as a tuple."""
        return None if self.value is None else _plain(self.value)

    @property
    def accepted(self) -> tuple[AnswerValue, ...]:
        """The values that are as right."""
        return tuple(map(_plain, self.accept))


class Key(_Strict):
    """One key file."""

    format: Literal[1] = 1
    lab: str
    questions: dict[str, KeyEntry]


def load_key(path: Path, lab: Lab) -> Key:
    """The key in the file at `path`, for `lab`.

    Raises LabsharkError `key-unreadable`, or `key-invalid` naming file, question and key.
    """
    return parse_key(_read(path), path.name, lab)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as fault:
        detail = fault.strerror or str(fault)
        raise LabsharkError("key-unreadable", path=str(path), detail=detail) from fault
    if len(data) > MAX_BYTES:
        raise LabsharkError("key-unreadable", path=str(path), detail="> 256 kB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise LabsharkError("key-unreadable", path=str(path), detail="not UTF-8") from fault


def parse_key(toml: str, file: str, lab: Lab) -> Key:
    """A key from the text of its file; `file` is the name that messages give.

    Values are put into the form of their question's kind (`"0x00B3"` to `00b3`). Raises
    LabsharkError `key-unreadable` for what is not TOML, `key-invalid` for what is no key of `lab`.
    """
    try:
        data = parsed_toml(toml)
    except ValueError as fault:
        raise LabsharkError("key-unreadable", path=file, detail=str(fault)) from fault
    try:
        key = Key.model_validate(data)
    except ValidationError as fault:
        raise LabsharkError("key-invalid", path=file, detail=_mistake(fault)) from fault
    for mistake in _mismatches(key, lab):
        raise LabsharkError("key-invalid", path=file, detail=mistake)
    asked = {question.id: question for question in lab.questions}
    entries = {name: _settled(entry, asked[name], file) for name, entry in key.questions.items()}
    return key.model_copy(update={"questions": entries})


def _mistake(fault: ValidationError) -> str:
    mistake = fault.errors()[0]
    place = [str(part) for part in mistake["loc"]]
    if place[:1] == ["questions"] and len(place) > 1:
        place = place[1:]
    where = ": ".join((place[0], ".".join(place[1:]))) if len(place) > 1 else "".join(place)
    if mistake["type"] == "extra_forbidden":
        near = get_close_matches(place[-1], [*KeyEntry.model_fields, *Key.model_fields], n=1)
        return f"{where}: unknown key" + (f" (did you mean {near[0]}?)" if near else "")
    return f"{where}: {mistake['msg']}"


def _mismatches(key: Key, lab: Lab) -> Iterator[str]:
    if key.lab != lab.id:
        yield f"lab: the key is for {key.lab}, not for {lab.id}"
    known = [question.id for question in lab.questions]
    for name, entry in key.questions.items():
        if name not in known:
            near = get_close_matches(name, known, n=3)
            yield f"{name}: there is no such question" + (
                f" (near: {', '.join(near)})" if near else ""
            )
        elif entry.value is not None and entry.status not in (None, "found"):
            yield f"{name}: status: {entry.status} has no value"
        elif entry.value is None and entry.status == "found":
            yield f"{name}: value: a found answer needs one"


def _settled(entry: KeyEntry, question: Question, file: str) -> KeyEntry:
    update: dict[str, Any] = {}
    if entry.value is not None:
        update["value"] = _of_kind(entry.value, question, "value", file)
    if entry.accept:
        update["accept"] = [_of_kind(value, question, "accept", file) for value in entry.accept]
    return entry.model_copy(update=update)


def _of_kind(value: _Value, question: Question, name: str, file: str) -> AnswerValue:
    """`value` as the question's kind writes it."""
    given = _plain(value)
    of = kind(question.kind)
    if isinstance(given, str) and question.kind not in ("text", "name"):
        reading = of.parse(given)
        given = reading.value if reading else given
    try:
        of.format(given)
    except TypeError as fault:
        if question.kind == "message_name" and isinstance(given, int) and name == "accept":
            return given
        detail = f"{question.id}: {name}: {fault}"
        raise LabsharkError("key-invalid", path=file, detail=detail) from fault
    return given


def _plain(value: _Value) -> AnswerValue:
    return tuple(value) if isinstance(value, list) else value


def key_toml(lab: Lab, answers: Mapping[str, Answer]) -> str:
    """The expected answers as an editable key: each with its question and why it is right."""
    return "\n".join(_lines(lab, answers)) + "\n"


_HEAD = (
    "# 评分标准，可以修改：value 是标准答案，accept 列出同样算对的其他答案，points 是分值，",
    "# tolerance 是允许的数值误差，ideas 是理解题应有的要点（每个要点一组同义词），",
    "# partial 是部分得分的比例，note 是给学生看的理由；parts 是该消息的各个片段所在的数据包；",
    "# inferred = true 表示答案是推断的，与之不同的答案交人工评阅。删去的行改用抓包或实验的规定。",
    "# The key, to be edited: value is the expected answer, accept lists others that are as right,",
    "# points what it is worth, tolerance how far a number may be off, ideas what a good answer to",
    "# a question of understanding names (lists of synonyms), partial the share of the points",
    "# for a partly right answer, note the reason shown to students, parts the packets with a part",
    "# of the message; inferred = true sends answers that differ to review. What is left out comes",
    "# from the capture and the lab.",
)


def _lines(lab: Lab, answers: Mapping[str, Answer]) -> Iterator[str]:
    yield from _HEAD
    yield "format = 1"
    yield f"lab = {_string(lab.id)}"
    for question in lab.questions:
        yield ""
        yield f"# {_comment(question.ask.zh)}"
        yield f"# {_comment(question.ask.en)}"
        answer = answers.get(question.id)
        if answer:
            yield from _why(answer)
        yield f"[questions.{_string(question.id)}]"
        yield from _entry(question, answer)


def _why(answer: Answer) -> Iterator[str]:
    if answer.frames:
        yield f"# frames: {', '.join(map(str, answer.frames))}"
    if answer.filter:
        yield f"# filter: {_comment(answer.filter)}"
    for evidence in answer.evidence[:2]:
        yield f"# {evidence.frame}: {_comment(evidence.label)}"
    if answer.reason:
        yield f"# {_comment(answer.reason.zh)}"
        yield f"# {_comment(answer.reason.en)}"


_WRITABLE = (Status.ABSENT, Status.HIDDEN, Status.NOT_APPLICABLE, Status.EXPLAINED)


def _entry(question: Question, answer: Answer | None) -> Iterator[str]:
    yield from _right(question, answer) if answer else ()
    yield f"points = {_number(question.points)}"
    if question.compare.tolerance:
        yield f"tolerance = {_number(question.compare.tolerance)}"
    if question.compare.partial:
        shares = ", ".join(f"{_string(k)} = {v}" for k, v in question.compare.partial.items())
        yield f"partial = {{ {shares} }}"
    if question.compare.ideas:
        yield "ideas = ["
        yield from (f"  [{_strings(synonyms)}]," for synonyms in question.compare.ideas)
        yield "]"


def _right(question: Question, answer: Answer) -> Iterator[str]:
    if answer.value is None:
        status = answer.status.value
        yield f'status = "{status}"' if answer.status in _WRITABLE else f"# {status}: value = ..."
        return
    # `in packet 32` names a message as well.
    accepted = answer.frames if question.kind == "message_name" else ()
    yield f"value = {_toml(answer.value)}"
    yield f"accept = {list(accepted)}"
    if question.kind == "packet_number" and len(answer.parts) > 1:
        yield f"parts = {list(answer.parts)}"
    if answer.inferred:
        yield "inferred = true"


def _toml(value: AnswerValue) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{_strings(value)}]"
    return str(value) if isinstance(value, int) else _string(value)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _strings(values: Iterable[str]) -> str:
    return ", ".join(map(_string, values))


_ESCAPES = {'"': '\\"', "\\": "\\\\"}


def _string(value: str) -> str:
    """A basic string: whatever a terminal or an editor would not show is escaped."""
    return f'"{"".join(map(_escaped, value))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if visible(character) == character:
        return character
    return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"


def _comment(text: str) -> str:
    """One line that ends where it should: no control character leaves a comment."""
    return shown(text)[:400]
