"""Look at the default variant's mistakes on train and tune: what a proposer is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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
    train: AuctionLog,
    tune: AuctionLog,
    default: FrozenVariant,
    leaks: Sequence[str] = (),
    *,
    evidence: bool = True,
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
    evidence : bool
        Whether to look for what may be mended; without, it tells what the log has alone, at no
        cost to speak of.

    Notes
    -----
    Everything here may be looked at as often as one likes; a holdout is not opened.
    """
    readables = [name for name in readable(train) if name not in leaks]
    model = default.spec.model
    features = () if model is None else model.features or default_features(train)
    values = train.frame["click_value_cpm"]
    brief = Brief(
        features=features,
        kinds={name: _kind(train, name) for name in readables},
        has_trees=default.click is not None and default.click.kind == "lightgbm",
        values_differ=bool((values != values.iloc[0]).any()),
        leaks=tuple(leaks),
    )
    if not evidence:
        return brief
    both = [default.with_predictions(part) for part in (train, tune)]
    grids = _grids(both, default)
    told: dict[str, Any] = {
        "exchanges": tuple(sorted(_exchanges(both, grids), key=lambda fact: -fact.gain)),
        "first_price_factor": _first_price_factor(grids),
    }
    if brief.has_trees:
        rows = labelled(train, "click", columns=())
        ideas, addable = _evidence(both, readables, features)
        told |= {
            "ideas": tuple(map(_fact, ideas[:MAX_IDEAS])),
            "addable": tuple(map(_fact, addable)),
            "rows": len(rows), "clicks": rows.positives,
            "drift_z": round(_drift(both[0], features), 2),
        }  # fmt: skip
    return brief.model_copy(update=told)


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


def _grids(
    both: Sequence[AuctionLog], default: FrozenVariant, kinds: Sequence[bool] = (False, True)
) -> dict[bool, pd.DataFrame]:
    """Return surplus by exchange and factor on bids, for first-price auctions (True) and others."""
    found: dict[bool, list[pd.DataFrame]] = {}
    for log in both:
        bids, value = bids_of(log, default, default.spec.seed), _value(log)
        is_first = log.column("auction_type", SECOND_PRICE) == FIRST_PRICE
        for kind in kinds:
            kept = is_first == kind
            if kept.any():
                grid = _grid(log.rows(kept), bids[kept], value[kept])
                found.setdefault(kind, []).append(grid)
    return {
        kind: pd.concat(grids).groupby(["exchange", "multiplier"]).sum()
        for kind, grids in found.items()
    }


def _exchanges(
    both: Sequence[AuctionLog], grids: Mapping[bool, pd.DataFrame]
) -> list[ExchangeFact]:
    """Return, by exchange and auction type, the factor on the default's bids that earns most."""
    auctions = sum(map(len, both))
    counts = _counts(both)
    money = both[0].meta.unit.money
    found: list[ExchangeFact] = []
    for is_first, table in grids.items():
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
    return _first_price_factor(_grids(both, default, (True,)))


def _first_price_factor(grids: Mapping[bool, pd.DataFrame]) -> float:
    if True not in grids:
        return 1.0
    surplus = grids[True].groupby("multiplier")["surplus"].sum()
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


def _grid(log: AuctionLog, bids: Floats, value: Floats) -> pd.DataFrame:
    """Return exchange, multiplier and surplus."""
    grid = replay_grid(log, bids, FACTORS, value=value, censored="pessimistic").by_exchange_hour
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
