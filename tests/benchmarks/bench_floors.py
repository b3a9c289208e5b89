"""Floors by segment beside the best single floor, before buyers answer and after; and the limit.

Worlds of `FRESH` were never looked at while anything was tuned.
"""

from __future__ import annotations

import time

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from kit.allocate.floors.fill_limit import choose_points
from kit.data.schema import FIRST_PRICE, SECOND_PRICE
from kit.data.simulate import Exchange, SimulationConfig
from kit.data.simulate_buyers import simulate_seller
from kit.experiment.floor_trial import AFTER, BEFORE, FloorTrial
from kit.flow.floor_study import ONE, SEGMENTS, FloorStudy
from tests.benchmarks.table import Row, Table, milliseconds

FRESH = (911, 912, 913, 914, 915)
LISTEN_COST_CPM = 0.02
_EXCHANGES = (
    ("aurora", 0.40, 20.0, 1.9), ("borealis", 0.15, 13.0, 2.2),
    ("cassini", 0.20, 22.0, 1.7), ("dione", 0.25, 9.0, 2.4),
)  # fmt: skip


def tables(quick: bool) -> list[Table]:
    """Return lifts world by world, and the limit on lost fill beside a mixed-integer solver."""
    seeds, auctions = (FRESH[:1], 20_000) if quick else (FRESH, 150_000)
    second = [row for seed in seeds for row in _worlds(seed, auctions, SECOND_PRICE)]
    first = [row for seed in seeds for row in _worlds(seed, auctions, FIRST_PRICE)]
    return [
        Table("Floors by segment over the best single floor, second price, held-out", second),
        Table("The same at first price, both fitted for buyers who answer", first),
        Table("Best floors under a limit on lost fill", _limits(quick)),
    ]


def _worlds(seed: int, auctions: int, auction_type: int) -> list[Row]:
    exchanges = tuple(
        Exchange(name, auction_type, True, share, peak, price)
        for name, share, peak, price in _EXCHANGES
    )
    config = SimulationConfig(auctions=auctions, exchanges=exchanges, world_seed=seed)
    study = FloorStudy(simulate_seller(config, seed), seed=seed)
    answer = study.judge(listen_cost_cpm=LISTEN_COST_CPM)
    trial = answer.trial if answer.answered is None else answer.answered
    # at first price what counts is what is left once buyers have answered
    decides = BEFORE if auction_type == SECOND_PRICE else AFTER
    return [_row(trial, seed, state, state == decides) for state in (BEFORE, AFTER)]


def _row(trial: FloorTrial, seed: int, state: str, decides: bool) -> Row:
    states = trial.states.set_index(["plan", "state"])
    mine, base = states.loc[(SEGMENTS, state)], states.loc[(ONE, state)]
    revenue = base["revenue_cpm"]
    low, high = (100 * mine[end] / revenue for end in ("low", "high"))
    return Row(
        f"world {seed}, {state} buyers answer",
        f"{mine['revenue_cpm']:.4f} CPM, {100 * mine['lift']:+.2f} % ({low:+.2f} to {high:+.2f})",
        f"one floor {revenue:.4f} CPM",
        float(low),
        ">= 0 (low end of the 95 % interval, %)" if decides else "",
    )


def _limits(quick: bool) -> list[Row]:
    rows = []
    for segments in (10,) if quick else (30, 60):
        rng = np.random.default_rng([9, segments])
        lost = np.sort(rng.random((segments, 40)), axis=1)
        lost[:, 0] = 0.0
        revenue, limit = rng.random((segments, 40)), 0.05 * segments
        start = time.process_time()
        choice = choose_points(revenue, lost, limit)
        ours = time.process_time() - start
        start = time.process_time()
        solved = milp(
            -revenue.ravel(), integrality=np.ones(revenue.size), bounds=Bounds(0, 1),
            constraints=[
                LinearConstraint(np.kron(np.eye(segments), np.ones(40)), 1, 1),
                LinearConstraint(lost.ravel()[None], 0, limit),
            ],
            options={"mip_rel_gap": 1e-9},
        )  # fmt: skip
        theirs = time.process_time() - start
        rows.append(Row(
            f"{segments} segments, 40 floors each",
            f"{milliseconds(ours)}, revenue {choice.revenue:.6f}",
            f"HiGHS MIP {milliseconds(theirs)}, revenue {-solved.fun:.6f}",
            theirs / ours,
            ">= 1",
        ))  # fmt: skip
    return rows
