"""Leaks of whole rows and labels, and those that only the controls show.

Each plant takes a draft, a strength (0 weak, 1 middle, 2 strong) and a generator. What a strength
means stands in the plant's first line, as (weak, middle, strong).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from tests.validate.leakage.worlds import Build, Draft, retimed

Rng = np.random.Generator


def _halves(made: Draft) -> tuple[pd.DataFrame, pd.DataFrame]:
    late = (made.frame["timestamp"] >= made.tune_from).to_numpy()
    return made.frame[~late], made.frame[late]


def swapped_rows(made: Draft, strength: int, rng: Rng) -> None:
    """A random split of (0.5 %, 20 %, all) of the rows."""
    late = (made.frame["timestamp"] >= made.tune_from).to_numpy().copy()
    mixed = rng.random(len(late)) < (0.005, 0.2, 1.0)[strength]
    late[mixed] = rng.permutation(late[mixed])
    made.parts = made.frame[~late], made.frame[late]


def blurred_cut(made: Draft, strength: int, rng: Rng) -> None:
    """Rows within (5 minutes, 2 hours, 1 day) of the cut fall on either side of it."""
    time = made.frame["timestamp"]
    near = (time - made.tune_from).abs() < pd.Timedelta(minutes=(5, 120, 1440)[strength])
    late = np.where(near, rng.random(len(time)) < 0.5, time >= made.tune_from)
    made.parts = made.frame[~late], made.frame[late]


def tune_in_the_middle(made: Draft, strength: int, rng: Rng) -> None:
    """Train has rows after tune as well: (the last hour's, the last day's, all but one day's)."""
    end = made.frame["timestamp"].max().ceil("D")
    hours = (1, 24, (end - made.tune_from).total_seconds() / 3600 - 24)[strength]
    time = made.frame["timestamp"]
    late = ((time >= made.tune_from) & (time < end - pd.Timedelta(hours=hours))).to_numpy()
    made.parts = made.frame[~late], made.frame[late]


def _copied(
    made: Draft, strength: int, rng: Rng
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return train, tune, and train rows at tune's times: (0.4 %, 2 %, 20 %) of tune's rows."""
    train, tune = _halves(made)
    count = round((0.004, 0.02, 0.2)[strength] * len(tune))
    rows = train.iloc[rng.choice(len(train), count, replace=False)]
    times = tune["timestamp"].iloc[np.sort(rng.choice(len(tune), count, replace=False))]
    return train, tune, retimed(rows, pd.DatetimeIndex(times), "copy")


def copied_rows(made: Draft, strength: int, rng: Rng) -> None:
    """Train rows under other times and ids: (0.4 %, 2 %, 20 %) of tune."""
    train, tune, copies = _copied(made, strength, rng)
    made.parts = train, pd.concat([tune, copies])


def jittered_rows(made: Draft, strength: int, rng: Rng) -> None:
    """Copies whose numbers are off by about 1 %: (0.4 %, 2 %, 20 %) of tune."""
    train, tune, copies = _copied(made, strength, rng)
    for name in copies.columns:
        if copies[name].dtype == np.float64 and name != "click_value_cpm":
            factor = np.exp(0.01 * rng.standard_normal(len(copies)))
            copies[name] = np.minimum(copies[name] * factor, copies[name].max())
    made.parts = train, pd.concat([tune, copies])


def edited_rows(made: Draft, strength: int, rng: Rng) -> None:
    """Copies with two labels and two numbers of other rows: (0.4 %, 2 %, 20 %) of tune."""
    train, tune, copies = _copied(made, strength, rng)
    for name in ("country", "site_category", "page_quality", "bid_price_cpm"):
        copies[name] = train[name].iloc[rng.choice(len(train), len(copies))].to_numpy()
    made.parts = train, pd.concat([tune, copies.astype(tune.dtypes)])


def reused_ids(made: Draft, strength: int, rng: Rng) -> None:
    """One auction in both parts, by another path: (0.4 %, 2 %, 20 %) of tune's rows."""
    train, tune = _halves(made)
    chosen = rng.choice(len(tune), round((0.004, 0.02, 0.2)[strength] * len(tune)), replace=False)
    ids = tune["auction_id"].to_numpy(dtype=object).copy()
    ids[chosen] = rng.choice(train["auction_id"].to_numpy(dtype=object), len(chosen), replace=False)
    made.parts = train, tune.assign(auction_id=pd.array(ids, dtype=tune["auction_id"].dtype))


def labels_read_later(made: Draft, strength: int, rng: Rng) -> None:
    """Train keeps (10 %, 50 %, 100 %) of the conversions that came after its end."""
    made.keep_late = (0.1, 0.5, 0.999)[strength]


def _slower(made: Draft, factor: float) -> None:
    """Stretch the delays of conversions."""
    delay = (made.frame["conversion_time"] - made.frame["timestamp"]) * factor
    times = (made.frame["timestamp"] + delay.dt.floor("ms")).astype("datetime64[us, UTC]")
    made.frame = made.frame.assign(conversion_time=times)


def young_negatives(made: Draft, strength: int, rng: Rng) -> None:
    """No column says when labels are final; delays of (4, 14, 42) hours in the mean."""
    _slower(made, (0.3, 1.0, 3.0)[strength])
    made.frame = made.frame.drop(columns="label_mature_at")


def early_maturity(made: Draft, strength: int, rng: Rng) -> None:
    """Labels count as final (36, 12, 3) hours after the auction; delays are 14 in the mean."""
    final = made.frame["timestamp"] + pd.Timedelta(hours=(36, 12, 3)[strength])
    made.frame = made.frame.assign(label_mature_at=final)


def encoded_over_both(made: Draft, strength: int, rng: Rng) -> None:
    """The pipeline encodes a random key by its rate over both parts, (30, 6, 2) rows a level."""
    count = len(made.frame)
    key = rng.integers(0, count // (30, 6, 2)[strength], count)
    made.frame = made.frame.assign(pool=np.array([f"p{code}" for code in key]))
    made.build = _encoder(made.target)


def _encoder(target: str) -> Build:
    def build(train: pd.DataFrame, tune: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        both = pd.concat([train, tune])
        rate = both[target].astype(float).groupby(both["pool"]).mean()
        return tuple(part.assign(pool_rate=part["pool"].map(rate)) for part in (train, tune))  # type: ignore[return-value]

    return build


def neighbours_over_both(made: Draft, strength: int, rng: Rng) -> None:
    """The pipeline takes the mean target of the (40, 10, 3) rows nearest in one column."""
    made.frame = made.frame.assign(taste=rng.standard_normal(len(made.frame)))
    made.build = _smoother(made.target, (40, 10, 3)[strength])


def _smoother(target: str, width: int) -> Build:
    def build(train: pd.DataFrame, tune: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        both = pd.concat([train, tune], ignore_index=True)
        order = np.argsort(both["taste"].to_numpy())
        near = pd.Series(both[target].to_numpy(dtype=float)[order])
        mean = np.empty(len(both))
        mean[order] = near.rolling(width, center=True, min_periods=1).mean()
        ends = mean[: len(train)], mean[len(train) :]
        return train.assign(near_rate=ends[0]), tune.assign(near_rate=ends[1])

    return build


def _bursts(made: Draft, strength: int, rng: Rng) -> NDArray[np.intp]:
    """Redraw clicks in bursts of 60 rows, (0.8, 1.6, 2.5) deviations on the logit; return which."""
    burst = np.arange(len(made.frame)) // 60
    effect = (0.8, 1.6, 2.5)[strength] * rng.standard_normal(burst[-1] + 1)
    rate = expit(logit(np.clip(made.truth, 1e-6, 1 - 1e-6)) + effect[burst])
    click = made.frame["won"].to_numpy() & (rng.random(len(rate)) < rate)
    conversion = made.frame["conversion"] & click
    time = made.frame["conversion_time"].where(conversion)
    made.frame = made.frame.assign(click=click, conversion=conversion, conversion_time=time)
    return burst


def row_counter(made: Draft, strength: int, rng: Rng) -> None:
    """A counter of rows, where clicks come in bursts: see `_bursts`."""
    _bursts(made, strength, rng)
    made.add("request_number", np.arange(len(made.frame)) + 10_000)


def batch_number(made: Draft, strength: int, rng: Rng) -> None:
    """A number that each batch of rows has for itself, where clicks come in such bursts."""
    burst = _bursts(made, strength, rng)
    made.add("server_load", rng.permutation(burst[-1] + 1)[burst] / 7.0)
