"""Tasks for a search over variants: each starts where something structural is missing.

``python -m tests.benchmarks.search_tasks`` prints what the default and the solution of each are
worth, and how far numbers alone get.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from kit.data.log import AuctionLog
from kit.replay.run import replay
from kit.variant.build import build_variant, fit_click
from kit.variant.frozen import FrozenVariant
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec
from tests.benchmarks.search_traffic import FRESH_DAY, Drawn, World, draw
from tests.benchmarks.search_worlds import PLANS

TASKS = tuple(PLANS)
FRESH = 40_000
"""Auctions that the truth is averaged over."""
FRESH_SEED = 1_000_000
"""One for all seeds of a task, so that what differs between them is what was learnt."""
_PARAMS: dict[str, bool | int | float | str] = {
    "num_iterations": 120, "learning_rate": 0.1, "min_data_in_leaf": 50,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Task:
    """One search to be done.

    Parameters
    ----------
    name : str
        Of its world.
    seed : int
        Of what was drawn.
    train, tune : AuctionLog
        What a search sees, earlier and later rows: every market price, and the clicks that would
        follow had we won.
    default : VariantSpec
        Where a search starts: worth 0 %.
    solution : VariantSpec
        The default with the edits that the world was built around: worth 100 %.
    """

    name: str
    seed: int
    train: AuctionLog
    tune: AuctionLog
    default: VariantSpec
    solution: VariantSpec
    _world: World = field(repr=False)

    @cached_property
    def _fresh(self) -> Drawn:
        return draw(self._world, FRESH, FRESH_SEED, FRESH_DAY)

    def truth(self, variant: FrozenVariant) -> float:
        """Return what a variant earns on fresh traffic, for every 1,000 auctions, in currency.

        A win is worth its true click probability times the value of a click: no luck of clicks.
        """
        log = variant.with_predictions(self._fresh.log)
        worth = self._fresh.pctr * log.frame["click_value_cpm"].to_numpy(np.float64)
        result = replay(log, variant.bids(log), value=worth)
        return 1000 * result.unit.money(result.surplus) / len(log)


def make(task: str, seed: int) -> Task:
    """Draw one of `TASKS`; the same name and seed give the same rows."""
    plan = PLANS[task]
    log = draw(plan.world, plan.train + plan.tune, seed).log
    default = VariantSpec(
        name="default",
        model=ModelSpec(features=plan.features, params=_PARAMS),
        policy=PolicySpec(name=plan.policy, params=dict(plan.numbers)),
    )
    solution = default
    for edit in plan.edits:
        solution = edit.apply(solution)
    return Task(
        task, seed, log.rows(slice(0, plan.train)), log.rows(slice(plan.train, None)),
        default, solution.model_copy(update={"name": "solution"}), plan.world,
    )  # fmt: skip


def built(task: Task, spec: VariantSpec, folder: Path) -> FrozenVariant:
    """Fit on one thread, and freeze under the spec's key."""
    assert spec.model is not None
    click = fit_click(spec.model, task.train, task.tune, spec.seed, num_threads=1)
    return build_variant(spec, task.train, task.tune, folder / spec.key, click=click)


def main() -> None:
    """Print the checks of every task, each as it is done."""
    from tests.benchmarks.search_checks import checked, head

    print(head(), flush=True)
    for name in TASKS:
        print(checked(name).line(), flush=True)


if __name__ == "__main__":
    main()
