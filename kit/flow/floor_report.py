"""Write a floor study up: comparisons before and after buyers answer, floors, pictures, limits."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd

from kit.base.units import PriceUnit
from kit.experiment.floor_trial import AFTER, BEFORE
from kit.flow.floor_study import ONE, SEGMENTS, FloorAnswer, FloorStudy
from kit.flow.versions import versions
from kit.report.numbers import ABSENT, count, percent
from kit.report.parts import DataFacts, ReportFigure, Reproduce, Section, Table
from kit.report.tables import difference_table
from kit.report.wording import headline
from kit.report.writeup import Writeup

_MOST_FLOORS = 30


def write_floors(
    out: Path,
    study: FloorStudy,
    answer: FloorAnswer,
    rules: pd.DataFrame,
    *,
    command: str,
    seed: int,
    source: str,
    bad_rows: int,
    generated_at: str,
) -> list[Path]:
    """Write ``report.html``, ``report.md`` and their figure; return the paths.

    Parameters
    ----------
    out : Path
        The folder.
    study, answer : FloorStudy and FloorAnswer
        What was fitted, and how it was judged.
    rules : pandas.DataFrame
        From `FloorStudy.rules`.
    command, seed, source, bad_rows, generated_at
        How to run it again, on what, and when it ran.
    """
    comparison = answer.trial.comparisons[SEGMENTS, BEFORE]
    picture = ReportFigure(
        "What floors earn",
        "Left: revenue of the fit over the fill that floors give up, by segment and with one "
        "floor for all; the dots are the floors chosen. Right: revenue on held-out auctions, "
        "before buyers answer (0) and after each round.",
        "Two line charts: revenue over lost fill, and revenue over rounds of answers.",
        study.picture(answer),
    )
    written = Writeup(
        title="Floors by segment",
        question="Do floors by segment earn more than the best single floor, and what is left "
                 "once buyers have answered them?",
        policy=SEGMENTS, baseline=ONE, comparison=comparison, data=_data(study, source, bad_rows),
        method=_method(study, answer), results=_states(answer, study.unit), figures=(picture,),
        sections=(_after(study, answer), _rules(rules, study)), diagnostics=(_floors(answer),),
        limits=_limits(study, answer), generated_at=generated_at,
        reproduce=Reproduce(command, versions(), seed),
    ).write(out)  # fmt: skip
    return list(written)


def _data(study: FloorStudy, source: str, bad_rows: int) -> DataFacts:
    split = study.split
    meta = split.train.meta
    sizes = {"train": len(split.train), "tune": len(split.tune), "holdout": len(split.holdout)}
    return DataFacts(
        source, meta.source_hash, sum(sizes.values()), split.about, study.unit, sizes, bad_rows,
        study.notes,
    )  # fmt: skip


def _states(answer: FloorAnswer, unit: PriceUnit) -> Table:
    rows = [
        {
            "Floors": row.plan, "Fitted for": row.fitted_for, "Buyers": _BUYERS[str(row.state)],
            f"Revenue per auction ({unit.label})": f"{row.revenue_cpm:,.4f}",
            "Fill (%)": f"{100 * row.fill:.1f}",
            f"Lift over {ONE}": ABSENT if row.plan == ONE else percent(row.lift, 2, sign=True),
            "95 %, all comparisons": _interval(row),
        }
        for row in _tuples(answer.table)
    ]  # fmt: skip
    return Table("Held-out auctions under each floor", pd.DataFrame(rows))


_BUYERS = {BEFORE: "as they bid", AFTER: "after they answered"}


def _tuples(frame: pd.DataFrame) -> list[Any]:
    return list(frame.itertuples(index=False))


def _interval(row: Any) -> str:
    base = row.revenue_cpm - row.lift_cpm
    if not math.isfinite(row.low) or base <= 0:
        return ABSENT
    ends = [percent(end / base, 2, sign=True) for end in (row.low, row.high)]
    return f"{ends[0]} to {ends[1]}"


def _after(study: FloorStudy, answer: FloorAnswer) -> Section:
    comparison = answer.trial.comparisons.get((SEGMENTS, AFTER))
    if comparison is None:
        why = "The log tells too little of its buyers to say what they would answer."
        if study.market is not None:
            why = "Buyers were given no round in which to answer."
        return Section(
            "After buyers answer", "",
            (why, *study.notes),
        )  # fmt: skip
    types = study.by_type(answer)
    table = Table(
        "By auction type",
        pd.DataFrame([
            {
                "Auctions": row.auction_type, "Fitted for": row.fitted_for,
                "Buyers": _BUYERS[str(row.state)],
                f"Lift over {ONE}": percent(row.lift, 2, sign=True),
                "95 %, both states": _interval(row),
            }
            for row in _tuples(types)
        ]),
        "At first price, bids that were shaded without a floor make any floor look like a loss; "
        "what counts there is the line after buyers answered.",
    )  # fmt: skip
    return Section(
        "After buyers answer",
        headline(comparison, SEGMENTS, ONE, study.unit),
        (_told(answer), *comparison.reasons, *_fitted_for_answers(study, answer)),
        (difference_table(comparison, study.unit, SEGMENTS, ONE), table),
    )


def _fitted_for_answers(study: FloorStudy, answer: FloorAnswer) -> tuple[str, ...]:
    if answer.answered is None:
        return ()
    comparison = answer.answered.comparisons[SEGMENTS, AFTER]
    said = headline(comparison, SEGMENTS, ONE, study.unit)
    return (f"Both fitted for buyers who answer, and answered: {said}",)


def _told(answer: FloorAnswer) -> str:
    left = [
        f"{name} {percent(float(response.rounds['regret'].iloc[-1]), 2)}"
        for name, response in (answer.answered or answer.trial).responses.items()
    ]
    return (
        "Buyers learnt each plan's floors on the rows of the fit, round by round, and bid by what "
        "they had learnt on the held-out rows. What they could still gain by bidding better, as "
        f"a share of what they earn: {', '.join(left)}."
    )


def _rules(rules: pd.DataFrame, study: FloorStudy) -> Section:
    unit = study.unit.label
    frame = pd.DataFrame({
        "Rule": rules["rule"],
        f"As they bid ({unit})": [f"{value:,.4f}" for value in rules["before_cpm"]],
        f"After they answered ({unit})": [
            f"{value:,.4f}" if math.isfinite(value) else ABSENT for value in rules["after_cpm"]
        ],
    })  # fmt: skip
    return Section(
        "Other pricing rules", "",
        ("The same floors on the same held-out auctions, were all of them sold by one rule. The "
         "first column takes bids that were made for another rule, and flatters first price and "
         "soft floors; the second lets buyers learn the rule.",),
        (Table("Revenue per auction by rule", frame),),
    )  # fmt: skip


def _floors(answer: FloorAnswer) -> Table:
    plan = answer.advised
    rows = plan.segments.head(_MOST_FLOORS)
    shown = rows[list(plan.levels)].copy()
    shown["Floor"] = [f"{value:,.4f}" for value in rows["floor_cpm"]]
    shown["Auctions"] = rows["auctions"].astype(int)
    shown["Fill (%)"] = [f"{100 * value:.1f}" for value in rows["fill"]]
    shown["Revenue"] = [f"{value:,.4f}" for value in rows["revenue_cpm"]]
    shown["Own level (%)"] = [f"{100 * value:.0f}" for value in rows["level_weight"]]
    shown["Own shape (%)"] = [f"{100 * value:.0f}" for value in rows["curve_weight"]]
    note = (
        f"The largest {len(rows)} of {count(len(plan.segments))} segments, as the fit sees them; "
        "all are in floors.csv. Own level and shape: how much of the price level and of the "
        "curve's shape is the segment's own, the rest being its parent's."
    )
    return Table("Floors", shown.reset_index(drop=True), note)


def _method(study: FloorStudy, answer: FloorAnswer) -> tuple[str, ...]:
    choice = answer.advised.choice
    said = [
        f"Segments by {', '.join(study.fit.levels)}: {count(len(study.fit.labels))}. Each one's "
        "revenue and fill over its floor come from its two highest bids, over its own price "
        "level, pooled with its parent's by credibility. Floors are fitted on "
        f"{count(len(study.fit))} auctions and judged on {count(len(study.held_out))} later ones; "
        "the one floor is chosen on the same rows and under the same limit.",
    ]
    if study.fit.first_price.any():
        said.append(
            "Fitted for bids as made, no floor helps at first price. Fitted for buyers who answer, "
            "the values behind first-price bids are recovered (Guerre, Perrigne, Vuong 2000) and "
            "the floors are those of a second-price auction over them, which earns the same once "
            "buyers have answered if they are alike and independent. floors.csv holds these."
        )
    if choice is not None and choice.fill_price > 0:
        said.append(
            f"The limit on lost fill binds: one more point of fill given up would earn "
            f"{choice.fill_price / 100:,.4f} {study.unit.label} an auction more."
        )
    return tuple(said)


def _limits(study: FloorStudy, answer: FloorAnswer) -> tuple[str, ...]:
    said = [
        "Buyers that see through how floors are made: whoever knows that its bids will set "
        "tomorrow's floor bids less today. Here buyers answer today's floor only.",
        "Budgets, rival sellers, and floors that move by the hour.",
    ]
    if study.market is not None:
        said.append(
            "Buyers that know more of a request than its segment: they learn one landscape a "
            "segment, so values that move together inside it make first price look worse."
        )
    if (study.fit.floor_cpm > 0).any():
        said.append(
            "Bids under the floor in force, if the log left them out: a lower floor may be better "
            "than it looks here, never worse."
        )
    unsettled = [
        name
        for name, item in (answer.answered or answer.trial).responses.items()
        if not item.settled
    ]
    if unsettled:
        said.append(f"Where buyers end up under {', '.join(unsettled)}: they had not settled yet.")
    return tuple(said)
