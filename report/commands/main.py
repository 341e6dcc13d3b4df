"""The command line: what each command takes, and how every mistake ends."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from report import __version__
from report.commands.answer import answer
from report.commands.batch import batch
from report.commands.capture import OptionalBrowser, capture
from report.commands.demo import demo
from report.commands.doctor import doctor
from report.commands.form import form
from report.commands.grade import grade
from report.commands.key import key
from report.commands.labs import labs
from report.commands.mistakes import USAGE_ERROR, usage_fault
from report.commands.options import Screen
from report.commands.report import report
from report.commands.trim import trim
from report.errors import ExitCode, LabsharkError

_REQUIRE_SANDBOX = "--require-sandbox"


class _Program(TyperGroup):
    """The commands together; what is an option of them all may stand behind a command's name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ours = [each for each in args if each == _REQUIRE_SANDBOX]
        with _ends_well():
            return super().parse_args(ctx, ours + [each for each in args if each not in ours])

    def invoke(self, ctx: Any) -> Any:
        # Here and not around the whole: typer has its own way with a broken pipe, and exits 1.
        with _ends_well():
            result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
            return result


app = typer.Typer(
    name="labshark",
    cls=_Program,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
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
app.command()(key)
app.command()(form)
app.command()(trim)
app.command(cls=OptionalBrowser)(capture)
app.add_typer(labs, name="labs")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"labshark {__version__}")
        raise typer.Exit


@app.callback()
def settings(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Show the version and exit. 显示版本。",
        ),
    ] = False,
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
    app(prog_name="labshark")


def _speak_utf8() -> None:
    # On a Chinese Windows console the default is GBK, which lacks half of what we print.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


@contextlib.contextmanager
def _ends_well() -> Iterator[None]:
    try:
        yield
    except LabsharkError as fault:
        raise _end(fault) from None
    except KeyboardInterrupt:
        raise SystemExit(ExitCode.INTERRUPTED) from None
    except BrokenPipeError:
        # Whoever read our output has seen enough (`labshark answer … | head`).
        _discard_output()
        raise SystemExit(ExitCode.DONE) from None
    except OSError as fault:
        if fault.errno not in _FULL:
            raise
        _discard_output()
        detail = fault.strerror or str(fault)
        place = str(fault.filename or "stdout")
        raise _end(LabsharkError("output-cannot-be-written", path=place, detail=detail)) from None
    except USAGE_ERROR as mistake:
        said = usage_fault(mistake)
        if said is None:
            raise
        raise _end(said) from None


def _end(fault: LabsharkError) -> SystemExit:
    Screen.current().fault(fault)
    return SystemExit(fault.exit_code)


def _discard_output() -> None:
    """What is still held back for standard output is not written when Python ends, and fails."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


if __name__ == "__main__":
    run()
