"""How buyers answer a floor: they learn what it takes to win now, shade anew, or stop listening."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.floors.revenue import settle
from kit.base.checks import bad_values, number
from kit.base.errors import DataError
from kit.data.simulate_buyers import top_two
from kit.experiment.best_response import Landscape, best_shades, landscapes
from kit.experiment.bidding import VALUE_LOGS, VALUE_STEP, Bidding, BuyerMarket

Array = NDArray[np.float64]

_VALUES = np.exp(VALUE_LOGS)


@dataclass(frozen=True, eq=False)
class Response:
    """What buyers did, round by round.

    Parameters
    ----------
    biddings : tuple of Bidding
        Bid functions before the first round and after each.
    rounds : pandas.DataFrame
        One row a state, in the same order: ``round``, ``revenue_cpm`` (per thousand
        impressions), ``fill``, ``buyer_surplus_cpm``, ``listening`` (share of requests listened
        to), ``regret`` (what buyers could still gain by a best response, over what they would
        then earn).
    settled : bool
        Whether the regret of the last state is within the tolerance.
    """

    biddings: tuple[Bidding, ...]
    rounds: pd.DataFrame
    settled: bool

    @property
    def last(self) -> Bidding:
        """The bid functions that buyers end with."""
        return self.biddings[-1]


def respond(
    market: BuyerMarket,
    hard: Array,
    soft: Array,
    start: Bidding,
    *,
    rounds: int = 12,
    damping: float = 0.5,
    listen_cost_cpm: float = 0.0,
    tolerance: float = 0.005,
    all_rounds: bool = False,
) -> Response:
    """Let buyers answer floors until they have little left to gain.

    In each round every group of buyers looks at the highest rival bids of the last one, segment by
    segment, works out the bid of most surplus at every value, and moves towards it by `damping`.
    At second price that bid is the value and never changes; below its value a buyer can only stay
    away. Where listening costs more than it brings, a group listens to less of a segment.

    Parameters
    ----------
    market : BuyerMarket
        Impressions that buyers learn from.
    hard, soft : ndarray, shape (S,)
        Floors of each segment; see `kit.allocate.floors.revenue.settle`.
    start : Bidding
        How they bid before.
    rounds : int
        Most rounds.
    damping : float
        Share of the way to the best response that is gone in the first round, in (0, 1]; in
        round t it is 12 / (11 + t) of that.
    listen_cost_cpm : float
        What a thousand requests cost a buyer to listen to, in the price's unit; 0 means that
        nobody leaves.
    tolerance : float
        Regret at which buyers count as settled.
    all_rounds : bool
        Whether to go on when they are, as long as there is anything to gain: so that several
        floors are judged after as many rounds.

    Raises
    ------
    DataError
        If a number is out of range, or a soft floor lies below its hard one.

    References
    ----------
    Krishna, "Auction Theory" (2009), sections 2.3-2.5 (bidding under a reserve price); Brown,
    "Iterative Solution of Games by Fictitious Play" (1951).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> market = BuyerMarket.of(rng.random((20_000, 2)) + 1e-9, np.zeros(20_000, dtype=int),
    ...                         np.array([0.5]), rng, group=np.array([0, 0]))
    >>> truthful = Bidding.constant(market, 1.0)
    >>> response = respond(market, np.array([0.0]), np.array([np.inf]), truthful)
    >>> bids = response.last.bids(market, np.array([0.0]))  # two uniform buyers bid half
    >>> bool(abs(np.nanmean(bids / market.values_cpm) - 0.5) < 0.03), response.settled
    (True, True)
    """
    number("rounds", rounds, 0)
    number("damping", damping, 0, 1, above=0)
    number("listen_cost_cpm", listen_cost_cpm, 0)
    _check_floors(market, hard, soft)
    bidding, biddings = start, [start]
    table: list[dict[str, float]] = []
    adapts = hard < soft
    for _ in range(rounds):
        seen = _Seen.of(market, bidding, hard, soft)
        regret = seen.regret(bidding, adapts)
        table.append(seen.row(len(table), regret))
        leaves = listen_cost_cpm > 0 and seen.leaves(bidding, listen_cost_cpm)
        if regret <= (0.0 if all_rounds else tolerance) and not leaves:
            break
        step = damping * 12 / (11 + len(table))  # smaller steps later, as in fictitious play
        bidding = seen.answer(bidding, step, listen_cost_cpm)
        biddings.append(bidding)
    if len(table) < len(biddings):
        last = _Seen.of(market, bidding, hard, soft)
        table.append(last.row(len(table), last.regret(bidding, adapts)))
    settled = table[-1]["regret"] <= tolerance
    return Response(tuple(biddings), pd.DataFrame(table), bool(settled))


def _check_floors(market: BuyerMarket, hard: Array, soft: Array) -> None:
    shape = market.level.shape
    if np.shape(hard) != shape or np.shape(soft) != shape:
        raise DataError(
            f"floors: have shapes {np.shape(hard)} and {np.shape(soft)}; must be {shape}, one a "
            "segment. Pass a hard and a soft floor for each."
        )
    bad_values("hard", hard, ~(hard >= 0), ">= 0", what="negative or missing")
    bad_values("soft", soft, ~(soft >= hard), ">= the hard floor", what="too small or missing")


@dataclass(frozen=True, eq=False)
class _Seen:
    """One round: the bids that were made, and what each group learns from them."""

    market: BuyerMarket
    hard: Array
    soft: Array
    bids: Array
    landscapes: list[Landscape]
    best: list[tuple[Array, Array]]
    mass: Array

    @classmethod
    def of(cls, market: BuyerMarket, bidding: Bidding, hard: Array, soft: Array) -> _Seen:
        bids = bidding.bids(market, hard)
        known = landscapes(market, bids, hard, soft)
        best = [_best(item, hard < soft) for item in known]
        return cls(market, hard, soft, bids, known, best, _mass(market))

    def row(self, at: int, regret: float) -> dict[str, float]:
        segment = self.market.segment
        top, second = top_two(self.bids)
        done = settle(top, second, self.hard[segment], self.soft[segment])
        winner = self.bids.argmax(axis=1)
        value = self.market.values_cpm[np.arange(len(winner)), winner]
        surplus = np.where(done.sold, np.nan_to_num(value) - done.paid_cpm, 0.0)
        heard = (self.bids > 0).sum() / max(
            1, (self.market.values_cpm >= self.hard[segment][:, None]).sum()
        )
        return {
            "round": at, "revenue_cpm": float(done.paid_cpm.mean()),
            "fill": float(done.sold.mean()), "buyer_surplus_cpm": float(surplus.mean()),
            "listening": float(heard), "regret": regret,
        }  # fmt: skip

    def current(self, bidding: Bidding, group: int) -> Array:
        """Return the expected surplus of the group's own bids at every value, shape (S, values)."""
        known = self.landscapes[group]
        bid = np.maximum(bidding.shade[group] * _VALUES, known.floor[:, None])
        earned = known.surplus(np.broadcast_to(_VALUES, bid.shape), bid)
        return np.where(known.floor[:, None] <= _VALUES, earned, 0.0)

    def regret(self, bidding: Bidding, adapts: NDArray[np.bool_]) -> float:
        missed = possible = 0.0
        level = self.market.level[:, None]
        for group, (_, best) in enumerate(self.best):
            now = self.current(bidding, group)
            # who bids its value at second price has nothing to gain; the grid's noise is not regret
            done = ~adapts[:, None] & (bidding.shade[group] >= 1.0)
            gain = np.where(done, 0.0, np.maximum(best - now, 0.0))
            missed += float((self.mass[group] * level * gain).sum())
            possible += float((self.mass[group] * level * np.maximum(best, now)).sum())
        return missed / possible if possible > 0 else 0.0

    def worth(self, bidding: Bidding, group: int) -> Array:
        """Return what listening to one request of a segment brings, shape (S,)."""
        size = len(self.market.level)
        requests = np.maximum(np.bincount(self.market.segment, minlength=size), 1)
        members = int((self.market.group == group).sum())
        earned = (self.mass[group] * self.current(bidding, group)).sum(axis=1)
        return np.asarray(earned * self.market.level / (requests * members))

    def leaves(self, bidding: Bidding, cost: float) -> bool:
        """Whether a group would still change how much it listens to."""
        return any(
            bool(
                (abs((self.worth(bidding, group) >= cost) - bidding.listening[group]) > 0.01).any()
            )
            for group in range(self.market.groups)
        )

    def answer(self, bidding: Bidding, damping: float, cost: float) -> Bidding:
        shade, listening = bidding.shade.copy(), bidding.listening.copy()
        for group, (best, _) in enumerate(self.best):
            # below the floor nobody bids, but a value just above it lies between two grid points
            wanted = np.where(np.isfinite(best), best, 1.0)
            shade[group] += damping * (wanted - shade[group])
            if cost > 0:
                stays = self.worth(bidding, group) >= cost
                listening[group] += damping * (stays - listening[group])
        return Bidding(shade, listening)


def _best(known: Landscape, adapts: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the best bid over value and its surplus; at second price that is the value."""
    value = np.broadcast_to(_VALUES, (len(adapts), _VALUES.size))
    shade, most = np.ones(value.shape), known.surplus(value, value)
    if adapts.any():
        shade[adapts], most[adapts] = best_shades(known.rows(adapts))
    return shade, most


def _mass(market: BuyerMarket) -> Array:
    """Count the values of each group in each segment by grid point, (groups, S, values)."""
    size, width = len(market.level), VALUE_LOGS.size
    mass = np.zeros((market.groups, size, width))
    for buyer, group in enumerate(market.group):
        rows = np.flatnonzero(~np.isnan(market.values_cpm[:, buyer]))
        segment = market.segment[rows]
        logs = np.log(market.values_cpm[rows, buyer] / market.level[segment])
        at = np.clip(np.rint((logs - VALUE_LOGS[0]) / VALUE_STEP), 0, width - 1).astype(np.int64)
        cells = np.bincount(segment * width + at, minlength=size * width)
        mass[group] += cells.reshape(size, width)
    return mass
