"""Rivals of the dual ascent on one large allocation, each repaired and certified like ours."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from kit.allocate.highs import quiet_highs, run_highs
from kit.allocate.linear.dual import relative_gap
from kit.allocate.linear.feasible import feasible_plan
from kit.allocate.linear.smoothing import Pairs
from tests.benchmarks.large_run import warm
from tests.benchmarks.large_tables import arrays, tables_of


def rival(name: str, pairs: int, demands: int, seed: int) -> tuple[float, float]:
    """Return CPU seconds and the gap after repair, at the rival's tolerance of 1e-4."""
    warm()
    problem = Pairs.of(tables_of(arrays(pairs, demands, seed)))
    start = time.process_time()
    x, price = RIVALS[name](problem)
    seconds = time.process_time() - start
    size = np.repeat(problem.capacity, np.diff(problem.row_start))
    shares = np.divide(np.maximum(x, 0), size, out=np.zeros(len(x)), where=size > 0)
    _, objective = feasible_plan(problem, shares, price)
    bound = float(problem.budget @ price) + problem.sweep(price, 1.0).dual
    return seconds, relative_gap(objective, bound)


def _highs(problem: Pairs, **options: Any) -> tuple[Any, Any]:
    import highspy

    from kit.allocate.linear.exact import Units, model

    solver = quiet_highs()
    for name, value in options.items():
        solver.setOptionValue(name, value)
    units = Units.of(problem)
    solver.passModel(model(highspy, problem, units))
    run_highs(solver)
    solution = solver.getSolution()
    dual = np.maximum(np.asarray(solution.row_dual)[problem.rows :], 0)
    return np.asarray(solution.col_value) * units.amount, dual * (units.value / units.cost)


def _hipdlp(problem: Pairs) -> tuple[Any, Any]:
    return _highs(problem, solver="hipdlp", pdlp_optimality_tolerance=1e-4)


def _interior(problem: Pairs) -> tuple[Any, Any]:
    return _highs(problem, solver="ipm", run_crossover="off")


def _clarabel(problem: Pairs) -> tuple[Any, Any]:
    import cvxpy as cp
    from scipy import sparse

    size = len(problem.value)
    start = problem.row_start
    supply = sparse.csr_array((np.ones(size), np.arange(size), start), (problem.rows, size))
    place = (problem.demand, np.arange(size))
    demand = sparse.csr_array((problem.cost, place), (len(problem.budget), size))
    x = cp.Variable(size, nonneg=True)
    paid = demand @ x <= problem.budget
    program = cp.Problem(cp.Maximize(problem.value @ x), [supply @ x <= problem.capacity, paid])
    program.solve(solver="CLARABEL", max_threads=1)
    return x.value, np.maximum(paid.dual_value, 0)


def _pdlp(problem: Pairs) -> tuple[Any, Any]:
    from ortools.pdlp import solvers_pb2
    from ortools.pdlp.python import pdlp
    from scipy import sparse

    from kit.allocate.linear.exact import Units

    units = Units.of(problem)
    size, rows = len(problem.value), problem.rows
    supply = np.repeat(np.arange(rows), np.diff(problem.row_start))
    index = np.stack([supply, problem.demand + rows], axis=1).ravel()
    entries = np.stack([np.ones(size), problem.cost / units.cost], axis=1).ravel()
    shape = (rows + len(problem.budget), size)
    program = pdlp.QuadraticProgram()
    program.objective_vector = -problem.value / units.value
    program.constraint_matrix = sparse.csc_matrix(
        (entries, index, np.arange(0, 2 * size + 1, 2)), shape
    )
    program.constraint_lower_bounds = np.full(shape[0], -np.inf)
    program.constraint_upper_bounds = np.concatenate(
        [problem.capacity / units.amount, problem.budget / (units.amount * units.cost)]
    )
    program.variable_lower_bounds, program.variable_upper_bounds = (
        np.zeros(size), np.full(size, np.inf),
    )  # fmt: skip
    settings = solvers_pb2.PrimalDualHybridGradientParams()
    settings.num_threads = 1
    criteria = settings.termination_criteria.simple_optimality_criteria
    criteria.eps_optimal_relative = criteria.eps_optimal_absolute = 1e-4
    found = pdlp.primal_dual_hybrid_gradient(program, settings)
    dual = np.maximum(-np.asarray(found.dual_solution)[rows:], 0)
    return np.asarray(found.primal_solution) * units.amount, dual * (units.value / units.cost)


RIVALS = {"hipdlp": _hipdlp, "PDLP": _pdlp, "IPM": _interior, "cvxpy + Clarabel": _clarabel}
"""HiGHS's first-order and interior-point methods, OR-Tools' PDLP, and Clarabel through cvxpy."""
