"""Train rows that are not earlier than the tune rows they are to be judged on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.validate.leakage.pair import Pair
from kit.validate.leakage.report import Finding, Outcome

_MEND = "Cut the log by time (kit.data.split.time_split, or seal it with kit load)."


def time_overlap(pair: Pair, rng: np.random.Generator) -> Outcome:
    """Compare the last train time with the first tune time, within each campaign if it is cut so.

    A single row is enough. A log that is cut at each campaign's own time does not overlap if no
    campaign does.
    """
    if pair.time is None:
        return Outcome("time_overlap", not_checked="no timestamp and no time_index")
    late, early = overlapping(pair.time, pair.in_train, np.zeros(len(pair), dtype=np.intp))
    if not late and not early:
        return Outcome("time_overlap")
    if pair.has("campaign_id"):
        codes, _ = pair.codes("campaign_id")
        late, early = overlapping(pair.time, pair.in_train, codes)
        if not late and not early:
            return Outcome("time_overlap")
    strength = (
        f"{late:,} of {len(pair.train):,} train rows are later than the first tune row, "
        f"{early:,} of {len(pair.tune):,} tune rows earlier than the last train row"
    )
    why = "What is fitted on later rows knows what a bidder could not."
    return Outcome("time_overlap", (Finding("time_overlap", (), strength, why, _MEND),))


def overlapping(
    time: NDArray[np.int64], in_train: NDArray[np.bool_], groups: NDArray[np.intp]
) -> tuple[int, int]:
    """Return train rows after their group's first tune row, tune rows before its last train row.

    Examples
    --------
    >>> train = np.array([True, True, False, False])
    >>> overlapping(np.array([1, 5, 4, 9]), train, np.zeros(4, dtype=np.intp))
    (1, 1)
    """
    shifted = groups - groups.min()
    size = int(shifted.max()) + 1
    first = np.full(size, np.iinfo(np.int64).max)
    last = np.full(size, np.iinfo(np.int64).min)
    np.minimum.at(first, shifted[~in_train], time[~in_train])
    np.maximum.at(last, shifted[in_train], time[in_train])
    late = in_train & (time > first[shifted])
    early = ~in_train & (time < last[shifted])
    return int(late.sum()), int(early.sum())
