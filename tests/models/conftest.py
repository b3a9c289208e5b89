"""Simulated logs with known truth, split by time, once a session."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from kit.data.log import AuctionLog
from kit.data.simulate import Simulation, SimulationConfig, simulate
from kit.models.landscape import LandscapeModel
from kit.models.response import ResponseModel


@dataclass(frozen=True)
class World:
    simulation: Simulation
    train: AuctionLog
    tune: AuctionLog
    holdout: AuctionLog


def cut(log: AuctionLog, first: float, last: float) -> AuctionLog:
    return log.rows(slice(int(first * len(log)), int(last * len(log))))


def make_world(drift: float, auctions: int = 80_000) -> World:
    simulation = simulate(SimulationConfig(auctions=auctions, days=10, drift=drift), seed=11)
    log = simulation.log
    return World(simulation, cut(log, 0, 0.6), cut(log, 0.6, 0.8), cut(log, 0.8, 1))


@pytest.fixture(scope="session")
def still() -> World:
    """No drift: what remains is the error of the estimator."""
    return make_world(drift=0.0)


@pytest.fixture(scope="session")
def drifting() -> World:
    return make_world(drift=1.0)


@pytest.fixture(scope="session")
def landscape(still: World) -> LandscapeModel:
    return LandscapeModel.fit(still.train, still.tune, seed=3, num_threads=1)


@pytest.fixture(scope="session")
def response(still: World) -> ResponseModel:
    return ResponseModel.fit(still.train, still.tune, seed=3, num_threads=1)
