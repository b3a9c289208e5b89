"""What may go wrong with the data: labels that come late, features that stop coming."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import number
from kit.data.log import AuctionLog
from kit.data.schema import COLUMNS
from kit.models.features import CALENDAR

_OF_THE_AUCTION = (
    "auction_type", "deal_at", "bid_floor_cpm", "campaign_id", "click_value_cpm", "fee_cpm",
)  # fmt: skip
"""Request columns that decide the auction or its value: a log cannot lose them for one side."""


@dataclass(frozen=True)
class LateLabels:
    """Some clicks of the latest rows have not been reported yet, and count as none.

    Parameters
    ----------
    share : float
        Share of the latest clicks that are missing, in (0, 1].
    latest : float
        Share of the rows that is the latest part, in (0, 1].
    """

    share: float = 0.3
    latest: float = 0.3

    name: ClassVar[str] = "late labels"
    about: ClassVar[str] = (
        "Clicks and conversions that have not come yet count as none in the value."
    )

    def __post_init__(self) -> None:
        number("share", self.share, above=0, high=1)
        number("latest", self.latest, above=0, high=1)

    @property
    def strength(self) -> str:
        """How strongly."""
        return f"{100 * self.share:g} % of clicks in the latest {100 * self.latest:g} % of rows"

    def lacks(self, log: AuctionLog) -> str:
        """Return why it cannot be played."""
        if "click" not in log.frame.columns:
            return "the log has no clicks"
        return "" if len(self._clicked(log)) else "the latest rows have no clicks"

    def apply(self, log: AuctionLog, rng: np.random.Generator) -> AuctionLog:
        """Return the log without those clicks, and without the conversions after them."""
        clicked = self._clicked(log)
        late = rng.choice(clicked, max(1, round(self.share * len(clicked))), replace=False)
        changed: dict[str, Any] = {}
        for name in ("click", "conversion"):
            if name in log.frame.columns:
                changed[name] = log.frame[name].to_numpy(dtype=bool, copy=True)
                changed[name][late] = False
        return log.with_columns(**changed)

    def _clicked(self, log: AuctionLog) -> NDArray[np.intp]:
        start = len(log) - round(self.latest * len(log))
        return start + np.flatnonzero(log.frame["click"].to_numpy()[start:])


@dataclass(frozen=True)
class FeatureOutage:
    """A feature is missing from every request, and predictions are made without it.

    A column that may not be missing holds its most frequent label, or its median, throughout.
    A baseline that reads the column loses it too.

    Parameters
    ----------
    feature : str
        The request column.

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": 1.0, "market_price_kind": "known",
    ...                       "exchange": ["a", "b", "b"]})
    >>> log = FeatureOutage("exchange").apply(AuctionLog(frame), np.random.default_rng(0))
    >>> log.frame["exchange"].tolist()
    ['b', 'b', 'b']
    """

    feature: str

    name: ClassVar[str] = "feature outage"
    about: ClassVar[str] = (
        "A feature stops coming with the requests, and the model predicts without it."
    )

    @property
    def strength(self) -> str:
        """How strongly."""
        return f"{self.feature} missing"

    def lacks(self, log: AuctionLog) -> str:
        """Return why it cannot be played."""
        if self.feature in log.frame.columns:
            decides = self.feature in _OF_THE_AUCTION
            return f"{self.feature} decides the auction itself" if decides else ""
        if self.feature in CALENDAR:
            return f"{self.feature} comes from the clock, which does not fail alone"
        return f"the log has no column {self.feature}"

    def apply(self, log: AuctionLog, rng: np.random.Generator) -> AuctionLog:
        """Return the log without the feature."""
        return log.with_columns(**{self.feature: self._missing(log.frame[self.feature])})

    def _missing(self, values: pd.Series) -> Any:
        column = COLUMNS.get(self.feature)
        is_number = pd.api.types.is_numeric_dtype(values.dtype)
        if column is None or column.nullable:
            if is_number:
                return np.full(len(values), np.nan)
            return pd.Series(pd.NA, index=values.index, dtype="category")
        if is_number:
            return np.full(len(values), float(values.median()))
        label = values.value_counts().index[0]
        return pd.Categorical.from_codes(
            np.zeros(len(values), dtype=np.int8), categories=pd.Index([label])
        )
