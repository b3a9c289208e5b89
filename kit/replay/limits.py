"""The money a policy may spend: shared, by campaign, or by episode."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from kit.base.checks import did_you_mean, number
from kit.base.errors import DataError
from kit.replay.kernels import GRID, STEPS

Budget = float | Mapping[str, float]


def to_grid(budget: float) -> float:
    """Round a budget down to the money grid: it buys exactly the same, and stays exact."""
    return math.floor(budget * STEPS) * GRID if math.isfinite(budget) else budget


@dataclass(frozen=True)
class Limits:
    """The money a policy may spend.

    Parameters
    ----------
    budget : float or mapping of campaign to float, optional
        Price sum that all campaigns share, or one for each; inf is no limit.
    episode : int, optional
        Auctions per episode.
    episode_budget : float, optional
        Price sum of each episode; what is left at its end is lost.

    Raises
    ------
    DataError
        If a number is out of range, or both kinds of limit are given.
    """

    budget: Budget | None = None
    episode: int | None = None
    episode_budget: float | None = None

    def __post_init__(self) -> None:
        if (self.episode is None) != (self.episode_budget is None):
            raise DataError(
                f"episode: got {self.episode}, episode_budget: got {self.episode_budget}; "
                "must be given together. Pass both or neither."
            )
        if self.episode is not None and self.budget is not None:
            raise DataError(
                "budget: got one beside episode_budget; only one may limit a replay. Drop one."
            )
        if self.episode is not None and self.episode_budget is not None:
            if number("episode", self.episode, 1) != int(self.episode):
                raise DataError(f"episode: got {self.episode}; must be whole. Round it.")
            number("episode_budget", self.episode_budget, 0)
        budgets = self.budget if isinstance(self.budget, Mapping) else {"": self.budget}
        for name, budget in budgets.items():
            if budget is not None and budget != math.inf:
                number(f"budget {name}".strip(), budget, 0)

    @property
    def shared(self) -> float:
        """The budget that all campaigns share; inf if there is none."""
        if self.budget is None or isinstance(self.budget, Mapping):
            return math.inf
        return to_grid(self.budget)

    def of(self, campaign: str) -> float:
        """Return the budget of one campaign alone; inf if it has none of its own."""
        if not isinstance(self.budget, Mapping):
            return math.inf
        if campaign not in self.budget:
            raise DataError(
                f"budget: has none for campaign {campaign!r}; must name every campaign of the "
                f"log. {did_you_mean(campaign, self.budget)} Pass math.inf for no limit."
            )
        return to_grid(self.budget[campaign])

    def check_names(self, campaigns: Sequence[Hashable]) -> None:
        """Refuse a budget for a campaign that the log does not have.

        Raises
        ------
        DataError
            Naming the campaign and the nearest one.
        """
        named = self.budget if isinstance(self.budget, Mapping) else {}
        unknown = [name for name in named if name not in campaigns]
        if unknown:
            labels = sorted(map(str, campaigns))
            raise DataError(
                f"budget: names campaign {unknown[0]!r}; must be one of the log's: "
                f"{', '.join(labels)}. {did_you_mean(unknown[0], labels) or 'Drop or rename it.'}"
            )
