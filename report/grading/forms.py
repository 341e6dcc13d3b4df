"""The blank answer form of a lab, with the marks that the reader of write-ups knows.

In Markdown a comment before each answer (`<!-- labshark: q1 -->`), in Word a content control around
it, tagged `labshark:q1`. Whoever loses them still has numbered questions.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from report.grading.intake.lines import Line
from report.labs.model import Lab, Question
from report.text import Text

PRINTED = "-"
"""The field of what is printed between the answers; no question is called so."""
_DATE = (1980, 1, 1, 0, 0, 0)
_HEADER = (
    Text("学号", "Student ID"),
    Text("姓名", "Name"),
    Text("班级", "Class"),
)
_CONCLUSION = Text("结论分析与体会", "Conclusion")
_HINT = Text(
    "每题的答案写在题目下面；可以贴截图，但答案要写成文字。不要改动题号。",
    "Write each answer under its question. Screenshots are welcome, but the answer itself must be "
    "text. Leave the question numbers as they are.",
)


def _number(question: Question, position: int) -> str:
    digits = question.id.lstrip("q")
    return digits if digits.isdigit() else str(position)


# ---- Markdown -----------------------------------------------------------------------------------


def form_markdown(lab: Lab) -> str:
    """The form as Markdown."""
    return "\n".join(_markdown(lab)) + "\n"


def _markdown(lab: Lab) -> Iterator[str]:
    yield f"# {_line(lab.title.zh)} / {_line(lab.title.en)}"
    yield ""
    for label in _HEADER:
        yield f"- {label.zh} {label.en}: "
    yield ""
    yield f"> {_HINT.zh}"
    yield f"> {_HINT.en}"
    for position, question in enumerate(lab.questions, 1):
        yield ""
        yield f"<!-- labshark: {PRINTED} -->"
        yield ""
        yield f"**{_number(question, position)}.** {_line(question.ask.zh)}"
        yield f"{_line(question.ask.en)}"
        if question.hint is not None:
            yield ""
            yield f"*{_line(question.hint.zh)}*"
            yield f"*{_line(question.hint.en)}*"
        yield ""
        yield f"<!-- labshark: {question.id} -->"
        yield ""
        yield ""
    yield f"<!-- labshark: {PRINTED} -->"
    yield ""
    yield f"## {_CONCLUSION.zh} {_CONCLUSION.en}"
    yield ""


def _line(text: str) -> str:
    return " ".join(text.split())


# ---- Word ---------------------------------------------------------------------------------------

_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.wordprocessingml.document.main+xml"/>'
    '<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.wordprocessingml.styles+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/{kind}" Target="{target}"/></Relationships>'
)
_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STYLES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    f'<w:styles xmlns:w="{_MAIN}"><w:docDefaults><w:rPrDefault><w:rPr>'
    '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:eastAsia="Microsoft YaHei"/>'
    '<w:sz w:val="22"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="80"/>'
    "</w:pPr></w:pPrDefault></w:docDefaults>"
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
    "</w:style>"
    '<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/>'
    '<w:basedOn w:val="Normal"/><w:rPr><w:b/><w:sz w:val="36"/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Question"><w:name w:val="Question"/>'
    '<w:basedOn w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="240" w:after="60"/>'
    "</w:pPr><w:rPr><w:b/></w:rPr></w:style>"
    '<w:style w:type="paragraph" w:styleId="Asked"><w:name w:val="Asked"/>'
    '<w:basedOn w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:after="60"/></w:pPr>'
    '<w:rPr><w:color w:val="5B6675"/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Answer"><w:name w:val="Answer"/>'
    '<w:basedOn w:val="Normal"/><w:pPr><w:pBdr>'
    + "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="6" w:color="9AA5B1"/>'
        for side in ("top", "left", "bottom", "right")
    )
    + "</w:pBdr></w:pPr></w:style></w:styles>"
)


def form_docx(lab: Lab) -> bytes:
    """The form as a Word document; the same lab gives the same bytes."""
    body = "".join(_word(lab))
    document = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<w:document xmlns:w="{_MAIN}"><w:body>{body}<w:sectPr>'
        '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" '
        'w:left="1134" w:header="709" w:footer="709" w:gutter="0"/></w:sectPr></w:body>'
        "</w:document>"
    )
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _RELATIONS.format(kind="officeDocument", target="word/document.xml"),
        "word/_rels/document.xml.rels": _RELATIONS.format(kind="styles", target="styles.xml"),
        "word/document.xml": document,
        "word/styles.xml": _STYLES,
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(info, content.encode())
    return target.getvalue()


def _word(lab: Lab) -> Iterator[str]:
    yield _paragraph(f"{_line(lab.title.zh)} / {_line(lab.title.en)}", "Title")
    for label in _HEADER:
        yield _paragraph(f"{label.zh} {label.en}：")
    yield _paragraph(_HINT.zh, "Asked")
    yield _paragraph(_HINT.en, "Asked")
    for position, question in enumerate(lab.questions, 1):
        number = _number(question, position)
        yield _paragraph(f"{number}. {_line(question.ask.zh)}", "Question")
        yield _paragraph(_line(question.ask.en), "Asked")
        for hint in (question.hint.zh, question.hint.en) if question.hint else ():
            yield _paragraph(_line(hint), "Asked")
        yield _control(question.id, number, position)
    yield _paragraph(f"{_CONCLUSION.zh} {_CONCLUSION.en}", "Question")
    yield _control("conclusion", _CONCLUSION.zh, len(lab.questions) + 1)


def _paragraph(text: str, style: str = "Normal") -> str:
    run = f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>' if text else ""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{run}</w:p>'


def _control(tag: str, title: str, number: int) -> str:
    """An empty content control; locked, so that no keystroke deletes it with its text."""
    return (
        f'<w:sdt><w:sdtPr><w:alias w:val="{escape(title, {chr(34): "&quot;"})}"/>'
        f'<w:tag w:val="labshark:{escape(tag)}"/><w:id w:val="{number}"/>'
        f'<w:lock w:val="sdtLocked"/></w:sdtPr><w:sdtContent>{_paragraph("", "Answer")}'
        "</w:sdtContent></w:sdt>"
    )


# ---- reading back -------------------------------------------------------------------------------


def left_blank(lines: Sequence[Line], lab: Lab) -> frozenset[str]:
    """The questions of a form, by id, that nobody wrote anything into or under.

    What is printed there is no answer, whatever it may look like to a reader.
    """
    fields = {question.id for question in lab.questions}
    filled = {line.anchor for line in lines if line.anchor in fields}
    free = [line for line in lines if line.anchor not in fields]
    printed = _printed(lab)
    asked = [printed.get(_plain(line.text)) for line in free]
    under = {one for one, after in pairwise([*asked, None]) if after is None}
    known = {name for name in asked if name is not None}
    return frozenset(known - filled - under - {""})


def _printed(lab: Lab) -> dict[str, str]:
    """What the form prints for each question (and, as '', below the last), as readers give it."""
    found = {_plain(f"{_CONCLUSION.zh}{_CONCLUSION.en}"): ""}
    for position, question in enumerate(lab.questions, 1):
        number = _number(question, position)
        zh, en = _plain(question.ask.zh), _plain(question.ask.en)
        shown = [zh, en, f"{number}.{zh}", f"{number}.{zh}{en}", zh + en]
        if question.hint is not None:
            hint = (_plain(question.hint.zh), _plain(question.hint.en))
            shown += [*hint, "".join(hint)]
        found |= dict.fromkeys(shown, question.id)
    return found


def _plain(text: str) -> str:
    return "".join(text.split()).replace("*", "")
