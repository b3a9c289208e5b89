"""Win rate, monotone in the bid, from market prices of which many are only bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kit.base.errors import ModelError
from kit.base.files import atomic_path, write_text
from kit.data.log import AuctionLog
from kit.data.schema import AT_LEAST, AT_MOST, KNOWN
from kit.models.boosting import checked_params, importance, load_booster, run_params
from kit.models.card import ModelCard, check_kind, versions
from kit.models.censored import Floats, fixed_price, number_column
from kit.models.features import FeatureTable
from kit.models.landscape_check import check_win_rates
from kit.models.landscape_fit import Fitted, exchange_codes, fit_parts, share_known
from kit.models.price_location import LANDSCAPE_DEFAULTS
from kit.models.price_shape import PriceShape
from kit.models.win_curve import WinCurves


@dataclass(frozen=True)
class LandscapeModel:
    """Distribution of the market price of each request.

    ``log(price + offset) = location(request) + residual``: the location by boosted trees under a
    likelihood that takes known, at most and at least for what they are; the residual without a
    formula, one for each exchange, shrunken towards all. So the win rate is monotone in the bid
    by construction. A log without features gets the distribution of its prices alone.

    Parameters
    ----------
    booster : lightgbm.Booster or None
        Location less its constant part; None if it is constant.
    table : FeatureTable
        Columns and known labels.
    shape : PriceShape
        Distribution of residuals, or of the prices themselves if it has atoms.
    card : ModelCard
        Seed, parameters, data hashes, versions; constants of the fit in ``details``.

    Notes
    -----
    A log of won auctions only describes the market price *given that its own bids won*; the card
    says so (``details["wins_only"]``).
    """

    booster: lightgbm.Booster | None
    table: FeatureTable
    shape: PriceShape
    card: ModelCard

    @classmethod
    def fit(
        cls,
        train: AuctionLog,
        tune: AuctionLog,
        features: Sequence[str] | None = None,
        params: Mapping[str, Any] | None = None,
        seed: int = 0,
        *,
        num_threads: int = 0,
    ) -> LandscapeModel:
        """Fit on `train`; stop early on `tune`, and fit the residual there if it is long enough.

        Parameters
        ----------
        train, tune : AuctionLog
            Earlier and later rows; see `kit.models.landscape_fit` for how many are used.
        features : sequence of str, optional
            Request columns; None takes `kit.models.features.default_features`.
        params : mapping, optional
            LightGBM parameters over `kit.models.price_location.LANDSCAPE_DEFAULTS`.
        seed, num_threads : int
            Seed of the trees; threads, 0 for all cores.

        Raises
        ------
        ModelError
            If no row bounds the market price from above, or a feature is not allowed.

        Examples
        --------
        >>> frame = pd.DataFrame({"market_price_cpm": [1.0, 2.0, 3.0, 4.0],
        ...                       "market_price_kind": "known"})
        >>> log = AuctionLog(frame)
        >>> LandscapeModel.fit(log, log).win_rate(frame[["market_price_cpm"]], 3.0)
        array([0.5, 0.5, 0.5, 0.5])
        """
        tuned = checked_params(params, LANDSCAPE_DEFAULTS)
        told = run_params(tuned, seed, num_threads)
        fitted = fit_parts(train, tune, FeatureTable.of(train, features), told)
        card = ModelCard(
            kind="landscape",
            target="market_price_cpm",
            about=_about(fitted),
            rows=len(fitted.rows),
            positives=int(np.count_nonzero(fitted.rows.kind == KNOWN)),
            tune_rows=len(fitted.tune_rows),
            tune_positives=int(np.count_nonzero(fitted.tune_rows.kind == KNOWN)),
            seed=seed,
            params=tuned,
            features=fitted.table.to_dict(),
            data={"train": train.content_hash(), "tune": tune.content_hash()},
            versions=versions(lightgbm=lightgbm.__version__),
            details={
                "start": fitted.start,
                "offset": fitted.offset,
                "exchanges": list(fitted.exchanges),
                "ties_win": train.meta.ties_win,
                "unit": train.meta.unit.label,
                "wins_only": "won" in train.frame.columns and bool(train.frame["won"].all()),
            },
        )
        return cls(fitted.booster, fitted.table, fitted.shape, card)

    def at(self, request: pd.DataFrame | AuctionLog) -> WinCurves:
        """Return the market-price distributions of some requests, to be asked many times.

        Raises
        ------
        ModelError
            Naming the columns that the request lacks, or if a log is in another price unit.
        """
        frame = self._checked(request)
        kept = self.card.details
        exchanges = tuple(kept["exchanges"])
        return WinCurves(
            shape=self.shape,
            group=exchange_codes(frame, exchanges),
            location=None if self.shape.atoms else self._location(frame),
            offset=kept["offset"],
            floor_cpm=number_column(frame, "bid_floor_cpm", 0.0),
            fixed_price=fixed_price(frame),
            ties_win=kept["ties_win"],
        )

    def win_rate(self, request: pd.DataFrame | AuctionLog, bid_cpm: ArrayLike) -> Floats:
        """Return the probability that each bid wins, shape (n,); see `WinCurves.win_rate`."""
        return self.at(request).win_rate(bid_cpm)

    def draw(
        self,
        request: pd.DataFrame | AuctionLog,
        rng: np.random.Generator,
        low: ArrayLike | None = None,
        high: ArrayLike | None = None,
    ) -> Floats:
        """Draw market prices inside [low, high], shape (n,); see `WinCurves.draw`."""
        return self.at(request).draw(rng, low, high)

    def market_prices(self, log: AuctionLog, rng: np.random.Generator) -> Floats:
        """Return a market price for every row of a log, shape (n,).

        The known one, else one drawn inside the row's bound: for a replay with
        ``censored="given"``.
        """
        price, kind = log.column("market_price_cpm", 0.0), log.market_kind
        low = np.where(kind == AT_LEAST, price, np.nan)
        high = np.where(kind == AT_MOST, price, np.nan)
        return np.where(kind == KNOWN, price, self.draw(log, rng, low, high))

    def best_first_price_bid(
        self, request: pd.DataFrame | AuctionLog, value_cpm: ArrayLike
    ) -> Floats:
        """Return bids that maximise expected first-price surplus, shape (n,); NaN is no bid.

        See `WinCurves.best_first_price_bid`.
        """
        return self.at(request).best_first_price_bid(value_cpm)

    def check(self, log: AuctionLog, bins: int = 5) -> pd.DataFrame:
        """Compare predicted with observed win rates; see `check_win_rates`."""
        return check_win_rates(self.at(log), log, bins)

    def importance(self) -> pd.DataFrame:
        """Return ``feature``, ``gain`` (share of the total) and ``splits``, largest gain first."""
        return importance(self.booster, self.table)

    def summary(self) -> dict[str, Any]:
        """Return what a report says about the model, ready for JSON."""
        return self.card.summary() | {"wins_only": self.card.details["wins_only"]}

    def save(self, folder: str | Path) -> Path:
        """Write ``shape.npz``, ``model.txt`` if there are trees, and ``schema.json``."""
        target = Path(folder)
        with atomic_path(target / "shape.npz") as partial, partial.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **self.shape.arrays())
        files = ["shape.npz"]
        if self.booster is not None:
            write_text(target / "model.txt", self.booster.model_to_string())
            files.append("model.txt")
        self.card.write(target, files)
        return target

    @classmethod
    def load(cls, folder: str | Path) -> LandscapeModel:
        """Read what `save` wrote.

        Raises
        ------
        ModelError
            If the folder holds no whole model of this kind.
        """
        source = Path(folder)
        card = ModelCard.read(source)
        check_kind(source, card, "landscape")
        with np.load(source / "shape.npz", allow_pickle=False) as arrays:
            shape = PriceShape.from_arrays(arrays)
        grown = "model.txt" in card.files
        booster = load_booster(source / "model.txt") if grown else None
        return cls(booster, FeatureTable.from_dict(card.features), shape, card)

    def _checked(self, request: pd.DataFrame | AuctionLog) -> pd.DataFrame:
        if isinstance(request, AuctionLog):
            label, unit = request.meta.unit.label, self.card.details["unit"]
            if label != unit:
                raise ModelError(
                    f"unit: the log is in {label}; must be {unit}, as in training. Convert the "
                    "prices, or train on this log's unit."
                )
            request = request.frame
        self.table.check(request.columns)
        if self.card.details["exchanges"] and "exchange" not in request.columns:
            raise ModelError(
                "request: lacks exchange; must have it, as in training. Add or map it."
            )
        return request

    def _location(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        start = self.card.details["start"]
        if self.booster is None or not len(frame):
            return np.full(len(frame), start)
        return np.asarray(start + self.booster.predict(self.table.matrix(frame)))


def _about(fitted: Fitted) -> str:
    trees = f"{fitted.booster.num_trees()} trees" if fitted.booster else "no trees"
    return (
        f"market price on {len(fitted.rows):,} rows, {share_known(fitted.rows):.0%} known; "
        f"location by {trees}, {max(1, len(fitted.exchanges))} residual distributions"
    )
