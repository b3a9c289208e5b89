"""Small findings with a verdict of one's choice, for tests of what is written about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from kit.flow.findings import Findings, FrameData, SourceData, TableData, UnitData
from kit.validate.comparison import Comparison, MetricDifference
from kit.validate.verdict import Effect, GateResult, Question, Status, Verdict

NAN = float("nan")
GATES = ("leakage", "worst_segment", "calibration", "drift", "stress")


@dataclass(frozen=True)
class Side:
    """What one side did on the tune split; money as price sums."""

    surplus: float = 84_717.0
    value: float = 128_750.0
    spend: float = 43_734.0
    impressions: int = 14_997
    clicks: int = 518

    def totals(self) -> dict[str, Any]:
        """Return what `kit.replay` would."""
        return {"auctions": 27_500, "impressions": self.impressions, "clicks": self.clicks,
                "cost": self.spend, "value": self.value, "undetermined": 0}  # fmt: skip


BASELINE = Side(47_149.0, 181_550.0, 133_701.0, 23_921, 739)


def made_verdict(
    question: Question = "better",
    shown: bool = True,
    status: Status = "pass",
    effect: float | None = 41_000.0,
    **changed: Any,
) -> Verdict:
    """Return a verdict whose drift gate makes the status what it is, where the effect does not."""
    drift = status if shown else "pass"
    gates = (
        GateResult("effect", "pass" if shown else "fail", "holdout"),
        *(GateResult(gate, drift if gate == "drift" else "pass", "tune") for gate in GATES),
    )
    found = None
    if shown and effect is not None:
        found = Effect(effect, effect - 30_000, effect + 30_000, 1_000, 0.95, 48, 31_685)
    return replace(
        Verdict(question, shown, status, gates, "shaded bidding", "logged bids", "a", "b", "c", 3,
                197, 0.004, effect=found, mde_cpm=54_722.0),
        **changed,
    )  # fmt: skip


def made_findings(
    verdict: Verdict | None = None,
    candidate: Side | None = None,
    baseline: Side = BASELINE,
    interval: float = 30_000.0,
    tried: int | None = 1_377,
) -> Findings:
    """Return findings of a comparison on the tune split and a verdict."""
    mine = candidate or Side()
    rows = tuple(_row(metric, mine, baseline, interval) for metric in ("surplus", "value", "spend"))
    comparison = Comparison("better", (), 24, "24 blocks", 0.95, 3, rows, 27_500, 518)
    empty = FrameData(columns=[], rows=[])
    return Findings(
        title="t", question="q", policy="shaded bidding", baseline="logged bids",
        unit=UnitData(currency="USD", minor_per_major=1, label="USD CPM"),
        comparison=comparison.to_dict(), optimistic=None, models={},
        totals={"policy": mine.totals(), "baseline": baseline.totals()},
        choice={} if tried is None else {"tried": tried},
        verdict=None if verdict is None else verdict.to_dict(),
        data=SourceData(source="log", source_hash="c", rows=150_000, bad_rows=0, period="a week",
                        splits={"train": 90_815, "tune": 27_500, "holdout": 31_685}, notes=[]),
        method=[], results=TableData(title="r", table=empty), figures=[], diagnostics=[],
        limits=[], command="kit demo", versions={}, seed=0, generated_at="now",
    )  # fmt: skip


def _row(metric: str, mine: Side, theirs: Side, interval: float) -> MetricDifference:
    policy, baseline = float(getattr(mine, metric)), float(getattr(theirs, metric))
    moved = policy - baseline
    low, high = moved - interval, moved + interval
    return MetricDifference(metric, policy, baseline, moved, low, high, low, high, 1.0, 1.0)
