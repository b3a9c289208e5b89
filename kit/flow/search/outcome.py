"""What a search came to: its trials, the vault's answers, and how they are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit.ai.budget import Spent
from kit.ai.propose.brief import Brief
from kit.data.sealed import SealedSplit
from kit.flow.fit import ClickValue
from kit.flow.search.finalists import NO_GAIN, Judged, finalists
from kit.flow.search.metered import Cost
from kit.flow.search.store import SEARCH_FILE
from kit.report.verdict_words import verdict_headline
from kit.variant.trial import Trial, best_of

RESULT_FILE = "search.json"
BEST_FILE = "best.json"
COST_FILE = "cost.json"


@dataclass(frozen=True, eq=False)
class Found:
    """What a search came to.

    Parameters
    ----------
    sealed : SealedSplit
        The log.
    trials : list of Trial
        Every one, the default first.
    folders : dict of int to str
        Where each scored variant was frozen.
    judged : list of Judged
        Finalists and what the vault answered.
    claim : dict
        Settings of every comparison, as `kit.validate.vault.Vault.look` takes them.
    brief : Brief
        What proposers were told.
    value : ClickValue
        What a click counts.
    seconds : float
        Of this run, the looks included.
    spent : Spent
        By calls to a model.
    costs : dict of int to Cost
        What each trial cost.
    out : Path
        Folder of the record.
    """

    sealed: SealedSplit
    trials: list[Trial]
    folders: dict[int, str]
    judged: list[Judged]
    claim: dict[str, Any]
    brief: Brief
    value: ClickValue
    seconds: float
    spent: Spent
    costs: dict[int, Cost] = field(default_factory=dict)
    out: Path = Path()

    @property
    def best(self) -> Trial:
        """The finalist that the vault found better, else the best on the tune split."""
        better = [each.trial for each in self.judged if each.is_better]
        return better[0] if better else best_of(self.trials)

    @property
    def answer(self) -> Judged | None:
        """What the vault said of the best; None if it was not asked."""
        return next((each for each in self.judged if each.trial is self.best), None)


def summary_of(found: Found) -> dict[str, Any]:
    """Return what ``--json`` prints.

    All but ``cost`` is the same however often, and by however many, a search is run again: what
    took time, what was paid for, and which answers were on record already, is in ``cost``, which
    has a file of its own.
    """
    answer = found.answer
    return {
        "evaluations": [
            {
                "number": trial.number,
                "spec": trial.spec.model_dump(mode="json"),
                "parent": trial.parent,
                "tune_score": trial.score,
                "status": trial.status,
                "share": trial.share,
                "why": trial.why,
            }
            for trial in found.trials
        ],
        "best": {
            "number": found.best.number,
            "spec": found.best.spec.model_dump(mode="json"),
            "folder": found.folders[found.best.number],
        },
        "verdict": None if answer is None else _said(answer),
        "looks": [{"number": each.trial.number, **_said(each)} for each in found.judged],
        "cost": {
            "seconds": round(found.seconds, 3),
            "fits_seconds": round(sum(trial.seconds for trial in found.trials), 3),
            "trial_seconds": [round(trial.seconds, 3) for trial in found.trials],
            "trials": len(found.trials),
            "looks": sum(_charged(each) for each in found.judged),
            "looks_on_record": sum(_on_record(each) for each in found.judged),
            "model_calls": found.spent.calls,
            "model_tokens": found.spent.tokens,
            "model_money": str(found.spent.money),
            "model_calls_of_unknown_price": found.spent.unpriced,
        },
        "headline": headline_of(found),
    }


def _said(each: Judged) -> dict[str, Any]:
    plain = each.answer.to_dict()
    plain.pop("repeated", None)
    return plain


def _charged(each: Judged) -> bool:
    verdict = each.answer.verdict
    return verdict is not None and verdict.look > 0 and not verdict.repeated


def _on_record(each: Judged) -> bool:
    verdict = each.answer.verdict
    return verdict is not None and verdict.repeated


def headline_of(found: Found) -> str:
    """Return the outcome in a sentence."""
    answer = found.answer
    if answer is None:
        if finalists(found.trials, 1):
            return "The vault was not asked."
        return NO_GAIN if any(trial.ranks for trial in found.trials) else _none_kept(found.trials)
    if answer.answer.verdict is None:
        return f"No verdict. {answer.answer.no_verdict}"
    return verdict_headline(answer.answer.verdict)


def _none_kept(trials: list[Trial]) -> str:
    return (
        "No variant keeps to the constraints on the tune split, the default neither "
        f"({trials[0].why}): the default stays, nothing was put to the vault, and no look was "
        "charged. Loosen a constraint, or search further."
    )


def found_lines(found: Found, out: Path) -> list[str]:
    """Return what a person is told at the end."""
    best, count = found.best, len(found.trials)
    refused = sum(trial.status == "refused" for trial in found.trials)
    odd = f", {refused} of them refused" if refused else ""
    unit = found.sealed.tune.meta.unit.currency
    score = best.score or 0.0
    return [
        f"{count} trials{odd}; best on the tune split, where it was chosen: trial {best.number}, "
        f"{best.spec.name} ({score:+.4g} {unit} for every 1,000 auctions).",
        headline_of(found),
        f"Open next: the variant board on {out} (notebook explore_variants), or {out / BEST_FILE}; "
        f"the record is {out / SEARCH_FILE}.",
    ]
