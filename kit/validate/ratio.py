"""Ratios of two policies with paired intervals: prices paid, rates, returns (delta method)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kit.base.checks import number, one_of
from kit.base.errors import DataError
from kit.validate.blocks import Blocks
from kit.validate.bootstrap import Array
from kit.validate.paired import METRICS, PairedUnits, check_frames, merge_dependent, pair
from kit.validate.serial import said, studentised_in_time, too_few_blocks


@dataclass(frozen=True)
class Ratio:
    """One sum over another.

    Parameters
    ----------
    over, under : str
        Block columns: numerator and denominator.
    events : str
        Column that says how much evidence there is.
    scale : float
        What the quotient is multiplied by.
    """

    over: str
    under: str
    events: str
    scale: float = 1.0


RATIOS = {
    "win_rate": Ratio("impressions", "auctions", "impressions"),
    "ctr": Ratio("clicks", "impressions", "clicks"),
    "ecpm_paid": Ratio("spend", "impressions", "impressions", 1000.0),
    "roas": Ratio("value", "spend", "clicks"),
    "surplus_per_1000": Ratio("surplus", "auctions", "clicks", 1000.0),
}
"""Impressions per auction; clicks per impression; price sum per 1,000 impressions; value per
spend; surplus (price sum) per 1,000 auctions."""


def ratio_differences(
    policy: pd.DataFrame,
    baseline: pd.DataFrame,
    *,
    rng: np.random.Generator,
    blocks: Blocks | None = None,
    ratios: Sequence[str] = tuple(RATIOS),
    level: float = 0.95,
    resamples: int = 4000,
    min_blocks: int = 8,
    min_events: int = 30,
) -> pd.DataFrame:
    """Compare ratios of two policies over the same auctions, each with an interval.

    Parameters
    ----------
    policy, baseline : pandas.DataFrame, shape (blocks, >= 6)
        Block totals of two replays of one log, as `kit.validate.compare.compare` takes them.
    rng : numpy.random.Generator
        Source of the bootstrap draws.
    blocks : Blocks or None
        How the log was cut; blocks of several campaigns at one time are resampled together.
    ratios : sequence of str
        Names in `RATIOS`.
    level, resamples, min_blocks : float, int, int
        As in `kit.validate.compare.compare`.
    min_events : int
        Fewest events that each policy must have: clicks where clicks decide, else impressions.

    Returns
    -------
    pandas.DataFrame, indexed by ratio
        Columns policy, baseline, difference, low, high, simultaneous_low, simultaneous_high, se
        and lacking. Amounts are price sums in the log's unit. The simultaneous interval holds for
        every ratio that has one. Where ``lacking`` says why not, the interval is NaN.

    Raises
    ------
    DataError
        If the frames are not paired or a name is unknown.

    Notes
    -----
    With ``R = sum(y) / sum(x)`` a block adds ``(y - R x) / sum(x)`` to first order. The
    difference of that between policy and baseline, block by block, carries what the two have in
    common away with it. Its standard error, bootstrap and widening for neighbours that move
    together are those of every other interval.

    References
    ----------
    Cochran, "Sampling Techniques" (1977), chapter 6; Deng, Knoblich and Lu, "Applying the Delta
    Method in Metric Analytics" (2018).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> base = pd.DataFrame({"auctions": 1000, "impressions": rng.binomial(1000, 0.3, 24),
    ...     "clicks": 3, "value": 300.0, "spend": 200.0, "surplus": 100.0})
    >>> more = base.assign(impressions=base["impressions"] + rng.binomial(1000, 0.05, 24))
    >>> table = ratio_differences(more, base, rng=rng, ratios=["win_rate"])
    >>> float(table.loc["win_rate", "difference"].round(3))
    0.049
    >>> bool(table.loc["win_rate", "low"] > 0.045)
    True
    """
    _check_options(ratios, level, resamples, min_blocks, min_events)
    check_frames(policy, baseline)
    columns = (*METRICS, "auctions")
    units, _ = merge_dependent(pair(policy, baseline, blocks, columns), min_blocks)
    table = pd.DataFrame(
        [_totals(units, columns, RATIOS[name]) for name in ratios],
        index=pd.Index(ratios, name="ratio"),
    )
    effects = np.column_stack([_effect(units, columns, RATIOS[name]) for name in ratios])
    table["lacking"] = [
        _lacking(units, columns, RATIOS[name], min_blocks, min_events) for name in ratios
    ]
    return _with_intervals(table, effects, units.auctions, level, resamples, rng)


def _check_options(
    ratios: Sequence[str], level: float, resamples: int, min_blocks: int, min_events: int
) -> None:
    if isinstance(ratios, str) or not ratios or len(set(ratios)) != len(ratios):
        raise DataError(
            f"ratios: got {ratios!r}; must be a list of different names. "
            f"Pass some of {', '.join(RATIOS)}."
        )
    for name in ratios:
        one_of("ratios", name, tuple(RATIOS))
    number("level", level, 0.5, 0.999)
    number("resamples", resamples, 200)
    number("min_blocks", min_blocks, 2)
    number("min_events", min_events, 1)


def _sides(units: PairedUnits, columns: Sequence[str], name: str) -> tuple[Array, Array]:
    at = list(columns).index(name)
    return units.policy[:, at], units.baseline[:, at]


def _totals(units: PairedUnits, columns: Sequence[str], ratio: Ratio) -> dict[str, float]:
    over, under = _sides(units, columns, ratio.over), _sides(units, columns, ratio.under)
    policy, baseline = (
        ratio.scale * float(top.sum() / bottom.sum()) if bottom.sum() > 0 else math.nan
        for top, bottom in zip(over, under, strict=True)
    )
    return {"policy": policy, "baseline": baseline, "difference": policy - baseline}


def _effect(units: PairedUnits, columns: Sequence[str], ratio: Ratio) -> Array:
    """Return what each block adds to the difference of two ratios, to first order; it sums to 0."""
    over, under = _sides(units, columns, ratio.over), _sides(units, columns, ratio.under)
    added = [
        ratio.scale * (top - top.sum() / bottom.sum() * bottom) / bottom.sum()
        if bottom.sum() > 0
        else np.zeros(len(units))
        for top, bottom in zip(over, under, strict=True)
    ]
    return np.asarray(added[0] - added[1])


def _lacking(
    units: PairedUnits,
    columns: Sequence[str],
    ratio: Ratio,
    min_blocks: int,
    min_events: int,
) -> str:
    fewest = int(min(side.sum() for side in _sides(units, columns, ratio.events)))
    if fewest < min_events:
        return (
            f"too little data: {said(fewest, ratio.events)} of one policy, fewer than {min_events}"
        )
    differ = np.zeros(len(units), dtype=bool)
    for name in (ratio.over, ratio.under):
        policy, baseline = _sides(units, columns, name)
        differ |= policy != baseline
    return too_few_blocks(differ, min_blocks)


def _with_intervals(
    table: pd.DataFrame,
    effects: Array,
    sizes: Array,
    level: float,
    resamples: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    ends = ["low", "high", "simultaneous_low", "simultaneous_high", "se"]
    filled = table.assign(**dict.fromkeys(ends, math.nan))
    kept = (table["lacking"] == "").to_numpy()
    if not kept.any():
        return filled
    found = studentised_in_time(effects[:, kept], sizes, level=level, resamples=resamples, rng=rng)
    center = table.loc[kept, "difference"].to_numpy()
    own, joint = found.critical * found.se, found.simultaneous * found.se
    half = np.column_stack([-own, own, -joint, joint])
    filled.loc[kept, ends[:4]] = center[:, None] + half
    filled.loc[kept, "se"] = found.se
    return filled
