"""Which paths to listen to: against brute force, an independent LP, and its own bounds."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from kit.allocate.inventory.bound import guarantee, priced_bound, tightened_bound
from kit.allocate.inventory.greedy import affordable_seeds, greedy_inventory
from kit.allocate.inventory.lp import _pipage, lp_inventory
from kit.allocate.inventory.problem import Inventory, InventorySelection, QpsLimit
from kit.base.errors import DataError

PATHS = pd.DataFrame({"path_id": ["a", "b", "c"], "exchange": ["x", "x", "y"]})
GROUPS = pd.DataFrame({"group_id": [1, 2], "qps": [10.0, 5.0]})
OFFERS = pd.DataFrame(
    {
        "group_id": [1, 1, 2],
        "path_id": ["a", "b", "c"],
        "surplus": [0.3, 0.2, 0.1],
    }
)
FLAT = pd.DataFrame(
    {"path_id": ["a", "b"], "exchange": "x", "qps": [1.0, 2.0], "surplus": [1.0, 1.0]}
)


def drawn(
    rng: np.random.Generator, paths: int, groups: int, exchanges: int = 2, spread: float = 0.0
) -> Inventory:
    """Overlapping offers, some worth nothing, some alike unless `spread` tells them apart."""
    offered = rng.random((groups, paths)) < 0.4
    offered[np.arange(paths) % groups, np.arange(paths)] = True
    group, path = np.nonzero(offered)
    worth = rng.choice([-0.1, 0.0, 0.2, 0.5, 1.0], len(group)) * rng.choice([1.0, 1.3], len(group))
    worth = worth * rng.uniform(1 - spread, 1 + spread, len(worth))
    names = [f"x{code}" for code in rng.integers(0, exchanges, paths)]
    return Inventory.of(
        pd.DataFrame({"path_id": np.arange(paths), "exchange": names}),
        pd.DataFrame({"group_id": np.arange(groups), "qps": rng.integers(1, 6, groups) * 1.0}),
        pd.DataFrame({"group_id": group, "path_id": path, "surplus": worth}),
    )


def drawn_limit(rng: np.random.Generator, lot: Inventory) -> QpsLimit:
    total = float(rng.choice([0.0, 0.2, 0.5, 1.0])) * lot.qps.sum()
    limits = {name: 0.4 * total for name in lot.exchanges if rng.random() < 0.4}
    return QpsLimit(total, limits)


def best_whole(lot: Inventory, limit: QpsLimit) -> float:
    """The optimum over whole paths, by trying all sets."""
    most, by_exchange = 0.0, limit.of(lot)
    for chosen in product([0.0, 1.0], repeat=len(lot)):
        rate = np.array(chosen)
        used = np.bincount(lot.exchange, rate * lot.qps, len(lot.exchanges))
        if used.sum() <= limit.total + 1e-9 and (used <= by_exchange + 1e-9).all():
            most = max(most, lot.value(rate))
    return most


def lp_optimum(lot: Inventory, limit: QpsLimit) -> float:
    """The relaxation written down a second time, dense, for scipy."""
    paths, offers = len(lot), len(lot.group_path)
    group = np.repeat(np.arange(len(lot.groups)), np.diff(lot.group_start))
    heard = np.zeros((offers, paths + offers))
    heard[np.arange(offers), lot.group_path] = -1.0
    heard[np.arange(offers), paths + np.arange(offers)] = 1.0
    once = np.zeros((len(lot.groups), paths + offers))
    once[group, paths + np.arange(offers)] = 1.0
    queries = np.zeros((1 + len(lot.exchanges), paths + offers))
    queries[0, :paths] = lot.qps
    queries[1 + lot.exchange, np.arange(paths)] = lot.qps
    most = np.minimum(limit.of(lot), 1e9)
    result = linprog(
        np.r_[np.zeros(paths), -lot.group_worth],
        np.vstack([heard, once, queries]),
        np.r_[np.zeros(offers), np.ones(len(lot.groups)), limit.total, most],
        bounds=[(0, 1)] * (paths + offers),
    )
    return float(-result.fun)


def check_limits(found: InventorySelection, limit: QpsLimit) -> None:
    lot = found.inventory
    used = np.bincount(lot.exchange, found.rate * lot.qps, len(lot.exchanges))
    assert (found.rate >= 0).all()
    assert (found.rate <= 1).all()
    assert used.sum() <= limit.total * (1 + 1e-9)
    assert (used <= limit.of(lot) * (1 + 1e-9)).all()


@pytest.mark.parametrize("seed", range(60))
def test_values_and_bounds_against_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lot = drawn(rng, int(rng.integers(1, 9)), int(rng.integers(1, 10)))
    limit = drawn_limit(rng, lot)
    whole, relaxed = best_whole(lot, limit), lp_optimum(lot, limit)
    slack = 1e-7 * (1 + relaxed)
    for seeds in (0, 1, 2, 3):
        found = greedy_inventory(lot, limit, seeds=seeds, fill=False)
        check_limits(found, limit)
        assert set(found.rate) <= {0.0, 1.0}
        assert found.value <= whole + slack
        assert min(found.bounds.values()) >= whole - slack
        assert found.bounds["prices"] <= found.bounds["data"]
        assert found.bounds["prices"] >= relaxed - slack
        if limit.by_exchange == {} and seeds:
            assert found.value >= (1 - np.exp(-1)) / (1 if seeds == 3 else 2) * whole - slack
            assert found.bounds["guarantee"] >= whole - slack
    filled, lp = greedy_inventory(lot, limit), lp_inventory(lot, limit)
    for found in (filled, lp):
        check_limits(found, limit)
        assert found.value <= relaxed + slack
        assert min(found.bounds.values()) >= relaxed - slack
    assert lp.bounds["lp"] == pytest.approx(relaxed, rel=1e-6, abs=1e-7)
    assert lp.value >= (1 - np.exp(-1)) * relaxed - slack  # correlation gap


@given(st.integers(0, 10**6), st.floats(0, 3))
@settings(max_examples=60, deadline=None)
def test_any_prices_prove_a_bound(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    lot = drawn(rng, 6, 6)
    limit = drawn_limit(rng, lot)
    price = scale * rng.random(len(lot.groups))
    found = priced_bound(lot, limit, price)
    assert found.bound >= best_whole(lot, limit) - 1e-9
    assert found.query_price >= 0
    assert found.rate @ lot.qps <= limit.total * (1 + 1e-9)
    tight, proof, mean = tightened_bound(lot, limit, price, 0.0, 30)
    assert tight.bound <= found.bound
    assert priced_bound(lot, limit, proof).bound == pytest.approx(tight.bound)
    assert mean @ lot.qps <= limit.total * (1 + 1e-9)


def test_what_sampling_earns_is_the_mean_over_all_outcomes() -> None:
    rng = np.random.default_rng(4)
    lot = drawn(rng, 6, 8)
    rate = rng.random(6)
    mean = sum(
        float(np.prod(np.where(heard, rate, 1 - rate))) * lot.value(np.array(heard, dtype=float))
        for heard in product([False, True], repeat=6)
    )
    assert lot.value(rate) == pytest.approx(mean)


def test_lazy_greedy_takes_what_a_plain_one_takes() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        lot = drawn(rng, 12, 25, spread=0.1)
        limit = QpsLimit(0.5 * lot.qps.sum())
        best, taken, left = np.zeros(25), np.zeros(12, dtype=bool), limit.total
        while True:
            gain = np.array(
                [
                    np.maximum(
                        lot.path_worth[lot.path_start[p] : lot.path_start[p + 1]]
                        - best[lot.path_group[lot.path_start[p] : lot.path_start[p + 1]]],
                        0,
                    ).sum()
                    for p in range(12)
                ]
            )
            open_ = ~taken & (lot.qps <= left) & (gain > 0)
            if not open_.any():
                break
            path = int(np.argmax(np.where(open_, gain / lot.qps, -1)))
            offers = slice(lot.path_start[path], lot.path_start[path + 1])
            np.maximum.at(best, lot.path_group[offers], lot.path_worth[offers])
            taken[path], left = True, left - lot.qps[path]
        found = greedy_inventory(lot, limit, seeds=0, fill=False, steps=0)
        assert found.rate.astype(bool).tolist() == taken.tolist()


def test_pipage_keeps_the_queries_and_never_loses() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        lot = drawn(rng, 10, 15)
        rate = rng.random(10)
        rounded = _pipage(lot, rate.copy())
        assert lot.value(rounded) >= lot.value(rate) - 1e-9
        before, after = (np.bincount(lot.exchange, r * lot.qps) for r in (rate, rounded))
        assert after == pytest.approx(before)
        partly = (rounded > 1e-9) & (rounded < 1 - 1e-9)
        assert np.bincount(lot.exchange, partly).max() <= 1


def test_a_duplicate_is_not_bought_twice() -> None:
    lot = Inventory.of(PATHS, GROUPS, OFFERS)
    assert lot.value([1.0, 0.0, 0.0]) == lot.value([1.0, 1.0, 0.0]) == pytest.approx(3.0)
    found = greedy_inventory(lot, QpsLimit(20.0))
    assert found.rate.tolist() == [1.0, 0.0, 1.0]
    assert found.value == pytest.approx(3.5)
    assert found.gap == pytest.approx(0.0, abs=1e-9)
    table = found.table.set_index("path_id")
    assert table.loc["a", "loses"] == pytest.approx(3.0)
    assert table.loc["b", "adds"] == 0.0
    assert found.words()[0].startswith("Listen to 2 of 3 paths (0 of them sampled): 15 of 25")


def test_more_queries_never_earn_less_and_the_price_says_how_much() -> None:
    lot = drawn(np.random.default_rng(8), 9, 20)
    limits = np.linspace(0.1, 1.0, 12) * lot.qps.sum()
    found = [lp_inventory(lot, QpsLimit(float(total))) for total in limits]
    bounds = np.array([one.bound for one in found])
    assert (np.diff(bounds) >= -1e-9).all()
    # the price of a query is a slope of the concave frontier
    for one, total, before, after in zip(found[1:], limits[1:], bounds, bounds[2:], strict=False):
        step = limits[1] - limits[0]
        assert (after - one.bound) / step - 1e-6 <= one.query_price, total
        assert one.query_price <= (one.bound - before) / step + 1e-6, total


def test_a_limit_on_an_exchange_has_its_own_price() -> None:
    lot = Inventory.of(
        pd.DataFrame(
            {"path_id": ["a", "b", "c"], "exchange": ["x", "x", "y"], "qps": [2.0, 2.0, 9.0],
             "surplus": [5.0, 4.0, 1.0]}
        )
    )  # fmt: skip
    for found in (
        greedy_inventory(lot, QpsLimit(5.0, {"x": 3.0})),
        lp_inventory(lot, QpsLimit(5.0, {"x": 3.0})),
    ):
        assert found.value == pytest.approx(2 * 5 + 1 * 4 + 2 * 1)
        assert found.query_price == pytest.approx(1.0)  # goes to y
        assert found.exchange_price.tolist() == pytest.approx([3.0, 0.0])  # 4 instead of 1
        assert found.words()[-1] == "Exchange x's limit costs 2.592e+05 USD a day for each query."


def test_time_out_falls_back_on_the_greedy() -> None:
    lot = drawn(np.random.default_rng(0), 60, 300)
    found = lp_inventory(lot, QpsLimit(0.3 * lot.qps.sum()), time_limit=1e-9)
    assert "ran out of time" in found.method
    assert 0 <= found.gap < 0.5
    check_limits(found, found.limit)


@pytest.mark.slow
def test_greedy_is_near_the_relaxation_on_medium_cases() -> None:
    gaps = []
    for seed in range(5):
        lot = drawn(np.random.default_rng(100 + seed), 80, 400)
        limit = QpsLimit(0.3 * lot.qps.sum())
        greedy, lp = greedy_inventory(lot, limit), lp_inventory(lot, limit)
        gaps.append(1 - greedy.value / lp.bounds["lp"])
        assert greedy.value >= 0.995 * lp.value
        assert greedy.bounds["prices"] <= 1.01 * lp.bounds["lp"]
    assert max(gaps) < 0.03


def test_seeds_are_as_deep_as_can_be_afforded() -> None:
    rng = np.random.default_rng(0)
    assert [affordable_seeds(drawn(rng, paths, 2 * paths)) for paths in (10, 35, 600)] == [3, 2, 1]
    lot = drawn(rng, 10, 20)
    assert greedy_inventory(lot, QpsLimit(20.0)).method == "greedy, seeds of 3"


def test_no_guarantee_without_seeds_or_with_limits_by_exchange() -> None:
    assert guarantee(1.0, 0, True) == np.inf
    assert guarantee(1.0, 3, False) == np.inf
    assert guarantee(1.0, 3, True) == pytest.approx(1.582, abs=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"paths": PATHS.assign(path_id="a")}, "paths.path_id: 2 repeated values"),
        ({"paths": PATHS.assign(path_id=["a", "b", None])}, "paths.path_id: 1 missing value"),
        ({"paths": PATHS.drop(columns="exchange")}, "paths: lacks column exchange"),
        ({"paths": PATHS.assign(exchange=["x", None, "y"])}, "paths.exchange: 1 missing value"),
        ({"paths": PATHS.iloc[:0]}, "paths: has no rows"),
        ({"groups": GROUPS.assign(qps=[1.0, -2.0])}, r"groups.qps: 1 negative value .*-2"),
        ({"groups": GROUPS.assign(qps=[1.0, 0.0])}, "groups.qps: 1 zero value .*sends no requests"),
        ({"groups": GROUPS.assign(qps=[1.0, np.nan])}, "groups.qps: 1 missing or infinite value"),
        ({"groups": GROUPS.assign(qps=["few", "many"])}, "groups.qps: got values of type"),
        ({"offers": OFFERS.assign(surplus=np.nan)}, "offers.surplus: 3 missing or infinite"),
        ({"offers": OFFERS.assign(path_id=["a", "b", "z"])}, "offers.path_id: 1 unknown .*: z"),
        ({"offers": OFFERS.assign(group_id=[1, 1, 9])}, "offers.group_id: 1 unknown .*: 9"),
        ({"offers": OFFERS.assign(path_id=["a", "a", "c"])}, r"offers: 1 repeated .*\(1, a\)"),
        ({"offers": OFFERS.iloc[:2]}, "paths: 1 empty value .*: c.*requests"),
        ({"groups": None}, "groups and offers: got one of them"),
    ],
)
def test_refused_tables(change: dict[str, pd.DataFrame | None], message: str) -> None:
    tables = {"paths": PATHS, "groups": GROUPS, "offers": OFFERS} | change
    with pytest.raises(DataError, match=message):
        Inventory.of(**tables)  # type: ignore[arg-type]


def test_refused_limits() -> None:
    lot = Inventory.of(FLAT)
    with pytest.raises(DataError, match="qps total: got -1"):
        QpsLimit(-1.0)
    with pytest.raises(DataError, match="qps total: got nan"):
        QpsLimit(float("nan"))
    with pytest.raises(DataError, match="qps of exchange x: got -2"):
        QpsLimit(1.0, {"x": -2.0})
    with pytest.raises(DataError, match="limits exchange 'z'; must be one of: x"):
        greedy_inventory(lot, QpsLimit(1.0, {"z": 2.0}))
    with pytest.raises(DataError, match="seeds: got 4"):
        greedy_inventory(lot, QpsLimit(1.0), seeds=4)
    with pytest.raises(DataError, match=r"groups.qps: 1 negative"):
        Inventory.of(FLAT.assign(qps=[1.0, -1.0]))
