"""A limit: what a plan uses against a number, defined once.

A limit reads ``used <= number`` (or ``>=``), or for a ratio ``used <= number * per``. The same
object becomes a cvxpy constraint for the optimizer and a number for the replay and the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from kit.base.errors import DataError, SolverError

Floats = NDArray[np.float64]
Sense = Literal["<=", ">="]


class Limit:
    """One or more limits of a kind, each with its own name and number.

    Parameters
    ----------
    names : str or sequence of str, k of them
        Names, unique in a problem: ``budget[line A]``.
    used : scipy.sparse array, shape (k, P), or cvxpy expression, shape (k,) or scalar
        What the plan uses; a matrix stands for ``matrix @ x``. A ``<=`` needs a convex
        expression, a ``>=`` a concave one.
    sense : {"<=", ">="}
        Whether `number` is a maximum or a minimum.
    number : float or array_like, shape (k,)
        The bounds; they can be changed after the problem is compiled.
    per : as `used` but affine, optional
        Denominator of a ratio, shape (k,) or one for all; `number` is then a bound of
        ``used / per``, written ``used <= number * per`` so that it stays linear.
    unit : str
        Unit of `number`: ``money``, ``impressions``, ``share``, or any word.
    subject : sequence of str, optional
        What each number is, in words: ``budget for line A``. Default: the names.
    low, high : float
        Allowed range of `number`.
    soft : cvxpy expression, shape (k,), optional
        Non-negative amount by which the limit may be missed.

    Raises
    ------
    DataError
        If names and numbers do not fit, or a number is missing or outside its range.
    """

    def __init__(
        self,
        names: str | Sequence[str],
        used: Any,
        sense: Sense,
        number: ArrayLike,
        *,
        per: Any = None,
        unit: str = "",
        subject: Sequence[str] | None = None,
        low: float = -np.inf,
        high: float = np.inf,
        soft: Any = None,
    ) -> None:
        self.names = (names,) if isinstance(names, str) else tuple(names)
        self.used, self.sense, self.per, self.unit, self.soft = used, sense, per, unit, soft
        self.low, self.high = low, high
        self.subject = self.names if subject is None else tuple(subject)
        if sense not in ("<=", ">="):
            raise DataError(f"{self.names[0]}: sense {sense!r}; must be '<=' or '>='. Pass one.")
        self.number = self._numbers(number)

    def __len__(self) -> int:
        return len(self.names)

    def _numbers(self, number: ArrayLike) -> Floats:
        try:
            found = np.asarray(number, dtype=np.float64)
        except (TypeError, ValueError):
            raise DataError(
                f"{self.names[0]}: got {number!r}; must be a number. Pass one."
            ) from None
        if found.ndim == 0:
            found = np.full(len(self), float(found))
        if found.shape != (len(self),):
            raise DataError(
                f"{self.names[0]}: numbers of shape {found.shape} for {len(self)} limits; must be "
                "one number, or one a limit. Pass as many numbers as names."
            )
        for name, value in zip(self.names, found.tolist(), strict=True):
            self.check(name, value)
        return found

    def check(self, name: str, value: float) -> float:
        """Return a new number for one of the limits after checking it.

        Raises
        ------
        DataError
            If it is NaN, outside ``[low, high]``, or infinite where it multiplies the plan.
        """
        endless = self.per is None and value == (np.inf if self.sense == "<=" else -np.inf)
        if (self.low <= value <= self.high and np.isfinite(value)) or endless:
            return value
        raise DataError(
            f"{name}: got {value:g}; must be a number in [{self.low:g}, {self.high:g}]. "
            "Pass a value inside the range."
        )

    def constraint(self, x: Any, number: Any, give: Any = 0.0, per: Any = None) -> Any:
        """Return the limit as one cvxpy constraint on the plan, shape (k,).

        Parameters
        ----------
        x : cvxpy expression, shape (P,)
            The plan.
        number : cvxpy parameter or array, shape (k,)
            The bounds.
        give : cvxpy expression or float
            Amount by which the limit gives way (for the search of conflicts).
        per : cvxpy expression, optional
            A variable that stands for the denominator.
        """
        import cvxpy

        cp: Any = cvxpy
        used = _shaped(_expression(self.used, x), len(self))
        if self.soft is not None:
            give = give + self.soft
        bound = number
        if self.per is not None:
            per = _expression(self.per, x) if per is None else per
            bound = cp.multiply(number, _shaped(per, 1 if per.size == 1 else len(self)))
        return used <= bound + give if self.sense == "<=" else used + give >= bound

    def evaluate(self, x: Floats) -> Floats:
        """Return what a plan uses in the unit of `number`, shape (k,); a ratio of nothing is 0."""
        used = _amount(self.used, x, len(self))
        if self.per is None:
            return used
        per = _amount(self.per, x, len(self))
        return np.divide(used, per, out=np.zeros(len(self)), where=per > 0)

    def part(self, rows: NDArray[np.int64]) -> Limit:
        """Return some of the limits as a block of their own."""
        if len(rows) == len(self):
            return self
        used = self.used[rows] if is_sparse(self.used) else _shaped(self.used, len(self))[rows]
        per, soft = self.per, self.soft
        if is_sparse(per):
            per = per if per.shape[0] == 1 else per[rows]
        elif per is not None and per.size > 1:
            per = _shaped(per, len(self))[rows]
        names = [self.names[row] for row in rows.tolist()]
        return Limit(names, used, self.sense, self.number[rows], per=per, unit=self.unit,
                     soft=None if soft is None else soft[rows])  # fmt: skip

    def room(self, x: Floats, number: Floats) -> Floats:
        """Return how far a plan is from breaking each limit, in units of `used`, shape (k,).

        Negative where it is broken. A ratio of nothing, 0 / 0, has no room.
        """
        bound = number
        if self.per is not None:
            bound = number * _amount(self.per, x, len(self))
        left = bound - _amount(self.used, x, len(self))
        return left if self.sense == "<=" else -left

    def excess(self, x: Floats, number: Floats) -> Floats:
        """Return by how much a plan breaks each limit, in units of `used`; 0 if it may."""
        return (
            np.zeros(len(self)) if self.soft is not None else np.maximum(-self.room(x, number), 0)
        )

    def binds(self, x: Floats, number: Floats, tolerance: float) -> NDArray[np.bool_]:
        """Return which limits leave a plan no room, to a tolerance relative to what it uses."""
        size = np.maximum(1e-3, np.abs(_amount(self.used, x, len(self))))
        return np.asarray(self.room(x, number) <= tolerance * size)

    def __repr__(self) -> str:
        more = f" and {len(self) - 1} more" if len(self) > 1 else ""
        return f"Limit({self.names[0]!r}{more} {self.sense} {self.number[0]:g})"


def is_sparse(amount: Any) -> bool:
    """Return whether an amount is a sparse matrix over the pairs."""
    return bool(sparse.issparse(amount))


def _expression(amount: Any, x: Any) -> Any:
    import cvxpy

    cp: Any = cvxpy
    return cp.Constant(amount) @ x if is_sparse(amount) else amount


def _shaped(expression: Any, size: int) -> Any:
    import cvxpy

    cp: Any = cvxpy

    if expression.size != size:
        raise DataError(
            f"limit: an expression of {expression.size} values for {size} names; must have one a "
            "name. Give as many names as values."
        )
    return expression if expression.shape == (size,) else cp.reshape(expression, (size,), order="F")


def _amount(amount: Any, x: Floats, size: int) -> Floats:
    if is_sparse(amount):
        return np.broadcast_to(np.asarray(amount @ x, dtype=np.float64), (size,))
    value = amount.value
    if value is None:
        raise SolverError(
            "limit: its expression has variables of its own, so it has no value at a plan; must be "
            "written in x alone. Use cvxpy's atoms, or override evaluate()."
        )
    return np.broadcast_to(np.asarray(value, dtype=np.float64).ravel(order="F"), (size,))
