"""Features that say what we or the auction did: unknown when the request comes."""

from __future__ import annotations

import numpy as np

from kit.data.schema import COLUMNS
from kit.validate.leakage.bins import binned, out_of_fold, ranked
from kit.validate.leakage.pair import Array, Mask, Pair
from kit.validate.leakage.report import Finding, Outcome

PRICES = ("clearing_price_cpm", "min_bid_to_win_cpm", "market_price_cpm")
LEAST_COPIED = 0.03
"""A price repeated (or a fixed multiple of it) in more of the rows than this is a copy."""
LEAST_RANK = 0.9
"""A rank correlation with a price above this is a function of it: no forecast comes near."""
LEAST_WIN_AUC = 0.93
"""A single column that tells wins from losses this well knows them."""
_ROWS = 50_000
_RANKED = 5_000
_LEAST_ROWS = 200
_MEND = "Leave the column out: no bidder has it when the request comes."


def after_auction(pair: Pair, rng: np.random.Generator) -> Outcome:
    """Find features that are outcomes by name, or by value: copies, functions, where they are set.

    A price is compared only where it is neither our bid nor the floor, which a bidder knows.
    """
    found: list[Finding] = []
    for name in pair.features:
        finding = _by_role(name) or _by_value(pair, name, rng)
        if finding is not None:
            found.append(finding)
    return Outcome("after_auction", tuple(found))


def _by_role(name: str) -> Finding | None:
    column = COLUMNS.get(name)
    if column is None or column.role == "request":
        return None
    why = f"It says what {'we bid' if column.role == 'bid' else 'followed the auction'}."
    return Finding("after_auction", (name,), f"{column.role} column by its name", why, _MEND)


def _by_value(pair: Pair, name: str, rng: np.random.Generator) -> Finding | None:
    if name in COLUMNS:
        return None
    if not pair.is_label(name):
        for price in PRICES:
            strength = _price_in(pair, name, price, rng) if pair.has(price) else ""
            if strength:
                return _finding(name, strength, f"It repeats {price} of its own row.")
    strength = _win_in(pair, name)
    return _finding(name, strength, "It tells won from lost auctions.") if strength else None


def _finding(name: str, strength: str, why: str) -> Finding:
    return Finding("after_auction", (name,), strength, why, _MEND)


def _price_in(pair: Pair, name: str, price: str, rng: np.random.Generator) -> str:
    """Return how a price shows in a feature, or an empty text."""
    rows = np.flatnonzero(_own_prices(pair, price) & ~np.isnan(pair.numbers(name)))
    if len(rows) < _LEAST_ROWS:
        return ""
    rows = rng.permutation(rows)[:_ROWS]
    feature, known = pair.numbers(name)[rows], pair.numbers(price)[rows]
    if _copied(feature, known) >= LEAST_COPIED:
        # a row that was sent again and again counts once
        pairs = np.unique(feature + 1j * known)
        copied = _copied(pairs.real, pairs.imag)
        if copied >= max(LEAST_COPIED, 4 * _copied(rng.permutation(pairs.real), pairs.imag)):
            return f"{100 * copied:.0f} % of {len(pairs):,} rows hold the price or a multiple of it"
    feature, known = feature[:_RANKED], known[:_RANKED]
    rank = abs(float(ranked(feature) @ ranked(known)) / len(known))
    return f"rank correlation {rank:.2f} over {len(known):,} rows" if rank >= LEAST_RANK else ""


def _own_prices(pair: Pair, price: str) -> Mask:
    """Return rows whose price neither our bid nor the floor gives away."""
    values = pair.numbers(price)
    keep = ~np.isnan(values) & (values > 0)
    for known in ("bid_price_cpm", "bid_floor_cpm"):
        if pair.has(known):
            keep &= values != pair.numbers(known)
    return np.asarray(keep)


def _copied(feature: Array, known: Array) -> float:
    """Return the share of rows in which feature over price is the one most frequent number."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.round(feature / known, 9)
    ratio = ratio[np.isfinite(ratio) & (ratio != 0)]
    if not len(ratio):
        return 0.0
    _, repeats = np.unique(ratio, return_counts=True)
    return float(repeats.max() / len(feature))


def _win_in(pair: Pair, name: str) -> str:
    """Return how a win shows in a feature's values or in where it is missing."""
    if not pair.has("won"):
        return ""
    won = pair.flags("won")
    everything = np.ones(len(pair), dtype=bool)
    if min(won.sum(), (~won).sum()) < _LEAST_ROWS:
        return ""
    bins, size = binned(pair, name)
    auc, _ = out_of_fold(bins, size, won, everything, pair.in_train)
    return f"AUC {auc:.3f} for a win, by itself" if auc >= LEAST_WIN_AUC else ""
