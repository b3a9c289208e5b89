"""A log on which no way to bid earns more than another, searched and judged to the end.

Every second-price auction is worth exactly its price: a win costs what it returns on average,
whoever wins it. So each of the proposals has a true gain of zero, and what the tune split prefers
is luck.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from kit.ai.propose.brief import Brief, ExchangeFact
from kit.ai.propose.draw import RandomDraws
from kit.data.log import AuctionLog, LogMeta
from kit.data.split import time_split
from kit.flow.search.evaluate import Bench, Scored
from kit.flow.search.finalists import finalists
from kit.flow.search.run import Pace, Search
from kit.flow.search.store import SearchStore
from kit.flow.search.workers import Job
from kit.models.response import Response
from kit.validate.claim import Claim
from kit.validate.rule import Schedule, critical_z
from kit.validate.scoring import score
from kit.variant.build import build_variant, fit_click
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec

PROPOSALS, MOST_LOOKS = 50, 20
AUCTIONS, DAYS, CLICK_VALUE = 6000, 15, 20.0
EXCHANGES = ("aurora", "borealis", "cirrus", "dione")


@dataclass(frozen=True)
class End:
    """What one search came to.

    Parameters
    ----------
    looks : int
        Asked for.
    better : bool
        Whether the rule called any better.
    at_five : bool
        Whether any passed a test at 5 % a look, as if it were the only one.
    greedy : bool
        Whether any earned more on the holdout: what "keep it if it scored better" takes.
    """

    looks: int
    better: bool
    at_five: bool
    greedy: bool


class Reckoned:
    """Workers that work a trial's surplus out as `Bench.evaluate` does, in a line of numpy.

    Parameters
    ----------
    tune : AuctionLog
        Second prices, all known.
    click : Response
        The one model of every trial.
    """

    def __init__(self, tune: AuctionLog, click: Response) -> None:
        rows = tune.frame
        self._exchange = rows["exchange"].astype(str)
        self._worth = click.predict(tune) * CLICK_VALUE
        self._price = rows["market_price_cpm"].to_numpy()
        self._gain = rows["click"].to_numpy() * CLICK_VALUE - self._price
        self._money = tune.meta.unit.money

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Scored]]:
        """Yield each job with its score."""
        for job in jobs:
            policy = job[1].policy
            factor = self._exchange.map(policy.multipliers).fillna(1.0).to_numpy(np.float64)
            bids = self._worth * policy.params["multiplier"] * factor
            won = float(self._gain[bids > self._price].sum())
            yield job, Scored(1000 * self._money(won) / len(self._price))


def frame(seed: int) -> pd.DataFrame:
    """Return auctions whose clicks are worth their prices, and a prediction that knows little."""
    rng = np.random.default_rng(seed)
    seconds = np.linspace(0, DAYS * 86_400, AUCTIONS, endpoint=False)
    times = pd.Timestamp("2026-03-01", tz="UTC") + pd.to_timedelta(seconds, unit="s")
    price = np.minimum(rng.lognormal(0, 0.6, AUCTIONS), 0.8 * CLICK_VALUE)
    return pd.DataFrame({
        "timestamp": times.astype("datetime64[us, UTC]"),
        "exchange": rng.choice(EXCHANGES, AUCTIONS),
        "bid_price_cpm": 2.0,
        "market_price_cpm": price,
        "market_price_kind": "known",
        "pctr": np.clip(rng.lognormal(np.log(0.06), 0.5, AUCTIONS), 0, 1),
        "click": rng.random(AUCTIONS) < price / CLICK_VALUE,
        "click_value_cpm": CLICK_VALUE,
    })  # fmt: skip


def ended(root: Path, seed: int) -> End:
    """Search, and look at every finalist until one is better."""
    split = time_split(AuctionLog(frame(seed), LogMeta("null")))
    model = ModelSpec()
    click = fit_click(model, split.train, split.tune, 0)
    spec = VariantSpec(name="default", policy=PolicySpec(name="value", params={"multiplier": 1.0}))
    store = SearchStore(root, {})
    search = Search(
        Reckoned(split.tune, click), store, RandomDraws(), lambda: BRIEF, Pace(PROPOSALS + 1), seed
    )
    trials = search.run(spec)
    store.close()
    default = build_variant(spec, split.train, split.tune, root / "0", click=click)
    schedule, looks = Schedule(), 0
    better = at_five = greedy = False
    for trial in finalists(trials, MOST_LOOKS):
        looks += 1
        folder = root / str(trial.number)
        variant = build_variant(trial.spec, split.train, split.tune, folder, click=click)
        claim = Claim(variant, default)
        found = score(split.holdout, claim, score(split.tune, claim))
        better = found.z > critical_z(schedule.share(looks))
        at_five |= found.z > critical_z(0.05)
        greedy |= float(found.played[0].difference.sum()) > 0
        if better:
            break
    return End(looks, better, at_five, greedy)


def agrees(root: Path, seed: int) -> bool:
    """Whether `Reckoned` gives what the search's own bench gives."""
    split = time_split(AuctionLog(frame(seed), LogMeta("null")))
    bench = Bench(split.train, split.tune, root)
    policy = PolicySpec(name="value", params={"multiplier": 1.3}, multipliers={"aurora": 0.7})
    spec = VariantSpec(name="one", policy=policy)
    click = fit_click(ModelSpec(), split.train, split.tune, 0)
    ((_, scored),) = Reckoned(split.tune, click).run([(0, spec, 1.0)])
    return bool(np.isclose(scored.surplus, bench.evaluate(spec).surplus, atol=1e-5))


BRIEF = Brief(
    has_trees=False,
    exchanges=tuple(
        ExchangeFact(name=name, first_price=False, auctions=1000, factor=1.0, gain=0.0)
        for name in EXCHANGES
    ),
)
"""What random draws are told: the exchanges."""
