"""What limits cost: dual prices with units, one-sided where the plan is degenerate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.wording import sentence

if TYPE_CHECKING:
    from kit.allocate.allocation import Allocation
    from kit.allocate.compiled import CompiledProblem
    from kit.allocate.solution import Raw
    from kit.allocate.terms.base import Limit

Floats = NDArray[np.float64]

RANGES = 64
"""Most binding limits of a degenerate plan whose ranges are found without being asked for."""

_STEP = 1e-5
"""Change of a number, relative to its size, that tells its one-sided rate."""


@contextmanager
def _at(allocation: Allocation) -> Iterator[CompiledProblem]:
    """Bring the live problem back to the numbers of an answer for a while; others wait."""
    compiled, then = allocation.live(), allocation.theta
    with compiled.alone:
        now = compiled.theta.copy()
        differ = [] if then is None else np.flatnonzero(now != then).tolist()
        compiled.move({} if then is None else {place: float(then[place]) for place in differ})
        try:
            yield compiled
        finally:
            back = np.flatnonzero(compiled.theta != now).tolist()
            compiled.move({place: float(now[place]) for place in back})


def _price(compiled: CompiledProblem, raw: Raw, place: int) -> float:
    canonical = compiled.canonical
    return np.nan if canonical is None else -float(canonical.rates(raw.z, raw.y)[place]) + 0.0


def _one_side(compiled: CompiledProblem, place: int, step: float) -> float:
    """Return the rate just beside a number; where that is infeasible, the rate is infinite."""
    here = float(compiled.theta[place])
    compiled.move({place: here + step})
    try:
        raw = compiled.run()
        if raw.status == "infeasible":
            return -np.inf if step > 0 else np.inf
        return _price(compiled, raw, place) if raw.status == "optimal" else np.nan
    finally:
        compiled.move({place: here})


def _range(compiled: CompiledProblem, name: str) -> tuple[float, float]:
    """Return the rates above and below a number in ascending order.

    The value is concave and piecewise linear in a bound, so its rate a small step aside is the
    one-sided derivative exactly, unless a kink lies inside the step.
    """
    place = compiled.place(name)
    step = _STEP * compiled.size(name)
    more, less = _one_side(compiled, place, step), _one_side(compiled, place, -step)
    low, high = min(more, less), max(more, less)
    tolerance = 1e-6 if compiled.is_linear else 1e-3  # a conic value curves inside the step
    near = np.isfinite([low, high]).all() and high - low <= tolerance * max(abs(low), abs(high))
    return (0.5 * (low + high),) * 2 if near else (low, high)


def one_range(allocation: Allocation, name: str) -> tuple[float, float]:
    """Return the one-sided rates of the value in one limit's number."""
    with _at(allocation) as compiled:
        return _range(compiled, name)


def worth(allocation: Allocation, name: str) -> float:
    """Return the money gained if a limit were dropped; inf: the value would be unbounded."""
    with _at(allocation) as compiled:
        place = compiled.place(name)
        if compiled.backend is None:
            return 0.0
        raw = compiled.backend.solve_without(place)
    return np.inf if raw.status == "unbounded" else max(-raw.minimum - allocation.value, 0.0)


def _numbers(allocation: Allocation) -> list[tuple[Limit, Any, Floats]]:
    """Return each block of limits, its term, and its numbers."""
    compiled = allocation.compiled
    model = allocation.problem.model() if compiled is None else compiled.model
    model.hold(allocation.x)
    terms = [model.terms[place] for place in model.origin]
    numbers = [limit.number for limit in model.limits]
    if compiled is not None and allocation.theta is not None:
        numbers = compiled.numbers(allocation.theta)
    return list(zip(model.limits, terms, numbers, strict=True))


