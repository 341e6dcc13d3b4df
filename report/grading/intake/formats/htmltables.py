"""The tables of an HTML file that calls itself .xls; runs in the confined child."""

import json
from pathlib import Path

from lxml import html

from report.grading.intake.encoding import decode_text
from report.grading.intake.sheetfiles import MOST_COLUMNS, MOST_ROWS


def read(argument: bytes) -> bytes:
    """JSON `{error, cut, sheets: [["", rows]]}` of the page at the path `argument`."""
    text = decode_text(Path(argument.decode()).read_bytes())[0]
    page = html.fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8"))
    tables = [
        [[_shown(cell) for cell in row.iterchildren("td", "th")] for row in table.iter("tr")]
        for table in page.iter("table")
    ]
    cut = any(len(rows) > MOST_ROWS for rows in tables)
    sheets = [("", [row[:MOST_COLUMNS] for row in rows[:MOST_ROWS]]) for rows in tables]
    return json.dumps({"error": None, "cut": cut, "sheets": sheets}).encode()


def _shown(cell: html.HtmlElement) -> str:
    return " ".join(cell.text_content().split())
