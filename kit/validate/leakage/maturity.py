"""Labels that were read too early, so that positives count as negatives, or too late."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.validate.leakage.pair import NO_TIME, Mask, Pair
from kit.validate.leakage.report import Finding, Outcome

LEAST_MISSING = 0.03
"""Share of positives still to come that is worth a word."""
LEAST_LATE = 0.01
"""Share of positives that came after their label was called final."""
_LEAST_POSITIVES = 20


def label_maturity(pair: Pair, rng: np.random.Generator) -> Outcome:
    """Look at when positive labels came: after train's end, after they were final, or not yet."""
    if pair.time is None or pair.label_time is None:
        told = "no time of labels" if pair.time is not None else "no timestamp"
        if pair.target == "click":
            told = "a click follows within seconds of the request"
        return Outcome("label_maturity", not_checked=told)
    positive = pair.flags(pair.target) & (pair.label_time != NO_TIME)
    checks = (_read_later(pair, positive), _final_too_early(pair, positive), _young(pair, positive))
    return Outcome("label_maturity", tuple(found for found in checks if found is not None))


def _read_later(pair: Pair, positive: Mask) -> Finding | None:
    """Find positives of train that came when tune had begun."""
    ends = ends_of(pair)
    late = positive & pair.in_train & (_times(pair.label_time) >= ends)
    count, total = int(late.sum()), int((positive & pair.in_train).sum())
    if not count:
        return None
    strength = f"{count:,} of {total:,} positive train labels came after the first tune row"
    why = "Nobody knew them when train ended: they belong to the time of tune."
    mend = "Take them out with kit.data.split.mask_conversions, or cut with time_split."
    return Finding("label_maturity", (), strength, why, mend)


def ends_of(pair: Pair) -> NDArray[np.int64]:
    """Return for each row when the next part begins, in its campaign if parts are cut so."""
    time = _times(pair.time)
    codes = pair.codes("campaign_id")[0] if pair.has("campaign_id") else None
    overall = time[~pair.in_train].min()
    if codes is None or time[pair.in_train].max() < overall:
        return np.full(len(pair), overall)
    first = np.full(int(codes.max()) + 2, np.iinfo(np.int64).max)
    np.minimum.at(first, codes[~pair.in_train], time[~pair.in_train])
    return first[codes]


def _times(values: NDArray[np.int64] | None) -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64) if values is None else values


def _final_too_early(pair: Pair, positive: Mask) -> Finding | None:
    """Find labels that changed after they were called final."""
    if pair.mature_at is None:
        return None
    known = positive & (pair.mature_at != NO_TIME)
    late = known & (_times(pair.label_time) > pair.mature_at)
    if known.sum() < _LEAST_POSITIVES or late.sum() < LEAST_LATE * known.sum():
        return None
    strength = f"{int(late.sum()):,} of {int(known.sum()):,} positives came after label_mature_at"
    why = "Rows count as final negatives whose positive label is still to come."
    return Finding("label_maturity", (), strength, why, "Wait longer before a label is final.")


def _young(pair: Pair, positive: Mask) -> Finding | None:
    """Estimate how many positives are still to come among rows that count as labelled."""
    rows = pair.in_train & pair.labelled
    age = ends_of(pair) - _times(pair.time)
    if pair.mature_at is not None:
        # rows without a time of their own count as final; others dropped out, or must be old
        unripe = rows & (pair.mature_at != NO_TIME) & (pair.mature_at > ends_of(pair))
        if pair.rows_drop_out or not unripe.any():
            return None
        strength = f"{int(unripe.sum()):,} of {int(rows.sum()):,} train labels are not final"
        return _too_young(strength)
    seen = positive & pair.in_train
    if seen.sum() < _LEAST_POSITIVES:
        return None
    delay = (_times(pair.label_time) - _times(pair.time))[seen]
    inside = delay <= age[seen]
    missing = float(1 - arrived(delay[inside], age[seen][inside], age[rows]).mean())
    strength = f"{100 * missing:.0f} % of train's positives had not come when it ended"
    return _too_young(strength) if missing >= LEAST_MISSING else None


def _too_young(strength: str) -> Finding:
    why = "Young rows count as negatives whose positive label is still to come."
    mend = "Add label_mature_at (kit drops rows before it), or end train earlier."
    return Finding("label_maturity", (), strength, why, mend)


def arrived(
    delay: NDArray[np.int64], limit: NDArray[np.int64], age: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the share of labels that have come at each age, from delays cut at their limits.

    Parameters
    ----------
    delay, limit : ndarray, shape (positives,)
        How long each label took, and the longest that would have been seen.
    age : ndarray, shape (rows,)
        Where to evaluate.

    Notes
    -----
    The product-limit estimator of right-truncated times; delays longer than any limit are unseen.

    References
    ----------
    Lynden-Bell (1971), A method of allowing for known observational selection, eq. 9.

    Examples
    --------
    >>> arrived(np.array([1, 2, 3]), np.array([9, 9, 9]), np.array([1, 2, 5])).round(2).tolist()
    [0.33, 0.67, 1.0]
    """
    if not len(delay):
        return np.ones(len(age))
    ordered = np.sort(delay)
    at_risk = np.searchsorted(ordered, ordered, side="right") - np.searchsorted(
        np.sort(limit), ordered, side="left"
    )
    keep = 1 - 1 / np.maximum(at_risk, 1)
    keep[at_risk <= 1] = 1.0
    # the share at a delay is the product over all longer ones
    share = np.append(np.cumprod(keep[::-1])[::-1], 1.0)
    return np.asarray(share[np.searchsorted(ordered, age, side="right")])
