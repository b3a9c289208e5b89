"""cvxpy's canonical cone program, kept with the map from each number to the entries it moves.

cvxpy canonicalises once. A changed number then moves a few known entries of the program
``minimise c z + d subject to A z + b in K``, in which c, d, A and b are affine in the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Program:
    """The numbers of one canonical program.

    Parameters
    ----------
    c : ndarray, shape (n,)
        Cost of each canonical variable, to be minimised.
    d : float
        Constant of the objective.
    a : scipy.sparse.csc_array, shape (m, n)
        Left-hand sides.
    b : ndarray, shape (m,)
        Constants of the rows.
    """

    c: Floats
    d: float
    a: sparse.csc_array
    b: Floats


class Canonical:
    """A compiled cvxpy problem.

    Parameters
    ----------
    problem : cvxpy.Problem
        A maximisation that follows cvxpy's rules for parameters (DPP).
    x : cvxpy.Variable, shape (P,)
        The plan.

    Attributes
    ----------
    columns : slice
        Canonical variables of the plan.
    dims : cvxpy cone dimensions
        Zero rows first, then non-negative ones, then cones.
    column_of : dict
        cvxpy variable id -> its canonical variables.
    start : dict
        cvxpy parameter id -> its first place in the vector of numbers.
    size : int
        Length of the vector of numbers, without the constant 1 that ends it.
    """

    def __init__(self, problem: Any, x: Any) -> None:
        data, _, inverse = problem.get_problem_data(
            "CLARABEL", solver_opts={"use_quad_obj": False}, enforce_dpp=True
        )
        program = data["param_prob"]
        program.reduced_A.cache()
        self.dims, self.size = data["dims"], int(program.total_param_size)
        self.start = {p.id: program.param_id_to_col[p.id] for p in program.parameters}
        first = program.var_id_to_col[_new_id(x, inverse)]
        self.columns = slice(first, first + x.size)
        self.column_of = {
            v.id: slice(at, at + v.size)
            for v in program.variables
            for at in (program.var_id_to_col[v.id],)
        }
        self._read(program)

    def _read(self, program: Any) -> None:
        reduced = program.reduced_A
        indices, indptr, shape = reduced.problem_data_index
        self.shape = int(shape[0]), int(shape[1]) - 1
        self.tensor = sparse.csr_array(reduced.reduced_mat)
        self.by_number = self.tensor.tocsc()
        self.row = np.asarray(indices, dtype=np.int64)
        self.column = np.repeat(np.arange(shape[1]), np.diff(indptr)).astype(np.int64)
        self._indptr = np.asarray(indptr)
        self.cost = sparse.csr_array(program.q)
        self.cost_by_number = self.cost.tocsc()

    def numbers(self, theta: Floats) -> Program:
        """Return the program at a vector of numbers, shape (size + 1,), that ends with a 1."""
        entries = self.tensor @ theta
        m, n = self.shape
        full = sparse.csc_array((entries, self.row, self._indptr), shape=(m, n + 1))
        cost = self.cost @ theta
        b = np.zeros(m)
        at = self.column == n
        b[self.row[at]] = entries[at]
        return Program(cost[:-1], float(cost[-1]), full[:, :n], b)

    def moves(self, place: int) -> tuple[Ints, Ints]:
        """Return the entries of ``[A b]`` and of ``[c d]`` that one number moves."""
        return _column(self.by_number, place), _column(self.cost_by_number, place)

    def is_ratio(self, place: int) -> bool:
        """Return whether a number multiplies the plan, rather than standing alone."""
        entries, costs = self.moves(place)
        return bool((self.column[entries] < self.shape[1]).any() or costs.size)

    def rates(self, z: Floats, y: Floats) -> Floats:
        """Return how fast the minimum rises with each number, shape (size,).

        Envelope theorem: the derivative of the Lagrangian ``c z + d - y (A z + b)``.
        """
        point = np.append(z, 1.0)
        weight = -y[self.row] * point[self.column]
        moved = self.tensor.T @ weight + self.cost.T @ point
        return np.asarray(moved[: self.size], dtype=np.float64)


def _column(matrix: sparse.csc_array, place: int) -> Ints:
    return np.asarray(
        matrix.indices[matrix.indptr[place] : matrix.indptr[place + 1]], dtype=np.int64
    )


def _new_id(x: Any, inverse: Any) -> int:
    """Return the id of the variable that stands for x after cvxpy split off its sign."""
    for step in inverse:
        if isinstance(step, tuple) and step and isinstance(step[0], dict) and x.id in step[0]:
            return int(step[0][x.id].id)
    return int(x.id)
