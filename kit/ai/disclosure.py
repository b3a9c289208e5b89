"""What may leave this machine in a prompt: an allow-list, and nothing else fits a prompt.

A prompt takes `Shareable` values only, and only the functions here and in
`kit.ai.narrative.sharing` make them. None takes rows, an engine's message or a figure of a holdout
that no verdict released. Names, labels and texts that come from data are fenced, capped, and rid of
ids and of whatever could end the fence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kit.ai.aggregates import group_lines, label_lines, rounded
from kit.ai.hostile import clean, encoded
from kit.ai.names import Names
from kit.ai.shareable import MAX_NEAREST as MAX_NEAREST
from kit.ai.shareable import MAX_PASSAGE as MAX_PASSAGE
from kit.ai.shareable import MAX_QUESTION as MAX_QUESTION
from kit.ai.shareable import MAX_SQL as MAX_SQL
from kit.ai.shareable import MAX_TEXT as MAX_TEXT
from kit.ai.shareable import MAX_TOTAL as MAX_TOTAL
from kit.ai.shareable import Shareable as Shareable
from kit.ai.shareable import fenced, one_line, plain_word
from kit.base.checks import one_of
from kit.base.errors import DataError, PromptError, QueryError, UnsafeSQLError

if TYPE_CHECKING:
    from kit.validate.verdict import Verdict

_DIALECTS = {"duckdb": "DuckDB", "postgres": "PostgreSQL"}
_METRIC = ("name", "words", "sql", "unit", "grain")
_WHAT = {
    "syntax": "it does not parse",
    "name": "a table, column or function does not exist",
    "type": "a value has the wrong type for what is done with it",
    "value": "a value cannot be converted or is out of range",
    "timeout": "it took too long",
    "memory": "it needed too much memory",
    "busy": "the data was busy",
    "other": "it failed",
    "grain": "a row is not what the question asks one row for",
    "row_count": "the number of rows is not plausible",
    "nulls": "a column is empty",
    "totals": "its totals differ from those of the metric layer",
}


def share_dialect(dialect: str) -> Shareable:
    """Share in which SQL to answer: a word of ours, which needs no fence.

    Parameters
    ----------
    dialect : str
        As `kit.data.sql.contract.protocol.QueryEngine.dialect` names it.

    Raises
    ------
    PromptError
        If it is none.

    Examples
    --------
    >>> share_dialect("postgres").text
    'PostgreSQL'
    """
    return plain_word("dialect", _DIALECTS[_known("dialect", dialect, _DIALECTS)])


def share_schema(names: Names) -> Shareable:
    """Share tables and columns by their shown names, with the bare words of their types.

    Examples
    --------
    >>> print(share_schema(Names.of({"ads": {"clicks": "INTEGER", "cost": "DOUBLE"}})).text)
    <data schema>
    ads(clicks INTEGER, cost DOUBLE)
    </data>
    """
    return fenced(
        "schema",
        (
            f"{table}({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
            for table, columns in names.tables.items()
        ),
    )


def share_metrics(metrics: Iterable[Mapping[str, str]], names: Names) -> Shareable:
    """Share definitions of metrics.

    Parameters
    ----------
    metrics : iterable of mapping
        Each with some of ``name``, ``words`` (what people call it), ``sql``, ``unit``, ``grain``.
    names : Names
        Of the schema, for the SQL.

    Raises
    ------
    PromptError
        If a metric says anything else.
    """
    lines, left_out = [], 0
    for metric in metrics:
        for field in metric:
            _known("metric", field, _METRIC)
        sql = names.mask(metric.get("sql", ""))
        if len(sql) > MAX_SQL:
            left_out += 1
            continue
        pairs = [(field, metric[field]) for field in _METRIC if metric.get(field)]
        lines.append(one_line((field, sql if field == "sql" else text) for field, text in pairs))
    return fenced("metrics", lines, left_out)


def share_labels(labels: Mapping[str, Mapping[str, int]], names: Names) -> Shareable:
    """Share labels that columns hold, so that a draft writes ``'mobile'`` as the data do.

    The parameters and errors are those of `kit.ai.aggregates.label_lines`.
    """
    return fenced("labels", *label_lines(labels, names))


def share_aggregates(rows: Iterable[Mapping[str, Any]], count: str) -> Shareable:
    """Share aggregates: groups of many rows, their numbers rounded.

    The parameters and errors are those of `kit.ai.aggregates.group_lines`. What an aggregate is,
    the caller must know: a column ``max(bid)`` is one row's bid, and only its last digits are gone.
    """
    return fenced("aggregates", *group_lines(rows, count))


def share_question(text: str) -> Shareable:
    """Share what the user asks, in at most `MAX_QUESTION` characters.

    Raises
    ------
    PromptError
        If nothing is left of it.
    """
    if not clean(text, MAX_QUESTION):
        raise PromptError("question: is empty; must say what to answer. Ask in a sentence.")
    return fenced("question", [encoded(text, MAX_QUESTION)])


def share_pairs(pairs: Iterable[tuple[str, str]], names: Names) -> Shareable:
    """Share questions of the past with the SQL that the user confirmed, the best first."""
    lines, left_out = [], 0
    for question, sql in pairs:
        masked = names.mask(sql)
        if len(masked) > MAX_SQL:
            left_out += 1
        else:
            lines.append(one_line([("question", question), ("sql", masked)]))
    return fenced("pairs", lines, left_out)


def share_passages(passages: Iterable[tuple[str, str]]) -> Shareable:
    r"""Share passages of documents, each with its title, numbered ``p1``, ``p2`` and so on.

    Which may leave, the caller must know: a write-up holds figures of a holdout. Files are not
    named, for their names are the user's.

    Examples
    --------
    >>> print(share_passages([("Start", "Run `make demo`.")]).text)
    <data passages>
    {"id": "p1", "title": "Start", "passage": "Run \u0060make demo\u0060."}
    </data>
    """
    return fenced(
        "passages",
        (
            one_line([("id", f"p{number}"), ("title", title), ("passage", text)])
            for number, (title, text) in enumerate(passages, start=1)
        ),
    )


def share_draft(sql: str, names: Names) -> Shareable:
    """Share an earlier draft. Its literals came from the model or from the question."""
    return fenced("draft", [encoded(names.mask(sql), MAX_SQL)])


def share_failure(
    failure: UnsafeSQLError | QueryError | str,
    names: Names,
    nearest: Mapping[str, Sequence[str]] | None = None,
) -> Shareable:
    """Share why a draft failed, as one of our own sentences.

    Parameters
    ----------
    failure : UnsafeSQLError, QueryError or str
        Of the guard's error the reason is sent, which speaks of the draft and the schema; of the
        engine's only the kind, for its message quotes cells. A word names a sanity check: grain,
        row_count, nulls or totals.
    names : Names
        Of the schema.
    nearest : mapping of str to sequence of str, optional
        Names that the draft got wrong, each with names of the schema that are near.

    Raises
    ------
    PromptError
        If the word is unknown, or a near name is not in the schema.
    """
    if isinstance(failure, UnsafeSQLError):
        what = f"not allowed: {names.mask_text(failure.reason)}"
    else:
        kind = failure.kind if isinstance(failure, QueryError) else failure
        what = _WHAT[_known("failure", kind, _WHAT)]
    lines = [one_line([("failure", what)])]
    for wrong, near in (nearest or {}).items():
        shown = [names.show(name) for name in near][:MAX_NEAREST]
        for name in shown:
            if name not in names:
                raise PromptError(
                    f"nearest: {name!r} is not in the schema; must be a table or a column of it. "
                    "Pass its names only."
                )
        lines.append(one_line([("wrong", wrong), ("instead", ", ".join(shown))]))
    return fenced("failure", lines)


def share_tune_scores(previews: Mapping[str, Verdict]) -> Shareable:
    """Share what the tune split says of some candidates.

    Parameters
    ----------
    previews : mapping of str to Verdict
        From `kit.validate.vault.Vault.preview`, by the candidate's name. A comparison by itself
        does not say which split it is of, so none is taken.

    Raises
    ------
    PromptError
        If one is anything else, or says a word about a holdout.
    """
    return fenced("tune_scores", [_tune_line(*pair) for pair in previews.items()])


def _tune_line(name: str, preview: Verdict) -> str:
    from kit.validate.verdict import Verdict  # imports pandas, which no other value needs

    looked = (
        type(preview) is not Verdict
        or preview.look != 0
        or preview.shown
        or preview.effect is not None
        or any(gate.split == "holdout" for gate in preview.gates)
    )
    if looked or preview.tune is None:
        raise PromptError(
            f"{clean(name, MAX_TEXT)}: is no preview; must hold the tune split alone, for no "
            "figure of a holdout leaves. Pass what Vault.preview returned."
        )
    row = preview.tune.first
    ends = (row.difference, row.simultaneous_low, row.simultaneous_high)
    gates = ", ".join(f"{gate.gate} {gate.status}" for gate in preview.gates)
    return one_line([
        ("candidate", name), ("metric", row.metric), ("decision", preview.tune.decision),
        ("difference, low, high", ", ".join(rounded(end) for end in ends)), ("gates", gates),
    ])  # fmt: skip


def _known(what: str, word: Any, allowed: Iterable[str]) -> str:
    try:
        return one_of(what, word, list(allowed))
    except DataError as error:
        raise PromptError(str(error)) from None
