"""index.html: the class on one page that works offline, from the results alone."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import IO
from urllib.parse import quote

import report
from report.batch.charts import Census, Chart, QuestionBar
from report.batch.labels import STATUS_MEANINGS, STATUS_NAMES
from report.batch.results import Result, Said, Status
from report.labs.model import Lab
from report.rendering.faces import END_OF_TITLE, with_faces
from report.rendering.html import ShownLanguage, environment, hash_of, in_languages
from report.text import Text, visible

_HELD_IN_MEMORY = 16 << 20
"""Bytes of the page; a larger one waits on disk until its head is known."""
MOST_ROWS = 5_000
"""On the page; those that need a person come first then, and results.csv has all."""

Results = Callable[[], Iterable[Result]]
"""Reads the results from the beginning, one at a time."""


@dataclass(frozen=True, slots=True)
class Count:
    """One status: its name, what it means, how many students have it."""

    status: str
    name: Text
    meaning: Text
    number: int


@dataclass(frozen=True, slots=True)
class ClassView:
    """The page without its rows."""

    title: Text
    students: int
    shown: int
    left_out: int
    counts: tuple[Count, ...]
    charts: tuple[Chart, ...]
    questions: tuple[QuestionBar, ...]
    footnote: Text


@dataclass(frozen=True, slots=True)
class Facts:
    """What a row says of a capture that was read."""

    version: str
    suite: str
    server: str
    packets: int
    seconds: str
    found: int
    asked: int


@dataclass(frozen=True, slots=True)
class Link:
    """One file of a report."""

    name: str
    href: str


@dataclass(frozen=True, slots=True)
class Row:
    """One student."""

    id: str
    name: str
    class_name: str
    status: str
    inputs: str
    said: tuple[Said, ...]
    facts: Facts | None
    links: tuple[Link, ...]


def write_class_page(
    target: IO[bytes], results: Results, lab: Lab, language: ShownLanguage = "both"
) -> None:
    """Writes the page piece by piece: a thousand rows or a hundred thousand take the same memory.

    Its Content-Security-Policy allows its own style sheet and script alone, as in the report.
    """
    census = Census()
    for result in results():
        census.add(result)
    view = _view(census, lab)
    page = environment().get_template("class.html")
    pieces = page.generate(
        view=view,
        rows=_rows(results, census.students),
        names={status.value: name for status, name in STATUS_NAMES.items()},
        words=SimpleNamespace(**_WORDS),
        language=language,
        medium="browser",
        page_title=in_languages(view.title, language),
        script_hash=hash_of("class.js"),
        style_hash=hash_of("class.css"),
    )
    characters: set[str] = set()
    with tempfile.SpooledTemporaryFile(_HELD_IN_MEMORY) as drawn:
        for piece in pieces:
            characters.update(piece)
            drawn.write(piece.encode())
        drawn.seek(0)
        # Which characters the faces must have is known when all is drawn; they stand in the head.
        head = b""
        while END_OF_TITLE.encode() not in head:
            head += drawn.readline()
        target.write(with_faces(head.decode(), characters).encode())
        shutil.copyfileobj(drawn, target)


def _view(census: Census, lab: Lab) -> ClassView:
    title = lab.title.text
    return ClassView(
        title=Text(f"{title.zh} · 全班", f"{title.en} · the class"),
        students=census.students,
        shown=min(census.students, MOST_ROWS),
        left_out=max(0, census.students - MOST_ROWS),
        counts=tuple(_counts(census)),
        charts=census.charts(),
        questions=census.questions(lab),
        footnote=_FOOTNOTE.filled(version=report.__version__, lab=lab.id),
    )


def _counts(census: Census) -> Iterator[Count]:
    for status in Status:
        if number := census.statuses[status]:
            yield Count(status.value, STATUS_NAMES[status], STATUS_MEANINGS[status], number)


def _rows(results: Results, students: int) -> Iterator[Row]:
    if students <= MOST_ROWS:
        yield from map(_row, results())
        return
    shown = 0
    for urgent in (True, False):
        for result in results():
            if shown < MOST_ROWS and result.needs_person == urgent:
                shown += 1
                yield _row(result)


def _row(result: Result) -> Row:
    who = result.who
    problem = () if result.problem is None else (result.problem,)
    return Row(
        id=visible(who.id),
        name=visible(who.name),
        class_name=visible(who.class_name),
        status=result.status.value,
        inputs=visible(", ".join(result.inputs)),
        said=(*problem, *result.notes),
        facts=_facts(result),
        links=tuple(_links(result)),
    )


def _facts(result: Result) -> Facts | None:
    if result.findings is None:
        return None
    session, answers = result.findings.session, result.findings.answers
    return Facts(
        version=visible(session.version or ""),
        suite=visible(session.cipher_suite or ""),
        server=visible(session.server_name or session.server),
        packets=session.packets,
        seconds=f"{session.seconds:.2f}",
        found=sum(answer.status == "found" for answer in answers),
        asked=len(answers),
    )


def _links(result: Result) -> Iterator[Link]:
    for name, shown in _LINKS.items():
        if name in result.files:
            yield Link(shown, f"{quote(result.folder)}/{name}")


_LINKS = {
    "report.html": "HTML",
    "report.pdf": "PDF",
    "answers.json": "JSON",
}
_FOOTNOTE = Text(
    "由 labshark {version} 生成，实验 {lab}。每一行都可在 results.csv 中找到；"
    "failures.csv 写明该告诉哪些学生什么。每个答案的状态含义见各份报告的末尾。",
    "Made by labshark {version}, lab {lab}. results.csv has every row; failures.csv says what to "
    "tell whom. What the statuses of answers mean stands at the end of each report.",
)
_WORDS: dict[str, Text] = {
    "skip": Text("跳到学生名单", "Skip to the students"),
    "students": Text("名学生", "students"),
    "charts": Text("统计图", "Charts"),
    "by_question": Text("各题的答案状态", "Answers by question"),
    "find": Text("查找学号、姓名、服务器、原因……", "Find an id, name, server, reason …"),
    "shown": Text("人", "shown"),
    "reset": Text("全部显示", "Show all"),
    "left_out": Text(
        "只列出一部分，需要处理的在前；其余见 results.csv：",
        "Not all are listed, those that need someone come first; in results.csv alone:",
    ),
    "nobody": Text("没有符合的学生。", "Nobody fits."),
    "id": Text("学号", "ID"),
    "name": Text("姓名", "Name"),
    "class": Text("班级", "Class"),
    "status": Text("结果", "Outcome"),
    "version": Text("版本", "Version"),
    "suite": Text("密码套件", "Cipher suite"),
    "server": Text("服务器", "Server"),
    "packets": Text("包数", "Packets"),
    "seconds": Text("秒", "Seconds"),
    "found": Text("已证实", "Found"),
    "report": Text("报告", "Report"),
}
