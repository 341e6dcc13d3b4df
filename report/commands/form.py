"""`labshark form`: the blank answer form of a lab for students."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from report.errors import LabsharkError
from report.files import write_to


def form(
    lab: Annotated[
        str, typer.Argument(help="A built-in lab, or a lab file of your own. 实验名或实验文件。")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="form.md or form.docx. 写入的文件。")
    ] = None,
) -> None:
    """The blank answer form of a lab. 生成一个实验的空白答题表。"""
    from report.grading.forms import form_docx, form_markdown
    from report.labs.loader import load_lab

    found = load_lab(lab)
    if out is None:
        sys.stdout.write(form_markdown(found))
    elif out.suffix.lower() == ".docx":
        write_to(out, form_docx(found))
    elif out.suffix.lower() in (".md", ".markdown"):
        write_to(out, form_markdown(found).encode())
    else:
        raise LabsharkError("form-ending", path=out.name)
