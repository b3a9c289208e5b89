"""Play a selection over days with unknown paths, and account for what not knowing cost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kit.allocate.inventory.exploration import Rule, best_known, explore_inventory
from kit.allocate.inventory.problem import Array, Inventory, QpsLimit
from kit.base.checks import finite_at_least, number
from kit.base.errors import DataError


def exploration_regret(
    paths: pd.DataFrame,
    truth: Array,
    limit: QpsLimit,
    share: float,
    rng: np.random.Generator,
    *,
    rule: Rule = "information",
    rounds: int = 30,
    queries_per_qps: float = 100.0,
) -> pd.DataFrame:
    """Select, listen, learn, select again; compare with who knew the truth from the start.

    Parameters
    ----------
    paths : pandas.DataFrame, P rows
        ``path_id``, ``exchange``, ``qps`` and the beliefs at the start: ``surplus``,
        ``surplus_se``, ``surplus_sd``, ``requests``.
    truth : ndarray, shape (P,)
        True mean surplus of a request, money.
    limit : QpsLimit
        Queries per second.
    share : float
        Exploration share, in [0, 1).
    rng : numpy.random.Generator
        Of what is seen.
    rule : {"information", "ucb", "thompson"}
        See `explore_inventory`.
    rounds : int
        Selections made.
    queries_per_qps : float
        Requests seen in a round for one query per second: its length in seconds.

    Returns
    -------
    pandas.DataFrame, one row a round
        ``earned`` and ``best`` (true money per second, of the rates and of the best selection),
        ``exploring`` (what the queries set aside would have earned more had they gone to the
        selection on present beliefs), ``mistaken`` (what selecting on beliefs instead of the
        truth cost; ``exploring + mistaken = best - earned``) and ``regret`` (their running sum).

    Raises
    ------
    DataError
        If `truth` is of another length or negative.

    References
    ----------
    Gelman, Carlin, Stern, Dunson, Vehtari, Rubin, "Bayesian Data Analysis" (3rd ed., 2013),
    section 2.5: beliefs are normal, of known spread, and what is seen sharpens them.
    """
    means = finite_at_least("truth", truth)
    if means.shape != (len(paths),):
        raise DataError(
            f"truth: has shape {means.shape}; must be ({len(paths)},), one a path. Pass one each."
        )
    number("rounds", rounds, 1)
    known = paths.reset_index(drop=True)
    real = Inventory.of(known.assign(surplus=means))
    best = best_known(real, limit).value
    rows = []
    for _ in range(rounds):
        lot = Inventory.of(known)
        found = explore_inventory(
            lot, limit, share, rule=rule, horizon=queries_per_qps, rng=rng
        )  # fmt: skip
        without = best_known(lot, limit).rate if share else found.rate
        earned, believed = real.value(found.rate), real.value(without)
        rows.append(
            {"earned": earned, "best": best, "exploring": believed - earned,
             "mistaken": best - believed}
        )  # fmt: skip
        known = _learned(known, means, found.rate * queries_per_qps * lot.qps, rng)
    table = pd.DataFrame(rows)
    return table.assign(regret=(table["best"] - table["earned"]).cumsum())


def _learned(
    known: pd.DataFrame, truth: Array, queries: Array, rng: np.random.Generator
) -> pd.DataFrame:
    """Return beliefs after a round: normal prior, normal draws of known spread."""
    count = rng.poisson(queries)
    sd = known["surplus_sd"].to_numpy(dtype=np.float64)
    seen = count > 0
    observed = truth + rng.standard_normal(len(truth)) * sd / np.sqrt(np.maximum(count, 1))
    prior = 1.0 / np.maximum(known["surplus_se"].to_numpy(dtype=np.float64), 1e-12) ** 2
    weight = np.where(seen, count / np.maximum(sd, 1e-12) ** 2, 0.0)
    mean = (prior * known["surplus"].to_numpy() + weight * observed) / (prior + weight)
    return known.assign(
        surplus=mean,
        surplus_se=1.0 / np.sqrt(prior + weight),
        requests=known["requests"].to_numpy() + count,
    )
