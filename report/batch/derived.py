"""What is made last, of the results alone: tables and the class page."""

from report.batch import sheets
from report.batch.output import Output
from report.batch.plan import Plan
from report.labs.model import Lab


def derive(output: Output, plan: Plan, lab: Lab) -> None:
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
