"""The main job: load, split, model, bid, replay, compare, report."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np

from kit.base.files import file_hash
from kit.data.load import LoadReport
from kit.data.log import AuctionLog
from kit.data.rejects import rejects_path
from kit.data.split import time_split
from kit.data.valid import valid_clicks
from kit.flow.choose import Choice, Tuner, choose
from kit.flow.describe import Compared, describe
from kit.flow.describe_split import TITLE as SPLIT_TITLE
from kit.flow.describe_split import split_facts, split_words
from kit.flow.findings import RESULT, Findings
from kit.flow.fit import (
    ClickValue,
    Models,
    fit_models,
    with_values,
)
from kit.flow.judge import judge
from kit.flow.render import write_up
from kit.flow.runs import Outcome, Say, utc_now
from kit.flow.source import open_log, sample_source
from kit.flow.specs import DemoSpec, Source
from kit.flow.split_budget import COMPARISONS, BudgetSplit, judge_split, split_budget
from kit.report.wording import UNSEALED, headline

MODELS = "models"


def run_demo(spec: DemoSpec, say: Say) -> Outcome:
    """Run the whole job and write ``report.html``, ``report.md``, ``result.json``, ``models/``.

    Raises
    ------
    KitError
        If the log cannot be read, split or modelled.
    """
    source = spec.source or sample_source()
    say(f"loading {source.path.name}")
    log, report = open_log(source, rejects_path(spec.out / source.path.name))
    compared = compare_policies(log, report, spec, say)
    findings = describe(
        compared,
        command=demo_command(spec),
        seed=spec.seed,
        generated_at=utc_now(),
    )
    say("writing the report")
    written = _write(findings, compared.models, spec.out)
    comparison = compared.judged.comparison
    unit = compared.judged.policy.unit
    said = headline(comparison, findings.policy, findings.baseline, unit)
    return Outcome(
        summary={
            "verdict": comparison.decision,
            "headline": said,
            "reasons": list(comparison.reasons),
            "policy": findings.totals["policy"],
            "baseline": findings.totals["baseline"],
            "auctions": comparison.auctions,
            "bad_rows": report.bad_rows,
            "budget_split": split_facts(compared.budget),
            "report": str(spec.out / "report.html"),
        },
        inputs={str(source.path): report.source_hash},
        outputs={str(path): file_hash(path) for path in written},
        lines=(
            f"Comparison: {comparison.decision}. {said}",
            *comparison.reasons,
            UNSEALED,
            f"{SPLIT_TITLE}: {split_words(compared.budget)}",
            f"Open next: {spec.out / 'report.html'} in a browser (or report.md beside it), then "
            "`make lab` for the notebooks.",
        ),
    )


def compare_policies(log: AuctionLog, report: LoadReport, spec: DemoSpec, say: Say) -> Compared:
    """Split a log, model it, choose on its tune split and judge on its holdout."""
    raw = time_split(valid_clicks(log), tune=spec.tune, holdout=spec.holdout)
    say(f"split {raw.about}")
    models = fit_models(raw.train, raw.tune, say, seed=spec.seed)
    click, market = models.click, models.market
    if click is None or market is None:
        raise ValueError("both models are always asked for")
    click_value = ClickValue.of(raw.train, raw.tune, spec.click_value)
    split = with_values(raw, click, click_value)
    tuner = Tuner(split.tune, market, np.random.default_rng(spec.seed))
    choice = choose(tuner, spec.baseline)
    say(f"the policy {choice.policy.about}; the baseline {choice.baseline.about}")
    divided = _divide(tuner, choice, spec)
    looks = 1 + (COMPARISONS if divided else 0)
    judged, optimistic = judge(
        split.holdout, choice.policy, choice.baseline, spec.seed, policies=looks
    )
    budget = judge_split(divided, split.holdout, spec.seed, looks) if divided else None
    compared = Compared(
        split, models, click_value, choice, judged, optimistic,
        report.source, report.source_hash, report.bad_rows, budget,
    )  # fmt: skip
    return compared


def _divide(tuner: Tuner, choice: Choice, spec: DemoSpec) -> BudgetSplit | None:
    if choice.policy.policy is None:
        raise ValueError("the policy is always one that bids by itself")
    return split_budget(tuner, choice.policy.policy, spec.budget_share)


def demo_command(spec: DemoSpec) -> str:
    """Return the command that runs these settings again.

    Examples
    --------
    >>> demo_command(DemoSpec(seed=3))
    'kit demo --out out --seed 3'
    """
    words = ["kit", "demo"]
    if spec.source is not None:
        words += source_words("--data", spec.source)
    words += ["--out", str(spec.out)]
    defaults = DemoSpec()
    for name in ("baseline", "click_value", "tune", "holdout", "budget_share"):
        value = getattr(spec, name)
        if value != getattr(defaults, name):
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join([*words, "--seed", str(spec.seed)])


def source_words(option: str, source: Source) -> list[str]:
    """Return the words of a command line that name a log."""
    words = [option, str(source.path), "--format", source.format]
    for name, column in source.columns.items():
        words += ["--column", f"{name}={column}"]
    if source.features:
        words += ["--features", ",".join(source.features)]
    defaults = Source(path=source.path, format=source.format)
    for name in ("currency", "timezone", "errors"):
        if getattr(source, name) != getattr(defaults, name):
            words += [f"--{name}", getattr(source, name)]
    return words + ["--ties-win"] * source.ties_win


def _write(findings: Findings, models: Models, out: Path) -> list[Path]:
    """Write everything; ``result.json`` comes last, so that it stands for the whole."""
    paths = models.save(out / MODELS)
    paths += write_up(findings).write(out)
    return [*paths, findings.save(out / RESULT)]
