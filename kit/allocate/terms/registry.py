"""Names to terms, so that a command line or a form can list and make them."""

from __future__ import annotations

from typing import Any

from kit.allocate.terms.base import Term
from kit.allocate.terms.capacity import Budget, Capacity
from kit.allocate.terms.cvar import CVaR
from kit.allocate.terms.fairness import Fairness
from kit.allocate.terms.frequency import Frequency
from kit.allocate.terms.guarantee import Guarantee
from kit.allocate.terms.quality import Quality
from kit.allocate.terms.robust import Robust
from kit.allocate.terms.share import Concentration, Pacing, Share
from kit.allocate.terms.target import TargetCPA, TargetROAS
from kit.base.checks import one_of
from kit.base.errors import DataError

TERMS: dict[str, Any] = {
    "capacity": Capacity,
    "budget": Budget,
    "guarantee": Guarantee,
    "share": Share,
    "frequency": Frequency,
    "quality": Quality,
    "pacing": Pacing,
    "concentration": Concentration,
    "fairness": Fairness,
    "target_cpa": TargetCPA,
    "target_roas": TargetROAS,
    "robust": Robust,
    "cvar": CVaR,
}
"""The built-in terms by name."""


def describe_terms() -> dict[str, str]:
    """Return one line about each term.

    Examples
    --------
    >>> describe_terms()["budget"]
    'No demand row spends more than its budget: ``budget[demand]``.'
    """
    return {name: str(term.__doc__).splitlines()[0] for name, term in TERMS.items()}


def make_term(name: str, **parameters: Any) -> Term:
    """Return a term by its name.

    Parameters
    ----------
    name : str
        One of the names that `describe_terms` lists.
    **parameters
        What the term takes.

    Raises
    ------
    DataError
        If the name is unknown, or a parameter is.

    Examples
    --------
    >>> make_term("concentration", by="publisher", most=0.2)
    Concentration(by='publisher', most=0.2, of='impressions')
    """
    term = TERMS[one_of("term", name, TERMS)]
    try:
        made: Term = term(**parameters)
    except TypeError as problem:
        raise DataError(f"term {name!r}: {problem}. See describe_terms().") from None
    return made
