"""The corpus: every kind of leak, how it can be planted, and how to score a battery on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests.validate.leakage import plants_columns as columns
from tests.validate.leakage import plants_rows as rows
from tests.validate.leakage.worlds import Case, Draft, draft, finish

Plant = Callable[[Draft, int, np.random.Generator], None]
STRENGTHS = ("weak", "middle", "strong")
PLANTS: dict[str, tuple[Plant, ...]] = {
    "after_auction": (
        columns.price_copy, columns.market_copy, columns.win_flag, columns.filled_when_won,
    ),
    "target_proxy": (
        columns.label_in_noise, columns.label_both_tails, columns.filled_after_target,
        columns.status_after_target,
    ),
    "time_overlap": (rows.swapped_rows, rows.blurred_cut, rows.tune_in_the_middle),
    "future_join": (
        columns.next_day_rate, columns.next_price, columns.later_clicks, columns.until_next_click,
    ),
    "duplicate_rows": (rows.copied_rows, rows.jittered_rows, rows.edited_rows, rows.reused_ids),
    "memorising_id": (columns.random_ids, columns.sessions, columns.skewed_ids),
    "later_aggregate": (
        columns.rate_of_all_days, columns.rate_of_train_days, columns.rate_of_the_day,
        columns.price_of_all_days,
    ),
    "label_maturity": (rows.labels_read_later, rows.young_negatives, rows.early_maturity),
    "shuffled_target": (rows.encoded_over_both, rows.neighbours_over_both),
    "shuffled_time": (rows.row_counter, rows.batch_number),
}  # fmt: skip
"""By kind of finding, the plants that it should be found in."""


@dataclass(frozen=True)
class Planted:
    """One case by name: the same four words always make the same logs."""

    kind: str
    plant: str
    strength: str
    seed: int

    def make(self) -> Case:
        """Draw the world and plant the leak."""
        made = draft(self.seed, conversions=self.kind == "label_maturity")
        plant = next(plant for plant in PLANTS[self.kind] if plant.__name__ == self.plant)
        plant(made, STRENGTHS.index(self.strength), np.random.default_rng([self.seed, 5]))
        return finish(made)


def clean(seed: int) -> Case:
    """Draw a log without a leak; every fourth is judged on conversions."""
    return finish(draft(seed, conversions=seed % 4 == 3))


def planted(kind: str, strength: str, count: int, first_seed: int) -> list[Planted]:
    """Return cases of a kind, its plants in turn."""
    plants = PLANTS[kind]
    return [
        Planted(kind, plants[number % len(plants)].__name__, strength, first_seed + number)
        for number in range(count)
    ]
