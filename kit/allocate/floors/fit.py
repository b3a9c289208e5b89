"""Floors for every segment, fitted on some auctions and judged on others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.floors.auctions import SellerAuctions
from kit.allocate.floors.bid_curves import bid_curves_of, single_curve
from kit.allocate.floors.curves import FloorCurves
from kit.allocate.floors.fill_limit import FloorChoice, choose_points
from kit.allocate.floors.revenue import Settled, settle, soft_floor
from kit.base.checks import bad_values, number
from kit.base.errors import DataError, LeakageError

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

ANY = "*"
"""Stands in a floor's labels for any label of that level."""


def _nothing() -> NDArray[np.uint64]:
    return np.empty(0, dtype=np.uint64)


@dataclass(frozen=True, eq=False)
class FloorPlan:
    """A floor for every segment, and one for whatever is not among them.

    Parameters
    ----------
    table : pandas.DataFrame
        The levels of a segment (``*``: any label), ``floor_cpm``, ``auctions``, how much of it
        comes from the segment's own auctions (``level_weight`` of its price level,
        ``curve_weight`` of its curve's shape), and what the fit expects: ``fill`` and
        ``revenue_cpm`` per thousand auctions. The segments come last, the nodes they are part of
        before them.
    levels : tuple of str
        Names of the levels.
    rule : str
        How the auctions are sold; see `kit.allocate.floors.revenue.RULES`.
    soft_factor : float
        Soft over hard floor, for the rule ``"soft floor"``.
    choice : FloorChoice or None
        Revenue, lost fill, bound and price of fill in the fit; None for a plan made by hand.
    fitted_on : ndarray of uint64
        Fingerprints of the auctions that it was fitted on.
    """

    table: pd.DataFrame
    levels: tuple[str, ...]
    rule: str = "as sold"
    soft_factor: float = 2.0
    choice: FloorChoice | None = None
    fitted_on: NDArray[np.uint64] = field(
        default_factory=lambda: np.empty(0, np.uint64), repr=False
    )

    @property
    def segments(self) -> pd.DataFrame:
        """The rows of whole segments, the largest first."""
        whole = np.ones(len(self.table), dtype=bool)
        for name in self.levels:
            whole &= (self.table[name] != ANY).to_numpy()
        return self.table[whole].sort_values("auctions", ascending=False, kind="stable")

    def segment_floors(self, auctions: SellerAuctions) -> Array:
        """Return the hard floor of each segment of some auctions, shape (S,).

        A segment that the plan does not know gets the floor of the longest part of its labels
        that the plan does know.

        Raises
        ------
        DataError
            If the auctions are cut into other levels.
        """
        if not self.levels:
            return np.full(len(auctions.labels), float(self.table["floor_cpm"].iloc[0]))
        if auctions.levels != self.levels:
            raise DataError(
                f"auctions: have segments by {auctions.levels}; must be by {self.levels}, as in "
                "the fit. Build them with the same `by`."
            )
        names = list(self.levels)
        keys = self.table[names].itertuples(index=False, name=None)
        known = dict(zip(keys, self.table["floor_cpm"], strict=True))
        labels = auctions.labels[names].itertuples(index=False, name=None)
        return np.array([_nearest(known, own) for own in labels])

    def floors(self, auctions: SellerAuctions) -> Array:
        """Return the hard floor of each auction, shape (n,); see `segment_floors`."""
        return np.asarray(self.segment_floors(auctions)[auctions.segment])

    def settle(self, auctions: SellerAuctions, rule: str | None = None) -> Settled:
        """Run the auctions under these floors, whatever they were fitted on.

        `judge` is the honest way; this one also serves bids that were simulated anew.
        """
        hard = self.floors(auctions)
        soft = soft_floor(rule or self.rule, hard, auctions.first_price, self.soft_factor)
        return settle(auctions.top_cpm, auctions.second_cpm, hard, soft)

    def judge(self, auctions: SellerAuctions, rule: str | None = None) -> Settled:
        """Run auctions that the fit did not see.

        Raises
        ------
        LeakageError
            If the fit saw one of them.
        """
        auctions.refuse_shared(self.fitted_on)
        return self.settle(auctions, rule)


