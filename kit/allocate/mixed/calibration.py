"""Make the predictions of several sources comparable: calibration, and the winner's curse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from kit.base.checks import bad_values, has_columns, number
from kit.base.errors import DataError
from kit.models.calibration import Calibrator
from kit.models.reliability import check_pair


@dataclass(frozen=True)
class SourceCalibration:
    """A calibrator for each source that predicts; the prices of others are left as they are.

    Parameters
    ----------
    calibrators : mapping of str to Calibrator
        By source.

    Notes
    -----
    The winner of an auction is the ad whose prediction errs upwards the most, so winners click
    less than predicted although all ads together click as predicted. A prediction that equals
    the mean click rate of the ads that get it (calibrated, slope included) has no such curse: the
    best of several is then still right on average. Hence fit on impressions that were not chosen
    by these predictions, such as exploration.

    References
    ----------
    Thaler (1988), Anomalies: The Winner's Curse, J. Economic Perspectives 2.
    Senn (2008), A Note Concerning a Selection Paradox of Dawid's, American Statistician 62
    (posterior means need no correction for selection).

    Examples
    --------
    >>> held_out = pd.DataFrame({"source": "own", "pctr": [0.1] * 1000,
    ...                          "click": [1] * 50 + [0] * 950})
    >>> fitted = SourceCalibration.fit(held_out)
    >>> ads = pd.DataFrame({"source": ["own", "exchange"], "pctr": [0.1, np.nan]})
    >>> fitted.apply(ads)["pctr"].round(3).tolist()
    [0.05, nan]
    """

    calibrators: Mapping[str, Calibrator]

    @classmethod
    def fit(cls, held_out: pd.DataFrame) -> SourceCalibration:
        """Fit one calibrator a source.

        Parameters
        ----------
        held_out : pandas.DataFrame, one row an impression
            ``source``, ``pctr`` (raw prediction) and ``click`` (0 or 1), on rows that trained no
            model.

        Raises
        ------
        DataError
            If a column is missing, or holds no probabilities or labels.
        """
        has_columns("held_out", held_out.columns, ("source", "pctr", "click"))
        found = {}
        for source, rows in held_out.groupby("source", sort=True, observed=True):
            found[str(source)] = Calibrator.fit(
                rows["pctr"].to_numpy(dtype=np.float64), rows["click"].to_numpy(dtype=np.float64)
            )
        return cls(found)

    def apply(self, ads: pd.DataFrame) -> pd.DataFrame:
        """Return the ads with calibrated ``pctr``.

        Raises
        ------
        DataError
            If a source predicts but was not calibrated.
        """
        has_columns("ads", ads.columns, ("source", "pctr"))
        pctr = ads["pctr"].to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
        source, predicts = ads["source"].astype(str).to_numpy(), ~np.isnan(pctr)
        unknown = predicts & ~np.isin(source, list(self.calibrators))
        bad_values(
            "ads.source", source, unknown, f"calibrated: {', '.join(self.calibrators) or 'none'}",
            "Fit on held-out impressions of that source too.", "unknown",
        )  # fmt: skip
        for name, calibrator in self.calibrators.items():
            rows = predicts & (source == name)
            pctr[rows] = calibrator.apply(pctr[rows])
        return ads.assign(pctr=pctr)


@dataclass(frozen=True)
class WinnersCurse:
    """How far winners fall short of their prediction.

    Parameters
    ----------
    wins : int
        Impressions won.
    predicted, clicks : float
        Clicks predicted and had.
    ratio, low, high : float
        Predicted over had, with its interval from the Poisson noise of the clicks; above 1 the
        winners were chosen for their errors. NaN without clicks.
    """

    wins: int
    predicted: float
    clicks: float
    ratio: float
    low: float
    high: float


def winners_curse(
    pctr: ArrayLike, click: ArrayLike, won: ArrayLike | None = None, level: float = 0.95
) -> WinnersCurse:
    """Compare predicted with observed clicks of the ads that won.

    Parameters
    ----------
    pctr, click : array_like, shape (n,)
        Prediction and label.
    won : array_like of bool, shape (n,), optional
        Ads shown; default all.
    level : float
        Of the interval.

    Raises
    ------
    DataError
        If lengths differ, or a value is no probability or label.

    References
    ----------
    Garwood (1936), Fiducial Limits for the Poisson Distribution, Biometrika 28.

    Examples
    --------
    >>> curse = winners_curse([0.5, 0.5, 0.1], [1, 0, 0], [True, True, False])
    >>> curse.wins, curse.predicted, curse.clicks, curse.ratio
    (2, 1.0, 1.0, 1.0)
    """
    predicted, label = check_pair(pctr, click)
    chosen = _chosen(won, len(predicted))
    expected, clicks = float(predicted[chosen].sum()), float(label[chosen].sum())
    tail = (1.0 - number("level", level, 0.5, 0.999)) / 2.0
    most = chi2.ppf(1.0 - tail, 2.0 * clicks + 2.0) / 2.0
    least = chi2.ppf(tail, 2.0 * clicks) / 2.0 if clicks else 0.0
    return WinnersCurse(
        int(chosen.sum()), expected, clicks,
        expected / clicks if clicks else float("nan"),
        expected / float(most),
        expected / float(least) if least else float("inf"),
    )  # fmt: skip


def _chosen(won: ArrayLike | None, rows: int) -> NDArray[np.bool_]:
    if won is None:
        return np.ones(rows, dtype=np.bool_)
    chosen = np.asarray(won, dtype=np.bool_)
    if chosen.shape != (rows,):
        raise DataError(
            f"won: has shape {chosen.shape}; must be ({rows},), one a row. Pass one for each ad."
        )
    return chosen
