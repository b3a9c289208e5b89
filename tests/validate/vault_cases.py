"""A small sealed log on which every answer is known: constant bids where a click is worth 2 CPM."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kit.base.files import file_hash
from kit.data.log import AuctionLog, LogMeta, read_parquet
from kit.data.sealed import SealedSplit, seal_log
from kit.validate.claim import Claim
from kit.validate.holdout import Holdings
from kit.validate.ledger import Entry, Ledger
from kit.validate.look import look
from kit.validate.rules import packaged_rules, read_rules
from kit.validate.verdict import Verdict
from kit.variant.build import build_variant
from kit.variant.frozen import FrozenVariant
from kit.variant.spec import PolicySpec, VariantSpec

BIDS = {"good": 2.0, "less": 1.5, "more": 2.7, "low": 0.3, "rash": 30.0}
"""An impression is worth 2 CPM: bid less and gains are left, bid more and money is lost."""
CLICK_VALUE = 20.0
KINDS = ("charge", "answer")
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


@dataclass
class Kills:
    """What was left after scorers were killed in the middle of looks.

    Parameters
    ----------
    kills, looks : int
        Scorers that were killed, and looks that were charged.
    cut_off : int
        Kills that fell between a charge and its answer.
    lost : int
        Rows that were written, or answers that were given, and are not in the ledger.
    twice : int
        Charges and answers of a claim beyond its first.
    """

    kills: int = 0
    looks: int = 0
    cut_off: int = 0
    lost: int = 0
    twice: int = 0


def numbered(case: Case, number: int) -> Claim:
    """Return one of many claims; none of them is shown."""
    return case.claim("more", "good", seed=number)


def kill_looks(case: Case, ledger: Ledger, kills: int, seed: int) -> Kills:
    """Look, claim after claim, in processes that are killed: the next one asks again.

    Every second kill comes at any time, the others while the ledger is being written.
    """
    rng = np.random.default_rng(seed)
    look(case.held, numbered(case, 0), ledger, RULES, "human")  # compiled before the first fork
    started = time.perf_counter()
    look(case.held, numbered(case, 1), ledger, RULES, "human")
    typical = time.perf_counter() - started
    found, kept, answered = Kills(), ledger.entries(), 2
    for kill in range(kills):
        reader, writer = os.pipe()
        worker = forked(partial(_look_on, case, ledger, answered, writer))
        os.close(writer)
        _wait(ledger, rng, typical, aimed=kill % 2 == 1)
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
        with os.fdopen(reader) as told:
            answered += len(told.readlines())
        kept = _count(found, kept, ledger.entries(), answered)
    found.kills = kills
    found.looks = count(ledger)[0]
    return found


def forked(work: Callable[[], object]) -> int:
    """Return the id of a forked process that does some work and ends, whatever happens in it."""
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return child


def _look_on(case: Case, ledger: Ledger, start: int, writer: int) -> None:
    """Look at one claim after the other, and tell of each that was answered."""
    held = case.held
    for number in itertools.count(start):
        look(held, numbered(case, number), ledger, RULES, "human")
        os.write(writer, b"answered\n")


def _wait(ledger: Ledger, rng: np.random.Generator, typical: float, *, aimed: bool) -> None:
    """Wait for the moment of a kill."""
    if not aimed:
        time.sleep(rng.uniform(0, 4 * typical))
        return
    journal = ledger.path.with_name(f"{ledger.path.name}-journal")
    until = time.monotonic() + 10 * typical
    for _ in range(int(rng.integers(1, 4))):  # a look opens the ledger several times
        while not journal.exists() and time.monotonic() < until:
            time.sleep(0.0002)
        time.sleep(rng.uniform(0, 0.003))


def _count(found: Kills, kept: list[Entry], now: list[Entry], answered: int) -> list[Entry]:
    """Add up what a kill did; `now` was read from a ledger whose chain holds."""
    found.lost += sum(entry not in now for entry in kept)
    claims = {kind: [entry.claim for entry in now if entry.kind == kind] for kind in KINDS}
    found.lost += max(answered - len(claims["answer"]), 0)
    found.twice += sum(len(made) - len(set(made)) for made in claims.values())
    found.cut_off += len(claims["charge"]) - len(claims["answer"])
    return now


def ask(case: Case, ledger: Ledger, claim: Claim, proposer: str = "human") -> Verdict:
    """Look at the holdout of a case."""
    return look(case.held, claim, ledger, RULES, proposer)
