"""Lay out a workspace, and read its settings."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.base.assets import asset_dir
from kit.base.errors import DataError
from kit.base.files import atomic_path
from kit.base.specs import Spec, read_spec
from kit.base.workspace import workspace_root
from kit.flow.specs import Source

SETTINGS = "kit.toml"
_ASSETS = ("notebooks", "data_samples")
_PROMPTS = """# Your own prompts

One Markdown file a task. The package's own is used until a file of the same name lies here: copy
one from the folder that

    python -c "import kit; print(kit.asset_dir('prompts'))"

prints (its README says how a prompt is written), and edit the copy. It must keep its inputs and its
reply. The journal of calls tells your prompts from the package's by a hash of the file.
"""
_TEXT = """# Settings of this workspace, read by %kit, %%kit_replay, %%kit_sql and `kit sql`.

[log]
# The log that is replayed or asked about where none is named; the fields are those of `kit load`.
path = "data_samples/auctions.parquet"
format = "parquet"
"""


class Settings(Spec):
    """What ``kit.toml`` may say.

    Parameters
    ----------
    log : Source or None
        The log that is replayed where none is named; its path counts from the workspace.
    """

    log: Source | None = None


@dataclass(frozen=True)
class Laid:
    """What laying out a workspace did.

    Parameters
    ----------
    root : Path
        The workspace.
    made, kept : tuple of str
        Files that were written, and files that were there before and stay as they are.
    """

    root: Path
    made: tuple[str, ...]
    kept: tuple[str, ...]


def lay_out(folder: str | Path) -> Laid:
    """Make a workspace: notebooks, prompts, data samples, a settings file, and its record.

    Nothing that exists is overwritten, so that it can be run again after an upgrade.

    Raises
    ------
    DataError
        If `folder` is a file.
    """
    root = Path(folder)
    if root.exists() and not root.is_dir():
        raise DataError(f"{root}: is a file; must be a folder, or not exist yet. Pass another.")
    made: list[str] = []
    kept: list[str] = []
    (root / ".kit").mkdir(parents=True, exist_ok=True)
    for kind in _ASSETS:
        for source in sorted(path for path in asset_dir(kind).iterdir() if path.is_file()):
            name = f"{kind}/{source.name}"
            (made if _write(root / name, source.read_bytes()) else kept).append(name)
    for name, text in (("prompts/README.md", _PROMPTS), (SETTINGS, _TEXT)):
        (made if _write(root / name, text.encode()) else kept).append(name)
    return Laid(root.resolve(), tuple(made), tuple(kept))


def _write(target: Path, content: bytes) -> bool:
    """Write a file that does not exist yet; say whether it was written."""
    if target.exists() or target.is_symlink():
        return False
    with atomic_path(target) as partial:
        partial.write_bytes(content)
    return True


def read_settings(root: Path | None = None) -> Settings:
    """Read the workspace's ``kit.toml``; without one, nothing is set.

    Raises
    ------
    DataError
        If it is no TOML, or says something unknown.
    """
    home = root or workspace_root()
    path = home / SETTINGS
    if not path.is_file():
        return Settings()
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not TOML ({error}). Repair that line.") from None
    settings = read_spec(Settings, raw)
    if settings.log is None:
        return settings
    log = settings.log.model_copy(update={"path": home / settings.log.path})
    return settings.model_copy(update={"log": log})
