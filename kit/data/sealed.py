"""A log whose holdout is sealed: what may be opened, and what may be said of the rest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.base.errors import DataError
from kit.base.files import file_hash
from kit.base.workspace import workspace_root
from kit.data.log import SEALED_SUFFIX, AuctionLog, refuse_sealed
from kit.data.seal import SPLIT_FILE
from kit.data.seal_apart import seal_apart
from kit.data.split import KIND_WORDS
from kit.data.valid import valid_clicks

HOLDOUT_FILE = f"holdout{SEALED_SUFFIX}"
_FACTS = ("parts", "kind", "cutoffs", "source", "source_hash", "bad_rows", "holdout_hash")


@dataclass(frozen=True, eq=False)
class SealedSplit:
    """Train and tune splits of a sealed log; its holdout stays closed.

    Parameters
    ----------
    train, tune : AuctionLog
        To fit and to choose; clicks of invalid traffic count as none.
    folder : Path
        Where the parts lie.
    rows : mapping of str to int
        Rows of train, tune and holdout.
    kind : {"day", "hour", "time_index", "row"}
        What was never cut in two.
    cutoffs : mapping of str to str
        Where tune and holdout begin, as text.
    source, source_hash : str
        Name and SHA-256 of the file it came from. The error budget is counted by this hash, so
        that sealing a file again does not refill it.
    holdout_hash : str
        SHA-256 of the sealed file, recorded when it was written.
    bad_rows : int
        Rows of the source that could not be read.
    """

    train: AuctionLog
    tune: AuctionLog
    folder: Path
    rows: Mapping[str, int]
    kind: str
    cutoffs: Mapping[str, str]
    source: str
    source_hash: str
    holdout_hash: str
    bad_rows: int = 0

    @property
    def about(self) -> str:
        """How the log was cut, in words."""
        sizes = ", ".join(f"{name} {rows:,}" for name, rows in self.rows.items())
        return (
            f"{KIND_WORDS[self.kind]}, tune from {self.cutoffs['tune']}, sealed holdout from "
            f"{self.cutoffs['holdout']} ({sizes} auctions)"
        )

    @property
    def holdout_path(self) -> Path:
        """The sealed file, which only the scoring process opens."""
        return self.folder / HOLDOUT_FILE


def open_sealed(folder: str | Path) -> SealedSplit:
    """Open the train and tune splits of a folder that ``kit load --seal`` wrote.

    Raises
    ------
    DataError
        If the folder is no whole sealed log.
    """
    source = Path(folder)
    facts = split_facts(source)
    train, tune = (
        valid_clicks(AuctionLog.read(source / f"{name}.parquet")) for name in ("train", "tune")
    )
    return SealedSplit(
        train, tune, source.resolve(), facts["parts"], facts["kind"], facts["cutoffs"],
        facts["source"], facts["source_hash"], facts["holdout_hash"], facts["bad_rows"],
    )  # fmt: skip


def split_facts(folder: Path) -> dict[str, Any]:
    """Return what ``split.json`` says.

    Raises
    ------
    DataError
        If a part is missing, or the file is no JSON of this version.
    """
    names = ("train.parquet", "tune.parquet", HOLDOUT_FILE, SPLIT_FILE)
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise DataError(
            f"{folder}: lacks {', '.join(missing)}; must be a folder that `kit load --seal` "
            "wrote. Pass one, or seal the log again."
        )
    try:
        facts: dict[str, Any] = json.loads((folder / SPLIT_FILE).read_text(encoding="utf-8"))
        lacking = [name for name in _FACTS if name not in facts]
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            f"{folder / SPLIT_FILE}: cannot be read ({error}). Seal the log again."
        ) from None
    if lacking:
        raise DataError(
            f"{folder / SPLIT_FILE}: lacks {', '.join(lacking)}; was written by another version. "
            "Seal the log again."
        )
    return facts


def seal_log(
    path: str | Path,
    format: str = "parquet",
    out: str | Path | None = None,
    *,
    tune: float = 0.2,
    holdout: float = 0.2,
    **options: Any,
) -> SealedSplit:
    """Seal a log, or open it where the same bytes were sealed in the same way before.

    Parameters
    ----------
    path, format, options
        As in `kit.data.seal.load_sealed`.
    out : str or Path, optional
        The folder; default one of the workspace, named by the log's hash and the options.
    tune, holdout : float
        Shares of the rows.

    Raises
    ------
    DataError
        If the log cannot be read or split, or `out` holds another log.
    LeakageError
        If the file is a sealed holdout itself.
    """
    source = Path(path)
    refuse_sealed(source)
    if not source.is_file():
        raise DataError(f"{source}: no such file. Pass the path of a log.")
    digest = file_hash(source)
    settings = {"format": format, "tune": tune, "holdout": holdout, **options}
    folder = _default_folder(digest, settings) if out is None else Path(out)
    if not folder.exists():
        seal_apart(source, format, folder, tune=tune, holdout=holdout, **options)
    sealed = open_sealed(folder)
    if sealed.source_hash != digest:
        raise DataError(
            f"{folder}: holds a split of {sealed.source} with other bytes; must be of "
            f"{source.name} as it is now. Pass another folder."
        )
    return sealed


def _default_folder(digest: str, settings: Mapping[str, Any]) -> Path:
    unlike = {name: value for name, value in settings.items() if name != "progress"}
    key = hashlib.sha256(json.dumps([digest, unlike], sort_keys=True, default=str).encode())
    return workspace_root() / ".kit" / "sealed" / key.hexdigest()[:16]
