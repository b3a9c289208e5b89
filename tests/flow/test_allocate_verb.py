"""`kit allocate` from Parquet: the plan's columns, the certificate, each refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kit.base.errors import DataError, SolverError
from kit.base.specs import read_spec
from kit.flow.allocate import AllocateSpec, run_allocate
from kit.flow.runs import Outcome

SUPPLY = pd.DataFrame({"supply_id": ["a", "b", "c"], "capacity": [10.0, 5.0, 3.0]})
DEMAND = pd.DataFrame({"demand_id": [7, 8], "budget": [8.0, 4.0]})
PAIRS = pd.DataFrame(
    {
        "supply_id": ["b", "a", "c", "a"],
        "demand_id": [7, 8, 8, 7],
        "value": [3.0, 2.5, -1.0, 2.0],
        "cost": [1.0, 0.5, 1.0, 1.0],
        "deal": "unused",
    }
)


def write(folder: Path, **tables: pd.DataFrame) -> dict[str, Path]:
    paths = {}
    for name, table in ({"supply": SUPPLY, "demand": DEMAND, "pairs": PAIRS} | tables).items():
        paths[name] = folder / f"{name}.parquet"
        table.to_parquet(paths[name])
    return paths


def allocate(paths: dict[str, Path], **settings: Any) -> Outcome:
    return run_allocate(read_spec(AllocateSpec, paths | settings), lambda line: None)


@pytest.mark.parametrize("method", ["auto", "exact", "dual"])
def test_plan_and_certificate(tmp_path: Path, method: str) -> None:
    out = tmp_path / "new" / "plan.parquet"
    outcome = allocate(write(tmp_path), method=method, gap=1e-7, out=out)
    summary = outcome.summary
    # 5 of b and 2 of a to 7 for 15 + 4; 8 of a to 8 for 20
    assert summary["objective"] == pytest.approx(39.0, rel=1e-6)
    assert summary["bound"] == pytest.approx(39.0, rel=1e-6)
    assert 0 <= summary["gap"] <= 1e-7
    assert summary["method"] == ("exact" if method == "auto" else method)
    assert summary["seconds"] > 0
    plan = pd.read_parquet(out)
    assert list(plan.columns) == ["supply_id", "demand_id", "x"]
    assert plan["supply_id"].tolist() == ["b", "a", "a"]
    assert plan["demand_id"].dtype == np.int64
    assert plan["x"].to_numpy() == pytest.approx([5.0, 8.0, 2.0], rel=1e-5)
    assert str(out) in outcome.outputs


def test_without_out_nothing_is_written(tmp_path: Path) -> None:
    paths = write(tmp_path)
    assert allocate(paths).outputs == {}
    assert sorted(tmp_path.iterdir()) == sorted(paths.values())


def test_empty_tables_give_an_empty_plan(tmp_path: Path) -> None:
    out = tmp_path / "plan.parquet"
    outcome = allocate(write(tmp_path, pairs=PAIRS.iloc[:0]), out=out)
    assert outcome.summary["objective"] == outcome.summary["gap"] == 0.0
    assert len(pd.read_parquet(out)) == 0


def test_a_time_out_is_said(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    supply, demand = np.divmod(np.arange(60_000), 30)
    paths = write(
        tmp_path,
        supply=pd.DataFrame({"supply_id": range(2000), "capacity": rng.lognormal(0, 1, 2000)}),
        demand=pd.DataFrame({"demand_id": range(30), "budget": rng.lognormal(0, 1, 30) * 20}),
        pairs=pd.DataFrame(
            {"supply_id": supply, "demand_id": demand, "value": rng.lognormal(0, 1, 60_000),
             "cost": rng.lognormal(0, 1, 60_000)}
        ),
    )  # fmt: skip
    outcome = allocate(paths, method="dual", gap=1e-9, time_limit=0.01)
    assert not outcome.summary["reached"]
    assert outcome.summary["objective"] > 0
    assert "was not reached in 0.01 s" in outcome.lines[1]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"pairs": PAIRS.assign(value=np.nan)}, "pairs.value: 4 missing values"),
        ({"supply": SUPPLY.assign(capacity=-1.0)}, "supply.capacity: 3 negative values"),
        ({"demand": DEMAND.assign(budget=-1.0)}, "demand.budget: 2 negative values"),
        ({"pairs": PAIRS.assign(supply_id="z")}, "pairs.supply_id: 4 unknown values"),
        ({"pairs": PAIRS.assign(supply_id="a", demand_id=7)}, "pairs: 3 repeated values"),
        ({"pairs": PAIRS.drop(columns="cost")}, "pairs: lacks column cost"),
    ],
)
def test_bad_tables_are_refused_and_nothing_is_written(
    tmp_path: Path, tables: dict[str, pd.DataFrame], message: str
) -> None:
    out = tmp_path / "plan.parquet"
    with pytest.raises(DataError, match=message):
        allocate(write(tmp_path, **tables), out=out)
    assert not out.exists()


def test_unbounded_is_refused(tmp_path: Path) -> None:
    paths = write(
        tmp_path, supply=SUPPLY.assign(capacity=np.inf), demand=DEMAND.assign(budget=np.inf)
    )
    with pytest.raises(SolverError, match="unbounded"):
        allocate(paths)


def test_missing_and_unreadable_files_are_refused(tmp_path: Path) -> None:
    paths = write(tmp_path)
    with pytest.raises(DataError, match=r"supply: got .*absent.parquet; must be a Parquet file"):
        allocate(paths | {"supply": tmp_path / "absent.parquet"})
    text = tmp_path / "text.parquet"
    text.write_text("no")
    with pytest.raises(DataError, match=r"demand: .* cannot be read as Parquet"):
        allocate(paths | {"demand": text})


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    paths = write(tmp_path)
    content = bytearray(paths["pairs"].read_bytes())
    content[10:80] = bytes(70)
    paths["pairs"].write_bytes(content)
    with pytest.raises(DataError, match=r"pairs: .*pairs.parquet cannot be read as Parquet"):
        allocate(paths)


def test_a_folder_of_parts_is_refused(tmp_path: Path) -> None:
    paths = write(tmp_path)
    with pytest.raises(DataError, match=r"pairs: got .*, a folder; must be one Parquet file"):
        allocate(paths | {"pairs": tmp_path})


@pytest.mark.parametrize("name", ["supply", "demand", "pairs"])
def test_an_input_is_never_overwritten(tmp_path: Path, name: str) -> None:
    paths = write(tmp_path)
    before = paths[name].read_bytes()
    link = tmp_path / "link.parquet"
    link.symlink_to(paths[name])
    for out in (paths[name], link):
        with pytest.raises(DataError, match=f"the file of {name}; must not overwrite"):
            allocate(paths, out=out)
    assert paths[name].read_bytes() == before


def test_a_place_that_cannot_hold_the_plan_is_refused_before_the_work(tmp_path: Path) -> None:
    paths = write(tmp_path)
    said: list[str] = []
    for out, message in (
        (tmp_path, "a folder; must be a file"),
        (paths["supply"] / "plan.parquet", "supply.parquet is no folder that can be written"),
    ):
        with pytest.raises(DataError, match=message):
            run_allocate(read_spec(AllocateSpec, paths | {"out": out}), said.append)
    assert not said


def test_ids_stored_as_a_pandas_index_are_found(tmp_path: Path) -> None:
    paths = write(
        tmp_path, supply=SUPPLY.set_index("supply_id"),
        pairs=PAIRS.set_index(["supply_id", "demand_id"]),
    )  # fmt: skip
    assert allocate(paths).summary["objective"] == pytest.approx(39.0)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"supply": SUPPLY.assign(supply_id=[["a"], ["b"], ["c"]])}, "supply.supply_id: got list"),
        ({"supply": SUPPLY.assign(supply_id=[{"u": 1}] * 3)}, "supply.supply_id: got struct"),
        ({"demand": DEMAND.assign(budget=pd.Timestamp(0))}, "demand.budget: got timestamp"),
        ({"pairs": PAIRS.assign(cost=pd.Timedelta(1))}, "pairs.cost: got duration"),
    ],
)
def test_types_that_hold_no_ids_or_numbers_are_refused(
    tmp_path: Path, tables: dict[str, pd.DataFrame], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        allocate(write(tmp_path, **tables))


@pytest.mark.parametrize("settings", [{"gap": 0}, {"method": "magic"}, {"time_limit": -1}])
def test_settings_are_checked(tmp_path: Path, settings: dict[str, object]) -> None:
    with pytest.raises(DataError, match=next(iter(settings))):
        allocate(write(tmp_path), **settings)
