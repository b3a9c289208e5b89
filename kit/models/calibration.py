"""Monotone maps from raw to calibrated probabilities, as flexible as the positives allow."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, isotonic_regression
from scipy.special import expit, logit

from kit.base.checks import one_of
from kit.base.errors import ModelError
from kit.base.files import write_text
from kit.models.reliability import check_pair, check_probabilities

SLOPE_POSITIVES = 20
"""Fewer positives (or negatives) than this fit no slope, only a shrunken shift."""
ISOTONIC_POSITIVES = 1000
"""From so many positives and negatives on, the map's shape is fitted too."""

Calibration = Literal["auto", "shift", "platt", "isotonic", "none"]
CALIBRATIONS: tuple[Calibration, ...] = ("auto", "shift", "platt", "isotonic", "none")

_EDGE = 1e-9
_SMALL_STEP = 1e-7
_BIN_POSITIVES = 25
_SHIFT_SD = 1.0
_SLOPE_SD = 0.5
_SLOPE_RANGE = (0.05, 5.0)


@dataclass(frozen=True)
class Calibrator:
    """A monotone, piecewise linear map on the logit scale.

    With fewer than `SLOPE_POSITIVES` positives (or negatives) the map is a shift, shrunken
    towards none by a normal prior; with fewer than `ISOTONIC_POSITIVES` it is a line (Platt on
    the logit), its slope shrunken towards 1; from there on it is isotonic, linear between the
    centres of its blocks. Beyond the last knots it goes on as a straight line, so no probability
    inside (0, 1) becomes 0 or 1.

    Parameters
    ----------
    method : {"shift", "platt", "isotonic", "none"}
        How it was fitted.
    knots, values : tuple of float
        Logits in and out, both ascending.
    slope : float
        Slope before the first and after the last knot, > 0.
    rows, positives : int
        What it was fitted on.

    References
    ----------
    Platt (1999), Probabilistic outputs for support vector machines.
    Oron, Flournoy (2017), Centered isotonic regression.

    Examples
    --------
    >>> calibrator = Calibrator.fit([0.1] * 1000, [1] * 200 + [0] * 800)
    >>> calibrator.method, calibrator.apply([0.1]).round(3).tolist()
    ('platt', [0.2])
    """

    method: str
    knots: tuple[float, ...]
    values: tuple[float, ...]
    slope: float
    rows: int
    positives: int

    @classmethod
    def fit(
        cls, probability: ArrayLike, label: ArrayLike, method: Calibration = "auto"
    ) -> Calibrator:
        """Fit on raw probabilities and 0/1 labels, both of shape (n,); n = 0 is the identity.

        Parameters
        ----------
        probability, label : array_like, shape (n,)
            What was predicted, and what followed.
        method : {"auto", "shift", "platt", "isotonic", "none"}
            ``auto`` is as flexible as the positives allow; ``none`` is the identity. Below
            `SLOPE_POSITIVES` a line or a shape is a shift too: there is nothing to fit it on.

        Raises
        ------
        DataError
            If the inputs are no probabilities and labels of one length, or the method is unknown.
        """
        one_of("calibration", method, CALIBRATIONS)
        predicted, truth = check_pair(probability, label)
        raw, positives = _logits(predicted), int(truth.sum())
        scarce = min(positives, truth.size - positives)
        if method == "auto" or (method != "none" and scarce < SLOPE_POSITIVES):
            method = _affordable(scarce)
        if method == "platt":
            knots, values, slope = _platt(raw, truth)
        elif method == "isotonic":
            knots, values, slope = _isotonic(raw, truth)
        else:
            by = 0.0 if method == "none" else _shift(raw, truth, _SHIFT_SD)
            knots, values, slope = [0.0], [by], 1.0
        return cls(method, tuple(knots), tuple(values), slope, truth.size, positives)

    def apply(self, probability: ArrayLike) -> NDArray[np.float64]:
        """Return calibrated probabilities, strictly inside (0, 1), shape (n,).

        Raises
        ------
        DataError
            If a value is no probability.
        """
        raw = _logits(check_probabilities("probability", probability))
        return np.asarray(np.clip(expit(self._map(raw)), _EDGE, 1 - _EDGE))

    def _map(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        beyond = raw - np.clip(raw, self.knots[0], self.knots[-1])
        return np.asarray(np.interp(raw, self.knots, self.values) + self.slope * beyond)

    def save(self, path: str | Path) -> None:
        """Write the map as JSON, whole or not at all."""
        write_text(Path(path), json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: str | Path) -> Calibrator:
        """Read what `save` wrote.

        Raises
        ------
        ModelError
            If the file is missing or is no calibration.
        """
        try:
            raw: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
            raw["knots"], raw["values"] = tuple(raw["knots"]), tuple(raw["values"])
            return cls(**raw)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path}: no calibration can be read ({error}); must be what `save` wrote. "
                "Train and save the model again."
            ) from None


