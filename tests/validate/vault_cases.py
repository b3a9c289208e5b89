"""A small sealed log on which every answer is known: constant bids where a click is worth 2 CPM."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kit.base.files import file_hash
from kit.data.log import AuctionLog, LogMeta, read_parquet
from kit.data.sealed import SealedSplit, seal_log
from kit.validate.claim import Claim
from kit.validate.holdout import Holdings
from kit.validate.ledger import Ledger
from kit.validate.rules import packaged_rules, read_rules
from kit.variant.build import build_variant
from kit.variant.frozen import FrozenVariant
from kit.variant.spec import PolicySpec, VariantSpec

BIDS = {"good": 2.0, "less": 1.5, "more": 2.7, "low": 0.3, "rash": 30.0}
"""An impression is worth 2 CPM: bid less and gains are left, bid more and money is lost."""
CLICK_VALUE = 20.0
RULES = read_rules(packaged_rules())
Change = Callable[[pd.DataFrame], None]


def frame(seed: int = 1, auctions: int = 12_000, days: int = 10) -> pd.DataFrame:
    """Return second-price auctions with known prices; one in ten is clicked."""
    rng = np.random.default_rng(seed)
    seconds = np.linspace(0, days * 86_400, auctions, endpoint=False)
    times = pd.Timestamp("2026-03-01", tz="UTC") + pd.to_timedelta(seconds, unit="s")
    return pd.DataFrame({
        "timestamp": times.astype("datetime64[us, UTC]"),
        "exchange": rng.choice(["north", "south"], auctions),
        "bid_price_cpm": 1.5,
        "market_price_cpm": rng.lognormal(0, 1, auctions),
        "market_price_kind": "known",
        "click": rng.random(auctions) < 0.1,
        "click_value_cpm": CLICK_VALUE,
    })  # fmt: skip


def sealed_log(root: Path, change: Change | None = None, **settings: int) -> SealedSplit:
    """Seal a log of `frame`, changed first where a case needs it."""
    rows = frame(**settings)
    if change is not None:
        change(rows)
    root.mkdir(parents=True, exist_ok=True)
    log = AuctionLog(rows.drop(columns=[name for name in rows if rows[name].isna().all()]))
    return seal_log(log.save(root / "log.parquet"), out=root / "sealed")


@dataclass(frozen=True, eq=False)
class Case:
    """A sealed log, variants that bid on it, and fresh ledgers.

    Parameters
    ----------
    root : Path
        Where everything lies.
    sealed : SealedSplit
        The log.
    variants : dict of str to FrozenVariant
        One for each of `BIDS`.
    """

    root: Path
    sealed: SealedSplit
    variants: dict[str, FrozenVariant]

    @property
    def held(self) -> Holdings:
        """What a scoring process that just started holds."""
        return Holdings.open(self.sealed.folder)

    def claim(self, candidate: str, baseline: str, **settings: Any) -> Claim:
        """Return a claim about two of the variants."""
        return Claim(self.variants[candidate], self.variants[baseline], **settings)

    def truth(self, candidate: str, baseline: str) -> float:
        """Return the difference in surplus on the sealed rows, worked out by hand."""
        rows = read_parquet(self.sealed.holdout_path).frame
        price = rows["market_price_cpm"].to_numpy()
        value = rows["click"].to_numpy() * CLICK_VALUE

        def surplus(bid: float) -> float:
            return float((value - price)[price < bid].sum())

        return surplus(BIDS[candidate]) - surplus(BIDS[baseline])


def make_case(root: Path, change: Change | None = None, **settings: int) -> Case:
    """Seal a log and freeze the variants."""
    sealed = sealed_log(root, change, **settings)
    return Case(root, sealed, {name: constant(name, bid, root) for name, bid in BIDS.items()})


def constant(name: str, bid: float, root: Path) -> FrozenVariant:
    """Freeze a variant that always bids the same."""
    policy = PolicySpec(name="constant", params={"bid": bid})
    return frozen(name, policy, root)


def frozen(name: str, policy: PolicySpec, root: Path) -> FrozenVariant:
    """Freeze a variant without a model."""
    spec = VariantSpec(name=name, model=None, policy=policy)
    none = AuctionLog(frame(auctions=10), LogMeta("none"))
    return build_variant(spec, none, none, root / "variants" / name)


def with_other_holdout(case: Case, root: Path, change: Change) -> Case:
    """Return the same log with other sealed rows: every open byte is the same."""
    folder = root / "sealed"
    shutil.copytree(case.sealed.folder, folder)
    path = folder / case.sealed.holdout_path.name
    log = read_parquet(path)
    rows = log.frame.copy()
    change(rows)
    AuctionLog(rows, log.meta).save(path)
    facts = json.loads((folder / "split.json").read_text())
    facts["holdout_hash"] = file_hash(path)
    (folder / "split.json").write_text(json.dumps(facts))
    sealed = replace(case.sealed, folder=folder.resolve(), holdout_hash=facts["holdout_hash"])
    return Case(root, sealed, case.variants)


def another_draw(seed: int) -> Change:
    """Return a change that draws clicks and prices again."""

    def change(rows: pd.DataFrame) -> None:
        rng = np.random.default_rng(seed)
        rows["click"] = rng.random(len(rows)) < 0.1
        rows["market_price_cpm"] = rng.lognormal(0, 1, len(rows))

    return change


def count(ledger: Ledger) -> tuple[int, int]:
    """Return the charges and the answers of a ledger whose chain holds."""
    kinds = [entry.kind for entry in ledger.entries()]
    return kinds.count("charge"), kinds.count("answer")
