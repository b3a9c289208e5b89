"""A conic program solved by Clarabel from cvxpy's canonical form, kept between solves."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kit.allocate.canonical import Canonical
from kit.allocate.solution import Raw, Status

Floats = NDArray[np.float64]

_ENDLESS = 1e20
"""Clarabel drops a row whose bound is larger."""


class ConicModel:
    """The canonical program for Clarabel: canonicalised once, its numbers applied anew.

    Parameters
    ----------
    canonical : Canonical
        Any cone program.
    theta : ndarray
        The numbers at the start, ending with a 1.
    """

    def __init__(self, canonical: Canonical, theta: Floats) -> None:
        self.canonical, self.theta = canonical, theta.copy()

    def move(self, places: list[int], theta: Floats) -> None:
        """Take over the numbers at some places of the vector of numbers."""
        self.theta[places] = theta[places]

    def solve(self, time_limit: float | None = None) -> Raw:
        """Solve with the present numbers; `time_limit` in seconds."""
        return self._solve(np.zeros(0, dtype=np.int64), time_limit)

    def solve_without(self, place: int) -> Raw:
        """Solve once as if the limit that holds this number did not exist."""
        entries, _ = self.canonical.moves(place)
        rows = np.unique(self.canonical.row[entries])
        dims = self.canonical.dims
        return self._solve(rows[rows < dims.zero + dims.nonneg], None)

    def unique(self, raw: Raw) -> bool:
        """Return False: an interior point cannot tell."""
        return False

    def _solve(self, without: NDArray[np.int64], time_limit: float | None) -> Raw:
        import clarabel
        from cvxpy.reductions.solvers.conic_solvers import clarabel_conif

        program, dims = self.canonical.numbers(self.theta), self.canonical.dims
        b = np.clip(program.b, -_ENDLESS, _ENDLESS)
        b[without] = _ENDLESS
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        if time_limit is not None:
            settings.time_limit = time_limit
        n, interface = len(program.c), cast(Any, clarabel_conif)
        solver = clarabel.DefaultSolver(
            sparse.csc_matrix((n, n)), program.c, -sparse.csc_matrix(program.a), b,
            interface.dims_to_solver_cones(dims), settings,
        )  # fmt: skip
        answer = solver.solve()
        return Raw(
            _status(answer), answer.obj_val + program.d, lambda: np.array(answer.x),
            lambda: np.array(answer.z), "clarabel", str(answer.status),
            answer.obj_val_dual + program.d if answer.r_dual < 1e-6 else -np.inf,
        )  # fmt: skip


def _status(answer: Any) -> Status:
    known: dict[str, Status] = {
        "Solved": "optimal",
        "AlmostSolved": "optimal",
        "PrimalInfeasible": "infeasible",
        "AlmostPrimalInfeasible": "infeasible",
        "DualInfeasible": "unbounded",
        "AlmostDualInfeasible": "unbounded",
        "MaxTime": "time",
    }
    return known.get(str(answer.status), "failed")
