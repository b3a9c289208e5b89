"""What the bid tuner shows: settings in, money out, on the tune split alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kit.base.checks import one_of
from kit.base.errors import DataError
from kit.bid.constant import ConstantPolicy
from kit.bid.policy import BidPolicy
from kit.bid.scaled import ScaledPolicy
from kit.bid.value import ValuePolicy
from kit.data.log import AuctionLog
from kit.data.sealed import SealedSplit
from kit.data.split import Split
from kit.flow.promote import freeze_policy
from kit.flow.valued import replay_options
from kit.models.response import Response
from kit.replay.run import replay
from kit.replay.tuning import Setting, TuningTable
from kit.variant.frozen import FrozenVariant

MEASURES = ("surplus", "value", "spend", "fees", "impressions", "clicks", "win_rate")
"""What a setting is summed up by; the first four are price sums in the log's unit."""


@dataclass(frozen=True, eq=False)
class TuningView:
    """What one setting of one policy does.

    Parameters
    ----------
    policy : str
        Whose bids are scaled.
    setting : Setting
        On the grid.
    summary : mapping of str to float
        `MEASURES`: price sums in the log's unit, counts, and the share of auctions won.
    cells : pandas.DataFrame
        exchange, hour, impressions, clicks, spend, value, fees, surplus.
    """

    policy: str
    setting: Setting
    summary: Mapping[str, float]
    cells: pd.DataFrame

    def heat(self, measure: str) -> pd.DataFrame:
        """Return one measure by exchange (index) and hour of day (columns)."""
        one_of("measure", measure, MEASURES[:-1])
        return self.cells.set_index(["exchange", "hour"])[measure].unstack()  # noqa: PD010


