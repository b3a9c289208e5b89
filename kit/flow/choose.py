"""Choose how to bid, on the tune split alone, by what is expected to be earned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import one_of
from kit.base.errors import DataError
from kit.bid.policy import BidPolicy, SequentialPolicy
from kit.bid.registry import make_policy
from kit.data.log import AuctionLog
from kit.data.schema import FIRST_PRICE, SECOND_PRICE
from kit.models.landscape import LandscapeModel
from kit.replay.grid import replay_grid
from kit.replay.result import GridResult, ReplayResult
from kit.replay.run import replay

SHADING_FACTORS = np.linspace(0.2, 1.0, 17).round(2)
MULTIPLIERS = np.geomspace(0.2, 5.0, 81)
CONSTANT_BIDS = 75
"""Constant bids tried, between the 1st and the 99.9th percentile of market prices."""


@dataclass(frozen=True)
class Candidate:
    """One way to bid, ready for a replay.

    Parameters
    ----------
    name : str
        What the report calls it.
    about : str
        How it bids, as the end of a sentence.
    policy : BidPolicy or None
        None: the bids in the log's ``bid_price_cpm``.
    """

    name: str
    about: str
    policy: BidPolicy | None = None

    def bids(self, log: AuctionLog) -> BidPolicy | NDArray[np.float64]:
        """Return what `kit.replay.run.replay` takes."""
        return self.policy or log.frame["bid_price_cpm"].to_numpy(dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Choice:
    """The policy and the baseline, and what the tune split said of them.

    Parameters
    ----------
    policy, baseline : Candidate
        What is compared on the holdout.
    grid : pandas.DataFrame
        The policy at every multiplier: multiplier, impressions, clicks, spend, value, surplus.
    multiplier : float
        The one chosen.
    baseline_spend, baseline_value : float
        Expected price sums of the baseline on the same auctions.
    tried : int
        Settings of the policy that were tried.
    """

    policy: Candidate
    baseline: Candidate
    grid: pd.DataFrame
    multiplier: float
    baseline_spend: float
    baseline_value: float
    tried: int


class Tuner:
    """Scores bids on the tune split.

    An auction is worth its predicted value, so that the choice does not hang on a few clicks;
    where the log only bounds the market price, one is drawn from the landscape inside the bound.

    Parameters
    ----------
    tune : AuctionLog
        With ``pctr`` and ``click_value_cpm``.
    market : LandscapeModel
        Fitted before.
    rng : numpy.random.Generator
        Draws the market prices.
    """

    def __init__(self, tune: AuctionLog, market: LandscapeModel, rng: np.random.Generator) -> None:
        self.log = tune
        self.rng = rng
        self.prices = market.market_prices(tune, rng)
        frame = tune.frame
        self.value = np.asarray(frame["pctr"] * frame["click_value_cpm"], dtype=np.float64)

    def grid(self, base_bid: NDArray[np.float64], multipliers: NDArray[np.float64]) -> pd.DataFrame:
        """Return the expected totals of each multiplier of some bids."""
        return self._grid(base_bid, multipliers).totals

    def by_exchange(
        self, base_bid: NDArray[np.float64], multipliers: NDArray[np.float64]
    ) -> pd.DataFrame:
        """Return the same by exchange and hour; cells with impressions only."""
        return self._grid(base_bid, multipliers).by_exchange_hour

    def _grid(self, base_bid: NDArray[np.float64], multipliers: NDArray[np.float64]) -> GridResult:
        return replay_grid(
            self.log, base_bid, multipliers,
            value=self.value, censored="given", market=self.prices,
        )  # fmt: skip

    def replay(self, bids: BidPolicy | NDArray[np.float64]) -> ReplayResult:
        """Return the expected totals of some bids, also by exchange."""
        return replay(
            self.log, bids, value=self.value, censored="given", market=self.prices, rng=self.rng
        )

    def of_policy(self, policy: BidPolicy, multipliers: NDArray[np.float64]) -> pd.DataFrame:
        """Return the expected totals of each multiplier of a policy's bids."""
        return self.grid(policy.bid(self.log.request, self.rng), multipliers)


