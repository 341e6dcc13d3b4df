"""Everything that is wrong with a lab file, held against what there is to ask for."""

from collections.abc import Collection

from report.labs.checking import (
    column_mistakes,
    confusion_mistakes,
    field_mistakes,
    filter_mistakes,
    in_order,
    kind_mistakes,
    query_mistakes,
    rule_mistakes,
    value_mistakes,
)
from report.labs.draft import Draft
from report.labs.mistakes import Mistake
from report.questions.queries import QUERIES
from report.tables.certificates import certificates_table
from report.tables.connections import connections_table
from report.tables.messages import messages_table
from report.tables.records import records_table


def lab_mistakes(draft: Draft, confusions: Collection[str]) -> tuple[Mistake, ...]:
    """All mistakes of a lab file, in its order; raises what asking tshark raises.

    `confusions` are the slugs for which grading can give a part of the points.
    """
    questions = draft.questions
    found = [
        *draft.mistakes,
        *query_mistakes(questions, QUERIES.keys()),
        *field_mistakes(questions),
        *value_mistakes(questions),
        *kind_mistakes(questions),
        *column_mistakes(questions, table_columns()),
        *filter_mistakes(questions),
        *rule_mistakes(questions),
        *confusion_mistakes(questions, confusions),
    ]
    return in_order(found, draft.places)


def table_columns() -> dict[str, tuple[str, ...]]:
    """The columns of the tables that a declared query may name beside `packets`."""
    empty = {
        "connections": connections_table(()),
        "records": records_table(()),
        "messages": messages_table((), {}),
        "certificates": certificates_table(()),
    }
    return {name: tuple(map(str, frame.columns)) for name, frame in empty.items()}
