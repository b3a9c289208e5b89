"""Where a workspace keeps its own records: the ``.kit`` folder."""

from __future__ import annotations

import os
from pathlib import Path


def workspace_root(start: Path | None = None) -> Path:
    """Return ``$KIT_WORKSPACE``, else the nearest folder upwards with ``.kit``, else `start`."""
    named = os.environ.get("KIT_WORKSPACE")
    if named:
        return Path(named).expanduser().resolve()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / ".kit").is_dir():
            return folder
    return here


def runs_path(root: Path | None = None) -> Path:
    """Return the path of the workspace's record of runs."""
    return (root or workspace_root()) / ".kit" / "runs.sqlite"


def ledger_path(root: Path | None = None) -> Path:
    """Return the path of the workspace's ledger of looks at sealed holdouts."""
    return (root or workspace_root()) / ".kit" / "ledger.sqlite"


def journal_path(root: Path | None = None) -> Path:
    """Return the path of the workspace's journal of calls to language models."""
    return (root or workspace_root()) / ".kit" / "ai.sqlite"


def candidates_path(root: Path | None = None) -> Path:
    """Return the folder of the workspace's frozen candidates."""
    return (root or workspace_root()) / ".kit" / "candidates"
