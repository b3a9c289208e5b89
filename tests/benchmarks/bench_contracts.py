"""Guaranteed contracts beside an exchange: share of the hindsight bound reached online.

Of each publisher's draws one half tunes (prices, metric, the plain descent's step, the plan), the
other half is served in 10 permutations, and bounded in hindsight. A mean has its standard error
over the permutations behind it. Missing impressions cost twice what one earns on average.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from kit.allocate.contracts.acceptance import AcceptanceCurve
from kit.allocate.contracts.offline import offline_bound
from kit.allocate.contracts.online import ContractsServed, serve_contracts, serve_plainly
from kit.allocate.contracts.prices import ContractPrices
from kit.allocate.contracts.problem import ContractProblem
from kit.allocate.contracts.publishers import ImpressionTypes, Publisher, read_draws, read_publisher
from kit.allocate.contracts.shale import ShalePlan
from tests.benchmarks.table import Row, Table

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "adx"
SEED = 7_104
RUNS = 10
STEPS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)  # times the mean worth of an impression
MAKE_GOOD = 2.0

Serve = Callable[[np.ndarray, np.random.Generator], ContractsServed]


@dataclass(frozen=True)
class Case:
    """One publisher's draws."""

    name: str
    publisher: Publisher
    draws: np.ndarray
    target: str = ""


def tables(quick: bool) -> list[Table]:
    """Return one table without the exchange and one beside it; the ratio is the warm start's."""
    cases = list(_made_up(2_000 if quick else 100_000, 1 if quick else 3))
    if FOLDER.is_dir():
        cases = [*_published(2_000 if quick else 100_000), *cases]
    title = f"share of the offline bound, {RUNS} permutations of held-out draws"
    shown = [
        Table(f"Contracts {where}: {title}", [_row(case, exchange) for case in cases])
        for where, exchange in (("alone", False), ("beside an exchange", True))
    ]
    return [*shown, _opt_figures(5_000 if quick else 100_000)] if FOLDER.is_dir() else shown


def _opt_figures(count: int) -> Table:
    """Return what the publishers' `opt` files might mean: their ratio is 3.03, none comes near."""
    figures: dict[str, list[float]] = {}
    for name, impressions in (("pub1", 1_500_000), ("pub2", 2_100_000)):
        one = read_publisher(FOLDER, name)
        draws = one.types.draw(count, np.random.default_rng(SEED))
        opt = float((FOLDER / f"{name}-opt.txt").read_text())
        for what, value in _candidates(one, draws, impressions).items():
            figures.setdefault(what, []).extend([value, opt])
    return Table(
        "Publishers' opt files (7683.489359 and 23284.0365) beside candidate definitions",
        [
            Row(what, f"{a:.6g} and {b:.6g}", f"opt is x {x / a:.4g} and x {y / b:.4g}", b / a)
            for what, (a, x, b, y) in figures.items()
        ],
    )


def _candidates(one: Publisher, draws: np.ndarray, impressions: int) -> dict[str, float]:
    def best(weight: float = 1.0, exchange: bool = True) -> float:
        return offline_bound(one.problem(weight, exchange), draws).value

    def scaled(total: float) -> float:
        rho = one.rho / one.rho.sum() * total
        return offline_bound(ContractProblem.of(rho, make_good=0.0), draws).value

    largest = float(np.nanmax(draws))
    alone, joint = best(exchange=False), best()
    return {
        "quality alone, per impression": alone,
        "the same over the largest quality, 100k draws": alone / largest * 1e5,
        "the same, rho scaled to 1.5 in all": scaled(1.5) / largest * 1e5,
        "exchange + quality (gamma 1), per impression": joint,
        "exchange + quality (gamma 10), per impression": best(10.0),
        "exchange + quality (gamma 1), all impressions of the week": joint * impressions,
        "random impressions (the README's Mean EQ)": float(one.rho @ one.types.mean_quality()),
    }


def _published(count: int) -> list[Case]:
    one, two = (read_publisher(FOLDER, name) for name in ("pub1", "pub2"))
    rng = np.random.default_rng(SEED)
    sample = rng.permutation(read_draws(FOLDER / "pub1-sample.txt"))[:count]
    return [
        Case("publisher 1, published draws", one, sample, ">= 0.98"),
        Case("publisher 2, drawn from its types", two, two.types.draw(count, rng)),
        Case("publisher 1, rho redrawn", _redrawn(one, rng), one.types.draw(count, rng)),
        Case("publisher 2, rho redrawn", _redrawn(two, rng), two.types.draw(count, rng)),
    ]


