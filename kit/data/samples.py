"""Make the shipped sample data again: ``python -m kit.data.samples FOLDER``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from kit.base.files import write_text
from kit.data.log import AuctionLog
from kit.data.schema import SECOND_PRICE
from kit.data.simulate import Campaign, Exchange, SimulationConfig, simulate

SEED = 20260302
"""Seed of every sample; the committed files come from it."""

AUCTIONS = "auctions.parquet"
THETA = "research.theta.txt"
INFO = "research.info.json"

SUPPLY, DEMAND, PAIRS = "supply.parquet", "demand.parquet", "pairs.parquet"

PRICE_CAP = 300
"""Highest price of the research layout, as in iPinYou."""
_TRAIN_ROWS = 40_000
_TEST_ROWS = 20_000
_PRICE_PER_CPM = 25.0


def sample_log() -> AuctionLog:
    """Return the sample bid log: 150,000 simulated auctions over ten days."""
    return simulate(SimulationConfig(auctions=150_000, days=10, ctr=0.03), SEED).log


def research_rows() -> pd.DataFrame:
    """Return clicks, whole prices and a miscalibrated pCTR of one second-price exchange.

    Returns
    -------
    pandas.DataFrame, shape (60000, 3)
        ``click`` (0 or 1), ``price`` (0 to 300) and ``pctr``, in time order.
    """
    config = SimulationConfig(
        auctions=_TRAIN_ROWS + _TEST_ROWS,
        days=9,
        exchanges=(Exchange("research", SECOND_PRICE, True, price_cpm=2.4),),
        campaigns=(Campaign("research", 250.0),),
        ctr=0.01,
        world_seed=1,
    )
    simulation = simulate(config, SEED)
    rng = np.random.default_rng(SEED)
    truth = simulation.truth.pctr(simulation.log.request)
    # what a trained model is like: right order on the whole, too cautious, too low
    guess = 0.5 * truth**0.9 * np.exp(0.25 * rng.standard_normal(len(truth)))
    price = np.rint(simulation.latent["market_price_cpm"].to_numpy() * _PRICE_PER_CPM)
    return pd.DataFrame(
        {
            "click": simulation.latent["would_click"].to_numpy().astype(np.int64),
            "price": np.minimum(price, PRICE_CAP).astype(np.int64),
            "pctr": guess,
        }
    )


def theta_text(rows: pd.DataFrame) -> str:
    """Return the test rows in the layout of ``ipinyou-theta``: ``click price pctr``."""
    test = rows.iloc[_TRAIN_ROWS:]
    lines = (
        f"{click} {price} {pctr:.6g}\n"
        for click, price, pctr in zip(test["click"], test["price"], test["pctr"], strict=True)
    )
    return "".join(lines)


def info_text(rows: pd.DataFrame) -> str:
    """Return what the training rows sum to, as the JSON of an iPinYou ``info.json``."""
    train = rows.iloc[:_TRAIN_ROWS]
    info = {
        "imp_train": len(train),
        "cost_train": int(train["price"].sum()),
        "clk_train": int(train["click"].sum()),
        "price_counter_train": np.bincount(train["price"], minlength=PRICE_CAP + 1).tolist(),
    }
    return json.dumps(info) + "\n"


def allocation_tables() -> dict[str, pd.DataFrame]:
    """Return a day's supply, lines and eligible pairs of a made-up seller.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``supply.parquet``: ``supply_id, capacity`` (impressions), exchange, hour, viewability.
        ``demand.parquet``: ``demand_id, budget`` (USD). ``pairs.parquet``: ``supply_id,
        demand_id, value, cost`` (USD an impression).
    """
    rng = np.random.default_rng(SEED)
    exchanges = np.array(["aurora", "borealis", "cassini", "dione"])
    supply = pd.MultiIndex.from_product(
        [exchanges, [f"unit{unit:02}" for unit in range(1, 9)], range(24)],
        names=["exchange", "unit_id", "hour"],
    ).to_frame(index=False)
    supply.insert(0, "supply_id", supply["exchange"] + "/" + supply["unit_id"] + "/"
                  + supply["hour"].map("{:02}".format))  # fmt: skip
    supply.insert(1, "capacity", np.rint(rng.lognormal(7.5, 0.8, len(supply))))
    supply["viewability"] = rng.beta(6, 3, len(supply)).round(3)
    lines = [f"line {letter}" for letter in "ABCDEFGHIJKL"]
    eligible = rng.random((len(supply), len(lines))) < 0.6
    place, line = np.nonzero(eligible)
    cost = rng.lognormal(0.4, 0.5, len(supply))[place] * rng.lognormal(0, 0.15, len(place))
    fit = rng.normal(0, 0.35, (len(exchanges), len(lines)))[place // 192, line]
    value = cost * np.exp(0.25 + fit + rng.normal(0, 0.4, len(place)))
    pairs = pd.DataFrame(
        {
            "supply_id": supply["supply_id"].to_numpy()[place],
            "demand_id": np.array(lines)[line],
            "value": (value / 1000).round(6),
            "cost": (cost / 1000).round(6),
        }
    )
    asked = np.bincount(line, cost / 1000 * supply["capacity"].to_numpy()[place])
    budget = (asked * rng.uniform(0.03, 0.1, len(lines))).round(2)
    demand = pd.DataFrame({"demand_id": lines, "budget": budget})
    return {SUPPLY: supply, DEMAND: demand, PAIRS: pairs}


def write_samples(folder: Path) -> list[Path]:
    """Write every sample file into `folder` and return their paths.

    The folder's README is written by hand and stays.
    """
    rows = research_rows()
    paths = [folder / AUCTIONS, folder / THETA, folder / INFO]
    sample_log().save(paths[0])
    write_text(paths[1], theta_text(rows))
    write_text(paths[2], info_text(rows))
    for name, table in allocation_tables().items():
        paths.append(folder / name)
        table.to_parquet(paths[-1], index=False)
    return paths


def main(arguments: list[str]) -> int:
    """Write the samples into the one folder named in `arguments`; return an exit code."""
    if len(arguments) != 1:
        print("usage: python -m kit.data.samples FOLDER", file=sys.stderr)
        return 2
    for path in write_samples(Path(arguments[0])):
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
