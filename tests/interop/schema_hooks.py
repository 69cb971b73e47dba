"""What schemathesis is told of the service: which refusals no schema can foresee, and why.

Everything else that it finds is a fault, of the document or of the service.
"""

import json
import re

import schemathesis

# (code, pattern of the pointer, why a request that the schema allows may be refused so)
EXEMPT = [
    ("incompatible", "/", "a rule between fields, or between a field and what the path names"),
    ("too_large", "/sweep", "a rule between fields: a grid is the product of its axes"),
    ("not_found", "(/sweep|/variants/[0-9]+)?/dataset", "a name that no data set has"),
    ("unknown_field", "/inputs/[0-9]+/", "rows of columns: the data set says which there are"),
    ("wrong_type", "/inputs/[0-9]+/", "rows of columns: the data set says which are numbers"),
    ("out_of_range", "/inputs/[0-9]+", "rows of columns: the data set says which there are"),
    ("out_of_range", "/query/cursor", "a cursor is opaque: one that no answer has given"),
]


def is_exempt(error):
    return any(
        error["code"] == code and re.match(place, error["pointer"]) for code, place, _ in EXEMPT
    )


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """True: it is one."""
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    try:
        problem = json.loads(response.content)
    except ValueError:
        return True
    if "files in one upload" in problem["detail"]:  # of all parts together: no schema counts them
        return False
    errors = problem.get("errors", [])
    return not errors or not all(is_exempt(error) for error in errors)


def statement_of(text, limit):
    """A statement as long as the text, with the text in it: what else is SQL no schema says."""
    quoted = "SELECT '" + text.replace("'", "''") + "'"
    return quoted if len(quoted) <= limit else "SELECT 1".ljust(len(text))


@schemathesis.hook
def before_call(context, case, kwargs):
    """What is allowed by its form gets a content that can be answered."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.path == "/api/v1/sql":
        values = case.query if case.method == "GET" else case.body
        values["query"] = statement_of(values["query"], 8000 if case.method == "GET" else 20000)
    if case.path.endswith("/events"):  # those that were: the next one may be long in coming
        case.headers.pop("Last-Event-ID", None)
        case.query["last_event_id"] = 0
        if "experiments" in case.query:  # ids with commas between
            case.query["experiments"] = re.sub("[0-9]+", "1", str(case.query["experiments"]))
