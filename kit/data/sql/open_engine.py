"""`open_engine`: the engine for what a person names: a file, a folder, or a server."""

from __future__ import annotations

from pathlib import Path

from kit.data.sql.contract.limits import Limits
from kit.data.sql.contract.protocol import QueryEngine
from kit.data.sql.engine import Engine
from kit.data.sql.local.locate import locate_source
from kit.data.sql.remote.address import is_address, read_address


def open_engine(source: str | Path, limits: Limits | None = None) -> QueryEngine:
    """Return an engine over what is named; nothing starts before its first query.

    Parameters
    ----------
    source : str or Path
        A path, as in `kit.data.sql.local.locate.locate_source`; ``postgresql://user@host/database``
        without a password; or ``env:NAME``, where the variable holds such an address and may have
        a password in it.
    limits : Limits, optional
        What one query may cost.

    Raises
    ------
    DataError
        If there is nothing that can be read there, or the address has a password.
    LeakageError
        If the path is a sealed holdout.

    Examples
    --------
    >>> from kit.base.assets import asset_dir
    >>> open_engine(asset_dir("data_samples")).dialect
    'duckdb'
    >>> open_engine("postgresql://reader@db.example/ads")
    RemoteEngine(postgresql://reader@db.example/ads)
    """
    if isinstance(source, str) and is_address(source):
        from kit.data.sql.remote.engine import RemoteEngine

        return RemoteEngine(read_address(source), limits)
    return Engine(locate_source(source), limits)
