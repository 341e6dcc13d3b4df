"""What is made last, of the results alone: tables and the class page."""

from report.batch import sheets
from report.batch.classpage import write_class_page
from report.batch.output import Output
from report.batch.plan import Plan
from report.labs.model import Lab
from report.rendering.html import ShownLanguage


def derive(output: Output, plan: Plan, lab: Lab, language: ShownLanguage) -> None:
    """The tables and the class page, from the results alone."""
    questions = [question.id for question in lab.questions]
    with output.writing("results.csv") as target:
        sheets.write_results_csv(target, output.results(plan.items), questions)
    with output.writing("failures.csv") as target:
        sheets.write_failures_csv(target, output.results(plan.items))
    if sheets.parquet_is_there():
        with output.writing("results.parquet") as target:
            sheets.write_results_parquet(target, output.results(plan.items), questions)
    else:
        output.remove("results.parquet")
    with output.writing("index.html") as target:
        write_class_page(target, lambda: output.results(plan.items), lab, language)
