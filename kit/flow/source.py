"""Open the log that a verb's settings name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kit.base.assets import asset_dir
from kit.base.errors import DataError
from kit.data.load import LoadReport, load_with_report
from kit.data.log import AuctionLog
from kit.data.samples import AUCTIONS
from kit.data.sealed import SealedSplit, open_sealed, seal_log
from kit.flow.runs import Say
from kit.flow.specs import Source


def sample_source() -> Source:
    """Return where the shipped sample log lies."""
    return Source(path=asset_dir("data_samples") / AUCTIONS, format="parquet")


def open_log(source: Source, rejects: Path | None = None) -> tuple[AuctionLog, LoadReport]:
    """Load a log; bad rows are refused, or written to `rejects`, as the settings say."""
    return load_with_report(
        source.path, source.format, rejects=rejects, progress=True, **load_options(source)
    )


def seal_source(source: Source, tune: float, holdout: float) -> SealedSplit:
    """Seal the log that the settings name, or open it where it was sealed so before."""
    return seal_log(
        source.path, source.format, tune=tune, holdout=holdout, progress=True,
        **load_options(source),
    )  # fmt: skip


def open_sealed_source(source: Source, say: Say) -> SealedSplit:
    """Open a folder that ``kit load --seal`` wrote, or seal a log into the workspace.

    Raises
    ------
    DataError
        If there is neither.
    """
    path = source.path
    if path.is_dir():
        sealed = open_sealed(path)
    elif path.exists():
        say(f"sealing {path.name} into the workspace, unless that was done")
        sealed = seal_log(path, source.format, progress=True, **load_options(source))
    else:
        raise DataError(
            f"{path}: no such file or folder. Pass a folder that `kit load --seal` wrote, or a log "
            "with --format."
        )
    say(sealed.about)
    return sealed


def load_options(source: Source) -> Mapping[str, Any]:
    """Return the settings that every loader takes."""
    return {
        "columns": source.columns or None,
        "features": source.features,
        "currency": source.currency,
        "ties_win": source.ties_win,
        "timezone": source.timezone,
        "errors": source.errors,
    }
