"""The main job: load, seal, model, bid, replay, compare, ask the vault, report."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kit.base.files import file_hash
from kit.data.log import AuctionLog
from kit.data.sealed import SealedSplit
from kit.flow.ask import Answer, ask
from kit.flow.choose import Candidate, Choice, Tuner, choose
from kit.flow.demo_search import propose_more, search_files
from kit.flow.describe import Compared, describe
from kit.flow.describe_search import search_facts, search_lines
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
from kit.flow.narrate import narrative_line, with_narrative
from kit.flow.promote import freeze_policy
from kit.flow.render import write_up
from kit.flow.response_curves import exchange_names
from kit.flow.runs import Outcome, Say, utc_now
from kit.flow.source import sample_source, seal_source
from kit.flow.specs import DemoSpec, Source
from kit.flow.split_budget import (
    COMPARISONS,
    BudgetSplit,
    JudgedSplit,
    judge_split,
    split_budget,
)
from kit.models.response import Response
from kit.report.verdict_words import next_step, verdict_headline
from kit.report.wording import headline
from kit.validate.vault import Vault

MODELS = "models"


def run_demo(spec: DemoSpec, say: Say) -> Outcome:
    """Run the whole job and write ``report.html``, ``report.md``, ``result.json``, ``models/``.

    Raises
    ------
    KitError
        If the log cannot be read, split or modelled.
    """
    source = spec.source or sample_source()
    say(f"sealing the holdout of {source.path.name}")
    sealed = seal_source(source, spec.tune, spec.holdout)
    compared = compare_policies(sealed, spec, say)
    findings = describe(
        compared,
        command=demo_command(spec),
        seed=spec.seed,
        generated_at=utc_now(),
    )
    findings = with_narrative(findings, say)
    say("writing the report")
    written = [*_write(findings, compared.models, spec.out), *search_files(compared.search)]
    comparison, answer = compared.judged.comparison, compared.answer
    unit = compared.judged.policy.unit
    said = headline(comparison, findings.policy, findings.baseline, unit, "tune")
    return Outcome(
        summary={
            "verdict": answer.to_dict(),
            "headline": _headline(answer),
            "tune": comparison.decision,
            "tune_headline": said,
            "reasons": list(comparison.reasons),
            "policy": findings.totals["policy"],
            "baseline": findings.totals["baseline"],
            "auctions": comparison.auctions,
            "bad_rows": sealed.bad_rows,
            "budget_split": split_facts(compared.budget),
            "proposals": search_facts(compared.search),
            "report": str(spec.out / "report.html"),
        },
        inputs={str(source.path): sealed.source_hash},
        outputs={str(path): file_hash(path) for path in written},
        lines=(
            *_verdict_lines(answer),
            f"On the tune split, where it was chosen: {said}",
            f"{SPLIT_TITLE}: {split_words(compared.budget)}",
            *search_lines(compared.search),
            *filter(None, [narrative_line(findings)]),
            f"Open next: {spec.out / 'report.html'} in a browser (or report.md beside it), then "
            "`make lab` for the notebooks.",
        ),
    )


def _verdict_lines(answer: Answer) -> list[str]:
    if answer.verdict is None:
        return [_headline(answer)]
    return [f"Verdict: {_headline(answer)}", f"Next: {next_step(answer.verdict)}"]


def _headline(answer: Answer) -> str:
    if answer.verdict is None:
        return f"No verdict. {answer.no_verdict}"
    return verdict_headline(answer.verdict)


def compare_policies(raw: SealedSplit, spec: DemoSpec, say: Say) -> Compared:
    """Model a sealed log, choose on its tune split, and ask its vault."""
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
    count = 1 + (COMPARISONS if divided else 0)
    judged, optimistic = judge(
        split.tune, choice.policy, choice.baseline, spec.seed, policies=count
    )
    asked = Asked(Vault(raw), click, click_value.cpm, spec.seed)
    say("asking the vault: one look at the sealed holdout, charged in the ledger")
    answer = asked.better(choice.policy, choice.baseline)
    budget = None
    if divided:
        say("asking the vault about the divided budget: another look")
        budget = _judged(divided, split.tune, asked, count)
    search = propose_more(raw, choice.policy, spec, say)
    return Compared(
        split, models, click_value, choice, judged, optimistic, answer, budget, search
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Asked:
    """What every question of the demo to its vault shares."""

    vault: Vault
    click: Response
    click_value_cpm: float | None
    seed: int

    def better(
        self,
        policy: Candidate,
        baseline: Candidate,
        *,
        elsewhere: float = 1.0,
        budget_per_1000: float | None = None,
    ) -> Answer:
        """Ask whether a policy is better than a baseline."""
        candidate, other = (
            freeze_policy(
                each.name, each.policy, self.click, elsewhere=elsewhere, hypothesis=each.about,
                proposer="kit demo", seed=self.seed,
            )
            for each in (policy, baseline)
        )  # fmt: skip
        return ask(
            self.vault, candidate, other, click_value_cpm=self.click_value_cpm,
            budget_per_1000=budget_per_1000, seed=self.seed, proposer="kit demo",
        )  # fmt: skip


def _judged(divided: BudgetSplit, tune: AuctionLog, asked: Asked, count: int) -> JudgedSplit:
    found = judge_split(divided, tune, asked.seed, count)
    names = exchange_names(tune).unique()
    plan, one = (divided.candidate(each, names) for each in (divided.plan, divided.one))
    answer = asked.better(
        plan, one,
        elsewhere=next(iter(divided.one.multipliers.values())),
        budget_per_1000=divided.budget_per_1000,
    )  # fmt: skip
    return replace(found, answer=answer)


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
    for name in ("baseline", "click_value", "tune", "holdout", "budget_share", "proposals"):
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
