"""Building blocks of tabular answers: columns and the words that recur in their cells."""

from report.questions.answer import AnswerTable, Cell, TableColumn
from report.text import Text

CLIENT, SERVER = Text("客户端", "client"), Text("服务器", "server")
YES, NO, NOTHING = Text("是", "yes"), Text("否", "no"), "–"


def column(zh: str, en: str, *, numeric: bool = False) -> TableColumn:
    """A column with its heading in both languages."""
    return TableColumn(Text(zh, en), numeric)


PACKET = column("数据包", "Packet", numeric=True)
FROM = column("发送方", "From")


def sender(from_client: bool) -> Text:
    """Which side something comes from."""
    return CLIENT if from_client else SERVER


def yes_or_no(value: bool | None) -> Cell:
    """A verdict in a cell; a dash where there is none."""
    return NOTHING if value is None else YES if value else NO


def facts_table(
    rows: list[tuple[Cell, Cell]], caption: Text | None = None, frame: int | None = None
) -> AnswerTable:
    """A table of names and their values, all from one packet where `frame` says so."""
    return AnswerTable(
        (column("项目", "What"), column("内容", "Value")),
        tuple(rows),
        (frame,) * len(rows) if frame is not None else (),
        caption,
    )
