"""A question in words to SQL, where every word is understood; else what was not."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from kit.ai.words.asked import Asked
from kit.ai.words.expressions import Writer
from kit.ai.words.items import Lexed, lex
from kit.ai.words.read import read_question
from kit.ai.words.render import render
from kit.ai.words.say import sentences
from kit.ai.words.scope import Scope, Span, Values, check_days, scopes, span_of, vocabulary
from kit.ai.words.unclear import Unclear
from kit.ai.words.vocabulary import Vocabulary
from kit.data.sql.meaning.layer import MetricLayer, Tables

_NEAREST = 3


@dataclass(frozen=True)
class Understood:
    """What the grammar makes of a question.

    Parameters
    ----------
    sql : str or None
        One SELECT; None if a word was not understood or the whole has two readings.
    said : tuple of str
        How each phrase was read; without SQL, why there is none.
    unknown : tuple of str
        Words that have no meaning here.
    suggestions : tuple of str
        The nearest names that do, or what could be answered instead.
    table : str or None
        Whose rows are counted.
    columns : tuple of str
        Names of the result's columns.
    """

    sql: str | None
    said: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    table: str | None = None
    columns: tuple[str, ...] = ()


def compile_question(
    question: str, layer: MetricLayer, tables: Tables, values: Values
) -> Understood:
    """Return the SQL of a question, if the semantic layer leaves no word and no doubt.

    Parameters
    ----------
    question : str
        In English.
    layer : MetricLayer
        What words mean.
    tables : mapping
        Table to column to SQL type: what may be read.
    values : mapping
        Known labels by (table, column); of a table's clock, its first and last time, which
        "the 8th" and "the last day" refer to.

    Examples
    --------
    >>> from kit.data.sql.meaning.metrics import load_metrics
    >>> tables = {"auctions": {"exchange": "VARCHAR", "won": "BOOLEAN", "click": "BOOLEAN"}}
    >>> values = {("auctions", "exchange"): ["aurora", "dione"]}
    >>> found = compile_question("CTR on aurora?", load_metrics(), tables, values)
    >>> print(found.sql)
    SELECT count(*) FILTER (WHERE click) / nullif(count(*) FILTER (WHERE won), 0) AS ctr
    FROM auctions WHERE exchange = 'aurora'
    >>> compile_question("CTR by browser", load_metrics(), tables, values).unknown
    ('browser',)
    """
    tried: list[tuple[tuple[str, ...], Vocabulary]] = []
    for scope in scopes(layer, tables):
        words = vocabulary(layer, scope, values)
        span = span_of(layer, scope, values)
        lexed = lex(question, words, span)
        if not lexed.unknown:  # what is doubted of one table is no less so beside another
            return _answer(lexed, layer, scope, span)
        tried.append((lexed.unknown, words))
    if not tried:
        return Understood(None, ("There is no table to ask.",))
    return _not_understood(*min(tried, key=lambda each: len(each[0])))


def _answer(lexed: Lexed, layer: MetricLayer, scope: Scope, span: Span) -> Understood:
    try:
        asked = read_question(lexed.items, layer)
        check_days(asked, span)
        writer = Writer(layer, scope)
        sql = render(asked, writer)
    except Unclear as doubt:
        return Understood(None, (str(doubt),), suggestions=_answerable(layer, scope))
    typos = tuple(f"I read {written!r} as {known!r}." for written, known in lexed.typos)
    said = (*typos, *sentences(asked, writer))
    return Understood(sql, said, table=scope.table, columns=_columns(asked, writer))


def _columns(asked: Asked, writer: Writer) -> tuple[str, ...]:
    if asked.count_groups:
        return (f"{asked.groups[0].name}_count",)
    groups = (group.name for group in asked.groups)
    return (*groups, *(writer.name(measure) for measure in asked.measures))


def _not_understood(unknown: tuple[str, ...], words: Vocabulary) -> Understood:
    known = sorted(words.named)
    near = [name for word in unknown for name in difflib.get_close_matches(word, known, n=_NEAREST)]
    listed = ", ".join(repr(word) for word in unknown)
    said = (f"I do not know {listed} in these tables.",)
    return Understood(None, said, unknown, tuple(dict.fromkeys(near)))


def _answerable(layer: MetricLayer, scope: Scope) -> tuple[str, ...]:
    have = frozenset(scope.columns)
    metrics = [name for name in layer.metrics if layer.metric_reads(name) <= have]
    groups = [name for name in layer.dimensions if layer.dimension_sql(name, have)]
    if not metrics:
        return ()
    by = f" by {groups[0]}" if groups else ""
    return tuple(f"{name}{by}" for name in metrics[:_NEAREST])
