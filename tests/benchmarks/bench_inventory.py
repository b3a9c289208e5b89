"""Inventory selection: the lazy greedy beside the LP; the mixed auction beside pandas."""

from __future__ import annotations

import statistics
import time

import numpy as np
import pandas as pd

from kit.allocate.inventory.greedy import greedy_inventory
from kit.allocate.inventory.lp import _Program, lp_inventory
from kit.allocate.inventory.problem import Inventory, InventorySelection, QpsLimit
from kit.allocate.inventory.reselling import resell
from kit.allocate.mixed.auction import MixedAuction
from kit.data.simulate import SimulationConfig, simulate
from kit.data.split import time_split
from kit.data.valid import valid_clicks
from kit.flow.fit import ClickValue, fit_models, with_values
from kit.flow.judge_inventory import judge_inventory
from kit.flow.select_inventory import select_inventory
from tests.benchmarks.table import Row, Table, milliseconds
from tests.benchmarks.timing import medians

SEEDS = (9101, 9102, 9103)
"""Never looked at while anything was tuned."""
QPS_SHARE = 0.3
MODELLED = 1_000
"""Paths up to which the program is also modelled in cvxpy."""


def tables(quick: bool) -> list[Table]:
    """Time both, and say how far each is from its bound."""
    small = [(100, 1_000)] if quick else [(300, 3_000), (1_000, 10_000), (2_000, 20_000)]
    large = (
        [(2_000, 20_000)] if quick else [(10_000, 100_000), (30_000, 300_000), (100_000, 1_000_000)]
    )
    greedy_inventory(drawn(20, 40, 0), QpsLimit(10.0))  # compiles
    rows = [row for size in small for row in beside_lp(*size)]
    alone = [at_scale(*size) for size in large]
    return [
        Table("Inventory selection, 30 % of the queries, medians of three seeds", rows),
        Table("Inventory selection at scale: greedy, bound by 200 subgradient steps", alone),
        Table(
            "Inventory chosen on tune, replayed on held-out rows at 30 % of the queries",
            judged(20_000 if quick else 150_000),
        ),
        Table("Mixed auction", mixed(20_000 if quick else 1_000_000)),
    ]


