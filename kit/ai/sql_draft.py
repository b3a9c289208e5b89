"""From a question to an answer: draft, guard, estimate, run, check; a model may repair."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from kit.ai.catalog import Catalog
from kit.ai.client import Client
from kit.ai.disclosure import (
    Shareable,
    share_dialect,
    share_draft,
    share_failure,
    share_labels,
    share_metrics,
    share_pairs,
    share_question,
    share_schema,
)
from kit.ai.examples import example_pairs
from kit.ai.prompts import Message, load_prompt
from kit.ai.question import Reply
from kit.ai.relevant import relevant_metrics
from kit.ai.replies import SQLDraft
from kit.ai.sanity import Finding, check_answer
from kit.ai.words.compile import compile_question
from kit.base.errors import QueryError, UnsafeSQLError
from kit.data.sql.contract.results import QueryResult, ScanEstimate
from kit.data.sql.translate import WRITTEN, translate_sql

REPAIRS = 3
"""How often a model may mend its draft."""

MAX_SCAN = 2_000_000_000
"""Rows that a query may scan, by the planner's estimate."""

LAYER = "semantic layer"
Drafter = Literal["auto", "layer", "model"]


@dataclass(frozen=True)
class Attempt:
    """One draft that was not answered, or whose answer did not pass.

    Parameters
    ----------
    sql : str
        As it was drafted.
    failure : str
        Why, for a person.
    """

    sql: str
    failure: str


@dataclass(frozen=True)
class Answered:
    """What became of a question.

    Parameters
    ----------
    question : str
    by : str
        Who drafted: ``semantic layer``, or a model's name.
    sql : str or None
        What was run, as the guard wrote it; None if nothing was.
    answer : QueryResult or None
    estimate : ScanEstimate or None
        What it was to read.
    findings : tuple of Finding
        The sanity checks.
    said : tuple of str
        How the question was read; of a model, what it assumed.
    unknown : tuple of str
        Words that the semantic layer did not understand, where it drafted alone.
    nearest : tuple of str
        What it could answer instead.
    attempts : tuple of Attempt
        Drafts that were refused, failed, or gave an answer that did not pass; a draft that comes
        a second time ends the repairs.
    entries : tuple of int
        Calls in the journal.
    dialect : str
        Of `sql`.
    """

    question: str
    by: str
    sql: str | None = None
    answer: QueryResult | None = None
    estimate: ScanEstimate | None = None
    findings: tuple[Finding, ...] = ()
    said: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    entries: tuple[int, ...] = ()
    dialect: str = WRITTEN

    @property
    def sound(self) -> bool:
        """Whether there is an answer and every sanity check passed."""
        return self.answer is not None and all(finding.ok for finding in self.findings)


def answer_question(
    question: str, catalog: Catalog, client: Client | None = None, drafter: Drafter = "auto"
) -> Answered:
    """Answer a question in words by one checked query.

    Parameters
    ----------
    question : str
    catalog : Catalog
        The tables.
    client : Client or None
        A model; None leaves the semantic layer alone.
    drafter : {"auto", "layer", "model"}
        Who drafts. ``auto`` asks the model only what the layer does not understand.

    Raises
    ------
    EndpointError, AIBudgetError, JournalError
        As `kit.ai.client.Client.ask`.
    PromptError
        If a user's copy of a prompt is broken.
    UnsafeSQLError, QueryError
        If what the semantic layer wrote cannot be run: a metric of the workspace that the guard or
        the data do not bear, or a limit of the engine. No model is asked in its place.
    """
    if drafter != "model" or client is None:
        answered = _by_layer(question, catalog)
        if answered.sql is not None or client is None or drafter == "layer":
            return answered
    return _by_model(question, catalog, client)


def draft_messages(question: str, catalog: Catalog) -> list[Message]:
    """Return what would be sent to a model for a question: all that leaves this machine."""
    return load_prompt("draft_sql").render(_inputs(question, catalog))


