"""The tests themselves where there is no network, in a checkout that nobody can write to."""

import argparse
import os
import re
import shutil
import subprocess
import sys

from tests.conftest import CHECKOUT

_CLOSED = """
ip link set lo up
mount --bind "$0" "$0"
mount -o remount,ro,bind "$0"
if touch "$0/written" 2>/dev/null; then exit 99; fi
exec "$@"
"""
"""In namespaces of its own; `$0` is the checkout."""


def suite(_: argparse.Namespace) -> list[str]:
    """Goal 13: the whole suite passes with loopback for a network, on a tree that is read-only."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return ["needs root and util-linux, to make namespaces"]
    pytest = [sys.executable, "-m", "pytest", "--numprocesses=auto", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-euc", _CLOSED, str(CHECKOUT), *pytest],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    lines = done.stdout.splitlines()
    print(lines[-1] if lines else f"exit {done.returncode}")
    failed = [line for line in lines if re.match("FAILED|ERROR", line)]
    return failed or ([f"exit {done.returncode}"] if done.returncode else [])