def _affordable(scarce: int) -> Calibration:
    if scarce < SLOPE_POSITIVES:
        return "shift"
    return "platt" if scarce < ISOTONIC_POSITIVES else "isotonic"


def _logits(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(logit(np.clip(probability, _EDGE, 1 - _EDGE)))


def _shift(raw: NDArray[np.float64], truth: NDArray[np.float64], sd: float = np.inf) -> float:
    """Return the most likely shift of the logits under a normal prior around 0."""

    def slope_of_loss(shift: float) -> float:
        return float(np.sum(expit(raw + shift)) - truth.sum() + shift / sd**2)

    return float(brentq(slope_of_loss, -50.0, 50.0, xtol=1e-10)) if raw.size else 0.0


def _platt(
    raw: NDArray[np.float64], truth: NDArray[np.float64]
) -> tuple[list[float], list[float], float]:
    """Fit ``slope * (logit - centre) + intercept`` by Newton steps with halving."""
    centre = float(raw.mean())
    offset = raw - centre

    def loss(beta: NDArray[np.float64]) -> float:
        line = beta[0] + beta[1] * offset
        return float(np.logaddexp(0, line).sum() - _dot(truth, line) + _slope_penalty(beta[1]))

    beta = np.array([centre + _shift(raw, truth), 1.0])
    for _ in range(50):
        step = _newton_step(beta, offset, truth)
        if np.abs(step).max() < _SMALL_STEP:
            break
        beta, moved = _halved(loss, beta, step)
        if not moved:
            break
    slope = float(np.clip(beta[1], *_SLOPE_RANGE))
    if slope == beta[1]:
        return [centre], [float(beta[0])], slope
    return [centre], [_shift(slope * offset, truth)], slope


def _dot(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Return a scalar product that does not depend on how many threads BLAS has.

    A calibration is part of a frozen variant, whose hash says whether it was asked about before.
    """
    return float((left * right).sum())


def _slope_penalty(slope: float) -> float:
    return 0.5 * ((slope - 1) / _SLOPE_SD) ** 2


def _newton_step(
    beta: NDArray[np.float64], offset: NDArray[np.float64], truth: NDArray[np.float64]
) -> NDArray[np.float64]:
    fitted = expit(beta[0] + beta[1] * offset)
    weight = fitted * (1 - fitted)
    error = fitted - truth
    gradient = np.array([error.sum(), _dot(error, offset) + (beta[1] - 1) / _SLOPE_SD**2])
    cross, square = _dot(weight, offset), _dot(weight, offset**2)
    curvature = np.array([[weight.sum(), cross], [cross, square + 1 / _SLOPE_SD**2]])
    return np.asarray(np.linalg.solve(curvature, gradient))


def _halved(
    loss: Callable[[NDArray[np.float64]], float],
    beta: NDArray[np.float64],
    step: NDArray[np.float64],
) -> tuple[NDArray[np.float64], bool]:
    """Take the step, halved until the loss falls."""
    before = loss(beta)
    for _ in range(30):
        if loss(beta - step) <= before:
            return beta - step, True
        step = step / 2
    return beta, False


def _isotonic(
    raw: NDArray[np.float64], truth: NDArray[np.float64]
) -> tuple[list[float], list[float], float]:
    """Fit centred isotonic regression over bins of about equally many positives.

    Bins of at least 25 positives keep the ends off 0 and 1; the total is made exact last.
    """
    order = np.argsort(raw, kind="stable")
    raw, truth = raw[order], truth[order]
    codes = ((np.cumsum(truth) - truth) // _BIN_POSITIVES).astype(np.intp)
    codes = np.minimum(codes, int(truth.sum()) // _BIN_POSITIVES - 1)
    # equal predictions must not be told apart by their labels
    first = np.flatnonzero(np.r_[True, raw[1:] > raw[:-1]])
    codes = codes[np.repeat(first, np.diff(np.r_[first, raw.size]))]
    codes = np.unique(codes, return_inverse=True)[1]
    rows = np.bincount(codes)
    rate = (np.bincount(codes, truth) + 0.5) / (rows + 1)
    fitted = isotonic_regression(rate, weights=rows)
    starts = np.asarray(fitted.blocks[:-1], dtype=np.intp)
    knots = np.add.reduceat(np.bincount(codes, raw), starts) / np.add.reduceat(rows, starts)
    values = logit(fitted.x[starts])
    draft = Calibrator("isotonic", tuple(knots), tuple(values), 1.0, 0, 0)
    values = values + _shift(draft._map(raw), truth)
    return knots.tolist(), values.tolist(), 1.0
