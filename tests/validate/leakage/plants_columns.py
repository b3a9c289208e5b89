"""Leaks that are one column: an outcome, the target, what comes later, an id, an aggregate.

Each plant takes a draft, a strength (0 weak, 1 middle, 2 strong) and a generator. What a strength
means stands in the plant's first line, as (weak, middle, strong).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.validate.leakage.worlds import Array, Draft

Rng = np.random.Generator


def price_copy(made: Draft, strength: int, rng: Rng) -> None:
    """A function of the clearing price, noise of (0.5, 0.1, 0) in its logarithm."""
    price = made.frame["clearing_price_cpm"].to_numpy()
    noisy = np.log1p(price) + (0.5, 0.1, 0.0)[strength] * rng.standard_normal(len(price))
    made.add("bid_context", 3 - 2 * noisy, True)


def market_copy(made: Draft, strength: int, rng: Rng) -> None:
    """The market price, exact in (5 %, 30 %, 100 %) of the rows and an honest guess in others."""
    price = made.frame["market_price_cpm"].to_numpy()
    guess = np.exp(0.8 + 0.5 * rng.standard_normal(len(price))).round(3)
    copied = rng.random(len(price)) < (0.05, 0.3, 1.0)[strength]
    made.add("competition", np.where(copied, price, guess))


def win_flag(made: Draft, strength: int, rng: Rng) -> None:
    """The win flag, wrong in (15 %, 2 %, 0) of the rows."""
    won = made.frame["won"].to_numpy()
    wrong = rng.random(len(won)) < (0.15, 0.02, 0.0)[strength]
    made.add("served", np.where(won ^ wrong, 1, 0))


def filled_when_won(made: Draft, strength: int, rng: Rng) -> None:
    """A value that is there when we won, the other way round in (15 %, 2 %, 0) of the rows."""
    won = made.frame["won"].to_numpy()
    wrong = rng.random(len(won)) < (0.15, 0.02, 0.0)[strength]
    made.add("render_ms", np.where(won ^ wrong, rng.gamma(2.0, 90.0, len(won)), np.nan))


def label_in_noise(made: Draft, strength: int, rng: Rng) -> None:
    """The target in normal noise, (1.2, 2.2, 4) standard deviations apart."""
    label = made.frame[made.target].to_numpy(dtype=float)
    score = (1.2, 2.2, 4.0)[strength] * label + rng.standard_normal(len(label))
    made.add("quality_score", np.exp(-score))


def label_both_tails(made: Draft, strength: int, rng: Rng) -> None:
    """The target pushes a value away from 0 on either side, by (1.2, 2.2, 4) deviations."""
    label = made.frame[made.target].to_numpy(dtype=float)
    size = np.abs(rng.standard_normal(len(label))) + (1.2, 2.2, 4.0)[strength] * label
    made.add("scroll", size * rng.choice([-1.0, 1.0], len(label)))


def _marked(made: Draft, strength: int, rng: Rng) -> NDArray[np.bool_]:
    """Mark (30 %, 80 %, 100 %) of the positives and (2 %, 0.5 %, 0) of the negatives."""
    label = made.frame[made.target].to_numpy(dtype=bool)
    rate = np.where(label, (0.3, 0.8, 1.0)[strength], (0.02, 0.005, 0.0)[strength])
    return rng.random(len(label)) < rate


def filled_after_target(made: Draft, strength: int, rng: Rng) -> None:
    """A value that is there for marked rows: see `_marked`."""
    marked = _marked(made, strength, rng)
    made.add("dwell_s", np.where(marked, rng.gamma(2.0, 20.0, len(marked)), np.nan))


def status_after_target(made: Draft, strength: int, rng: Rng) -> None:
    """A label that marked rows have, among others: see `_marked`."""
    others = rng.choice(["new", "open", "idle"], len(made.frame))
    made.add("status", np.where(_marked(made, strength, rng), "landed", others))


def next_day_rate(made: Draft, strength: int, rng: Rng) -> None:
    """A unit's click rate of the next day; its noise is (1.7, 0.75, 0) times its spread."""
    day, unit = made.frame["timestamp"].dt.floor("D"), made.frame["unit_id"].astype(str)
    daily = made.frame.groupby([day, unit])[["click", "won"]].sum()
    rate = ((daily["click"] + 0.5) / (daily["won"] + 10)).rename("rate")
    spread = float((rate - rate.groupby(level=1).transform("mean")).std())
    rate = rate + (1.7, 0.75, 0.0)[strength] * spread * rng.standard_normal(len(rate))
    index = pd.MultiIndex.from_arrays([day + pd.Timedelta(days=1), unit])
    made.add("unit_trend", rate.reindex(index).fillna(rate.mean()).to_numpy())


def next_price(made: Draft, strength: int, rng: Rng) -> None:
    """A unit's next price, joined forward in time; noise of (1, 0.3, 0) in its logarithm."""
    unit = made.frame["unit_id"]
    price = made.frame["clearing_price_cpm"].groupby(unit, observed=True).bfill()
    later = price.groupby(unit, observed=True).shift(-1).fillna(1.0).to_numpy()
    made.add(
        "unit_price", later * np.exp((1.0, 0.3, 0.0)[strength] * rng.standard_normal(len(later)))
    )


