"""What the vault costs beside the same code without it, and what 100 kills do to its ledger."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from kit.data.sealed import seal_log
from kit.data.simulate import SimulationConfig, simulate
from kit.validate.claim import Claim
from kit.validate.holdout import Holdings
from kit.validate.ledger import Ledger
from kit.validate.look import look
from kit.validate.process import PROCESS
from kit.validate.rules import packaged_rules, read_rules
from kit.validate.vault import Vault
from kit.variant.build import build_variant
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec
from tests.benchmarks.table import Row, Table
from tests.validate.vault_cases import kill_looks, make_case

ROUNDS, KILLS = 3, 100
SEED = 20261129
CANDIDATE = VariantSpec(
    name="value",
    model=ModelSpec(features=("exchange", "device", "hour"), params={"learning_rate": 0.3}),
    policy=PolicySpec(name="value", params={"multiplier": 0.8}),
)
BASELINE = VariantSpec(
    name="constant", model=None, policy=PolicySpec(name="constant", params={"bid": 1.0})
)


def tables(quick: bool) -> list[Table]:
    """Return what a look takes, and what kills leave."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        looks = _looks(root, 20_000 if quick else 1_000_000, 1 if quick else ROUNDS)
        kills = _kills(root, 6 if quick else KILLS)
    return [
        Table("A look at a sealed holdout, beside the same code in this process", looks),
        Table("kill -9 of the scoring process in the middle of looks", kills),
    ]


def _looks(root: Path, auctions: int, rounds: int) -> list[Row]:
    sealed = seal_log(_simulated(root, auctions), out=root / "sealed")
    candidate, baseline = (
        build_variant(spec, sealed.train, sealed.tune, root / spec.name)
        for spec in (CANDIDATE, BASELINE)
    )
    del sealed
    rules, seeds = read_rules(packaged_rules()), {"cold": 1, "warm": 0}
    read: list[float] = []
    bare: dict[str, list[float]] = {"cold": [], "warm": []}
    asked: dict[str, list[float]] = {"cold": [], "warm": []}
    for number in range(rounds):  # in turns, each look with a ledger of its own
        plain: dict[str, Any] = {}
        for name, seed in seeds.items():
            started = time.perf_counter()
            held = Holdings.open(root / "sealed")
            held.holdout()
            read.append(time.perf_counter() - started)
            claim = Claim(candidate, baseline, seed=seed)
            started = time.perf_counter()
            verdict = look(held, claim, Ledger(root / f"bare {name} {number}"), rules, "")
            bare[name].append(time.perf_counter() - started)
            plain[name] = verdict.to_dict()
            del held
        PROCESS.close()
        for name, seed in seeds.items():  # another seed, so that nothing is kept for the second
            vault = Vault(root / "sealed", ledger=root / f"{name} {number}")
            started = time.perf_counter()
            verdict = vault.look(candidate, baseline, seed=seed, proposer="")
            asked[name].append(time.perf_counter() - started)
            if verdict.to_dict() != plain[name]:
                raise AssertionError("the vault answers otherwise than the code that it runs")
    PROCESS.close()
    middle = statistics.median
    more = middle(a - b for a, b in zip(asked["warm"], bare["warm"], strict=True))
    start = middle(a - b for a, b in zip(asked["cold"], bare["cold"], strict=True)) - middle(read)
    name = f"a look at {auctions:,} auctions, sealed"
    return [
        Row(
            f"{name}; process warm; over the bar of 20 % + 0.5 s",
            f"{middle(asked['warm']):.2f} s", f"{middle(bare['warm']):.2f} s bare, log in memory",
            more / (0.2 * middle(bare["warm"]) + 0.5), "<= 1",
        ),
        Row(
            f"{name}; process cold; seconds more",
            f"{middle(asked['cold']):.2f} s",
            f"{middle(read):.2f} s to read + {middle(bare['cold']):.2f} s bare",
            start, "<= 3",
        ),
    ]  # fmt: skip


def _simulated(root: Path, auctions: int) -> Path:
    return simulate(SimulationConfig(auctions=auctions), seed=1).log.save(root / "log.parquet")


def _kills(root: Path, kills: int) -> list[Row]:
    found = kill_looks(make_case(root / "kills"), Ledger(root / "kills.sqlite"), kills, SEED)
    said = f"of {found.looks} looks; {found.cut_off} kills between a charge and its answer"
    return [
        Row(f"{what} in {kills} kills", str(number), said, number, "<= 0")
        for what, number in (
            ("rows and answers lost", found.lost), ("charged or answered twice", found.twice)
        )
    ]  # fmt: skip
