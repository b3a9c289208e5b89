"""Answer "what if we bid a little more here?" at once, and exactly as a whole replay would."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kit.base.checks import did_you_mean, number
from kit.base.errors import PolicyError
from kit.data.log import AuctionLog
from kit.data.schema import FIRST_PRICE
from kit.replay.bids import checked_bids
from kit.replay.engine import Payoff
from kit.replay.limits import to_grid
from kit.replay.market import Censored, read_market
from kit.replay.totals import HOURS, Codes

STEPS_PER_DOUBLING = 16
OVERALL_STEPS = 3 * STEPS_PER_DOUBLING
EXCHANGE_STEPS = 2 * STEPS_PER_DOUBLING
FIRST_PRICE_STEPS = 2 * STEPS_PER_DOUBLING
_LOWEST = -OVERALL_STEPS - EXCHANGE_STEPS - FIRST_PRICE_STEPS
_HIGHEST = OVERALL_STEPS + EXCHANGE_STEPS
_CHECKPOINTS = 32
_CHECKPOINT_BYTES = 128 << 20
COLUMNS = ("impressions", "clicks", "spend", "value", "fees")


def factor(step: int) -> float:
    """Return the multiplier of a step: 16 steps double it; four digits, so that code reads well.

    Examples
    --------
    >>> factor(0), factor(16), factor(-8)
    (1.0, 2.0, 0.7071)
    """
    return float(f"{2.0 ** (step / STEPS_PER_DOUBLING):.4g}")


def step_of(name: str, multiplier: float, low: int, high: int) -> int:
    """Return the step nearest to a multiplier.

    Raises
    ------
    DataError
        If it is no number, or beyond the first or last step by more than half a step.

    Examples
    --------
    >>> step_of("multiplier", 0.7, -48, 48)
    -8
    """
    slack = 2.0 ** (0.5 / STEPS_PER_DOUBLING)
    number(name, multiplier, factor(low) / slack, factor(high) * slack)
    step = round(math.log2(multiplier) * STEPS_PER_DOUBLING)
    return min(max(step, low), high)


@dataclass(frozen=True)
class Setting:
    """What is set: every multiplier acts on the policy's own bid.

    Parameters
    ----------
    multiplier : float
        On every bid, in [1/8, 8].
    exchange : mapping of str to float
        Further factor by exchange, in [1/4, 4]; an exchange that is not named has 1.
    first_price : float
        Further factor where the winner pays its bid (shading), in [1/4, 1].
    budget : float or None
        Price sum that all exchanges share; None is no limit.

    Notes
    -----
    Multipliers lie on a grid of 16 steps a doubling, and the nearest step is taken: on it the
    totals are those of `kit.replay.run.replay`, not an interpolation.
    """

    multiplier: float = 1.0
    exchange: Mapping[str, float] = field(default_factory=dict)
    first_price: float = 1.0
    budget: float | None = None


class TuningTable:
    """A log counted once by break-even multiplier, so that any setting is a look-up.

    Parameters
    ----------
    log : AuctionLog
        Rows that may be looked at as often as one likes: the tune split.
    base_bid : array_like, shape (n,)
        Bids at multiplier 1, in the log's unit; NaN is no bid.
    click_value_cpm, value, censored, market
        As in `kit.replay.run.replay`.

    Raises
    ------
    DataError, PolicyError
        As `kit.replay.run.replay`.

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": [1.0, 2.0, 4.0], "market_price_kind": "known"})
    >>> table = TuningTable(AuctionLog(frame), [1.5, 1.5, 1.5], value=[9.0, 9.0, 9.0])
    >>> table.totals(Setting(multiplier=2.0))[["impressions", "spend"]].sum().tolist()
    [2.0, 3.0]
    >>> table.totals(Setting(multiplier=2.0, budget=2.5))["spend"].sum()
    np.float64(1.0)
    """

    def __init__(
        self,
        log: AuctionLog,
        base_bid: ArrayLike,
        *,
        click_value_cpm: float | None = None,
        value: ArrayLike | None = None,
        censored: Censored = "pessimistic",
        market: ArrayLike | None = None,
    ) -> None:
        bids = checked_bids("base", base_bid, len(log)).bids
        seen = read_market(log, censored, market)
        terms = seen.terms()
        payoff = Payoff.of(log, click_value_cpm, value)
        codes = Codes()
        exchange = codes.encode_label(log, "exchange")
        self.exchanges: tuple[str, ...] = tuple(map(str, codes.names))
        self.auctions = len(log)
        self.multipliers = np.array([factor(step) for step in range(_LOWEST, _HIGHEST + 1)])
        pair = exchange * np.int32(2) + (seen.auction_type == FIRST_PRICE)
        self._pairs = np.flatnonzero(np.bincount(pair))
        group = np.zeros(2 * len(self.exchanges), dtype=np.int32)
        group[self._pairs] = np.arange(len(self._pairs))
        cell = group[pair] * np.int32(HOURS) + log.hour.astype(np.int32)
        self.has_first_price = bool((self._pairs % 2).any())
        self.bids = np.bincount(exchange, ~np.isnan(bids), len(self.exchanges)).astype(np.int64)
        step, cap = float(log.meta.bid_step_cpm), log.meta.bid_cap_cpm
        self._rule = (step, math.inf if cap is None else float(cap))
        self._rows: tuple[Any, ...] = (
            bids,
            terms.pay,
            payoff.value,
            payoff.fee,
            payoff.label & np.int8(1),
            cell,
        )
        self._count(terms.need)

    def _count(self, need: NDArray[np.float64]) -> None:
        """Count every row at its break-even, and keep the totals so far at checkpoints."""
        from kit.replay import kernels_grid as grid
        from kit.replay import kernels_tuning as kernels

        base, pay, value, fee, click, cell = self._rows
        cells, places = len(self._pairs) * HOURS, self.multipliers.size
        self._evens = np.empty(self.auctions, np.int16)
        kernels.places_of_break_even(base, need, self.multipliers, *self._rule, self._evens)
        self._lowest = np.empty(-(-self.auctions // grid.BLOCK))
        kernels.lowest_prices(need, pay, self._lowest)
        room = _CHECKPOINT_BYTES // (cells * places * grid.WIDTH * 8)
        blocks = max(1, -(-len(self._lowest) // max(1, min(_CHECKPOINTS, room))))
        self._starts = np.arange(0, self.auctions + 1, blocks * grid.BLOCK)
        self._sums = np.zeros((len(self._starts) + 1, cells, places, grid.WIDTH))
        common, own = np.zeros((cells, places + 1, grid.WIDTH)), np.zeros((cells, places))
        ends = [*self._starts[1:], self.auctions]
        for at, (start, end) in enumerate(zip(self._starts, ends, strict=True)):
            rows = slice(start, end)
            kernels.count_rows(
                base[rows], pay[rows], value[rows], fee[rows], click[rows], cell[rows],
                self._evens[rows], self.multipliers, *self._rule, common, own,
            )  # fmt: skip
            kernels.cumulate(common, own, self._sums[at + 1])
        by_group = self._sums.reshape(len(self._sums), -1, HOURS, places, grid.WIDTH)
        self._spend = np.ascontiguousarray(by_group[..., grid.SPEND].sum(axis=2))
        self._whole = np.ascontiguousarray(by_group[-1].sum(axis=1))

    def snapped(self, setting: Setting) -> Setting:
        """Return the setting on the grid, with every exchange named.

        Raises
        ------
        DataError
            If a number is out of range.
        PolicyError
            If an exchange is unknown.
        """
        overall, exchange, shade = self._steps(setting)
        budget = setting.budget
        if budget is not None:
            budget = float(number("budget", budget, 0))
        return Setting(
            factor(overall),
            {name: factor(step) for name, step in zip(self.exchanges, exchange, strict=True)},
            factor(shade),
            budget,
        )

    def _steps(self, setting: Setting) -> tuple[int, list[int], int]:
        for name in setting.exchange:
            if name not in self.exchanges:
                raise PolicyError(
                    f"exchange: got {name!r}; must be one of: {', '.join(self.exchanges)}. "
                    f"{did_you_mean(name, self.exchanges)}".rstrip()
                )
        overall = step_of("multiplier", setting.multiplier, -OVERALL_STEPS, OVERALL_STEPS)
        exchange = [
            step_of(name, setting.exchange.get(name, 1.0), -EXCHANGE_STEPS, EXCHANGE_STEPS)
            for name in self.exchanges
        ]
        return overall, exchange, step_of("first_price", setting.first_price, -FIRST_PRICE_STEPS, 0)

    def _places(self, setting: Setting) -> NDArray[np.int32]:
        """Return the place in the grid of every group (exchange, whether its bid is paid)."""
        overall, exchange, shade = self._steps(setting)
        steps = overall + np.array(exchange)[self._pairs // 2] + shade * (self._pairs % 2)
        places: NDArray[np.int32] = (steps - _LOWEST).astype(np.int32)
        return places

    def bid_multipliers(self, setting: Setting) -> tuple[dict[str, float], dict[str, float]]:
        """Return what `kit.bid.scaled.ScaledPolicy` takes: by exchange, and with shading."""
        overall, exchange, shade = self._steps(setting)
        plain, shaded = (
            {
                name: factor(overall + step + more)
                for name, step in zip(self.exchanges, exchange, strict=True)
            }
            for more in (0, shade)
        )
        return plain, shaded

    def totals(self, setting: Setting) -> pd.DataFrame:
        """Return what a setting wins, one row an exchange and hour.

        Returns
        -------
        pandas.DataFrame
            exchange, hour, impressions, clicks, spend, value, fees, surplus; equal to a replay
            of the scaled bids (value to rounding).
        """
        places = self._places(setting)
        cells = np.repeat(places, HOURS)
        table = self._spent(cells, places, setting.budget)
        out = np.zeros((len(self.exchanges), HOURS, len(COLUMNS)))
        np.add.at(out, self._pairs // 2, table.reshape(len(self._pairs), HOURS, len(COLUMNS)))
        frame = pd.DataFrame(out.reshape(-1, len(COLUMNS)), columns=list(COLUMNS))
        frame.insert(0, "exchange", np.repeat(np.array(self.exchanges, dtype=object), HOURS))
        frame.insert(1, "hour", np.tile(np.arange(HOURS), len(self.exchanges)))
        frame["surplus"] = frame["value"] - frame["spend"] - frame["fees"]
        return frame

    def _spent(
        self, cells: NDArray[np.int32], places: NDArray[np.int32], budget: float | None
    ) -> NDArray[np.float64]:
        """Return totals by cell, shape (cells, columns), until the budget is spent and beyond."""
        from kit.replay import kernels_tuning as kernels

        every = np.arange(len(cells))
        left = math.inf if budget is None else to_grid(number("budget", budget, 0))
        spent = self._spend[:, np.arange(len(places)), places].sum(axis=1)
        at = int(np.searchsorted(spent, left, side="right")) - 1
        totals: NDArray[np.float64] = self._sums[at, every, cells].copy()
        if at + 1 < len(spent):
            rest: list[Any] = [
                float(left - spent[at]), cells, self.multipliers, *self._rule, *self._rows,
                self._evens, self._lowest, int(self._starts[at]), totals,
            ]  # fmt: skip
            kernels.spend_rest(*rest)
        return totals

    def frontier(self, setting: Setting) -> pd.DataFrame:
        """Return the totals at every overall multiplier, the rest of the setting as it is.

        Returns
        -------
        pandas.DataFrame
            multiplier, impressions, clicks, spend, value, fees, surplus.
        """
        overall = np.arange(-OVERALL_STEPS, OVERALL_STEPS + 1)
        centre = self._places(Setting(1.0, setting.exchange, setting.first_price))
        places = (centre[None, :] + overall[:, None]).astype(np.int32)
        groups = np.arange(len(centre))
        totals = self._whole[groups[None, :], places].sum(axis=1)
        if setting.budget is not None:
            over = totals[:, COLUMNS.index("spend")] > to_grid(number("budget", setting.budget, 0))
            for row in np.flatnonzero(over):
                cells = np.repeat(places[row], HOURS)
                totals[row] = self._spent(cells, places[row], setting.budget).sum(axis=0)
        frame = pd.DataFrame(totals, columns=list(COLUMNS))
        frame.insert(0, "multiplier", [factor(int(step)) for step in overall])
        frame["surplus"] = frame["value"] - frame["spend"] - frame["fees"]
        return frame

    def win_rates(self) -> dict[str, NDArray[np.float64]]:
        """Return, by exchange, the share of bids that win at `multipliers` without a budget."""
        wins = np.zeros((len(self.exchanges), self.multipliers.size))
        np.add.at(wins, self._pairs // 2, self._whole[:, :, COLUMNS.index("impressions")])
        bids = np.maximum(self.bids, 1)[:, None]
        return dict(zip(self.exchanges, wins / bids, strict=True))

    @property
    def only_first_price(self) -> tuple[str, ...]:
        """Exchanges in which the winner always pays its bid."""
        paid = {int(pair) for pair in self._pairs}
        return tuple(
            name
            for code, name in enumerate(self.exchanges)
            if 2 * code + 1 in paid and 2 * code not in paid
        )

    def rates_at(self, setting: Setting) -> dict[str, float]:
        """Return, by exchange, the share of bids that win at a setting without its budget."""
        wins = np.zeros(len(self.exchanges))
        groups = np.arange(len(self._pairs))
        won = self._whole[groups, self._places(setting), COLUMNS.index("impressions")]
        np.add.at(wins, self._pairs // 2, won)
        return dict(zip(self.exchanges, wins / np.maximum(self.bids, 1), strict=True))

    def to_dict(self, setting: Setting) -> dict[str, Any]:
        """Return a setting on the grid and the multipliers it means, for JSON."""
        plain, shaded = self.bid_multipliers(setting)
        snapped = self.snapped(setting)
        return {**vars(snapped), "bid_multipliers": plain, "first_price_bid_multipliers": shaded}
