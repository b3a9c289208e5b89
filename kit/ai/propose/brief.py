"""`Brief`: what a proposer is told of a log, all of it aggregates of train and tune."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kit.base.specs import Spec


class ExchangeFact(Spec):
    """One exchange under one auction type.

    Parameters
    ----------
    name : str
        The exchange.
    first_price : bool
        Whether the winner pays its bid.
    auctions : int
        Auctions of train and tune.
    factor : float
        Factor on the default's bids there that would earn most, by predictions that are scaled to
        the clicks of that exchange.
    gain : float
        What that would add for every 1,000 auctions of the log, in its currency.
    """

    name: str
    first_price: bool
    auctions: int
    factor: float
    gain: float

    @property
    def kind(self) -> Literal["first_price_factor", "exchange_factor"]:
        """The change that sets a factor there."""
        return "first_price_factor" if self.first_price else "exchange_factor"


class IdeaFact(Spec):
    """A feature that the default model lacks; see `kit.models.interactions.Idea`."""

    name: str
    sql: str
    z: float


class Brief(Spec):
    """What is known before the first proposal.

    Parameters
    ----------
    features : tuple of str
        Features of the default's model.
    addable : tuple of IdeaFact
        Request columns that are no features yet; `sql` is the column.
    kinds : dict of str to str
        SQL type of every column that a computed feature may read.
    exchanges : tuple of ExchangeFact
        By what a factor there would add, most first.
    ideas : tuple of IdeaFact
        Computed features, the strongest evidence first.
    rows, clicks : int
        Labelled training rows, and those with a click.
    has_trees : bool
        Whether the default's model grew trees: a log with few clicks grows none.
    values_differ : bool
        Whether clicks are worth different amounts.
    first_price_factor : float
        As `ExchangeFact.factor`, over all first-price auctions; 1 where there are none.
    drift_z : float
        How far clicks of the two halves of train differ over a feature, as `IdeaFact.z`, at most.
    leaks : tuple of str
        Columns that the leakage battery found; no proposal may use them.
    """

    features: tuple[str, ...] = ()
    addable: tuple[IdeaFact, ...] = ()
    kinds: dict[str, str] = Field(default_factory=dict)
    exchanges: tuple[ExchangeFact, ...] = ()
    ideas: tuple[IdeaFact, ...] = ()
    rows: int = 0
    clicks: int = 0
    has_trees: bool = True
    values_differ: bool = False
    first_price_factor: float = 1.0
    drift_z: float = 0.0
    leaks: tuple[str, ...] = ()
