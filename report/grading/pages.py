"""What the pages of grading share: the report's own templates, style sheets and policy."""

from types import SimpleNamespace

from report.grading.wordings import CONFUSION, FACT, VERDICT, WORDS
from report.rendering.html import Medium, ShownLanguage, hash_of, rendered


def render_page(
    template: str,
    script: str,
    language: ShownLanguage,
    medium: Medium = "browser",
    **values: object,
) -> str:
    """A page of one file that makes no request; its policy allows only what it inlines, by hash."""
    return rendered(
        template,
        medium,
        language=language,
        words=SimpleNamespace(**WORDS),
        verdicts=VERDICT,
        confusions=CONFUSION,
        fact_names=FACT,
        script_hash=hash_of(script),
        style_hashes=[hash_of("report.css"), hash_of("feedback.css")],
        **values,
    )
