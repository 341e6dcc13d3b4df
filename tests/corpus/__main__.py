"""The corpus table: `python -m tests.corpus [--jobs N] [--write] [NAME …]`

Answers every lab on every capture, without and with keys, and prints capture × question: `#` for
right (the value), `o` for honest (a status that says why there is none), `X` for wrong. With names,
only those captures; `--write` puts the table into docs/corpus.md, with date and tshark version.
Ends with 1 if anything is wrong.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import groupby

from report.capture.programs import find_program, shown_version, tshark_version
from tests.corpus.answering import TLS_LABS, Cell, Reading, cells, readings
from tests.corpus.truth import TRACES, Verdict

MARKS = {Verdict.RIGHT: "#", Verdict.HONEST: "o", Verdict.WRONG: "X"}
BEGIN, END = "<!-- corpus table -->", "<!-- end of corpus table -->"
PAGE = TRACES.parent / "docs" / "corpus.md"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args(arguments)
    wanted = [r for r in readings() if not chosen.names or r.truth.capture.name in chosen.names]
    with ProcessPoolExecutor(chosen.jobs) as pool:
        held = [cell for found in pool.map(cells, wanted) for cell in found]
    table = "\n".join(["```text", *_rows(held), "```", "", *_summary(wanted, held)])
    print(table)
    wrong = [cell for cell in held if cell.verdict is Verdict.WRONG]
    for cell in wrong:
        print(f"{cell.reading}: {cell}", file=sys.stderr)
    if chosen.write:
        _write(table)
    return bool(wrong)


def _rows(held: Iterable[Cell]) -> list[str]:
    """One line per reading, session and lab: a mark per question, in the lab's order."""
    rows = []
    for (reading, options, lab), found in groupby(
        held, key=lambda cell: (cell.reading, cell.options, cell.lab)
    ):
        asked = "" if options == "automatic" or options.startswith("keylog=") else f" [{options}]"
        marks = "".join(MARKS[cell.verdict] for cell in found)
        rows.append(f"{lab:18} {marks:55} {reading}{asked}")
    return sorted(rows, key=lambda row: (_place(row), row[75:]))


def _place(row: str) -> int:
    lab = row.split()[0]
    return TLS_LABS.index(lab) if lab in TLS_LABS else len(TLS_LABS)


def _summary(wanted: Sequence[Reading], held: Sequence[Cell]) -> list[str]:
    captures = len({reading.truth.capture for reading in wanted})
    lines = [
        "| 实验 lab | 单元 cells | 正确 right | 诚实 honest | 错误 wrong |",
        "|---|---|---|---|---|",
    ]
    for lab in (*dict.fromkeys(cell.lab for cell in held), None):
        verdicts = Counter(c.verdict for c in held if lab in (c.lab, None))
        counts = (verdicts.total(), *(verdicts[kind] for kind in MARKS))
        lines.append(f"| {lab or '合计 all'} | {' | '.join(map(str, counts))} |")
    version = shown_version(tshark_version(find_program("tshark")))
    day = datetime.now(UTC).date().isoformat()
    lines += [
        "",
        f"{captures} 个抓包，{len(wanted)} 次读取（无密钥、有密钥），tshark {version}，{day}。",
        "",
        f"{captures} captures, {len(wanted)} readings (without and with keys), tshark {version}, "
        f"{day}.",
    ]
    return lines


def _write(table: str) -> None:
    text = PAGE.read_text("utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
