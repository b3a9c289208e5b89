"""The rule: one error budget, spent over looks by a written schedule; see ``docs/rule.md``.

A look at a sealed holdout asks whether a candidate is better than a baseline. Its answer is one
bit, unless the bit is yes. While every answer is no, whatever chooses the next candidate learns
nothing that it could not have known before, so the candidates on that path are fixed in advance
and a union bound over the shares is exact. A yes releases an effect; what follows is charged for
it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.optimize import brentq
from scipy.stats import chi2, norm

from kit.base.checks import number
from kit.base.errors import DataError, HoldoutSpentError

FIRST_SHARES = (0.44, 0.20, 0.08, 0.04, 0.02)
"""Parts of the budget for the first looks: finalists, ranked on the tune split, need power."""

PLAIN = 0.9
"""Part of a look's share for the path without a release; ``m`` releases have 0.1 / 2^m of it."""

CLEAN = 0.5
"""Part of that for a release whose gates all passed; the rest is for the `DOUBTS` other answers."""

DOUBTS = 16
"""What a release may say besides: fifteen patterns of four gates, or that scoring failed."""


@dataclass(frozen=True)
class Schedule:
    """How a false-acceptance budget is spent.

    The first looks take `FIRST_SHARES` of it, the rest is divided evenly over the others.

    Parameters
    ----------
    total : float
        Probability of any false acceptance over all looks together, in (0, 0.5].
    looks : int
        Looks that the budget pays for, more than `FIRST_SHARES` has.

    Raises
    ------
    DataError
        If either is out of range.

    Examples
    --------
    >>> schedule = Schedule()
    >>> [round(schedule.share(look), 6) for look in (1, 2, 5, 6, 200)]
    [0.022, 0.009, 0.0009, 5.1e-05, 5.1e-05]
    >>> round(sum(schedule.share(look) for look in range(1, 201)), 4)  # the rest: for releases
    0.0472
    """

    total: float = 0.05
    looks: int = 200

    def __post_init__(self) -> None:
        number("total", self.total, 0, 0.5, above=0)
        number("looks", self.looks, len(FIRST_SHARES) + 1)

    def share(self, look: int, releases: int = 0, doubted: int = 0) -> float:
        """Return what a look is charged: the level of its one-sided test.

        Parameters
        ----------
        look : int
            Its number, from 1.
        releases : int
            Earlier looks that were answered yes. How many and which is itself something learnt:
            a look's share is divided over all the ways.
        doubted : int
            Those of them that told of a gate that did not pass, or that scoring failed.

        Raises
        ------
        HoldoutSpentError
            If the budget pays for fewer looks.
        """
        number("look", look, 1)
        number("releases", releases, 0, look - 1)
        number("doubted", doubted, 0, releases)
        if look > self.looks:
            raise HoldoutSpentError(
                f"look: got {look}; the budget of {100 * self.total:g} % false acceptance pays for "
                f"{self.looks} looks, and they are used up. A fresh holdout restores it: seal "
                "auctions that came after this one, as many as it has, with `kit load --seal`."
            )
        first = len(FIRST_SHARES)
        if look <= first:
            part = FIRST_SHARES[look - 1]
        else:
            part = (1 - sum(FIRST_SHARES)) / (self.looks - first)
        told = CLEAN ** (releases - doubted) * ((1 - CLEAN) / DOUBTS) ** doubted
        return self.total * part * _weight(look, releases) * told / math.comb(look - 1, releases)

    def power(self, effect: float, look: int = 1, releases: int = 0) -> float:
        """Return the probability that a look shows a true effect, blocks taken as many.

        Parameters
        ----------
        effect : float
            In paired standard errors.
        look, releases : int
            As in `share`.

        Examples
        --------
        >>> [round(Schedule().power(4.0, look), 2) for look in (1, 5, 50, 200)]
        [0.98, 0.81, 0.55, 0.55]
        """
        return float(norm.sf(critical_z(self.share(look, releases), releases) - effect))


def _weight(look: int, releases: int) -> float:
    """Return the part of a look's share for a number of releases; over all numbers at most 1."""
    if look == 1:
        return 1.0
    return PLAIN if releases == 0 else (1 - PLAIN) * 0.5**releases


def critical_z(share: float, releases: int = 0) -> float:
    r"""Return the standard score that a look must exceed.

    Parameters
    ----------
    share : float
        What the look was charged, in (0, 0.5].
    releases : int
        Effects released before: directions of the holdout's noise that the caller knows.

    Notes
    -----
    Let ``R`` be the length of the noise in the ``m`` released directions, ``R^2 ~ chi2_m``. A
    candidate may lie at any angle to them; its score is ``R cos a + Z sin a`` with ``Z`` fresh.
    The angle that is likeliest to exceed ``c > R`` has ``cos a = R / c`` and exceeds it with
    probability ``P(Z > sqrt(c^2 - R^2))``. So any choice has probability at most
    ``P(chi2_{m+1} > c^2) / 2 + P(chi2_m > c^2) / 2``, which is set equal to the share; with
    ``m = 0`` it is the normal tail.

    Examples
    --------
    >>> round(critical_z(0.05), 3), round(critical_z(0.05, 1), 3), round(critical_z(1e-4), 3)
    (1.645, 2.267, 3.719)
    """
    if not 0 < share <= 0.5:
        raise DataError(f"share: got {share:g}; must be in (0, 0.5]. Take it from Schedule.share.")
    if releases == 0:
        return float(norm.isf(share))
    return float(brentq(lambda c: _reach(c, releases) - share, 0.0, 60.0, xtol=1e-10))


def _reach(critical: float, releases: int) -> float:
    square = critical**2
    return 0.5 * float(chi2.sf(square, releases + 1) + chi2.sf(square, releases))
