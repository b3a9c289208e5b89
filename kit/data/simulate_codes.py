"""Read a request frame back into the codes of a simulated world."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import bad_values, has_columns
from kit.base.errors import DataError
from kit.data.simulate_frame import label_names
from kit.data.simulate_traffic import QUALITY_LEVELS, RECENCY_HOURS, Codes
from kit.data.simulate_world import World

_HOUR = 3_600_000_000

NEEDED = (
    "timestamp", "exchange", "campaign_id", "unit_id", "country", "device", "user_segment",
    "page_quality", "recency_hours",
)  # fmt: skip
"""Request columns that the truth of a world is a function of."""


def codes_of(world: World, request: pd.DataFrame) -> Codes:
    """Return the codes of each row of a request frame.

    Raises
    ------
    DataError
        If a column is missing, a label is not of this world, or a time lies outside its days.
    """
    has_columns("request", request.columns, NEEDED)
    names = label_names(world.config)
    coded = {
        name: _label_codes(name, request[name], names[name]) for name in NEEDED if name in names
    }
    place = coded["exchange"] * np.int64(world.config.units) + coded["unit_id"]
    user_shape = tuple(
        len(names[name]) for name in ("country", "device", "user_segment", "campaign_id")
    )
    user = np.ravel_multi_index(
        (coded["country"], coded["device"], coded["user_segment"], coded["campaign_id"]),
        user_shape,
    )
    return Codes(
        slot=_slots(world, request["timestamp"]),
        exchange=coded["exchange"],
        unit=coded["unit_id"],
        country=coded["country"],
        device=coded["device"],
        segment=coded["user_segment"],
        campaign=coded["campaign_id"],
        quality=_nearest_level(request["page_quality"], np.arange(QUALITY_LEVELS) / 100.0),
        recency=_nearest_level(request["recency_hours"], RECENCY_HOURS),
        place=place,
        user=np.asarray(user),
    )


def _label_codes(name: str, values: pd.Series, names: list[str]) -> NDArray[np.int64]:
    known = pd.Index(names)
    if isinstance(values.dtype, pd.CategoricalDtype):
        # one look-up a category, and -1 at the end for a row that lacks one
        by_category = np.append(known.get_indexer(values.cat.categories), -1)
        codes = by_category[values.cat.codes.to_numpy()]
    else:
        codes = known.get_indexer(pd.Index(values))
    codes = codes.astype(np.int64)
    bad_values(
        name, values, codes < 0, f"one of {', '.join(names)}", what="foreign",
        mend="Ask the truth of the world that the rows come from.",
    )  # fmt: skip
    return codes


def _slots(world: World, times: pd.Series) -> NDArray[np.int64]:
    """Return hours since the world's start."""
    if not isinstance(times.dtype, pd.DatetimeTZDtype):
        raise DataError(
            f"timestamp: has type {times.dtype}; must be a UTC time. "
            "Use pd.to_datetime(..., utc=True)."
        )
    start = int(np.datetime64(world.config.first_day, "us").astype(np.int64))
    micros = times.dt.as_unit("us").astype("int64").to_numpy()
    slots = (micros - start) // _HOUR
    days = world.config.days
    bad_values(
        "timestamp", times, (slots < 0) | (slots >= days * 24),
        f"within {days} days from {world.config.start}", what="outside",
        mend="Ask the truth of the world that the rows come from.",
    )  # fmt: skip
    return np.asarray(slots, dtype=np.int64)


def _nearest_level(values: pd.Series, levels: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the index of the nearest level; values between levels act like the nearest."""
    array = values.to_numpy(np.float64)
    bad_values(str(values.name), array, np.isnan(array), "a number", what="missing")
    middles = (levels[1:] + levels[:-1]) / 2
    return np.asarray(np.searchsorted(middles, array), dtype=np.int64)
