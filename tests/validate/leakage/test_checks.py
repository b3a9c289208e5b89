"""Each check at its edges: what it may not see, what it must not name, and bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kit.base.errors import DataError, LeakageError
from kit.data.load import load_log
from kit.data.log import AuctionLog, LogMeta
from kit.data.simulate import SimulationConfig, simulate
from kit.data.split import Split, time_split
from kit.validate.leakage import LeakageReport, check_frames, check_leakage
from kit.validate.leakage.controls import paired_gap
from kit.validate.leakage.maturity import arrived
from kit.validate.leakage.overlap import overlapping


@pytest.fixture(scope="module")
def split() -> Split:
    return time_split(simulate(SimulationConfig(auctions=6_000, days=8, ctr=0.05), seed=5).log)


def kinds(report: LeakageReport) -> set[str]:
    return {found.kind for found in report.findings}


def with_feature(log: AuctionLog, name: str, values: object) -> AuctionLog:
    meta = LogMeta(log.meta.format, features=(*log.meta.features, name))
    return AuctionLog(log.frame.assign(**{name: values}), meta)


def test_a_plain_split_is_clean_and_passes_its_gate(split: Split) -> None:
    report = check_leakage(split.train, split.tune)
    assert report.clean
    assert (report.gate.gate, report.gate.status) == ("leakage", "pass")
    assert report.gate.split == "train and tune"
    report.raise_if_leaking()
    assert report.table["result"].isin(["none found", "not checked"]).all()
    assert "shuffled_target" in report.not_checked


def test_a_split_by_campaign_does_not_overlap() -> None:
    log = simulate(SimulationConfig(auctions=6_000, days=8), seed=6).log
    parts = time_split(log, by_campaign=True)
    assert "time_overlap" not in kinds(check_leakage(parts.train, parts.tune, ["device"]))
    mixed = check_leakage(parts.tune, parts.train, ["device"])
    assert "time_overlap" in kinds(mixed)


def test_one_row_out_of_time_is_enough(split: Split) -> None:
    frame = split.train.frame.copy()
    frame.loc[len(frame) - 1, "timestamp"] = split.tune.frame["timestamp"].iloc[-1]
    report = check_leakage(AuctionLog(frame, split.train.meta), split.tune, ["device"])
    assert "1 of" in next(f.strength for f in report.findings if f.kind == "time_overlap")


def test_outcomes_are_named_by_role_and_by_value(split: Split) -> None:
    by_role = check_leakage(split.train, split.tune, ["won", "bid_price_cpm", "device"])
    assert {f.columns for f in by_role.findings} == {("won",), ("bid_price_cpm",)}
    logs = [with_feature(log, "cost", 1000 * log.column("clearing_price_cpm", 0.0))
            for log in (split.train, split.tune)]  # fmt: skip
    report = check_leakage(*logs, ["cost", "device"])
    assert "after_auction" in kinds(report)
    with pytest.raises(LeakageError, match=r"after_auction \(cost\): .* hold the price"):
        report.raise_if_leaking()


def test_the_gate_fails_on_a_leak_and_asks_a_person_about_an_id(split: Split) -> None:
    logs = [
        with_feature(log, "cookie", [f"{name}{row}" for row in range(len(log))])
        for name, log in (("a", split.train), ("b", split.tune))
    ]
    report = check_leakage(*logs, ["cookie", "device"])
    assert kinds(report) == {"memorising_id"}
    assert report.gate.status == "needs a person"
    report.raise_if_leaking()
    assert check_leakage(split.train, split.tune, ["won"]).gate.status == "fail"


def test_an_honest_pipeline_passes_the_control_and_a_peeking_one_does_not(split: Split) -> None:
    pools = np.random.default_rng(0).integers(0, 400, len(split.train) + len(split.tune))
    names = np.array([f"p{code}" for code in pools])
    train = with_feature(split.train, "pool", names[: len(split.train)])
    tune = with_feature(split.tune, "pool", names[len(split.train) :])

    def build(peek: bool, train: pd.DataFrame, tune: pd.DataFrame) -> tuple[pd.DataFrame, ...]:
        known = pd.concat([train, tune]) if peek else train
        rate = known["click"].astype(float).groupby(known["pool"]).mean()
        return tuple(side.assign(pool_rate=side["pool"].map(rate)) for side in (train, tune))

    honest = check_leakage(train, tune, ["device"], build=lambda *sides: build(False, *sides))  # type: ignore[arg-type, return-value]
    peeking = check_leakage(train, tune, ["device"], build=lambda *sides: build(True, *sides))  # type: ignore[arg-type, return-value]
    assert "shuffled_target" not in kinds(honest)
    # what it computes over all of train holds each row's own label
    assert "later_aggregate" in kinds(honest)
    assert {"shuffled_target", "later_aggregate"} <= kinds(peeking)


def test_frames_of_a_notebook_are_checked_for_what_they_hold(rng: np.random.Generator) -> None:
    count = 4_000
    frame = pd.DataFrame({"x": rng.normal(size=count), "bought": rng.random(count) < 0.1})
    frame["hours"] = np.sort(rng.integers(0, 200, count))
    frame["echo"] = np.where(frame["bought"], 5.0, 0.0) + rng.normal(size=count)
    train, tune = frame[frame["hours"] < 120], frame[frame["hours"] >= 120]
    report = check_frames(train, tune, "bought", time="hours")
    assert kinds(report) == {"target_proxy"}
    assert "time_overlap" not in report.not_checked
    without = check_frames(train, tune, "bought", features=["x"])
    assert without.clean
    assert "time_overlap" in without.not_checked


def test_young_labels_of_frames_are_found_by_either_column(rng: np.random.Generator) -> None:
    count = 3_000
    start = pd.Timestamp("2026-03-01", tz="UTC")
    when = start + pd.to_timedelta(np.sort(rng.uniform(0, 240, count)), unit="h")
    came = when + pd.to_timedelta(rng.exponential(20, count), unit="h")
    cut = start + pd.Timedelta(hours=160)
    end = start + pd.Timedelta(hours=240)
    seen = np.where(when < cut, came < cut, came < end)
    label = (rng.random(count) < 0.3) & seen
    frame = pd.DataFrame({"x": rng.normal(size=count), "when": when, "sold": label})
    frame["came"] = pd.Series(came).where(label)
    frame["final"] = frame["when"] + pd.Timedelta(days=4)
    train, tune = frame[frame["when"] < cut], frame[frame["when"] >= cut]
    by_delay = check_frames(train, tune, "sold", time="when", label_time="came", features=["x"])
    assert kinds(by_delay) == {"label_maturity"}
    by_date = check_frames(
        train, tune, "sold", time="when", label_time="came", mature_at="final", features=["x"]
    )
    assert kinds(by_date) == {"label_maturity"}


def test_the_share_that_has_come_is_right_though_delays_are_cut(rng: np.random.Generator) -> None:
    delay, limit = rng.exponential(10.0, 40_000), rng.uniform(0, 60.0, 40_000)
    seen = delay <= limit
    ages = np.array([5, 10, 30]) * 1_000
    found = arrived((1_000 * delay[seen]).astype(int), (1_000 * limit[seen]).astype(int), ages)
    assert found == pytest.approx(1 - np.exp(-ages / 10_000), abs=0.02)


def test_the_paired_gap_has_the_right_error(rng: np.random.Generator) -> None:
    """Two scores of like quality: the standardised gap has about variance 1."""
    gaps = []
    for _ in range(300):
        label = rng.random(400) < 0.2
        shared = label + rng.normal(size=400)
        one, other = (shared + 0.5 * rng.normal(size=400) for _ in range(2))
        gap, error = paired_gap(one, other, label)
        gaps.append(gap / error)
    assert np.std(gaps) == pytest.approx(1.0, abs=0.12)


def test_the_same_seed_gives_the_same_report(split: Split) -> None:
    logs = [with_feature(log, "cost", log.frame["clearing_price_cpm"] * 1.0)
            for log in (split.train, split.tune)]  # fmt: skip
    first, second = (check_leakage(*logs, seed=3).table for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_bad_input_is_refused_by_name(split: Split) -> None:
    with pytest.raises(DataError, match="train: has no rows"):
        check_leakage(split.train.rows(slice(0, 0)), split.tune)
    with pytest.raises(DataError, match="train: lacks column devise"):
        check_leakage(split.train, split.tune, ["devise"])
    with pytest.raises(DataError, match="target: got 'sale'"):
        check_leakage(split.train, split.tune, target="sale")
    with pytest.raises(DataError, match="tune: lacks column y"):
        check_frames(pd.DataFrame({"y": [True]}), pd.DataFrame({"x": [1.0]}), "y")
    with pytest.raises(DataError, match=r"train.y: 1 not allowed value .*must be 0, 1 or none"):
        check_frames(pd.DataFrame({"y": [2]}), pd.DataFrame({"y": [1]}), "y")


def test_one_class_or_few_rows_are_not_checked_rather_than_wrong(split: Split) -> None:
    frame = split.train.frame.assign(click=False, conversion=False, conversion_time=pd.NaT)
    frame["conversion_time"] = pd.to_datetime(frame["conversion_time"], utc=True).astype(
        split.train.frame["conversion_time"].dtype
    )
    none = AuctionLog(frame, split.train.meta)
    report = check_leakage(none, split.tune)
    assert report.clean
    assert "shuffled_time" in report.not_checked
    tiny = check_leakage(split.train.rows(slice(0, 2)), split.tune.rows(slice(0, 1)))
    assert tiny.clean
    assert {"target_proxy", "memorising_id"} <= set(tiny.not_checked)


def test_groups_are_compared_each_by_itself() -> None:
    time = np.array([1, 9, 5, 12])
    groups = np.array([0, 1, 0, 1])
    in_train = np.array([True, True, False, False])
    assert overlapping(time, in_train, groups) == (0, 0)
    assert overlapping(time, in_train, np.zeros(4, dtype=np.intp)) == (1, 1)


def test_odd_columns_are_neither_named_nor_fatal(rng: np.random.Generator) -> None:
    count = 2_000
    frame = pd.DataFrame({"y": np.where(rng.random(count) < 0.3, np.nan, rng.random(count) < 0.2)})
    frame["when"] = pd.date_range("2026-03-01", periods=count, freq="5min", tz="UTC")
    frame["infinite"] = np.where(rng.random(count) < 0.1, np.inf, rng.normal(size=count))
    frame["empty"], frame["constant"], frame["flag"] = np.nan, 1.0, rng.random(count) < 0.5
    frame["whole"] = pd.array(rng.integers(0, 9, count), dtype="Int64")
    frame["text"] = np.array([None, "a", "b"], dtype=object)[rng.integers(0, 3, count)]
    frame["seen"] = frame["when"] - pd.Timedelta(hours=3)
    train, tune = frame[:1_200], frame[1_200:]
    assert check_frames(train, tune, "y", time="when").clean
    bare = check_frames(train, tune, "y", time="when", features=[], build=lambda *sides: sides)
    assert bare.clean
    assert {"shuffled_time", "shuffled_target"} <= set(bare.not_checked)


@pytest.mark.parametrize(
    ("name", "kind"), [("2259.train.log.txt", "ipinyou-log"), ("2997.theta.txt", "ipinyou-theta")]
)
def test_real_logs_raise_no_alarm(shared_data: Path, name: str, kind: str) -> None:
    parts = time_split(load_log(shared_data / "ipinyou" / name, kind))
    assert check_leakage(parts.train, parts.tune).clean
