"""`Trial`: one proposed variant and what the tune split said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kit.variant.spec import VariantSpec

Status = Literal["proposed", "scored", "stopped", "refused"]


@dataclass(frozen=True)
class Trial:
    """One evaluation of a search.

    Parameters
    ----------
    number : int
        Its place; 0 is what everything descends from and is compared with.
    spec : VariantSpec
        What was built; of a refused one its parent's, with its own name and hypothesis.
    parent : int or None
        Number of the trial that it changes.
    status : {"proposed", "scored", "stopped", "refused"}
        Stopped: scored on a share of the training rows, and left there. Refused: `why` says for
        what.
    share : float
        Share of the training rows that its score comes from.
    score : float or None
        Surplus on the tune split for every 1,000 auctions less that of trial 0, in the log's
        currency.
    seconds : float
        What building and scoring it took.
    why : str
        What it breaks, or why it was refused; empty if nothing.
    """

    number: int
    spec: VariantSpec
    parent: int | None = None
    status: Status = "proposed"
    share: float = 1.0
    score: float | None = None
    seconds: float = 0.0
    why: str = ""

    @property
    def ranks(self) -> bool:
        """Whether it can be chosen: scored on every row, and within its constraints."""
        return self.status == "scored" and self.score is not None and not self.why


def best_of(trials: list[Trial]) -> Trial:
    """Return the best one that can be chosen: the first of those with the highest score.

    Where none keeps to the constraints it is the default, trial 0.

    Examples
    --------
    >>> from kit.variant.spec import PolicySpec
    >>> spec = VariantSpec(name="root", policy=PolicySpec(name="value"))
    >>> root = Trial(0, spec, status="scored", score=0.0)
    >>> best_of([root, Trial(1, spec, 0, "scored", score=-1.0)]).number
    0
    """
    ranked = (trial for trial in trials if trial.ranks)
    return max(ranked, key=lambda each: each.score or 0.0, default=trials[0])
