"""Queries set aside for paths that nobody knows yet, and what setting them aside costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from kit.allocate.inventory import kernels_inventory as kernels
from kit.allocate.inventory.greedy import greedy_inventory
from kit.allocate.inventory.problem import Array, Inventory, InventorySelection, QpsLimit
from kit.base.checks import bad_values, finite_numbers, has_columns, number, one_of
from kit.base.errors import DataError

Rule = Literal["information", "ucb", "thompson"]
_RULES = get_args(Rule)
_SEEN_AT_LEAST = 30
_STEPS = 24
_DRAWS = 200
_SEARCH = 30


@dataclass(frozen=True, eq=False)
class Exploration:
    """A selection with a share of the queries set aside for unknown paths.

    Parameters
    ----------
    exploit : InventorySelection
        The best selection under the limits less the share set aside.
    rate : ndarray, shape (P,)
        Rates of both parts together, within the limits.
    explored : ndarray, shape (P,)
        The part of `rate` that explores.
    share : float
        Share of the limits set aside.
    value : float
        Money per second of `rate`, at present estimates.
    cost : float
        Money per second given up, at present estimates: the value without exploration less
        `value`. What is learned is worth it only if it changes a later selection.
    """

    exploit: InventorySelection
    rate: Array
    explored: Array
    share: float
    value: float
    cost: float

    @property
    def table(self) -> pd.DataFrame:
        """The paths explored, most queries first: those of ``paths`` and ``explored_qps``."""
        paths = self.exploit.inventory.paths
        table = paths.assign(explored_qps=self.explored * self.exploit.inventory.qps)
        table = table[self.explored > 0].sort_values("explored_qps", ascending=False)
        return table.reset_index()


def explore_inventory(
    inventory: Inventory,
    limit: QpsLimit,
    share: float,
    *,
    rule: Rule = "information",
    horizon: float = 86_400.0,
    thin: int = _SEEN_AT_LEAST,
    rng: np.random.Generator | None = None,
) -> Exploration:
    """Set a share of the queries aside for paths with few requests seen, and say what it costs.

    Parameters
    ----------
    inventory : Inventory
        Its ``paths`` need ``surplus`` (mean money per request), ``surplus_sd`` (of one request),
        ``surplus_se`` (how far the mean may be off) and ``requests`` (seen so far).
    limit : QpsLimit
        Queries per second.
    share : float
        Share of each limit set aside, in [0, 1).
    rule : {"information", "ucb", "thompson"}
        Which paths get it. *information*: most value of information per query. *ucb*: largest
        mean plus two standard errors. *thompson*: as often as a draw of all means selects it.
    horizon : float
        Seconds until the next selection: how many queries a path can send.
    thin : int
        Paths with fewer requests seen, or whose mean is off by more than half of itself, count as
        unknown.
    rng : numpy.random.Generator, optional
        For Thompson draws; default seed 0.

    Raises
    ------
    DataError
        If the share is no number in [0, 1), or a column is missing or negative.

    Notes
    -----
    The value of m queries on a path whose mean is N(a, s^2), of which one query shows a draw of
    variance v, beside a price of c per query elsewhere: with t = s^2 / sqrt(s^2 + v / m), it is
    t phi(d / t) - d Phi(-d / t), d = |a - c|: what the better choice gains on average. It is not
    concave in m, so a path's index is its best average over m, and m queries go to it.

    References
    ----------
    Frazier, Powell (2010), Paradoxes in Learning and the Marginal Value of Information, Decision
    Analysis 7, eq. 3 and section 5 (KG(*)).
    Auer, Cesa-Bianchi, Fischer (2002), Finite-time Analysis of the Multiarmed Bandit Problem.
    Thompson (1933), On the Likelihood that One Unknown Probability Exceeds Another, Biometrika.

    Examples
    --------
    >>> paths = pd.DataFrame({
    ...     "path_id": ["known", "new"], "exchange": "x", "qps": [10.0, 10.0],
    ...     "surplus": [1.0, 0.8], "surplus_sd": [1.0, 1.0], "surplus_se": [0.01, 0.5],
    ...     "requests": [10_000, 4]})
    >>> found = explore_inventory(Inventory.of(paths), QpsLimit(10.0), 0.1)
    >>> found.rate.round(2).tolist(), round(found.cost, 2)
    ([0.9, 0.1], 0.2)
    """
    part = checked_share(share)
    one_of("rule", rule, _RULES)
    beliefs = Beliefs.of(inventory)
    full = best_known(inventory, limit)
    if part == 0:
        return Exploration(full, full.rate, np.zeros(len(inventory)), 0.0, full.value, 0.0)
    exploit = best_known(inventory, limit.scaled(1.0 - part))
    room = (1.0 - exploit.rate) * inventory.qps
    room[~beliefs.unknown(thin)] = 0.0
    if rule == "information":
        wanted, index = information(beliefs, exploit.query_price, horizon * inventory.qps)
        wanted = np.minimum(wanted / horizon, room)
    elif rule == "ucb":
        wanted, index = room, beliefs.mean + 2.0 * beliefs.se
    else:
        wanted, index = room, _thompson(inventory, limit, beliefs, rng or np.random.default_rng(0))
    queries = np.zeros(len(inventory))
    for amount in (wanted, room):  # what the rule leaves over goes down its list again
        queries += _handed_out(inventory, limit, part, index, amount - queries, queries)
    # what no unknown path could use goes back to the known ones
    exploit = best_known(inventory, _less(inventory, limit, queries))
    rate = np.minimum(exploit.rate + queries / inventory.qps, 1.0)
    value = inventory.value(rate)
    return Exploration(exploit, rate, rate - exploit.rate, part, value, full.value - value)


@dataclass(frozen=True, eq=False)
class Beliefs:
    """What is believed of each path's surplus per request; arrays of shape (P,).

    Parameters
    ----------
    mean, se, sd : ndarray
        Mean, its standard error, and the standard deviation of one request, money.
    seen : ndarray
        Requests seen.
    """

    mean: Array
    se: Array
    sd: Array
    seen: Array

    @classmethod
    def of(cls, inventory: Inventory) -> Beliefs:
        """Read them off the columns of ``inventory.paths``.

        Raises
        ------
        DataError
            If a column is missing, or a number missing or negative.
        """
        paths = inventory.paths
        has_columns("paths", paths.columns, ("surplus", "surplus_se", "surplus_sd", "requests"))
        columns = [
            finite_numbers(f"paths.{name}", paths[name])
            for name in ("surplus", "surplus_se", "surplus_sd", "requests")
        ]
        for name, values in zip(("surplus_se", "surplus_sd", "requests"), columns[1:], strict=True):
            bad_values(f"paths.{name}", values, values < 0, ">= 0", what="negative")
        return cls(*columns)

    def unknown(self, thin: int) -> NDArray[np.bool_]:
        """Return which paths count as unknown, shape (P,)."""
        return (self.seen < thin) | (self.se > 0.5 * np.abs(self.mean))


def best_known(inventory: Inventory, limit: QpsLimit) -> InventorySelection:
    """Return the selection on present beliefs; they are too vague to search for long."""
    return greedy_inventory(inventory, limit, seeds=1, steps=_SEARCH)


def checked_share(share: float) -> float:
    """Return an exploration share in [0, 1).

    Raises
    ------
    DataError
        If it is no number, negative, or leaves nothing to exploit.
    """
    part = number("exploration share", share, 0, 1)
    if part == 1:
        raise DataError(
            "exploration share: got 1; must be below 1, or nothing is left for what is known. "
            "Pass a share such as 0.05."
        )
    return part


def information(beliefs: Beliefs, price: float, most: Array) -> tuple[Array, Array]:
    """Return how many queries each path is worth and their value of information per query.

    Parameters
    ----------
    beliefs : Beliefs
        Of P paths.
    price : float
        What a query earns elsewhere, money.
    most : ndarray, shape (P,)
        Queries that a path can send.
    """
    away = np.abs(beliefs.mean - price)
    count, index = np.zeros(len(most)), np.full(len(most), -np.inf)
    for share in np.geomspace(1e-4, 1.0, _STEPS):
        queries = np.maximum(share * most, 1.0)
        noise = beliefs.sd**2 / queries
        total = np.sqrt(beliefs.se**2 + noise)
        learned = np.divide(beliefs.se**2, total, out=np.zeros(len(most)), where=total > 0)
        gain = expected_gain(away, learned) * (most - queries) / queries
        better = gain > index
        count[better], index[better] = queries[better], gain[better]
    return count, index


def expected_gain(away: Array, learned: Array) -> Array:
    """Return E[(z - away)+] of z ~ N(0, learned^2), shape (n,).

    Examples
    --------
    >>> expected_gain(np.array([0.0, 1.0]), np.array([1.0, 0.0])).round(4)
    array([0.3989, 0.    ])
    """
    scaled = np.divide(away, learned, out=np.full(len(away), np.inf), where=learned > 0)
    density = np.exp(-0.5 * np.minimum(scaled, 1e6) ** 2) / np.sqrt(2 * np.pi)
    return np.asarray(np.maximum(learned * density - away * ndtr(-scaled), 0.0))


def _less(inventory: Inventory, limit: QpsLimit, queries: Array) -> QpsLimit:
    """Return the limits less some queries of each path."""
    used = np.bincount(inventory.exchange, queries, len(inventory.exchanges))
    by_exchange = {
        name: max(0.0, limit.by_exchange[name] - spent)
        for name, spent in zip(inventory.exchanges, used, strict=True)
        if name in limit.by_exchange
    }
    return QpsLimit(max(0.0, limit.total - float(used.sum())), by_exchange)


def _thompson(
    inventory: Inventory, limit: QpsLimit, beliefs: Beliefs, rng: np.random.Generator
) -> Array:
    """Return how often each path is selected when all means are drawn, overlaps left aside."""
    rate, weight = np.zeros(len(inventory)), inventory.qps
    often = np.zeros(len(inventory))
    by_exchange = limit.of(inventory)
    for _ in range(_DRAWS):
        drawn = rng.normal(beliefs.mean, beliefs.se)
        rate[:] = 0.0
        kernels.fractional_fill(
            np.argsort(-drawn, kind="stable"), drawn * weight, weight, inventory.exchange,
            limit.total, by_exchange, rate,
        )  # fmt: skip
        often += rate
    return often / _DRAWS


def _handed_out(
    inventory: Inventory, limit: QpsLimit, share: float, index: Array, wanted: Array, given: Array
) -> Array:
    """Hand the queries set aside to the paths in order of their index, shape (P,)."""
    wanted = np.maximum(wanted, 0.0)
    used = np.bincount(inventory.exchange, given, len(inventory.exchanges))
    rate = np.zeros(len(inventory))
    kernels.fractional_fill(
        np.argsort(-index, kind="stable"), np.ones(len(wanted)), np.maximum(wanted, 1e-300),
        inventory.exchange, max(0.0, share * limit.total - used.sum()),
        np.maximum(0.0, share * limit.of(inventory) - used), rate,
    )  # fmt: skip
    return rate * wanted
