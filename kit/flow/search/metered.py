"""What each trial of a search cost: seconds of building it, and the calls that proposed it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kit.ai.budget import Spent
from kit.ai.client import Client
from kit.ai.propose.brief import Brief
from kit.ai.propose.protocol import Proposer
from kit.flow.search.store import SearchStore
from kit.variant.change import Proposal
from kit.variant.trial import Trial

_SHORTEST_S = 0.01
"""A time below is not told: nothing was fitted."""


@dataclass(frozen=True)
class Cost:
    """What one trial cost.

    Parameters
    ----------
    seconds : float
        Of fitting and scoring it.
    calls, tokens : int
        Calls to a model that proposed it, retries and repairs counted, and their tokens both ways.
    money : Decimal or None
        Their price; None where a price is unknown.

    Examples
    --------
    >>> str(Cost(3.74, 1, 1520, Decimal("0.00042"))), str(Cost(0.52))
    ('3.7 s, 1,520 tokens for 0.00042', '0.52 s')
    >>> str(Cost(0.1, 1, 52, None))
    '0.1 s, 52 tokens at no known price'
    """

    seconds: float = 0.0
    calls: int = 0
    tokens: int = 0
    money: Decimal | None = Decimal(0)

    def __str__(self) -> str:
        """Return it in few words."""
        said = f"{self.seconds:.2g} s" if self.seconds < 10 else f"{self.seconds:,.0f} s"
        if self.seconds < _SHORTEST_S:
            said = f"under {_SHORTEST_S:g} s"
        if not self.calls:
            return said
        if self.money is None:
            return f"{said}, {self.tokens:,} tokens at no known price"
        price = f" for {self.money.normalize():f}" if self.money else ""
        return f"{said}, {self.tokens:,} tokens{price}"


class Metered:
    """A proposer whose calls to a model are written down beside the trials that they led to.

    Parameters
    ----------
    proposer : Proposer
        Who proposes.
    model : Client or None
        Whom it asks.
    store : SearchStore
        Where the calls are noted. What is noted stays: after a kill the journal answers, at no
        cost, what was paid for before.
    """

    def __init__(self, proposer: Proposer, model: Client | None, store: SearchStore) -> None:
        self.name = proposer.name
        self._proposer, self._model, self._store = proposer, model, store

    def propose(
        self, brief: Brief, trials: Sequence[Trial], count: int, seed: int
    ) -> list[Proposal]:
        """Return what the proposer does."""
        if self._model is None:
            return self._proposer.propose(brief, trials, count, seed)
        before = self._model.budget.spent
        made = self._proposer.propose(brief, trials, count, seed)
        self._note(_difference(self._model.budget.spent, before), len(trials), len(made))
        return made

    def _note(self, spent: Spent, first: int, count: int) -> None:
        """Share what a round's calls cost among its trials; the first takes what is left over."""
        if not spent.calls or not count:
            return
        for place in range(count):
            parts: dict[str, Any] = {
                name: _part(getattr(spent, name), count, place) for name in _WHOLE
            }
            parts["money"] = None if spent.unpriced else str(spent.money / count)
            self._store.note(_key(first + place), json.dumps(parts))


_WHOLE = ("calls", "tokens")


def costs_of(store: SearchStore, trials: Sequence[Trial]) -> dict[int, Cost]:
    """Return what each trial cost, by its number."""
    return {trial.number: _cost(store.noted(_key(trial.number)), trial) for trial in trials}


def _cost(noted: str | None, trial: Trial) -> Cost:
    plain = json.loads(noted or '{"calls": 0, "tokens": 0, "money": "0"}')
    money = None if plain["money"] is None else Decimal(plain["money"])
    return Cost(trial.seconds, plain["calls"], plain["tokens"], money)


def _key(number: int) -> str:
    return f"calls for trial {number}"


def _part(total: int, count: int, place: int) -> int:
    return total // count + (total % count if place == 0 else 0)


def _difference(now: Spent, before: Spent) -> Spent:
    return Spent(now.money - before.money, now.tokens - before.tokens, now.calls - before.calls,
                 now.seconds - before.seconds, now.unpriced - before.unpriced)  # fmt: skip