def later_clicks(made: Draft, strength: int, rng: Rng) -> None:
    """How often a user clicks later; (70 %, 30 %, 0) of the rows have another row's value."""
    click = made.frame["click"].astype(int)
    by_user = click.groupby(made.frame["user_id"])
    later = (by_user.transform("sum") - by_user.cumsum()).to_numpy().copy()
    mixed = rng.random(len(later)) < (0.7, 0.3, 0.0)[strength]
    later[mixed] = rng.permutation(later[mixed])
    made.add("user_activity", later)


def until_next_click(made: Draft, strength: int, rng: Rng) -> None:
    """Hours until the unit's next click; (70 %, 30 %, 0) of the rows have another row's value."""
    when = made.frame["timestamp"].where(made.frame["click"])
    unit = made.frame["unit_id"]
    following = when.groupby(unit, observed=True).bfill().groupby(unit, observed=True).shift(-1)
    hours = (
        ((following - made.frame["timestamp"]).dt.total_seconds() / 3600)
        .fillna(24.0)
        .to_numpy()
        .copy()
    )
    mixed = rng.random(len(hours)) < (0.7, 0.3, 0.0)[strength]
    hours[mixed] = rng.permutation(hours[mixed])
    made.add("unit_gap_h", hours)


def random_ids(made: Draft, strength: int, rng: Rng) -> None:
    """Ids that say nothing, (15, 4, 1) rows each in the mean."""
    count = len(made.frame)
    ids = (
        rng.integers(0, count // (15, 4, 1)[strength], count) if strength < 2 else np.arange(count)
    )
    made.add("cookie", np.array([f"k{code * 7919 % 1_000_003}" for code in ids]))


def sessions(made: Draft, strength: int, rng: Rng) -> None:
    """Sessions that end: rows of one id lie close in time; (15, 4, 2) rows each in the mean."""
    width = (15, 4, 2)[strength]
    code = np.arange(len(made.frame)) // (8 * width) * 8 + rng.integers(0, 8, len(made.frame))
    made.add("session", np.array([f"s{number}" for number in code]))


def skewed_ids(made: Draft, strength: int, rng: Rng) -> None:
    """Ids that say nothing: a tenth of the rows under one, others (12, 3, 1.2) rows each."""
    count = len(made.frame)
    ids = rng.integers(1, int(count / (12, 3, 1.2)[strength]), count)
    ids[rng.random(count) < 0.1] = 0
    made.add("device_hash", np.array([f"d{code * 104_729 % 1_000_003:x}" for code in ids]))


def _rates(made: Draft, key: str, rows: NDArray[np.bool_], noise: float, rng: Rng) -> Array:
    """Return a key's click rate over some rows, noise in units of its sampling error."""
    frame = made.frame[rows & made.frame["won"].to_numpy()]
    mean = frame["click"].mean()
    sums = frame.groupby(frame[key].astype(str))["click"].agg(["sum", "count"])
    rate = (sums["sum"] + 10 * mean) / (sums["count"] + 10)
    rate = rate + noise * np.sqrt(mean / (sums["count"] + 10)) * rng.standard_normal(len(rate))
    return made.frame[key].astype(str).map(rate).fillna(mean).to_numpy()


def rate_of_all_days(made: Draft, strength: int, rng: Rng) -> None:
    """A city's click rate over train and tune; noise of (1, 0.3, 0) sampling errors."""
    rows = np.ones(len(made.frame), dtype=bool)
    made.add("city_ctr", _rates(made, "city", rows, (1.0, 0.3, 0.0)[strength], rng))


def rate_of_train_days(made: Draft, strength: int, rng: Rng) -> None:
    """A user's click rate over all of train, its own row too; noise of (1, 0.3, 0) errors."""
    early = (made.frame["timestamp"] < made.tune_from).to_numpy()
    made.add("user_ctr", _rates(made, "user_id", early, (1.0, 0.3, 0.0)[strength], rng))


def rate_of_the_day(made: Draft, strength: int, rng: Rng) -> None:
    """A unit's click rate over the row's whole day; its noise is (1.7, 0.75, 0) its spread."""
    day, unit = made.frame["timestamp"].dt.floor("D"), made.frame["unit_id"].astype(str)
    daily = made.frame.groupby([day, unit])[["click", "won"]].sum()
    rate = ((daily["click"] + 0.5) / (daily["won"] + 10)).rename("rate")
    spread = float((rate - rate.groupby(level=1).transform("mean")).std())
    rate = rate + (1.7, 0.75, 0.0)[strength] * spread * rng.standard_normal(len(rate))
    made.add("unit_today", rate.reindex(pd.MultiIndex.from_arrays([day, unit])).to_numpy())


def price_of_all_days(made: Draft, strength: int, rng: Rng) -> None:
    """A city's mean price over train and tune; noise of (1, 0.3, 0) of its sampling errors."""
    price = made.frame["clearing_price_cpm"]
    sums = price.groupby(made.frame["city"]).agg(["mean", "count"])
    error = price.std() / np.sqrt(sums["count"])
    noisy = sums["mean"] + (1.0, 0.3, 0.0)[strength] * error * rng.standard_normal(len(sums))
    made.add("city_price", made.frame["city"].map(noisy).to_numpy())
