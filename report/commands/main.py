"""The command line: what each command takes, and how every mistake ends."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from report.commands.answer import answer
from report.commands.batch import batch
from report.commands.capture import OptionalBrowser, capture
from report.commands.demo import demo
from report.commands.doctor import doctor
from report.commands.grade import grade
from report.commands.labs import labs
from report.commands.options import Screen
from report.commands.report import report
from report.commands.trim import trim
from report.errors import ExitCode, LabsharkError

_REQUIRE_SANDBOX = "--require-sandbox"


class _Program(TyperGroup):
    """The commands together; what is an option of them all may stand behind a command's name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ours = [each for each in args if each == _REQUIRE_SANDBOX]
        return super().parse_args(ctx, ours + [each for each in args if each not in ours])


app = typer.Typer(
    name="labshark",
    cls=_Program,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=(
        "Answers a Wireshark TLS lab from a packet capture, proves every answer, and renders the "
        "lab report.\n\n根据抓包回答 Wireshark TLS 实验的问题，逐题给出证据，并生成实验报告。"
    ),
    epilog="Examples:  labshark demo   |   labshark report my.pcapng --id 2026001 --name 林晓雨",
)
app.command()(demo)
app.command()(doctor)
app.command()(answer)
app.command()(report)
app.command()(batch)
app.command()(grade)
app.command()(trim)
app.command(cls=OptionalBrowser)(capture)
app.add_typer(labs, name="labs")


@app.callback()
def settings(
    require_sandbox: Annotated[
        bool,
        typer.Option(
            _REQUIRE_SANDBOX,
            help="Read no capture where the sandbox does not work. 没有沙箱时拒绝读取抓包。",
        ),
    ] = False,
) -> None:
    """What holds for every command."""
    if require_sandbox:
        # Not an import from the sandbox: `--help` must not wait for it. Workers inherit it.
        os.environ["LABSHARK_REQUIRE_SANDBOX"] = "1"


def run() -> None:
    """The `labshark` command: runs, and turns every fault of the user's into one sentence."""
    _speak_utf8()
    with _ends_well():
        app()


def _speak_utf8() -> None:
    # On a Chinese Windows console the default is GBK, which lacks half of what we print.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def _ends_well() -> Iterator[None]:
    try:
        yield
    except LabsharkError as fault:
        Screen.current().fault(fault)
        raise SystemExit(fault.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(ExitCode.INTERRUPTED) from None
    except BrokenPipeError:
        # Whoever read our output has seen enough (`labshark answer … | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(ExitCode.DONE) from None


if __name__ == "__main__":
    run()
