"""What became of every input, each counted once, in words."""

from collections.abc import Iterator

from report.batch.labels import STATUS_NAMES
from report.batch.results import Status
from report.batch.run import Outcome
from report.text import Text


def summary(outcome: Outcome) -> Iterator[Text]:
    """What became of every input, each counted once."""
    tally = outcome.tally
    counted = {s: n for s in Status if (n := tally.inputs[s])}
    total = outcome.plan.inputs
    zh = "，".join(f"{STATUS_NAMES[s].zh} {n}" for s, n in counted.items())
    en = ", ".join(f"{n} {STATUS_NAMES[s].en}" for s, n in counted.items())
    yield Text(f"共 {total} 份：{zh}。", f"{total} inputs: {en}.")
    if left := total - sum(counted.values()):
        yield Text(f"{left} 份没有处理。", f"{left} were not begun.")
    if tally.kept:
        yield Text(
            f"其中 {tally.kept} 份沿用以前的结果。", f"{tally.kept} of them were done before."
        )
    if missing := tally.students[Status.MISSING]:
        yield Text(
            f"名单中有 {missing} 人没有提交。",
            f"{missing} on the roster handed nothing in.",
        )
    if outcome.strangers:
        yield Text(
            f"输出文件夹中另有 {outcome.strangers} 个不属于这次输入的旧结果，未改动。",
            f"The output folder also has {outcome.strangers} earlier results that are not of these "
            "inputs; they were left alone.",
        )
