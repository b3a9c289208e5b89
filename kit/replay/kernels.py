"""Compiled replay of one array of bids: market terms, budgets in time order, totals.

Prices, floors and bids are first rounded to the *money grid*, multiples of 2**-14 of the log's
unit. Sums of them are then exact in float64 (up to 2**39), so that a total depends neither on the
order nor on how the rows were cut into chunks, and "one step more than the market price" exists.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.base.jit import kernel

GRID = 2.0**-14
"""Step of the money grid, in the log's unit."""
STEPS = 2.0**14

PESSIMISTIC, OPTIMISTIC, GIVEN = range(3)
"""How rows with a bound instead of a market price are read."""

IMPRESSIONS, CLICKS, CONVERSIONS, SPEND, VALUE, FEES, WIDTH = range(7)
"""Columns of a table of totals."""
BIDS, UNDETERMINED, POSITION, COUNTERS = range(4)
"""Entries of the state that a replay carries from one chunk to the next."""

Floats = NDArray[np.float64]


@kernel()
def on_grid(price: float) -> float:
    """Round one price to the money grid; NaN and infinity stay."""
    rounded: float = np.rint(price * STEPS) * GRID
    return rounded


@kernel()
def offered(bid: float, step: float, cap: float) -> float:
    """Return a bid as the exchange takes it: a multiple of `step`, at most `cap`, on the grid."""
    taken = bid
    if step > 0.0:
        # The slack keeps 0.3 a multiple of 0.1 although 0.3 / 0.1 < 3 in floating point.
        taken = np.floor(bid / step * (1.0 + 1e-12)) * step
    if taken > cap:
        taken = cap
    return on_grid(taken)


@kernel()
def market_terms(
    market: Floats,
    kind: NDArray[np.int8],
    floor: Floats,
    auction_type: NDArray[np.int8],
    ties_win: bool,
    reading: int,
    need: Floats,
    pay: Floats,
    open_from: Floats,
    open_to: Floats,
) -> None:
    """Fill in what each auction asks.

    Parameters
    ----------
    market, floor : ndarray, shape (n,)
        Market price or its bound, and effective floor.
    kind, auction_type : ndarray of int8, shape (n,)
        0 known, 1 at most, 2 at least; 1 first price, 2 second price, 3 fixed price.
    ties_win : bool
        Whether a bid equal to a known market price wins.
    reading : int
        ``PESSIMISTIC``, ``OPTIMISTIC`` or ``GIVEN``.
    need, pay, open_from, open_to : ndarray, shape (n,)
        Written: the smallest winning bid; the price (NaN = the bid); the bids, from (included)
        and to (not included), whose outcome the log does not determine.
    """
    above = 0.0 if ties_win else GRID
    for row in range(market.size):
        low = on_grid(floor[row])
        bound = on_grid(market[row])
        known_as = kind[row]
        open_from[row] = np.inf
        open_to[row] = np.inf
        if auction_type[row] == 3:
            need[row] = low
            pay[row] = low
            continue
        if known_as == 1:
            open_from[row] = low
            open_to[row] = max(bound, low)
        elif known_as == 2:
            open_from[row] = max(bound + GRID, low)
        if known_as == 0 or reading == 2:
            need[row] = max(bound + above, low)
        elif known_as == 1:
            if reading == 1:
                bound = low
            need[row] = max(bound, low)
        elif reading == 1:
            need[row] = max(bound + GRID, low)
        else:
            need[row] = np.inf
        pay[row] = np.nan if auction_type[row] == 1 else max(bound, low)


@kernel()
def _add(table: Floats, group: int, price: float, value: float, fee: float, label: int) -> None:
    table[group, IMPRESSIONS] += 1.0
    table[group, CLICKS] += label & 1
    table[group, CONVERSIONS] += label >> 1
    table[group, SPEND] += price
    table[group, VALUE] += value
    table[group, FEES] += fee


