"""What a row says about the market price: known, at most, at least; never zero, never dropped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kit.data.market_price import add_market_price
from kit.data.simulate import SimulationConfig, simulate

CASES = {
    "second-price win": ({"won": True, "bid": 3, "paid": 2}, (2, "known")),
    "second-price, at the floor": (
        {"won": True, "bid": 3, "paid": 2, "floor": 2},
        (2, "at_most"),
    ),
    "second-price, above it": (
        {"won": True, "bid": 3, "paid": 2, "floor": 1},
        (2, "known"),
    ),
    "first-price win": ({"won": True, "bid": 3, "paid": 3, "at": 1}, (3, "at_most")),
    "first-price, told": (
        {"won": True, "bid": 3, "paid": 3, "at": 1, "told": 2.5},
        (2.5, "known"),
    ),
    "loss": ({"won": False, "bid": 3}, (3, "at_least")),
    "loss, told": ({"won": False, "bid": 3, "told": 4}, (4, "known")),
    "loss under the floor": ({"won": False, "bid": 1, "floor": 2}, (0, "at_least")),
    "told it": (
        {"won": True, "bid": 3, "paid": 3, "at": 1, "floor": 2, "told": 2},
        (2, "at_most"),
    ),
    "no bid": ({"won": False, "bid": np.nan}, (0, "at_least")),
}


@pytest.mark.parametrize("case", CASES)
def test_row(case: str) -> None:
    row, expected = CASES[case]
    frame = pd.DataFrame({
        "won": [row["won"]], "bid_price_cpm": [float(row["bid"])],
        "clearing_price_cpm": [row.get("paid", np.nan)],
        "min_bid_to_win_cpm": [row.get("told", np.nan)],
        "bid_floor_cpm": [row.get("floor", 0.0)], "auction_type": [row.get("at", 2)],
    })  # fmt: skip
    told = add_market_price(frame)
    assert (told["market_price_cpm"][0], told["market_price_kind"][0]) == expected


def test_agrees_with_the_simulated_truth() -> None:
    """What is derived from outcomes never contradicts the price that the simulator drew."""
    simulation = simulate(SimulationConfig(auctions=20_000, days=4), 5)
    frame = simulation.log.frame.drop(columns=["market_price_cpm", "market_price_kind"])
    told = add_market_price(frame)
    truth = simulation.latent["market_price_cpm"].to_numpy()
    price, kind = told["market_price_cpm"].to_numpy(), told["market_price_kind"].to_numpy()
    known = kind == "known"
    assert 0.5 < known.mean() < 1
    np.testing.assert_allclose(price[known], truth[known], atol=2e-3)
    assert (truth[kind == "at_most"] <= price[kind == "at_most"] + 2e-3).all()
    assert (truth[kind == "at_least"] >= price[kind == "at_least"] - 2e-3).all()
