"""`Constraint`: a bound on what a variant spends, wins or pays, for every log alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from kit.base.errors import DataError, InfeasibleError
from kit.base.specs import Spec, read_spec
from kit.replay.result import ReplayResult

Metric = Literal["spend_per_1000", "win_rate", "cost_per_click", "return_on_spend"]


_WRITTEN = re.compile(r"\s*(\w+)\s*(<=|>=)\s*([0-9.eE+-]+)\s*")


class Constraint(Spec):
    """A bound that a variant keeps to.

    Parameters
    ----------
    metric : {"spend_per_1000", "win_rate", "cost_per_click", "return_on_spend"}
        Spend for every 1,000 auctions and spend for each click, in the log's currency; wins for
        each auction; value for each unit of spend.
    at_most, at_least : float or None
        The bound; at least one of them.

    Examples
    --------
    >>> str(Constraint(metric="win_rate", at_least=0.2))
    'win_rate >= 0.2'
    """

    metric: Metric
    at_most: Annotated[float, Field(ge=0)] | None = None
    at_least: Annotated[float, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Constraint:
        if self.at_most is None and self.at_least is None:
            raise ValueError("a constraint needs at_most or at_least")
        return self

    def __str__(self) -> str:
        """Return it in few characters."""
        ends = [f"{self.metric} >= {self.at_least:g}"] if self.at_least is not None else []
        ends += [f"{self.metric} <= {self.at_most:g}"] if self.at_most is not None else []
        return " and ".join(ends)

    def broken_by(self, result: ReplayResult) -> str:
        """Return how a replay breaks it, in words; empty if it keeps to it."""
        found = MEASURES[self.metric](result)
        low = self.at_least is not None and not found >= self.at_least
        high = self.at_most is not None and not found <= self.at_most
        return f"{self.metric} is {found:.4g}, must be {self}" if low or high else ""


MEASURES: dict[Metric, Callable[[ReplayResult], float]] = {
    "spend_per_1000": lambda won: 1000 * won.unit.money(won.cost) / max(won.auctions, 1),
    "win_rate": lambda won: won.impressions / max(won.auctions, 1),
    "cost_per_click": lambda won: won.unit.money(won.cost) / max(won.clicks, 1),
    "return_on_spend": lambda won: won.value / won.cost if won.cost > 0 else 0.0,
}
"""How each metric is read off a replay."""


def constraint_of(text: str) -> Constraint:
    """Return a constraint as it is written.

    Raises
    ------
    DataError
        If it is no metric, sign and number.

    Examples
    --------
    >>> constraint_of("cost_per_click <= 2.5").at_most
    2.5
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise DataError(
            f"constraint: got {text!r}; must be a metric ({', '.join(get_args(Metric))}), <= or "
            ">=, and a number. Write it as 'win_rate >= 0.2'."
        )
    end = "at_most" if found[2] == "<=" else "at_least"
    return read_spec(Constraint, {"metric": found[1], end: found[3]})


def check_constraints(constraints: Iterable[Constraint]) -> None:
    """Refuse constraints that nothing can keep to.

    Raises
    ------
    InfeasibleError
        Naming the two bounds in conflict, or the one that is out of reach.

    Examples
    --------
    >>> check_constraints([Constraint(metric="win_rate", at_least=0.5),
    ...                    Constraint(metric="win_rate", at_most=0.2)])
    Traceback (most recent call last):
    kit.base.errors.InfeasibleError: constraints: win_rate >= 0.5 and win_rate <= 0.2 exclude ...
    """
    low: dict[Metric, float] = {}
    high: dict[Metric, float] = {}
    for one in constraints:
        if one.at_least is not None:
            low[one.metric] = max(one.at_least, low.get(one.metric, 0.0))
        if one.at_most is not None:
            high[one.metric] = min(one.at_most, high.get(one.metric, one.at_most))
    if low.get("win_rate", 0) > 1:
        raise InfeasibleError(
            f"constraints: win_rate >= {low['win_rate']:g} is out of reach; a share is at most 1. "
            "Lower it."
        )
    for metric in {*low} & {*high}:
        if low[metric] > high[metric]:
            raise InfeasibleError(
                f"constraints: {metric} >= {low[metric]:g} and {metric} <= {high[metric]:g} "
                "exclude each other. Drop or move one of them."
            )
