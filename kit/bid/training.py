"""What a policy may know of its training period: a handful of totals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.base.checks import finite_at_least, has_columns, number
from kit.base.errors import DataError
from kit.base.units import FEN_CPM, PriceUnit
from kit.data.log import AuctionLog
from kit.data.schema import AT_LEAST, FIRST_PRICE, FIXED_PRICE, SECOND_PRICE

MAX_HISTOGRAM_PRICE = 100_000
"""Highest whole price a histogram made from a log may hold; above it there is none."""

PCTR_POINTS = 200
"""Quantiles of the training pCTR that are kept."""

_INFO_KEYS = ("imp_train", "clk_train", "cost_train")


@dataclass(frozen=True)
class TrainingStats:
    """Totals of a training period, in one log's price unit.

    Parameters
    ----------
    impressions : int
        Impressions won, >= 1.
    clicks : int
        Clicks on them.
    cost : float
        Plain sum of the prices paid, one per-mille price an impression.
    price_histogram : tuple of float, shape (max_price + 1,), optional
        How often each whole price 0, 1, 2, ... was the lowest whole bid that reaches the market.
    unit_label : str
        `PriceUnit.label` of the prices; empty means undeclared.
    pctr_quantiles : tuple of float, optional
        Evenly spaced quantiles of the training pCTR, where the log brings one.

    Raises
    ------
    DataError
        If a total is negative, missing, or contradicts another.

    Examples
    --------
    >>> stats = TrainingStats(impressions=1000, clicks=4, cost=60_000.0)
    >>> stats.ctr, stats.cost_per_click_cpm, stats.mean_price_cpm
    (0.004, 15000.0, 60.0)
    """

    impressions: int
    clicks: int
    cost: float
    price_histogram: tuple[float, ...] | None = None
    unit_label: str = ""
    pctr_quantiles: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        number("training impressions", self.impressions, 1)
        number("training clicks", self.clicks, 0, self.impressions)
        number("training cost", self.cost, 0)
        if self.price_histogram is not None:
            counts = finite_at_least("price_histogram", self.price_histogram)
            number("price_histogram total", counts.sum(), above=0)

    @property
    def ctr(self) -> float:
        """Clicks an impression.

        Raises
        ------
        DataError
            If there were no clicks: nothing can be scaled by a rate of zero.
        """
        self._need_clicks("average CTR")
        return self.clicks / self.impressions

    @property
    def cost_per_click_cpm(self) -> float:
        """Sum of prices paid, divided by clicks.

        Raises
        ------
        DataError
            If there were no clicks.
        """
        self._need_clicks("cost per click")
        return self.cost / self.clicks

    @property
    def mean_price_cpm(self) -> float:
        """Mean price paid for an impression."""
        return self.cost / self.impressions

    @property
    def price_probability(self) -> NDArray[np.float64]:
        """Share of each whole market price, shape (max_price + 1,), summing to 1.

        Raises
        ------
        DataError
            If the statistics carry no histogram.
        """
        if self.price_histogram is None:
            raise DataError(
                "price_histogram: the training statistics have none; landscape policies need the "
                "count of each whole market price. Pass an info file with "
                "'price_counter_train', or a training log in a unit whose whole numbers resolve "
                f"its prices (at most {MAX_HISTOGRAM_PRICE:,})."
            )
        counts = np.asarray(self.price_histogram, dtype=np.float64)
        shares: NDArray[np.float64] = counts / counts.sum()
        return shares

    def check_unit(self, unit: PriceUnit) -> None:
        """Raise unless the statistics are in a log's price unit.

        Raises
        ------
        DataError
            If both units are declared and differ.
        """
        if self.unit_label and self.unit_label != unit.label:
            raise DataError(
                f"training statistics: in {self.unit_label!r}; the log is in {unit.label!r}. "
                "Convert one of them: bids and prices share a unit."
            )

    @classmethod
    def from_info(cls, path: str | Path) -> TrainingStats:
        """Read the ``info.json`` that accompanies an iPinYou campaign (prices in CNY fen CPM).

        Raises
        ------
        DataError
            If the file is missing, is not JSON, or lacks a total.
        """
        source = Path(path)
        info = _read_json(source)
        has_columns(source.name, info, _INFO_KEYS)
        counts = info.get("price_counter_train")
        if counts is not None and not isinstance(counts, list):
            raise DataError(
                f"{source.name}: price_counter_train is no list; must be the count of each whole "
                "price, from 0. Repair the file."
            )
        return cls(
            impressions=_whole(source, info, "imp_train"),
            clicks=_whole(source, info, "clk_train"),
            cost=number(f"{source.name}: cost_train", info["cost_train"], 0),
            price_histogram=None if counts is None else _counts(counts),
            unit_label=FEN_CPM.label,
        )

    @classmethod
    def from_log(cls, log: AuctionLog) -> TrainingStats:
        """Count the impressions a training log won.

        Where the log does not say what was won, every row that is not *at least* priced counts as
        an impression, as in the research formats that hold impressions only.

        Raises
        ------
        DataError
            If nothing was won, or the log has no clicks column.

        Notes
        -----
        The histogram holds every row whose market price is known, or at most a bound (which it
        takes for the price); a lost auction of unknown price is left out, so it leans low.
        """
        frame = log.frame
        has_columns("training log", frame.columns, ["click"])
        priced = log.market_kind != AT_LEAST
        won = frame["won"].to_numpy(dtype=bool) if "won" in frame.columns else priced
        if not won.any():
            raise DataError(
                f"training log: 0 of {len(log)} auctions were won; must be >= 1. "
                "Train on a period in which bids won."
            )
        return cls(
            impressions=int(won.sum()),
            clicks=int(frame["click"].to_numpy(dtype=bool)[won].sum()),
            cost=float(_paid(log)[won].sum()),
            price_histogram=_histogram(_second_price(log)[priced]),
            unit_label=log.meta.unit.label,
            pctr_quantiles=_quantiles(log.column("pctr", np.nan)),
        )

    def _need_clicks(self, what: str) -> None:
        if not self.clicks:
            raise DataError(
                f"training clicks: got 0 in {self.impressions} impressions; the {what} needs "
                ">= 1. Train on a longer period, or set the parameter by hand."
            )


def _second_price(log: AuctionLog) -> NDArray[np.float64]:
    """Return the least price that beats market and floor, shape (n,)."""
    return np.maximum(log.column("market_price_cpm", np.nan), log.column("bid_floor_cpm", 0.0))


def _paid(log: AuctionLog) -> NDArray[np.float64]:
    """Return what a win cost: as reported, else by the auction's own rule, shape (n,)."""
    kind = log.column("auction_type", SECOND_PRICE)
    price = _second_price(log)
    price = np.where(kind == FIXED_PRICE, log.column("bid_floor_cpm", 0.0), price)
    bid = log.column("bid_price_cpm", np.nan)
    price = np.where((kind == FIRST_PRICE) & ~np.isnan(bid), bid, price)
    reported = log.column("clearing_price_cpm", np.nan)
    return np.where(np.isnan(reported), price, reported)


