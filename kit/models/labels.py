"""Which rows of a log carry a label for a response, and what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import one_of
from kit.base.errors import ModelError
from kit.data.log import AuctionLog

TARGETS = ("click", "conversion")


@dataclass(frozen=True)
class Labelled:
    """Labelled rows of a log.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (m, columns)
        The rows that carry a label, in the log's order.
    label : ndarray of bool, shape (m,)
        What followed.
    """

    frame: pd.DataFrame
    label: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.label)

    @property
    def positives(self) -> int:
        """Labels that are true."""
        return int(np.count_nonzero(self.label))


def labelled(
    log: AuctionLog,
    target: str,
    as_of: pd.Timestamp | None = None,
    columns: Sequence[str] | None = None,
) -> Labelled:
    """Return the rows whose response is known.

    A click can follow an impression only, so lost auctions carry no label. A conversion is asked
    of clicks only, and where the log says when a label is final (``label_mature_at``), only of
    those final by `as_of`: a later conversion could still come.

    Parameters
    ----------
    log : AuctionLog
        The log.
    target : {"click", "conversion"}
        Which response.
    as_of : pandas.Timestamp, optional
        When the labels were read; None is the log's last request. A row without a time of its
        own counts as final.
    columns : sequence of str, optional
        Which columns to copy; None is all.

    Raises
    ------
    DataError
        If `target` is unknown.
    ModelError
        If the log has no such labels.

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": 1.0, "market_price_kind": "known",
    ...                       "won": [True, False, True], "click": [True, False, False]})
    >>> rows = labelled(AuctionLog(frame), "click")
    >>> len(rows), rows.positives
    (2, 1)
    """
    frame = log.frame
    keep = carries_label(frame, target, as_of)
    kept = frame if columns is None else frame[list(columns)]
    if not keep.all():
        kept = kept.loc[keep]
    return Labelled(kept, frame[target].to_numpy(dtype=bool)[keep])


def carries_label(
    frame: pd.DataFrame, target: str, as_of: pd.Timestamp | None = None
) -> NDArray[np.bool_]:
    """Return which rows carry a label, shape (n,); see `labelled`.

    Raises
    ------
    DataError
        If `target` is unknown.
    ModelError
        If the frame has no such labels.
    """
    one_of("target", target, TARGETS)
    for name in ("click", target):
        if name not in frame.columns:
            raise ModelError(
                f"target {target!r}: the log has no column {name}; must have one to fit or "
                "score it. Load a log with outcomes."
            )
    won = np.ones(len(frame), dtype=np.bool_)
    if "won" in frame.columns:
        won = frame["won"].to_numpy(dtype=np.bool_)
    if target == "click":
        return won
    clicked = frame["click"].to_numpy(dtype=np.bool_)
    return np.asarray(won & clicked & _mature(frame, as_of), dtype=np.bool_)


def _mature(frame: pd.DataFrame, as_of: pd.Timestamp | None) -> NDArray[np.bool_]:
    if "label_mature_at" not in frame.columns:
        return np.ones(len(frame), dtype=np.bool_)
    if as_of is None and "timestamp" in frame.columns and len(frame):
        as_of = frame["timestamp"].iloc[-1]
    mature_at = frame["label_mature_at"]
    final = mature_at <= as_of if as_of is not None else mature_at.notna()
    return np.asarray(final | mature_at.isna(), dtype=np.bool_)
