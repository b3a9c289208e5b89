"""The shipped samples are what the simulator makes, and small."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kit.allocate.linear.lp import solve_lp
from kit.allocate.tables import AllocationTables
from kit.base.assets import asset_dir
from kit.data import samples
from kit.data.log import AuctionLog

FOLDER = asset_dir("data_samples")


def test_the_shipped_log_is_what_the_simulator_makes_today() -> None:
    made = samples.sample_log()
    shipped = AuctionLog.read(FOLDER / samples.AUCTIONS)
    assert shipped.content_hash() == made.content_hash(), "run `make samples` and commit the files"


def test_the_shipped_research_files_are_what_the_simulator_makes_today() -> None:
    rows = samples.research_rows()
    assert (FOLDER / samples.THETA).read_text() == samples.theta_text(rows)
    assert (FOLDER / samples.INFO).read_text() == samples.info_text(rows)


def test_the_shipped_allocation_is_what_is_drawn_today() -> None:
    for name, table in samples.allocation_tables().items():
        pd.testing.assert_frame_equal(pd.read_parquet(FOLDER / name), table, rtol=1e-12)


def test_the_shipped_allocation_has_budgets_that_bind() -> None:
    tables = AllocationTables.of(*samples.allocation_tables().values())
    found = solve_lp(tables, "exact")
    assert (found.prices > 0).mean() > 0.8
    assert found.gap < 1e-9


def test_all_samples_together_are_under_five_megabytes() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*")) < 5_000_000


def test_the_readme_names_every_file_and_column() -> None:
    text = (FOLDER / "README.md").read_text()
    names = {path.name for path in FOLDER.iterdir()} - {"README.md"}
    columns = AuctionLog.read(FOLDER / samples.AUCTIONS).frame.columns
    missing = [name for name in (*names, *columns) if f"`{name}`" not in text]
    assert not missing
    assert str(samples.SEED) in text


def test_the_log_can_support_a_verdict() -> None:
    frame = AuctionLog.read(FOLDER / samples.AUCTIONS).frame
    assert frame["click"].sum() > 2000
    assert 0.5 < frame["won"].mean() < 0.9
    assert set(frame["market_price_kind"].unique()) == {"known", "at_most", "at_least"}
    assert frame["exchange"].nunique() == 4


def test_the_research_files_agree_with_each_other() -> None:
    click, price, pctr = np.loadtxt(FOLDER / samples.THETA, unpack=True)
    info = json.loads((FOLDER / samples.INFO).read_text())
    counts = np.array(info["price_counter_train"])
    assert len(click) == 20_000
    assert len(counts) == samples.PRICE_CAP + 1
    assert counts.sum() == info["imp_train"]
    assert counts @ np.arange(len(counts)) == info["cost_train"]
    assert set(click) == {0, 1}
    assert price.min() == 0
    assert price.max() == samples.PRICE_CAP
    assert 0.5 < pctr.mean() / click.mean() < 0.95
    order = np.argsort(pctr)
    assert click[order[10_000:]].sum() > 1.8 * click[order[:10_000]].sum()


def test_the_command_writes_the_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert samples.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("MB") == 6
    assert {path.name for path in tmp_path.iterdir()} == {
        samples.AUCTIONS, samples.THETA, samples.INFO, samples.SUPPLY, samples.DEMAND,
        samples.PAIRS,
    }  # fmt: skip
    assert samples.main([]) == 2
    assert "usage" in capsys.readouterr().err
