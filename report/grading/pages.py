"""What the pages of grading share: the report's own templates, style sheets and policy."""

from types import SimpleNamespace

from report.grading.wordings import CONFUSION, FACT, VERDICT, WORDS
from report.rendering.faces import with_faces
from report.rendering.html import Medium, ShownLanguage, environment, hash_of


def render_page(
    template: str,
    script: str,
    language: ShownLanguage,
    medium: Medium = "browser",
    **values: object,
) -> str:
    """A page of one file that makes no request; its policy allows only what it inlines, by hash."""
    made = environment().get_template(template)
    page = made.render(
        language=language,
        medium=medium,
        words=SimpleNamespace(**WORDS),
        verdicts=VERDICT,
        confusions=CONFUSION,
        fact_names=FACT,
        script_hash=hash_of(script),
        style_hashes=[hash_of("report.css"), hash_of("feedback.css")],
        **values,
    )
    return with_faces(page) if medium == "browser" else page
