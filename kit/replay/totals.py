"""Totals by group: codes that stay the same from batch to batch, and growing tables."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.data.log import AuctionLog
from kit.replay.kernels import WIDTH

HOURS = 24
TOTALS = ("impressions", "clicks", "conversions", "spend", "value", "fees")
"""Names of a table's columns, in the order that the kernels write them."""


class Codes:
    """Codes of groups that stay the same from batch to batch.

    Examples
    --------
    >>> codes = Codes()
    >>> codes.encode(pd.Series(["b", "a"])).tolist(), codes.encode(pd.Series(["a", "c"])).tolist()
    ([0, 1], [1, 2])
    >>> codes.names
    ['b', 'a', 'c']
    """

    def __init__(self) -> None:
        self.names: list[Hashable] = []
        self._codes: dict[Hashable, int] = {}

    def encode(self, values: pd.Series) -> NDArray[np.int32]:
        """Return the code of each value, shape (n,); new values get the next codes."""
        if isinstance(values.dtype, pd.CategoricalDtype):
            local, uniques = values.cat.codes.to_numpy(), values.cat.categories
        else:
            local, uniques = pd.factorize(values)
        here = np.zeros(len(uniques), dtype=np.int32)
        for code in np.flatnonzero(np.bincount(local, minlength=len(uniques))).tolist():
            here[code] = self.code(uniques[code])
        return here[local]

    def encode_label(self, log: AuctionLog, column: str) -> NDArray[np.int32]:
        """Return the codes of a label column; one group ``all`` where the log has none."""
        if column in log.frame.columns:
            return self.encode(log.frame[column])
        return np.full(len(log), self.code("all") if len(log) else 0, dtype=np.int32)

    def code(self, name: Hashable) -> int:
        """Return the code of one name, a new one if it was not seen."""
        code = self._codes.setdefault(name, len(self.names))
        if code == len(self.names):
            self.names.append(name)
        return code


class Table:
    """Totals of a growing number of groups: auctions seen, and what was won.

    Attributes
    ----------
    totals : ndarray, shape (groups, WIDTH)
        What the kernels add to.
    auctions : ndarray of int64, shape (groups,)
        Auctions seen.
    """

    def __init__(self) -> None:
        self.totals = np.zeros((0, WIDTH))
        self.auctions = np.zeros(0, dtype=np.int64)

    def see(self, codes: NDArray[np.int32], groups: int) -> None:
        """Make room for `groups` groups and count the auctions of `codes`."""
        more = groups - len(self.auctions)
        self.totals = np.pad(self.totals, ((0, more), (0, 0)))
        self.auctions = np.pad(self.auctions, (0, more)) + np.bincount(codes, minlength=groups)

    def add(self, code: int, groups: int, auctions: int, totals: NDArray[np.float64]) -> None:
        """Count auctions and totals, shape (WIDTH,), that all belong to one group."""
        self.see(np.zeros(0, dtype=np.int32), groups)
        self.auctions[code] += auctions
        self.totals[code] += totals

    def frame(self, **keys: Sequence[Hashable] | NDArray[np.int64]) -> pd.DataFrame:
        """Return one row for each group that saw an auction, sorted by its keys."""
        counts, money = self.totals[:, :3].astype(np.int64), self.totals[:, 3:]
        totals = dict(zip(TOTALS, (*counts.T, *money.T), strict=True))
        seen = np.flatnonzero(self.auctions)
        named = pd.DataFrame(keys).iloc[seen].sort_values([*keys])
        order = named.index.to_numpy()
        columns = {"auctions": self.auctions, **totals}
        kept = {name: column[order] for name, column in columns.items()}
        return named.reset_index(drop=True).assign(**kept)
