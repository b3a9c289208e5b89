"""Auctions simulated per second, against a bare draw of as many random numbers."""

from __future__ import annotations

import numpy as np

from kit.data.simulate import SimulationConfig, simulate
from tests.benchmarks.table import Row, Table, milliseconds
from tests.benchmarks.timing import medians

DRAWS = 10


def tables(quick: bool) -> list[Table]:
    """Time one log; the target is auctions per second."""
    auctions = 50_000 if quick else 1_000_000
    config = SimulationConfig(auctions=auctions)
    seconds = medians(
        {
            "kit": lambda: simulate(config, seed=0),
            "draws": lambda: np.random.default_rng(0).random((DRAWS, auctions)),
        },
        3 if quick else 5,
    )
    row = Row(
        "simulate, auctions per second",
        milliseconds(seconds["kit"]),
        f"{DRAWS} uniform draws an auction {milliseconds(seconds['draws'])}",
        auctions / seconds["kit"],
        ">= 1e6",
    )
    return [Table(f"Simulator, {auctions:,} auctions", [row])]
