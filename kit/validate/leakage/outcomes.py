"""What followed each row, as numbers that features may not know: the target and the price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kit.validate.leakage.pair import Array, Mask, Pair

Kind = Literal["rate", "price"]
_DAY = 86_400_000_000


@dataclass(frozen=True, eq=False)
class Followed:
    """One outcome.

    Parameters
    ----------
    name : str
        Its column.
    kind : {"rate", "price"}
        Whether it is a rare yes or a number.
    values : ndarray, shape (n,)
        0 or 1, or a price; 0 where unknown.
    known : ndarray of bool, shape (n,)
        Rows that have it.
    """

    name: str
    kind: Kind
    values: Array
    known: Mask


def followed(pair: Pair) -> list[Followed]:
    """Return the outcomes of a pair: the target, and what was paid."""
    found = [Followed(pair.target, "rate", pair.label.astype(np.float64), pair.labelled)]
    for name in ("clearing_price_cpm", "market_price_cpm"):
        if pair.has(name):
            values = pair.numbers(name)
            known = ~np.isnan(values)
            found.append(Followed(name, "price", np.where(known, values, 0.0), known))
            break
    return found


def days(pair: Pair) -> tuple[np.ndarray, int]:
    """Return each row's day, from 0, and how many there are; one where there is no clock."""
    if pair.time is None or not pair.has("timestamp"):
        return np.zeros(len(pair), dtype=np.intp), 1
    day = pair.time // _DAY
    day = day - day.min()
    return day.astype(np.intp), int(day.max()) + 1
