"""`labshark labs`: the built-in labs, and checking one's own."""

from pathlib import Path
from typing import Annotated

import typer

from report.commands.options import Lang, LangOption, Screen
from report.text import Text

labs = typer.Typer(
    help="The built-in labs; check a lab file of your own. 内置实验与自己的实验文件。",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@labs.command("list")
def list_labs(lang: LangOption = Lang.BOTH) -> None:
    """The labs that come with labshark. 列出内置的实验。"""
    from report.labs.loader import built_in_labs, load_lab

    screen = Screen(lang)
    for name in built_in_labs():
        lab = load_lab(name)
        titles = " · ".join(lab.title.text.in_(language) for language in screen.languages)
        print(f"{name:<20} {len(lab.questions):>3}  {titles}")


@labs.command()
def show(
    lab: Annotated[str, typer.Argument(help="Name or file of the lab. 实验名或文件。")],
    lang: LangOption = Lang.BOTH,
) -> None:
    """The questions of a lab. 显示一个实验的问题。"""
    from report.labs.loader import load_lab

    screen = Screen(lang)
    found = load_lab(lab)
    for language in screen.languages:
        print(found.title.text.in_(language))
    for section in found.sections:
        print()
        print("## " + " · ".join(section.title.text.in_(each) for each in screen.languages))
        for question in found.questions:
            if question.section == section.id:
                for language in screen.languages:
                    print(f"{question.id:>5}  {question.ask.text.in_(language)}")


@labs.command()
def check(
    file: Annotated[Path, typer.Argument(help="Your lab file. 你的实验文件。")],
    lang: LangOption = Lang.BOTH,
) -> None:
    """Checks a lab file of your own. 检查自己的实验文件。"""
    # The queries that exist are known to the engine, which brings pandas.
    from report.labs.checking import check_fields, check_filters, check_queries
    from report.labs.loader import load_lab
    from report.questions.queries import QUERIES

    screen = Screen(lang)
    lab = load_lab(str(file) if file.suffix == ".toml" else file.as_posix())
    check_queries(lab, QUERIES.keys())
    check_fields(lab)
    check_filters(lab)
    screen.say(
        Text(
            f"实验 {lab.id}：{len(lab.questions)} 个问题，没有发现错误。",
            f"Lab {lab.id}: {len(lab.questions)} questions, no mistakes found.",
        )
    )
