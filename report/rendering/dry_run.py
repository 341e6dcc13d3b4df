"""What `labs check --trace` shows: every question with its answer, its status and its evidence."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text as Cell

from report.questions.answer import Answer
from report.questions.engine import LabResult
from report.questions.kinds import kind
from report.rendering.labels import STATUS
from report.rendering.shown import shown
from report.rendering.terminal import COLOURS, in_languages, rendered
from report.text import Language, Text

_HEADS = (
    Text("题号", "question"),
    Text("状态", "status"),
    Text("答案", "answer"),
    Text("证据", "evidence"),
)


def dry_run(result: LabResult, languages: Sequence[Language]) -> str:
    """A table on a terminal; else one line per question, its parts between tabs."""
    if not Console().is_terminal:
        lines = ("\t".join(parts) for parts in _rows(result, languages, _SLUGS))
        return "".join(f"{line}\n" for line in lines)
    table = Table(*(in_languages(head, languages) for head in _HEADS), pad_edge=False)
    for question, parts in zip(result.lab.questions, _rows(result, languages, STATUS), strict=True):
        colour = COLOURS[result.answers[question.id].status.value]
        name, status, value, proof = parts
        table.add_row(name, Cell(status, colour), Cell(value, overflow="fold"), Cell(proof))
    return rendered([table])


_SLUGS = {name: Text(name, name) for name in STATUS}


def _rows(
    result: LabResult, languages: Sequence[Language], statuses: dict[str, Text]
) -> Iterator[tuple[str, str, str, str]]:
    for question in result.lab.questions:
        answer = result.answers[question.id]
        status = statuses[answer.status.value]
        yield (
            question.id,
            in_languages(status, languages),
            _value(question.kind, answer, languages),
            _proof(answer),
        )


def _value(name: str, answer: Answer, languages: Sequence[Language]) -> str:
    if answer.value is None:
        return in_languages(answer.model or answer.text, languages)
    return in_languages(kind(name).format(answer.value), languages)


def _proof(answer: Answer) -> str:
    """The first field cited; where there is none, the filter that finds nothing."""
    if answer.evidence:
        cited = answer.evidence[0]
        return f"{cited.frame}: {shown(cited.label)}"
    return answer.filter or "–"
