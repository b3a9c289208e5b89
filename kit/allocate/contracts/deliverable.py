"""Can the contracts be delivered at all? Which impressions they share, and who must give."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.allocate.contracts.problem import ContractProblem
from kit.base.errors import InfeasibleError, SolverError

Array = NDArray[np.float64]
_SLACK = 1e-9


def eligibility(quality: Array) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Group impressions by the set of contracts that may have them.

    Parameters
    ----------
    quality : ndarray, shape (T, A)
        NaN where a contract is not eligible.

    Returns
    -------
    groups : ndarray of bool, shape (G, A)
        The sets.
    group : ndarray of int64, shape (T,)
        Which of them each impression has.

    Examples
    --------
    >>> groups, group = eligibility(np.array([[1.0, np.nan], [2.0, 3.0], [4.0, np.nan]]))
    >>> groups.tolist(), group
    ([[True, False], [True, True]], array([0, 1, 0]))
    """
    may = ~np.isnan(quality)
    packed = np.packbits(may, axis=1)
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    return may[first], group.astype(np.int64)


def deliverable(problem: ContractProblem, groups: NDArray[np.bool_], share: Array) -> None:
    """Check that contracts without a make-good price can all be delivered.

    Parameters
    ----------
    problem : ContractProblem
        The contracts.
    groups, share : ndarray, shapes (G, A) and (G,)
        The sets of eligible contracts, and the share of all impressions with each.

    Raises
    ------
    InfeasibleError
        Naming the contracts and how much each must give.

    Examples
    --------
    >>> problem = ContractProblem.of([0.7, 0.2], contracts=["news", "games"])
    >>> deliverable(problem, np.array([[True, True]]), np.array([0.8]))
    Traceback (most recent call last):
    kit.base.errors.InfeasibleError: rho: contracts are owed more than the impressions that they may have (shares of all). news (0.7) + games (0.2): owed 0.9 of 0.8, must give 0.1. Owe less, widen the targeting, or set make_good.
    """  # noqa: E501
    rho = np.where(np.isinf(problem.make_good), problem.rho, 0.0)
    parts = []
    for together in _overbooked(rho, groups, share):
        owed, supply = rho[together].sum(), share[groups[:, together].any(axis=1)].sum()
        names = " + ".join(f"{problem.contracts[a]} ({rho[a]:.4g})" for a in together)
        parts.append(f"{names}: owed {owed:.4g} of {supply:.4g}, must give {owed - supply:.4g}")
    if parts:
        raise InfeasibleError(
            "rho: contracts are owed more than the impressions that they may have (shares of all). "
            f"{'; '.join(parts)}. Owe less, widen the targeting, or set make_good."
        )


def _overbooked(
    rho: Array, groups: NDArray[np.bool_], share: Array
) -> list[NDArray[np.intp]]:  # fmt: skip
    """Return the sets of contracts that are owed too much together, each as positions.

    The plan that misses the least has a dual of 0 or 1 a contract: those at 1 would take any more
    supply, and what they are owed beyond it is exactly what is missing (max flow, min cut).
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, eye_array, hstack, vstack

    group, contract = np.nonzero(groups)
    edge, ones = np.arange(len(group)), np.ones(len(group))
    used = csr_array((ones, (group, edge)), shape=(len(share), len(edge)))
    given = csr_array((ones, (contract, edge)), shape=(len(rho), len(edge)))
    rows = vstack([hstack([used, csr_array((len(share), len(rho)))]),
                   hstack([-given, -eye_array(len(rho))])])  # fmt: skip
    cost = np.append(np.zeros(len(edge)), np.ones(len(rho)))
    answer = linprog(  # type: ignore[call-overload]
        cost, A_ub=rows, b_ub=np.append(share, -rho), method="highs"
    )
    if answer.x is None:
        raise SolverError(f"rho: HiGHS found no plan ({answer.message}). Check rho and the draws.")
    if answer.fun <= _SLACK * max(1.0, rho.sum()):
        return []
    return _apart(answer.ineqlin.marginals[len(share) :] < -0.5, rho, groups, share)


def _apart(
    tight: NDArray[np.bool_], rho: Array, groups: NDArray[np.bool_], share: Array
) -> list[NDArray[np.intp]]:
    """Split contracts that do not compete with each other; drop sets that have enough."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    rivals = groups.T.astype(np.int64) @ groups * np.outer(tight, tight)
    _, label = connected_components(csr_array(rivals), directed=False)
    sets = [np.flatnonzero(tight & (label == one)) for one in np.unique(label[tight])]
    return [
        one for one in sets
        if rho[one].sum() - share[groups[:, one].any(axis=1)].sum() > _SLACK
    ]  # fmt: skip
