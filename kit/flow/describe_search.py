"""A search over variants in words and a table, for the report."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kit.flow.findings import FrameData, SectionData, TableData
from kit.flow.search.finalists import NO_GAIN, Judged
from kit.flow.search.outcome import Found
from kit.report.verdict_words import verdict_headline
from kit.variant.trial import Trial, best_of

TITLE = "What else was proposed"
_SAID = {"scored": "scored", "stopped": "stopped early", "refused": "refused", "proposed": "open"}


def search_section(found: Found | str | None) -> list[SectionData]:
    """Return the section of the report; none where nobody asked."""
    if found is None:
        return []
    if isinstance(found, str):
        return [
            SectionData(title=TITLE, lead="Nothing could be proposed.", words=[found], tables=[])
        ]
    return [SectionData(
        title=TITLE,
        lead=search_words(found),
        words=[
            f"{len(found.trials) - 1} changes were proposed, each of one earlier trial and each "
            "with a reason. Code built them, ranked them on the tune split by surplus against "
            "trial 0, and put the best to the vault: a rank on the tune split is no verdict.",
            *map(_answer, found.judged),
        ],
        tables=[_table(found)],
    )]  # fmt: skip


def search_lines(found: Found | str | None) -> list[str]:
    """Return what a person is told at the end of a run."""
    if found is None:
        return []
    return [f"{TITLE}: {found if isinstance(found, str) else search_words(found)}"]


def search_words(found: Found) -> str:
    """Return the outcome in a sentence or two."""
    if not found.judged:
        return NO_GAIN
    best, unit = best_of(found.trials), found.sealed.tune.meta.unit
    answers = "; ".join(each.answer.words for each in found.judged)
    return (
        f"Of {len(found.trials) - 1} proposals the best on the tune split, {best.spec.name}, adds "
        f"{best.score or 0.0:.3g} {unit.currency} for every 1,000 auctions there. On the holdout: "
        f"{answers}."
    )


def search_facts(found: Found | str | None) -> dict[str, Any] | None:
    """Return the search as plain values for ``--json``."""
    if found is None or isinstance(found, str):
        return None if found is None else {"refused": found}
    return {
        "trials": [
            {"number": each.number, "name": each.spec.name, "parent": each.parent,
             "tune_score": each.score, "status": each.status, "why": each.why}
            for each in found.trials
        ],
        "looks": [{"number": each.trial.number, **each.answer.to_dict()} for each in found.judged],
    }  # fmt: skip


def _answer(each: Judged) -> str:
    name = f"Trial {each.trial.number}, {each.trial.spec.name}"
    if each.answer.verdict is None:
        return f"{name}: no verdict. {each.answer.no_verdict}"
    return f"{name}: {verdict_headline(each.answer.verdict)}"


def _change(trial: Trial) -> str:
    """Return what was changed; of a computed feature also what it computes."""
    made = {} if trial.spec.model is None else trial.spec.model.expressions
    sql = made.get(trial.spec.name.removeprefix("add "))
    return trial.spec.name if sql is None else f"{trial.spec.name}: {sql}"


def _table(found: Found) -> TableData:
    answers = {each.trial.number: each.answer.words for each in found.judged}
    rows = [
        (
            str(each.number), _change(each), "" if each.parent is None else str(each.parent),
            each.spec.hypothesis, "" if each.score is None else f"{each.score:+.3f}",
            answers.get(each.number, _SAID[each.status]),
        )
        for each in found.trials
    ]  # fmt: skip
    currency = found.sealed.tune.meta.unit.currency
    columns = ["trial", "change", "of trial", "why", f"score ({currency})", "outcome"]
    return TableData(
        title="Trials, in order", table=FrameData.of(pd.DataFrame(rows, columns=columns)),
        note="The score is surplus for every 1,000 auctions of the tune split less that of trial "
        "0, by the clicks that came.",
    )  # fmt: skip