def _histogram(prices: NDArray[np.float64]) -> tuple[float, ...] | None:
    whole = np.ceil(prices)
    if not whole.size or whole.max() > MAX_HISTOGRAM_PRICE:
        return None
    return tuple(np.bincount(whole.astype(np.int64)).astype(np.float64).tolist())


def _quantiles(pctr: NDArray[np.float64]) -> tuple[float, ...] | None:
    present = pctr[~np.isnan(pctr)]
    if not present.size:
        return None
    levels = (np.arange(PCTR_POINTS) + 0.5) / PCTR_POINTS
    return tuple(np.quantile(present, levels).tolist())


def _read_json(source: Path) -> dict[str, Any]:
    try:
        info = json.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(
            f"{source}: cannot be read ({error.strerror}). Pass the path of an info.json."
        ) from None
    except ValueError as error:
        raise DataError(f"{source}: not JSON ({error}). Pass the path of an info.json.") from None
    if not isinstance(info, dict):
        raise DataError(f"{source}: holds no JSON object. Pass the path of an info.json.")
    return info


def _whole(source: Path, info: Mapping[str, Any], key: str) -> int:
    value = number(f"{source.name}: {key}", info[key], 0)
    if value != int(value):
        raise DataError(f"{source.name}: {key}: got {value}; must be a whole number. Repair it.")
    return int(value)


def _counts(counts: list[Any]) -> tuple[float, ...]:
    return tuple(number("price_counter_train", count, 0) for count in counts)
