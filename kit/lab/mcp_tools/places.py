"""Where a tool may read: the workspace, whatever path an agent passes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kit.base.errors import DataError, LeakageError
from kit.base.workspace import workspace_root

MAX_PATH = 300
_SEALED = ".sealed"


def workspace() -> Path:
    """Return the workspace of ``$KIT_WORKSPACE``, else that of the running Jupyter server.

    A server may be started anywhere and told its folder, so the current one says nothing.
    """
    loaded = (
        None if os.environ.get("KIT_WORKSPACE") else sys.modules.get("jupyter_server.serverapp")
    )
    if loaded is not None and loaded.ServerApp.initialized():
        return workspace_root(Path(loaded.ServerApp.instance().root_dir)).resolve()
    return workspace_root().resolve()


def inside(root: Path, given: str) -> Path:
    """Return a path of the workspace that may be read, with every link followed.

    Parameters
    ----------
    root : Path
        The workspace, resolved.
    given : str
        Relative to it; nobody vouches for it.

    Raises
    ------
    DataError
        If it is no plain relative path, leads out of the workspace, is hidden, or is not there.
    LeakageError
        If it is a sealed holdout.

    Examples
    --------
    >>> inside(Path("/srv/ads"), "../secrets.parquet")
    Traceback (most recent call last):
    kit.base.errors.DataError: path: got '../secrets.parquet'; must be ... inside the workspace, ...
    """
    parts = given.split("/")
    plain = given.isprintable() and len(given) <= MAX_PATH and "\\" not in given
    if not plain or given.startswith(("/", "~")) or ".." in parts or ":" in given:
        raise _outside(given)
    try:
        found = (root / given).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise _outside(given) from None  # the same words as outside: nothing is told of elsewhere
    if not found.is_relative_to(root):
        raise _outside(given)
    refuse_hidden(root, found, given)
    return found


def refuse_hidden(root: Path, found: Path, given: str) -> None:
    """Refuse a resolved path inside the workspace that is hidden or sealed.

    Raises
    ------
    DataError, LeakageError
        If it is.
    """
    place = found.relative_to(root).as_posix()
    if _SEALED in place:
        raise LeakageError(
            "path: is a sealed holdout, which only the scoring process opens; must be another. "
            "Pass the folder that it lies in: its other parts may be read."
        )
    if found != root and any(part.startswith(".") for part in place.split("/")):
        raise _outside(given)


def _outside(given: str) -> DataError:
    return DataError(
        f"path: got {given[:80]!r}; must be a file or folder inside the workspace, relative to it "
        "and not hidden, such as data_samples/auctions.parquet. Pass such a path."
    )
