"""Rows of tune that train holds too, whole or but for a few columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import poisson

from kit.validate.leakage.pair import NAMES_ROWS, Pair
from kit.validate.leakage.report import Finding, Outcome

BANDS = 8
"""Signatures of a row, each of another half of its columns: a copy with a few edits keeps one."""
LEAST_SHARE = 0.002
"""Copies in a smaller share of tune than this are not worth a word."""
_LEVEL = 1e-6
Hashes = NDArray[np.uint64]
_ROWS = 200_000
_CUTS = 12
_SKIPPED = (*NAMES_ROWS, "hour", "weekday", "conversion_time", "label_mature_at")
_MEND = "Keep one row of each in one part only, and cut the log in time."


def duplicate_rows(pair: Pair, rng: np.random.Generator) -> Outcome:
    """Compare how many tune rows match a train row with how many of train match an earlier one.

    Requests recur by nature, and some rows of a log are sent twice; they do so within train as
    well. Numbers are compared by twelfths of their range, so that a little noise does not hide a
    copy. Of more than 200,000 rows a sample is compared, chosen by its hash, so that copies stay
    together.
    """
    found = [*_shared_ids(pair), *_matches(pair, rng)]
    return Outcome("duplicate_rows", tuple(found))


def _shared_ids(pair: Pair) -> list[Finding]:
    if not pair.has("auction_id"):
        return []
    sides = [_id_hashes(part["auction_id"]) for part in (pair.train, pair.tune)]
    both = int(np.isin(sides[1], sides[0]).sum())
    share = both / max(len(sides[1]), 1)
    if both < 2 or share < LEAST_SHARE / 4:
        return []
    strength = f"{both:,} of {len(sides[1]):,} tune rows have an auction_id of train"
    why = "The same auction stands in both parts."
    return [Finding("duplicate_rows", ("auction_id",), strength, why, _MEND)]


def _id_hashes(ids: pd.Series) -> Hashes:
    known = ids.dropna().astype(str).to_numpy(dtype=object)
    return _sampled(pd.util.hash_array(known, categorize=False), _share(len(known)))


def _share(rows: int) -> np.uint64:
    return np.uint64(rows // _ROWS + 1)


def _sampled(hashes: Hashes, share: np.uint64) -> Hashes:
    """Return every so many hashes, chosen by their value: what is alike is chosen alike."""
    return np.asarray(hashes[hashes % share == 0])


def _matches(pair: Pair, rng: np.random.Generator) -> list[Finding]:
    first = len(pair.train)
    share = _share(first)
    for signature in _signatures(pair, rng):
        early, late, tune = (
            _sampled(side, share) for side in np.split(signature, [first // 2, first])
        )
        # tune rows have twice the rows to be found in
        chance = (2 * _common(early, late) + 1) * len(tune) / max(len(late), 1)
        seen = _common(np.concatenate([early, late]), tune)
        excess = seen - chance
        if excess >= LEAST_SHARE * len(tune) and poisson.sf(seen - 1, chance) < _LEVEL:
            return [_finding(seen, len(tune), chance)]
    return []


def _common(some: Hashes, other: Hashes) -> int:
    """Return how many values both have; one that recurs, as a monitor's does, counts once."""
    return len(np.intersect1d(some, other))


def _finding(copied: int, rows: int, chance: float) -> Finding:
    strength = (
        f"{copied:,} different tune rows of {rows:,} ({100 * copied / rows:.2g} %) repeat a train "
        f"row but for a few columns; {chance:.0f} would by chance"
    )
    why = "A model that remembers their labels is scored on what it remembers."
    return Finding("duplicate_rows", (), strength, why, _MEND)


def _signatures(pair: Pair, rng: np.random.Generator) -> list[Hashes]:
    """Return one hash a row of all columns, and one of each half chosen at random."""
    columns = [_hashed(pair, name) for name in pair.train.columns if _is_content(pair, str(name))]
    sums = [_sum(columns, np.arange(len(columns)), len(pair))]
    for _ in range(BANDS):
        half = rng.permutation(len(columns))[: (len(columns) + 1) // 2]
        sums.append(_sum(columns, half, len(pair)))
    return sums


def _is_content(pair: Pair, name: str) -> bool:
    return pair.has(name) and name not in _SKIPPED


def _sum(columns: list[Hashes], chosen: NDArray[np.intp], rows: int) -> Hashes:
    total = np.zeros(rows, dtype=np.uint64)
    for place in chosen:
        total += columns[place] * np.uint64(2 * int(place) + 1)
    return total


def _hashed(pair: Pair, name: str) -> Hashes:
    """Return a column's values, cut into twelfths if they are numbers, spread over 64 bits."""
    if pair.is_label(name):
        codes = pair.codes(name)[0]
    else:
        values = pair.numbers(name)
        some = values[:: max(1, len(values) // 5_000)]
        some = some[~np.isnan(some)]
        edges = (
            np.unique(np.quantile(some, np.linspace(0, 1, _CUTS + 1)[1:-1])) if len(some) else some
        )
        codes = np.where(np.isnan(values), -1, np.searchsorted(edges, values))
    keys = pd.util.hash_array(codes.astype(np.int64))
    return np.asarray(keys, dtype=np.uint64)
