"""The class as each platform gives it: an archive of submissions and a sheet for the marks."""

import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from report.capture.programs import find_program
from report.capture.trace import open_trace
from report.questions.engine import answer_lab
from report.rendering.html import render_html
from report.rendering.report import build_view
from tests.corpus.truth import TRACES
from tests.grading.klass.cast import ABSENT, Student
from tests.grading.klass.documents import document
from tests.grading.klass.writing import LAB, lines_of

Files = dict[str, bytes]


def files_of(student: Student, scratch: Path, shared: Path | None) -> Files:
    """What one student hands in, by the student's own file names."""
    if student.role in ("report", "edited-report"):
        writeup = {"report.html": _report(student)}
    else:
        ending = student.format
        name = f"实验报告.{ending}" if student.language == "zh" else f"tls lab.{ending}"
        writeup = {name: document(lines_of(student), student.format)}
    return writeup | _capture(student, scratch, shared)


def _capture(student: Student, scratch: Path, shared: Path | None) -> Files:
    if student.role == "broken":
        return {"mine.pcapng": b"\x0a\x0d\x0d\x0a" + bytes(60)}
    if student.capture is None:
        return {}
    if student.capture == "textbook":
        assert shared is not None  # who has it is left out of the class without it
        return {"mine.pcapng": (shared / "traces" / "textbook-tls12.pcapng").read_bytes()}
    (path,) = (p for p in TRACES.glob(f"{student.capture}.pcap*") if p.suffix != ".toml")
    files = {f"capture{path.suffix}": path.read_bytes()}
    if student.resaved:
        files = {"capture.pcap": _resaved(path, scratch)}
    if student.keys:
        files["sslkeys.log"] = path.with_suffix(".keylog").read_bytes()
    return files


def _resaved(path: Path, scratch: Path) -> bytes:
    """The first sixteen packets in the older format."""
    target = scratch / "resaved.pcap"
    editcap = str(find_program("editcap"))
    command = [editcap, "-F", "pcap", "-r", str(path), str(target), "1-16"]
    subprocess.run(command, check=True, capture_output=True)
    return target.read_bytes()


def _report(student: Student) -> bytes:
    """labshark's own report on the student's capture; edited, another packet for q3."""
    with open_trace(TRACES / f"{student.capture}.pcapng") as trace:
        trace.start(LAB.columns())
        result = answer_lab(trace, LAB)
        page = render_html(build_view(trace, result))
    if student.role == "report":
        return page.encode()
    start = page.index('id="q3"')
    before, after = page[:start], page[start:]
    changed, count = re.subn(r'(<p class="headline">)4(</p>)', r"\g<1>5\2", after, count=1)
    assert count == 1
    return (before + changed).encode()


@dataclass(frozen=True)
class Platform:
    """One platform's archive and sheet."""

    name: str
    archive: Path
    sheet: Path
    column: int
    """Of the marks, from 0."""
    delimiter: str
    encoding: str
    feedback_column: int | None = None


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def _rows(students: Sequence[Student]) -> Iterator[tuple[int, str, str]]:
    """Number, id and name of everybody on the roster, whoever handed nothing in among them."""
    yield from ((s.number, s.id, s.name) for s in students if s.on_roster)
    yield (99, *ABSENT)


def _split(name: str) -> tuple[str, str]:
    if name.isascii() or " " in name:
        given, _, family = name.partition(" ")
        return family, given
    return name[:1], name[1:]


def canvas(folder: Path, students: Sequence[Student], works: dict[str, Files]) -> Platform:
    """`{name}_{user}_{attachment}_{file}`; the gradebook's CSV."""
    files: Files = {}
    for student in students:
        family, given = _split(student.name)
        squeezed = "".join(c for c in f"{family}{given}".lower() if c.isalnum())
        for place, (name, content) in enumerate(works[student.id].items()):
            attachment = 90000 + 10 * student.number + place
            files[f"{squeezed}_{700 + student.number}_{attachment}_{name}"] = content
    rows = ["Student,ID,SIS User ID,SIS Login ID,Section,TLS lab (4711),Final Score"]
    rows.append("    Points Possible,,,,,24.00,(read only)")
    for number, student_id, name in _rows(students):
        family, given = _split(name)
        rows.append(f'"{family}, {given}",{700 + number},{student_id},u{number},CS 2,,50.0')
    sheet = folder / "canvas.csv"
    sheet.write_bytes("\r\n".join([*rows, ""]).encode("utf-8-sig"))
    return Platform("canvas", zipped(folder / "canvas.zip", files), sheet, 5, ",", "utf-8-sig")


def moodle(folder: Path, students: Sequence[Student], works: dict[str, Files]) -> Platform:
    """`{Full name}_{participant}_assignsubmission_file/{file}`; the offline worksheet."""
    files: Files = {}
    for student in students:
        place = f"{student.name}_{3000 + student.number}_assignsubmission_file"
        files |= {f"{place}/{name}": data for name, data in works[student.id].items()}
    rows = [
        "标识符,全名,学号,状态,成绩,最高分,允许更改成绩,上次修改（作业）,上次修改（评分）,反馈评论"
    ]
    for number, student_id, name in _rows(students):
        rows.append(f"参与人{3000 + number},{name},{student_id},已提交,,24.00,是,-,-,")
    sheet = folder / "moodle.csv"
    sheet.write_bytes("\n".join([*rows, ""]).encode())
    archive = zipped(folder / "moodle.zip", files)
    return Platform("moodle", archive, sheet, 4, ",", "utf-8", 9)


def blackboard(folder: Path, students: Sequence[Student], works: dict[str, Files]) -> Platform:
    """`{assignment}_{username}_attempt_{time}_{file}`; tab-separated UTF-16 named .xls."""
    files: Files = {}
    for student in students:
        stem = f"TLS lab_u{student.number}_attempt_2026-10-05-09-08-{student.number:02}"
        files |= {f"{stem}_{name}": data for name, data in works[student.id].items()}
        files[f"{stem}.txt"] = f"Name: {student.name} (u{student.number})\n".encode()
    head = ["Last Name", "First Name", "Username", "Student ID", "Availability"]
    head.append("TLS lab [Total Pts: 24 Score] |88001")
    rows = [head]
    for number, student_id, name in _rows(students):
        rows.append([*_split(name), f"u{number}", student_id, "Yes", ""])
    text = "".join("\t".join(f'"{cell}"' for cell in row) + "\r\n" for row in rows)
    sheet = folder / "blackboard.xls"
    sheet.write_bytes(text.encode("utf-16"))
    archive = zipped(folder / "blackboard.zip", files)
    return Platform("blackboard", archive, sheet, 5, "\t", "utf-16")


PLATFORMS: dict[str, Callable[[Path, Sequence[Student], dict[str, Files]], Platform]] = {
    "canvas": canvas,
    "moodle": moodle,
    "blackboard": blackboard,
}