def check_draft(
    question: str, sql: str, catalog: Catalog, by: str = "you", dialect: str = WRITTEN
) -> Answered:
    """Guard, run and check a draft, whoever wrote it, in which dialect.

    Raises
    ------
    UnsafeSQLError
        If the guard refuses it.
    QueryError
        If it cannot be answered, or would scan more than `MAX_SCAN` rows.
    """
    checked = catalog.check(sql, dialect)
    estimate = catalog.engine.explain(checked.sql)
    if estimate.rows > MAX_SCAN:
        raise QueryError(
            "timeout",
            f"would scan about {estimate.rows:,} rows; at most {MAX_SCAN:,} are allowed. Ask for "
            "fewer days or tables.",
        )
    answer = catalog.engine.run(checked.sql)
    ours = translate_sql(checked.sql, WRITTEN, checked.dialect)
    findings = check_answer(ours, answer, catalog.layer, catalog.plain, catalog.run)
    return Answered(question, by, checked.sql, answer, estimate, findings, dialect=checked.dialect)


def _by_layer(question: str, catalog: Catalog) -> Answered:
    understood = compile_question(question, catalog.layer, catalog.plain, catalog.values)
    if understood.sql is None:
        return Answered(question, LAYER, said=understood.said, unknown=understood.unknown,
                        nearest=understood.suggestions)  # fmt: skip
    done = check_draft(question, understood.sql, catalog, LAYER)
    return replace(done, said=understood.said)


def _by_model(question: str, catalog: Catalog, client: Client) -> Answered:
    prompt = load_prompt("draft_sql")
    messages = prompt.render(_inputs(question, catalog))
    reply = client.ask(messages, SQLDraft, prompt.id, prompt.version)
    by, entries, attempts = client.endpoint.model, [reply.entry], list[Attempt]()
    last: Answered | None = None
    dialect = catalog.engine.dialect
    drafted: set[str] = set()
    while True:
        sql, said = catalog.names.restore(reply.value.sql).strip(), (reply.value.assumptions,)
        if not sql or sql in drafted:  # the same again: another try says nothing new
            break
        drafted.add(sql)
        failure: UnsafeSQLError | QueryError | str
        try:
            last = replace(check_draft(question, sql, catalog, by, dialect), said=said)
            wrong = [finding for finding in last.findings if not finding.ok]
            if not wrong:
                break
            failure, words = wrong[0].check, "; ".join(finding.words for finding in wrong)
        except (UnsafeSQLError, QueryError) as error:
            failure, words = error, str(error)
        attempts.append(Attempt(sql, words))
        if len(attempts) > REPAIRS:
            break
        reply = _repair(question, sql, failure, catalog, client, reply)
        entries.append(reply.entry)
    done = last or Answered(question, by, said=(reply.value.assumptions,), dialect=dialect)
    return replace(done, attempts=tuple(attempts), entries=tuple(entries))


def _repair(
    question: str, sql: str, failure: UnsafeSQLError | QueryError | str, catalog: Catalog,
    client: Client, before: Reply[SQLDraft],
) -> Reply[SQLDraft]:  # fmt: skip
    prompt = load_prompt("repair_sql")
    messages = prompt.render(
        {
            **_inputs(question, catalog),
            "draft": share_draft(sql, catalog.names),
            "failure": share_failure(failure, catalog.names),
        }
    )
    return client.ask(messages, SQLDraft, prompt.id, prompt.version, before.entry)


def _inputs(question: str, catalog: Catalog) -> dict[str, Shareable]:
    """Return what every prompt of a question begins with, so that a model reads it once."""
    dialect = catalog.engine.dialect
    metrics = relevant_metrics(question, catalog.layer.definitions(catalog.plain))
    told = [one | {"sql": sql} for one in metrics if (sql := _said_in(dialect, one["sql"]))]
    pairs = example_pairs(question, catalog)
    done = [(pair.question, sql) for pair in pairs if (sql := _said_in(dialect, pair.sql))]
    return {
        "dialect": share_dialect(dialect),
        "schema": share_schema(catalog.names),
        "labels": share_labels(catalog.labels, catalog.names),
        "metrics": share_metrics(told, catalog.names),
        "pairs": share_pairs(done, catalog.names),
        "question": share_question(question),
    }


def _said_in(dialect: str, sql: str) -> str | None:
    """Return SQL of the layer or of a pair in a dialect; None if it cannot be said there."""
    try:
        return translate_sql(sql, dialect)
    except QueryError:
        return None
