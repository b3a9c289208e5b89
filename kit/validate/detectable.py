"""What a look at a holdout can find, said before the look, from the tune split alone."""

from __future__ import annotations

import math

from scipy.stats import norm

from kit.base.checks import number
from kit.base.errors import DataError
from kit.validate.bootstrap import block_se, residuals
from kit.validate.comparison import Comparison
from kit.validate.paired import PairedUnits
from kit.validate.serial import inflation


def detectable_effect(
    tune: Comparison | PairedUnits, holdout_auctions: int, critical_z: float, power: float = 0.8
) -> float:
    """Return the smallest true effect that a look at the holdout shows with some power.

    Parameters
    ----------
    tune : Comparison or PairedUnits
        The same two policies on the tune split; the first metric counts.
    holdout_auctions : int
        Auctions of the holdout.
    critical_z : float
        Standard score that the look must exceed, from `kit.validate.rule.critical_z`.
    power : float
        Probability of being shown, in [0.5, 0.999].

    Returns
    -------
    float
        A price sum of the holdout, in the log's unit; NaN where the tune split has fewer than 2
        blocks.

    Raises
    ------
    DataError
        If a number is out of range.

    Notes
    -----
    The block standard error of the paired difference on the tune split, widened for neighbours
    that move together, grows with the root of the auctions. It is an estimate: with 28 blocks it
    is off by a seventh, one time in three; and a holdout whose days are less alike than those of
    the tune split finds less.

    References
    ----------
    Bloom, "Minimum Detectable Effects" (1995).

    Examples
    --------
    >>> import numpy as np
    >>> days = np.random.default_rng(1).normal(0.0, 100.0, size=(28, 1))
    >>> units = PairedUnits(days, np.zeros((28, 1)), np.full(28, 1000.0))
    >>> effect = detectable_effect(units, 28_000, critical_z=2.0)
    >>> round(effect), round(detectable_effect(units, 4 * 28_000, critical_z=2.0) / effect, 6)
    (1746, 2.0)
    """
    number("holdout_auctions", holdout_auctions, 1)
    return _scores(critical_z, power) * _error_per_root(tune) * math.sqrt(holdout_auctions)


def auctions_needed(
    tune: Comparison | PairedUnits, effect_per_1000: float, critical_z: float, power: float = 0.8
) -> int:
    """Return how many auctions a holdout needs, so that a look shows an effect with some power.

    Parameters
    ----------
    tune, critical_z, power
        As in `detectable_effect`.
    effect_per_1000 : float
        True difference as a price sum per 1,000 auctions, above 0.

    Raises
    ------
    DataError
        If a number is out of range, or the tune split has fewer than 2 blocks.

    Examples
    --------
    >>> import numpy as np
    >>> days = np.random.default_rng(1).normal(0.0, 100.0, size=(28, 1))
    >>> units = PairedUnits(days, np.zeros((28, 1)), np.full(28, 1000.0))
    >>> per_1000 = detectable_effect(units, 50_000, critical_z=2.0) / 50
    >>> auctions_needed(units, per_1000, critical_z=2.0)
    50000
    """
    number("effect_per_1000", effect_per_1000, 0, above=0)
    error = _error_per_root(tune)
    if math.isnan(error):
        raise DataError(
            "tune: fewer than 2 blocks; must have at least 2 for a standard error. "
            "Cut the tune split into more blocks."
        )
    needed = (1000 * _scores(critical_z, power) * error / effect_per_1000) ** 2
    return max(1, math.ceil(needed * (1 - 1e-9)))


def _scores(critical_z: float, power: float) -> float:
    number("critical_z", critical_z, 0)
    number("power", power, 0.5, 0.999)
    return critical_z + float(norm.ppf(power))


def _error_per_root(tune: Comparison | PairedUnits) -> float:
    """Return the standard error of a total over the root of the auctions it covers."""
    if isinstance(tune, Comparison):
        return tune.first.se / math.sqrt(tune.auctions)
    if len(tune) < 2:
        return math.nan
    first = tune.difference[:, :1]
    wider = inflation(residuals(first, tune.auctions)[:, 0])
    return float(block_se(first, tune.auctions)[0]) * wider / math.sqrt(float(tune.auctions.sum()))
