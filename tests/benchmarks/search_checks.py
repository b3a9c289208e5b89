"""Whether each search task is one: its solution pays, and numbers alone do not find it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from kit.base.errors import KitError
from kit.replay.run import replay
from kit.validate.readings import impression_value
from kit.variant.frozen import FrozenVariant
from kit.variant.space import numbers_of
from kit.variant.spec import VariantSpec
from tests.benchmarks.search_tasks import Task, built, make

SEEDS = (1, 2, 3, 4, 5)
SETTINGS = 60
"""Random settings of numbers alone, in the first seed."""
GAIN_BAR, TUNE_BAR, NUMBERS_BAR = 4.0, 4, 0.5


@dataclass(frozen=True)
class Checked:
    """What was found of one task, in currency for every 1,000 auctions.

    Parameters
    ----------
    name : str
        Of the task.
    default, solution : ndarray, shape (seeds,)
        Truth of both.
    tuned : int
        Seeds in which the tune split prefers the solution.
    numbers : float
        Truth of the best of the random settings, in the first seed.
    """

    name: str
    default: np.ndarray
    solution: np.ndarray
    tuned: int
    numbers: float

    @property
    def sureness(self) -> float:
        """Mean gain over the larger standard deviation of the two, refitted on every seed."""
        spread = max(self.default.std(ddof=1), self.solution.std(ddof=1))
        return float((self.solution - self.default).mean() / spread)

    @property
    def share(self) -> float:
        """Share of the first seed's gain that numbers alone reach."""
        gain = self.solution[0] - self.default[0]
        return float((self.numbers - self.default[0]) / gain)

    @property
    def holds(self) -> bool:
        """Whether every bar is met."""
        return (
            bool((self.solution > self.default).all())
            and self.sureness >= GAIN_BAR
            and self.tuned >= TUNE_BAR
            and self.share <= NUMBERS_BAR
        )

    def line(self) -> str:
        """Return the row of a Markdown table."""
        cells = [
            self.name, f"{self.default.mean():.3f}", f"{self.solution.mean():.3f}",
            f"{self.sureness:.1f}", f"{self.tuned} of {len(SEEDS)}", f"{self.default[0]:.3f}",
            f"{self.solution[0]:.3f}", f"{self.numbers:.3f}", f"{100 * self.share:.0f} %",
            "yes" if self.holds else "NO",
        ]  # fmt: skip
        return f"| {' | '.join(cells)} |"


HEAD = (
    "task", "default", "solution", "gain / sd", "tune prefers it", "default, seed 1",
    "solution, seed 1", f"best of {SETTINGS} numbers-only", "its share", "holds",
)  # fmt: skip


def checked(name: str) -> Checked:
    """Build the default and the solution for every seed, and settings of numbers for the first."""
    truths, tuned, numbers = [], 0, -np.inf
    for seed in SEEDS:
        task = make(name, seed)
        with TemporaryDirectory() as folder:
            both = [built(task, spec, Path(folder)) for spec in (task.default, task.solution)]
            truths.append([task.truth(variant) for variant in both])
            tuned += on_tune(task, both[1]) > on_tune(task, both[0])
            if seed == SEEDS[0]:
                numbers = best_numbers(task, Path(folder))
    default, solution = np.array(truths).T
    return Checked(name, default, solution, tuned, numbers)


def on_tune(task: Task, variant: FrozenVariant) -> float:
    """Return what the tune split says a variant earns, clicks as they fell."""
    log = variant.with_predictions(task.tune)
    result = replay(log, variant.bids(log), value=impression_value(log, "pessimistic"))
    return 1000 * result.unit.money(result.surplus) / len(log)


def best_numbers(task: Task, folder: Path) -> float:
    """Return the highest truth of random settings: the most that a search over numbers could get.

    Each setting moves every number with probability 1/2, so that many leave a good policy alone.
    """
    rng = np.random.default_rng(task.seed)
    truths = []
    while len(truths) < SETTINGS:
        try:
            truths.append(task.truth(built(task, _moved(task.default, rng), folder)))
        except KitError:  # a number drawn as it was before changes nothing
            continue
    return max(truths)


def _moved(spec: VariantSpec, rng: np.random.Generator) -> VariantSpec:
    for number in numbers_of(spec):
        if rng.random() < 0.5:
            spec = number.change(number.draw(rng)).apply(spec)
    return spec


def head() -> str:
    """Return the first two lines of a Markdown table."""
    return f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}"
