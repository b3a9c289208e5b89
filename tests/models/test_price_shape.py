from __future__ import annotations

import numpy as np
import pytest

from kit.models.censored import Statements
from kit.models.price_shape import PriceShape


def _known(values: np.ndarray) -> Statements:
    return Statements(values, np.zeros(values.size, dtype=np.int8))


@pytest.mark.parametrize("atoms", [False, True])
def test_thin_groups_lean_on_all_rows_and_thick_ones_do_not(
    rng: np.random.Generator, atoms: bool
) -> None:
    thick, thin = rng.normal(0, 1, 9000).round(1), np.full(10, 2.0)
    values = np.r_[thick, thin]
    group = np.r_[np.zeros(thick.size), np.ones(thin.size)].astype(np.intp)
    shape = PriceShape.fit(_known(values), group, 2, tail=0.5, atoms=atoms)
    share = shape.probability(np.array([0, 1, 2]), np.zeros(3), equal=True)
    assert share[0] == pytest.approx((thick <= 0).mean(), abs=0.01)
    # 200 rows of all against 10 of its own, which are all above
    assert share[1] == pytest.approx(share[2] * 200 / 210, abs=0.01)


def test_quantile_undoes_probability_tails_included(rng: np.random.Generator) -> None:
    """Below the grid (half the rows are only "at most") and beyond it."""
    values = rng.normal(0, 1, 4000)
    kind = np.repeat([0, 1, 2, 0], 1000).astype(np.int8)
    shape = PriceShape.fit(Statements(values, kind), np.zeros(4000, dtype=np.intp), 1, tail=0.4)
    level = np.r_[np.geomspace(1e-6, 0.5, 40), 1 - np.geomspace(1e-6, 0.5, 40)]
    group = np.zeros(level.size, dtype=np.intp)
    value = shape.quantile(group, level)
    assert value.min() < shape.grid[0]
    assert value.max() > shape.grid[-1]
    np.testing.assert_allclose(shape.probability(group, value, equal=True), level, atol=1e-9)


def test_current_status_alone_recovers_a_distribution(rng: np.random.Generator) -> None:
    """No price is ever known: each row says only whether it was below a bid."""
    price, bid = rng.logistic(0, 0.5, 30_000), rng.normal(0, 1.2, 30_000)
    statements = Statements(bid, np.where(price <= bid, 1, 2).astype(np.int8))
    shape = PriceShape.fit(statements, np.zeros(bid.size, dtype=np.intp), 1, tail=0.5)
    probe = np.linspace(-1.5, 1.5, 13)
    fitted = shape.probability(np.zeros(13, dtype=np.intp), probe, equal=False)
    np.testing.assert_allclose(fitted, 1 / (1 + np.exp(-probe / 0.5)), atol=0.05)