def fit_floors(
    auctions: SellerAuctions,
    *,
    rule: str = "as sold",
    max_lost_fill: float | None = None,
    shrink: bool = True,
    soft_factor: float = 2.0,
) -> FloorPlan:
    """Return the floors that earn most on these auctions, one a segment.

    The bids are taken as given. At first price, and with a soft floor, that makes a floor look
    useless, since what it does is to make buyers shade less: see
    `kit.allocate.floors.values.fit_answered_floors` and `kit.experiment.market_response`.

    Parameters
    ----------
    auctions : SellerAuctions
        Rows to fit on; judge the plan on others.
    rule : str
        How they are sold; see `kit.allocate.floors.revenue.RULES`.
    max_lost_fill : float, optional
        Most that fill may fall, as a share of all auctions; 0.02 is two points.
    shrink : bool
        Whether thin segments are pulled towards their parents.
    soft_factor : float
        Soft over hard floor, for the rule ``"soft floor"``.

    Raises
    ------
    DataError
        If a number is out of range, or there are no auctions.

    References
    ----------
    Myerson, "Optimal Auction Design" (1981); Ostrovsky and Schwarz, "Reserve Prices in Internet
    Advertising Auctions: A Field Experiment" (2011).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bids = np.sort(rng.random((20_000, 2)), axis=1)
    >>> auctions = SellerAuctions.of_arrays(bids[:, 1], bids[:, 0])
    >>> plan = fit_floors(auctions)
    >>> bool(abs(plan.table["floor_cpm"].iloc[0] - 0.5) < 0.05)  # two uniform buyers: 1/2
    True
    """
    curves = bid_curves_of(auctions, rule, soft_factor=soft_factor, shrink=shrink)
    return plan_of(curves, auctions, max_lost_fill, rule, soft_factor)


def fit_single_floor(
    auctions: SellerAuctions,
    *,
    rule: str = "as sold",
    max_lost_fill: float | None = None,
    soft_factor: float = 2.0,
) -> FloorPlan:
    """Return the one floor for all auctions that earns most on these.

    Parameters
    ----------
    auctions : SellerAuctions
        Rows to fit on; judge the plan on others.
    rule, max_lost_fill, soft_factor
        As in `fit_floors`.

    Raises
    ------
    DataError
        If a number is out of range, or the rule is unknown.

    Examples
    --------
    >>> auctions = SellerAuctions.of_arrays(np.array([1.0, 4.0]), np.array([0.5, 1.0]))
    >>> plan = fit_single_floor(auctions)
    >>> bool(3.5 < plan.table["floor_cpm"].iloc[0] <= 4.0)
    True
    """
    curve = single_curve(auctions, rule, soft_factor=soft_factor)
    return plan_of((curve,), auctions, max_lost_fill, rule, soft_factor)


def fixed_floor(floor_cpm: float, rule: str = "as sold", soft_factor: float = 2.0) -> FloorPlan:
    """Return a plan with one given floor.

    Examples
    --------
    >>> fixed_floor(0.5).table["floor_cpm"].tolist()
    [0.5]
    """
    table = pd.DataFrame({"floor_cpm": [number("floor_cpm", floor_cpm, 0.0)], "auctions": 0.0})
    return FloorPlan(table, (), rule, soft_factor)


def floors_in_force(auctions: SellerAuctions) -> FloorPlan:
    """Return the floors under which some auctions were held, averaged over each segment."""
    size = len(auctions.labels)
    counts = np.bincount(auctions.segment, minlength=size).astype(np.float64)
    total = np.bincount(auctions.segment, auctions.floor_cpm, size)
    table = auctions.labels.assign(
        floor_cpm=total / np.maximum(counts, 1.0), auctions=counts
    )  # fmt: skip
    return FloorPlan(table, auctions.levels)


