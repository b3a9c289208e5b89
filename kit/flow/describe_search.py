"""A search over variants in words and a table, for the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from kit.base.units import PriceUnit
from kit.flow.findings import FrameData, SectionData, TableData
from kit.flow.search.finalists import NO_GAIN, Judged
from kit.report.verdict_words import verdict_headline
from kit.variant.trial import Trial, best_of

TITLE = "What else was proposed"
_SAID = {"scored": "scored", "stopped": "stopped early", "refused": "refused", "proposed": "open"}


def search_section(
    trials: Sequence[Trial], judged: Sequence[Judged], unit: PriceUnit, by: str
) -> SectionData:
    """Return the section of the report.

    Parameters
    ----------
    trials : sequence of Trial
        The default first.
    judged : sequence of Judged
        Finalists and what the vault answered.
    unit : PriceUnit
        Of the log.
    by : str
        Who proposed, in words.
    """
    return SectionData(
        title=TITLE,
        lead=search_words(trials, judged, unit),
        words=[
            f"{by} proposed {len(trials) - 1} changes, each of one earlier trial and each with a "
            "reason. Code built them, ranked them on the tune split by surplus against trial 0, "
            "and put the best to the vault: a rank on the tune split is no verdict.",
            *(_answer(each) for each in judged),
        ],
        tables=[_table(trials, judged, unit)],
    )


def search_words(trials: Sequence[Trial], judged: Sequence[Judged], unit: PriceUnit) -> str:
    """Return the outcome in a sentence or two."""
    if not judged:
        return NO_GAIN
    best = best_of(list(trials))
    said = (
        f"Of {len(trials) - 1} proposals the best on the tune split, {best.spec.name}, adds "
        f"{best.score or 0.0:+.3g} {unit.currency} for every 1,000 auctions there."
    )
    answers = "; ".join(each.answer.words for each in judged)
    return f"{said} On the holdout: {answers}."


def search_facts(trials: Sequence[Trial], judged: Sequence[Judged]) -> dict[str, Any]:
    """Return the search as plain values for ``--json`` and the findings."""
    return {
        "trials": [
            {"number": each.number, "name": each.spec.name, "parent": each.parent,
             "tune_score": each.score, "status": each.status, "why": each.why}
            for each in trials
        ],
        "looks": [{"number": each.trial.number, **each.answer.to_dict()} for each in judged],
    }  # fmt: skip


def _answer(each: Judged) -> str:
    name = f"Trial {each.trial.number}, {each.trial.spec.name}"
    if each.answer.verdict is None:
        return f"{name}: no verdict. {each.answer.no_verdict}"
    return f"{name}: {verdict_headline(each.answer.verdict)}"


def _table(trials: Sequence[Trial], judged: Sequence[Judged], unit: PriceUnit) -> TableData:
    answers = {each.trial.number: each.answer.words for each in judged}
    rows = [
        (
            str(each.number), each.spec.name, "" if each.parent is None else str(each.parent),
            each.spec.hypothesis, "" if each.score is None else f"{each.score:+.3f}",
            answers.get(each.number, _SAID[each.status]),
        )
        for each in trials
    ]  # fmt: skip
    score = f"{unit.currency} per 1,000 auctions, tune"
    columns = ["trial", "change", "of trial", "why", score, "outcome"]
    frame = pd.DataFrame(rows, columns=columns)
    return TableData(
        title="Trials, in order", table=FrameData.of(frame),
        note="The score is surplus on the tune split less that of trial 0, realised clicks only.",
    )  # fmt: skip
