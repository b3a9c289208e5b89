"""The tables that an agent may ask about: columns without ids, files without a holdout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from kit.base.errors import DataError, LeakageError, UnsafeSQLError
from kit.lab.mcp_tools.held_back import open_parts
from kit.lab.mcp_tools.places import inside, refuse_hidden, workspace

if TYPE_CHECKING:
    from kit.ai.catalog import Catalog
    from kit.data.sql.guard.grants import Grants

MAX_GROUPS = 200
"""Rows of an answer."""


PARTS = (
    "The last rows of this log are a sealed holdout: its other parts, the tables train and tune, "
    "are read in its place."
)


@dataclass(frozen=True)
class Opened:
    """Tables that an agent may ask about.

    Parameters
    ----------
    catalog : Catalog
    note : str
        What the agent must know of them; may be empty.
    """

    catalog: Catalog
    note: str = ""


@contextmanager
def opened(data: str) -> Iterator[Opened]:
    """Open what an agent names in the workspace; nothing is the log that ``kit.toml`` names.

    Raises
    ------
    DataError
        If there is nothing, or it lies elsewhere.
    LeakageError
        If it is a sealed holdout, or a log whose last rows are one and whose parts are not found.
    UnsafeSQLError
        If a query is refused, in names that may be shown.
    """
    from kit.ai.catalog import open_catalog
    from kit.data.sql.contract.limits import Limits

    root = workspace()
    source = inside(root, data) if data.strip() else _own_log(root)
    files = list(_files(root, source))
    for file in files:
        refuse_hidden(root, file, data)
    parts = open_parts(root, source, files)
    with open_catalog(parts or source, limits=Limits(rows=MAX_GROUPS), root=root) as whole:
        catalog = replace(whole, grants=without_ids(whole.grants), pairs=())
        try:
            yield Opened(catalog, PARTS if parts else "")
        except UnsafeSQLError as error:
            raise UnsafeSQLError(catalog.names.mask_text(error.reason), error.at) from None


def without_ids(grants: Grants) -> Grants:
    """Return grants of the columns whose labels may leave, by their names.

    A query that cannot name an id can neither return one, nor group or filter by one, nor join.

    Raises
    ------
    DataError
        If no column is left.
    """
    from kit.ai.aggregates import may_share
    from kit.data.sql.guard.grants import Grants, Table

    tables = {}
    for key, table in grants.tables.items():
        shown = {name: kind for name, kind in table.columns.items() if may_share(name)}
        hidden = {name.lower() for name in table.columns if name not in shown}
        if shown:
            tables[key] = Table(table.name, MappingProxyType(shown), table.hidden | hidden)
    if not tables:
        raise DataError("data: has nothing but ids; must have other columns. Name another file.")
    return Grants(MappingProxyType(tables), grants.known)


def _own_log(root: Path) -> Path:
    from kit.flow.workspace import SETTINGS, read_settings

    log = read_settings(root).log
    if log is None or log.format != "parquet":
        raise DataError(
            f"data: {SETTINGS} names no Parquet log; must name one, or a path must be passed. "
            "Pass data='data_samples', for example."
        )
    path = log.path if log.path.is_absolute() else root / log.path
    found = path.resolve()
    if not found.is_relative_to(root):
        raise DataError(f"data: {SETTINGS} names a log outside the workspace; must be inside. "
                        "Pass the path of another.")  # fmt: skip
    refuse_hidden(root, found, SETTINGS)
    return found


def _files(root: Path, source: Path) -> Iterator[Path]:
    """Yield where the files of a folder really lie, a sealed part left out as the engine does.

    Raises
    ------
    DataError
        If a link leads out of the workspace.
    """
    from kit.data.log import refuse_sealed

    for file in sorted(source.glob("*.parquet")) if source.is_dir() else [source]:
        try:
            refuse_sealed(file)
        except LeakageError:
            if file == source:
                raise
            continue
        found = file.resolve()
        if not found.is_relative_to(root):
            raise DataError(f"data: {file.name} is a link that leads out of the workspace; must "
                            "lie in it. Pass another folder.")  # fmt: skip
        yield found
