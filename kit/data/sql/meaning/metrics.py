"""Read and check the semantic layer: the packaged metrics.toml, and a workspace's own over it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from kit.base.checks import did_you_mean
from kit.base.errors import DataError
from kit.base.specs import Spec, read_spec
from kit.base.workspace import workspace_root
from kit.data.sql.meaning.layer import (
    KINDS,
    ColumnEntry,
    DimensionEntry,
    FilterEntry,
    MetricEntry,
    MetricLayer,
    TableEntry,
    Tables,
)

METRICS_FILE = "metrics.toml"
_SECTIONS: dict[str, type[Spec]] = {
    "tables": TableEntry,
    "metrics": MetricEntry,
    "columns": ColumnEntry,
    "dimensions": DimensionEntry,
    "filters": FilterEntry,
}
_FRAGMENTS = ("count", "sum", "mean", "distinct", "where", "sql")
_AnySpec = TypeVar("_AnySpec", bound=Spec)


def load_metrics(root: Path | None = None, tables: Tables | None = None) -> MetricLayer:
    """Return the semantic layer of a workspace: its own metrics.toml over the packaged one.

    Parameters
    ----------
    root : Path, optional
        The workspace; default the current one.
    tables : mapping, optional
        Table to column to SQL type: the workspace's own entries must find their columns there.

    Raises
    ------
    DataError
        Naming the file, the entry and the mend: no TOML, an unknown key, SQL that is no expression
        or an aggregate where none belongs, a part that no metric is named, parts in a circle, a
        column that no table has.

    Examples
    --------
    >>> layer = load_metrics()
    >>> layer.metrics["roas"].ratio
    ('value', 'spend')
    """
    packaged = Path(__file__).parent / METRICS_FILE
    own = (root or workspace_root()) / METRICS_FILE
    files = [packaged, own] if own.is_file() else [packaged]
    layer, origin = _loaded(tuple((path, _text(path)) for path in files))
    if tables is not None and own.is_file():
        _check_columns(layer, [entry for entry, path in origin.items() if path == own], tables)
    return layer


@lru_cache(maxsize=4)
def _loaded(files: tuple[tuple[Path, str], ...]) -> tuple[MetricLayer, dict[str, Path]]:
    entries: dict[str, dict[str, Any]] = {section: {} for section in _SECTIONS}
    values: dict[str, dict[str, tuple[str, ...]]] = {}
    reads: dict[str, frozenset[str]] = {}
    origin: dict[str, Path] = {}
    for path, text in files:
        plain = _toml(path, text)
        _known(path, "section", plain, (*_SECTIONS, "values"))
        for section, kind in _SECTIONS.items():
            for name, given in _items(path, section, plain.get(section, {})):
                entry = _entry(kind, given, f"{path.name}: {section}.{name}")
                reads |= _reads(entry, f"{path.name}: {section}.{name}")
                entries[section][name] = entry
                origin[f"{section}.{name}"] = path
        _merge_values(path, plain.get("values", {}), values)
    layer = MetricLayer(**entries, values=values, reads=reads)
    _check_parts(layer, origin)
    return layer, origin


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}). Write it as UTF-8 TOML.") from None


def _toml(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise DataError(
            f"{path}: is no TOML ({error}). Copy the shape of the packaged {METRICS_FILE}."
        ) from None


def _known(path: Path, what: str, given: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
    for name in given:
        if name not in allowed:
            raise DataError(
                f"{path.name}: no such {what} {name!r}; must be one of {', '.join(allowed)}. "
                f"{did_you_mean(name, allowed)}".rstrip()
            )


def _items(path: Path, section: str, given: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(given, dict):
        raise DataError(f"{path.name}: {section} is no table. Write [{section}.NAME] and its keys.")
    for name, entry in given.items():
        if not isinstance(entry, dict):
            raise DataError(
                f"{path.name}: {section}.{name} is no table. Write [{section}.{name}] and its keys."
            )
        if not name.isidentifier():
            raise DataError(
                f"{path.name}: {section}: got {name!r}; must be a name of letters, digits and "
                "underscores, for it names a column. Rename it."
            )
        yield name, entry


def _entry(kind: type[_AnySpec], given: dict[str, Any], where: str) -> _AnySpec:
    try:
        entry = read_spec(kind, given)
    except DataError as error:
        raise DataError(f"{where}: {error}") from None
    if isinstance(entry, MetricEntry):
        said = [name for name in KINDS if getattr(entry, name) is not None]
        if len(said) != 1:
            raise DataError(
                f"{where}: got {' and '.join(said) or 'no definition'}; must have exactly one of "
                f"{', '.join(KINDS)}. Keep one."
            )
    return entry


def _reads(entry: Spec, where: str) -> dict[str, frozenset[str]]:
    """Parse each fragment of SQL that an entry holds; return the columns that it names."""
    found = {}
    for key in _FRAGMENTS:
        given = getattr(entry, key, None)
        for fragment in given if isinstance(given, tuple) else (given,):
            if fragment is not None:
                found[fragment] = _columns(fragment, f"{where}.{key}")
    return found


def _columns(fragment: str, where: str) -> frozenset[str]:
    if fragment == "*":
        return frozenset()
    import sqlglot
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(f"SELECT ({fragment})", read="duckdb")
    except sqlglot.errors.SqlglotError:
        tree = None
    shaped = isinstance(tree, exp.Select) and len(tree.expressions) == 1
    inner = tree.expressions[0] if tree is not None and shaped else None
    refused = (exp.AggFunc, exp.Window, exp.Query, exp.Star, exp.Command, exp.Filter)
    if not isinstance(inner, exp.Paren) or any(inner.find_all(*refused)):
        raise DataError(
            f"{where}: got {fragment!r}; must be one SQL expression of one row's columns, with no "
            "aggregate, query or second statement. Give the plain expression."
        )
    return frozenset(column.name for column in inner.find_all(exp.Column))


def _merge_values(
    path: Path, given: Any, values: dict[str, dict[str, tuple[str, ...]]]
) -> None:  # fmt: skip
    for dimension, labels in given.items() if isinstance(given, dict) else ():
        for label, words in labels.items() if isinstance(labels, dict) else ():
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise DataError(
                    f"{path.name}: values.{dimension}.{label}: got {words!r}; must be a list of "
                    'other names. Write it as ["name", "name"].'
                )
            values.setdefault(dimension, {})[str(label)] = tuple(words)


def _check_columns(layer: MetricLayer, entries: list[str], tables: Tables) -> None:
    """Check that the columns of the workspace's own entries are in some table."""
    known = sorted({column for columns in tables.values() for column in columns})
    for where in entries:
        section, _, name = where.partition(".")
        entry = {"metrics": layer.metrics, "columns": layer.columns, "filters": layer.filters,
                 "dimensions": layer.dimensions}.get(section, {}).get(name)  # fmt: skip
        needed = set(getattr(entry, "needs", ()))
        for key in _FRAGMENTS:
            given = getattr(entry, key, None)
            for fragment in given if isinstance(given, tuple) else (given,):
                needed |= layer.reads.get(fragment or "", frozenset())
        for column in sorted(needed - set(known)):
            raise DataError(
                f"{METRICS_FILE}: {where}: reads the column {column!r}, which no table has. "
                f"{did_you_mean(column, known) or 'Name one of: ' + ', '.join(known) + '.'}"
            )


def _check_parts(layer: MetricLayer, origin: Mapping[str, Path]) -> None:
    for name, metric in layer.metrics.items():
        where = f"{origin[f'metrics.{name}'].name}: metrics.{name}"
        twins = tuple(twin for twin in (metric.before_fees, metric.with_fees) if twin)
        for part in (*metric.parts, *twins):
            if part not in layer.metrics:
                raise DataError(
                    f"{where}: names the metric {part!r}, which there is not. "
                    f"{did_you_mean(part, layer.metrics) or 'Define it.'}"
                )
        _check_circle(layer, name, (), where)


def _check_circle(layer: MetricLayer, name: str, above: tuple[str, ...], where: str) -> None:
    if name in above:
        raise DataError(
            f"{where}: is made of itself ({' > '.join((*above, name))}). Define one without."
        )
    for part in layer.metrics[name].parts:
        _check_circle(layer, part, (*above, name), where)