@kernel()
def replay_rows(
    bids: Floats,
    step: float,
    cap: float,
    need: Floats,
    pay: Floats,
    open_from: Floats,
    open_to: Floats,
    value: Floats,
    fee: Floats,
    label: NDArray[np.int8],
    cell: NDArray[np.int32],
    campaign: NDArray[np.int32],
    block: NDArray[np.int32],
    wallet: NDArray[np.int32],
    left: Floats,
    episode: int,
    episode_budget: float,
    cells: Floats,
    campaigns: Floats,
    blocks: Floats,
    counters: NDArray[np.int64],
) -> None:
    """Replay bids in time order against what each auction asks, adding to the totals.

    Parameters
    ----------
    bids : ndarray, shape (n,)
        The policy's bids; NaN is no bid.
    step, cap : float
        The exchange's bid step (0: none) and highest bid (inf: none).
    need, pay, open_from, open_to : ndarray, shape (n,)
        From `market_terms`.
    value, fee, label : ndarray, shape (n,)
        Value and fee of the impression if won; click + 2 * conversion.
    cell, campaign, block, wallet : ndarray of int32, shape (n,)
        Rows of `cells`, `campaigns`, `blocks`, and entries of `left`; empty for 0 throughout.
    left : ndarray, shape (wallets,)
        Money left, changed in place; inf is no limit.
    episode, episode_budget : int, float
        Auctions per episode (0: none); each starts with ``left[0] = episode_budget``.
    cells, campaigns, blocks : ndarray, shape (groups, WIDTH)
        Totals, added to in place; the last two only where there are several groups to tell apart,
        which an empty `campaign` or `block` says there are not.
    counters : ndarray of int64, shape (COUNTERS,)
        Bids made, undetermined outcomes, position in the episode; changed in place.
    """
    made = 0
    unknown = 0
    by_campaign, by_block, by_wallet = campaign.size > 0, block.size > 0, wallet.size > 0
    position = counters[POSITION]
    for row in range(bids.size):
        if episode > 0:
            if position == 0:
                left[0] = episode_budget
            position += 1
            if position == episode:
                position = 0
        bid = offered(bids[row], step, cap)
        made += bid == bid
        unknown += (bid >= open_from[row]) & (bid < open_to[row])
        if bid >= need[row]:
            price = pay[row]
            if price != price:
                price = bid
            purse = wallet[row] if by_wallet else 0
            if price <= left[purse]:
                left[purse] -= price
                _add(cells, cell[row], price, value[row], fee[row], label[row])
                if by_campaign:
                    _add(campaigns, campaign[row], price, value[row], fee[row], label[row])
                if by_block:
                    _add(blocks, block[row], price, value[row], fee[row], label[row])
    counters[BIDS] += made
    counters[UNDETERMINED] += unknown
    counters[POSITION] = position


@kernel()
def sequential_bids(
    score: Floats,
    table: Floats,
    step: float,
    cap: float,
    need: Floats,
    pay: Floats,
    left: Floats,
    episode: int,
    episode_budget: float,
    position: int,
    bids: Floats,
) -> None:
    """Bid from a value table, auction by auction, with what each episode has left.

    With `left` money and ``t`` auctions left, this one included, the bid is the largest integer
    ``a <= min(left, cap)`` with ``score + V[t - 1, left - a] >= V[t - 1, left]`` (Cai et al.,
    WSDM 2017, Eq. 7). Money is followed on a copy; `replay_rows` then settles the same bids.

    Parameters
    ----------
    score : ndarray, shape (n,)
        Value of winning each auction, in the table's unit; NaN is no bid.
    table : ndarray, shape (episode + 1, budget + 1)
        ``V[t, b]``.
    step, cap, need, pay, left, episode, episode_budget
        As in `replay_rows`; `left` is not changed.
    position : int
        Auctions of the episode before the first row.
    bids : ndarray, shape (n,)
        Written.
    """
    money = left[0]
    for row in range(score.size):
        if position == 0:
            money = episode_budget
        later = table[episode - position - 1]
        purse = int(np.floor(money))
        highest = min(purse, int(min(cap, float(purse))))
        bid = highest
        while bid > 0 and score[row] + later[purse - bid] - later[purse] < 0.0:
            bid -= 1
        bids[row] = bid if score[row] == score[row] else np.nan
        taken = offered(bids[row], step, cap)
        if taken >= need[row]:
            price = pay[row]
            if price != price:
                price = taken
            if price <= money:
                money -= price
        position += 1
        if position == episode:
            position = 0
