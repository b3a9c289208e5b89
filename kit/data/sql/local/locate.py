"""Turn a path that a person names into what an engine reads."""

from __future__ import annotations

import re
from pathlib import Path

from kit.base.errors import DataError, LeakageError
from kit.data.log import refuse_sealed
from kit.data.sql.local.sources import DatabaseFile, ParquetTables


def locate_source(path: str | Path) -> DatabaseFile | ParquetTables:
    """Return the tables at a path.

    Parameters
    ----------
    path : str or Path
        A DuckDB database; a Parquet file, which is the table of its name; or a folder, whose
        Parquet files are tables: a sealed holdout among them is left out.

    Raises
    ------
    DataError
        If there is nothing that can be read, or two files would be one table.
    LeakageError
        If the path itself is a sealed holdout.

    Examples
    --------
    >>> from kit.base.assets import asset_dir
    >>> sorted(locate_source(asset_dir("data_samples")).tables)
    ['auctions', 'demand', 'pairs', 'supply']
    """
    path = Path(path)
    if path.is_dir():
        files = [file for file in sorted(path.glob("*.parquet")) if not _sealed(file)]
        if not files:
            raise DataError(f"{path}: has no Parquet file; must hold one or more. Check the path.")
        names = [_table(file) for file in files]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise DataError(f"{path}: two files would be the table {twice[0]!r}. Rename one.")
        return ParquetTables(dict(zip(names, files, strict=True)))
    if path.suffix.lower() in (".parquet", ".pq"):
        return ParquetTables({_table(path): path})
    return DatabaseFile(path)


def _table(file: Path) -> str:
    name = re.sub(r"\W+", "_", file.stem)
    return name if name.isidentifier() else f"t_{name}"


def _sealed(file: Path) -> bool:
    try:
        refuse_sealed(file)
    except LeakageError:
        return True
    return False
