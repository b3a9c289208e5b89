"""Allocate supply to demand: three Parquet tables in, a plan and its certificate out."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from kit.allocate.linear.lp import LPSolution, solve_lp
from kit.allocate.tables import AllocationTables
from kit.base.checks import has_columns
from kit.base.errors import DataError
from kit.base.files import atomic_path, file_hash
from kit.base.specs import Spec
from kit.flow.runs import Outcome, Say
from kit.report.numbers import count

COLUMNS = {
    "supply": ("supply_id", "capacity"),
    "demand": ("demand_id", "budget"),
    "pairs": ("supply_id", "demand_id", "value", "cost"),
}


class AllocateSpec(Spec):
    """Settings of ``kit allocate``.

    Parameters
    ----------
    supply, demand, pairs : Path
        Parquet: ``supply_id, capacity``; ``demand_id, budget``; ``supply_id, demand_id, value,
        cost``. An infinite capacity or budget is no limit.
    method : {"auto", "exact", "dual"}
        HiGHS, or dual ascent; ``auto`` picks by size.
    gap : float
        Relative gap at which dual ascent stops.
    time_limit : float or None
        Seconds for the solver; then the best feasible plan is returned with its gap.
    out : Path or None
        Parquet file for the plan: ``supply_id, demand_id, x`` with a row a pair of ``x > 0``, in
        the order of the pairs.
    """

    supply: Path
    demand: Path
    pairs: Path
    method: Literal["auto", "exact", "dual"] = "auto"
    gap: Annotated[float, Field(ge=1e-9, le=1)] = 1e-4
    time_limit: Annotated[float, Field(gt=0)] | None = None
    out: Path | None = None


def run_allocate(spec: AllocateSpec, say: Say) -> Outcome:
    """Solve and write the plan, whole or not at all.

    Raises
    ------
    DataError
        If a file or column is missing, or a table breaks a rule.
    SolverError
        If the value is unbounded or the exact solver fails.
    """
    start = time.perf_counter()
    paths = {name: getattr(spec, name) for name in COLUMNS}
    if spec.out is not None:
        _check_out(spec.out, paths)
    say(f"reading {spec.pairs.name}")
    arrow = {name: _read(name, path) for name, path in paths.items()}
    tables = AllocationTables.of(*(_frame(table) for table in arrow.values()))
    ids = arrow.pop("pairs").select(["supply_id", "demand_id"])
    arrow.clear()
    say(f"allocating {count(len(tables.capacity))} supply rows to {count(len(tables.budget))} "
        f"demands over {count(len(tables))} pairs")  # fmt: skip
    found = solve_lp(tables, spec.method, spec.gap, spec.time_limit)
    outputs = {}
    if spec.out is not None:
        _write(ids, tables.in_given_order(found.x), spec.out)
        outputs[str(spec.out)] = file_hash(spec.out)
    summary = _summary(found) | {"total_seconds": time.perf_counter() - start}
    return Outcome(
        summary=summary,
        inputs={str(path): file_hash(path) for path in paths.values()},
        outputs=outputs,
        lines=_lines(found, spec),
    )


def _check_out(out: Path, inputs: dict[str, Path]) -> None:
    """Refuse a place for the plan before the work, not after."""
    for name, path in inputs.items():
        if out.resolve() == path.resolve():
            raise DataError(
                f"out: got {out}, the file of {name}; must not overwrite an input. Name another."
            )
    if out.is_dir():
        raise DataError(f"out: got {out}, a folder; must be a file. Add a name to it.")
    above = next(folder for folder in out.absolute().parents if folder.exists())
    if not (above.is_dir() and os.access(above, os.W_OK)):
        raise DataError(
            f"out: got {out}, but {above} is no folder that can be written. Name another place."
        )


def _read(name: str, path: Path) -> pa.Table:
    if not path.exists():
        raise DataError(f"{name}: got {path}; must be a Parquet file that exists. Check the path.")
    if path.is_dir():
        raise DataError(
            f"{name}: got {path}, a folder; must be one Parquet file. Join its parts: "
            "pyarrow.parquet.write_table(pyarrow.parquet.read_table(folder), file)."
        )
    try:
        schema = pq.read_schema(path)
        has_columns(name, schema.names, COLUMNS[name])
        _check_types(name, schema)
        return pq.read_table(path, columns=list(COLUMNS[name]))
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{name}: {path} cannot be read as Parquet ({error}); must be a Parquet file. "
            "Convert it."
        ) from None


def _check_types(name: str, schema: pa.Schema) -> None:
    """Refuse columns of a type that would be read as something else."""
    for column in COLUMNS[name]:
        if schema.names.count(column) > 1:
            raise DataError(f"{name}.{column}: there twice; must be one column. Drop one.")
        kind = schema.field(column).type
        if pa.types.is_nested(kind):
            raise DataError(f"{name}.{column}: got {kind}; must be plain values. Flatten it.")
        if not column.endswith("_id") and pa.types.is_temporal(kind):
            raise DataError(f"{name}.{column}: got {kind}; must be numbers. Convert the column.")


def _frame(table: pa.Table) -> pd.DataFrame:
    # a stored pandas index would hide the columns it was made of
    frame: pd.DataFrame = table.to_pandas(split_blocks=True, ignore_metadata=True)
    return frame


def _write(ids: pa.Table, x: Any, out: Path) -> None:
    sold = np.flatnonzero(x > 0)
    plan = ids.take(pa.array(sold)).append_column("x", pa.array(x[sold]))
    with atomic_path(out) as partial:
        pq.write_table(plan.replace_schema_metadata(None), partial)


def _summary(found: LPSolution) -> dict[str, Any]:
    names = ("objective", "bound", "gap", "method", "seconds", "reached", "iterations")
    summary = {name: getattr(found, name) for name in names}
    json.dumps(summary, allow_nan=False)
    return summary | {"pairs": len(found.x), "sold_pairs": int(np.count_nonzero(found.x > 0))}


def _lines(found: LPSolution, spec: AllocateSpec) -> tuple[str, ...]:
    short = "" if found.reached else f"; the gap asked for, {spec.gap:g}, was not reached"
    if not found.reached and spec.time_limit is not None:
        short += f" in {spec.time_limit:g} s"
    return (
        f"value {found.objective:,.6g}, no plan is worth more than {found.bound:,.6g}",
        f"gap {found.gap:.2g} by the {found.method} method in {found.seconds:.2f} s{short}",
    )
