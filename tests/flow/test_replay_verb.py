"""`kit replay` from outside: the published figures, budgets, models, and logs in batches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.base.assets import asset_dir
from kit.data.samples import AUCTIONS, INFO, THETA

Kit = Callable[..., tuple[int, Any, str]]
SAMPLE = asset_dir("data_samples") / AUCTIONS


@pytest.mark.parametrize(
    ("policy", "clicks", "impressions", "cost", "exact"),
    [
        (("lin", "--set", "b0=10"), 71, 32_208, 203_610, True),
        (("mcpc",), 48, 14_752, 307_751, True),
        (("rlb",), 78, 39_680, 304_375, False),
    ],
)
def test_published_rows_of_campaign_2997(
    kit: Kit, shared_data: Path, policy: tuple[str, ...], clicks: int, impressions: int,
    cost: int, exact: bool,
) -> None:  # fmt: skip
    """Cai et al. (2017), second-price replay in episodes of 1,000 auctions at c0 = 1/32."""
    folder = shared_data / "ipinyou"
    code, printed, _ = kit(
        "replay", folder / "2997.theta.txt", "--format", "ipinyou-theta",
        "--info", folder / "2997.info.json", "--policy", *policy,
        "--episode", 1000, "--budget-share", "1/32",
    )  # fmt: skip
    assert code == 0
    assert printed["policy"] == policy[0]
    assert printed["auctions"] == 156_063
    assert printed["unit"] == "CNY fen CPM"
    assert printed["clicks"] == clicks
    assert abs(printed["impressions"] - impressions) <= (0 if exact else 5)
    assert abs(printed["cost"] - cost) <= (0 if exact else 0.001 * cost)


def test_research_sample(kit: Kit) -> None:
    folder = asset_dir("data_samples")
    code, printed, _ = kit(
        "replay", folder / THETA, "--format", "ipinyou-theta", "--info", folder / INFO,
        "--policy", "ortb1", "--set", "budget_share=1/8", "--episode", 1000,
        "--budget-share", "1/8",
    )  # fmt: skip
    assert code == 0
    assert printed["impressions"] > 0
    assert printed["value"] is None  # nobody said what a click is worth


def test_training_log_instead_of_info(kit: Kit, shared_data: Path) -> None:
    path = shared_data / "ipinyou" / "1458.train.txt"
    code, printed, _ = kit(
        "replay", path, "--format", "ipinyou-ctr", "--train", path, "--policy", "mcpc",
        "--budget-share", "1/16",
    )  # fmt: skip
    assert code == 0
    assert 0 < printed["cost"] <= 220_000 * 70 / 16 * 1.2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--policy", "line"), "Did you mean 'lin'"),
        (("--policy", "lin", "--set", "b1=3"), "has no parameter 'b1'; takes: b0"),
        (("--policy", "lin", "--set", "b0=-3"), "b0: got '-3'"),
        (("--policy", "constant", "--set", "bid=nan"), "bid: got 'nan'"),
        (("--policy", "lin", "--set", "b0=3"), "--info"),
        (("--policy", "constant", "--set", "bid=9", "--episode", 10), "--budget-share"),
        (
            ("--policy", "constant", "--set", "bid=9", "--budget-share", "1/0"),
            "budget_share: got '1/0'",
        ),
        (
            ("--policy", "constant", "--set", "bid=9", "--budget-share", "1/2"),
            "must come with training statistics",
        ),
        (("--policy", "constant", "--set", "bid=9", "--model", "nowhere"), "holds no model"),
        (("--policy", "constant", "--set", "bid=9", "--budget", -1), "budget: got -1"),
        (("--policy", "constant", "--set", "bid=9", "--episode", 0), "episode: got 0"),
        (("--policy", "constant", "--set", "bid=9", "--info", "no.json"), "no.json"),
    ],
)
def test_refused_with_one_message(kit: Kit, arguments: tuple[object, ...], said: str) -> None:
    path = asset_dir("data_samples") / THETA
    code, printed, err = kit("replay", path, "--format", "ipinyou-theta", *arguments)
    assert code == 1
    assert said in printed["error"]["message"]
    assert f"kit: {printed['error']['message']}" in err
    assert "Traceback" not in err


def test_zero_budget_buys_nothing_that_costs(kit: Kit) -> None:
    path = asset_dir("data_samples") / THETA
    code, printed, _ = kit(
        "replay", path, "--format", "ipinyou-theta", "--policy", "constant", "--set", "bid=300",
        "--budget", 0,
    )  # fmt: skip
    assert code == 0
    assert printed["cost"] == 0
