"""A child process for reading what strangers wrote: bounded, without network, easily killed."""

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import report
from report.grading.intake.limits import ChildLimits

_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from report.grading.intake.confined import child; child(sys.argv[2], sys.argv[3])"
)
_OUT_OF_MEMORY = 86
_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "shutil.",
    "urllib.",
    "webbrowser.",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class ChildFailedError(Exception):
    """The child did not finish; `slug` is `too-slow`, `too-hungry` or `crashed`."""

    def __init__(self, slug: str, detail: str = "") -> None:
        super().__init__(f"{slug}: {detail}")
        self.slug = slug
        self.detail = detail


def confined(task: str, argument: bytes, limits: ChildLimits | None = None) -> bytes:
    """What the function `task` (`package.module:name`, bytes to bytes) makes of `argument`.

    It runs in a Python of its own that sees neither the working directory nor PYTHON* variables,
    opens no socket, starts no program and writes no file. Raises ChildFailedError when it exceeds
    `limits` or dies; the parent's memory holds no more than the output.
    """
    limits = limits or ChildLimits()
    root = str(Path(report.__file__).resolve().parent.parent)
    argv = [sys.executable, "-I", "-X", "utf8", "-c", _BOOT, root, task]
    argv.append(json.dumps([limits.seconds, limits.memory_bytes, limits.output_bytes]))
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as given:
        given.write(argument)
        given.seek(0)
        process = subprocess.Popen(
            argv,
            stdin=given,
            stdout=out,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=tempfile.gettempdir(),
        )
        code = _finished(process, limits.seconds)
        out.seek(0)
        output = out.read(limits.output_bytes + 1)
    _judge(code, len(output), limits)
    return output


def _finished(process: subprocess.Popen[bytes], seconds: float) -> int:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise ChildFailedError("too-slow") from None
    finally:
        if process.poll() is None:
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _judge(code: int, size: int, limits: ChildLimits) -> None:
    if code == _OUT_OF_MEMORY:
        raise ChildFailedError("too-hungry")
    if sys.platform != "win32" and code == -signal.SIGXCPU:
        raise ChildFailedError("too-slow")
    if size > limits.output_bytes or (sys.platform != "win32" and code == -signal.SIGXFSZ):
        raise ChildFailedError("too-hungry")
    if code != 0:
        raise ChildFailedError("crashed", f"exit {code}")


def child(task: str, bounds: str) -> None:
    """The child's whole life; started by `confined` only."""
    seconds, memory, output = json.loads(bounds)
    _limit(int(seconds) + 1, memory, output)
    module, _, name = task.partition(":")
    try:
        work: Callable[[bytes], bytes] = getattr(importlib.import_module(module), name)
        argument = sys.stdin.buffer.read()
        sys.addaudithook(_refuse)
        result = work(argument)
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)
    sys.stdout.buffer.write(result)
    sys.stdout.buffer.flush()
    os._exit(0)


def _limit(seconds: int, memory: int, output: int) -> None:
    if sys.platform == "win32":
        return  # the parent's deadline is all there is
    import resource

    for which, soft, hard in (
        (resource.RLIMIT_CPU, seconds, seconds + 1),
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_FSIZE, output + 1, output + 1),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        # macOS refuses some of them.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(which, (soft, hard))


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"not while reading a submission: {event}")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
        raise PermissionError("not while reading a submission: writing")
