"""The main job: from a log to a written verdict, on the sample, real logs and known truth."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.base.assets import asset_dir
from kit.base.errors import DataError
from kit.base.files import file_hash
from kit.data.log import AuctionLog
from kit.data.samples import AUCTIONS
from kit.data.sealed import SealedSplit, seal_log
from kit.data.simulate import SimulationConfig, simulate
from kit.flow.choose import Tuner, choose
from kit.flow.demo import compare_policies, run_demo
from kit.flow.findings import Findings
from kit.flow.perform import save_report
from kit.flow.report import run_report
from kit.flow.runs import Outcome, get_run
from kit.flow.specs import DemoSpec, ReportSpec, Source
from kit.models.response import load_response
from kit.replay.run import replay

Demo = tuple[Path, Outcome]
Kit = Callable[..., tuple[int, Any, str]]
SAMPLE = asset_dir("data_samples") / AUCTIONS


def quiet(line: str) -> None:
    """Say nothing."""


def test_sample_ends_in_a_verdict(demo: Demo) -> None:
    out, outcome = demo
    verdict = outcome.summary["verdict"]
    assert (verdict["answer"], verdict["status"]) == ("better", "pass")
    assert (verdict["look"], verdict["looks_left"]) == (1, 199)
    assert outcome.lines[0].startswith("Verdict: Better: shaded bidding against logged bids")
    assert outcome.summary["headline"].startswith("Better: shaded bidding against logged bids")
    assert "27,500 tune auctions" in outcome.summary["tune_headline"]
    assert outcome.summary["policy"]["surplus"] > outcome.summary["baseline"]["surplus"]
    assert "report.html" in outcome.lines[-1]
    for name in ("report.html", "report.md", "result.json"):
        assert (out / name).is_file()
    assert len(outcome.outputs) == sum(1 for path in out.rglob("*") if path.is_file())


def test_report_is_one_small_file_without_addresses(demo: Demo) -> None:
    out, _ = demo
    html = (out / "report.html").read_text()
    assert len(html.encode()) < 1_000_000
    addresses = set(re.findall(r"\w+://[^\s\"'<]+", html))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"<(script|link|iframe|img)\b|@import|url\((?!#)", html)


@pytest.mark.parametrize(
    "text",
    [
        "What it does not show", "SHA-256", "Splits, in time order", "kit demo --out",
        "programmatic-kit", "Calibration of the click model", "Win rate by bid",
        "Verdict: better", "What was checked", "Results on the tune split",
        "Where the difference comes from", "Spend, win rate and value", "independent units",
        "holds for all 9 comparisons together", "Rates and prices", "Value per spend",
        "Difference by campaign",
        "Difference by exchange", "Largest loss of surplus", "Without extreme blocks",
        "push the difference most",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["report.html", "report.md"])
def test_report_says(demo: Demo, name: str, text: str) -> None:
    assert text in (demo[0] / name).read_text()


def test_report_again_is_the_same(demo: Demo, tmp_path: Path) -> None:
    out, _ = demo
    run_report(ReportSpec(result=out / "result.json", out=tmp_path), quiet)
    for name in ("report.html", "report.md"):
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


def test_report_with_another_title(demo: Demo, tmp_path: Path) -> None:
    spec = ReportSpec(result=demo[0] / "result.json", out=tmp_path, title="Q1 <shading>")
    run_report(spec, quiet)
    assert "<h1>Q1 &lt;shading&gt;</h1>" in (tmp_path / "report.html").read_text()


@pytest.mark.slow
def test_same_seed_same_result(demo: Demo, tmp_path: Path) -> None:
    out, _ = demo
    run_demo(DemoSpec(out=tmp_path), quiet)
    plain = [json.loads((folder / "result.json").read_text()) for folder in (out, tmp_path)]
    for result in plain:
        assert result.pop("generated_at")
        assert result.pop("command")
    assert plain[0] == plain[1]


def test_result_is_strict_json(demo: Demo) -> None:
    text = (demo[0] / "result.json").read_text()
    assert "NaN" not in text
    assert Findings.load(demo[0] / "result.json").comparison["decision"] == "better"


def test_model_is_saved_and_serves(demo: Demo) -> None:
    assert load_response(demo[0] / "models" / "click").kind == "lightgbm"


def test_model_budget_and_click_value(kit: Kit, demo: Demo, tmp_path: Path) -> None:
    model = demo[0] / "models" / "click"
    arguments = (
        "replay", SAMPLE, "--format", "parquet", "--policy", "shade",
        "--set", "shading_factor=0.4", "--model", model,
    )  # fmt: skip
    _, free, _ = kit(*arguments)
    out = tmp_path / "replay.json"
    _, bounded, _ = kit(*arguments, "--budget", 20, "--out", out)
    assert free["cost"] > 20_000 >= bounded["cost"] > 19_000  # 20 USD buy a price sum of 20,000
    assert bounded["surplus"] == pytest.approx(bounded["value"] - bounded["cost"] - bounded["fees"])
    written = json.loads(out.read_text())
    assert written["cost"] == bounded["cost"]
    table = written["by_exchange_hour"]
    spend = table["columns"].index("spend")
    assert sum(row[spend] for row in table["rows"]) == pytest.approx(bounded["cost"])
    _, dearer, _ = kit(*arguments, "--click-value", 1.0)
    assert dearer["value"] == 1000 * dearer["clicks"]


def test_the_demo_reports_the_split(demo: Demo) -> None:
    out, outcome = demo
    facts = outcome.summary["budget_split"]
    findings = Findings.load(out / "result.json")
    assert findings.budget_split == facts
    assert facts["budget_share"] == 0.6
    assert facts["tune"] in ("better", "worse", "cannot conclude")
    assert facts["verdict"]["question"] == "better"
    assert facts["verdict"]["candidate"] == "split by return"
    assert any(line.startswith("Budget across exchanges:") for line in outcome.lines)
    for name in ("report.html", "report.md"):
        text = (out / name).read_text()
        for said in (
            "Budget across exchanges",
            "more budget returns",
            "holds for all 9",
            "What money buys on each exchange",
            "cassini",
        ):
            assert said in text
    section = findings.sections[0]
    spend = [row[5] for row in section.tables[0].table.rows]
    assert len(spend) == 4


def test_a_notebook_s_report_is_recorded(demo: Demo, tmp_path: Path) -> None:
    findings = Findings.load(demo[0] / "result.json")
    done = save_report(findings, tmp_path, quiet)
    run = get_run(done.number)
    assert (run.verb, run.status) == ("report", "done")
    assert run.inputs == {str(tmp_path / "result.json"): file_hash(tmp_path / "result.json")}
    assert (tmp_path / "report.html").read_bytes() == (demo[0] / "report.html").read_bytes()


@pytest.mark.parametrize("text", ["", "{", '{"version": 1}', '{"version": 7}'])
def test_torn_result(tmp_path: Path, text: str) -> None:
    path = tmp_path / "result.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"is no result of this version.*kit demo"):
        run_report(ReportSpec(result=path, out=tmp_path / "out"), quiet)
    assert not (tmp_path / "out").exists()


def real(shared_data: Path, name: str, kind: str, out: Path, **more: object) -> Outcome:
    source = Source(path=shared_data / "ipinyou" / name, format=kind)
    return run_demo(DemoSpec(source=source, out=out, **more), quiet)


def test_five_clicks_cannot_conclude(shared_data: Path, tmp_path: Path) -> None:
    outcome = real(shared_data, "2259.train.log.txt", "ipinyou-log", tmp_path)
    assert outcome.summary["verdict"]["answer"] == "no verdict"
    assert "clicks; a verdict needs at least 30" in outcome.summary["verdict"]["no_verdict"]
    assert "clicks; an interval needs at least 30" in " ".join(outcome.summary["reasons"])
    text = (tmp_path / "report.md").read_text()
    assert "## No verdict" in text
    assert "## Comparison: Tune split: Cannot conclude" in text
    assert "won impressions only" in text
    assert "cheaper than their declared floor" in text


def test_log_with_its_own_pctr(shared_data: Path, tmp_path: Path) -> None:
    """No features and no clock: the pCTR is recalibrated and used, and nothing is by hour."""
    outcome = real(shared_data, "1458.train.txt", "ipinyou-ctr", tmp_path)
    assert outcome.summary["tune"] in ("better", "worse", "cannot conclude")
    findings = Findings.load(tmp_path / "result.json")
    assert findings.models["click"]["kind"] == "logged"
    assert findings.baseline == "constant bid"
    assert "no clock" in (tmp_path / "report.md").read_text()
    assert "exchange_hour" not in [figure.kind for figure in findings.figures]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("2259.test.log.txt", "ipinyou-log"),
        ("2259.train.yzbx.txt", "ipinyou-yzbx"),
        ("2997.theta.txt", "ipinyou-theta"),
    ],
)
def test_every_real_log_ends_in_a_report(
    shared_data: Path, tmp_path: Path, name: str, kind: str
) -> None:
    outcome = real(shared_data, name, kind, tmp_path, click_value=5.0)
    assert (tmp_path / "report.html").is_file()
    assert outcome.summary["verdict"]["answer"] in ("better", "not shown better", "no verdict")


def test_logged_baseline_needs_bids(shared_data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Pass --baseline constant"):
        real(shared_data, "1458.train.txt", "ipinyou-ctr", tmp_path / "out", baseline="logged")
    assert not (tmp_path / "out").exists()


def sealed_log(log: AuctionLog, folder: Path) -> SealedSplit:
    return seal_log(log.save(folder / "log.parquet"), out=folder / "sealed")


@pytest.fixture(
    scope="module", params=[pytest.param(seed, marks=pytest.mark.slow) for seed in (11, 12)]
)
def simulated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    config = SimulationConfig(auctions=60_000, days=10, ctr=0.04)
    simulation = simulate(config, request.param)
    folder = tmp_path_factory.mktemp("simulated")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KIT_WORKSPACE", str(folder))
        sealed = sealed_log(simulation.log, folder)
        return simulation, compare_policies(sealed, DemoSpec(), quiet)


def test_readings_enclose_the_truth(simulated) -> None:
    """On a log whose every outcome is known, the difference lies between the two readings."""
    simulation, found = simulated
    assert found.optimistic is not None
    first, rows = len(found.split.train), len(found.split.tune)
    tune = simulation.full_log().rows(slice(first, first + rows))
    tune = replace(tune, frame=tune.frame.assign(pctr=found.split.tune.frame["pctr"]))
    worth = tune.frame["click_value_cpm"].to_numpy()
    click = tune.frame["click"] & ~tune.frame["is_invalid_traffic"]
    value = np.where(click, worth, 0.0)
    totals = [
        replay(tune, candidate.bids(found.split.tune), value=value, name=candidate.name)
        if candidate.policy is None
        else replay(tune, candidate.policy, value=value)
        for candidate in (found.choice.policy, found.choice.baseline)
    ]
    truth = totals[0].surplus - totals[1].surplus
    low, high = (reading.comparison.first for reading in (found.judged, found.optimistic))
    assert low.difference <= truth
    assert truth <= high.high


def test_choice_never_sees_the_holdout(simulated, tmp_path: Path) -> None:
    """Other outcomes in the holdout change neither models nor bids, but the answer."""
    simulation, found = simulated
    rows = len(found.split.train) + len(found.split.tune)
    frame = simulation.log.frame.copy()
    frame.loc[frame.index >= rows, "click"] = False
    other = sealed_log(replace(simulation.log, frame=frame), tmp_path)
    again = compare_policies(other, DemoSpec(), quiet)
    assert again.choice.policy == found.choice.policy
    assert again.judged.policy.to_dict() == found.judged.policy.to_dict()
    assert again.answer.verdict is None
    assert "holdout: has 0 clicks" in again.answer.no_verdict


def test_choice_is_near_the_best_of_its_kind(simulated) -> None:
    """Chosen on tune, the policy's true surplus there is within 10 % of the best shading."""
    simulation, found = simulated
    tune = found.split.tune
    rows = slice(len(found.split.train), len(found.split.train) + len(tune))
    truth = simulation.truth
    request = simulation.log.rows(rows).request
    base = tune.frame["pctr"] * tune.frame["click_value_cpm"]
    first = tune.frame["auction_type"] == 1

    def surplus(factor: float) -> float:
        bids = np.where(first, factor * base, base)
        return float(truth.expected_surplus(request, bids).sum())

    best = max(map(surplus, np.linspace(0.1, 1.0, 19)))
    rng = np.random.default_rng(0)
    bids = found.choice.policy.policy.bid(tune.request, rng)
    chosen = float(truth.expected_surplus(request, bids).sum())
    assert chosen >= 0.9 * best > 0


def test_constant_baseline_is_the_best_constant(simulated) -> None:
    _, found = simulated
    tuner = Tuner(found.split.tune, found.models.market, np.random.default_rng(0))
    choice = choose(tuner, "constant")
    bid = choice.baseline.policy.bid
    grid = tuner.grid(np.ones(len(tuner.log)), np.linspace(0.5, 15, 59))
    mine = choice.baseline_value - choice.baseline_spend
    assert mine >= 0.97 * (grid["value"] - grid["spend"]).max()
    assert np.ptp(bid(tuner.log.request, np.random.default_rng(0))) == 0
