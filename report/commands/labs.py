"""`labshark labs`: the labs there are, beginning one's own, and checking it."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from report.commands.opening import Choice, answered
from report.commands.options import (
    HostOption,
    KeylogOption,
    Lang,
    LangOption,
    QuietOption,
    Screen,
    StreamOption,
)
from report.errors import ExitCode, LabsharkError
from report.files import make_folder, write_to, write_whole
from report.text import Text

labs = typer.Typer(
    help="The labs there are; a lab of your own. 现有的实验；编写自己的实验。",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@labs.command("list")
def list_labs(lang: LangOption = Lang.BOTH, quiet: QuietOption = False) -> None:
    """The built-in labs and those in your own folder. 列出内置的实验和自己文件夹里的实验。"""
    from report.labs.loader import built_in_labs, load_lab, user_labs, user_labs_folder

    screen = Screen(lang, quiet=quiet)
    for name in built_in_labs():
        print(_listed(name, load_lab(name), screen))
    folder = user_labs_folder()
    for name in user_labs():
        path = folder / f"{name}.toml"
        if name in built_in_labs():
            screen.warn([_hidden(path)])
            continue
        try:
            print(_listed(name, load_lab(str(path)), screen))
        except LabsharkError as fault:
            screen.warn([fault.text])
    screen.say(Text(f"自己的实验放在：{folder}", f"Labs of your own belong into: {folder}"))


def _listed(name: str, lab: Any, screen: Screen) -> str:
    titles = " · ".join(lab.title.text.in_(language) for language in screen.languages)
    return f"{name:<20} {len(lab.questions):>3}  {titles}"


def _hidden(path: Path) -> Text:
    return Text(
        f"{path}：内置实验已经叫这个名称，所以用不到它；请改名。",
        f"{path}: a built-in lab has this name, so it is never used; rename it.",
    )


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
def new(
    name: Annotated[str, typer.Argument(help="The lab's name, my-lab. 实验的名称。")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for it. 放入的文件夹。", readable=False)
    ] = Path(),
    lang: LangOption = Lang.BOTH,
    quiet: QuietOption = False,
) -> None:
    """Writes a lab to begin with, with remarks. 写一个带注释的实验文件作为开头。"""
    from report.labs.starting import starting_files

    screen = Screen(lang, quiet=quiet)
    files = starting_files(name)
    path = out / f"{name}.toml"
    if path.exists():
        raise LabsharkError("lab-exists", path=str(path))
    make_folder(out)
    for each, content in files.items():
        write_whole(out / each, content)
    screen.say(
        Text(
            f"写好了。改好题目以后检查：labshark labs check {path}",
            f"Written. Change the questions, then check: labshark labs check {path}",
        )
    )
    print(path)


@labs.command()
def schema(
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write there. 写入文件。")] = None,
) -> None:
    """The JSON Schema of lab files, for editors. 实验文件的 JSON Schema，供编辑器使用。"""
    from report.labs.schema import schema_text
    from report.questions.queries import QUERIES

    text = schema_text(QUERIES)
    if out is None:
        sys.stdout.write(text)
    else:
        write_to(out, text.encode())


@labs.command()
def queries(lang: LangOption = Lang.BOTH) -> None:
    """The queries that a lab may name. 列出实验可以使用的自带查询。"""
    from report.questions.queries import QUERIES

    Screen(lang)
    for name in sorted(QUERIES):
        print(name)


@labs.command()
def check(
    file: Annotated[Path, typer.Argument(readable=False, help="Your lab file. 你的实验文件。")],
    trace: Annotated[
        Path | None,
        typer.Option("--trace", readable=False, help="Answer it on this capture. 用抓包试答。"),
    ] = None,
    keylog: KeylogOption = None,
    host: HostOption = None,
    stream: StreamOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON instead of lines. 输出 JSON。")
    ] = False,
    lang: LangOption = Lang.BOTH,
    quiet: QuietOption = False,
) -> None:
    """Checks a lab file of your own; with --trace, answers it. 检查实验文件，也可试答。"""
    # The queries that exist are known to the engine, which brings pandas.
    from report.grading.marking.confusions import CONFUSIONS
    from report.labs.loader import load_draft
    from report.questions.lab_check import lab_mistakes

    screen = Screen(lang, quiet=quiet)
    draft = load_draft(file)
    mistakes = lab_mistakes(draft, CONFUSIONS.keys())
    if mistakes or trace is None:
        _say_mistakes(file, draft, mistakes, screen, as_json=as_json)
        return
    choice = Choice(trace, str(_as_path(file)), host, stream, keylog)
    _try(choice, file, screen, as_json=as_json)


def _as_path(file: Path) -> Path:
    """A lab file is found by its ending or by having a folder; else it is a lab's name."""
    return file if file.suffix == ".toml" else file.absolute()


def _say_mistakes(file: Path, draft: Any, mistakes: Any, screen: Screen, *, as_json: bool) -> None:
    if as_json:
        print(_json(file, mistakes))
    else:
        for mistake in mistakes:
            for language in screen.languages:
                print(mistake.text.in_(language))
    if mistakes:
        raise LabsharkError("lab-mistakes", path=str(file), count=len(mistakes))
    screen.say(
        Text(
            f"实验 {draft.lab.id}：{len(draft.lab.questions)} 个问题，没有发现错误。",
            f"Lab {draft.lab.id}: {len(draft.lab.questions)} questions, no mistakes found.",
        )
    )


def _json(file: Path, mistakes: Any, **more: object) -> str:
    from report.rendering.jsontext import json_text

    listed = [
        {"place": each.place, "key": each.key, "text": {"zh": each.text.zh, "en": each.text.en}}
        for each in mistakes
    ]
    document = {"format": 1, "file": str(file), "mistakes": listed, **more}
    return json_text(document, indent=1)


def _try(choice: Choice, file: Path, screen: Screen, *, as_json: bool) -> None:
    """Every question on a capture, with its answer and what proves it."""
    with answered(choice) as (opened, result):
        from report.rendering.answers_json import answers_document
        from report.rendering.dry_run import dry_run

        failed = [a for a in result.answers.values() if a.status.value == "failed"]
        if as_json:
            print(_json(file, (), dry_run=answers_document(opened, result)))
        else:
            print(dry_run(result, screen.languages), end="")
        screen.warn(warning.text for warning in opened.warnings)
        screen.warn(answer.reason or answer.text for answer in failed)
    if failed:
        raise SystemExit(ExitCode.NEEDS_PERSON)
