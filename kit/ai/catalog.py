"""`Catalog`: what may be asked of which tables, and how: grants, meanings, labels, an engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType

from kit.ai.names import Names
from kit.ai.pairs import Pair, read_pairs
from kit.ai.words import label_queries
from kit.data.sql.engine import Engine, Limits
from kit.data.sql.grants import Grants
from kit.data.sql.layer import MetricLayer
from kit.data.sql.locate import locate_source
from kit.data.sql.metrics import load_metrics
from kit.data.sql.policy import CheckedSQL, check_sql
from kit.data.sql.results import QueryResult

Schema = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Catalog:
    """The tables that questions are about; a context manager, for its engine is a process.

    Parameters
    ----------
    engine : Engine
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

    engine: Engine
    grants: Grants
    layer: MetricLayer
    pairs: tuple[Pair, ...] = ()

    @cached_property
    def tables(self) -> Schema:
        """Granted tables, their columns and types."""
        return {table.name: dict(table.columns) for table in self.grants.tables.values()}

    @cached_property
    def names(self) -> Names:
        """What tables and columns are called in a prompt."""
        return Names.of(self.tables)

    @cached_property
    def labels(self) -> dict[tuple[str, str], dict[str, int]]:
        """Labels that columns of few values hold, by table and column, with their counts."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        for (table, column), sql in label_queries(self.layer, self.tables).items():
            frame = self.run(sql).frame
            found[table, column] = {
                str(label): int(count)
                for label, count in zip(frame.iloc[:, 0], frame.iloc[:, 1], strict=True)
                if label is not None
            }
        return found

    def check(self, sql: str) -> CheckedSQL:
        """Guard a query.

        Raises
        ------
        UnsafeSQLError
            If it is refused.
        """
        return check_sql(sql, self.grants, row_limit=self.engine.limits.rows + 1)

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
        As in `kit.data.sql.locate.locate_source`.
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
    engine = Engine(locate_source(path), limits)
    try:
        grants = Grants.of(engine.schema(), allow)
        return Catalog(engine, grants, load_metrics(root), read_pairs(root))
    except BaseException:
        engine.close()
        raise
