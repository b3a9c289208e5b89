"""`check_leakage`: every check on one pair of logs, before anything is trained on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from kit.data.log import AuctionLog
from kit.validate.leakage.after_auction import after_auction
from kit.validate.leakage.aggregates import later_aggregates
from kit.validate.leakage.controls import Build, built, shuffled_target, shuffled_time
from kit.validate.leakage.duplicates import duplicate_rows
from kit.validate.leakage.future import future_joins
from kit.validate.leakage.maturity import label_maturity
from kit.validate.leakage.memorise import memorising_ids
from kit.validate.leakage.overlap import time_overlap
from kit.validate.leakage.pair import Pair, pair_of_frames, pair_of_logs
from kit.validate.leakage.proxies import target_proxies
from kit.validate.leakage.report import LeakageReport, Outcome

Check = Callable[[Pair, np.random.Generator], Outcome]
CHECKS: tuple[Check, ...] = (
    after_auction, target_proxies, time_overlap, future_joins, duplicate_rows, memorising_ids,
    later_aggregates, label_maturity,
)  # fmt: skip
"""What looks at rows and columns; the two controls come after them."""


def check_leakage(
    train: AuctionLog,
    tune: AuctionLog,
    features: Sequence[str] | None = None,
    target: str = "click",
    seed: int = 0,
    *,
    build: Build | None = None,
) -> LeakageReport:
    """Look for leaks in what a model is to be trained and chosen on.

    Parameters
    ----------
    train, tune : AuctionLog
        Rows to fit on, and later rows to choose on.
    features : sequence of str, optional
        Columns that the model is to use; None takes `kit.models.features.default_features`.
    target : {"click", "conversion"}
        What it is to predict.
    seed : int
        Seed of samples, shuffles and probe models: the same seed gives the same report.
    build : callable, optional
        A pipeline that takes the rows of train and tune, the target among their columns, and
        returns both with features added; the shuffled-target control runs it on shuffled labels.

    Returns
    -------
    LeakageReport
        ``.clean``, ``.findings``, ``.table``, ``.gate``, ``.not_checked``.

    Raises
    ------
    DataError
        If a part is empty, a column is missing, or the target is unknown.

    Notes
    -----
    A leak that no check looks for stays unseen: a clean report is no proof.

    Examples
    --------
    >>> from kit.data.simulate import SimulationConfig, simulate
    >>> from kit.data.split import time_split
    >>> split = time_split(simulate(SimulationConfig(auctions=4000, days=6), seed=1).log)
    >>> check_leakage(split.train, split.tune).clean
    True
    >>> report = check_leakage(split.train, split.tune, ["device", "clearing_price_cpm"])
    >>> report.findings[0].kind, report.findings[0].columns
    ('after_auction', ('clearing_price_cpm',))
    """
    return _checked(pair_of_logs(train, tune, features, target), seed, build)


def check_frames(
    train: pd.DataFrame,
    tune: pd.DataFrame,
    label: str,
    *,
    features: Sequence[str] | None = None,
    time: str | None = None,
    label_time: str | None = None,
    mature_at: str | None = None,
    seed: int = 0,
    build: Build | None = None,
) -> LeakageReport:
    """Look for leaks in a notebook's own feature frames.

    Parameters
    ----------
    train, tune : pandas.DataFrame
        Features and labels; outcomes under their canonical names (``won``,
        ``clearing_price_cpm``) and ids that are no features serve as evidence.
    label : str
        Column of the target, yes or no; a missing one is no label.
    features : sequence of str, optional
        Columns that the model is to use; None takes all but those named here and outcomes.
    time, label_time, mature_at : str, optional
        Columns of when the request came, when its positive label came, and when its label is
        final. Without `time` there is no check of time, of joins and of maturity.
    seed, build
        As in `check_leakage`.

    Raises
    ------
    DataError
        If a part is empty or a column is missing.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"x": rng.normal(size=900), "click": rng.random(900) < 0.1})
    >>> report = check_frames(frame[:600].assign(y=frame["click"] + 0.0),
    ...                       frame[600:].assign(y=frame["click"] + 0.0), "click")
    >>> [(found.kind, found.columns) for found in report.findings]
    [('target_proxy', ('y',))]
    """
    pair = pair_of_frames(train, tune, features, label, time, label_time, mature_at)
    return _checked(pair, seed, build)


def _checked(pair: Pair, seed: int, build: Build | None) -> LeakageReport:
    whole = pair
    if build is not None:
        first = len(pair.train)
        label = pair.flags(pair.target)
        whole = built(pair, build, label[:first], label[first:])
    streams = np.random.default_rng(seed).spawn(len(CHECKS) + 2)
    outcomes = [check(whole, rng) for check, rng in zip(CHECKS, streams, strict=False)]
    outcomes.append(shuffled_target(pair, streams[-2], build))
    outcomes.append(shuffled_time(whole, streams[-1]))
    return LeakageReport(tuple(outcomes), (len(pair.train), len(pair.tune)), pair.target)
