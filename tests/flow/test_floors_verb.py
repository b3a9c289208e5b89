"""`kit floors`: what it writes, what it says, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from kit.base.assets import asset_dir
from kit.base.errors import DataError
from kit.base.specs import read_spec
from kit.data.log import AuctionLog
from kit.data.simulate import SimulationConfig
from kit.data.simulate_buyers import simulate_seller
from kit.flow.floors import FloorsSpec, floors_command, read_curves, run_floors
from kit.flow.runs import Outcome
from kit.flow.specs import Source


def run(**settings: object) -> Outcome:
    return run_floors(read_spec(FloorsSpec, settings), lambda line: None)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    out = tmp_path_factory.mktemp("floors")
    return out, run(out=out, auctions=12_000, by=("exchange", "country"), rounds=3, seed=21)


def test_it_writes_floors_and_a_report(simulated: tuple[Path, Outcome]) -> None:
    out, outcome = simulated
    assert {Path(path).name for path in outcome.outputs} >= {
        "floors.csv", "floors.parquet", "states.csv", "report.html", "report.md",
    }  # fmt: skip
    floors = pd.read_parquet(out / "floors.parquet")
    pd.testing.assert_frame_equal(pd.read_csv(out / "floors.csv"), floors, rtol=1e-9)
    assert {"exchange", "country", "floor_cpm", "fill", "revenue_cpm"} <= set(floors)
    assert (floors["floor_cpm"] >= 0).all()
    page = (out / "report.html").read_text()
    for words in ("Floors by segment", "After buyers answer", "Other pricing rules", "Own level"):
        assert words in page


def test_its_summary_is_plain_and_agrees_with_its_table(simulated: tuple[Path, Outcome]) -> None:
    out, outcome = simulated
    plain = json.loads(json.dumps(dict(outcome.summary), allow_nan=False))
    states = pd.read_csv(out / "states.csv")
    told = pd.DataFrame(plain["states"])
    assert told["revenue_cpm"].tolist() == pytest.approx(states["revenue_cpm"].tolist())
    assert set(told["state"]) == {"before", "after"}
    assert set(told["fitted_for"]) == {"bids as made", "buyers who answer"}
    assert plain["fitted_on"] + plain["judged_on"] == 12_000
    assert set(plain["decision"]) == {"before", "after"}
    assert len(outcome.lines) == 1 + 2 + len(told) + 1


@pytest.mark.slow
def test_the_same_settings_give_the_same_numbers(simulated, tmp_path: Path) -> None:
    again = run(out=tmp_path, auctions=12_000, by=("exchange", "country"), rounds=3, seed=21)
    for key in ("states", "decision", "by_auction_type"):
        assert again.summary[key] == simulated[1].summary[key]


def test_a_sellers_own_log(tmp_path: Path) -> None:
    """Values are read off the two highest bids, first-price ones with their markdown."""
    path = simulate_seller(SimulationConfig(auctions=12_000), 22).log.save(tmp_path / "log.parquet")
    outcome = run(source=Source(path=path, format="parquet"), out=tmp_path / "out",
                  by=("exchange", "country"), rounds=2, max_lost_fill=0.02)  # fmt: skip
    assert outcome.summary["fitted_lost_fill"] <= 0.02
    assert outcome.inputs[str(path)]
    assert {row["state"] for row in outcome.summary["states"]} == {"before", "after"}


def test_a_file_for_a_folder_is_refused_before_the_work(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("kept")
    with pytest.raises(DataError, match=r"out: got .*taken, a file; must be a folder"):
        run(out=taken, auctions=2000)
    assert taken.read_text() == "kept"


def test_without_a_round_nobody_answers(tmp_path: Path) -> None:
    outcome = run(out=tmp_path, auctions=2000, by=("exchange",), rounds=0)
    assert {row["state"] for row in outcome.summary["states"]} == {"before"}
    assert outcome.summary["floors_fitted_for"] == "bids as made"
    assert "no round in which to answer" in (tmp_path / "report.md").read_text()


def test_the_sample_needs_its_highest_bids_drawn(tmp_path: Path) -> None:
    whole = AuctionLog.read(asset_dir("data_samples") / "auctions.parquet")
    path = whole.rows(slice(0, None, 80)).save(tmp_path / "part.parquet")
    source = Source(path=path, format="parquet")
    with pytest.raises(DataError, match="--top-bids draw"):
        run(source=source, out=tmp_path)
    outcome = run(source=source, out=tmp_path, top_bids="draw", by=("exchange",))
    assert outcome.summary["fitted_on"] < 500  # the landscape has the rows before
    text = (tmp_path / "report.md").read_text()
    assert "drawn from a landscape" in text
    assert "best bids of equal buyers" in text


def test_curves(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("accept.prob price revenue\n1.0 1 1.0\n0.5 3 1.5\n0.1 9 0.9\n")
    other = tmp_path / "b.csv"
    other.write_text("accept_prob,price,revenue\n0.9,2,1.8\n0.2,4,0.8\n")
    outcome = run(curves=(file, other), out=tmp_path / "out")
    assert [row["floor_cpm"] for row in outcome.summary["floors"]] == [3.0, 0.0]
    limited = run(curves=(file, other), out=tmp_path / "out", max_lost_fill=0.1)
    assert [row["floor_cpm"] for row in limited.summary["floors"]] == [0.0, 0.0]
    assert limited.summary["fitted_lost_fill"] <= 0.1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no such file"),
        ("", "is no table"),
        ("price revenue\n1 2\n", "lacks column accept_prob"),
        ("accept_prob price revenue\n1.5 1 1\n", r"curves.accept_prob: .* in \[0, 1\]"),
        ("accept_prob price revenue\n1 dear 1\n", r"curves.price: .*must be numbers"),
    ],
)
def test_a_bad_curve_file_is_refused(text: str | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "curve.txt"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError, match=said):
        run(curves=(path,), out=tmp_path / "out")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"max_lost_fill": 1.5}, "max_lost_fill: got 1.5"),
        ({"soft_factor": 0.5}, "soft_factor: got 0.5"),
        ({"view": "mine"}, "view: got 'mine'"),
        ({"auctions": 10}, "auctions: got 10"),
        ({"listen_cost": -1}, "listen_cost: got -1"),
        ({"by": ("nowhere",), "auctions": 2000}, "lacks column nowhere"),
        ({"by": ("country", "country"), "auctions": 2000}, "by: got .* different columns"),
    ],
)
def test_refused_with_one_message(settings, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        run(out=tmp_path, **settings)


def test_a_log_beside_curves_is_refused(tmp_path: Path) -> None:
    source = Source(path=tmp_path / "x", format="csv")
    with pytest.raises(DataError, match="curves: given beside a log"):
        run(source=source, curves=(tmp_path / "y",), out=tmp_path)


def test_real_wins_are_refused_or_read_as_the_competition(
    shared_data: Path, tmp_path: Path
) -> None:
    path = shared_data / "ipinyou" / "2259.train.log.txt"
    source = Source(path=path, format="ipinyou-log")
    with pytest.raises(DataError, match=r"one buyer's own fixed bid.*--view competition"):
        run(source=source, by=("exchange",), out=tmp_path)
    outcome = run(source=source, by=("exchange", "hour"), view="competition", out=tmp_path)
    assert outcome.summary["currency"] == "CNY"
    assert set(outcome.summary["decision"]) == {"before"}
    assert "won auctions only" in (tmp_path / "report.md").read_text()


def test_the_command_names_what_differs() -> None:
    spec = FloorsSpec(source=Source(path=Path("l.csv"), format="csv"), by=("a", "b"), rounds=3)
    assert floors_command(spec) == (
        "kit floors l.csv --format csv --by a,b --rounds 3 --out floors --seed 0"
    )


def test_a_published_curve_reads(shared_data: Path) -> None:
    frame = read_curves(shared_data / "adx" / "pub1-adx.txt")
    assert frame.columns.tolist() == ["accept_prob", "price", "revenue"]
    assert len(frame) == 100