def _redrawn(publisher: Publisher, rng: np.random.Generator) -> Publisher:
    """Return the publisher with contracts of other sizes that its types can still deliver."""
    rho = publisher.rho * rng.lognormal(0, 0.5, len(publisher.rho))
    rho *= 0.8 * publisher.rho.sum() / rho.sum()
    reach = np.zeros(len(rho))
    for prob, ids in zip(publisher.types.prob, publisher.types.eligible, strict=True):
        reach[ids] += prob
    return Publisher(publisher.name, np.minimum(rho, 0.6 * reach), publisher.curve, publisher.types)


def _made_up(count: int, publishers: int) -> list[Case]:
    cases = []
    for number in range(publishers):
        rng = np.random.default_rng([SEED, number])
        publisher = _publisher(rng, (5, 17, 40)[number], (0.2, 0.45, 0.7)[number])
        name = f"made up, {len(publisher.rho)} contracts, {publisher.rho.sum():.0%} owed"
        cases.append(Case(name, publisher, publisher.types.draw(count, rng)))
    return cases


def _publisher(rng: np.random.Generator, contracts: int, owed: float) -> Publisher:
    """Make up types of which each suits some contracts; what is owed is a feasible plan's."""
    kinds = 12
    prob = rng.dirichlet(np.full(kinds, 0.8))
    may = rng.random((kinds, contracts)) < 0.3
    each = np.arange(max(kinds, contracts))
    may[each % kinds, each % contracts] = True
    plan = may * rng.dirichlet(np.ones(contracts), kinds)
    rho = owed * prob @ (plan / plan.sum(axis=1, keepdims=True).clip(1e-9))
    eligible = [np.flatnonzero(row) for row in may]
    mean = [rng.normal(0, 0.5, len(ids)) for ids in eligible]
    cov = [0.2 + 0.1 * np.eye(len(ids)) for ids in eligible]
    types = ImpressionTypes.of(prob, contracts, eligible, mean, cov)
    chance = np.linspace(0, 1, 101)
    curve = AcceptanceCurve.of(chance, -np.log(np.maximum(chance, 1e-4)))
    return Publisher("made up", rho, curve, types)


def _row(case: Case, exchange: bool) -> Row:
    problem = case.publisher.problem(exchange=exchange, make_good=MAKE_GOOD)
    half = len(case.draws) // 2
    tune, test = case.draws[:half], case.draws[half:]
    bound = offline_bound(problem, test)
    known = ContractPrices.fit(problem, tune)
    step = _tuned_step(problem, tune)
    plan = ShalePlan.fit(problem, tune)
    ways: dict[str, Serve] = {
        "warm": lambda draws, rng: serve_contracts(problem, draws, rng, known),
        "cold": lambda draws, rng: serve_contracts(problem, draws, rng),
        "plain": lambda draws, rng: serve_plainly(problem, draws, rng, step),
        "plan": plan.serve,
    }
    runs = {name: _runs(serve, test) for name, serve in ways.items()}
    got = {name: [run.value / bound.value for run in some] for name, some in runs.items()}
    text = {name: f"{np.mean(one):.4f} ± {_error(one):.4f}" for name, one in got.items()}
    short = max(float((run.short / np.maximum(run.owed, 100)).max()) for run in runs["warm"])
    return Row(
        case.name,
        f"warm {text['warm']}, cold {text['cold']}; most missing {short:.1%}",
        f"plain {text['plain']}, SHALE-style {text['plan']}",
        float(np.mean(got["warm"])),
        case.target,
    )


def _runs(serve: Serve, draws: np.ndarray, count: int = RUNS) -> list[ContractsServed]:
    runs = []
    for seed in range(count):
        rng = np.random.default_rng([SEED, 99, seed])
        runs.append(serve(rng.permutation(draws), rng))
    return runs


def _error(values: list[float]) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))


def _tuned_step(problem: ContractProblem, tune: np.ndarray) -> float:
    """Return the plain descent's best step on the tuning draws alone."""
    worth = problem.weight * float(np.nanmean(tune))
    values = {}
    for step in STEPS:
        serve = partial(serve_plainly, problem, step=step * worth)
        values[step * worth] = np.mean([run.value for run in _runs(serve, tune, 3)])
    return max(values, key=lambda step: values[step])
