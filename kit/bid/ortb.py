"""What ORTB1 and ORTB2 share: a landscape price, a shadow price, and how both are fitted."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.errors import PolicyError
from kit.bid.fit import fit_landscape_price, fit_shadow_price
from kit.bid.parameters import PRICE_UNIT, Bidder, Parameter, need_stats
from kit.bid.policy import request_column
from kit.bid.training import TrainingStats

_BUDGET_SHARE = Parameter(
    "budget_share", "budget an auction over the training mean price", high=1, above_low=True,
    optional=True, fallback="none; needed unless lambda_ is set",
)  # fmt: skip


@dataclass(frozen=True)
class OrtbPolicy(Bidder):
    """Bid what is optimal under a budget when the win rate has a known form.

    Parameters
    ----------
    c : float
        Price at which half the auctions are won, in the log's price unit.
    lambda_ : float
        Clicks that a unit of price must buy: the multiplier of the budget constraint.

    Raises
    ------
    PolicyError
        If a parameter is out of range.
    """

    c: float
    lambda_: float

    power: ClassVar[int]
    columns: ClassVar[tuple[str, ...]] = ("pctr",)
    monotone_in: ClassVar[tuple[str, ...]] = ("pctr",)
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "c", "price at which half the auctions are won", PRICE_UNIT, low=1e-6,
            optional=True, fallback="fitted on the training price histogram",
        ),
        Parameter(
            "lambda_", "clicks a unit of price must buy", "clicks / price", low=1e-15,
            optional=True, fallback="fitted for budget_share",
        ),
        _BUDGET_SHARE,
    )  # fmt: skip

    @staticmethod
    @abstractmethod
    def curve(pctr: NDArray[np.float64], c: float, lambda_: float) -> NDArray[np.float64]:
        """Return the optimal bids, shape (n,), at a landscape price and a shadow price."""

    def bid(self, request: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the optimal bids, shape (n,); NaN where pCTR is."""
        return self.curve(request_column(self.name, request, "pctr"), self.c, self.lambda_)

    @classmethod
    def complete(cls, given: Mapping[str, float], stats: TrainingStats | None) -> dict[str, Any]:
        """Fit what was not given: ``c`` first, then ``lambda_`` for ``budget_share``.

        Raises
        ------
        PolicyError
            If neither ``lambda_`` nor ``budget_share`` is given, or both are, or training
            statistics are needed and absent.
        """
        if ("lambda_" in given) == ("budget_share" in given):
            came = "both" if "lambda_" in given else "neither"
            raise PolicyError(
                f"policy {cls.name}: got {came} of lambda_ and budget_share; must be one: lambda_ "
                f"in clicks per unit of price, or budget_share, {_BUDGET_SHARE.about}, "
                f"{_BUDGET_SHARE.allowed}. Pass --set budget_share=1/8, say."
            )
        c = given.get("c")
        if c is None:
            training = need_stats(cls.name, stats, "c")
            c = fit_landscape_price(training.price_probability, cls.power)
        lambda_ = given.get("lambda_")
        if lambda_ is None:
            lambda_ = cls._fit_lambda(c, need_stats(cls.name, stats, "lambda_"), given)
        return {"c": c, "lambda_": lambda_}

    @classmethod
    def _fit_lambda(cls, c: float, stats: TrainingStats, given: Mapping[str, float]) -> float:
        return fit_shadow_price(
            stats, lambda pctr, price: cls.curve(pctr, c, price), given["budget_share"]
        )
