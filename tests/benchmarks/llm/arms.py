"""Who answers a question: a model bare with the schema, the same through kit, kit alone."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable

import pandas as pd

from kit.ai.catalog import Catalog
from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from kit.ai.sql_draft import Drafter, answer_question
from kit.base.errors import EndpointError, KitError, QueryError
from tests.benchmarks.llm.replies import KeptModel

MAX_TOKENS = 400
TEMPERATURE = 0.0
SEED = 7
DEADLINE_S = 1800.0

Arm = Callable[[str], pd.DataFrame | None]
"""From a question to the rows that answer it, or None where there is no answer."""

_FENCE = re.compile(r"```\w*\s(.*?)(?:```|\Z)", re.DOTALL)
_QUERY = re.compile(r"(?:SELECT|WITH|FROM)\b.*", re.DOTALL | re.IGNORECASE)

_BARE = """\
These tables are in DuckDB:

{schema}

Write one SQL query for DuckDB that answers the question. Reply with the query in a ```sql fence. \
If the tables do not hold the answer, reply without a query.

Question: {question}"""


def bare(model: KeptModel, catalog: Catalog) -> Arm:
    """The model is given the schema and the question; what it writes is run as it is.

    It is run on the locked engine all the same: nothing a model writes meets an open database.
    """
    schema = "\n\n".join(
        f"CREATE TABLE {table} (\n"
        + ",\n".join(f"    {column} {kind}" for column, kind in columns.items())
        + "\n);"
        for table, columns in catalog.tables.items()
    )

    def answer(question: str) -> pd.DataFrame | None:
        prompt = _BARE.format(schema=schema, question=question)
        sql = query_in(_complete(model, prompt))
        if sql is None:
            return None
        try:
            return catalog.engine.run(sql).frame
        except QueryError:
            return None

    return answer


def query_in(text: str) -> str | None:
    r"""Return the query of a reply: what its first fence holds, else all if it starts as one.

    >>> query_in("Sure:\n```sql\nSELECT 1;\n```"), query_in("select 1"), query_in("No.")
    ('SELECT 1', 'select 1', None)
    """
    fenced = _FENCE.search(text)
    query = _QUERY.match((fenced[1] if fenced else text).strip())
    return query[0].rstrip("; \n") if query else None


def through_kit(
    model: KeptModel, catalog: Catalog, journal: Journal, drafter: Drafter
) -> Arm:  # fmt: skip
    """The model drafts for kit: all questions, or those that the semantic layer leaves."""
    endpoint = Endpoint(
        model.base_url, model.name, max_output_tokens=MAX_TOKENS, temperature=TEMPERATURE, seed=SEED
    )
    client = Client(endpoint, journal, deadline_s=DEADLINE_S, learned={})

    def answer(question: str) -> pd.DataFrame | None:
        try:
            done = answer_question(question, catalog, client, drafter)
        except EndpointError as error:
            if error.kind not in ("cut_off", "invalid", "too_long"):  # the machine's, not its own
                raise
            return None
        return None if done.answer is None else done.answer.frame

    return answer


def layer(catalog: Catalog) -> Arm:
    """No model at all."""

    def answer(question: str) -> pd.DataFrame | None:
        try:
            done = answer_question(question, catalog)
        except KitError:
            return None
        return None if done.answer is None else done.answer.frame

    return answer


def _complete(model: KeptModel, prompt: str) -> str:
    body = {
        "model": model.name,
        "max_tokens": MAX_TOKENS,
        "temperature": TEMPERATURE,
        "seed": SEED,
        "messages": [{"role": "user", "content": prompt}],
    }
    request = urllib.request.Request(
        f"{model.base_url}/chat/completions", json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
        text: str | None = json.load(answer)["choices"][0]["message"]["content"]
    return text or ""