class BidTuning:
    """The tune split, ready for any setting; it holds no other rows.

    Parameters
    ----------
    tune : SealedSplit, Split or AuctionLog
        A split, of which only the tune part is kept, or the tune part itself.
    policies : mapping of str to BidPolicy, optional
        Whose bids may be scaled, by the name shown; default: the predicted value, or, for a log
        without ``pctr`` and ``click_value_cpm``, the median market price in every auction.
    value : array_like, shape (n,), optional
        Value of each impression if won; default ``pctr * click_value_cpm`` (what is expected),
        else clicks times their value.
    click_value_cpm : float, optional
        Value of a click where the log does not say.
    market : array_like, shape (n,), optional
        Market price of each auction, for instance drawn by ``LandscapeModel.market_prices``;
        default: a price of which only a bound is known is read pessimistically.
    say : callable, optional
        Told, in a sentence, what takes long.

    Raises
    ------
    DataError
        If an array has another length than the tune part.

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": [1.0, 2.0, 4.0], "market_price_kind": "known",
    ...                       "pctr": [0.1, 0.1, 0.1], "click_value_cpm": 30.0})
    >>> tuning = BidTuning(AuctionLog(frame))
    >>> tuning.view("value", Setting()).summary["surplus"]
    3.0
    """

    def __init__(
        self,
        tune: SealedSplit | Split | AuctionLog,
        policies: Mapping[str, BidPolicy] | None = None,
        *,
        value: ArrayLike | None = None,
        click_value_cpm: float | None = None,
        market: ArrayLike | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.log = tune if isinstance(tune, AuctionLog) else tune.tune
        if not len(self.log):
            raise DataError("tune: has no rows; must have at least one. Pass the tune split.")
        self.policies = dict(policies or _default_policies(self.log))
        self._options, self.value_name = replay_options(
            self.log, value=value, click_value_cpm=click_value_cpm, market=market
        )
        self._say = say or (lambda text: None)
        self._tables: dict[str, TuningTable] = {}
        self.baseline_name, self.baseline = self._baseline()

    def table(self, policy: str) -> TuningTable:
        """Return the policy's counted log; counted when it is first asked for.

        Raises
        ------
        DataError
            If the policy is unknown.
        """
        one_of("policy", policy, self.policies)
        if policy not in self._tables:
            self._say(f"Counting {len(self.log):,} auctions for {policy} …")
            bids = self._bids(self.policies[policy])
            self._tables = {policy: TuningTable(self.log, bids, **self._options)}
        return self._tables[policy]

    def _bids(self, policy: BidPolicy) -> NDArray[np.float64]:
        return policy.bid(self.log.request, np.random.default_rng(0))

    def view(self, policy: str, setting: Setting) -> TuningView:
        """Return what a setting does.

        Raises
        ------
        DataError, PolicyError
            Naming what is out of range, or unknown.
        """
        table = self.table(policy)
        snapped = table.snapped(setting)
        cells = table.totals(snapped)
        sums = {name: float(cells[name].sum()) for name in MEASURES[:-1]}
        return TuningView(policy, snapped, self._summary(sums), cells)

    def _summary(self, sums: Mapping[str, float]) -> dict[str, float]:
        return {**sums, "win_rate": sums["impressions"] / len(self.log)}

    def _baseline(self) -> tuple[str, dict[str, float]]:
        """Replay what was bid, where the log says; else the first policy as it is."""
        bids = self.log.frame.get("bid_price_cpm")
        if bids is not None and bids.notna().any():
            name, policy = "logged bids", bids.to_numpy(dtype=np.float64)
        else:
            name = next(iter(self.policies))
            policy = self._bids(self.policies[name])
        result = replay(self.log, policy, **self._options)
        sums = {
            "surplus": result.surplus,
            "value": result.value,
            "spend": result.cost,
            "fees": result.fees,
            "impressions": float(result.impressions),
            "clicks": float(result.clicks),
        }
        return name, self._summary(sums)

    def policy(self, policy: str, setting: Setting) -> ScaledPolicy:
        """Return the policy that a setting means, for a replay or a comparison."""
        plain, shaded = self.table(policy).bid_multipliers(setting)
        return ScaledPolicy(self.policies[policy], plain, shaded)

    def variant(
        self, name: str, policy: str, setting: Setting, click: Response | None = None
    ) -> FrozenVariant:
        """Return what a setting means as a frozen variant, for a vault.

        Parameters
        ----------
        name : str
            What a board and a report call it.
        policy : str
            Whose bids are scaled.
        setting : Setting
            How; its budget is not part of a variant but of what is asked.
        click : Response or None
            The model that predicted ``pctr`` on the tune split; None takes the log's own.

        Raises
        ------
        PolicyError
            If the policy is not one that ships.
        """
        return freeze_policy(
            name, self.policy(policy, setting), click,
            elsewhere=self.table(policy).snapped(setting).multiplier, proposer="human, bid tuner",
        )  # fmt: skip

    def budget_per_1000(self, policy: str, setting: Setting) -> float | None:
        """Return a setting's budget as a price sum for every 1,000 auctions; None: no limit."""
        budget = self.table(policy).snapped(setting).budget
        return None if budget is None else 1000 * budget / len(self.log)

    def code(self, policy: str, setting: Setting) -> str:
        """Return Python that makes the same policy and replays it."""
        plain, shaded = self.table(policy).bid_multipliers(setting)
        budget = self.table(policy).snapped(setting).budget
        limit = "" if budget is None else f", budget={budget!r}"
        return (
            "import kit\n\n"
            f"# `base` is your policy {policy!r}; `log` the rows to replay\n"
            f"policy = kit.ScaledPolicy(\n    base,\n    multipliers={plain!r},\n"
            f"    first_price={shaded!r},\n)\n"
            f"result = kit.replay_policy(log, policy{limit})"
        )


def _default_policies(log: AuctionLog) -> dict[str, BidPolicy]:
    if {"pctr", "click_value_cpm"} <= set(log.frame.columns):
        return {"value": ValuePolicy()}
    median = float(np.median(log.column("market_price_cpm", 0.0)))
    return {"constant": ConstantPolicy(max(median, 1e-6))}
