"""The HTML report: one file that needs nothing else, from the view and the templates."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from types import SimpleNamespace
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import report
from report.assets import asset
from report.rendering.faces import with_faces
from report.rendering.jsontext import json_text
from report.rendering.labels import HEADER, LABELS, STATUS, STATUS_MEANING
from report.rendering.packetlist import COLUMNS, as_lines, cut, heading
from report.rendering.spacing import spaced
from report.rendering.tree import TREE_SIGNS
from report.rendering.view import ReportView
from report.text import Text

ShownLanguage = Literal["zh", "en", "both"]
Medium = Literal["browser", "pdf"]

_DRAWING_SANS = "Labshark Sans,Labshark Sans SC,Noto Sans CJK SC,sans-serif"
_DRAWING_MONO = "Labshark Mono,Labshark Sans SC,monospace"
"""For WeasyPrint, which takes a drawing's fonts from attributes; browsers obey the style sheet."""


@cache
def environment() -> Environment:
    """The one Jinja environment: everything escaped, an unknown name an error."""
    made = Environment(
        loader=FileSystemLoader(asset("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["spaced"] = spaced
    made.filters["in_languages"] = in_languages
    made.filters["as_lines"] = as_lines
    made.filters["heading"] = heading
    made.filters["cut"] = cut
    made.policies["json.dumps_function"] = json_text
    made.policies["json.dumps_kwargs"] = {"sort_keys": False}
    made.globals.update(
        labels=SimpleNamespace(**LABELS),
        columns=COLUMNS,
        tree_signs=TREE_SIGNS,
        header_names=HEADER,
        status_names=STATUS,
        status_meanings=STATUS_MEANING,
        drawing_fonts=_DRAWING_SANS,
        drawing_mono=_DRAWING_MONO,
        version=report.__version__,
    )
    return made


def render_html(
    view: ReportView, language: ShownLanguage = "both", medium: Medium = "browser"
) -> str:
    """The report as one HTML page that makes no request and works without its script.

    `language` is what is shown at first; the page holds both and can be switched. Its
    Content-Security-Policy allows only its own style sheets and script, by their hashes, so that
    nothing quoted from a capture could run even if it were not escaped.

    For `medium` `pdf` the same templates leave out what paper cannot do (switches, folds, the
    other language) and set panes as lines of text, which WeasyPrint needs a third of the time for.
    """
    return rendered(
        "report.html",
        medium,
        view=view,
        language=language,
        fields={field.name: field for field in view.header},
        page_title=in_languages(view.title, language),
        running=" · ".join(filter(None, (in_languages(view.title, language), view.student))),
        script_hash=hash_of("report.js"),
        style_hash=hash_of("report.css"),
    )


def rendered(template: str, medium: Medium, **values: object) -> str:
    """A template as a page; for the browser it brings its Chinese faces along."""
    page = environment().get_template(template).render(medium=medium, **values)
    return with_faces(page) if medium == "browser" else page


def in_languages(text: Text, language: ShownLanguage) -> str:
    """A text where no markup can be: a title, a running header."""
    if language == "both" and text.zh != text.en:
        return f"{spaced(text.zh)} / {text.en}"
    return spaced(text.zh) if language == "zh" else text.en


@cache
def hash_of(template: str) -> str:
    """The SHA-256 of an inlined file, as a Content-Security-Policy writes it."""
    inlined = environment().get_template(template).render()
    return b64encode(sha256(inlined.encode()).digest()).decode()
