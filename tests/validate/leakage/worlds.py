"""Simulated logs with honest, awkward features: what the leaks are planted into.

Nothing here leaks: a feature is a function of the request, of the world, or of rows before its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from kit.data.log import AuctionLog, LogMeta
from kit.data.schema import COLUMNS
from kit.data.simulate import SimulationConfig, simulate
from kit.data.split import mask_conversions

Array = NDArray[np.float64]
Build = Callable[[pd.DataFrame, pd.DataFrame], tuple[pd.DataFrame, pd.DataFrame]]
BASE = (
    "exchange", "bid_floor_cpm", "campaign_id", "unit_id", "country", "device", "ad_format",
    "site_category", "user_segment", "hour", "weekday", "recency_hours", "page_quality",
)  # fmt: skip


@dataclass
class Draft:
    """A log of train and tune days that a leak is planted into.

    `keep_late` is the share of conversions after the train split's end that the train rows keep.
    """

    frame: pd.DataFrame
    truth: Array
    tune_from: pd.Timestamp
    features: list[str]
    target: str = "click"
    planted: list[str] = field(default_factory=list)
    build: Build | None = None
    keep_late: float = 0.0
    parts: tuple[pd.DataFrame, pd.DataFrame] | None = None

    def add(self, name: str, values: object, planted: bool = True) -> None:
        """Add a feature column."""
        self.frame = self.frame.assign(**{name: values})
        self.features.append(name)
        if planted:
            self.planted.append(name)


@dataclass(frozen=True)
class Case:
    """What the battery is given, and what it should name."""

    train: AuctionLog
    tune: AuctionLog
    features: tuple[str, ...]
    target: str
    planted: tuple[str, ...]
    build: Build | None


def draft(seed: int, *, conversions: bool = False) -> Draft:
    """Return an honest draft: its world, size, rates and features follow from the seed."""
    rng = np.random.default_rng([seed, 77])
    days = int(rng.integers(8, 13))
    config = SimulationConfig(
        auctions=int(rng.integers(8_000, 16_000)),
        days=days,
        units=int(rng.integers(6, 25)),
        ctr=float(rng.uniform(0.02, 0.05)),
        drift=float(rng.uniform(0, 2)),
        world_seed=seed,
    )
    simulation = simulate(config, seed)
    frame = simulation.log.frame.assign(auction_id=[f"r{row}" for row in range(config.auctions)])
    truth = simulation.truth.pctr(simulation.log.request)
    if conversions:
        frame = _more_conversions(frame, truth, rng)
    start = frame["timestamp"].iloc[0].normalize()
    kept = (frame["timestamp"] < start + pd.Timedelta(days=days - 1)).to_numpy()
    tune_from = start + pd.Timedelta(days=round(days * 0.6))
    made = Draft(frame[kept].reset_index(drop=True), truth[kept], tune_from, list(BASE))
    made.target = "conversion" if conversions else "click"
    furnish(made, rng)
    return made


def _more_conversions(frame: pd.DataFrame, truth: Array, rng: np.random.Generator) -> pd.DataFrame:
    """Return a world of retargeting: many clicks convert, after 14 hours in the mean."""
    count = len(frame)
    click = frame["won"].to_numpy() & (rng.random(count) < np.minimum(5 * truth, 0.9))
    converts = click & (rng.random(count) < 0.4)
    delay = pd.to_timedelta(np.minimum(rng.exponential(14 * 3600, count), 6.9 * 86_400), unit="s")
    times = (frame["timestamp"] + delay.floor("ms")).astype(frame["conversion_time"].dtype)
    return frame.assign(click=click, conversion=converts, conversion_time=times.where(converts))


def finish(made: Draft) -> Case:
    """Cut the draft in time, unless the leak has cut it, and check both logs."""
    late = (made.frame["timestamp"] >= made.tune_from).to_numpy()
    train, tune = made.parts or (made.frame[~late], made.frame[late])
    if made.keep_late < 1:
        train = _forget(train, made.tune_from, made.keep_late)
        tune = mask_conversions(tune, tune["timestamp"].max().ceil("D"))
    declared = tuple(str(name) for name in made.frame.columns if name not in COLUMNS)
    meta = LogMeta("planted", features=declared)
    features = tuple(made.features)
    logs = (
        AuctionLog(part.sort_values("timestamp", kind="stable"), meta) for part in (train, tune)
    )
    return Case(*logs, features, made.target, tuple(made.planted), made.build)  # type: ignore[arg-type]


def _forget(train: pd.DataFrame, until: pd.Timestamp, keep: float) -> pd.DataFrame:
    """Take out conversions after `until`, but for a share of them."""
    chosen = np.random.default_rng(len(train)).random(len(train)) < keep
    ends = np.where(
        chosen, np.datetime64("2200-01-01", "us"), until.tz_localize(None).to_datetime64()
    )
    return mask_conversions(train, pd.DatetimeIndex(ends).tz_localize("UTC"))


def furnish(made: Draft, rng: np.random.Generator) -> None:
    """Add honest columns, each in most logs: strong, drifting, sparse, of high cardinality."""
    ids(made, rng)
    for adds in (history, scores, calendar, labels):
        adds(made, rng)
    keep = [name for name in made.features if name in BASE or rng.random() < 0.7]
    made.features = keep
    if rng.random() < 0.5:
        repeat_rows(made, rng)


def ids(made: Draft, rng: np.random.Generator) -> None:
    """Add users and cities that differ in what their requests are like."""
    made.add("user_id", groups_of(made.truth, int(rng.integers(8, 60)), 0.3, "u", rng), False)
    made.add("city", groups_of(made.truth, len(made.truth) // 300, 1.0, "c", rng), False)


def groups_of(
    truth: Array, size: int, noise: float, prefix: str, rng: np.random.Generator
) -> NDArray[np.str_]:
    """Return labels of about `size` rows each; rows of one label have a like click rate."""
    score = logit(np.clip(truth, 1e-6, 1 - 1e-6)) + noise * rng.standard_normal(len(truth))
    rank = np.argsort(np.argsort(score))
    width = rng.permutation(len(truth) // size + 2)
    return np.array([f"{prefix}{code}" for code in width], dtype=str)[rank // size]


def history(made: Draft, rng: np.random.Generator) -> None:
    """Add what earlier rows say: a unit's rate until yesterday, its last price, a user's past."""
    frame = made.frame
    day = frame["timestamp"].dt.floor("D")
    daily = frame.groupby([day, frame["unit_id"].astype(str)])[["click", "won"]].sum()
    before = daily.groupby(level=1).cumsum() - daily
    rate = (before["click"] + 0.5) / (before["won"] + 20)
    index = pd.MultiIndex.from_arrays([day, frame["unit_id"].astype(str)])
    made.add("past_unit_ctr", rate.reindex(index).to_numpy(), False)
    known = frame.groupby("unit_id", observed=True)["clearing_price_cpm"].ffill()
    last = known.groupby(frame["unit_id"], observed=True).shift(1)
    made.add("last_unit_price", last.to_numpy(), False)
    by_user = frame.groupby("user_id")
    made.add("user_visits_before", by_user.cumcount().to_numpy(), False)
    clicks = by_user["click"].cumsum() - frame["click"]
    made.add("user_clicks_before", clicks.to_numpy(dtype=np.int64), False)
    gap = by_user["timestamp"].diff().dt.total_seconds() / 3600
    made.add("hours_since_user", gap.to_numpy(), False)


def scores(made: Draft, rng: np.random.Generator) -> None:
    """Add what other models say: of clicks, of prices, and a segment's score for some rows."""
    count = len(made.truth)
    noise = rng.uniform(0.1, 1.0) * rng.standard_normal(count)
    score = logit(np.clip(made.truth, 1e-6, 1 - 1e-6)) + noise
    made.add("ad_server_pctr", expit(score), False)
    level = made.frame["exchange"].astype(str).map({"aurora": 1.9, "borealis": 2.2, "cassini": 1.7})
    price = level.fillna(2.4).to_numpy() * np.exp(0.3 * rng.standard_normal(count))
    made.add("price_estimate", price * (0.5 + made.frame["page_quality"].to_numpy()), False)
    sparse = np.where(rng.random(count) < 0.3, score + rng.standard_normal(count), np.nan)
    made.add("segment_score", sparse, False)


