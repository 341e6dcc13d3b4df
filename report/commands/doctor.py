"""`labshark doctor`: what this machine has, and the command that installs what it lacks."""

import typer

from report.commands.options import Lang, LangOption
from report.doctor import examine, exit_code, lines


def doctor(lang: LangOption = Lang.BOTH) -> None:
    """What is there, and what to install. 检查本机缺少什么，以及如何安装。"""
    findings = examine()
    for line in lines(findings, lang.value):
        print(line)
    raise typer.Exit(exit_code(findings))
