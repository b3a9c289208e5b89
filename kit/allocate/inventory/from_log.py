"""What a request is worth before it is heard: expected surplus by path, from a log and models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kit.allocate.inventory.problem import Array, Inventory
from kit.allocate.inventory.supply_paths import SupplyPaths
from kit.base.checks import bad_values, finite_at_least, number
from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.data.schema import FIRST_PRICE, auction_types
from kit.models.landscape import LandscapeModel
from kit.models.win_curve import WinCurves

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_CHUNK = 50_000


@dataclass(frozen=True, eq=False)
class RequestWorth:
    """The best bid on each request and what it is expected to earn; arrays of shape (n,).

    Parameters
    ----------
    bid_cpm : ndarray
        Bid of greatest expected surplus; NaN where none earns anything.
    surplus_cpm : ndarray
        Expected value less price and fee, per request; 0 without a bid.
    """

    bid_cpm: Array
    surplus_cpm: Array


def request_worth(
    log: AuctionLog, market: LandscapeModel, value_cpm: ArrayLike | None = None
) -> RequestWorth:
    """Return the best bid on each request, and its expected surplus under the landscape.

    Parameters
    ----------
    log : AuctionLog
        The requests.
    market : LandscapeModel
        Market prices.
    value_cpm : array_like, shape (n,), optional
        Value of an impression; default ``pctr * click_value_cpm``.

    Raises
    ------
    DataError
        If there is no value, or one is missing or negative.

    Notes
    -----
    With F the win rate, f the floor and v the value less the fee: a first-price bid b earns
    (v - b) F(b), at its best b; a second-price bidder bids v and earns the integral of F from f
    to v, since its expected price is v F(v) less that integral. The integral is taken by 16
    Gauss-Legendre nodes.
    """
    value = _values(log, value_cpm)
    net = np.maximum(value - log.column("fee_cpm", 0.0), 0.0)
    first = auction_types(log.frame) == FIRST_PRICE
    bid, surplus = np.full(len(log), np.nan), np.zeros(len(log))
    for start in range(0, len(log), _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, len(log)))
        for chosen, earn in ((first[rows], _first_price), (~first[rows], _second_price)):
            part = rows[chosen]
            if len(part):
                curves = market.at(log.frame.iloc[part])
                bid[part], surplus[part] = earn(curves, net[part])
    hopeless = ~(surplus > 0)
    bid[hopeless], surplus[hopeless] = np.nan, 0.0
    return RequestWorth(bid, surplus)


def inventory_from_log(
    log: AuctionLog,
    surplus_cpm: ArrayLike,
    paths: SupplyPaths,
    *,
    seconds: float | None = None,
    traffic_scale: float = 1.0,
) -> Inventory:
    """Add up requests and expected surplus by path, and by group of identical impressions.

    Parameters
    ----------
    log : AuctionLog
        Rows that nothing was fitted on, or the tune split.
    surplus_cpm : array_like, shape (n,)
        Expected surplus per request (`request_worth`).
    paths : SupplyPaths
        Of the same rows.
    seconds : float, optional
        Time the log covers; default from its first to its last timestamp.
    traffic_scale : float
        Requests that one row stands for, where the log is a sample.

    Returns
    -------
    Inventory
        Surplus in currency per request. ``paths`` has the columns that define a path,
        ``requests`` (rows), ``surplus`` (mean), ``surplus_sd`` (between requests) and
        ``surplus_se``.

    Raises
    ------
    DataError
        If the time is unknown or zero, or a surplus is missing.

    Notes
    -----
    The surplus of a group on a path is shrunken towards the path's mean: with n requests, within
    variance s2 and variance t2 between groups (moments), the group's own mean weighs
    n / (n + s2 / t2). Else the best of many thin groups would be the luckiest.

    References
    ----------
    Morris (1983), Parametric Empirical Bayes Inference, JASA 78, eq. 1.10.
    """
    surplus = np.asarray(surplus_cpm, dtype=np.float64)
    if surplus.shape != (len(log),):
        raise DataError(
            f"surplus_cpm: has shape {surplus.shape}; must be ({len(log)},), one a request. "
            "Pass one for each row."
        )
    bad_values("surplus_cpm", surplus, ~np.isfinite(surplus), "finite", what="missing or infinite")
    per_second = number("traffic_scale", traffic_scale, above=0) / _seconds(log, seconds)
    money = log.meta.unit.money(1.0)
    group = paths.group[paths.impression]
    cell = group * len(paths.table) + paths.path
    used, code, rows = np.unique(cell, return_inverse=True, return_counts=True)
    cell_group, cell_path = np.divmod(used, len(paths.table))
    by_path = _moments(surplus, paths.path, len(paths.table))
    own = np.bincount(code, surplus) / rows
    shrunken = _shrunken(own, rows, by_path, cell_path)
    size = np.bincount(paths.group)
    return Inventory.of(
        paths.table.assign(
            exchange=_exchange(paths.table),
            requests=by_path["requests"].to_numpy(),
            surplus=by_path["mean"].to_numpy() * money,
            surplus_sd=by_path["sd"].to_numpy() * money,
            surplus_se=by_path["se"].to_numpy() * money,
        ),
        pd.DataFrame({"group_id": np.arange(len(size)), "qps": size * per_second}),
        pd.DataFrame(
            {
                "group_id": cell_group,
                "path_id": paths.table["path_id"].to_numpy()[cell_path],
                "surplus": shrunken * money,
            }
        ),
    )


def _values(log: AuctionLog, value_cpm: ArrayLike | None) -> Array:
    if value_cpm is None:
        if not {"pctr", "click_value_cpm"} <= set(log.frame.columns):
            raise DataError(
                "value_cpm: got none, and the log lacks pctr or click_value_cpm; must have a "
                "value. Pass value_cpm, or add both with kit.with_values."
            )
        return (log.frame["pctr"] * log.frame["click_value_cpm"]).to_numpy(dtype=np.float64)
    value = finite_at_least("value_cpm", value_cpm)
    return np.broadcast_to(value, (len(log),))


def _first_price(curves: WinCurves, net: Array) -> tuple[Array, Array]:
    bid = curves.best_first_price_bid(net)
    return bid, np.nan_to_num((net - bid) * curves.win_rate(bid))


def _second_price(curves: WinCurves, net: Array) -> tuple[Array, Array]:
    half = np.maximum(net - curves.floor_cpm, 0.0) / 2.0
    middle = curves.floor_cpm + half
    area = np.zeros(len(net))
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        area += weight * curves.win_rate(middle + node * half)
    return net, half * area


def _seconds(log: AuctionLog, seconds: float | None) -> float:
    if seconds is not None:
        return number("seconds", seconds, above=0)
    if "timestamp" not in log.frame.columns:
        raise DataError(
            "seconds: got none, and the log has no timestamp; must be the time that it covers. "
            "Pass seconds=..."
        )
    times = log.frame["timestamp"]
    return number("seconds", (times.iloc[-1] - times.iloc[0]).total_seconds(), above=0)


def _moments(surplus: Array, path: NDArray[np.int64], paths: int) -> pd.DataFrame:
    rows = np.bincount(path, minlength=paths).astype(np.float64)
    mean = np.bincount(path, surplus, paths) / rows
    squares = np.bincount(path, (surplus - mean[path]) ** 2, paths)
    sd = np.sqrt(squares / np.maximum(rows - 1, 1))
    pooled = np.sqrt(squares.sum() / max(rows.sum() - paths, 1))
    spread = np.where(rows > 1, sd, pooled)  # one request says nothing about its spread
    return pd.DataFrame(
        {"requests": rows.astype(np.int64), "mean": mean, "sd": spread,
         "se": spread / np.sqrt(rows), "squares": squares}
    )  # fmt: skip


def _shrunken(
    own: Array, rows: NDArray[np.int64], by_path: pd.DataFrame, path: NDArray[np.int64]
) -> Array:
    """Return cell means shrunken towards the mean of their path, by moments."""
    mean, paths = by_path["mean"].to_numpy(), len(by_path)
    away = (own - mean[path]) ** 2
    cells = np.bincount(path, minlength=paths)
    between = np.bincount(path, rows * away, paths)
    total = by_path["requests"].to_numpy(dtype=np.float64)
    within = (by_path["squares"].to_numpy() - between) / np.maximum(total - cells, 1)
    # E[between] = (cells - 1) within + (total - sum n^2 / total) between-variance
    spread = total - np.bincount(path, rows.astype(np.float64) ** 2, paths) / total
    variance = np.maximum(between - (cells - 1) * within, 0.0) / np.maximum(spread, 1e-12)
    noise = within[path] / rows
    signal = variance[path]
    weight = np.divide(signal, signal + noise, out=np.zeros(len(own)), where=signal + noise > 0)
    return np.asarray(mean[path] + weight * (own - mean[path]))


def _exchange(table: pd.DataFrame) -> NDArray[np.object_]:
    if "exchange" in table.columns:
        return np.asarray(table["exchange"].to_numpy(dtype=object))
    return np.full(len(table), "all", dtype=object)
