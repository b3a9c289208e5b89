"""How far the features of later rows have moved from those a model was trained on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.errors import DataError
from kit.data.log import AuctionLog

_BINS = 10
_FLOOR = 1e-4
STABLE, MOVED = 0.1, 0.25
"""Below the first a feature is called stable, above the second moved: Siddiqi's rule of thumb."""


def drift(before: AuctionLog, after: AuctionLog) -> pd.DataFrame:
    """Return the population stability index of every feature, largest first.

    Parameters
    ----------
    before, after : AuctionLog
        The rows a model was trained on, and later ones.

    Returns
    -------
    pandas.DataFrame
        feature, psi, missing_before, missing_after (shares), reading ("stable", "shifting",
        "moved").

    Raises
    ------
    DataError
        If a log is empty.

    Notes
    -----
    ``sum((q - p) * log(q / p))`` over deciles of `before`, or over labels; a bin holds at least
    1e-4 of either side, and missing values are a bin of their own.

    References
    ----------
    Siddiqi (2006), Credit Risk Scorecards, ch. 9.

    Examples
    --------
    >>> from kit.data.log import LogMeta
    >>> frame = pd.DataFrame({"market_price_cpm": 1.0, "market_price_kind": "known",
    ...                       "device": ["a", "b"] * 50})
    >>> log = AuctionLog(frame, LogMeta("example", features=("device",)))
    >>> drift(log, log.rows(slice(0, None, 2)))[["feature", "reading"]].iloc[0].tolist()
    ['device', 'moved']
    """
    for name, log in (("before", before), ("after", after)):
        if not len(log):
            raise DataError(f"{name}: has no rows; must have at least one. Pass another split.")
    skipped = {"auction_id", "timestamp", "time_index"}
    names = [
        str(name)
        for name in before.request.columns
        if name not in skipped and name in after.frame.columns
    ]
    rows = []
    for name in names:
        old, new = before.frame[name], after.frame[name]
        p, q = _shares(old, new)
        rows.append(
            {
                "feature": name,
                "psi": float(((q - p) * np.log(q / p)).sum()),
                "missing_before": float(old.isna().mean()),
                "missing_after": float(new.isna().mean()),
            }
        )
    columns = ["feature", "psi", "missing_before", "missing_after"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["reading"] = np.select(
        [frame["psi"] < STABLE, frame["psi"] < MOVED], ["stable", "shifting"], "moved"
    )
    return frame.sort_values("psi", ascending=False, kind="stable", ignore_index=True)


def _shares(old: pd.Series, new: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the share of each bin before and after, none below 1e-4."""
    if pd.api.types.is_numeric_dtype(old.dtype) and old.nunique() > _BINS:
        known = old.dropna().to_numpy(dtype=np.float64)
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
        codes = [_binned(side, edges) for side in (old, new)]
        count = len(edges) + 2
    else:
        texts = pd.concat([old.astype(str), new.astype(str)], ignore_index=True)
        joined, labels = pd.factorize(texts, use_na_sentinel=False)
        codes, count = [joined[: len(old)], joined[len(old) :]], len(labels)
    p, q = (np.bincount(code, minlength=count) / len(code) for code in codes)
    seen = (p > 0) | (q > 0)
    return np.maximum(p[seen], _FLOOR), np.maximum(q[seen], _FLOOR)


def _binned(values: pd.Series, edges: NDArray[np.float64]) -> NDArray[np.intp]:
    array = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(array), len(edges) + 1, np.searchsorted(edges, array, side="right"))