def calendar(made: Draft, rng: np.random.Generator) -> None:
    """Add what moves with time: an index that drifts, a campaign's age, a creative's version."""
    age = (made.frame["timestamp"] - made.frame["timestamp"].iloc[0]).dt.total_seconds() / 86_400
    days = age.to_numpy()
    made.add("demand_index", rng.uniform(-1, 1) * days + rng.standard_normal(len(days)), False)
    made.add("campaign_age_days", days.astype(np.int64), False)
    version = np.minimum((days + 2 * rng.random(len(days))) // 3, 3).astype(int)
    made.add("creative", np.array(["red", "green", "blue", "gold"])[version], False)


def labels(made: Draft, rng: np.random.Generator) -> None:
    """Add browsers of very unequal traffic, a campaign's rate of last month, whole seconds."""
    count = len(made.truth)
    browsers = np.minimum(rng.zipf(1.6, count), 200)
    made.add("user_agent", np.array([f"ua{code}" for code in browsers]), False)
    campaign = made.frame["campaign_id"].astype(str)
    last_month = pd.Series(made.truth).groupby(campaign).mean() * np.exp(0.1 * rng.normal(size=3))
    made.add("campaign_ctr_last_month", campaign.map(last_month).to_numpy(), False)
    seconds = (made.frame["recency_hours"] * 3600).round().to_numpy(dtype=np.int64)
    made.add("recency_seconds", seconds, False)


def repeat_rows(made: Draft, rng: np.random.Generator) -> None:
    """Send some requests twice within seconds, and one probe of a monitor every hour."""
    count = len(made.frame)
    again = np.flatnonzero(rng.random(count) < 0.02)
    hours = pd.date_range(
        made.frame["timestamp"].iloc[0], made.frame["timestamp"].iloc[-1], freq="h"
    )
    lost = np.flatnonzero(~made.frame["won"].to_numpy()[:500])
    probe = np.full(len(hours), rng.choice(lost))
    times = made.frame["timestamp"].iloc[again] + pd.Timedelta(seconds=2)
    put_in(made, np.r_[again, probe], pd.DatetimeIndex([*times, *hours]), rng)


def put_in(
    made: Draft, rows: NDArray[np.intp], times: pd.DatetimeIndex, rng: np.random.Generator
) -> None:
    """Put copies of rows in at other times, their calendar right and their ids new."""
    copies = retimed(made.frame.iloc[rows], times, f"x{rng.integers(1 << 40)}")
    frame = pd.concat([made.frame, copies], ignore_index=True)
    order = np.argsort(frame["timestamp"].to_numpy(), kind="stable")
    kept = order[
        (frame["timestamp"].iloc[order] < made.frame["timestamp"].max().ceil("D")).to_numpy()
    ]
    made.frame = frame.iloc[kept].reset_index(drop=True)
    made.truth = np.r_[made.truth, made.truth[rows]][kept]


def retimed(
    rows: pd.DataFrame, times: Sequence[object] | pd.DatetimeIndex, prefix: str
) -> pd.DataFrame:
    """Return copies of rows at other times."""
    stamps = pd.DatetimeIndex(times).astype(rows["timestamp"].dtype)
    moved = pd.Series(stamps, index=rows.index) - rows["timestamp"]
    return rows.assign(
        timestamp=np.asarray(stamps),
        auction_id=[f"{prefix}-{row}" for row in range(len(rows))],
        hour=np.asarray(stamps.hour, dtype=np.int8),
        weekday=np.asarray(stamps.day_of_week, dtype=np.int8),
        conversion_time=rows["conversion_time"] + moved,
        label_mature_at=rows["label_mature_at"] + moved,
    ).astype(rows.dtypes)