def floors_from_curves(curves: FloorCurves, max_lost_fill: float | None = None) -> FloorPlan:
    """Return the best floors on given curves, such as `FloorCurves.of_frame` reads.

    Parameters
    ----------
    curves : FloorCurves
        Revenue and fill of each segment by floor.
    max_lost_fill : float, optional
        Most that fill may fall, as a share of all auctions.

    Raises
    ------
    DataError
        If `max_lost_fill` is negative or no number.

    Examples
    --------
    >>> frame = pd.DataFrame({"accept_prob": [1.0, 0.5, 0.1], "price": [1.0, 3.0, 9.0],
    ...                       "revenue": [1.0, 1.5, 0.9]})
    >>> floors_from_curves(FloorCurves.of_frame(frame)).table["floor_cpm"].tolist()
    [3.0]
    """
    return _plan((curves,), max_lost_fill, "as sold", 2.0, _nothing())


def plan_of(
    curves: tuple[FloorCurves, ...],
    auctions: SellerAuctions,
    max_lost_fill: float | None,
    rule: str,
    soft_factor: float,
) -> FloorPlan:
    """Return the best floors on the curves of some auctions, the segments' own coming last."""
    return _plan(curves, max_lost_fill, rule, soft_factor, auctions.row_key)


def cross_fit(
    auctions: SellerAuctions, fold: Ints, fit: Callable[[SellerAuctions], FloorPlan]
) -> Array:
    """Return the floor of each auction from plans that did not see its fold, shape (n,).

    Parameters
    ----------
    auctions : SellerAuctions
        All rows.
    fold : ndarray of int, shape (n,)
        Which fold each row is in; whole time blocks, so that neighbours stay together.
    fit : callable
        Makes a plan from some rows.

    Raises
    ------
    DataError
        If there are fewer than two folds.
    LeakageError
        If one auction lies in two folds.
    """
    folds = np.unique(fold)
    if len(folds) < 2:
        raise DataError(f"fold: has {len(folds)} value; must have at least 2. Cut the rows finer.")
    floor = np.empty(len(auctions))
    for number_ in folds:
        out = fold == number_
        plan, rest = fit(auctions.rows(~out)), auctions.rows(out)
        try:
            rest.refuse_shared(plan.fitted_on)
        except LeakageError:
            raise LeakageError(
                f"fold {number_}: holds an auction that another fold holds too; must be none. Drop "
                "repeated rows, or cut the folds by time."
            ) from None
        floor[out] = plan.floors(rest)
    bad_values("floor_cpm", floor, ~np.isfinite(floor), "finite")
    return floor


def _plan(
    curves: tuple[FloorCurves, ...],
    max_lost_fill: float | None,
    rule: str,
    soft_factor: float,
    fitted_on: NDArray[np.uint64],
) -> FloorPlan:
    leaves = curves[-1]
    choice = choose_points(*leaves.weighted(), max_lost_fill)
    levels = tuple(map(str, leaves.labels.columns))
    tables = [_table(node, _priced(node, choice.fill_price), levels) for node in curves[:-1]]
    tables.append(_table(leaves, choice.point, levels))
    table = pd.concat(tables, ignore_index=True)
    return FloorPlan(table, levels, rule, soft_factor, choice, fitted_on)


def _priced(curves: FloorCurves, fill_price: float) -> Ints:
    """Return the best point of each node at the price of fill that the segments settled on."""
    return np.asarray(np.argmax(curves.revenue_cpm - fill_price * curves.lost_fill, axis=1))


def _table(curves: FloorCurves, point: Ints, levels: tuple[str, ...]) -> pd.DataFrame:
    rows = np.arange(len(curves))
    known = {
        name: curves.labels[name].astype(str) if name in curves.labels else ANY for name in levels
    }
    return pd.DataFrame(
        known
        | {
            "floor_cpm": curves.floor_cpm[rows, point],
            "auctions": curves.auctions,
            "level_weight": curves.level_weight,
            "curve_weight": curves.curve_weight,
            "fill": curves.fill[rows, point],
            "revenue_cpm": curves.revenue_cpm[rows, point],
        },
        index=rows,
    )


def _nearest(known: dict[tuple[str, ...], float], labels: tuple[str, ...]) -> float:
    for kept in range(len(labels), -1, -1):
        key = labels[:kept] + (ANY,) * (len(labels) - kept)
        if key in known:
            return known[key]
    return 0.0
