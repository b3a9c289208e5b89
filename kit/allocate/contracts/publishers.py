"""Read the publisher files of Balseiro et al. 2014, and draw impressions from their model."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kit.allocate.contracts.acceptance import AcceptanceCurve
from kit.allocate.contracts.problem import ContractProblem
from kit.base.checks import finite_at_least
from kit.base.errors import DataError

Array = NDArray[np.float64]
_TYPE = re.compile(
    r"type: *(\S+) +prob: *(\S+) +advertisers: *(\[.*?\]) +mean: *(\[.*?\]) +cov: *(\[.*?\])\s*"
)
_AD = re.compile(r"advertiser: *(\S+) +rho: *(\S+)\s*")


@dataclass(frozen=True, eq=False)
class ImpressionTypes:
    """K types of impressions, each with a lognormal quality vector.

    Parameters
    ----------
    prob : ndarray, shape (K,)
        Share of each type; sums to 1.
    contracts : int
        A, the number of contracts.
    eligible : tuple of ndarray of int
        Positions of the contracts that may have the type.
    mean, root : tuple of ndarray, shapes (n,) and (n, n)
        Mean of the log qualities, and a root of their covariance.
    """

    prob: Array
    contracts: int
    eligible: tuple[NDArray[np.int64], ...]
    mean: tuple[Array, ...]
    root: tuple[Array, ...]

    @classmethod
    def of(
        cls, prob: Array, contracts: int, eligible: list[NDArray[np.int64]],
        mean: list[Array], cov: list[Array],
    ) -> ImpressionTypes:  # fmt: skip
        """Check the types.

        Raises
        ------
        DataError
            If the probabilities do not sum to 1 (to 1e-4, the files' rounding), sizes differ, or
            a covariance is none.

        Examples
        --------
        >>> types = ImpressionTypes.of(
        ...     np.array([1.0]), 2, [np.array([1])], [np.zeros(1)], [np.zeros((1, 1))])
        >>> types.draw(1, np.random.default_rng(0))
        array([[nan,  1.]])
        """
        share = finite_at_least("prob", prob)
        if not share.size or abs(share.sum() - 1) > 1e-4:
            raise DataError(
                f"prob: {share.size} types with probabilities that sum to {share.sum():.6g}; must "
                "sum to 1. Divide them by their sum, or add the missing types."
            )
        roots = [
            _root(f"type {k + 1}", *part) for k, part in enumerate(zip(mean, cov, strict=True))
        ]
        for ids, centre in zip(eligible, mean, strict=True):
            if len(ids) != len(centre) or (ids < 0).any() or (ids >= contracts).any():
                raise DataError(
                    f"advertisers: got {ids + 1} with {len(centre)} means; must be one mean each, "
                    f"ids 1 to {contracts}. Give each advertiser one mean."
                )
        return cls(share / share.sum(), contracts, tuple(eligible), tuple(mean), tuple(roots))

    def draw(self, impressions: int, rng: np.random.Generator) -> Array:
        """Return random impressions, shape (T, A): quality, NaN where not eligible."""
        kind = rng.choice(len(self.prob), impressions, p=self.prob)
        quality = np.full((impressions, self.contracts), np.nan)
        for k, (ids, mean, root) in enumerate(
            zip(self.eligible, self.mean, self.root, strict=True)
        ):
            rows = np.flatnonzero(kind == k)
            normal = rng.standard_normal((len(rows), len(ids)))
            quality[np.ix_(rows, ids)] = np.exp(mean + normal @ root.T)
        return quality

    def mean_quality(self) -> Array:
        """Return each contract's mean quality over the impressions it may have, shape (A,)."""
        total, share = np.zeros(self.contracts), np.zeros(self.contracts)
        for prob, ids, mean, root in zip(
            self.prob, self.eligible, self.mean, self.root, strict=True
        ):
            total[ids] += prob * np.exp(mean + (root**2).sum(axis=1) / 2)
            share[ids] += prob
        return np.divide(total, share, out=np.zeros_like(total), where=share > 0)


@dataclass(frozen=True, eq=False)
class Publisher:
    """One publisher of the paper.

    Parameters
    ----------
    name : str
        ``pub1`` …
    rho : ndarray, shape (A,)
        Share of impressions owed to each contract.
    curve : AcceptanceCurve
        The exchange.
    types : ImpressionTypes
        The fitted model of impressions.
    """

    name: str
    rho: Array
    curve: AcceptanceCurve
    types: ImpressionTypes

    def problem(
        self, weight: float = 1.0, exchange: bool = True, make_good: float = np.inf
    ) -> ContractProblem:
        """Return the problem of this publisher.

        Parameters
        ----------
        weight : float
            Money per unit of quality, >= 0.
        exchange : bool
            False leaves the exchange out: quality only.
        make_good : float
            Money lost per impression not delivered, >= 0, as a multiple of what one earns on
            average: ``weight`` times the contract's mean quality, plus the exchange's best revenue
            without a fallback. inf: it must be delivered.
        """
        curve = self.curve if exchange else AcceptanceCurve.none()
        worth = weight * self.types.mean_quality() + curve.corner_revenue[0]
        penalty = worth * make_good if np.isfinite(make_good) else make_good
        return ContractProblem.of(self.rho, curve, weight, penalty)


def read_publisher(folder: Path | str, name: str) -> Publisher:
    """Read ``{name}-ads.txt``, ``{name}-types.txt`` and ``{name}-adx.txt``.

    The curve's first point has an acceptance of 0 and a little revenue, since the acceptance is
    rounded: it is read as revenue over price.

    Parameters
    ----------
    folder : path
        Where the files lie.
    name : str
        What their names start with: ``pub1``.

    Raises
    ------
    DataError
        If a file is missing or a line cannot be read.

    Notes
    -----
    The files' ``{name}-opt.txt`` is not read: its unit is not documented, and it is no yield of
    these problems on a common scale. Publisher 2 earns less than publisher 1 from the exchange
    and from quality both, so for any weight its yield per impression is smaller, and at most 1.1
    times as large over the impressions of the week; yet its `opt` is 3.03 times publisher 1's.
    The values were multiplied by a random constant, for each publisher its own as it seems.
    """
    place = Path(folder)
    ads = [
        _line(_AD, line, place / f"{name}-ads.txt") for line in _lines(place / f"{name}-ads.txt")
    ]
    ids = [row[0] for row in ads]
    rho = finite_at_least("rho", [float(row[1]) for row in ads])
    position = {ident: a for a, ident in enumerate(ids)}
    path = place / f"{name}-types.txt"
    rows = [_line(_TYPE, line, path) for line in _lines(path)]
    eligible, mean, cov = [], [], []
    for row in rows:
        known = [position.get(str(ident), -1) for ident in json.loads(row[2])]
        eligible.append(np.array(known, dtype=np.int64))
        mean.append(np.array(json.loads(row[3]), dtype=np.float64))
        cov.append(_symmetric(json.loads(row[4]), len(known), path))
    types = ImpressionTypes.of(
        np.array([float(row[1]) for row in rows]), len(ids), eligible, mean, cov
    )
    return Publisher(name, rho, _read_curve(place / f"{name}-adx.txt"), types)


def read_draws(path: Path | str) -> Array:
    """Read drawn impressions: one a line, a comma-separated quality a contract, 0: not eligible.

    Parameters
    ----------
    path : path
        A text file of T lines of A numbers.

    Returns
    -------
    ndarray, shape (T, A)
        Quality, NaN where not eligible.

    Raises
    ------
    DataError
        If there is no such file.
    """
    if not Path(path).is_file():
        raise DataError(f"draws: no file {path}; must exist. Check the path.")
    quality = np.loadtxt(path, delimiter=",", ndmin=2)
    quality[quality == 0] = np.nan
    return quality


def _read_curve(path: Path) -> AcceptanceCurve:
    table = np.array([[float(part) for part in line.split()] for line in _lines(path)[1:]])
    if table.ndim != 2 or table.shape[1] != 3:
        raise DataError(f"{path}: must have the columns accept.prob, price, revenue. Repair it.")
    prob, price, revenue = table.T
    rounded = (prob == 0) & (revenue > 0) & (price > 0)
    prob = np.where(rounded, revenue / np.where(price > 0, price, 1.0), prob)
    return AcceptanceCurve.of(prob, price, revenue)


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise DataError(f"publisher: no file {path}; must exist. Check the folder and the name.")
    text = path.read_text(
        encoding="utf-8", errors="replace"
    )  # no text at all: refused by its lines
    return [line for line in text.splitlines() if line.strip()]


def _line(pattern: re.Pattern[str], line: str, path: Path) -> tuple[str, ...]:
    found = pattern.fullmatch(line.strip())
    if found is None:
        raise DataError(
            f"{path}: cannot read {line[:60]!r}; must be as its README says. Repair it."
        )
    return found.groups()


def _symmetric(column: list[float], size: int, path: Path) -> Array:
    """Return the matrix whose upper triangle is given column by column."""
    if len(column) != size * (size + 1) // 2:
        raise DataError(
            f"{path}: a covariance of {len(column)} numbers for {size} advertisers; must be "
            f"{size * (size + 1) // 2}. Give the upper triangle by column."
        )
    matrix = np.zeros((size, size))
    lower, upper = np.tril_indices(size)  # the upper triangle by column is the lower by row
    matrix[lower, upper] = matrix[upper, lower] = column
    return matrix


def _root(name: str, mean: Array, cov: Array) -> Array:
    if cov.shape != (len(mean), len(mean)) or not np.allclose(cov, cov.T):
        raise DataError(f"cov of {name}: must be a symmetric matrix, one row a mean. Repair it.")
    values, vectors = np.linalg.eigh(cov)
    if (values < -1e-9 * float(values.max(initial=1.0))).any():
        raise DataError(
            f"cov of {name}: an eigenvalue is {values.min():.3g}; must be >= 0. Repair it."
        )
    root: Array = vectors * np.sqrt(np.maximum(values, 0.0))
    return root
