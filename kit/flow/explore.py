"""Two policies on the same auctions: their difference with an interval, segment by segment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import one_of
from kit.base.errors import DataError
from kit.bid.policy import BidPolicy
from kit.data.log import AuctionLog
from kit.data.sealed import SealedSplit
from kit.data.split import Split
from kit.flow.valued import replay_options
from kit.replay.run import replay
from kit.validate.blocks import time_blocks
from kit.validate.compare import compare

Bids = BidPolicy | NDArray[np.float64]
METRICS = ("surplus", "value", "spend")
LOGGED = "logged bids"
_MOST_SEGMENTS = 24
_OTHER = "(other)"


@dataclass(frozen=True, eq=False)
class Exploration:
    """Two policies side by side.

    Parameters
    ----------
    policy, baseline, segment, metric : str
        What is compared: the difference is policy minus baseline.
    totals : pandas.DataFrame
        One row a policy: impressions, clicks, spend, value, surplus, win_rate.
    segments : pandas.DataFrame
        One row a segment, ``all`` first: auctions, policy, baseline, difference, low, high (price
        sums in the log's unit; the interval NaN where the data cannot support one) and why not.
    blocks : int
        Time blocks that the intervals rest on.
    """

    policy: str
    baseline: str
    segment: str
    metric: str
    totals: pd.DataFrame
    segments: pd.DataFrame
    blocks: int


class Explorer:
    """Replays policies on rows that may be looked at as often as one likes.

    Parameters
    ----------
    tune : SealedSplit, Split or AuctionLog
        A split, of which only the tune part is kept, or the tune part itself.
    policies : mapping of str to BidPolicy
        By the name shown. Where the log has bids, ``logged bids`` is added.
    seed : int
        Of the bootstrap.
    **options
        ``value``, ``click_value_cpm`` and ``market``, as in `kit.flow.tuning.BidTuning`.

    Raises
    ------
    DataError
        If there are fewer than two policies to compare.

    Notes
    -----
    Every segment shown is one comparison: the intervals hold for all of them together
    (Bonferroni), at the stated level.
    """

    def __init__(
        self,
        tune: SealedSplit | Split | AuctionLog,
        policies: Mapping[str, BidPolicy],
        *,
        seed: int = 0,
        level: float = 0.95,
        **options: Any,
    ) -> None:
        self.log = tune if isinstance(tune, AuctionLog) else tune.tune
        self.policies: dict[str, Bids] = dict(policies)
        bids = self.log.frame.get("bid_price_cpm")
        if bids is not None and bids.notna().any():
            self.policies.setdefault(LOGGED, bids.to_numpy(dtype=np.float64))
        if len(self.policies) < 2:
            raise DataError(
                f"policies: got {len(self.policies)}; must be at least 2, one to compare with "
                "the other. Pass another."
            )
        self.level = level
        self._seed = seed
        self._options, self.value_name = replay_options(self.log, **options)
        self._blocks = time_blocks(self.log, by_campaign=False)
        self._done: dict[tuple[str, str], pd.DataFrame] = {}

    @property
    def segments(self) -> list[str]:
        """Columns by which the difference can be cut: labels and the hour of day."""
        frame = self.log.request
        names = [
            str(name)
            for name in frame.columns
            if name != "auction_id"
            and (isinstance(frame[name].dtype, pd.CategoricalDtype) or _is_text(frame[name]))
        ]
        whole = [name for name in ("auction_type",) if name in frame.columns]
        clock = ["hour of day"] if "timestamp" in frame.columns else []
        return [*names, *whole, *clock]

    def explore(
        self, policy: str, baseline: str, segment: str, metric: str = "surplus"
    ) -> Exploration:
        """Compare two policies by segment.

        Raises
        ------
        DataError
            If a name is unknown, or both policies are the same.
        """
        for what, name in (("policy", policy), ("baseline", baseline)):
            one_of(what, name, self.policies)
        one_of("segment", segment, self.segments)
        one_of("metric", metric, METRICS)
        if policy == baseline:
            raise DataError(
                f"baseline: got {baseline!r}, the policy itself; must be another. Choose one."
            )
        codes, names = self._segment_codes(segment)
        cells = {name: self._cells(name, segment, codes, len(names)) for name in (policy, baseline)}
        rows = [self._row("all", cells[policy], cells[baseline], None, metric, len(names))]
        for code, name in enumerate(names):
            rows.append(self._row(name, cells[policy], cells[baseline], code, metric, len(names)))
        totals = pd.DataFrame({name: _totals(frame) for name, frame in cells.items()}).T
        return Exploration(
            policy, baseline, segment, metric, totals, pd.DataFrame(rows), len(self._blocks)
        )

    def _segment_codes(self, segment: str) -> tuple[NDArray[np.int64], list[str]]:
        """Return codes and names; beyond the 24 largest a segment counts as ``(other)``."""
        if segment == "hour of day":
            values = pd.Series(self.log.hour).map("{:02d}".format)
        else:
            values = self.log.frame[segment].astype(str).reset_index(drop=True)
        sizes = values.value_counts()
        if len(sizes) > _MOST_SEGMENTS:
            values = values.where(values.isin(sizes.index[: _MOST_SEGMENTS - 1]), _OTHER)
        codes, names = pd.factorize(values, sort=True)
        return codes.astype(np.int64), [str(name) for name in names]

    def _cells(self, name: str, segment: str, codes: NDArray[np.int64], count: int) -> pd.DataFrame:
        """Return block totals of a policy by segment, indexed by block * segments + segment."""
        key = (name, segment)
        if key not in self._done:
            policy = self.policies[name]
            cell = self._blocks.codes.astype(np.int64) * count + codes
            result = replay(self.log, policy, name=name, blocks=cell, **self._options)
            self._done[key] = result.blocks
        return self._done[key]

    def _row(
        self, name: str, policy: pd.DataFrame, baseline: pd.DataFrame, code: int | None,
        metric: str, count: int,
    ) -> dict[str, Any]:  # fmt: skip
        mine, other = (_of_segment(frame, code, count) for frame in (policy, baseline))
        row: dict[str, Any] = {
            "segment": name,
            "auctions": int(mine["auctions"].sum()),
            "policy": float(mine[metric].sum()),
            "baseline": float(other[metric].sum()),
        }
        low = high = math.nan
        why = ""
        try:
            comparison = compare(
                mine, other, rng=np.random.default_rng(self._seed), metrics=(metric,),
                level=self.level, policies=count + 1, resamples=2000,
            )  # fmt: skip
            found = comparison.rows[0]
            low, high = found.simultaneous_low, found.simultaneous_high
            if math.isnan(low):
                why = " ".join(comparison.reasons)
        except DataError as error:
            why = str(error)
        return row | {
            "difference": row["policy"] - row["baseline"], "low": low, "high": high, "why": why,
        }  # fmt: skip


def _is_text(values: pd.Series) -> bool:
    return bool(pd.api.types.is_string_dtype(values.dtype))


def _of_segment(frame: pd.DataFrame, code: int | None, count: int) -> pd.DataFrame:
    """Return the block totals of one segment, or of all, indexed by block."""
    block, segment = np.divmod(frame.index.to_numpy(), count)
    rows = frame.set_axis(block, axis="index")
    if code is not None:
        rows = rows[segment == code]
    return rows.groupby(level=0).sum()


def _totals(frame: pd.DataFrame) -> pd.Series:
    names = ["impressions", "clicks", "spend", "value", "surplus"]
    sums = frame[names].sum()
    sums["win_rate"] = sums["impressions"] / frame["auctions"].sum()
    return sums