def limits_frame(allocation: Allocation) -> pd.DataFrame:
    """Return one row a limit: see `Allocation.limits`."""
    blocks = _numbers(allocation)
    exact = allocation.compiled is None or allocation.compiled.is_linear
    found = [
        _block(limit, term, number, allocation.x, 1e-7 if exact else 1e-5)
        for limit, term, number in blocks
    ]
    columns = ["limit", "term", "bound", "used", "slack", "binds", "unit", "sense", "subject"]
    frame = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)
    frame["price"] = _prices(allocation, frame)
    low, high = _ranges(allocation, frame)
    frame["price_low"], frame["price_high"] = low, high
    problem = allocation.problem
    said = (frame["binds"] & frame["price"].notna()).to_numpy(dtype=bool)
    frame["words"] = [
        sentence(row, problem.currency, problem.period) if speak else ""
        for row, speak in zip(frame.itertuples(), said.tolist(), strict=True)
    ]
    order = ["limit", "term", "bound", "used", "slack", "binds", "price", "price_low", "price_high"]
    return frame[[*order, "unit", "sense", "subject", "words"]]


def _block(limit: Limit, term: Any, number: Floats, x: Floats, tolerance: float) -> pd.DataFrame:
    used = limit.evaluate(x)
    slack = number - used if limit.sense == "<=" else used - number
    return pd.DataFrame(
        {
            "limit": limit.names,
            "term": type(term).__name__,
            "bound": number,
            "used": used,
            "slack": slack,
            "binds": limit.binds(x, number, tolerance),
            "unit": limit.unit,
            "sense": limit.sense,
            "subject": limit.subject,
        }
    )


def _prices(allocation: Allocation, frame: pd.DataFrame) -> Floats:
    """Return one dual price a limit: money per unit of its number."""
    compiled, raw = allocation.compiled, allocation.raw
    if allocation.prices is not None:
        term = frame["term"].to_numpy()
        found = np.full(len(frame), np.nan)
        for name, price in allocation.prices.items():
            found[term == name] = price
        return np.where(frame["binds"].to_numpy(), found, 0.0)
    if compiled is None or compiled.canonical is None or raw is None:
        return np.full(len(frame), np.nan)
    places = [compiled.place(name) for name in frame["limit"]]
    rates = -compiled.canonical.rates(raw.z, raw.y)[places] + 0.0
    return np.where(frame["binds"].to_numpy(), rates, 0.0) if compiled.is_linear else rates


def _ranges(allocation: Allocation, frame: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return the one-sided rates; a limit with room to spare has none on either side."""
    price = frame["price"].to_numpy()
    low, high = price.copy(), price.copy()
    if allocation.compiled is None or allocation.raw is None:
        unknown = frame["binds"].to_numpy()
        return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)
    with _at(allocation) as compiled:
        raw = compiled.run()
        if compiled.backend is None or compiled.backend.unique(raw):
            return low, high
        binding = np.flatnonzero(frame["binds"].to_numpy())
        low[binding], high[binding] = np.nan, np.nan
        stake = np.abs(price[binding] * frame["bound"].to_numpy()[binding])
        for row in binding[np.argsort(-stake, kind="stable")][:RANGES].tolist():
            low[row], high[row] = _range(compiled, str(frame["limit"].iloc[row]))
    return low, high


def sentences(allocation: Allocation, most: int) -> list[str]:
    """Return sentences about the limits that bind, the dearest first."""
    frame = allocation.limits
    top = frame[["price_low", "price_high"]].abs().max(axis=1).fillna(frame["price"].abs())
    frame = frame.assign(stake=top.where(np.isfinite(top), 1e300) * frame["bound"].abs())
    frame = frame[frame["binds"] & (top > 1e-9)].sort_values(
        "stake", ascending=False, kind="stable"
    )
    problem, found = allocation.problem, []
    if allocation.raw is not None and not allocation.x.any():
        found.append("The plan is empty: no other one within the limits is worth more.")
    for row in frame.head(most).itertuples():
        gain = None if row.unit in ("money", "impressions") else worth(allocation, str(row.limit))
        found.append(sentence(row, problem.currency, problem.period, gain))
    return found