def drawn(paths: int, groups: int, seed: int) -> Inventory:
    """Impressions that come over one to four neighbouring paths, each keeping its own share."""
    rng = np.random.default_rng(seed)
    size = 1 + rng.choice(4, groups, p=[0.3, 0.3, 0.25, 0.15])
    group = np.repeat(np.arange(groups), size)
    start = rng.integers(0, paths, groups)
    path = (start[group] + rng.integers(0, max(2, paths // 50), len(group))) % paths
    group, path = np.divmod(np.unique(group * paths + path), paths)
    path_ids, path = np.unique(path, return_inverse=True)
    value, kept = rng.lognormal(0.0, 1.0, groups), rng.uniform(0.5, 1.0, paths)
    surplus = value[group] * kept[path_ids[path]] * rng.uniform(0.8, 1.1, len(group))
    exchange = rng.integers(0, 6, len(path_ids))
    return Inventory.of(
        pd.DataFrame({"path_id": path_ids, "exchange": exchange.astype(str)}),
        pd.DataFrame({"group_id": np.arange(groups), "qps": rng.lognormal(0.0, 1.0, groups)}),
        pd.DataFrame({"group_id": group, "path_id": path_ids[path], "surplus": surplus}),
    )


def beside_lp(paths: int, groups: int) -> list[Row]:
    """Compare seconds and gaps on instances that the LP can solve."""
    greedy, lp, cold = [], [], []
    for seed in SEEDS:
        lot = drawn(paths, groups, seed)
        limit = QpsLimit(QPS_SHARE * lot.qps.sum())
        greedy.append(greedy_inventory(lot, limit))
        lp.append(lp_inventory(lot, limit))
        if paths <= MODELLED:
            cold.append(by_cvxpy(lot, limit, lp[-1].bounds["lp"]))
    seconds = [statistics.median(one.seconds for one in found) for found in (greedy, lp)]
    bound = [one.bounds["lp"] for one in lp]
    behind = [_median_gap(found, bound) for found in (greedy, lp)]
    loose = statistics.median(one.bound / most - 1 for one, most in zip(greedy, bound, strict=True))
    name = f"{paths:,} paths, {groups:,} groups"
    modelled = f", by cvxpy + HiGHS {milliseconds(statistics.median(cold))}" if cold else ""
    return [
        Row(f"{name}: seconds", milliseconds(seconds[0]),
            f"LP by HiGHS {milliseconds(seconds[1])}{modelled}", seconds[1] / seconds[0]),
        Row(f"{name}: % below the LP's bound", f"{behind[0]:.2f} %",
            f"LP, rounded {behind[1]:.2f} %", behind[0]),
        Row(f"{name}: own bound, % over the LP's", f"{100 * loose:.2f} %", "LP 0 %", 100 * loose),
    ]  # fmt: skip


def by_cvxpy(lot: Inventory, limit: QpsLimit, bound: float) -> float:
    """Return the seconds that modelling and solving the same program in cvxpy takes."""
    import cvxpy as cp

    start = time.perf_counter()
    program = _Program.of(lot, limit)
    share = cp.Variable(len(program.cost))
    limits = [program.rows @ share <= program.limit, share >= 0, share <= 1]
    problem = cp.Problem(cp.Minimize(program.cost @ share), limits)
    problem.solve(solver=cp.HIGHS)
    seconds = time.perf_counter() - start
    if abs(-problem.value * program.scale / bound - 1) > 1e-6:
        raise RuntimeError(f"cvxpy: {-problem.value * program.scale:g}, not {bound:g}")
    return seconds


def _median_gap(found: list[InventorySelection], bound: list[float]) -> float:
    """Return how many percent the values lie below the bounds."""
    gaps = [1 - one.value / most for one, most in zip(found, bound, strict=True)]
    return 100 * statistics.median(gaps)


def at_scale(paths: int, groups: int) -> Row:
    """Time the greedy alone, and with its bound; the gap is against its own bound."""
    plain, whole, gaps, offers = [], [], [], 0
    for seed in SEEDS:
        lot = drawn(paths, groups, seed)
        limit = QpsLimit(QPS_SHARE * lot.qps.sum())
        plain.append(greedy_inventory(lot, limit, steps=0).seconds)
        found = greedy_inventory(lot, limit)
        whole.append(found.seconds)
        gaps.append(100 * found.gap)
        offers = len(lot.path_group)
    return Row(
        f"{paths:,} paths, {groups:,} groups, {offers:,} offers: microseconds an offer",
        f"{milliseconds(statistics.median(whole))}, gap {statistics.median(gaps):.2f} %",
        f"greedy alone {milliseconds(statistics.median(plain))}",
        statistics.median(whole) / offers * 1e6,
        "<= 10" if groups >= 1_000_000 else "",
    )


def judged(auctions: int) -> list[Row]:
    """Replay the selection and what it is compared with, valued by the clicks drawn."""
    found = []
    for seed in SEEDS[:1] if auctions < 100_000 else SEEDS:
        log = simulate(SimulationConfig(auctions=auctions, days=10, ctr=0.03), seed).full_log()
        sold = resell(valid_clicks(log), np.random.default_rng(seed))
        raw = time_split(sold.log, tune=0.2, holdout=0.4)
        models = fit_models(raw.train, raw.tune, lambda _: None, targets=("click", "market"))
        split = with_values(raw, models.click, ClickValue.of(raw.train, raw.tune))
        plan = select_inventory(
            split.tune, models.market, qps_share=QPS_SHARE, impression="auction_id",
            by=("exchange", "supply_path", "ad_format"),
        )  # fmt: skip
        result = judge_inventory(split.holdout, models.market, plan)
        money = log.meta.unit.money
        for row in result.differences.itertuples():
            other = result.totals.loc[row.over, "surplus"]
            low, high = money(row.low), money(row.high)
            found.append(
                Row(f"seed {seed}: surplus beside {row.over}",
                    f"{money(row.difference):+.1f} USD, interval {low:.1f} to {high:.1f}",
                    f"{money(other):.1f} USD", 1 + row.difference / other)
            )  # fmt: skip
    return found


def mixed(auctions: int) -> list[Row]:
    """Clear auctions of five ads; pandas sorts and takes the first two of each."""
    rng = np.random.default_rng(SEEDS[0])
    rows = 5 * auctions
    ads = pd.DataFrame(
        {
            "auction": np.repeat(np.arange(auctions), 5),
            "source": np.tile(np.array(["own"] * 2 + ["exchange"] * 2 + ["partner"]), auctions),
            "price_cpm": rng.lognormal(0.5, 0.7, rows),
            "fee": np.tile([0.0, 0.0, 0.1, 0.1, 0.2], auctions),
            "quality": rng.random(rows),
            "user_cost_cpm": 0.1 * rng.random(rows),
        }
    )
    ads["source"] = ads["source"].astype("category")
    auctioned = MixedAuction(quality_weight=0.3)

    def by_pandas() -> np.ndarray:
        score = ads["price_cpm"] * (1 - ads["fee"]) + 0.3 * ads["quality"] - ads["user_cost_cpm"]
        ranked = ads.assign(score=score).sort_values(["auction", "score"])
        return np.asarray(ranked.groupby("auction")["score"].tail(2))

    start = time.perf_counter()
    auctioned.run(ads.iloc[:100])
    compiled = time.perf_counter() - start
    seconds = medians({"kit": lambda: auctioned.run(ads), "pandas": by_pandas}, 3)
    return [
        Row(f"{auctions:,} auctions, {rows:,} ads", milliseconds(seconds["kit"]),
            f"pandas, scores of the first two alone {milliseconds(seconds['pandas'])}",
            seconds["pandas"] / seconds["kit"]),
        Row("first call, compiled or read from the cache", milliseconds(compiled), "", compiled),
    ]  # fmt: skip
