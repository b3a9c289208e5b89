"""Shares of the plan by group: exchange shares, concentration limits, pacing over hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import Limit, LinearTerm, Sense
from kit.allocate.terms.groups import chosen, coded, matrix, numbers
from kit.base.checks import finite_at_least, number, one_of
from kit.base.errors import DataError

Floats = NDArray[np.float64]

MEASURES = ("impressions", "spend", "value")
_COLUMNS = {"spend": "cost", "value": "value"}


def measured(tables: AllocationTables, of: str) -> Floats:
    """Return what one impression of each pair counts for, shape (P,).

    Raises
    ------
    DataError
        If `of` is no measure.
    """
    measure = one_of("of", of, MEASURES)
    if measure == "impressions":
        return np.ones(len(tables))
    return numbers(tables, _COLUMNS[measure], 0.0)


@dataclass(frozen=True, eq=False)
class Shares:
    """Groups of pairs as shares of all pairs, or of each demand's.

    Parameters
    ----------
    tables : AllocationTables
        The tables.
    by : str
        Column that names the group.
    of : {"impressions", "spend", "value"}
        What is shared.
    per_demand : bool
        Whether each demand's own plan is shared out, rather than the whole one.
    """

    tables: AllocationTables
    by: str
    of: str
    per_demand: bool = False

    def limits(
        self, kind: str, sense: Sense, number: float | Mapping[Any, float] | None, words: str
    ) -> Sequence[Limit]:
        """Return one limit a named group (and demand).

        Parameters
        ----------
        kind : str
            Start of the names: ``share_max``.
        sense : {"<=", ">="}
            Maximum or minimum.
        number : float, mapping or None
            Shares in [0, 1], one for all groups or by group.
        words : str
            The subject in words, with ``{group}``.
        """
        codes, levels = coded(self.tables, self.by)
        places, shares = chosen(number, levels, kind)
        if not len(places):
            return ()
        row = np.full(len(levels), -1, dtype=np.int64)
        row[places] = np.arange(len(places))
        weight = measured(self.tables, self.of)
        groups = [levels[place] for place in places.tolist()]
        if self.per_demand:
            return self._each(kind, sense, shares, words, row[codes], groups, weight)
        total = matrix(np.zeros(len(weight), dtype=np.int64), weight, 1)
        return (
            Limit(
                [f"{kind}[{self.by}={group}]" for group in groups],
                matrix(row[codes], weight, len(groups)), sense, shares, per=total, unit="share",
                subject=[words.format(group=group) for group in groups], low=0.0, high=1.0,
            ),
        )  # fmt: skip

    def _each(
        self, kind: str, sense: Sense, shares: Floats, words: str, row: NDArray[np.int64],
        groups: list[Any], weight: Floats,
    ) -> Sequence[Limit]:  # fmt: skip
        demand, ids = self.tables.demand_code.astype(np.int64), list(self.tables.demand.index)
        count = len(groups)
        code = np.where(row >= 0, demand * count + row, -1)
        total = matrix(demand, weight, len(ids))[np.repeat(np.arange(len(ids)), count)]
        return (
            Limit(
                [f"{kind}[{name}, {self.by}={group}]" for name in ids for group in groups],
                matrix(code, weight, len(ids) * count), sense, np.tile(shares, len(ids)),
                per=total, unit="share", low=0.0, high=1.0,
                subject=[f"{words.format(group=g)} in {name}" for name in ids for g in groups],
            ),
        )  # fmt: skip


@dataclass(frozen=True)
class Share(LinearTerm):
    """Each group has at least and at most a share of the plan: ``share_max[exchange=x1]``.

    Parameters
    ----------
    by : str
        Column of supply, demand or pairs that names the group.
    max, min : float or mapping of group to float, optional
        Shares in [0, 1].
    of : {"impressions", "spend", "value"}
        What is shared.
    per_demand : bool
        Whether it holds for each demand's own plan: ``share_max[line A, exchange=x1]``.
    name : str
        Start of the limits' names, to tell two such terms apart.

    Raises
    ------
    DataError
        If neither is given.

    Examples
    --------
    >>> Share("exchange", max={"x1": 0.4}, of="spend")
    Share(by='exchange', max={'x1': 0.4}, min=None, of='spend', per_demand=False, name='share')
    """

    by: str
    max: float | Mapping[Any, float] | None = None
    min: float | Mapping[Any, float] | None = None
    of: str = "impressions"
    per_demand: bool = False
    name: str = "share"

    def __post_init__(self) -> None:
        if self.max is None and self.min is None:
            raise DataError("share: neither max nor min given; must have one. Pass max=0.4.")

    def rows(self, tables: AllocationTables) -> Sequence[Limit]:
        """Return the maxima, then the minima."""
        shares = Shares(tables, self.by, self.of, self.per_demand)
        cap, floor = (f"{self.by} {{group}}'s {self.name} {edge}" for edge in ("cap", "floor"))
        most = shares.limits(f"{self.name}_max", "<=", self.max, cap)
        least = shares.limits(f"{self.name}_min", ">=", self.min, floor)
        return (*most, *least)


@dataclass(frozen=True)
class Concentration(LinearTerm):
    """No group has more than a share of the plan: ``concentration_max[publisher=p1]``.

    Parameters
    ----------
    by : str
        Column that names the owner: a publisher, ``supply_id``, ``demand_id``.
    most : float
        Largest share, in [0, 1].
    of : {"impressions", "spend", "value"}
        What is shared.

    Examples
    --------
    >>> Concentration("publisher", 0.2)
    Concentration(by='publisher', most=0.2, of='impressions')
    """

    by: str
    most: float
    of: str = "impressions"

    def rows(self, tables: AllocationTables) -> Sequence[Limit]:
        """Return one limit a group."""
        most = number("most", self.most, 0.0, 1.0)
        words = f"{self.by} {{group}}'s concentration limit"
        return Shares(tables, self.by, self.of).limits("concentration_max", "<=", most, words)


@dataclass(frozen=True)
class Pacing(LinearTerm):
    """The plan follows a profile over hours: ``pacing_max[hour=3]``, ``pacing_min[hour=3]``.

    The share of each hour lies within ``profile * (1 - tolerance)`` and
    ``profile * (1 + tolerance)``.

    Parameters
    ----------
    tolerance : float
        Half width of the band, relative to the profile, in [0, 1].
    profile : mapping of hour to float, optional
        Weight of each hour, scaled to shares; default: even over the hours of the tables.
    by : str
        Column that names the hour.
    of : {"spend", "impressions", "value"}
        What is paced.
    per_demand : bool
        Whether each demand is paced by itself.

    Examples
    --------
    >>> Pacing(0.2, profile={0: 1.0, 1: 3.0})
    Pacing(tolerance=0.2, profile={0: 1.0, 1: 3.0}, by='hour', of='spend', per_demand=False)
    """

    tolerance: float
    profile: Mapping[Any, float] | None = None
    by: str = "hour"
    of: str = "spend"
    per_demand: bool = False

    def shares(self, tables: AllocationTables) -> dict[Any, float]:
        """Return the profile as shares that add up to 1.

        Raises
        ------
        DataError
            If a weight is negative, or all are 0.
        """
        levels = coded(tables, self.by)[1]
        profile = dict.fromkeys(levels, 1.0) if self.profile is None else dict(self.profile)
        weight = finite_at_least("profile", list(profile.values()))
        if len(weight) and weight.sum() <= 0:
            raise DataError("profile: all weights are 0; must have a positive one. Mend it.")
        return dict(zip(profile, (weight / max(weight.sum(), 1e-300)).tolist(), strict=True))

    def rows(self, tables: AllocationTables) -> Sequence[Limit]:
        """Return the upper edges of the band, then the lower ones."""
        band = number("tolerance", self.tolerance, 0.0, 1.0)
        shares, profile = Shares(tables, self.by, self.of, self.per_demand), self.shares(tables)
        high = {hour: min(1.0, share * (1 + band)) for hour, share in profile.items()}
        low = {hour: share * (1 - band) for hour, share in profile.items()}
        words = f"the pacing {{edge}} of {self.by} {{group}}"
        most = words.replace("{edge}", "ceiling"), words.replace("{edge}", "floor")
        return (
            *shares.limits("pacing_max", "<=", high, most[0]),
            *shares.limits("pacing_min", ">=", low, most[1]),
        )
