"""`Catalog`: what may be asked of which tables, and how: grants, meanings, labels, an engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType

from kit.ai.aggregates import may_share
from kit.ai.names import Names
from kit.ai.pairs import Pair, read_pairs
from kit.ai.words.labels import label_queries
from kit.data.sql.contract.limits import Limits
from kit.data.sql.contract.protocol import QueryEngine
from kit.data.sql.contract.results import QueryResult
from kit.data.sql.guard.grants import Grants
from kit.data.sql.meaning.layer import MetricLayer
from kit.data.sql.meaning.metrics import load_metrics
from kit.data.sql.open_engine import open_engine
from kit.data.sql.policy import CheckedSQL
from kit.data.sql.translate import WRITTEN, check_translated

Schema = Mapping[str, Mapping[str, str]]
_LABELS = 12
_PLAIN = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)


@dataclass(frozen=True)
class Catalog:
    """The tables that questions are about; a context manager, for its engine holds a process.

    Parameters
    ----------
    engine : QueryEngine
        Runs queries.
    grants : Grants
        What may be read.
    layer : MetricLayer
        What metrics and words mean.
    pairs : tuple of Pair
        Questions that were answered before.

    Examples
    --------
    >>> from kit.base.assets import asset_dir
    >>> with open_catalog(asset_dir("data_samples"), ["demand"]) as catalog:
    ...     catalog.run("SELECT count(*) AS lines FROM demand").frame["lines"].item()
    12
    """

    engine: QueryEngine
    grants: Grants
    layer: MetricLayer
    pairs: tuple[Pair, ...] = ()

    @cached_property
    def tables(self) -> Schema:
        """Granted tables, their columns and types."""
        return {table.name: dict(table.columns) for table in self.grants.tables.values()}

    @cached_property
    def plain(self) -> Schema:
        """The same without names that are no plain ones: the semantic layer never reads those."""
        return {
            table: {column: kind for column, kind in columns.items() if _PLAIN.match(column)}
            for table, columns in self.tables.items()
            if _PLAIN.match(table)
        }

    @cached_property
    def names(self) -> Names:
        """What tables and columns are called in a prompt."""
        return Names.of(self.tables)

    @cached_property
    def values(self) -> dict[tuple[str, str], list[str]]:
        """Labels of columns that hold few, and a clock's first and last day; they stay here."""
        queries = label_queries(self.layer, self.plain)
        return {place: self.run(sql).frame.iloc[:, 0].tolist() for place, sql in queries.items()}

    @cached_property
    def labels(self) -> dict[str, dict[str, int]]:
        """Labels of columns that hold few, with the rows of each: what a model may be told.

        Of a clock they are its first and its last day, which are days of all of its rows.
        """
        found: dict[str, dict[str, int]] = {}
        for (table, column), values in self.values.items():
            kind = self.plain[table][column].upper()
            if kind.startswith(("TIMESTAMP", "DATE")):
                frame = self.run(f'SELECT count("{column}") AS n FROM "{table}"').frame
                rows = int(frame["n"].item())
                found.setdefault(column, {str(day)[:10]: rows for day in values})
                continue
            if "CHAR" not in kind or not may_share(column):
                continue
            frame = self.run(
                f'SELECT "{column}", count(*) FROM "{table}" WHERE "{column}" IS NOT NULL '
                f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_LABELS}"
            ).frame
            counts = found.setdefault(column, {})
            for label, rows in zip(frame.iloc[:, 0], frame.iloc[:, 1], strict=True):
                counts[str(label)] = max(int(rows), counts.get(str(label), 0))
        return found

    def check(self, sql: str, dialect: str = WRITTEN) -> CheckedSQL:
        """Guard a query, and say it in the engine's dialect.

        Raises
        ------
        UnsafeSQLError
            If it is refused.
        QueryError
            If it cannot be said there.
        """
        rows = self.engine.limits.rows + 1
        return check_translated(
            sql, self.grants, to=self.engine.dialect, of=dialect, row_limit=rows
        )

    def run(self, sql: str) -> QueryResult:
        """Guard a query and run what the guard wrote.

        Raises
        ------
        UnsafeSQLError
            If it is refused.
        QueryError
            If it fails.
        """
        return self.engine.run(self.check(sql).sql)

    def __enter__(self) -> Catalog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.engine.close()


def open_catalog(
    path: str | Path,
    allow: Iterable[str] | None = None,
    limits: Limits | None = None,
    root: Path | None = None,
) -> Catalog:
    """Open the tables at a path for questions.

    Parameters
    ----------
    path : str or Path
        As in `kit.data.sql.open_engine.open_engine`: files, or a server.
    allow : iterable of str or None
        ``table`` or ``table.column`` that may be read; None grants all.
    limits : Limits, optional
        What one query may cost.
    root : Path, optional
        Workspace whose metrics.toml and confirmed pairs count; default the current one.

    Raises
    ------
    DataError
        If there is nothing to read, or `allow` names what is not there.
    LeakageError
        If the path is a sealed holdout.
    """
    engine = open_engine(path, limits)
    try:
        schema = engine.schema()
        layer = load_metrics(root, schema)
        return Catalog(engine, Grants.of(schema, allow), layer, read_pairs(root))
    except BaseException:
        engine.close()
        raise
