"""Fit a landscape: location by trees, then the residual's distribution by exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.errors import ModelError
from kit.data.log import AuctionLog
from kit.data.schema import AT_LEAST, KNOWN
from kit.models.censored import Floats, Statements, informative, winsorised
from kit.models.features import FeatureTable
from kit.models.price_location import grow_location
from kit.models.price_shape import MAX_ATOMS, PriceShape

MAX_ROWS = 300_000
"""Of more rows than this in one split, every k-th is used, which keeps the whole period."""
MIN_ROWS = 1000
"""With fewer informative training rows, the location is the same for every request."""
HONEST_ROWS = 5000
"""From so many informative tune rows on, the residual's distribution is fitted on them alone:
that of the rows which grew the trees is too narrow."""

_OFFSET_SHARE = 0.05
_NO_FEATURES = FeatureTable((), {})


@dataclass(frozen=True)
class Fitted:
    """The parts of a landscape; see `kit.models.landscape.LandscapeModel`."""

    booster: lightgbm.Booster | None
    table: FeatureTable
    shape: PriceShape
    exchanges: tuple[str, ...]
    start: float
    offset: float
    rows: Statements
    tune_rows: Statements


@dataclass(frozen=True)
class _Part:
    """Informative rows of one split."""

    frame: pd.DataFrame
    prices: Statements

    @classmethod
    def of(cls, log: AuctionLog) -> _Part:
        keep = np.flatnonzero(informative(log))
        keep = keep[:: max(1, -(-keep.size // MAX_ROWS))]
        prices = Statements(log.column("market_price_cpm", 0.0)[keep], log.market_kind[keep])
        return cls(log.frame.iloc[keep], prices)

    def logs(self, offset: float) -> Statements:
        return Statements(np.log(self.prices.value + offset), self.prices.kind)


def fit_parts(
    train: AuctionLog, tune: AuctionLog, table: FeatureTable, params: Mapping[str, Any]
) -> Fitted:
    """Fit location and shape.

    Raises
    ------
    ModelError
        If no training row bounds the market price from above.
    """
    rows, tune_rows = _Part.of(train), _Part.of(tune)
    bounded = rows.prices.kind != AT_LEAST
    if not bounded.any():
        raise ModelError(
            f"market_price_kind: none of {len(rows.prices):,} informative training rows is known "
            "or at_most; must have some to fit a win rate. Load a log with auctions that we won."
        )
    exchanges = exchange_names(rows.frame, tune_rows.frame)
    few = min(len(rows.prices), len(tune_rows.prices)) < MIN_ROWS
    if few or not table.names:
        shape, start, offset = _prices_alone(rows, tune_rows, exchanges)
        booster, table = None, _NO_FEATURES
    else:
        offset = _OFFSET_SHARE * _typical(rows.prices.value[bounded])
        booster, start, shape = _with_location(rows, tune_rows, table, params, exchanges, offset)
    return Fitted(booster, table, shape, exchanges, start, offset, rows.prices, tune_rows.prices)


def exchange_names(*frames: pd.DataFrame) -> tuple[str, ...]:
    """Return the exchanges of some frames, sorted; none unless each of them says."""
    if not all("exchange" in frame.columns for frame in frames):
        return ()
    return tuple(sorted({str(name) for frame in frames for name in frame["exchange"].unique()}))


def exchange_codes(frame: pd.DataFrame, exchanges: tuple[str, ...]) -> NDArray[np.intp]:
    """Return each row's exchange as a position; unknown and absent ones as the last plus one."""
    pooled = max(1, len(exchanges))
    if not exchanges:
        return np.full(len(frame), pooled, dtype=np.intp)
    labels = frame["exchange"].astype("category")
    place = {label: position for position, label in enumerate(exchanges)}
    lookup = [place.get(str(label), pooled) for label in labels.cat.categories]
    return np.array([*lookup, pooled], dtype=np.intp)[labels.cat.codes.to_numpy()]


def _typical(prices: Floats) -> float:
    positive = prices[prices > 0]
    return float(np.median(positive)) if positive.size else 1.0


def _joined(first: _Part, second: _Part, exchanges: tuple[str, ...]) -> tuple[Any, Any]:
    """Return statements and exchange codes of both splits."""
    parts = (first, second)
    value = np.concatenate([part.prices.value for part in parts])
    kind = np.concatenate([part.prices.kind for part in parts])
    codes = np.concatenate([_groups(part.frame, exchanges) for part in parts])
    return Statements(value, kind), codes


def _groups(frame: pd.DataFrame, exchanges: tuple[str, ...]) -> NDArray[np.intp]:
    """Return exchange codes; without exchanges all rows are one group."""
    return exchange_codes(frame, exchanges) if exchanges else np.zeros(len(frame), dtype=np.intp)


def _prices_alone(
    rows: _Part, tune_rows: _Part, exchanges: tuple[str, ...]
) -> tuple[PriceShape, float, float]:
    """Fit the distribution of prices, the same for every request of an exchange."""
    prices, codes = _joined(rows, tune_rows, exchanges)
    groups = max(1, len(exchanges))
    typical = _typical(prices.value)
    if np.unique(prices.value).size <= MAX_ATOMS:
        return PriceShape.fit(prices, codes, groups, tail=typical, atoms=True), 0.0, 0.0
    offset = _OFFSET_SHARE * typical
    logs = Statements(np.log(prices.value + offset), prices.kind)
    start, scale = winsorised(logs).best_constant()
    residual = Statements(logs.value - start, logs.kind)
    return PriceShape.fit(residual, codes, groups, tail=scale), start, offset


def _with_location(
    rows: _Part, tune_rows: _Part, table: FeatureTable, params: Mapping[str, Any],
    exchanges: tuple[str, ...], offset: float,
) -> tuple[lightgbm.Booster, float, PriceShape]:  # fmt: skip
    logs = [part.logs(offset) for part in (rows, tune_rows)]
    matrices = [table.matrix(part.frame) for part in (rows, tune_rows)]
    train, tune = ((m, winsorised(known)) for m, known in zip(matrices, logs, strict=True))
    booster, start, scale = grow_location(train, tune, table, params)
    honest = len(logs[1]) >= HONEST_ROWS
    chosen = [(1, tune_rows)] if honest else [(0, rows), (1, tune_rows)]
    residual = [
        logs[index].value - start - np.asarray(booster.predict(matrices[index]))
        for index, _ in chosen
    ]
    kind = [logs[index].kind for index, _ in chosen]
    codes = [_groups(part.frame, exchanges) for _, part in chosen]
    statements = Statements(np.concatenate(residual), np.concatenate(kind))
    groups = max(1, len(exchanges))
    return booster, start, PriceShape.fit(statements, np.concatenate(codes), groups, tail=scale)


def share_known(statements: Statements) -> float:
    """Return the share of rows whose market price is known."""
    return float(np.mean(statements.kind == KNOWN)) if len(statements) else 0.0
