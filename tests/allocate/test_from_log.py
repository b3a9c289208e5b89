"""Tables from one log, seen from both sides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kit.allocate.from_log import buy_side, sell_side
from kit.allocate.problem import AllocationProblem
from kit.allocate.terms.capacity import Budget, Capacity
from kit.allocate.terms.quality import Quality
from kit.allocate.terms.share import Share
from kit.base.errors import DataError
from kit.data.log import AuctionLog, LogMeta

SAMPLE = Path(__file__).parents[2] / "data_samples" / "auctions.parquet"


@pytest.fixture(scope="module")
def log() -> AuctionLog:
    return AuctionLog.read(SAMPLE)


def test_the_buy_side_counts_what_was_won_and_spent(log: AuctionLog) -> None:
    tables = buy_side(log, averages=["page_quality"])
    won = log.frame[log.frame["won"]]
    assert tables.capacity.sum() == len(won)
    spent = (won["clearing_price_cpm"] + won["fee_cpm"]).groupby(won["campaign_id"]).sum() / 1000
    assert tables.demand["budget"].to_dict() == pytest.approx(spent.to_dict())
    cell = won[(won["exchange"] == "dione") & (won["hour"] == 5)]
    assert tables.supply.loc["dione, 5", "capacity"] == len(cell)
    everything = log.frame[(log.frame["exchange"] == "dione") & (log.frame["hour"] == 5)]
    row = tables.supply.loc["dione, 5"]
    assert row["fraud"] == pytest.approx(everything["is_invalid_traffic"].mean())
    assert row["page_quality"] == pytest.approx(everything["page_quality"].mean())


def test_a_pair_is_worth_its_valid_clicks_shrunk_to_its_campaign(log: AuctionLog) -> None:
    tables = buy_side(log, supply=["exchange"], prior=100.0)
    won = log.frame[log.frame["won"]]
    mine = won[won["campaign_id"] == "hotel"]
    here = mine[mine["exchange"] == "aurora"]
    clicks = (here["click"] & ~here["is_invalid_traffic"]).sum()
    base = (mine["click"] & ~mine["is_invalid_traffic"]).mean()
    rate = (clicks + 100 * base) / (len(here) + 100)
    given = log.frame[(log.frame["campaign_id"] == "hotel") & (log.frame["exchange"] == "aurora")]
    place = [
        tables.supply.index[s] == "aurora" and tables.demand.index[d] == "hotel"
        for s, d in zip(tables.supply_code, tables.demand_code, strict=True)
    ].index(True)
    assert tables.value[place] == pytest.approx(rate * given["click_value_cpm"].mean() / 1000)
    paid = here["clearing_price_cpm"] + here["fee_cpm"]
    base = (mine["clearing_price_cpm"] + mine["fee_cpm"]).mean()
    assert tables.cost[place] == pytest.approx((paid.sum() + 100 * base) / (len(here) + 100) / 1000)


def test_the_plan_of_the_log_is_no_better_than_the_optimum(log: AuctionLog) -> None:
    tables = buy_side(log, prior=0.0)
    won = log.frame[log.frame["won"]]
    count = won.groupby(["exchange", "hour", "campaign_id"], observed=True).size()
    x = np.array([
        float(count.get((tables.supply["exchange"].iloc[s], tables.supply["hour"].iloc[s],
                         tables.demand.index[d]), 0))
        for s, d in zip(tables.supply_code, tables.demand_code, strict=True)
    ])  # fmt: skip
    problem = AllocationProblem(tables, objective="surplus")
    used = problem.evaluate(x)
    for name, number in problem.compile().limits.items():
        assert used[name] <= number * (1 + 1e-9), name
    allocation = problem.solve()
    assert allocation.value > problem.value(x)


def test_both_sides_read_one_log(log: AuctionLog) -> None:
    sell = sell_side(log)
    assert sell.capacity.sum() == len(log)
    assert (sell.value == sell.cost).all()
    won = log.frame[log.frame["won"]]
    spent = won.groupby("exchange", observed=True)["clearing_price_cpm"].sum() / 1000
    assert sell.demand["budget"].to_dict() == pytest.approx(spent.to_dict())
    revenue = AllocationProblem(sell, objective="cost").solve()
    assert revenue.value <= sell.demand["budget"].sum() * (1 + 1e-9)
    capped = AllocationProblem(
        sell, [Capacity(), Budget(), Share("exchange", max=0.3)], objective="cost"
    )
    with pytest.raises(DataError, match="column 'exchange'"):  # it is the demand's id here
        capped.solve()
    capped = AllocationProblem(
        sell, [Capacity(), Budget(), Share("demand_id", max=0.3)], objective="cost"
    )
    assert capped.solve().value <= revenue.value


def test_stated_budgets_and_predictions_are_taken() -> None:
    frame = pd.DataFrame({
        "exchange": ["x", "x", "y"], "campaign_id": ["a", "b", "a"], "won": [True, True, True],
        "clearing_price_cpm": 2.0, "click_value_cpm": 300.0, "pctr": [0.01, 0.02, 0.03],
        "market_price_cpm": 2.0, "market_price_kind": "known",
    })  # fmt: skip
    log = AuctionLog(frame, LogMeta("example"))
    tables = buy_side(log, ["exchange"], budget={"a": 0.002})
    assert tables.demand["budget"].to_dict() == {"a": 0.002, "b": 0.0}
    allocation = AllocationProblem(tables).solve()
    assert allocation.plan.set_index(["supply_id", "demand_id"])["x"].to_dict() == pytest.approx(
        {("x", "a"): 0.0, ("x", "b"): 0.0, ("y", "a"): 1.0}
    )


def test_quality_of_cells_can_be_held(log: AuctionLog) -> None:
    tables = buy_side(log)
    least, mean = float(tables.supply["fraud"].min()), float(tables.supply["fraud"].mean())
    cap = 0.5 * (least + mean)
    allocation = AllocationProblem(
        tables, [Capacity(), Budget(), Quality("fraud", max=cap)]
    ).solve()
    fraud = tables.supply["fraud"].to_numpy()[tables.supply_code]
    assert allocation.x.sum() > 0
    assert fraud @ allocation.x <= cap * allocation.x.sum() * (1 + 1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"supply": ["exchnge"]}, "column 'exchnge': the log lacks it.*Did you mean 'exchange'"),
        ({"demand": "campaign"}, "column 'campaign': the log lacks it"),
        ({"budget": {"hotels": 1.0}}, "budget: 'hotels' is unknown.*Did you mean 'hotel'"),
        ({"prior": -1.0}, "prior: got -1.0"),
        ({"averages": ["quality"]}, "lacks column quality"),
    ],
)
def test_what_the_log_lacks_is_refused(
    log: AuctionLog, change: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        buy_side(log, **change)  # type: ignore[arg-type]


def test_a_log_without_wins_is_refused(log: AuctionLog) -> None:
    lost = log.rows(~log.frame["won"].to_numpy())
    with pytest.raises(DataError, match="won: no row is True"):
        buy_side(lost)
