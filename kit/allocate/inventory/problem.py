"""Which paths to listen to under a limit of queries per second: the problem and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.inventory import kernels_inventory as kernels
from kit.base.checks import bad_values, did_you_mean, finite_numbers, has_columns, number
from kit.base.errors import DataError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Inventory:
    """P paths, G groups of impressions and K offers: which group comes over which path.

    A *path* is what can be listened to as one: an exchange, a chain of sellers, a segment. A
    *group* is all impressions that come over the same set of paths. Each impression of a group
    comes once over each of them, and costs a query on each that is listened to; it is bid on over
    one, the best one heard, since a second bid would compete with the first.

    Parameters
    ----------
    paths : pandas.DataFrame, P rows, indexed by ``path_id``
        ``exchange``, ``qps`` (requests per second) and any attributes.
    groups : pandas.DataFrame, G rows, indexed by ``group_id``
        ``qps`` (impressions per second).
    path_start, path_group, path_worth : ndarray, shapes (P + 1,), (K,), (K,)
        Offers by path: the group, and the money per second it earns over this path.
    group_start, group_path, group_worth : ndarray, shapes (G + 1,), (K,), (K,)
        The same offers by group, the dearest first.
    exchange, exchanges : ndarray of int32, shape (P,), and tuple of str
        Exchange of each path, as a code.
    """

    paths: pd.DataFrame
    groups: pd.DataFrame
    path_start: NDArray[np.int64]
    path_group: NDArray[np.int32]
    path_worth: Array
    group_start: NDArray[np.int64]
    group_path: NDArray[np.int32]
    group_worth: Array
    exchange: NDArray[np.int32]
    exchanges: tuple[str, ...]

    @classmethod
    def of(
        cls, paths: pd.DataFrame, groups: pd.DataFrame | None = None,
        offers: pd.DataFrame | None = None,
    ) -> Inventory:  # fmt: skip
        """Check the tables and bring them into order.

        Parameters
        ----------
        paths : pandas.DataFrame
            ``path_id``, ``exchange``, any attributes. Without `groups` also ``qps`` (requests per
            second, > 0) and ``surplus`` (expected money per request): no impression comes twice.
        groups : pandas.DataFrame, optional
            ``group_id``, ``qps`` (impressions per second, > 0).
        offers : pandas.DataFrame, optional
            ``group_id``, ``path_id``, ``surplus``: expected money per request of this group on
            this path, under the best bid. Below 0 counts as 0: nobody has to bid.

        Raises
        ------
        DataError
            If a column is missing, an id unknown or given twice, a number missing, or a path or
            group without requests.

        Examples
        --------
        >>> inventory = Inventory.of(
        ...     pd.DataFrame({"path_id": ["direct", "resold"], "exchange": ["a", "b"]}),
        ...     pd.DataFrame({"group_id": ["both", "only resold"], "qps": [10.0, 5.0]}),
        ...     pd.DataFrame({"group_id": ["both", "both", "only resold"],
        ...                   "path_id": ["direct", "resold", "resold"],
        ...                   "surplus": [0.3, 0.2, 0.1]}),
        ... )
        >>> inventory.paths["qps"].tolist(), inventory.value([1.0, 1.0])
        ([10.0, 15.0], 3.5)
        """
        has_columns("paths", paths.columns, ("path_id", "exchange"))
        if (groups is None) != (offers is None):
            raise DataError(
                "groups and offers: got one of them; must come together. Pass both, or neither "
                "where no impression comes over two paths."
            )
        if groups is None or offers is None:
            has_columns("paths", paths.columns, ("qps", "surplus"))
            groups = pd.DataFrame({"group_id": paths["path_id"], "qps": paths["qps"]})
            offers = paths[["path_id", "surplus"]].assign(group_id=paths["path_id"])
            _keyed("paths", paths, "path_id")
        has_columns("groups", groups.columns, ("group_id", "qps"))
        has_columns("offers", offers.columns, ("group_id", "path_id", "surplus"))
        keyed, known = _keyed("paths", paths, "path_id"), _keyed("groups", groups, "group_id")
        exchange = keyed["exchange"]
        bad_values("paths.exchange", exchange, exchange.isna().to_numpy(), "given", what="missing")
        rate = _rates(known["qps"])
        path, group, surplus = _offers(offers, keyed, known)
        worth = np.maximum(surplus, 0.0) * rate[group]
        by_path, by_group = np.lexsort((group, path)), np.lexsort((path, -worth, group))
        qps = np.bincount(path, rate[group], len(keyed))
        bad_values(
            "paths", keyed.index, qps == 0, "paths with offers", "Drop paths without requests.",
            "empty",
        )  # fmt: skip
        codes, names = pd.factorize(exchange.astype(str), sort=True)
        return cls(
            keyed.assign(qps=qps), known.assign(qps=rate),
            _starts(path, len(keyed)), group[by_path], worth[by_path],
            _starts(group, len(known)), path[by_group], worth[by_group],
            codes.astype(np.int32), tuple(map(str, names)),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def qps(self) -> Array:
        """Requests per second of each path, shape (P,)."""
        return np.asarray(self.paths["qps"].to_numpy(dtype=np.float64))

    def value(self, rate: Array | list[float]) -> float:
        """Return the money per second of listening to each path at a rate in [0, 1].

        Paths are sampled independently of each other, and the best offer heard is bid on.
        """
        earned = np.empty(len(self.groups))
        kernels.sampled_value(
            self.group_start, self.group_path, self.group_worth,
            np.array(rate, dtype=np.float64), earned,
        )  # fmt: skip
        return float(earned.sum())


@dataclass(frozen=True)
class QpsLimit:
    """How many queries per second can be answered.

    Parameters
    ----------
    total : float
        Over all exchanges, >= 0.
    by_exchange : mapping of str to float
        Further limits on single exchanges, >= 0.

    Raises
    ------
    DataError
        If a limit is negative or no number.
    """

    total: float
    by_exchange: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        number("qps total", self.total, 0)
        for name, limit in self.by_exchange.items():
            number(f"qps of exchange {name}", limit, 0)

    def of(self, inventory: Inventory) -> Array:
        """Return the limit of each exchange, shape (exchanges,); inf where there is none.

        Raises
        ------
        DataError
            If a limit names an exchange without paths.
        """
        for name in self.by_exchange:
            if name not in inventory.exchanges:
                raise DataError(
                    f"qps: limits exchange {name!r}; must be one of: "
                    f"{', '.join(inventory.exchanges)}. "
                    f"{did_you_mean(name, inventory.exchanges) or 'Drop or rename it.'}"
                )
        return np.array([self.by_exchange.get(name, np.inf) for name in inventory.exchanges])

    def scaled(self, share: float) -> QpsLimit:
        """Return the limit times a share."""
        parts = {name: share * limit for name, limit in self.by_exchange.items()}
        return QpsLimit(share * self.total, parts)


@dataclass(frozen=True, eq=False)
class InventorySelection:
    """Which paths to listen to, what that earns, and what no selection could exceed.

    Parameters
    ----------
    inventory : Inventory
        What was chosen from.
    limit : QpsLimit
        Under which limits.
    rate : ndarray, shape (P,)
        Share of each path's requests to listen to, in [0, 1].
    value, bound : float
        Money per second; no selection, sampled or whole, earns more than `bound`.
    bounds : mapping of str to float
        Every bound computed, by its argument; `bound` is the least.
    method : str
        How it was found.
    seconds : float
        How long that took.
    query_price : float
        What one more query per second in all would earn, money; at the bound's optimum.
    exchange_price : ndarray, shape (exchanges,)
        What one more query per second on each exchange would earn, the limit in all kept.
    """

    inventory: Inventory
    limit: QpsLimit
    rate: Array
    value: float
    bounds: Mapping[str, float]
    method: str
    seconds: float
    query_price: float
    exchange_price: Array

    @property
    def bound(self) -> float:
        """The least of the bounds."""
        return max(self.value, min(self.bounds.values()))

    @property
    def gap(self) -> float:
        """Share of the bound that may be missing; 0 where nothing can be earned."""
        return 1.0 - self.value / self.bound if self.bound > 0 else 0.0

    @property
    def qps(self) -> float:
        """Queries per second in all."""
        return float(self.rate @ self.inventory.qps)

    @property
    def table(self) -> pd.DataFrame:
        """One row a path, best first.

        Columns: those of ``inventory.paths``, ``rate``, ``listened_qps``, ``loses`` (money per
        second that would go if this path alone were dropped) and ``adds`` (that hearing all of it
        would bring, limits aside).
        """
        loses, adds = self._changes()
        table = self.inventory.paths.assign(
            rate=self.rate, listened_qps=self.rate * self.inventory.qps, loses=loses, adds=adds
        )
        order = np.lexsort((-adds, -loses, -self.rate))
        return table.iloc[order].reset_index()

    def _changes(self) -> tuple[Array, Array]:
        lot, rate = self.inventory, self.rate
        loses, adds = np.empty(len(lot)), np.empty(len(lot))
        kernels.changes(
            lot.path_start, lot.path_group, lot.group_start, lot.group_path, lot.group_worth,
            rate, loses, adds,
        )  # fmt: skip
        return loses, adds

    def words(self, currency: str = "USD") -> list[str]:
        """Return the answer in sentences."""
        heard = int(np.count_nonzero(self.rate > 0))
        partly = int(np.count_nonzero((self.rate > 0) & (self.rate < 1)))
        day = 86_400
        sentences = [
            f"Listen to {heard:,} of {len(self.rate):,} paths ({partly:,} of them sampled): "
            f"{self.qps:,.4g} of {self.inventory.qps.sum():,.4g} requests per second.",
            f"That earns {self.value * day:,.2f} {currency} a day; no selection earns more than "
            f"{self.bound * day:,.2f} {currency} (gap {self.gap:.2%}).",
        ]
        if self.query_price > 0:
            price = f"{self.query_price * day:,.4g} {currency}"
            sentences.append(f"One more query per second returns about {price} a day.")
        for name, worth in zip(self.inventory.exchanges, self.exchange_price, strict=True):
            if worth > 0:
                cost = f"{worth * day:,.4g} {currency}"
                sentences.append(f"Exchange {name}'s limit costs {cost} a day for each query.")
        return sentences


def _keyed(name: str, frame: pd.DataFrame, key: str) -> pd.DataFrame:
    ids = pd.Index(frame[key])
    bad_values(f"{name}.{key}", ids, np.asarray(ids.isna()), "given", what="missing")
    bad_values(f"{name}.{key}", ids, np.asarray(ids.duplicated()), "unique", what="repeated")
    if not len(ids):
        raise DataError(f"{name}: has no rows; must have at least one. Pass {name} with requests.")
    return frame.drop(columns=key).set_axis(ids, axis=0)


def _rates(column: pd.Series[float]) -> Array:
    rate = finite_numbers("groups.qps", column)
    bad_values("groups.qps", rate, rate < 0, "> 0", what="negative")
    bad_values("groups.qps", rate, rate == 0, "> 0", "Drop what sends no requests.", "zero")
    return rate


def _offers(
    offers: pd.DataFrame, paths: pd.DataFrame, groups: pd.DataFrame
) -> tuple[NDArray[np.int32], NDArray[np.int32], Array]:
    """Return path, group and surplus of each offer."""
    codes = []
    for key, known, table in (("path_id", paths, "paths"), ("group_id", groups, "groups")):
        code = known.index.get_indexer(pd.Index(offers[key]))
        mend = f"Add it to the {table} table, or drop the offer."
        allowed = f"a {key} of the {table} table"
        bad_values(f"offers.{key}", offers[key], code < 0, allowed, mend, "unknown")
        codes.append(code.astype(np.int32))
    path, group = codes
    surplus = finite_numbers("offers.surplus", offers["surplus"])
    pair = group.astype(np.int64) * len(paths) + path
    order = np.argsort(pair, kind="stable")
    twice = np.zeros(len(pair), dtype=np.bool_)
    twice[order[1:]] = pair[order[1:]] == pair[order[:-1]]
    if twice.any():
        names = [f"({g}, {p})" for g, p in zip(offers["group_id"], offers["path_id"], strict=True)]
        mend = "Sum or drop the repeated rows."
        bad_values("offers", names, twice, "one row a group_id and path_id", mend, "repeated")
    return path, group, surplus


def _starts(codes: NDArray[np.int32], size: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=size))]).astype(np.int64)
