"""Look at the default variant's mistakes on train and tune: what a proposer is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.ai.propose.brief import Brief, ExchangeFact, IdeaFact
from kit.data.log import AuctionLog
from kit.data.schema import FIRST_PRICE, SECOND_PRICE
from kit.models.features import default_features, readable
from kit.models.interactions import FEW, Idea, excess, quantile_cells, unexplained
from kit.models.labels import labelled
from kit.replay.grid import replay_grid
from kit.validate.readings import bids_of
from kit.variant.frozen import FrozenVariant

MAX_ROWS = 200_000
"""Labelled rows that evidence of features is taken from, the latest."""
MAX_IDEAS = 12
FACTORS = np.geomspace(0.1, 4.0, 61).round(4)
_PRIOR_CLICKS = 20.0

Floats = NDArray[np.float64]


def diagnose(
    train: AuctionLog, tune: AuctionLog, default: FrozenVariant, leaks: Sequence[str] = ()
) -> Brief:
    """Return what is known of a log once its default variant was built.

    Parameters
    ----------
    train, tune : AuctionLog
        Open parts, with ``click_value_cpm``.
    default : FrozenVariant
        What everything is compared with.
    leaks : sequence of str
        Columns that may not be used.

    Notes
    -----
    Everything here may be looked at as often as one likes; a holdout is not opened.
    """
    both = [default.with_predictions(part) for part in (train, tune)]
    readables = [name for name in readable(train) if name not in leaks]
    model = default.spec.model
    features = () if model is None else model.features or default_features(train)
    values = train.frame["click_value_cpm"]
    brief = Brief(
        features=features,
        kinds={name: _kind(train, name) for name in readables},
        exchanges=tuple(sorted(_exchanges(both, default), key=lambda fact: -fact.gain)),
        has_trees=False,
        values_differ=bool((values != values.iloc[0]).any()),
        first_price_factor=first_price_factor(both, default),
        leaks=tuple(leaks),
    )
    click = default.click
    if click is None or click.kind != "lightgbm":
        return brief
    rows = labelled(train, "click", columns=())
    ideas, addable = _evidence(both, readables, features)
    evidence = {
        "ideas": tuple(map(_fact, ideas[:MAX_IDEAS])),
        "addable": tuple(map(_fact, addable)),
    }
    counts = {
        "rows": len(rows), "clicks": rows.positives, "has_trees": True,
        "drift_z": round(_drift(both[0], features), 2),
    }  # fmt: skip
    return brief.model_copy(update={**evidence, **counts})


def _fact(idea: Idea) -> IdeaFact:
    return IdeaFact(name=idea.name, sql=idea.sql, z=round(idea.z, 2))


def _kind(log: AuctionLog, name: str) -> str:
    if name not in log.frame.columns:
        return "INTEGER"  # of the calendar
    values = log.frame[name]
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return "TIMESTAMP"
    if pd.api.types.is_bool_dtype(values.dtype):
        return "BOOLEAN"
    return "DOUBLE" if pd.api.types.is_numeric_dtype(values.dtype) else "VARCHAR"


def _evidence(
    both: Sequence[AuctionLog], names: Sequence[str], features: Sequence[str]
) -> tuple[list[Idea], list[Idea]]:
    """Return computed and plain features by what the default leaves unexplained over them."""
    parts = [labelled(log, "click") for log in both]
    frame = pd.concat([part.frame for part in parts], ignore_index=True).iloc[-MAX_ROWS:]
    clicked = np.concatenate([part.label for part in parts])[-MAX_ROWS:]
    predicted = frame["pctr"].to_numpy(dtype=np.float64)
    own = [name for name in names if name in frame.columns]
    read = frame[own].assign(**_local(frame, both[0])) if "timestamp" in own else frame[own]
    ideas = unexplained(read, predicted, clicked, own)
    known = set(features)
    addable = [
        Idea(name, name, _single(read[name], predicted, clicked))
        for name in own
        if name not in known and name != "timestamp" and not _told(read, name, known)
    ]
    return ideas, sorted(addable, key=lambda idea: -idea.z)


def _drift(train: AuctionLog, features: Sequence[str]) -> float:
    """Return the largest evidence that the halves of train click otherwise over a feature."""
    rows = labelled(train, "click")
    predicted = rows.frame["pctr"].to_numpy(dtype=np.float64)
    half = (np.arange(len(rows)) * 2 >= len(rows)).astype(np.intp)
    found = [excess(half, predicted, rows.label)]
    for name in features:
        if name in rows.frame.columns:
            codes = _codes(rows.frame[name])
            found.append(excess(2 * codes + half, predicted, rows.label))
    return max(found)


def _told(frame: pd.DataFrame, name: str, features: Iterable[str]) -> bool:
    """Whether a feature says the same as a column already: each value stands for one of its."""
    values = frame[name].nunique()
    for feature in features:
        if feature in frame.columns and frame[feature].nunique() == values:
            pairs = frame[[name, feature]].drop_duplicates()
            if len(pairs) == values:
                return True
    return False


def _local(frame: pd.DataFrame, log: AuctionLog) -> dict[str, pd.Series]:
    local = frame["timestamp"].dt.tz_convert(log.meta.timezone).dt.tz_localize(None)
    return {"timestamp": local}


def _single(values: pd.Series, predicted: Floats, clicked: NDArray[np.bool_]) -> float:
    return excess(_codes(values), predicted, clicked)


def _codes(values: pd.Series) -> NDArray[np.intp]:
    if pd.api.types.is_numeric_dtype(values.dtype) and values.nunique() > FEW:
        return quantile_cells(values.to_numpy(np.float64, na_value=np.nan))
    return np.asarray(pd.factorize(values, use_na_sentinel=False)[0], dtype=np.intp)


def _exchanges(both: Sequence[AuctionLog], default: FrozenVariant) -> list[ExchangeFact]:
    """Return, by exchange and auction type, the factor on the default's bids that earns most."""
    auctions = sum(map(len, both))
    tables: dict[bool, pd.DataFrame] = {}
    for is_first in (False, True):
        grids = [_grid(log, default, is_first) for log in both]
        kept = [grid for grid in grids if grid is not None]
        if kept:
            tables[is_first] = pd.concat(kept).groupby(["exchange", "multiplier"]).sum()
    counts = _counts(both)
    money = both[0].meta.unit.money
    found: list[ExchangeFact] = []
    for is_first, table in tables.items():
        for name in table.index.get_level_values("exchange").unique():
            surplus = table.loc[name]["surplus"]
            best, now = _best(surplus), _at_one(surplus)
            gain = 1000 * money(float(surplus.max()) - now) / auctions
            found.append(ExchangeFact(
                name=str(name), first_price=is_first, auctions=counts.get((str(name), is_first), 0),
                factor=best, gain=round(gain, 6),
            ))  # fmt: skip
    return found


