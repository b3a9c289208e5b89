"""What a variant board says of one candidate, and how two specs differ."""

# ruff: noqa: RUF002 - the dash in the example is what is printed
from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from kit.base.checks import one_of
from kit.base.errors import DataError
from kit.flow.search.metered import Cost
from kit.report.numbers import ABSENT
from kit.validate.comparison import Comparison
from kit.validate.verdict import Status, Verdict, worst
from kit.variant.frozen import FrozenVariant
from kit.variant.spec import ModelSpec, VariantSpec

ORDERS = ("tune score", "lineage")
Order = Literal["tune score", "lineage"]
_NOT_SET = "not set"


@dataclass(frozen=True)
class Standing:
    """What is known of one candidate.

    Parameters
    ----------
    variant : FrozenVariant
        The candidate.
    preview : Verdict
        What the tune split says of it, and what a look would cost and could find now; see
        `kit.validate.vault.Vault.preview`.
    verdict : Verdict or None
        What a look at the holdout answered, now or in an earlier session.
    charged : int
        Number of its look; 0 where none was charged.
    parent : str
        Name of the variant that it changes, or its key where that one is not known; empty for a
        first one.
    above : tuple of str
        Candidates on the board that it descends from, nearest first.
    cost : Cost or None
        What a search paid for it; None where none built it.
    """

    variant: FrozenVariant
    preview: Verdict
    verdict: Verdict | None
    charged: int
    parent: str
    above: tuple[str, ...] = ()
    cost: Cost | None = None

    @property
    def depth(self) -> int:
        """Ancestors that are on the board."""
        return len(self.above)

    @property
    def name(self) -> str:
        """What the board calls it."""
        return self.variant.spec.name

    @property
    def tune(self) -> Comparison:
        """The paired effect on the tune split, pessimistic where the log leaves things open."""
        if self.preview.tune is None:
            raise DataError(f"{self.name}: its preview lacks the tune split. Preview it again.")
        return self.preview.tune

    @property
    def money(self) -> tuple[float, float, float]:
        """Surplus on the tune split less the baseline's in currency, and its interval."""
        row, unit = self.tune.first, self.preview.unit
        ends = (row.difference, row.simultaneous_low, row.simultaneous_high)  # as in a report
        difference, low, high = map(unit.money, ends)
        return difference, low, high

    @property
    def tune_status(self) -> Status:
        """The worst gate on the tune split, but for the effect that waits for a look."""
        counted = [
            gate for gate in self.preview.gates if gate.gate != "effect" or gate.status == "fail"
        ]
        return worst(tuple(counted))

    @property
    def answer(self) -> str:
        """The verdict in few words, or that there is none."""
        if self.verdict is not None:
            return f"{self.verdict.answer}: {self.verdict.status} (look {self.verdict.look})"
        return f"not answered (look {self.charged})" if self.charged else "not asked"

    @property
    def latest(self) -> Verdict:
        """What a look said; where there was none, what is known before one."""
        return self.verdict or self.preview

    @property
    def may_ask(self) -> bool:
        """Whether a look would say more: it is not answered yet, and no gate fails on tune."""
        failed = any(gate.status == "fail" for gate in self.preview.gates)
        return self.verdict is None and (self.charged > 0 or not failed)


def ranked(rows: Iterable[Standing], order: Order) -> list[Standing]:
    """Return candidates best on the tune split first; with ``lineage`` each after its parent.

    Raises
    ------
    DataError
        If the order is unknown.
    """
    one_of("order", order, ORDERS)
    best = sorted(rows, key=_score, reverse=True)
    return _by_lineage(best) if order == "lineage" else best


def _score(row: Standing) -> float:
    return row.money[0] if math.isfinite(row.money[0]) else -math.inf


def _by_lineage(rows: list[Standing]) -> list[Standing]:
    """Return every candidate after its parent; the order is kept among siblings."""
    placed: dict[str, Standing] = {}

    def place(row: Standing) -> None:
        if row.name not in placed:
            placed[row.name] = row
            for child in rows:
                if child.above[:1] == (row.name,):
                    place(child)

    for row in sorted(rows, key=lambda row: row.depth):
        place(row)
    return list(placed.values())


def spec_diff(left: VariantSpec, right: VariantSpec) -> pd.DataFrame:
    """Return what decides bids and differs: model, policy and seed.

    Returns
    -------
    pandas.DataFrame
        field (a dotted path; a feature is a field of its own), left, right, as text.

    Examples
    --------
    >>> from kit.variant.spec import ModelSpec, PolicySpec
    >>> policy = PolicySpec(name="value", params={"multiplier": 2})
    >>> one = VariantSpec(name="one", policy=policy, model=ModelSpec(features=("device", "hour")))
    >>> two = VariantSpec(name="two", policy=policy, model=ModelSpec(features=("device",)))
    >>> spec_diff(one, two).values.tolist()
    [['model.features.hour', 'yes', '–']]

    Notes
    -----
    What a model has by default is no difference from having no model.
    """
    sides = [
        dict(_flat("", spec.model_dump(mode="json", include={"model", "policy", "seed"})))
        for spec in (left, right)
    ]
    usual = dict(_flat("model", ModelSpec().model_dump(mode="json", exclude={"features"})))
    rows = [
        (field, *said)
        for field in dict.fromkeys([*sides[0], *sides[1]])
        if (said := [side.get(field, ABSENT) for side in sides])[0] != said[1]
        and set(said) != {ABSENT, usual.get(field)}
    ]
    return pd.DataFrame(rows, columns=["field", "left", "right"])


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _flat(f"{path}.{name}".lstrip("."), part)
    elif isinstance(value, list):
        yield from ((f"{path}.{item}", "yes") for item in value)
    elif value is None:
        yield path, _NOT_SET
    else:
        yield path, f"{value:.10g}" if isinstance(value, float) else str(value)
