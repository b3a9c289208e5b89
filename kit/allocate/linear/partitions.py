"""A folder of Parquet parts, each with all pairs of its own range of supply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from kit.allocate.linear import kernels_plan as kernels
from kit.allocate.linear.smoothing import Pairs, Sweep
from kit.allocate.tables import AllocationTables
from kit.base.checks import has_columns
from kit.base.errors import DataError
from kit.base.files import atomic_path

Floats = NDArray[np.float64]

COLUMNS = ("supply_id", "capacity", "demand_id", "value", "cost")
ROOM = 300_000
"""Entries a part keeps for the curvature: they travel to the client at every pass."""


@dataclass(frozen=True, eq=False)
class Part:
    """One part's pairs, which supply it holds, and what brings a plan into the file's order."""

    pairs: Pairs
    first: object
    last: object
    order: NDArray[np.int64] | None


def part_paths(folder: Path | str) -> list[Path]:
    """Return the parts of a folder in the order of their names, which is the order of all sums.

    Raises
    ------
    DataError
        If there are none.
    """
    paths = sorted(Path(folder).glob("*.parquet"))
    if not paths:
        raise DataError(
            f"partitions: {folder} has no *.parquet file; must be a folder of parts with columns "
            f"{', '.join(COLUMNS)}. Write one with write_partitions."
        )
    return paths


def write_partitions(
    supply: pd.DataFrame, pairs: pd.DataFrame, folder: Path | str, rows: int = 100_000
) -> list[Path]:
    """Write parts of `rows` supply rows each, the capacity beside every pair.

    Parameters
    ----------
    supply : pandas.DataFrame
        ``supply_id``, ``capacity``.
    pairs : pandas.DataFrame
        ``supply_id``, ``demand_id``, ``value``, ``cost``.
    folder : Path
        Where the parts go.
    rows : int
        Supply rows a part.

    Raises
    ------
    DataError
        If a pair names an unknown supply.

    Examples
    --------
    >>> import tempfile
    >>> supply = pd.DataFrame({"supply_id": ["a", "b"], "capacity": [10.0, 5.0]})
    >>> pairs = pd.DataFrame({"supply_id": ["b", "a"], "demand_id": "x", "value": [3.0, 2.0],
    ...                       "cost": [1.0, 1.0]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_partitions(supply, pairs, folder, rows=1)]
    ['part-00000.parquet', 'part-00001.parquet']
    """
    has_columns("supply", supply.columns, COLUMNS[:2])
    has_columns("pairs", pairs.columns, ("supply_id", *COLUMNS[2:]))
    ordered = supply.sort_values("supply_id", ignore_index=True)
    place = pd.Index(ordered["supply_id"]).get_indexer(pd.Index(pairs["supply_id"]))
    if (place < 0).any():
        name = pairs["supply_id"].iloc[int(np.flatnonzero(place < 0)[0])]
        raise DataError(f"pairs.supply_id: got {name!r}; must be in the supply table. Add it.")
    written = []
    for number, first in enumerate(range(0, max(len(ordered), 1), rows)):
        at = np.flatnonzero((place >= first) & (place < first + rows))
        at = at[np.argsort(place[at], kind="stable")]
        chosen = pairs.iloc[at]
        capacity = ordered["capacity"].to_numpy()[place[at]]
        frame = chosen.assign(capacity=capacity)[list(COLUMNS)]
        path = Path(folder) / f"part-{number:05d}.parquet"
        with atomic_path(path) as partial:
            frame.to_parquet(partial, index=False)
        written.append(path)
    return written


def read_part(path: Path, demand: pd.DataFrame) -> Part:
    """Read, check and sort one part.

    Parameters
    ----------
    path : Path
        A file of `part_paths`, read where this runs.
    demand : pandas.DataFrame
        ``demand_id``, ``budget`` of the whole problem.

    Raises
    ------
    DataError
        If a column is missing, a rule of `AllocationTables.of` is broken, or a supply row's
        capacity differs between its pairs.
    """
    has_columns(path.name, pq.read_schema(path).names, COLUMNS)
    frame = pq.read_table(path, columns=list(COLUMNS)).to_pandas()
    supply = frame[["supply_id", "capacity"]].drop_duplicates()
    if supply["supply_id"].duplicated().any():
        name = supply.loc[supply["supply_id"].duplicated(), "supply_id"].iloc[0]
        raise DataError(
            f"{path.name}: supply {name!r} has several capacities; must be one for all its pairs. "
            "Repair those rows."
        )
    supply = supply.sort_values("supply_id", ignore_index=True)
    tables = AllocationTables.of(supply, demand, frame.drop(columns="capacity"))
    pairs = Pairs.of(tables)
    pairs.room = ROOM
    ids = tables.supply.index
    first, last = (ids[0], ids[-1]) if len(ids) else (None, None)
    return Part(pairs, first, last, tables.order)


def ranges(part: Part) -> tuple[object, object, int, int, float, Floats]:
    """Return first and last supply, rows, pairs, capacity and the ceiling of the prices."""
    pairs = part.pairs
    capacity = float(pairs.capacity.sum())
    return part.first, part.last, pairs.rows, len(pairs.value), capacity, pairs.ceiling


def sweep_part(part: Part, prices: Floats, gamma: float) -> Sweep:
    """Pass over one part."""
    return part.pairs.sweep(prices, gamma)


def sample_part(part: Part, share: float) -> Pairs:
    """Return a share of one part's rows, scaled up to the part."""
    return part.pairs.sample(share)


def settle_part(
    part: Part, prices: Floats, gamma: float, keep: Floats, left: Floats, path: Path,
    out: Path | None,
) -> tuple[float, Floats]:  # fmt: skip
    """Make one part's plan feasible, with `left` of the budgets to refill; return value and spend.

    With `out`, the plan's pairs of ``x > 0`` are written there, under the part's own name.
    """
    pairs = part.pairs
    x, spend, left = np.empty(len(pairs.value)), np.zeros(len(keep)), left.copy()
    kernels.shares(*pairs.arrays, prices, gamma, pairs.centre, x)
    kernels.to_amounts(*pairs.arrays, keep, x, spend)
    for least in (0.0, -np.inf):
        kernels.refill(*pairs.arrays, prices, least, x, left)
    kernels.amounts_spent(pairs.demand, pairs.cost, x, spend)
    if out is not None:
        given = x
        if part.order is not None:
            given = np.empty_like(x)
            given[part.order] = x
        _write_plan(path, given, out / path.name)
    return float(kernels.total_value(pairs.value, x)), spend


def _write_plan(path: Path, x: Floats, out: Path) -> None:
    ids = pq.read_table(path, columns=["supply_id", "demand_id"])
    sold = np.flatnonzero(x > 0)
    plan = ids.take(pa.array(sold)).append_column("x", pa.array(x[sold]))
    with atomic_path(out) as partial:
        pq.write_table(plan.replace_schema_metadata(None), partial)


def joined(samples: Sequence[Pairs]) -> Pairs:
    """Return the rows of several samples as one problem."""
    starts = [sample.row_start[1:] for sample in samples]
    before = np.cumsum([0, *(len(sample.demand) for sample in samples)])
    moved = [start + at for start, at in zip(starts, before, strict=False)]
    return Pairs(
        np.concatenate([np.zeros(1, np.int64), *moved]),
        np.concatenate([sample.demand for sample in samples]),
        np.concatenate([sample.value for sample in samples]),
        np.concatenate([sample.cost for sample in samples]),
        np.concatenate([sample.capacity for sample in samples]),
        samples[0].budget,
    )