def _best(surplus: pd.Series) -> float:
    return float(surplus.index.to_numpy(dtype=np.float64)[int(np.argmax(surplus.to_numpy()))])


def _at_one(surplus: pd.Series) -> float:
    nearest = int(np.argmin(np.abs(np.log(surplus.index.to_numpy(dtype=np.float64)))))
    return float(surplus.iloc[nearest])


def first_price_factor(both: Sequence[AuctionLog], default: FrozenVariant) -> float:
    """Return the factor on bids that earns most where the winner pays its bid; 1 if nowhere.

    Parameters
    ----------
    both : sequence of AuctionLog
        Train and tune, with the default's predictions.
    default : FrozenVariant
        Whose bids are scaled.
    """
    grids = [grid for log in both if (grid := _grid(log, default, True)) is not None]
    if not grids:
        return 1.0
    surplus = pd.concat(grids).groupby("multiplier")["surplus"].sum()
    return _best(surplus) if surplus.max() > 0 else 1.0


def _counts(both: Sequence[AuctionLog]) -> dict[tuple[str, bool], int]:
    counts: dict[tuple[str, bool], int] = {}
    for log in both:
        codes, names = log.labels("exchange", "all")
        first = log.column("auction_type", SECOND_PRICE) == FIRST_PRICE
        for place, name in enumerate(names):
            for is_first in (False, True):
                rows = int(np.count_nonzero((codes == place) & (first == is_first)))
                counts[name, is_first] = counts.get((name, is_first), 0) + rows
    return counts


def _grid(log: AuctionLog, default: FrozenVariant, first: bool) -> pd.DataFrame | None:
    """Return exchange, multiplier and surplus of the auctions of one type."""
    kept = (log.column("auction_type", SECOND_PRICE) == FIRST_PRICE) == first
    if not kept.any():
        return None
    bids = bids_of(log, default, default.spec.seed)
    value = _value(log)
    grid = replay_grid(
        log.rows(kept), bids[kept], FACTORS, value=value[kept], censored="pessimistic"
    ).by_exchange_hour
    surplus = grid["value"] - grid["spend"] - grid["fees"]
    return grid.assign(surplus=surplus)[["exchange", "multiplier", "surplus"]]


def _value(log: AuctionLog) -> Floats:
    """Return what each impression is worth: predicted, scaled to the clicks of its exchange."""
    worth = log.frame["click_value_cpm"].to_numpy(dtype=np.float64)
    if "pctr" not in log.frame.columns:
        return np.asarray(log.column("click", 0.0) * worth)
    predicted = log.frame["pctr"].to_numpy(dtype=np.float64)
    if "click" not in log.frame.columns:
        return np.asarray(predicted * worth)
    won = log.frame["won"].to_numpy(bool) if "won" in log.frame.columns else np.ones(len(log), bool)
    codes, names = log.labels("exchange", "all")
    clicks = np.bincount(codes[won], log.column("click", 0.0)[won], len(names))
    expected = np.bincount(codes[won], predicted[won], len(names))
    scale = (clicks + _PRIOR_CLICKS) / (expected + _PRIOR_CLICKS)
    return np.asarray(predicted * scale[codes] * worth)
