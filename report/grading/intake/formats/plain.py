"""Plain text: every line as it stands."""

from report.grading.intake.encoding import NotTextError, decode_text
from report.grading.intake.lines import LineKind, LineSink, Place, UnreadableError


def read_plain(data: bytes, sink: LineSink) -> None:
    """Fill `sink` with the lines of a text file in any encoding."""
    fenced = False
    for number, line in enumerate(text_lines(data), 1):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
            continue
        sink.add(line, _kind(line, fenced), Place("line", number), number)


def text_lines(data: bytes) -> list[str]:
    """The lines of a text. Raises UnreadableError for what is no text."""
    try:
        text = decode_text(data)[0]
    except NotTextError as error:
        raise UnreadableError("writeup-not-text") from error
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _kind(line: str, fenced: bool) -> LineKind:
    if fenced:
        return LineKind.CODE
    return LineKind.QUOTE if line.lstrip().startswith(">") else LineKind.PROSE
