"""Open a sealed holdout: done here alone, and only in the scoring process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kit.base.errors import DataError, HoldoutSmallError
from kit.base.files import file_hash
from kit.data.log import AuctionLog, read_parquet
from kit.data.sealed import SealedSplit, open_sealed
from kit.data.valid import valid_clicks
from kit.validate.blocks import time_blocks
from kit.validate.evidence import MIN_BLOCKS

T = TypeVar("T")

MIN_CLICKS = 30
"""Fewest clicks in a holdout: below, no difference in the value of clicks can be told."""


@dataclass
class Holdings:
    """What a scoring process holds of one sealed log.

    Parameters
    ----------
    sealed : SealedSplit
        Its open splits and facts.
    examined : dict
        What was found on the tune split, by claim and rules.
    """

    sealed: SealedSplit
    examined: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)
    _measured: dict[tuple[Any, ...], Any] = field(default_factory=dict, repr=False)
    _holdout: AuctionLog | None = field(default=None, repr=False)

    @classmethod
    def open(cls, folder: str | Path) -> Holdings:
        """Read the open splits of a sealed folder.

        Raises
        ------
        DataError
            If the folder is no whole sealed log.
        """
        return cls(open_sealed(folder))

    def check(self) -> None:
        """Check that the sealed file is the one that was recorded when it was written.

        Raises
        ------
        DataError
            If it has changed since, or cannot be read.
        """
        try:
            found = file_hash(self.sealed.holdout_path)
        except OSError as error:
            raise DataError(
                f"{self.sealed.holdout_path}: cannot be read ({error.strerror}). No look was "
                "charged. Restore the file, or seal the log again."
            ) from None
        if found != self.sealed.holdout_hash:
            raise DataError(
                f"{self.sealed.holdout_path.name}: has SHA-256 {found[:12]}…, was sealed with "
                f"{self.sealed.holdout_hash[:12]}…; must be as it was. No look was charged. "
                "Restore the file, or seal the log again into another folder."
            )

    def once(self, key: tuple[Any, ...], measure: Callable[[], T]) -> T:
        """Return what was measured under a key: what many claims share is measured for the first.

        A key must name all that it depends on beside the sealed log.
        """
        if key not in self._measured:
            self._measured[key] = measure()
        found: T = self._measured[key]
        return found

    def holdout(self) -> AuctionLog:
        """Return the sealed rows, read once; clicks of invalid traffic count as none.

        Raises
        ------
        HoldoutSmallError
            If they are too few for any verdict. That is said before a look is charged.
        """
        if self._holdout is None:
            self._holdout = valid_clicks(read_parquet(self.sealed.holdout_path))
        _large_enough(self._holdout)
        return self._holdout


def _large_enough(holdout: AuctionLog) -> None:
    blocks = time_blocks(holdout, by_campaign=False).time_count
    if blocks < MIN_BLOCKS:
        raise HoldoutSmallError(
            f"holdout: has {blocks} time block{'s' * (blocks != 1)}; a verdict needs at least "
            f"{MIN_BLOCKS}. No look was charged. Seal a longer log, or a larger share of it."
        )
    clicks = int(holdout.column("click", 0.0).sum())
    if clicks < MIN_CLICKS:
        raise HoldoutSmallError(
            f"holdout: has {clicks} clicks; a verdict needs at least {MIN_CLICKS}. No look was "
            "charged. Seal a longer log, or a larger share of it."
        )
