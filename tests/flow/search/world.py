"""Small logs on which a search takes seconds, and what a test needs to run one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kit.data.log import AuctionLog, LogMeta
from kit.data.sealed import SealedSplit, seal_log
from kit.flow.search.outcome import Found
from kit.flow.search.settings import ProposeSpec
from kit.flow.specs import Source
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec

Run = Callable[..., Found]
"""Searches with settings; what the fixture `run` is."""
FEATURES = ("device", "region", "hour", "page_quality")
QUICK: dict[str, bool | int | float | str] = {
    "num_iterations": 20, "learning_rate": 0.2, "min_data_in_leaf": 20, "num_leaves": 4,
}  # fmt: skip
"""Trees for tests: few and small."""


def frame(rows: int = 4000, seed: int = 1, days: int = 10) -> pd.DataFrame:
    """Return auctions on two exchanges: one takes the bid, and an XOR decides most clicks."""
    rng = np.random.default_rng(seed)
    seconds = np.linspace(0, days * 86_400, rows, endpoint=False)
    times = pd.Timestamp("2026-03-01", tz="UTC") + pd.to_timedelta(seconds, unit="s")
    device, region = rng.integers(0, 2, (2, rows))
    exchange = rng.integers(0, 2, rows)
    rate = np.where(device ^ region, 0.18, 0.04)
    return pd.DataFrame({
        "timestamp": times.astype("datetime64[us, UTC]"),
        "exchange": np.array(["north", "south"])[exchange],
        "auction_type": (1 + (exchange == 0)).astype(np.int8),
        "device": np.array(["phone", "tv"])[device],
        "region": np.array(["coast", "inland"])[region],
        "hour": times.hour.to_numpy(np.int64),
        "page_quality": rng.random(rows),
        "bid_price_cpm": 3.0,
        "market_price_cpm": rng.lognormal(0, 0.7, rows),
        "market_price_kind": "known",
        "click": rng.random(rows) < rate,
        "click_value_cpm": 20.0,
    })  # fmt: skip


def log_of(rows: pd.DataFrame, features: tuple[str, ...] = FEATURES) -> AuctionLog:
    """Return a log of such rows."""
    return AuctionLog(rows, LogMeta("search world", features=features))


def sealed_log(
    root: Path, change: Callable[[pd.DataFrame], pd.DataFrame] | None = None, rows: int = 4000,
    features: tuple[str, ...] = FEATURES,
) -> SealedSplit:  # fmt: skip
    """Seal a log of `frame`, changed first where a case needs it."""
    made = frame(rows)
    root.mkdir(parents=True, exist_ok=True)
    log = log_of(made if change is None else change(made), features)
    return seal_log(log.save(root / "log.parquet"), out=root / "sealed")


def quick_default(root: Path, **model: Any) -> Path:
    """Write a default variant with small trees; return its file."""
    given = {"features": FEATURES, "params": QUICK} | model
    spec = VariantSpec(
        name="default", model=ModelSpec(**given),
        policy=PolicySpec(name="shade", params={"shading_factor": 1.0, "multiplier": 1.0}),
    )  # fmt: skip
    path = root / "default.json"
    path.write_text(spec.model_dump_json())
    return path


def settings(folder: Path, out: Path, **given: Any) -> ProposeSpec:
    """Return settings of a search over a sealed folder."""
    return ProposeSpec(
        source=Source(path=folder, format="parquet"), out=out, **({"proposer": "rules"} | given)
    )