def choose(tuner: Tuner, baseline: str) -> Choice:
    """Tune the policy and the baseline by expected surplus.

    The policy bids the predicted value, shaded by a constant factor where the winner pays its
    bid. The baseline is what was bid (``logged``), or the best constant bid.

    Parameters
    ----------
    tuner : Tuner
        On the tune split.
    baseline : {"auto", "logged", "constant"}
        "auto" takes the logged bids where there are any.

    Raises
    ------
    DataError
        If the log has no bids and ``logged`` was asked for.
    """
    policy, grid, multiplier, tried = _best_value_policy(tuner)
    other = _logged(tuner) if _takes_logged(tuner.log, baseline) else _best_constant(tuner)
    candidate, spend, value = other
    return Choice(policy, candidate, grid, multiplier, spend, value, tried)


def _best_value_policy(tuner: Tuner) -> tuple[Candidate, pd.DataFrame, float, int]:
    kinds = tuner.log.column("auction_type", SECOND_PRICE)
    if not (kinds == FIRST_PRICE).any():
        grid = tuner.of_policy(_bidder("value"), MULTIPLIERS)
        best = _best(grid)
        about = f"bids {_times(best)} of each impression"
        policy = _bidder("value", multiplier=best)
        return Candidate("value bidding", about, policy), grid, best, len(MULTIPLIERS)
    grids = {
        float(factor): tuner.of_policy(_bidder("shade", shading_factor=factor), MULTIPLIERS)
        for factor in SHADING_FACTORS
    }
    factor = max(grids, key=lambda key: grids[key]["surplus"].max())
    best = _best(grids[factor])
    about = (
        f"bids {_times(best)} of each impression, and {best * factor:.3g} times that value where "
        "the winner pays its bid"
    )
    policy = _bidder("shade", shading_factor=factor, multiplier=best)
    tried = len(grids) * len(MULTIPLIERS)
    return Candidate("shaded bidding", about, policy), grids[factor], best, tried


def _times(multiplier: float) -> str:
    factor = f"{multiplier:.3g}"
    return "the predicted value" if factor == "1" else f"{factor} times the predicted value"


def _takes_logged(log: AuctionLog, baseline: str) -> bool:
    one_of("baseline", baseline, ("auto", "logged", "constant"))
    has_bids = "bid_price_cpm" in log.frame.columns and log.frame["bid_price_cpm"].notna().any()
    if baseline == "logged" and not has_bids:
        raise DataError(
            "baseline: got 'logged', and the log has no bids of ours (bid_price_cpm); must be "
            "'constant' for such a log. Pass --baseline constant."
        )
    return bool(has_bids) and baseline != "constant"


def _logged(tuner: Tuner) -> tuple[Candidate, float, float]:
    candidate = Candidate("logged bids", "is what was bid")
    bids = tuner.log.frame["bid_price_cpm"].to_numpy(dtype=np.float64)
    row = tuner.grid(bids, np.ones(1)).iloc[0]
    return candidate, float(row["spend"]), float(row["value"])


def _best_constant(tuner: Tuner) -> tuple[Candidate, float, float]:
    low, high = np.quantile(tuner.prices, [0.01, 0.999])
    smallest = max(tuner.log.meta.bid_step_cpm, high / 1000, 1e-6)
    bids = np.geomspace(max(low, smallest), max(high, 2 * smallest), CONSTANT_BIDS)
    grid = tuner.grid(np.ones(len(tuner.log)), bids)
    best = _best(grid)
    label = tuner.log.meta.unit.label
    row = _best_row(grid)
    candidate = Candidate(
        "constant bid", f"bids {best:.4g} {label} in every auction", _bidder("constant", bid=best)
    )
    return candidate, float(row["spend"]), float(row["value"])


def _best(grid: pd.DataFrame) -> float:
    return float(_best_row(grid)["multiplier"])


def _best_row(grid: pd.DataFrame) -> pd.Series[float]:
    return grid.iloc[int(np.argmax(grid["surplus"]))]


def _bidder(name: str, **params: float) -> BidPolicy:
    policy = make_policy(name, params)
    if isinstance(policy, SequentialPolicy):
        raise DataError(f"policy: {name} plans ahead; must bid on each request by itself.")
    return policy
